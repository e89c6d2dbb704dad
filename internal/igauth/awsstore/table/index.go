package table

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"igauth/internal/igauth"
)

// The indexes and what is asked of them.
const (
	indexDue      = "due"
	indexAccounts = "accounts"
	indexStatus   = "status"

	whereDue   = attrDueShard + " = :shard AND " + attrDueNanos + " <= :now"
	whereAll   = attrKind + " = :kind"
	whereAfter = attrKind + " = :kind AND " + attrID + " > :after"
	// whereStatus cannot name the attribute, whose name is reserved
	// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html).
	whereStatus = "#status = :status"
)

// Shards implements [igauth.Ledger].
func (l *Ledger) Shards() int { return shards }

// Due implements [igauth.Ledger]. Accounts that are due at the same time come in
// an order that only DynamoDB knows. A page of rows that exceed 1 MB together is
// shorter than the limit.
func (l *Ledger) Due(ctx context.Context, q igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	shard := textValue(strconv.Itoa(q.Shard))
	input := &dynamodb.QueryInput{
		TableName:              &l.table,
		IndexName:              aws.String(indexDue),
		KeyConditionExpression: aws.String(whereDue),
		ExpressionAttributeValues: item{
			":shard": shard,
			":now":   numberValue(nanos(q.Now)),
		},
		Limit: limitOf(q.Limit),
	}
	if !q.After.IsZero() {
		if q.After.At.After(q.Now) {
			// DynamoDB refuses to begin where the condition does not hold.
			return nil, igauth.DueMark{}, nil
		}
		// The row need not stand there any more.
		input.ExclusiveStartKey = item{
			attrKey:      textValue(accountKey(q.After.ID)),
			attrDueShard: shard,
			attrDueNanos: numberValue(nanos(q.After.At)),
		}
	}
	out, err := l.client.Query(ctx, input)
	if err != nil {
		return nil, igauth.DueMark{}, fmt.Errorf("reading what is due: %w", err)
	}
	accounts, err := decodeAll[igauth.Account](out.Items)
	// The mark is DynamoDB's and not the last account's, which may be one that
	// cannot be read.
	return accounts, dueMark(out.LastEvaluatedKey), err
}

// dueMark returns where a key stands in the index of what is due; zero for none.
func dueMark(key item) igauth.DueMark {
	return igauth.DueMark{At: fromNanos(number(key[attrDueNanos])), ID: accountOf(key)}
}

// Expiries implements [igauth.Ledger].
func (l *Ledger) Expiries(ctx context.Context, status igauth.Status, limit int) ([]igauth.Expiry, error) {
	rows, err := l.query(ctx, limit, byStatus(status))
	if err != nil {
		return nil, fmt.Errorf("reading what expires: %w", err)
	}
	expiries := make([]igauth.Expiry, len(rows))
	for i, row := range rows {
		expiries[i] = igauth.Expiry{ID: accountOf(row), EndsAt: endFromNanos(number(row[attrExpiresNanos]))}
	}
	return expiries, nil
}

// Count implements [igauth.Ledger].
func (l *Ledger) Count(ctx context.Context, status igauth.Status) (int, error) {
	input := byStatus(status)
	input.TableName = &l.table
	input.Select = types.SelectCount
	n := 0
	for {
		out, err := l.client.Query(ctx, input)
		if err != nil {
			return 0, fmt.Errorf("counting accounts: %w", err)
		}
		n += int(out.Count)
		if len(out.LastEvaluatedKey) == 0 {
			return n, nil
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// byStatus asks for the accounts of a status, those that end first before the
// others.
func byStatus(status igauth.Status) *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		IndexName:                 aws.String(indexStatus),
		KeyConditionExpression:    aws.String(whereStatus),
		ExpressionAttributeNames:  map[string]string{"#status": attrStatus},
		ExpressionAttributeValues: item{":status": textValue(string(status))},
	}
}

// accountOf returns whose a key is, "" if it is no account's.
func accountOf(key item) igauth.AccountID {
	id, isAccount := strings.CutPrefix(text(key[attrKey]), accountPrefix)
	if !isAccount {
		return ""
	}
	return igauth.AccountID(id)
}

// query returns up to limit items of an index. It goes on after the end of a page
// only as long as some are missing: an answer ends at 1 MB
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html).
func (l *Ledger) query(ctx context.Context, limit int, input *dynamodb.QueryInput) ([]item, error) {
	input.TableName = &l.table
	var rows []item
	for len(rows) < limit {
		input.Limit = limitOf(limit - len(rows))
		out, err := l.client.Query(ctx, input)
		if err != nil {
			return nil, err
		}
		rows = append(rows, out.Items...)
		if len(out.LastEvaluatedKey) == 0 {
			break
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
	return rows, nil
}

// limitOf returns how many items a query may return.
func limitOf(limit int) *int32 { return aws.Int32(int32(min(limit, math.MaxInt32))) }
