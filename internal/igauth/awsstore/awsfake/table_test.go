package awsfake_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/table"
)

// tableName is the table's name in all tests.
var tableName = aws.String("ledger")

// newTable returns a table with the schema of our ledger.
func newTable(t *testing.T, cfg awsfake.TableConfig) *awsfake.Table {
	t.Helper()
	fake := awsfake.NewTable(cfg)
	must(t, table.CreateTable(t.Context(), fake, *tableName))
	return fake
}

type item = map[string]types.AttributeValue

func s(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
func n(number int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: fmt.Sprint(number)}
}

// due returns an item that is in the index of what is due.
func due(key string, at int) item {
	return item{"pk": s(key), "due_shard": s("0"), "due_nanos": n(at), "revision": n(1)}
}

func put(t *testing.T, fake *awsfake.Table, row item) {
	t.Helper()
	_, err := fake.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: tableName, Item: row})
	must(t, err)
}

// query returns the keys of what is due until a time.
func query(t *testing.T, fake *awsfake.Table, at int) []string {
	t.Helper()
	out, err := fake.Query(t.Context(), &dynamodb.QueryInput{
		TableName: tableName, IndexName: aws.String("due"),
		KeyConditionExpression:    aws.String("due_shard = :shard AND due_nanos <= :now"),
		ExpressionAttributeValues: item{":shard": s("0"), ":now": n(at)},
	})
	must(t, err)
	var keys []string
	for _, row := range out.Items {
		keys = append(keys, row["pk"].(*types.AttributeValueMemberS).Value)
	}
	return keys
}

func TestIndexesAreLate(t *testing.T) {
	fake := newTable(t, awsfake.TableConfig{Indexes: awsfake.Lag{Requests: 2}})
	put(t, fake, due("a", 9))
	put(t, fake, due("b", 10))
	for i, want := range [][]string{nil, nil, {"a", "b"}} {
		if got := query(t, fake, 10); !slices.Equal(got, want) {
			t.Errorf("query %d: got %v, want %v", i+1, got, want)
		}
	}
	put(t, fake, due("a", 11))
	put(t, fake, item{"pk": s("b")})
	for i, want := range [][]string{{"a", "b"}, {"a", "b"}, nil} {
		if got := query(t, fake, 10); !slices.Equal(got, want) {
			t.Errorf("query %d after a change: got %v, want %v", i+1, got, want)
		}
	}
	if got := query(t, fake, 11); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %v, want a alone", got)
	}
}

// TestPages follows the pages of an index while its items change: none that
// stays is left out or comes twice.
func TestPages(t *testing.T) {
	fake := newTable(t, awsfake.TableConfig{PageSize: 2})
	for i := range 5 {
		put(t, fake, due(fmt.Sprint(i), i/2))
	}
	in := &dynamodb.QueryInput{
		TableName: tableName, IndexName: aws.String("due"), Limit: aws.Int32(3),
		KeyConditionExpression:    aws.String("due_shard = :shard"),
		ExpressionAttributeValues: item{":shard": s("0")},
	}
	var keys []string
	for {
		out, err := fake.Query(t.Context(), in)
		must(t, err)
		for _, row := range out.Items {
			keys = append(keys, row["pk"].(*types.AttributeValueMemberS).Value)
		}
		if len(out.LastEvaluatedKey) == 0 {
			break
		}
		put(t, fake, item{"pk": s("1")}) // The item that ended a page leaves the index.
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
	if want := []string{"0", "1", "2", "3", "4"}; !slices.Equal(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}

func TestTransactionTokens(t *testing.T) {
	c := &clock{start}
	fake := newTable(t, awsfake.TableConfig{Now: c.now})
	transact := func(row item) error {
		_, err := fake.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{
			ClientRequestToken: aws.String("token"),
			TransactItems: []types.TransactWriteItem{{Put: &types.Put{
				TableName: tableName, Item: row,
				ConditionExpression:                 aws.String("attribute_not_exists(pk)"),
				ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			}}},
		})
		return err
	}
	must(t, transact(due("a", 1)))
	put(t, fake, due("a", 2))
	c.at = c.at.Add(10*time.Minute - 1)
	must(t, transact(due("a", 1)))
	if got := query(t, fake, 1); len(got) != 0 {
		t.Error("a repetition was carried out")
	}
	if err := transact(due("b", 1)); !is[*types.IdempotentParameterMismatchException](err) {
		t.Errorf("another transaction of that token: got %v", err)
	}
	c.at = c.at.Add(1)
	canceled, ok := errors.AsType[*types.TransactionCanceledException](transact(due("a", 1)))
	if !ok || len(canceled.CancellationReasons) != 1 || canceled.CancellationReasons[0].Item["due_nanos"].(*types.AttributeValueMemberN).Value != "2" {
		t.Errorf("after ten minutes: got %v, want a failed condition with the item", canceled)
	}
	must(t, transact(due("b", 1)))
}

func TestExpire(t *testing.T) {
	c := &clock{start}
	fake := newTable(t, awsfake.TableConfig{Now: c.now})
	for key, at := range map[string]time.Time{"a": start, "b": start.Add(time.Second)} {
		row := due(key, 1)
		row["ttl"] = n(int(at.Unix()))
		put(t, fake, row)
	}
	put(t, fake, due("c", 1))
	if count := fake.Expire(); count != 0 {
		t.Errorf("%d items were deleted before their time was over", count)
	}
	c.at = start.Add(time.Second)
	if count := fake.Expire(); count != 1 || len(fake.Items()) != 2 {
		t.Errorf("%d items were deleted, want 1", count)
	}
	if got := query(t, fake, 1); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("the index has %v", got)
	}
}

