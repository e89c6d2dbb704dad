package table

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"igauth/internal/igauth"
)

// The indexes and what is asked of them.
const (
	indexDue      = "due"
	indexAccounts = "accounts"

	whereDue   = attrDueShard + " = :shard AND " + attrDueNanos + " <= :now"
	whereAll   = attrKind + " = :kind"
	whereAfter = attrKind + " = :kind AND " + attrID + " > :after"
)

// Due implements [igauth.Ledger]. Each shard is asked for as many as the limit,
// as all of them may stand in one.
func (l *Ledger) Due(ctx context.Context, now time.Time, limit int) ([]igauth.Account, error) {
	var found [shards][]igauth.Account
	var problems [shards]error
	var all sync.WaitGroup
	for shard := range shards {
		all.Go(func() {
			found[shard], problems[shard] = l.dueIn(ctx, shard, now, limit)
		})
	}
	all.Wait()
	for _, err := range problems {
		if err != nil && !errors.Is(err, igauth.ErrDamaged) {
			return nil, fmt.Errorf("reading what is due: %w", err)
		}
	}
	accounts := slices.Concat(found[:]...)
	slices.SortFunc(accounts, func(a, b igauth.Account) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	return accounts[:max(0, min(limit, len(accounts)))], errors.Join(problems[:]...)
}

// dueIn returns what is due in one shard.
func (l *Ledger) dueIn(ctx context.Context, shard int, now time.Time, limit int) ([]igauth.Account, error) {
	rows, err := l.query(ctx, limit, &dynamodb.QueryInput{
		IndexName:              aws.String(indexDue),
		KeyConditionExpression: aws.String(whereDue),
		ExpressionAttributeValues: item{
			":shard": textValue(strconv.Itoa(shard)),
			":now":   numberValue(nanos(now)),
		},
	})
	if err != nil {
		return nil, err
	}
	return decodeAccounts(rows)
}

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
	names, err := l.query(ctx, limit, input)
	if err != nil {
		return nil, fmt.Errorf("listing the accounts: %w", err)
	}
	var accounts []igauth.Account
	var damaged error
	for page := range slices.Chunk(names, batchSize) {
		rows, err := l.batch(ctx, page)
		if err != nil {
			return nil, fmt.Errorf("reading the listed accounts: %w", err)
		}
		read, err := decodeAccounts(rows)
		damaged = errors.Join(damaged, err)
		accounts = append(accounts, read...)
	}
	return accounts, damaged
}

// query returns up to limit items of an index, and goes on after the end of a
// page only as long as some are missing: an answer ends at 1 MB
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html).
func (l *Ledger) query(ctx context.Context, limit int, input *dynamodb.QueryInput) ([]item, error) {
	input.TableName = &l.table
	var rows []item
	for len(rows) < limit {
		input.Limit = aws.Int32(int32(min(limit-len(rows), math.MaxInt32)))
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
