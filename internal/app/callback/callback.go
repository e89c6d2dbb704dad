// Package callback composes the Lambda function that receives visitors back from
// Instagram and stores their accounts.
package callback

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/apigw"
	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
)

// New returns the function, or all that is wrong with the environment.
func New(getenv func(string) string, log *slog.Logger) (apigw.Function, error) {
	settings, err := app.Load(getenv, app.EnvAppID, app.EnvAppSecretName, app.EnvStateKeyName, app.EnvPublicURL, app.EnvTable, app.EnvSecretPrefix)
	if err != nil {
		return nil, err
	}
	cfg, err := awsstore.Config(getenv)
	if err != nil {
		return nil, err
	}
	manager := secretsmanager.NewFromConfig(cfg)
	vault, err := secrets.NewVault(secrets.Config{Client: manager, Prefix: settings.SecretPrefix, Key: settings.SecretKey})
	if err != nil {
		return nil, err
	}
	ledger, err := table.New(table.Config{Client: dynamodb.NewFromConfig(cfg), Table: settings.Table})
	if err != nil {
		return nil, err
	}
	reader := secrets.NewReader(manager, 0, nil)
	keys := secrets.NewReader(manager, app.StateKeyTTL, nil)
	parts := app.Parts{
		Settings:  settings,
		StateKeys: app.StateKeys(keys.Text, settings.StateKeyName),
		AppSecret: app.AppSecret(reader.Text, settings.AppSecretName),
		Ledger:    ledger,
		Vault:     vault,
		Log:       log,
	}
	handler, err := parts.Callback()
	if err != nil {
		return nil, err
	}
	meta, err := parts.Instagram()
	if err != nil {
		return nil, err
	}
	app.Warm(
		func(ctx context.Context) { _, _ = parts.StateKeys(ctx) },
		func(ctx context.Context) { _, _ = parts.AppSecret(ctx) },
		func(ctx context.Context) { _, _ = ledger.Flow(ctx, app.NoFlow) },
		meta.Warm,
	)
	return apigw.Wrap(handler, igauth.Unavailable(), log), nil
}
