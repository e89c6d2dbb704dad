package deployed_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"igauth/internal/app/deployed"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/table"
)

// useEmulators lets the AWS SDK find the emulators of all services, or skips the
// test where there are none.
func useEmulators(t *testing.T) {
	t.Helper()
	endpoint := os.Getenv("IGAUTH_TEST_SECRETSMANAGER")
	if endpoint == "" || strings.Contains(endpoint, "amazonaws") {
		t.Skip("needs emulators: make test-emulators")
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

// The command works on a stack as the AWS CLI would find it: here, on an
// emulator of both services.
func TestStack(t *testing.T) {
	useEmulators(t)
	const stack = "deployed-test"
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := table.CreateTable(t.Context(), dynamodb.NewFromConfig(cfg), deployed.TableName(stack)); err != nil {
		t.Fatal(err)
	}
	parts, err := deployed.Open(t.Context(), stack, "", func(string) string { return "" }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	store, err := parts.Store()
	if err != nil {
		t.Fatal(err)
	}
	const attempt = "0123456789abcdef0123456789abcdef"
	now := time.Now().UTC().Truncate(time.Second)
	a := igauth.Account{
		Profile: igauth.Profile{ID: "17841400000010111", Username: "maria.bakes"}, Status: igauth.StatusActive, Generation: 1,
		IssuedAt: now, ExpiresAt: now.Add(60 * 24 * time.Hour),
	}
	slot := igauth.Slot{Account: a.ID, Generation: 1, Attempt: attempt}
	if a.Ref, err = parts.Vault.Put(t.Context(), slot, a.Profile, igauth.Token{Value: igauth.NewSecret("IGAAtest"), IssuedAt: a.IssuedAt, ExpiresAt: a.ExpiresAt}); err != nil {
		t.Fatal(err)
	}
	if err := parts.Ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: attempt}); err != nil {
		t.Fatal(err)
	}
	if accounts, _, err := store.Accounts(t.Context(), "", 10); err != nil || len(accounts) != 1 || accounts[0].Username != "maria.bakes" {
		t.Errorf("list: got %v, %v", accounts, err)
	}
	if _, token, err := store.Token(t.Context(), a.ID, time.Hour); err != nil || !token.Value.Equal(igauth.NewSecret("IGAAtest")) {
		t.Errorf("token: %v", err)
	}
	if _, err := store.Disconnect(t.Context(), a.ID); err != nil {
		t.Errorf("disconnect: %v", err)
	}
	if _, _, err := store.Token(t.Context(), a.ID, 0); igauth.CodeOf(err) != igauth.CodeDisconnected {
		t.Errorf("token afterwards: %v", err)
	}
}
