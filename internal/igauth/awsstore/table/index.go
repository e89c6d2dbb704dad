package table

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
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
	indexStatus   = "status"

	whereDue   = attrDueShard + " = :shard AND " + attrDueNanos + " <= :now"
	whereAll   = attrKind + " = :kind"
	whereAfter = attrKind + " = :kind AND " + attrID + " > :after"
)

// Shards implements [igauth.Ledger].
func (l *Ledger) Shards() int { return shards }

// Due implements [igauth.Ledger].
func (l *Ledger) Due(ctx context.Context, q igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	shard := strconv.Itoa(q.Shard)
	input := &dynamodb.QueryInput{
		IndexName:              aws.String(indexDue),
		KeyConditionExpression: aws.String(whereDue),
		ExpressionAttributeValues: item{
			":shard": textValue(shard),
			":now":   numberValue(nanos(q.Now)),
		},
	}
	if !q.After.IsZero() {
		input.ExclusiveStartKey = item{
			attrKey:      textValue(accountKey(q.After.ID)),
			attrDueShard: textValue(shard),
			attrDueNanos: numberValue(nanos(q.After.At)),
		}
	}
	rows, more, err := l.query(ctx, q.Limit, input)
	if err != nil {
		return nil, igauth.DueMark{}, fmt.Errorf("reading what is due: %w", err)
	}
	var next igauth.DueMark
	if more && len(rows) > 0 {
		next = dueMark(rows[len(rows)-1])
	}
	accounts, err := decodeAccounts(rows)
	return accounts, next, err
}

// dueMark returns where an item stands in the index of what is due.
func dueMark(row item) igauth.DueMark {
	id, _ := strings.CutPrefix(text(row[attrKey]), accountPrefix)
	return igauth.DueMark{At: fromNanos(number(row[attrDueNanos])), ID: igauth.AccountID(id)}
}

// Expiries implements [igauth.Ledger].
func (l *Ledger) Expiries(ctx context.Context, status igauth.Status, limit int) ([]igauth.Expiry, error) {
	rows, _, err := l.query(ctx, limit, byStatus(status))
	if err != nil {
		return nil, fmt.Errorf("reading what expires: %w", err)
	}
	expiries := make([]igauth.Expiry, len(rows))
	for i, row := range rows {
		id, _ := strings.CutPrefix(text(row[attrKey]), accountPrefix)
		expiries[i] = igauth.Expiry{ID: igauth.AccountID(id), ExpiresAt: fromNanos(number(row[attrExpiresNanos]))}
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

// byStatus asks for the accounts of a status, those that expire first before the
// others.
func byStatus(status igauth.Status) *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		IndexName:                 aws.String(indexStatus),
		KeyConditionExpression:    aws.String("#status = :status"),
		ExpressionAttributeNames:  map[string]string{"#status": attrStatus},
		ExpressionAttributeValues: item{":status": textValue(string(status))},
	}
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
	names, _, err := l.query(ctx, limit, input)
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

// query returns up to limit items of an index, and whether there may be more. It
// goes on after the end of a page only as long as some are missing: an answer ends
// at 1 MB
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html).
func (l *Ledger) query(ctx context.Context, limit int, input *dynamodb.QueryInput) (rows []item, more bool, err error) {
	input.TableName = &l.table
	for len(rows) < limit {
		input.Limit = aws.Int32(int32(min(limit-len(rows), math.MaxInt32)))
		out, err := l.client.Query(ctx, input)
		if err != nil {
			return nil, false, err
		}
		rows = append(rows, out.Items...)
		if len(out.LastEvaluatedKey) == 0 {
			return rows, false, nil
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
	return rows, true, nil
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