// TestItemsAreCopies changes what was given and what came back.
func TestItemsAreCopies(t *testing.T) {
	fake := newTable(t, awsfake.TableConfig{})
	inner := item{"x": s("1")}
	put(t, fake, item{"pk": s("a"), "m": &types.AttributeValueMemberM{Value: inner}})
	inner["x"] = s("2")
	for range 2 {
		got := fake.Items()["a"]["m"].(*types.AttributeValueMemberM).Value
		if got["x"].(*types.AttributeValueMemberS).Value != "1" {
			t.Fatal("the table's item changed with another one")
		}
		got["x"] = s("3")
	}
}

// TestRefusals are requests that DynamoDB refuses.
func TestRefusals(t *testing.T) {
	fake := newTable(t, awsfake.TableConfig{})
	putting := func(row item, condition string, values item) error {
		in := &dynamodb.PutItemInput{TableName: tableName, Item: row, ExpressionAttributeValues: values}
		if condition != "" {
			in.ConditionExpression = &condition
		}
		_, err := fake.PutItem(t.Context(), in)
		return err
	}
	for name, err := range map[string]error{
		"no key":            putting(item{}, "", nil),
		"an empty key":      putting(item{"pk": s("")}, "", nil),
		"a key of an index": putting(item{"pk": s("a"), "due_nanos": s("1")}, "", nil),
		"a value not used":  putting(item{"pk": s("a")}, "attribute_not_exists(pk)", item{":x": n(1)}),
		"a value not given": putting(item{"pk": s("a")}, "revision = :x", nil),
		"half a starting key": func() error {
			_, err := fake.Query(t.Context(), &dynamodb.QueryInput{
				TableName: tableName, IndexName: aws.String("due"),
				KeyConditionExpression: aws.String("due_shard = :shard"), ExpressionAttributeValues: item{":shard": s("0")},
				ExclusiveStartKey: item{"due_shard": s("0"), "due_nanos": n(1)},
			})
			return err
		}(),
		"an unknown index": func() error {
			_, err := fake.Query(t.Context(), &dynamodb.QueryInput{TableName: tableName})
			return err
		}(),
		"too long a token": func() error {
			_, err := fake.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(version(0) + "12345")})
			return err
		}(),
		"an empty batch": func() error {
			_, err := fake.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"ledger": {}}})
			return err
		}(),
		"turning TTL on again": func() error {
			_, err := fake.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: tableName})
			return err
		}(),
	} {
		var refused smithy.APIError
		if !errors.As(err, &refused) || refused.ErrorCode() != "ValidationException" {
			t.Errorf("%s: got %v, want a ValidationException", name, err)
		}
	}
	_, err := fake.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("other"), ConsistentRead: aws.Bool(true)})
	if !is[*types.ResourceNotFoundException](err) {
		t.Errorf("another table: got %v", err)
	}
}
