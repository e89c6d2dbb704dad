package awsfake

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TableConfig says how a fake of a DynamoDB table behaves. The zero value is
// prompt, complete, and never fails.
type TableConfig struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Before and After are called around the effect of every request. With an
	// error of After, the effect has happened and its answer is lost.
	Before, After Hook
	// Creation is for how long a new table is not active. Its requests are those
	// of DescribeTable.
	Creation Lag
	// Indexes is for how long an index does not follow a write. Its requests are
	// the queries of the index.
	Indexes Lag
	// PageSize is after how many items an answer to Query ends, 0 for never. The
	// service ends it at 1 MB.
	PageSize int
	// Unprocessed is how many keys the next answers to BatchGetItem leave out in
	// all.
	Unprocessed int
	// ForgetTokens carries out a transaction that has the token of an earlier one.
	// Usually its repetition is recognized for ten minutes.
	ForgetTokens bool
}

// Table imitates a client of DynamoDB that has one table, with a partition key,
// no sort key, and global secondary indexes with both.
type Table struct {
	service[TableConfig]
	// schema is what the table was created with, nil before.
	schema  *dynamodb.CreateTableInput
	created wait
	ttl     *types.TimeToLiveSpecification
	key     string
	items   map[string]item
	indexes map[string]*index
	tokens  map[string]transaction
}

// A transaction is remembered by its token.
type transaction struct {
	items []types.TransactWriteItem
	at    time.Time
}

// tokenKept is for how long a repeated transaction is recognized
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
const tokenKept = 10 * time.Minute

// NewTable returns a fake in which no table has been created.
func NewTable(cfg TableConfig) *Table {
	return &Table{
		service: service[TableConfig]{
			cfg:    cfg,
			common: func(cfg *TableConfig) (func() time.Time, Hook, Hook) { return cfg.Now, cfg.Before, cfg.After },
		},
		items:   map[string]item{},
		indexes: map[string]*index{},
		tokens:  map[string]transaction{},
	}
}

// Items returns copies of all items by their keys.
func (t *Table) Items() map[string]map[string]types.AttributeValue {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]map[string]types.AttributeValue{}
	for key, row := range t.items {
		all[key] = clone(row)
	}
	return all
}

// Expire deletes the items whose time of deletion has passed by the clock, and
// returns how many there were.
func (t *Table) Expire() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ttl == nil {
		return 0
	}
	now := t.now()
	seconds := &types.AttributeValueMemberN{Value: strconv.FormatInt(now.Unix(), 10)}
	expired := 0
	for key, row := range t.items {
		if order, ok := compare(row[*t.ttl.AttributeName], seconds); !ok || order >= 0 {
			continue
		}
		delete(t.items, key)
		for _, i := range t.indexes {
			i.follow(t.key, key, nil, t.cfg.Indexes, now)
		}
		expired++
	}
	return expired
}

// check returns the service's answer to a request for another table than the
// one that there is.
func (t *Table) check(name *string) error {
	if t.schema == nil || aws.ToString(name) != *t.schema.TableName {
		return &types.ResourceNotFoundException{Message: aws.String("Requested resource not found")}
	}
	return nil
}

// CreateTable creates the table.
func (t *Table) CreateTable(ctx context.Context, in *dynamodb.CreateTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error) {
	return do(ctx, &t.service, "CreateTable", "", func(now time.Time) (*dynamodb.CreateTableOutput, error) {
		if t.check(in.TableName) == nil {
			return nil, &types.ResourceInUseException{Message: aws.String("Table already exists: " + *in.TableName)}
		}
		if t.schema != nil {
			return nil, invalidRequest("awsfake: a second table is not imitated")
		}
		if len(in.KeySchema) != 1 {
			return nil, invalidRequest("awsfake: a table with a sort key is not imitated")
		}
		for _, i := range in.GlobalSecondaryIndexes {
			if len(i.KeySchema) != 2 {
				return nil, invalidRequest("awsfake: an index without a sort key is not imitated")
			}
			t.indexes[*i.IndexName] = &index{
				hash: *i.KeySchema[0].AttributeName, sort: *i.KeySchema[1].AttributeName,
				keysOnly: i.Projection.ProjectionType == types.ProjectionTypeKeysOnly,
				rows:     map[string]*view[item]{},
			}
		}
		t.schema, t.key, t.created = in, *in.KeySchema[0].AttributeName, t.cfg.Creation.from(now)
		return &dynamodb.CreateTableOutput{TableDescription: t.describe(types.TableStatusCreating)}, nil
	})
}

