// Package accounts composes the Lambda function that answers the site's backend.
package accounts

import (
	"log/slog"

	"igauth/internal/apigw"
	"igauth/internal/app"
	"igauth/internal/app/stores"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore"
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
	parts, err := stores.Open(cfg, settings)
	if err != nil {
		return nil, err
	}
	parts.Log = log
	handler, err := parts.Accounts()
	if err != nil {
		return nil, err
	}
	app.Warm(parts.WarmLedger)
	return apigw.Wrap(handler, igauth.UnavailableJSON(), log), nil
}
