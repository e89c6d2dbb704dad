package cost

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

type item = map[string]types.AttributeValue

// metered is a DynamoDB that believes every condition and counts what it would
// charge, from the items themselves and not from the model.
type metered struct {
	mu            sync.Mutex
	items         map[string]item
	saves         int
	writes, reads float64
}

func textOf(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}

// sizeOf returns the size of an item by the rule in
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html.
func sizeOf(row item) int {
	size := 0
	for name, value := range row {
		size += len(name) + valueSize(value)
	}
	return size
}

func valueSize(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		digits := strings.Trim(strings.TrimLeft(v.Value, "-"), "0")
		return (len(digits)+1)/2 + 1
	case *types.AttributeValueMemberBOOL, *types.AttributeValueMemberNULL:
		return 1
	case *types.AttributeValueMemberL:
		size := 3
		for _, element := range v.Value {
			size += valueSize(element) + 1
		}
		return size
	case *types.AttributeValueMemberM:
		return 3 + len(v.Value) + sizeOf(v.Value)
	}
	panic("an attribute of a type that this program does not write")
}

// put charges an item, times over, and what it does to the indexes.
func (m *metered) put(row item, times float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := textOf(row["pk"])
	old := m.items[key]
	m.items[key] = row
	m.saves++
	m.writes += times * writeUnits(max(sizeOf(old), sizeOf(row)))
	m.follow(old, row, "due_shard", "due_nanos", false)
	m.follow(old, row, "kind", "id", true)
	m.follow(old, row, "status", "expires_nanos", true)
}

// follow charges what an index does when an item replaces another. An index of
// keys has nothing to do when they stay.
func (m *metered) follow(old, row item, hash, sort string, keysOnly bool) {
	place := func(i item) string { return textOf(i[hash]) + "/" + textOf(i[sort]) }
	units := func(i item) float64 {
		if i[hash] == nil || i[sort] == nil {
			return 0
		}
		if keysOnly {
			return 1
		}
		return writeUnits(sizeOf(i))
	}
	switch before, after := units(old), units(row); {
	case before == 0 || after == 0 || place(old) != place(row):
		m.writes += before + after
	case !keysOnly:
		m.writes += after
	}
}

func (m *metered) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row := m.items[textOf(in.Key["pk"])]
	m.reads += max(1, math.Ceil(float64(sizeOf(row))/4096))
	return &dynamodb.GetItemOutput{Item: row}, nil
}

func (m *metered) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	m.put(in.Item, 1)
	return &dynamodb.PutItemOutput{}, nil
}

func (m *metered) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	for _, write := range in.TransactItems {
		m.put(write.Put.Item, 2)
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

// Query answers for the index of what is due, and for that of statuses, whose
// entries are of a size that the model says.
func (m *metered) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := textOf(in.ExpressionAttributeValues[":now"])
	out, bytes := &dynamodb.QueryOutput{}, 0
	if *in.IndexName == "status" {
		for _, row := range m.items {
			if row["status"] != nil && textOf(row["status"]) == textOf(in.ExpressionAttributeValues[":status"]) {
				out.Count++
				bytes += keyEntry
			}
		}
		m.reads += 0.5 * max(1, math.Ceil(float64(bytes)/4096))
		return out, nil
	}
	for _, row := range m.items {
		at := textOf(row["due_nanos"])
		due := at != "" && (len(at) < len(now) || len(at) == len(now) && at <= now)
		if due && textOf(row["due_shard"]) == textOf(in.ExpressionAttributeValues[":shard"]) {
			out.Items = append(out.Items, row)
			bytes += sizeOf(row)
		}
	}
	m.reads += 0.5 * max(1, math.Ceil(float64(bytes)/4096))
	return out, nil
}

func (m *metered) BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	panic("nobody lists the accounts")
}

// row returns the only account's row.
func (m *metered) row(t *testing.T) item {
	t.Helper()
	for key, row := range m.items {
		if strings.HasPrefix(key, "account#") {
			return row
		}
	}
	t.Fatal("there is no account")
	return nil
}

// meteredSecrets is a Secrets Manager that counts its calls, and those that need
// KMS.
type meteredSecrets struct {
	secrets     map[string]*kept
	calls       int
	keyRequests int
}

type kept struct {
	values map[string]string
	labels map[string]string // the version of each label
}

func (m *meteredSecrets) CreateSecret(_ context.Context, in *secretsmanager.CreateSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error) {
	m.calls++
	m.keyRequests++
	m.secrets[*in.Name] = &kept{
		values: map[string]string{*in.ClientRequestToken: *in.SecretString},
		labels: map[string]string{"AWSCURRENT": *in.ClientRequestToken},
	}
	return &secretsmanager.CreateSecretOutput{}, nil
}

func (m *meteredSecrets) PutSecretValue(_ context.Context, in *secretsmanager.PutSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error) {
	m.calls++
	secret := m.secrets[*in.SecretId]
	if secret == nil {
		return nil, &smtypes.ResourceNotFoundException{}
	}
	m.keyRequests++
	secret.values[*in.ClientRequestToken] = *in.SecretString
	for _, label := range in.VersionStages {
		secret.labels[label] = *in.ClientRequestToken
	}
	return &secretsmanager.PutSecretValueOutput{}, nil
}

func (m *meteredSecrets) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	m.calls++
	secret := m.secrets[*in.SecretId]
	if secret == nil || secret.values[*in.VersionId] == "" {
		return nil, &smtypes.ResourceNotFoundException{}
	}
	m.keyRequests++
	value := secret.values[*in.VersionId]
	return &secretsmanager.GetSecretValueOutput{SecretString: &value}, nil
}

func (m *meteredSecrets) UpdateSecretVersionStage(_ context.Context, in *secretsmanager.UpdateSecretVersionStageInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
	m.calls++
	m.secrets[*in.SecretId].labels[*in.VersionStage] = *in.MoveToVersionId
	return &secretsmanager.UpdateSecretVersionStageOutput{}, nil
}

func (m *meteredSecrets) DescribeSecret(_ context.Context, in *secretsmanager.DescribeSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	m.calls++
	out := &secretsmanager.DescribeSecretOutput{VersionIdsToStages: map[string][]string{}}
	for label, version := range m.secrets[*in.SecretId].labels {
		out.VersionIdsToStages[version] = append(slices.Clone(out.VersionIdsToStages[version]), label)
	}
	return out, nil
}

func (m *meteredSecrets) DeleteSecret(context.Context, *secretsmanager.DeleteSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error) {
	panic("nobody deletes a token")
}