func (t *Table) describe(status types.TableStatus) *types.TableDescription {
	const account = "arn:aws:dynamodb:eu-south-2:123456789012:table/"
	table := &types.TableDescription{
		TableName: t.schema.TableName, TableArn: aws.String(account + *t.schema.TableName),
		KeySchema: t.schema.KeySchema, TableStatus: status,
		StreamSpecification: t.schema.StreamSpecification, DeletionProtectionEnabled: t.schema.DeletionProtectionEnabled,
	}
	if stream := t.schema.StreamSpecification; stream != nil && aws.ToBool(stream.StreamEnabled) {
		table.LatestStreamArn = aws.String(*table.TableArn + "/stream/2026-11-23T00:00:00.000")
	}
	for _, i := range t.schema.GlobalSecondaryIndexes {
		table.GlobalSecondaryIndexes = append(table.GlobalSecondaryIndexes, types.GlobalSecondaryIndexDescription{
			IndexName: i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection, IndexStatus: types.IndexStatusActive,
		})
	}
	return table
}

// DescribeTable tells whether the table is active.
func (t *Table) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return do(ctx, &t.service, "DescribeTable", "", func(now time.Time) (*dynamodb.DescribeTableOutput, error) {
		if err := t.check(in.TableName); err != nil {
			return nil, err
		}
		status := types.TableStatusCreating
		if t.created.over(now) {
			status = types.TableStatusActive
		}
		return &dynamodb.DescribeTableOutput{Table: t.describe(status)}, nil
	})
}

// DescribeTimeToLive tells which attribute is the time of deletion. The service
// may delete what is over at any time from then on, and takes days for it
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html); the
// fake does in [Table.Expire].
func (t *Table) DescribeTimeToLive(ctx context.Context, in *dynamodb.DescribeTimeToLiveInput, _ ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error) {
	return do(ctx, &t.service, "DescribeTimeToLive", "", func(time.Time) (*dynamodb.DescribeTimeToLiveOutput, error) {
		if err := t.check(in.TableName); err != nil {
			return nil, err
		}
		out := &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusDisabled}
		if t.ttl != nil {
			out = &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusEnabled, AttributeName: t.ttl.AttributeName}
		}
		return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: out}, nil
	})
}

// UpdateTimeToLive turns the deletion on, once.
func (t *Table) UpdateTimeToLive(ctx context.Context, in *dynamodb.UpdateTimeToLiveInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error) {
	return do(ctx, &t.service, "UpdateTimeToLive", "", func(time.Time) (*dynamodb.UpdateTimeToLiveOutput, error) {
		if err := t.check(in.TableName); err != nil {
			return nil, err
		}
		if t.ttl != nil {
			return nil, invalidRequest("TimeToLive is already enabled")
		}
		t.ttl = in.TimeToLiveSpecification
		return &dynamodb.UpdateTimeToLiveOutput{TimeToLiveSpecification: t.ttl}, nil
	})
}

// GetItem reads an item consistently; any other read of one is refused.
func (t *Table) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return do(ctx, &t.service, "GetItem", "", func(time.Time) (*dynamodb.GetItemOutput, error) {
		if err := t.check(in.TableName); err != nil {
			return nil, err
		}
		if !aws.ToBool(in.ConsistentRead) {
			return nil, invalidRequest("awsfake: a read of one item that is not consistent is not imitated")
		}
		return &dynamodb.GetItemOutput{Item: clone(t.items[text(in.Key[t.key])])}, nil
	})
}

// BatchGetItem reads up to a hundred items, in no order. It may leave keys out
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
func (t *Table) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return do(ctx, &t.service, "BatchGetItem", "", func(time.Time) (*dynamodb.BatchGetItemOutput, error) {
		out := &dynamodb.BatchGetItemOutput{Responses: map[string][]item{}, UnprocessedKeys: map[string]types.KeysAndAttributes{}}
		for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
			if err := t.check(&name); err != nil {
				return nil, err
			}
			keys := slices.Clone(in.RequestItems[name].Keys)
			if len(keys) == 0 || len(keys) > 100 {
				return nil, invalidRequest("Too many items requested for the BatchGetItem call: %d", len(keys))
			}
			slices.Reverse(keys)
			left := min(t.cfg.Unprocessed, len(keys))
			t.cfg.Unprocessed -= left
			if left > 0 {
				out.UnprocessedKeys[name] = types.KeysAndAttributes{Keys: keys[:left]}
			}
			seen := map[string]bool{}
			for _, key := range keys[left:] {
				pk := text(key[t.key])
				if seen[pk] {
					return nil, invalidRequest("Provided list of item keys contains duplicates")
				}
				seen[pk] = true
				if row, exists := t.items[pk]; exists {
					out.Responses[name] = append(out.Responses[name], clone(row))
				}
			}
		}
		return out, nil
	})
}
