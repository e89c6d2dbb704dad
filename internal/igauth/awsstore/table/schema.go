package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// schemaAPI is what CreateTable calls of the DynamoDB client.
type schemaAPI interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
}

var _ schemaAPI = (*dynamodb.Client)(nil)

// createEvery is how often CreateTable looks whether the table is ready. DynamoDB
// takes some seconds for it.
const createEvery = 200 * time.Millisecond

// CreateTable creates the table of a [Ledger] and returns when it can be used. A
// table of that name that exists already is left as it is, apart from its TTL.
//
// It is for tests, development and the command line. In AWS the table is made by
// template.yaml, and both must say the same: the key "pk", the indexes "due",
// "accounts" and "status", billing on demand, and deletion by "ttl". What the
// template adds is protection, that is, backups, deletion protection and
// encryption, and the stream of what changes, which has the outboxes sent.
func CreateTable(ctx context.Context, client schemaAPI, name string) error {
	_, err := client.CreateTable(ctx, definition(name))
	if _, exists := errors.AsType[*types.ResourceInUseException](err); err != nil && !exists {
		return fmt.Errorf("creating table %s: %w", name, err)
	}
	if err := awaitTable(ctx, client, name); err != nil {
		return err
	}
	ttl, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err != nil {
		return fmt.Errorf("reading the deletion by time of table %s: %w", name, err)
	}
	if d := ttl.TimeToLiveDescription; d != nil && (d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
		// To turn on what is on is an error.
		return nil
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String(attrTTL),
			Enabled:       aws.Bool(true),
		},
	})
	if err != nil {
		return fmt.Errorf("turning on the deletion by time of table %s: %w", name, err)
	}
	return nil
}

// awaitTable returns when the table and its indexes are active.
func awaitTable(ctx context.Context, client schemaAPI, name string) error {
	for {
		out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		// Right after its creation a table may not be known yet.
		if _, unknown := errors.AsType[*types.ResourceNotFoundException](err); err != nil && !unknown {
			return fmt.Errorf("waiting for table %s: %w", name, err)
		}
		if err == nil && out.Table.TableStatus == types.TableStatusActive {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for table %s: %w", name, ctx.Err())
		case <-time.After(createEvery):
		}
	}
}

// definition returns the table's schema.
func definition(name string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			attribute(attrKey, types.ScalarAttributeTypeS),
			attribute(attrDueShard, types.ScalarAttributeTypeS),
			attribute(attrDueNanos, types.ScalarAttributeTypeN),
			attribute(attrKind, types.ScalarAttributeTypeS),
			attribute(attrID, types.ScalarAttributeTypeS),
			attribute(attrStatus, types.ScalarAttributeTypeS),
			attribute(attrExpiresNanos, types.ScalarAttributeTypeN),
		},
		KeySchema: []types.KeySchemaElement{keyElement(attrKey, types.KeyTypeHash)},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			index(indexDue, attrDueShard, attrDueNanos, types.ProjectionTypeAll),
			index(indexAccounts, attrKind, attrID, types.ProjectionTypeKeysOnly),
			index(indexStatus, attrStatus, attrExpiresNanos, types.ProjectionTypeKeysOnly),
		},
	}
}

func attribute(name string, kind types.ScalarAttributeType) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &name, AttributeType: kind}
}

func keyElement(name string, kind types.KeyType) types.KeySchemaElement {
	return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
}

func index(name, hash, sort string, projection types.ProjectionType) types.GlobalSecondaryIndex {
	return types.GlobalSecondaryIndex{
		IndexName: &name,
		KeySchema: []types.KeySchemaElement{
			keyElement(hash, types.KeyTypeHash),
			keyElement(sort, types.KeyTypeRange),
		},
		Projection: &types.Projection{ProjectionType: projection},
	}
}
