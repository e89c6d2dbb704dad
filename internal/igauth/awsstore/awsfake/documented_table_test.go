package awsfake_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/awstest"
	"igauth/internal/igauth/awsstore/table"
)

// tableAPI is what the questions call.
type tableAPI interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
}

// An askedTable is a table about which questions are asked, each with keys of its
// own.
type askedTable struct {
	api  tableAPI
	t    *testing.T
	name *string
}

// newKey returns a key that no other question has.
func newKey() string { return "question#" + rand.Text() }

// numbered returns an item of a key with a number.
func numbered(key string, revision int) item { return item{"pk": s(key), "revision": n(revision)} }

// onlyNew is a write on the condition that there is no such item.
func (a askedTable) onlyNew(row item, old types.ReturnValuesOnConditionCheckFailure) *types.Put {
	return &types.Put{
		TableName: a.name, Item: row, ConditionExpression: aws.String("attribute_not_exists(pk)"), ReturnValuesOnConditionCheckFailure: old,
	}
}

func (a askedTable) put(row item) error {
	_, err := a.api.PutItem(a.t.Context(), &dynamodb.PutItemInput{TableName: a.name, Item: row})
	return err
}

func (a askedTable) transact(token string, puts ...*types.Put) error {
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: &token}
	for _, put := range puts {
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: put})
	}
	_, err := a.api.TransactWriteItems(a.t.Context(), in)
	return err
}

