// Package deployed composes what the command needs to work on a stack that is
// deployed in AWS, with the credentials of the person who calls it.
package deployed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/app"
	"igauth/internal/app/stores"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/sealed"
)

// TableName is the name that the template gives the ledger of a stack.
func TableName(stack string) string { return stack + "-ledger" }

// StateKeyName is the name that the template gives the secret with the key that
// signs states and reconnect links.
func StateKeyName(stack string) string { return stack + "/state-key" }

// MetaAppName is the name that the template gives the secret with that of the Meta
// app.
func MetaAppName(stack string) string { return stack + "/meta-app" }

// KeysetName is the name that the template gives the secret with the keys of
// sealed tokens.
func KeysetName(stack string) string { return stack + "/keyset" }

// Open returns the parts of a stack. Credentials, region and endpoints are found
// where the AWS CLI finds them. What the functions have in their environment, such
// as the policy and the apps, getenv says: it is that of [Variables], or of the
// shell where those cannot be had. Without the Meta app id accounts of Facebook
// Login cannot be refreshed.
//
// New tokens are kept in the given kind of vault. An empty one means that of the
// environment, and if it has none: sealed if the stack has a keyset. A stack that
// has gone back to Secrets Manager has one until somebody deletes it.
func Open(ctx context.Context, stack string, vault app.VaultKind, getenv func(string) string, log *slog.Logger) (app.Parts, error) {
	settings, err := app.Load(func(name string) string {
		if value := getenv(name); value != "" || name != app.EnvMetaAppSecretName || getenv(app.EnvMetaAppID) == "" {
			return value
		}
		return MetaAppName(stack)
	})
	if err != nil {
		return app.Parts{}, err
	}
	cfg, err := load(ctx)
	if err != nil {
		return app.Parts{}, err
	}
	settings.SecretPrefix, settings.Table = stack, TableName(stack)
	settings.SecretKey, settings.KeysetName = "alias/"+stack, KeysetName(stack)
	known := vault != "" || getenv(app.EnvVault) != ""
	if vault != "" {
		settings.Vault = vault
	}
	parts, err := stores.Open(cfg, settings)
	if err != nil {
		return app.Parts{}, err
	}
	if beside, ok := parts.Vault.(*sealed.Beside); ok && !known {
		beside.Seal = func(ctx context.Context) (bool, error) { return exists(ctx, parts.Keyset) }
	}
	keys := secrets.NewReader(secretsmanager.NewFromConfig(cfg), app.StateKeyTTL, nil)
	parts.StateKeys = app.StateKeys(keys.Text, StateKeyName(stack))
	parts.MetaAppSecrets = app.MetaAppSecrets(keys.Text, keys.Optional, settings)
	parts.Log = log
	return parts, nil
}

// exists reports whether there is a keyset.
func exists(ctx context.Context, keyset app.Keyset) (bool, error) {
	_, err := keyset.Text(ctx)
	if errors.Is(err, igauth.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("finding out whether tokens are sealed: %w; --vault says so without a look", err)
	}
	return true, nil
}
