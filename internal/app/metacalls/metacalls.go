// Package metacalls holds what the two functions have in common that Meta calls
// when a person removes the app or wants to be forgotten.
package metacalls

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/app"
	"igauth/internal/app/stores"
	"igauth/internal/emf"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/secrets"
)

// Load returns the parts of such a function, or all that is wrong with the
// environment. Of the secrets it reads those of the apps alone. Metrics are written
// to stdout, which Lambda makes the function's log.
func Load(getenv func(string) string, log *slog.Logger, stdout io.Writer, required ...string) (app.Parts, error) {
	parts, cfg, err := stores.Load(getenv, log, append(required, app.EnvAppSecretName)...)
	if err != nil {
		return app.Parts{}, err
	}
	reader := secrets.NewReader(secretsmanager.NewFromConfig(cfg), 0, nil)
	parts.AppSecrets = app.AppSecrets(reader.Text, reader.Optional, parts.Settings.AppSecretName)
	parts.MetaAppSecrets = app.MetaAppSecrets(reader.Text, reader.Optional, parts.Settings)
	parts.Signed = Count(parts.Settings.SecretPrefix, time.Now, stdout, log)
	return parts, nil
}

// Count returns what writes a metric for each call of Meta's, by the label of the
// secret that it was signed with.
func Count(stack string, now func() time.Time, stdout io.Writer, log *slog.Logger) func(igauth.SecretLabel) {
	return func(label igauth.SecretLabel) {
		if err := emf.WriteSignedRequest(stdout, now(), stack, string(label)); err != nil {
			log.Warn("metrics not written", "err", err)
		}
	}
}

// Warm opens the connections of such a function.
func Warm(parts app.Parts) {
	app.Warm(func(ctx context.Context) { _, _ = parts.SigningSecrets(ctx) }, parts.WarmLedger)
}
