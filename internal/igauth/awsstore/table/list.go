package table

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"igauth/internal/igauth"
)

// Accounts implements [igauth.Ledger]. The index names the accounts, and the
// rows are read from the table.
func (l *Ledger) Accounts(ctx context.Context, after igauth.AccountID, limit int) ([]igauth.Account, error) {
	input := &dynamodb.QueryInput{
		IndexName:                 aws.String(indexAccounts),
		KeyConditionExpression:    aws.String(whereAll),
		ExpressionAttributeValues: item{":kind": textValue(kindAccount)},
	}
	if after != "" {
		// An empty key would be refused.
		input.KeyConditionExpression = aws.String(whereAfter)
		input.ExpressionAttributeValues[":after"] = textValue(string(after))
	}
	rows, err := l.list(ctx, limit, input)
	if err != nil {
		return nil, fmt.Errorf("listing the accounts: %w", err)
	}
	return decodeAll[igauth.Account](rows)
}

// OpenRemovals implements [igauth.Ledger]. It reads like Accounts; a removal that
// the index shows and that is done since is left out.
func (l *Ledger) OpenRemovals(ctx context.Context, limit int) ([]igauth.Removal, error) {
	rows, err := l.list(ctx, limit, &dynamodb.QueryInput{
		IndexName:                 aws.String(indexAccounts),
		KeyConditionExpression:    aws.String(whereAll),
		ExpressionAttributeValues: item{":kind": textValue(kindRemoval)},
	})
	if err != nil {
		return nil, fmt.Errorf("listing the removals: %w", err)
	}
	open, err := decodeAll[igauth.Removal](rows)
	return slices.DeleteFunc(open, igauth.Removal.Done), err
}

// list returns the rows from the table that an index names.
func (l *Ledger) list(ctx context.Context, limit int, input *dynamodb.QueryInput) ([]item, error) {
	names, err := l.query(ctx, limit, input)
	if err != nil {
		return nil, err
	}
	var all []item
	for page := range slices.Chunk(names, batchSize) {
		rows, err := l.batch(ctx, page)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// batchSize is how many items one BatchGetItem may ask for
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
const batchSize = 100

// batchPauses is how long to wait before what was left out of an answer is asked
// for again, growing so as to let a throttled table recover.
var batchPauses = []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}

// batch reads the items of up to batchSize keys and returns them in the order of
// the keys. An item that is not there is left out.
func (l *Ledger) batch(ctx context.Context, names []item) ([]item, error) {
	order := make([]string, len(names))
	wanted := types.KeysAndAttributes{}
	for i, name := range names {
		order[i] = text(name[attrKey])
		wanted.Keys = append(wanted.Keys, keyItem(order[i]))
	}
	found := make(map[string]item, len(names))
	for try := 0; ; try++ {
		out, err := l.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{l.table: wanted},
		})
		if err != nil {
			return nil, err
		}
		for _, rows := range out.Responses {
			for _, row := range rows {
				found[text(row[attrKey])] = row
			}
		}
		wanted.Keys = nil
		for _, left := range out.UnprocessedKeys {
			wanted.Keys = append(wanted.Keys, left.Keys...)
		}
		if len(wanted.Keys) == 0 {
			break
		}
		if try == len(batchPauses) {
			return nil, fmt.Errorf("%d items are still unread after %d tries: the table is throttled", len(wanted.Keys), try+1)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(batchPauses[try]):
		}
	}
	rows := make([]item, 0, len(found))
	for _, key := range order {
		if row, ok := found[key]; ok {
			rows = append(rows, row)
		}
	}
	return rows, nil
}
