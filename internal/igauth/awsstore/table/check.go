package table

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The parts of a table that a Difference names.
const (
	PartStatus     = "status"
	PartKey        = "key"
	PartIndex      = "index"
	PartTTL        = "ttl"
	PartStream     = "stream"
	PartProtection = "protection"
)

// A Difference is one way in which a table is not what a [Ledger] needs.
type Difference struct {
	// Part is one of the parts above, Name the index's.
	Part, Name string
	// Text says what is different, as the end of a sentence about the table.
	Text string
}

// Differences compares a table, as DynamoDB describes it, with what template.yaml
// makes. TTL may be nil, if it could not be read.
func Differences(table *types.TableDescription, ttl *types.TimeToLiveDescription) []Difference {
	var all []Difference
	differs := func(part, name, format string, values ...any) {
		all = append(all, Difference{part, name, fmt.Sprintf(format, values...)})
	}
	want := definition(aws.ToString(table.TableName))
	if table.TableStatus != types.TableStatusActive {
		differs(PartStatus, "", "is not active, but %s", table.TableStatus)
	}
	if !sameKeys(table.KeySchema, want.KeySchema) {
		differs(PartKey, "", "does not have the key %s alone", attrKey)
	}
	for _, index := range want.GlobalSecondaryIndexes {
		name := *index.IndexName
		at := slices.IndexFunc(table.GlobalSecondaryIndexes, func(i types.GlobalSecondaryIndexDescription) bool {
			return aws.ToString(i.IndexName) == name
		})
		if at < 0 {
			differs(PartIndex, name, "has no index %s", name)
			continue
		}
		switch is := table.GlobalSecondaryIndexes[at]; {
		case !sameKeys(is.KeySchema, index.KeySchema):
			differs(PartIndex, name, "has an index %s with other keys", name)
		case is.Projection == nil || is.Projection.ProjectionType != index.Projection.ProjectionType && is.Projection.ProjectionType != types.ProjectionTypeAll:
			differs(PartIndex, name, "has an index %s that does not hold whole rows", name)
		case is.IndexStatus != types.IndexStatusActive:
			differs(PartIndex, name, "has an index %s that is not active, but %s", name, is.IndexStatus)
		}
	}
	switch {
	case ttl == nil:
	case ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabled && ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabling:
		differs(PartTTL, "", "does not delete what is over")
	case aws.ToString(ttl.AttributeName) != attrTTL:
		differs(PartTTL, "", "deletes by another attribute than %s", attrTTL)
	}
	switch stream := table.StreamSpecification; {
	case stream == nil || !aws.ToBool(stream.StreamEnabled):
		differs(PartStream, "", "has no stream of what changes")
	case stream.StreamViewType != types.StreamViewTypeNewImage && stream.StreamViewType != types.StreamViewTypeNewAndOldImages:
		differs(PartStream, "", "has a stream without the rows as they are after a change")
	}
	if !aws.ToBool(table.DeletionProtectionEnabled) {
		differs(PartProtection, "", "can be deleted by a slip")
	}
	return all
}

// sameKeys reports whether two keys are the same.
func sameKeys(a, b []types.KeySchemaElement) bool {
	return slices.EqualFunc(a, b, func(a, b types.KeySchemaElement) bool {
		return aws.ToString(a.AttributeName) == aws.ToString(b.AttributeName) && a.KeyType == b.KeyType
	})
}
