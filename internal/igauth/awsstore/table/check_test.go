package table

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// described is a table as the template makes it.
func described() (*types.TableDescription, *types.TimeToLiveDescription) {
	want := definition("ledger")
	table := &types.TableDescription{
		TableName: want.TableName, TableStatus: types.TableStatusActive, KeySchema: want.KeySchema, DeletionProtectionEnabled: aws.Bool(true),
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage},
	}
	for _, i := range want.GlobalSecondaryIndexes {
		table.GlobalSecondaryIndexes = append(table.GlobalSecondaryIndexes, types.GlobalSecondaryIndexDescription{
			IndexName: i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection, IndexStatus: types.IndexStatusActive,
		})
	}
	return table, &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusEnabled, AttributeName: aws.String(attrTTL)}
}

func TestDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*types.TableDescription, *types.TimeToLiveDescription)
		part   string // "" means none
	}{
		"as the template makes it": {func(*types.TableDescription, *types.TimeToLiveDescription) {}, ""},
		"an index that holds more": {func(d *types.TableDescription, _ *types.TimeToLiveDescription) {
			d.GlobalSecondaryIndexes[1].Projection = &types.Projection{ProjectionType: types.ProjectionTypeAll}
		}, ""},
		"a stream that shows more": {func(d *types.TableDescription, _ *types.TimeToLiveDescription) {
			d.StreamSpecification.StreamViewType = types.StreamViewTypeNewAndOldImages
		}, ""},
		"a table in the making": {func(d *types.TableDescription, _ *types.TimeToLiveDescription) {
			d.TableStatus = types.TableStatusCreating
		}, PartStatus},
		"another key": {func(d *types.TableDescription, _ *types.TimeToLiveDescription) {
			d.KeySchema = []types.KeySchemaElement{keyElement("id", types.KeyTypeHash)}
		}, PartKey},
		"an index in the making": {func(d *types.TableDescription, _ *types.TimeToLiveDescription) {
			d.GlobalSecondaryIndexes[2].IndexStatus = types.IndexStatusCreating
		}, PartIndex},
		"an index with other keys": {func(d *types.TableDescription, _ *types.TimeToLiveDescription) {
			d.GlobalSecondaryIndexes[0].KeySchema = d.GlobalSecondaryIndexes[1].KeySchema
		}, PartIndex},
		"no index": {func(d *types.TableDescription, _ *types.TimeToLiveDescription) {
			d.GlobalSecondaryIndexes = d.GlobalSecondaryIndexes[1:]
		}, PartIndex},
		"no deletion by time": {func(_ *types.TableDescription, ttl *types.TimeToLiveDescription) {
			ttl.TimeToLiveStatus = types.TimeToLiveStatusDisabled
		}, PartTTL},
		"deletion by something else": {func(_ *types.TableDescription, ttl *types.TimeToLiveDescription) {
			ttl.AttributeName = aws.String("expires_at")
		}, PartTTL},
		"no stream": {func(d *types.TableDescription, _ *types.TimeToLiveDescription) {
			d.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(false)}
		}, PartStream},
		"no protection": {func(d *types.TableDescription, _ *types.TimeToLiveDescription) { d.DeletionProtectionEnabled = nil }, PartProtection},
	} {
		table, ttl := described()
		c.change(table, ttl)
		got := Differences(table, ttl)
		if c.part == "" && len(got) != 0 || c.part != "" && (len(got) != 1 || got[0].Part != c.part || got[0].Text == "") {
			t.Errorf("%s: got %+v, want %q", name, got, c.part)
		}
	}
	table, _ := described()
	if got := Differences(table, nil); len(got) != 0 {
		t.Errorf("a deletion by time that could not be read: got %+v", got)
	}
}