// revision returns the number of the item of a key.
func (a askedTable) revision(key string) string {
	out, err := a.api.GetItem(a.t.Context(), &dynamodb.GetItemInput{TableName: a.name, Key: item{"pk": s(key)}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return outcome(err, "")
	}
	return revisionOf(out.Item)
}

func revisionOf(row item) string {
	if number, ok := row["revision"].(*types.AttributeValueMemberN); ok {
		return number.Value
	}
	return "none"
}

const (
	allOld = types.ReturnValuesOnConditionCheckFailureAllOld
	noOld  = types.ReturnValuesOnConditionCheckFailureNone
)

// The sources are in ../testdata/emulators.md.
var tableQuestions = []question[askedTable]{
	{
		name: "a transaction that is repeated with its token",
		ask: func(t *testing.T, a askedTable) string {
			put := a.onlyNew(numbered(newKey(), 1), allOld)
			token := rand.Text()
			must(t, a.transact(token, put))
			return outcome(a.transact(token, put), "ignored")
		},
		documented: "ignored",
		deviations: byMoto("TransactionCanceledException"),
	},
	{
		name: "another transaction with a used token",
		ask: func(t *testing.T, a askedTable) string {
			token := rand.Text()
			must(t, a.transact(token, a.onlyNew(numbered(newKey(), 1), allOld)))
			return outcome(a.transact(token, a.onlyNew(numbered(newKey(), 1), allOld)), "carried out")
		},
		documented: "IdempotentParameterMismatchException",
		deviations: byMoto("carried out"),
	},
	{
		name: "the item on which a write failed, if asked for and if not",
		ask: func(t *testing.T, a askedTable) string {
			key := newKey()
			must(t, a.put(numbered(key, 7)))
			var answers []string
			for _, old := range []types.ReturnValuesOnConditionCheckFailure{allOld, noOld} {
				_, err := a.api.PutItem(t.Context(), &dynamodb.PutItemInput{
					TableName: a.name, Item: numbered(key, 8), ConditionExpression: aws.String("attribute_not_exists(pk)"), ReturnValuesOnConditionCheckFailure: old,
				})
				failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
				if !ok {
					return outcome(err, "carried out")
				}
				answers = append(answers, revisionOf(failed.Item))
			}
			return strings.Join(answers, " ")
		},
		documented: "7 none",
	},
	{
		name: "the items on which a transaction failed, if asked for and if not",
		ask: func(t *testing.T, a askedTable) string {
			key, free := newKey(), newKey()
			must(t, a.put(numbered(key, 7)))
			var answers []string
			for _, old := range []types.ReturnValuesOnConditionCheckFailure{allOld, noOld} {
				err := a.transact(rand.Text(), a.onlyNew(numbered(free, 1), old), a.onlyNew(numbered(key, 8), old))
				canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
				if !ok {
					return outcome(err, "carried out")
				}
				for _, reason := range canceled.CancellationReasons {
					answers = append(answers, aws.ToString(reason.Code)+" "+revisionOf(reason.Item))
				}
			}
			return strings.Join(append(answers, a.revision(free)), ", ")
		},
		documented: "None none, ConditionalCheckFailed 7, None none, ConditionalCheckFailed none, none",
	},
	{
		name: "two writes of one item in a transaction",
		ask: func(t *testing.T, a askedTable) string {
			key := newKey()
			answer := refused(a.transact(rand.Text(), a.onlyNew(numbered(key, 1), allOld), a.onlyNew(numbered(key, 2), allOld)), "carried out")
			return answer + " " + a.revision(key)
		},
		documented: "refused none",
	},
	{
		name:       "an empty key",
		ask:        func(t *testing.T, a askedTable) string { return outcome(a.put(numbered("", 1)), "carried out") },
		documented: "ValidationException",
	},
	{
		name: "an empty key of an index",
		ask: func(t *testing.T, a askedTable) string {
			return outcome(a.put(item{"pk": s(newKey()), "due_shard": s(""), "due_nanos": n(1)}), "carried out")
		},
		documented: "ValidationException",
	},
	{
		name: "a key of an index of another type",
		ask: func(t *testing.T, a askedTable) string {
			return outcome(a.put(item{"pk": s(newKey()), "due_shard": s("0"), "due_nanos": s("1")}), "carried out")
		},
		documented: "ValidationException",
		deviations: byMoto("carried out"),
	},
	{
		name: "a consistent query of an index",
		ask: func(t *testing.T, a askedTable) string {
			_, err := a.api.Query(t.Context(), &dynamodb.QueryInput{
				TableName: a.name, IndexName: aws.String("due"), ConsistentRead: aws.Bool(true),
				KeyConditionExpression: aws.String("due_shard = :shard"), ExpressionAttributeValues: item{":shard": s("0")},
			})
			return outcome(err, "carried out")
		},
		documented: "ValidationException",
	},
	{
		name: "a batch of 101 keys",
		ask: func(t *testing.T, a askedTable) string {
			return outcome(a.batch(101, func(i int) string { return fmt.Sprint(i) }), "carried out")
		},
		documented: "ValidationException",
	},
	{
		name: "a batch with one key twice",
		ask: func(t *testing.T, a askedTable) string {
			return outcome(a.batch(2, func(int) string { return "same" }), "carried out")
		},
		documented: "ValidationException",
	},
	{
		name: "a count in an index",
		ask: func(t *testing.T, a askedTable) string {
			status := a.three()
			out, err := a.ofStatus(status, func(in *dynamodb.QueryInput) { in.Select = types.SelectCount })
			if err != nil {
				return outcome(err, "")
			}
			return fmt.Sprintf("%d, with %d items", out.Count, len(out.Items))
		},
		documented: "3, with 0 items",
	},
	{
		name: "a page of an index, and the key at its end",
		ask: func(t *testing.T, a askedTable) string {
			out, err := a.ofStatus(a.three(), func(in *dynamodb.QueryInput) { in.Limit = aws.Int32(2) })
			if err != nil {
				return outcome(err, "")
			}
			var attributes []string
			for name := range out.LastEvaluatedKey {
				attributes = append(attributes, name)
			}
			slices.Sort(attributes)
			return fmt.Sprintf("%s, then %s", nanosOf(out.Items), strings.Join(attributes, " "))
		},
		documented: "1 2, then expires_nanos pk status",
	},
	{
		name: "a page that begins after an item which is not there",
		ask: func(t *testing.T, a askedTable) string {
			status := a.three()
			out, err := a.ofStatus(status, func(in *dynamodb.QueryInput) {
				in.ExclusiveStartKey = item{"pk": s("none"), "status": s(status), "expires_nanos": n(1)}
			})
			if err != nil {
				return outcome(err, "")
			}
			got := nanosOf(out.Items)
			// Whether it is before or after the other of the same time nobody says.
			return strings.TrimPrefix(got, "1 ")
		},
		documented: "2 3",
	},
	{
		name: "a page that begins where the condition does not hold",
		ask: func(t *testing.T, a askedTable) string {
			status := a.three()
			_, err := a.ofStatus(status, func(in *dynamodb.QueryInput) {
				in.KeyConditionExpression = aws.String("#status = :status AND expires_nanos <= :end")
				in.ExpressionAttributeValues[":end"] = n(2)
				in.ExclusiveStartKey = item{"pk": s("none"), "status": s(status), "expires_nanos": n(3)}
			})
			return outcome(err, "carried out")
		},
		documented: "ValidationException",
		deviations: byMoto("carried out"),
	},
	{
		name: "a reserved word as the name of an attribute",
		ask: func(t *testing.T, a askedTable) string {
			_, err := a.ofStatus("none", func(in *dynamodb.QueryInput) {
				in.KeyConditionExpression, in.ExpressionAttributeNames = aws.String("status = :status"), nil
			})
			return outcome(err, "carried out")
		},
		documented: "ValidationException",
		deviations: byMoto("carried out"),
	},
	{
		name: "a name that stands for nothing, and one that nobody uses",
		ask: func(t *testing.T, a askedTable) string {
			_, unknown := a.ofStatus("none", func(in *dynamodb.QueryInput) { in.ExpressionAttributeNames = nil })
			_, unused := a.ofStatus("none", func(in *dynamodb.QueryInput) { in.ExpressionAttributeNames["#other"] = "other" })
			return outcome(unknown, "carried out") + ", " + outcome(unused, "carried out")
		},
		documented: "ValidationException, ValidationException",
	},
	{
		name: "a table that is created again",
		ask: func(t *testing.T, a askedTable) string {
			_, err := a.api.CreateTable(t.Context(), &dynamodb.CreateTableInput{
				TableName: a.name, BillingMode: types.BillingModePayPerRequest,
				AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
				KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
			})
			return outcome(err, "carried out")
		},
		documented: "ResourceInUseException",
	},
	{
		name: "deletion by time that is turned on again",
		ask: func(t *testing.T, a askedTable) string {
			_, err := a.api.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
				TableName:               a.name,
				TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)},
			})
			return outcome(err, "carried out")
		},
		documented: "ValidationException",
		deviations: byMoto("carried out"),
	},
	{
		name: "an item whose time of deletion has just passed",
		ask: func(t *testing.T, a askedTable) string {
			key := newKey()
			row := numbered(key, 3)
			row["ttl"] = n(1777777777)
			must(t, a.put(row))
			return a.revision(key)
		},
		documented: "3",
	},
}

