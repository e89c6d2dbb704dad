// Package callback composes the Lambda function that receives visitors back from
// Instagram or Facebook and stores their accounts.
package callback

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/apigw"
	"igauth/internal/app"
	"igauth/internal/app/stores"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/secrets"
)

// New returns the function, or all that is wrong with the environment.
func New(getenv func(string) string, log *slog.Logger) (apigw.Function, error) {
	parts, cfg, err := stores.Load(getenv, log, app.EnvAppID, app.EnvAppSecretName, app.EnvStateKeyName, app.EnvPublicURL)
	if err != nil {
		return nil, err
	}
	manager := secretsmanager.NewFromConfig(cfg)
	parts.StateKeys = app.StateKeys(secrets.NewReader(manager, app.StateKeyTTL, nil).Text, parts.Settings.StateKeyName)
	reader := secrets.NewReader(manager, 0, nil)
	parts.AppSecrets = app.AppSecrets(reader.Text, reader.Optional, parts.Settings.AppSecretName)
	parts.MetaAppSecrets = app.MetaAppSecrets(reader.Text, reader.Optional, parts.Settings)
	if parts.Meta, err = parts.Instagram(); err != nil {
		return nil, err
	}
	if parts.Facebook, err = parts.FacebookLogin(); err != nil {
		return nil, err
	}
	handler, err := parts.Callback()
	if err != nil {
		return nil, err
	}
	app.Warm(
		func(ctx context.Context) { _, _ = parts.StateKeys(ctx) },
		func(ctx context.Context) { _, _ = parts.AppSecrets(ctx) },
		parts.WarmLedger,
		parts.WarmKeyset,
		parts.Meta.Warm,
	)
	return apigw.Wrap(handler, igauth.Unavailable(), log), nil
}
