// Package stores opens the ledger and the vault of an installation in AWS, for
// the programs that use both.
package stores

import (
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/app"
	"igauth/internal/igauth/awsstore"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
)

// Load returns what every function that uses the stores begins with: the
// settings, of which the given variables must be set, with both stores, and the
// configuration for other clients of AWS. The error tells all that is wrong with
// the environment.
func Load(getenv func(string) string, log *slog.Logger, required ...string) (app.Parts, aws.Config, error) {
	settings, err := app.Load(getenv, append(required, app.EnvTable, app.EnvSecretPrefix)...)
	if err != nil {
		return app.Parts{}, aws.Config{}, err
	}
	cfg, err := awsstore.Config(getenv)
	if err != nil {
		return app.Parts{}, aws.Config{}, err
	}
	parts, err := Open(cfg, settings)
	parts.Log = log
	return parts, cfg, err
}

// Open returns parts with the ledger and the vault that the settings name. It
// makes no call.
func Open(cfg aws.Config, settings app.Settings) (app.Parts, error) {
	vault, err := secrets.NewVault(secrets.Config{
		Client: secretsmanager.NewFromConfig(cfg),
		Prefix: settings.SecretPrefix,
		Key:    settings.SecretKey,
	})
	if err != nil {
		return app.Parts{}, err
	}
	ledger, err := table.New(table.Config{Client: dynamodb.NewFromConfig(cfg), Table: settings.Table})
	if err != nil {
		return app.Parts{}, err
	}
	return app.Parts{Settings: settings, Ledger: ledger, Vault: vault}, nil
}
