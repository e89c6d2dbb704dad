package secrets

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/awstest"
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

// TestVaultOnSecretsManager runs the suite against emulators or an AWS account.
func TestVaultOnSecretsManager(t *testing.T) {
	for _, target := range awstest.SecretsManager(t) {
		t.Run(target.Kind, func(t *testing.T) {
			expected := traits
			if target.Kind == awstest.Moto {
				expected.Except = emulated
			}
			storetest.RunVault(t, func(t *testing.T) igauth.Vault {
				v := newVault(t, awstest.NewSecretsClient(t, target), awstest.NewName(t))
				if target.Kind == awstest.AWS {
					v.visible, v.gone = 2*time.Second, 10*time.Second
				}
				return v
			}, expected)
		})
	}
}

func TestNewVaultRefusesNothing(t *testing.T) {
	for _, cfg := range []Config{{}, {Client: newFake()}, {Client: newFake(), Prefix: "no spaces"}} {
		if _, err := NewVault(cfg); err == nil {
			t.Errorf("prefix %q with client %v was accepted", cfg.Prefix, cfg.Client != nil)
		}
	}
}
