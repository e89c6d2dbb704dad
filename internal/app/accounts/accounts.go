// Package accounts composes the Lambda function that answers the site's backend.
package accounts

import (
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
	parts, cfg, err := stores.Load(getenv, log, app.EnvAppID, app.EnvPublicURL, app.EnvStateKeyName)
	if err != nil {
		return nil, err
	}
	manager := secretsmanager.NewFromConfig(cfg)
	parts.StateKeys = app.StateKeys(secrets.NewReader(manager, app.StateKeyTTL, nil).Text, parts.Settings.StateKeyName)
	// An account that came by Facebook is disconnected at Facebook, too.
	reader := secrets.NewReader(manager, 0, nil)
	parts.MetaAppSecrets = app.MetaAppSecrets(reader.Text, reader.Optional, parts.Settings)
	parts.Caller = apigw.Caller
	handler, err := parts.Accounts()
	if err != nil {
		return nil, err
	}
	app.Warm(parts.WarmLedger, parts.WarmKeyset)
	return apigw.Wrap(handler, igauth.UnavailableJSON(), log), nil
}
