package awstest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// tableTakes is how long the creation or the deletion of a table may take.
const tableTakes = 5 * time.Minute

// NewTable has create make a table under a new name, which it returns. When the
// test is over, the table is removed.
func NewTable(t *testing.T, client *dynamodb.Client, create func(ctx context.Context, name string) error) string {
	t.Helper()
	name := NewName(t)
	if err := note(kindTable, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := removeTable(context.WithoutCancel(t.Context()), client, name); err != nil {
			t.Errorf("table %s is left behind: %v", name, err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), tableTakes)
	defer cancel()
	if err := create(ctx, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// removeTable removes a table; one that is not there is no error. One that is
// still being created can be removed only then.
func removeTable(ctx context.Context, client *dynamodb.Client, name string) error {
	ctx, cancel := context.WithTimeout(ctx, tableTakes)
	defer cancel()
	for {
		_, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
		if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone || err == nil {
			return nil
		}
		if _, busy := errors.AsType[*types.ResourceInUseException](err); !busy {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

// Empty deletes all items of a table whose partition key is "pk", and waits until
// its indexes have followed: the queries that see none of the items are three in
// a row, as each may be answered by another copy of the index.
func Empty(ctx context.Context, client *dynamodb.Client, name string, indexes ...string) error {
	rows := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
		TableName: &name, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("pk"),
	})
	for rows.HasMorePages() {
		page, err := rows.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("emptying table %s: %w", name, err)
		}
		for _, key := range page.Items {
			if _, err := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &name, Key: key}); err != nil {
				return fmt.Errorf("emptying table %s: %w", name, err)
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, index := range indexes {
		for empty := 0; empty < 3; {
			out, err := client.Scan(ctx, &dynamodb.ScanInput{TableName: &name, IndexName: &index, Select: types.SelectCount})
			if err != nil {
				return fmt.Errorf("waiting for index %s of table %s: %w", index, name, err)
			}
			if empty++; out.Count > 0 {
				empty = 0
				time.Sleep(100 * time.Millisecond)
			}
		}
	}
	return nil
}
