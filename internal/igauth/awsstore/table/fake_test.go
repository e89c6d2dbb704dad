package table

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A fakeTable behaves as a DynamoDB table of our schema does for the requests
// that this package makes, and refuses all others. It is no emulator: what it
// claims about DynamoDB is checked by running the same suite against those.
type fakeTable struct {
	mu    sync.Mutex
	items map[string]item

	// pageSize is after how many items a Query ends its page, 0 for never.
	pageSize int
	// unprocessed is how many keys the next BatchGetItem calls leave out.
	unprocessed int
	// before and after are called with an operation's name around its effect;
	// their error is the answer. With an error of after, the effect has
	// happened and its answer is lost.
	before, after func(operation string) error
	// calls counts the operations.
	calls map[string]int
}

func newFakeTable() *fakeTable {
	return &fakeTable{items: map[string]item{}, calls: map[string]int{}}
}

// do runs one operation with the faults around it.
func do[Out any](ctx context.Context, f *fakeTable, operation string, effect func() (*Out, error)) (*Out, error) {
	if err := ctx.Err(); err != nil {
		return nil, &aws.RequestCanceledError{Err: err}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[operation]++
	if f.before != nil {
		if err := f.before(operation); err != nil {
			return nil, err
		}
	}
	out, err := effect()
	if f.after != nil {
		if lost := f.after(operation); lost != nil {
			return nil, lost
		}
	}
	return out, err
}

func (f *fakeTable) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return do(ctx, f, "GetItem", func() (*dynamodb.GetItemOutput, error) {
		if !aws.ToBool(in.ConsistentRead) {
			return nil, errors.New("fake: a read of one item must be consistent")
		}
		return &dynamodb.GetItemOutput{Item: maps.Clone(f.items[text(in.Key[attrKey])])}, nil
	})
}

func (f *fakeTable) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return do(ctx, f, "PutItem", func() (*dynamodb.PutItemOutput, error) {
		put := (*types.Put)(nil)
		if in.ReturnValuesOnConditionCheckFailure == types.ReturnValuesOnConditionCheckFailureAllOld {
			put = &types.Put{Item: in.Item, ConditionExpression: in.ConditionExpression, ExpressionAttributeValues: in.ExpressionAttributeValues}
		}
		old, ok, err := f.check(put)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, &types.ConditionalCheckFailedException{Message: aws.String("The conditional request failed"), Item: old}
		}
		f.items[text(in.Item[attrKey])] = maps.Clone(in.Item)
		return &dynamodb.PutItemOutput{}, nil
	})
}

// TransactWriteItems ignores the token, so that a repetition is recognized by
// the attempt alone.
func (f *fakeTable) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return do(ctx, f, "TransactWriteItems", func() (*dynamodb.TransactWriteItemsOutput, error) {
		if n := len(aws.ToString(in.ClientRequestToken)); n < 1 || n > 36 {
			return nil, fmt.Errorf("fake: a request token of %d characters", n)
		}
		canceled := false
		reasons := make([]types.CancellationReason, len(in.TransactItems))
		for i, transact := range in.TransactItems {
			old, ok, err := f.check(transact.Put)
			if err != nil {
				return nil, err
			}
			reasons[i].Code = aws.String("None")
			if !ok {
				canceled = true
				reasons[i] = types.CancellationReason{Code: aws.String("ConditionalCheckFailed"), Item: old}
			}
		}
		if canceled {
			return nil, &types.TransactionCanceledException{CancellationReasons: reasons}
		}
		for _, transact := range in.TransactItems {
			f.items[text(transact.Put.Item[attrKey])] = maps.Clone(transact.Put.Item)
		}
		return &dynamodb.TransactWriteItemsOutput{}, nil
	})
}

// check evaluates the condition of a write. It returns the item that is there
// and whether the condition holds.
func (f *fakeTable) check(put *types.Put) (item, bool, error) {
	if put == nil {
		return nil, false, errors.New("fake: a write that does not ask for the item on which it fails")
	}
	old, exists := f.items[text(put.Item[attrKey])]
	switch aws.ToString(put.ConditionExpression) {
	case ifNew:
		return old, !exists, nil
	case ifUnchanged:
		return old, exists && number(old[attrRevision]).Cmp(number(put.ExpressionAttributeValues[":revision"])) == 0, nil
	}
	return nil, false, fmt.Errorf("fake: unknown condition %q", aws.ToString(put.ConditionExpression))
}

