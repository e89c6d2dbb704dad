// Package table keeps the ledger in one table of Amazon DynamoDB.
//
// # Items
//
// Every record is an item whose partition key "pk" is "account#<id>", "flow#<id>",
// "person#<id>", "removal#<code>" or, of the one record of the installation,
// "health". Its attributes are the
// record's fields under their JSON names, with times as text in RFC 3339, and
// these, which nobody reads but this package and the table itself:
//
//   - attempt: the name of the save that wrote the item, by which a repetition
//     is recognized;
//   - kind: "account" on accounts, and "removal" on removals that are not done;
//   - id: on such a removal its code, which is in the index in the place of an id;
//   - due_shard and due_nanos: where an account stands in the index of what is
//     due, only while it is due at some time;
//   - expires_nanos: where an account stands among those of its status;
//   - outbox_since: when the oldest event was written that an account or the
//     health still has to send, for the filter of the table's stream;
//   - ttl: from when on DynamoDB may delete a flow, what is left of an erased
//     account, a person without accounts, or a removal.
//
// # Indexes
//
// The index "due" has the partition key due_shard and the sort key due_nanos and
// holds whole items. It is sparse: an account that is never due is not in it. It
// has four partitions, since an index on time alone would send all writes of an
// hour to the same one
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-sharding.html).
// The index "accounts" has the partition key kind and the sort key id and holds
// keys only; of an account it is written when that is new and never after. A
// removal is in it until it is done, beside the accounts and never among them.
//
// The index "status" has the partition key status and the sort key expires_nanos,
// which is a number behind all times for an account without an end, and holds keys
// only. It is written
// when one of the two changes: with a new token, that is, about once a month, and
// with a new status. All active accounts are one partition of it, which takes five
// hundred such changes a second.
//
// An account is in an index that is younger than its row from its next save on;
// every account that has a token is saved within a day.
//
// # Saves
//
// A save is one conditional write. DynamoDB's answer to it can be lost, after
// which the SDK repeats it and the condition fails on what the first try wrote
// (https://github.com/aws/aws-sdk-java/issues/2667). Therefore every write asks
// for the item on which a condition failed, which costs nothing, and counts as
// done if that item has its attempt.
package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"igauth/internal/igauth"
)

// tableAPI is what a Ledger calls of the DynamoDB client.
type tableAPI interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
}

var (
	_ tableAPI      = (*dynamodb.Client)(nil)
	_ igauth.Ledger = (*Ledger)(nil)
)

// Config is what a Ledger is made of.
type Config struct {
	// Client is a *dynamodb.Client.
	Client tableAPI
	// Table is the name or the ARN of the table.
	Table string
}

// A Ledger is an [igauth.Ledger] in a DynamoDB table. Its methods cost:
//
//   - Account, Flow, Person, Removal and Health: one GetItem, strongly consistent;
//   - Save: one PutItem or, for several records, one TransactWriteItems;
//   - Due: one Query, whose answer has at most 1 MB of rows;
//   - Expiries: one Query, and more only where an answer exceeds 1 MB;
//   - Count: one Query for every 1 MB of keys, which are some fifteen
//     thousand accounts, and costs 128 read units;
//   - Accounts and OpenRemovals: one Query, and one BatchGetItem for every hundred
//     rows, so that nothing but the Query is asked where there are none.
type Ledger struct {
	client tableAPI
	table  string
}

// New returns a Ledger, or what is wrong with its configuration. It makes no
// call.
func New(cfg Config) (*Ledger, error) {
	if cfg.Client == nil || cfg.Table == "" {
		return nil, errors.New("a ledger on DynamoDB needs a client and the name of a table")
	}
	return &Ledger{client: cfg.Client, table: cfg.Table}, nil
}

// Account implements [igauth.Ledger].
func (l *Ledger) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	return get[igauth.Account](ctx, l, accountKey(id))
}

// Flow implements [igauth.Ledger]. A flow that is over is returned until
// DynamoDB deletes it, typically within two days
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html).
func (l *Ledger) Flow(ctx context.Context, id igauth.FlowID) (igauth.Flow, error) {
	return get[igauth.Flow](ctx, l, flowKey(id))
}

// Person implements [igauth.Ledger]. It is returned after its ForgetAt as a flow
// is, and so is a removal.
func (l *Ledger) Person(ctx context.Context, id igauth.PersonID) (igauth.Person, error) {
	return get[igauth.Person](ctx, l, personKey(id))
}

// Removal implements [igauth.Ledger].
func (l *Ledger) Removal(ctx context.Context, code string) (igauth.Removal, error) {
	return get[igauth.Removal](ctx, l, removalKey(code))
}

// Health implements [igauth.Ledger].
func (l *Ledger) Health(ctx context.Context) (igauth.Health, error) {
	return get[igauth.Health](ctx, l, healthKey)
}

// get reads one record.
func get[Record any](ctx context.Context, l *Ledger, key string) (Record, error) {
	var record Record
	out, err := l.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &l.table,
		Key:            keyItem(key),
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return record, fmt.Errorf("reading %s: %w", key, err)
	}
	if out.Item == nil {
		return record, fmt.Errorf("reading %s: %w", key, igauth.ErrNotFound)
	}
	if err := decode(out.Item, &record); err != nil {
		return record, fmt.Errorf("decoding %s: %w", key, err)
	}
	return record, nil
}
