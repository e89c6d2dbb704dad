// Package accounts composes the Lambda function that answers the site's backend.
package accounts

import (
	"log/slog"

	"igauth/internal/apigw"
	"igauth/internal/app"
	"igauth/internal/app/stores"
	"igauth/internal/igauth"
)

// New returns the function, or all that is wrong with the environment.
func New(getenv func(string) string, log *slog.Logger) (apigw.Function, error) {
	parts, _, err := stores.Load(getenv, log)
	if err != nil {
		return nil, err
	}
	handler, err := parts.Accounts()
	if err != nil {
		return nil, err
	}
	app.Warm(parts.WarmLedger, parts.WarmKeyset)
	return apigw.Wrap(handler, igauth.UnavailableJSON(), log), nil
}
