// Package refresh composes the Lambda function that a schedule calls to keep the
// tokens alive. It has no access to the app secret: Meta refreshes without.
package refresh

import (
	"context"
	"log/slog"

	"igauth/internal/app/stores"
	"igauth/internal/igauth"
)

// A Function is the handler of the schedule's invocations. What the event says
// does not matter.
type Function func(ctx context.Context) (igauth.Report, error)

// New returns the function, or all that is wrong with the environment.
func New(getenv func(string) string, log *slog.Logger) (Function, error) {
	parts, _, err := stores.Load(getenv, log)
	if err != nil {
		return nil, err
	}
	refresher, err := parts.Refresher()
	if err != nil {
		return nil, err
	}
	return refresher.RunOnce, nil
}