// three puts three items of a status that nobody else has, which it returns.
func (a askedTable) three() string {
	a.t.Helper()
	status := rand.Text()
	for i := 3; i >= 1; i-- {
		must(a.t, a.put(item{"pk": s(newKey()), "status": s(status), "expires_nanos": n(i)}))
	}
	return status
}

// ofStatus asks for the items of a status.
func (a askedTable) ofStatus(status string, with func(*dynamodb.QueryInput)) (*dynamodb.QueryOutput, error) {
	in := &dynamodb.QueryInput{
		TableName: a.name, IndexName: aws.String("status"),
		KeyConditionExpression:    aws.String("#status = :status"),
		ExpressionAttributeNames:  map[string]string{"#status": "status"},
		ExpressionAttributeValues: item{":status": s(status)},
	}
	with(in)
	return a.api.Query(a.t.Context(), in)
}

// nanosOf returns the sort keys of items in the index "status".
func nanosOf(rows []item) string {
	var all []string
	for _, row := range rows {
		if number, ok := row["expires_nanos"].(*types.AttributeValueMemberN); ok {
			all = append(all, number.Value)
		}
	}
	return strings.Join(all, " ")
}

func (a askedTable) batch(size int, key func(i int) string) error {
	var keys []item
	for i := range size {
		keys = append(keys, item{"pk": s(key(i))})
	}
	_, err := a.api.BatchGetItem(a.t.Context(), &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{*a.name: {Keys: keys}},
	})
	return err
}

func TestDocumentedDynamoDB(t *testing.T) {
	for _, q := range tableQuestions {
		q.check(t, fake, askedTable{newTable(t, awsfake.TableConfig{}), t, tableName})
	}
}

func TestDocumentedDynamoDBElsewhere(t *testing.T) {
	for _, target := range awstest.DynamoDB(t) {
		t.Run(target.Kind, func(t *testing.T) {
			client := dynamodb.NewFromConfig(target.Config)
			name := awstest.NewTable(t, client, func(ctx context.Context, name string) error {
				return table.CreateTable(ctx, client, name)
			})
			for _, q := range tableQuestions {
				q.check(t, target.Kind, askedTable{client, t, &name})
			}
		})
	}
}
