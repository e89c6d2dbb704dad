package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// A SecretText reads a text from a secret: the member of the given name if the
// secret is a JSON object, else the whole of it.
type SecretText func(ctx context.Context, name, member string) (igauth.Secret, error)

// StateKeyTTL is how long a state key is remembered. While a function remembers
// it, authorizing makes no remote call; after it was replaced, which happens by
// hand only, functions may disagree for as long.
const StateKeyTTL = time.Hour

// minStateKey is how long a state key is at least, in bytes.
const minStateKey = 32

// StateKeys returns the keys that authenticate states, from the secret of that
// name. It may be one text or a JSON object with the member state_key.
func StateKeys(read SecretText, name string) igauth.KeySource {
	return func(ctx context.Context) ([]igauth.Secret, error) {
		key, err := read(ctx, name, "state_key")
		if err != nil {
			return nil, err
		}
		if len(key.Reveal()) < minStateKey {
			return nil, errors.New("the state key in secret " + name + " is shorter than 32 characters")
		}
		return []igauth.Secret{key}, nil
	}
}

// AppSecrets returns the app secret from the secret of that name: one text or a
// JSON object with the member app_secret. Behind it comes the text of the member
// previous_app_secret, if there is one, so that the app secret can be changed at
// Meta before or after it is changed here.
func AppSecrets(read, optional SecretText, name string) func(ctx context.Context) ([]igauth.Secret, error) {
	return func(ctx context.Context) ([]igauth.Secret, error) {
		current, err := read(ctx, name, "app_secret")
		if err != nil {
			return nil, err
		}
		secrets := []igauth.Secret{trimmed(current)}
		previous, err := optional(ctx, name, "previous_app_secret")
		if err != nil {
			return nil, err
		}
		if previous = trimmed(previous); !previous.IsZero() && !previous.Equal(secrets[0]) {
			secrets = append(secrets, previous)
		}
		return secrets, nil
	}
}

// MetaAppSecrets returns the same for the Meta app; nil if the settings have none.
func MetaAppSecrets(read, optional SecretText, settings Settings) func(ctx context.Context) ([]igauth.Secret, error) {
	if settings.MetaAppSecretName == "" {
		return nil
	}
	return AppSecrets(read, optional, settings.MetaAppSecretName)
}

// trimmed returns a secret without white space around it: one that was pasted
// with a line end is not another secret.
func trimmed(s igauth.Secret) igauth.Secret { return igauth.NewSecret(strings.TrimSpace(s.Reveal())) }