func number(v types.AttributeValue) *big.Int {
	n, ok := v.(*types.AttributeValueMemberN)
	value, valid := new(big.Int), false
	if ok {
		value, valid = value.SetString(n.Value, 10)
	}
	if !valid {
		return big.NewInt(-1)
	}
	return value
}

func (f *fakeTable) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return do(ctx, f, "Query", func() (*dynamodb.QueryOutput, error) {
		rows, err := f.matching(in)
		if err != nil {
			return nil, err
		}
		if start := text(in.ExclusiveStartKey[attrKey]); start != "" {
			at := slices.IndexFunc(rows, func(row item) bool { return text(row[attrKey]) == start })
			rows = rows[at+1:]
		}
		size := int(aws.ToInt32(in.Limit))
		if size < 1 {
			return nil, errors.New("fake: a query without a limit")
		}
		if f.pageSize > 0 {
			size = min(size, f.pageSize)
		}
		out := &dynamodb.QueryOutput{Items: rows}
		if len(rows) >= size {
			// DynamoDB names the last item also when it happens to be the end.
			out.Items = rows[:size]
			out.LastEvaluatedKey = keyItem(text(rows[size-1][attrKey]))
		}
		return out, nil
	})
}

// matching returns the items of an index that meet a query's condition, sorted.
func (f *fakeTable) matching(in *dynamodb.QueryInput) ([]item, error) {
	values := in.ExpressionAttributeValues
	var meets func(row item) bool
	var order func(a, b item) int
	switch [2]string{aws.ToString(in.IndexName), aws.ToString(in.KeyConditionExpression)} {
	case [2]string{indexDue, whereDue}:
		meets = func(row item) bool {
			return text(row[attrDueShard]) == text(values[":shard"]) && number(row[attrDueNanos]).Cmp(number(values[":now"])) <= 0
		}
		order = func(a, b item) int { return number(a[attrDueNanos]).Cmp(number(b[attrDueNanos])) }
	case [2]string{indexAccounts, whereAll}, [2]string{indexAccounts, whereAfter}:
		meets = func(row item) bool {
			return text(row[attrKind]) == text(values[":kind"]) && text(row[attrID]) > text(values[":after"])
		}
		order = func(a, b item) int { return cmp.Compare(text(a[attrID]), text(b[attrID])) }
	default:
		return nil, fmt.Errorf("fake: unknown query of %q: %s", aws.ToString(in.IndexName), aws.ToString(in.KeyConditionExpression))
	}
	var rows []item
	for _, row := range f.items {
		if !meets(row) {
			continue
		}
		if *in.IndexName == indexAccounts {
			row = item{attrKey: row[attrKey], attrKind: row[attrKind], attrID: row[attrID]}
		}
		rows = append(rows, maps.Clone(row))
	}
	slices.SortFunc(rows, order)
	return rows, nil
}

// BatchGetItem answers in no order, as DynamoDB does.
func (f *fakeTable) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return do(ctx, f, "BatchGetItem", func() (*dynamodb.BatchGetItemOutput, error) {
		out := &dynamodb.BatchGetItemOutput{Responses: map[string][]item{}, UnprocessedKeys: map[string]types.KeysAndAttributes{}}
		for table, wanted := range in.RequestItems {
			keys := slices.Clone(wanted.Keys)
			if len(keys) == 0 || len(keys) > 100 {
				return nil, fmt.Errorf("fake: a batch of %d keys", len(keys))
			}
			slices.Reverse(keys)
			left := min(f.unprocessed, len(keys))
			f.unprocessed -= left
			if left > 0 {
				out.UnprocessedKeys[table] = types.KeysAndAttributes{Keys: keys[:left]}
			}
			for _, key := range keys[left:] {
				if row, ok := f.items[text(key[attrKey])]; ok {
					out.Responses[table] = append(out.Responses[table], maps.Clone(row))
				}
			}
		}
		return out, nil
	})
}
