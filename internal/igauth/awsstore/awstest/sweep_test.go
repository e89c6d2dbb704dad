package awstest

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// TestSweep removes from the account whatever has the run's prefix. It is the
// last thing that e2e/aws.sh does, also when the tests have died.
//
// ListSecrets may not show what happened in the last five minutes
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html),
// which is why the names were noted.
func TestSweep(t *testing.T) {
	if os.Getenv("IGAUTH_TEST_AWS_SWEEP") != "1" {
		t.Skip("it is the end of make test-aws")
	}
	prefix := Prefix(t)
	swept := 0
	remove := func(kind, name string, do func() error) {
		if !strings.HasPrefix(name, prefix) {
			t.Errorf("%s %s is not of this run, and stays", kind, name)
			return
		}
		if err := do(); err != nil {
			t.Errorf("%s %s is left behind: %v", kind, name, err)
		}
		swept++
	}
	manager := secretsmanager.NewFromConfig(SecretsManager(t)[0].Config)
	tables := dynamodb.NewFromConfig(DynamoDB(t)[0].Config)
	for _, name := range noted(t) {
		switch kind, name, _ := strings.Cut(name, " "); kind {
		case kindTable:
			remove(kind, name, func() error { return removeTable(t.Context(), tables, name) })
		case kindSecret:
			remove(kind, name, func() error { return removeSecret(t.Context(), manager, name) })
		}
	}
	for _, name := range listed(t, manager, prefix) {
		remove(kindSecret, name, func() error { return removeSecret(t.Context(), manager, name) })
	}
	for _, name := range listedTables(t, tables, prefix) {
		remove(kindTable, name, func() error { return removeTable(t.Context(), tables, name) })
	}
	t.Logf("%d names were gone over", swept)
}

// noted returns the lines of the run's file.
func noted(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(os.Getenv("IGAUTH_TEST_AWS_NAMES"))
	if err != nil && !os.IsNotExist(err) && os.Getenv("IGAUTH_TEST_AWS_NAMES") != "" {
		t.Error(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// listed returns the names of the secrets that are known to begin with a prefix.
func listed(t *testing.T, client *secretsmanager.Client, prefix string) []string {
	t.Helper()
	var names []string
	pages := secretsmanager.NewListSecretsPaginator(client, &secretsmanager.ListSecretsInput{
		Filters: []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{prefix}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Errorf("listing the secrets under %s: %v", prefix, err)
			break
		}
		for _, secret := range page.SecretList {
			names = append(names, aws.ToString(secret.Name))
		}
	}
	return names
}

// listedTables returns the names of the tables that begin with a prefix. Names
// are listed in the order of ASCII, and the list can begin after any text.
func listedTables(t *testing.T, client *dynamodb.Client, prefix string) []string {
	t.Helper()
	var names []string
	pages := dynamodb.NewListTablesPaginator(client, &dynamodb.ListTablesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Errorf("listing the tables under %s: %v", prefix, err)
			break
		}
		for _, name := range page.TableNames {
			if strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
	}
	return names
}

// TestCleanup makes what a test makes and has it removed, on the targets that
// are there.
func TestCleanup(t *testing.T) {
	for _, target := range SecretsManager(t) {
		name := NewName(t)
		ctx := t.Context()
		t.Run(target.Kind, func(t *testing.T) {
			client := NewSecretsClient(t, target)
			_, err := client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String("x")})
			if err != nil {
				t.Fatal(err)
			}
		})
		client := secretsmanager.NewFromConfig(target.Config)
		if out, err := client.DescribeSecret(context.WithoutCancel(ctx), &secretsmanager.DescribeSecretInput{SecretId: &name}); err == nil && out.DeletedDate == nil {
			t.Errorf("%s: secret %s is still there", target.Kind, name)
		}
	}
}
