package secrets

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/storetest"
)

var traits = storetest.VaultTraits{Finds: true, Forgets: true, Foreign: igauth.ErrNotFound, Current: readCurrent}

// emulated are the sub-tests in which an emulator differs from the service; see
// testdata/emulators.md of the parent directory.
var emulated = map[string]string{
	"direct readers see the same after a repeated put": "moto takes AWSCURRENT away from a version that is put again with AWSPENDING",
}

// readCurrent reads an account's secret as another program would.
func readCurrent(ctx context.Context, vault igauth.Vault, account igauth.AccountID) (string, error) {
	v := vault.(*Vault)
	out, err := v.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId:     aws.String(v.prefix + "/accounts/" + string(account)),
		VersionStage: aws.String("AWSCURRENT"),
	})
	if err != nil {
		return "", err
	}
	token, err := decode(account, *out.SecretString)
	return token.Value.Reveal(), err
}

// newFake returns a Secrets Manager that never fails.
func newFake() *awsfake.SecretsManager {
	return awsfake.NewSecretsManager(awsfake.SecretsManagerConfig{})
}

// newVault returns a vault that waits no longer than a test can.
func newVault(t *testing.T, client vaultAPI, prefix string) *Vault {
	t.Helper()
	v, err := NewVault(Config{Client: client, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	v.visible = 100 * time.Millisecond
	v.gone = 400 * time.Millisecond
	return v
}

func TestVault(t *testing.T) {
	storetest.RunVault(t, func(t *testing.T) igauth.Vault {
		return newVault(t, newFake(), "test")
	}, traits)
}

// TestVaultThatLags hides every write from the next read, and keeps a destroyed
// secret's name for a while.
func TestVaultThatLags(t *testing.T) {
	storetest.RunVault(t, func(t *testing.T) igauth.Vault {
		return newVault(t, awsfake.NewSecretsManager(awsfake.SecretsManagerConfig{
			Reads:    awsfake.Lag{Requests: 1},
			Deletion: awsfake.Lag{Requests: 2},
		}), "test")
	}, traits)
}

// TestVaultOnSecretsManager runs the suite against every endpoint in the
// variable, separated by commas. With an AWS endpoint and credentials in the
// environment it runs against the real service.
func TestVaultOnSecretsManager(t *testing.T) {
	const variable = "IGAUTH_TEST_SECRETSMANAGER"
	endpoints := os.Getenv(variable)
	if endpoints == "" {
		t.Skipf("%s is not set; e2e/emulators.sh sets it to the endpoint of an emulator", variable)
	}
	for endpoint := range strings.SplitSeq(endpoints, ",") {
		t.Run(strings.ReplaceAll(endpoint, "/", ""), func(t *testing.T) {
			client := newClient(t, endpoint)
			real := strings.Contains(endpoint, "amazonaws.com")
			expected := traits
			if !real {
				expected.Except = emulated
			}
			storetest.RunVault(t, func(t *testing.T) igauth.Vault {
				v := newVault(t, client, "igauth-test/"+rand.Text())
				if real {
					v.visible, v.gone = 2*time.Second, 10*time.Second
				}
				t.Cleanup(func() { empty(t, client, v.prefix) })
				return v
			}, expected)
		})
	}
}

// empty deletes what a test left.
func empty(t *testing.T, client *secretsmanager.Client, prefix string) {
	ctx := context.WithoutCancel(t.Context()) // It ends before the cleanup.
	out, err := client.ListSecrets(ctx, &secretsmanager.ListSecretsInput{
		Filters: []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{prefix}}},
	})
	if err != nil {
		t.Logf("secrets under %s are left behind: %v", prefix, err)
		return
	}
	for _, secret := range out.SecretList {
		_, err := client.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{
			SecretId:                   secret.Name,
			ForceDeleteWithoutRecovery: aws.Bool(true),
		})
		if err != nil {
			t.Logf("secret %s is left behind: %v", *secret.Name, err)
		}
	}
}

// newClient returns the client that the program would use, at an endpoint.
func newClient(t *testing.T, endpoint string) *secretsmanager.Client {
	t.Helper()
	cfg, err := awsstore.Config(func(name string) string {
		if value := os.Getenv(name); value != "" || name == "AWS_SESSION_TOKEN" {
			return value
		}
		return map[string]string{
			"AWS_REGION":                       "eu-central-1",
			"AWS_ACCESS_KEY_ID":                "test",
			"AWS_SECRET_ACCESS_KEY":            "test",
			"AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoint,
		}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	return secretsmanager.NewFromConfig(cfg)
}

func TestNewVaultRefusesNothing(t *testing.T) {
	for _, cfg := range []Config{{}, {Client: newFake()}, {Client: newFake(), Prefix: "no spaces"}} {
		if _, err := NewVault(cfg); err == nil {
			t.Errorf("prefix %q with client %v was accepted", cfg.Prefix, cfg.Client != nil)
		}
	}
}
