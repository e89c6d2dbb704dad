// Package stores opens the ledger and the vault of an installation in AWS, for
// the programs that use both.
package stores

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/sealed"
)

// Load returns what every function that uses the stores begins with: the
// settings, of which the given variables must be set, with both stores, and the
// configuration for other clients of AWS. The error tells all that is wrong with
// the environment.
func Load(getenv func(string) string, log *slog.Logger, required ...string) (app.Parts, aws.Config, error) {
	settings, err := app.Load(getenv, append(required, app.EnvTable, app.EnvSecretPrefix)...)
	if err != nil {
		return app.Parts{}, aws.Config{}, err
	}
	cfg, err := awsstore.Config(getenv)
	if err != nil {
		return app.Parts{}, aws.Config{}, err
	}
	parts, err := Open(cfg, settings)
	parts.Log = log
	return parts, cfg, err
}

// Open returns parts with the ledger and the vault that the settings name. It
// makes no call.
//
// If the settings name a keyset, sealed tokens are opened, too, whichever kind new
// ones are of, so that an installation can change its vault while it is in use.
func Open(cfg aws.Config, settings app.Settings) (app.Parts, error) {
	client := secretsmanager.NewFromConfig(cfg)
	kept, err := secrets.NewVault(secrets.Config{Client: client, Prefix: settings.SecretPrefix, Key: settings.SecretKey})
	if err != nil {
		return app.Parts{}, err
	}
	parts := app.Parts{Settings: settings, Vault: kept}
	if settings.KeysetName != "" {
		keyset := &keyset{
			reader: secrets.NewReader(client, 0, nil),
			writer: secrets.NewWriter(client, settings.SecretPrefix, settings.SecretKey),
			name:   settings.KeysetName,
		}
		parts.Keyset = keyset
		parts.Vault = &sealed.Beside{
			Sealed: sealed.New(keyset.source),
			Kept:   kept,
			Seal:   sealed.Always(settings.Vault == app.VaultSealed),
		}
	}
	if parts.Ledger, err = table.New(table.Config{Client: dynamodb.NewFromConfig(cfg), Table: settings.Table}); err != nil {
		return app.Parts{}, err
	}
	return parts, nil
}

// A keyset is the secret with the keys of sealed tokens.
type keyset struct {
	reader *secrets.Reader
	writer *secrets.Writer
	name   string
}

func (k *keyset) source(ctx context.Context, fresh bool) (igauth.Secret, error) {
	return k.reader.Whole(ctx, k.name, fresh)
}

// Text implements [app.Keyset].
func (k *keyset) Text(ctx context.Context) (igauth.Secret, error) { return k.source(ctx, true) }

// Change implements [app.Keyset].
func (k *keyset) Change(ctx context.Context, change func(igauth.Secret) (igauth.Secret, error)) error {
	return k.writer.Change(ctx, k.name, change)
}
