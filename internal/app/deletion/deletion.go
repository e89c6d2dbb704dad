// Package deletion composes the Lambda function by which Meta has people forgotten, and on which
// they see that they are.
package deletion

import (
	"io"
	"log/slog"

	"igauth/internal/apigw"
	"igauth/internal/app"
	"igauth/internal/app/metacalls"
	"igauth/internal/igauth"
)

// New returns the function, or all that is wrong with the environment. Metrics are
// written to stdout, which Lambda makes the function's log.
func New(getenv func(string) string, log *slog.Logger, stdout io.Writer) (apigw.Function, error) {
	parts, err := metacalls.Load(getenv, log, stdout, app.EnvPublicURL)
	if err != nil {
		return nil, err
	}
	handler, err := parts.Deletion()
	if err != nil {
		return nil, err
	}
	metacalls.Warm(parts)
	return apigw.Wrap(handler, igauth.Unavailable(), log), nil
}
