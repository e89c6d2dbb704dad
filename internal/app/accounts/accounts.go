// Package accounts composes the Lambda function that answers the site's backend.
package accounts

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
	settings, err := app.Load(getenv, app.EnvTable, app.EnvSecretPrefix)
	if err != nil {
		return nil, err
	}
	cfg, err := awsstore.Config(getenv)
	if err != nil {
		return nil, err
	}
	vault, err := secrets.NewVault(secrets.Config{Client: secretsmanager.NewFromConfig(cfg), Prefix: settings.SecretPrefix})
	if err != nil {
		return nil, err
	}
	ledger, err := table.New(table.Config{Client: dynamodb.NewFromConfig(cfg), Table: settings.Table})
	if err != nil {
		return nil, err
	}
	handler, err := app.Parts{Settings: settings, Ledger: ledger, Vault: vault, Log: log}.Accounts()
	if err != nil {
		return nil, err
	}
	app.Warm(func(ctx context.Context) { _, _ = ledger.Flow(ctx, app.NoFlow) })
	return apigw.Wrap(handler, igauth.UnavailableJSON(), log), nil
}
