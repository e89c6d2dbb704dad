// Package deauthorize composes the Lambda function that hears from Meta when a person removes the
// app.
package deauthorize

import (
	"io"
	"log/slog"

	"igauth/internal/apigw"
	"igauth/internal/app/metacalls"
	"igauth/internal/igauth"
)

// New returns the function, or all that is wrong with the environment. Metrics are
// written to stdout, which Lambda makes the function's log.
func New(getenv func(string) string, log *slog.Logger, stdout io.Writer) (apigw.Function, error) {
	parts, err := metacalls.Load(getenv, log, stdout)
	if err != nil {
		return nil, err
	}
	handler, err := parts.Deauthorize()
	if err != nil {
		return nil, err
	}
	metacalls.Warm(parts)
	return apigw.Wrap(handler, igauth.UnavailableJSON(), log), nil
}
