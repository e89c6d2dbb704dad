package awsfake

import (
	"context"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// PutItem replaces an item if its condition holds
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html).
func (t *Table) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return do(ctx, &t.service, "PutItem", "", func(now time.Time) (*dynamodb.PutItemOutput, error) {
		put := &types.Put{
			TableName:                           in.TableName,
			Item:                                in.Item,
			ConditionExpression:                 in.ConditionExpression,
			ExpressionAttributeValues:           in.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: in.ReturnValuesOnConditionCheckFailure,
		}
		met, old, err := t.evaluate(put)
		if err != nil {
			return nil, err
		}
		if !met {
			return nil, &types.ConditionalCheckFailedException{Message: aws.String("The conditional request failed"), Item: old}
		}
		t.put(in.Item, now)
		return &dynamodb.PutItemOutput{}, nil
	})
}

// TransactWriteItems puts several items, all or none. The same request with the
// same token succeeds for ten minutes without doing anything, and another one
// with that token fails
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
func (t *Table) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return do(ctx, &t.service, "TransactWriteItems", "", func(now time.Time) (*dynamodb.TransactWriteItemsOutput, error) {
		token := aws.ToString(in.ClientRequestToken)
		if len(token) < 1 || len(token) > 36 {
			return nil, invalidRequest("ClientRequestToken must have 1 to 36 characters, and has %d", len(token))
		}
		if len(in.TransactItems) == 0 || len(in.TransactItems) > 100 {
			return nil, invalidRequest("A transaction must have 1 to 100 items, and has %d", len(in.TransactItems))
		}
		earlier, used := t.tokens[token]
		if used && !t.cfg.ForgetTokens && now.Sub(earlier.at) < tokenKept {
			if !reflect.DeepEqual(earlier.items, in.TransactItems) {
				return nil, &types.IdempotentParameterMismatchException{Message: aws.String("The request has the token of another one")}
			}
			return &dynamodb.TransactWriteItemsOutput{}, nil
		}
		canceled := false
		keys := map[string]bool{}
		kept := make([]types.TransactWriteItem, len(in.TransactItems))
		reasons := make([]types.CancellationReason, len(in.TransactItems))
		for i, transact := range in.TransactItems {
			met, old, err := t.evaluate(transact.Put)
			if err != nil {
				return nil, err
			}
			key := text(transact.Put.Item[t.key])
			if keys[key] {
				return nil, invalidRequest("Transaction request cannot include multiple operations on one item")
			}
			keys[key] = true
			put := *transact.Put
			put.Item = clone(put.Item)
			put.ExpressionAttributeValues = clone(put.ExpressionAttributeValues)
			kept[i] = types.TransactWriteItem{Put: &put}
			reasons[i].Code = aws.String("None")
			if !met {
				canceled = true
				reasons[i] = types.CancellationReason{
					Code: aws.String("ConditionalCheckFailed"), Message: aws.String("The conditional request failed"), Item: old,
				}
			}
		}
		if canceled {
			return nil, &types.TransactionCanceledException{
				Message:             aws.String("Transaction cancelled, please refer cancellation reasons for specific reasons"),
				CancellationReasons: reasons,
			}
		}
		for _, transact := range kept {
			t.put(transact.Put.Item, now)
		}
		t.tokens[token] = transaction{kept, now}
		return &dynamodb.TransactWriteItemsOutput{}, nil
	})
}

// evaluate reports whether the condition of a write is met. If not, it returns
// the item that is there, if the write asks for it.
func (t *Table) evaluate(put *types.Put) (met bool, old item, err error) {
	if put == nil {
		return false, nil, invalidRequest("awsfake: a transaction with anything but puts is not imitated")
	}
	if err := t.check(put.TableName); err != nil {
		return false, nil, err
	}
	if err := t.checkKeys(put.Item); err != nil {
		return false, nil, err
	}
	if put.ConditionExpression == nil {
		return true, nil, nil
	}
	terms, err := parse(*put.ConditionExpression, put.ExpressionAttributeValues)
	if err != nil {
		return false, nil, err
	}
	row := t.items[text(put.Item[t.key])]
	if holds(terms, row, put.ExpressionAttributeValues) {
		return true, nil, nil
	}
	if put.ReturnValuesOnConditionCheckFailure == types.ReturnValuesOnConditionCheckFailureAllOld {
		old = clone(row)
	}
	return false, old, nil
}

// checkKeys returns what is wrong with the attributes that are keys: each must
// have the type of the schema and not be empty.
func (t *Table) checkKeys(row item) error {
	for _, definition := range t.schema.AttributeDefinitions {
		name := *definition.AttributeName
		valid := row[name] == nil && name != t.key
		switch v := row[name].(type) {
		case *types.AttributeValueMemberS:
			valid = definition.AttributeType == types.ScalarAttributeTypeS && v.Value != ""
		case *types.AttributeValueMemberN:
			valid = definition.AttributeType == types.ScalarAttributeTypeN && v.Value != ""
		}
		if !valid {
			return invalidRequest("One or more parameter values were invalid: the key %s is missing, empty, or not of type %s", name, definition.AttributeType)
		}
	}
	return nil
}

// put stores an item, which the indexes follow.
func (t *Table) put(row item, now time.Time) {
	key := text(row[t.key])
	t.items[key] = clone(row)
	for _, i := range t.indexes {
		i.follow(t.key, key, row, t.cfg.Indexes, now)
	}
}
