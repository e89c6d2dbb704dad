package awsfake

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// An index is a global secondary index. It holds the items that have both of its
// keys.
type index struct {
	hash, sort string
	keysOnly   bool
	// rows are views of the items by the table's key; nil where the index has
	// none.
	rows map[string]*view[item]
}

// follow shows an item to the queries that come, late if so configured.
func (i *index) follow(tableKey, key string, row item, lag Lag, now time.Time) {
	var projected item
	switch {
	case row[i.hash] == nil || row[i.sort] == nil:
	case i.keysOnly:
		projected = clone(item{tableKey: row[tableKey], i.hash: row[i.hash], i.sort: row[i.sort]})
	default:
		projected = clone(row)
	}
	if i.rows[key] == nil {
		i.rows[key] = &view[item]{}
	}
	i.rows[key].write(projected, lag, now)
}

// Query returns a page of an index in order of its sort key
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html).
func (t *Table) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return do(ctx, &t.service, "Query", "", func(now time.Time) (*dynamodb.QueryOutput, error) {
		if err := t.check(in.TableName); err != nil {
			return nil, err
		}
		i := t.indexes[aws.ToString(in.IndexName)]
		if i == nil {
			return nil, invalidRequest("The table does not have the specified index: %s", aws.ToString(in.IndexName))
		}
		if in.FilterExpression != nil || in.ProjectionExpression != nil || in.Select != "" && in.Select != types.SelectCount || !aws.ToBool(cmp.Or(in.ScanIndexForward, aws.Bool(true))) {
			return nil, invalidRequest("awsfake: a query with more than a condition, a limit, a start and a count is not imitated")
		}
		if aws.ToBool(in.ConsistentRead) {
			return nil, invalidRequest("Consistent reads are not supported on global secondary indexes")
		}
		terms, err := i.condition(in)
		if err != nil {
			return nil, err
		}
		rows := i.matching(terms, in.ExpressionAttributeValues, now)
		if start := in.ExclusiveStartKey; start != nil {
			if len(start) != 3 || t.checkKeys(start) != nil || start[i.hash] == nil || start[i.sort] == nil {
				return nil, invalidRequest("The provided starting key is invalid")
			}
			if !holds(terms, start, in.ExpressionAttributeValues) {
				return nil, invalidRequest("The provided starting key is outside query boundaries based on provided conditions")
			}
			rows = slices.DeleteFunc(rows, func(row item) bool { return t.order(i, row, start) <= 0 })
		}
		slices.SortFunc(rows, func(a, b item) int { return t.order(i, a, b) })
		size := len(rows) + 1
		if in.Limit != nil {
			if size = min(size, int(*in.Limit)); size < 1 {
				return nil, invalidRequest("Limit must be greater than or equal to 1")
			}
		}
		if t.cfg.PageSize > 0 {
			size = min(size, t.cfg.PageSize)
		}
		out := &dynamodb.QueryOutput{}
		if len(rows) >= size {
			// The last item is named also when it happens to be the end.
			rows = rows[:size]
			last := rows[size-1]
			out.LastEvaluatedKey = clone(item{t.key: last[t.key], i.hash: last[i.hash], i.sort: last[i.sort]})
		}
		if in.Select != types.SelectCount {
			for _, row := range rows {
				out.Items = append(out.Items, clone(row))
			}
		}
		// Without a filter all that was gone through is in the answer.
		out.Count, out.ScannedCount = int32(len(rows)), int32(len(rows))
		return out, nil
	})
}

// order compares two items of one partition of an index. Equal ones come in no
// particular order; here it is that of the table's keys.
func (t *Table) order(i *index, a, b item) int {
	order, _ := compare(a[i.sort], b[i.sort])
	return cmp.Or(order, strings.Compare(text(a[t.key]), text(b[t.key])))
}

// condition returns the terms of a query's condition, which names one partition
// and at most one bound of the sort key.
func (i *index) condition(in *dynamodb.QueryInput) ([]term, error) {
	expression, err := named(aws.ToString(in.KeyConditionExpression), in.ExpressionAttributeNames)
	if err != nil {
		return nil, err
	}
	for word := range strings.FieldsSeq(aws.ToString(in.KeyConditionExpression)) {
		if reserved[word] {
			return nil, invalidRequest("Invalid KeyConditionExpression: Attribute name is a reserved keyword; reserved keyword: %s", word)
		}
	}
	values := in.ExpressionAttributeValues
	terms, err := parse(expression, values)
	if err != nil {
		return nil, err
	}
	for n, t := range terms {
		if t.function != "" || n > 1 || n == 0 && (t.attribute != i.hash || t.operator != "=") || n == 1 && (t.attribute != i.sort || t.operator == "<>") {
			return nil, invalidRequest("Query condition missed key schema element, or has another one: %s", expression)
		}
		if s, ok := values[t.value].(*types.AttributeValueMemberS); ok && s.Value == "" {
			return nil, invalidRequest("One or more parameter values are not valid: an empty string value is not a key: %s", t.value)
		}
	}
	return terms, nil
}

// matching returns the items that meet a query's condition.
func (i *index) matching(terms []term, values item, now time.Time) []item {
	var rows []item
	for _, v := range i.rows {
		if row := v.read(now); row != nil && holds(terms, row, values) {
			rows = append(rows, row)
		}
	}
	return rows
}
