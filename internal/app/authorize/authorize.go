// Package authorize composes the Lambda function that sends visitors to
// Instagram or Facebook. Of AWS it knows Secrets Manager alone, for the state key.
package authorize

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/apigw"
	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore"
	"igauth/internal/igauth/awsstore/secrets"
)

// New returns the function, or all that is wrong with the environment.
func New(getenv func(string) string, log *slog.Logger) (apigw.Function, error) {
	settings, err := app.Load(getenv, app.EnvAppID, app.EnvPublicURL, app.EnvStateKeyName)
	if err != nil {
		return nil, err
	}
	cfg, err := awsstore.Config(getenv)
	if err != nil {
		return nil, err
	}
	reader := secrets.NewReader(secretsmanager.NewFromConfig(cfg), app.StateKeyTTL, nil)
	keys := app.StateKeys(reader.Text, settings.StateKeyName)
	handler, err := app.Parts{Settings: settings, StateKeys: keys, Log: log}.Authorize()
	if err != nil {
		return nil, err
	}
	app.Warm(func(ctx context.Context) { _, _ = keys(ctx) })
	return apigw.Wrap(handler, igauth.Unavailable(), log), nil
}
