package e2e

import (
	"fmt"
	"strings"
	"testing"
)

func TestEverythingIsEncryptedWithTheKey(t *testing.T) {
	tmpl := load(t)
	for kind, path := range map[string][]string{
		"AWS::DynamoDB::Table":        {"SSESpecification", "KMSMasterKeyId"},
		"AWS::SecretsManager::Secret": {"KmsKeyId"},
		"AWS::SQS::Queue":             {"KmsMasterKeyId"},
		"AWS::SNS::Topic":             {"KmsMasterKeyId"},
		"AWS::Logs::LogGroup":         {"KmsKeyId"},
	} {
		for id, properties := range tmpl.resources(kind) {
			if got := show(at(properties, path...)); got != "Key.Arn" {
				t.Errorf("%s is encrypted with %s", id, got)
			}
		}
	}
}

func TestTableIsWhatTheLedgerExpects(t *testing.T) {
	table := load(t).only("AWS::DynamoDB::Table")
	if got := at(table, "TimeToLiveSpecification"); at(got, "Enabled") != true || at(got, "AttributeName") != "ttl" {
		t.Errorf("flows are not forgotten: %v", got)
	}
	if at(table, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
		t.Error("the table cannot be recovered to a point in time")
	}
	if table["DeletionProtectionEnabled"] != true || table["BillingMode"] != "PAY_PER_REQUEST" {
		t.Error("the table is not protected from deletion, or not paid per request")
	}
	types := map[any]any{}
	for _, attribute := range many(table["AttributeDefinitions"]) {
		types[at(attribute, "AttributeName")] = at(attribute, "AttributeType")
	}
	schema := func(keys any) string {
		var parts []string
		for _, key := range many(keys) {
			name := at(key, "AttributeName")
			parts = append(parts, fmt.Sprintf("%v %v %v", name, types[name], at(key, "KeyType")))
		}
		return strings.Join(parts, ", ")
	}
	got := map[string]string{"table": schema(table["KeySchema"])}
	for _, index := range many(table["GlobalSecondaryIndexes"]) {
		got[fmt.Sprint(at(index, "IndexName"))] = schema(at(index, "KeySchema")) + fmt.Sprintf(", %v", at(index, "Projection", "ProjectionType"))
	}
	compare(t, "the table", lines(got), lines(map[string]string{
		"table":    "pk S HASH",
		"due":      "due_shard S HASH, due_nanos N RANGE, ALL",
		"accounts": "kind S HASH, id S RANGE, KEYS_ONLY",
		"status":   "status S HASH, expires_nanos N RANGE, KEYS_ONLY",
	}))
	if used := len(types); used != 7 {
		t.Errorf("%d attributes are defined; CloudFormation refuses one that is no key", used)
	}
	// A filter on the outbox needs the row as it is after the save.
	if got := at(table, "StreamSpecification", "StreamViewType"); got != "NEW_IMAGE" {
		t.Errorf("the stream shows %v, want the row after the save", got)
	}
}

func TestWhatCannotBeMadeAgainIsRetained(t *testing.T) {
	resources := load(t).section("Resources")
	for _, id := range []string{"LedgerTable", "Key", "AppSecret", "MetaSecret", "Keyset"} {
		deletion, _ := at(resources[id], "DeletionPolicy").(string)
		if !strings.HasPrefix(deletion, "Retain") || at(resources[id], "UpdateReplacePolicy") != "Retain" {
			t.Errorf("%s goes with the stack or with a replacement", id)
		}
	}
}
