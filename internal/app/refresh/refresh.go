// Package refresh composes the Lambda function that a schedule calls to keep the
// tokens alive. It has no access to the app secret: Meta refreshes without.
package refresh

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
)

// A Function is the handler of the schedule's invocations. What the event says
// does not matter.
type Function func(ctx context.Context) (igauth.Report, error)

// New returns the function, or all that is wrong with the environment.
func New(getenv func(string) string, log *slog.Logger) (Function, error) {
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
	refresher, err := app.Parts{Settings: settings, Ledger: ledger, Vault: vault, Log: log}.Refresher()
	if err != nil {
		return nil, err
	}
	return refresher.RunOnce, nil
}
