package secrets

import (
	"context"
	"errors"
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
)

const keysetName = "test/keyset"

// appending returns a change that adds a letter.
func appending(letter string) func(igauth.Secret) (igauth.Secret, error) {
	return func(old igauth.Secret) (igauth.Secret, error) {
		return igauth.NewSecret(old.Reveal() + letter), nil
	}
}

// stored returns what a reader of the secret sees.
func stored(t *testing.T, fake *awsfake.SecretsManager) string {
	t.Helper()
	text, err := NewReader(fake, 0, nil).Whole(t.Context(), keysetName, true)
	if err != nil {
		t.Fatal(err)
	}
	return text.Reveal()
}

func TestWriter(t *testing.T) {
	fake := newFake()
	w := NewWriter(fake, "test", "key")
	for _, want := range []string{"a", "aa", "aaa"} {
		if err := w.Change(t.Context(), keysetName, appending("a")); err != nil {
			t.Fatal(err)
		}
		if got := stored(t, fake); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := fake.Secrets()[keysetName].Tags["igauth:stack"]; got != "test" {
		t.Errorf("the tag is %q", got)
	}
	no := errors.New("no")
	if err := w.Change(t.Context(), keysetName, func(igauth.Secret) (igauth.Secret, error) { return igauth.Secret{}, no }); !errors.Is(err, no) || stored(t, fake) != "aaa" {
		t.Errorf("got %v, and the secret is %q", err, stored(t, fake))
	}
}

// Of two who change a secret at the same time, one changes nothing and says so.
func TestWriterInARace(t *testing.T) {
	for name, before := range map[string]string{"a new secret": "", "a secret that is there": "a"} {
		t.Run(name, func(t *testing.T) {
			fake := newFake()
			w := NewWriter(fake, "test", "")
			if before != "" {
				if err := w.Change(t.Context(), keysetName, appending(before)); err != nil {
					t.Fatal(err)
				}
			}
			err := w.Change(t.Context(), keysetName, func(old igauth.Secret) (igauth.Secret, error) {
				if err := w.Change(t.Context(), keysetName, appending("b")); err != nil {
					t.Error(err)
				}
				return appending("c")(old)
			})
			if !errors.Is(err, igauth.ErrConflict) || stored(t, fake) != before+"b" {
				t.Errorf("got %v, and the secret is %q", err, stored(t, fake))
			}
		})
	}
}

// A call whose answer is lost either has changed the secret or is an error.
func TestWriterFails(t *testing.T) {
	lost := errors.New("lost")
	for _, c := range []struct {
		operation string
		applied   bool
		ok        bool
		want      string
	}{
		{"GetSecretValue", false, false, "a"},
		{"PutSecretValue", false, false, "a"},
		{"PutSecretValue", true, false, "a"},
		{"UpdateSecretVersionStage", false, false, "a"},
		{"UpdateSecretVersionStage", true, true, "ab"},
	} {
		t.Run(c.operation, func(t *testing.T) {
			fake := newFake()
			w := NewWriter(fake, "test", "")
			if err := w.Change(t.Context(), keysetName, appending("a")); err != nil {
				t.Fatal(err)
			}
			fault := func(_ context.Context, operation string) error {
				if operation == c.operation {
					return lost
				}
				return nil
			}
			fake.Set(func(cfg *awsfake.SecretsManagerConfig) {
				if cfg.Before = fault; c.applied {
					cfg.Before, cfg.After = nil, fault
				}
			})
			err := w.Change(t.Context(), keysetName, appending("b"))
			fake.Set(func(cfg *awsfake.SecretsManagerConfig) { cfg.Before, cfg.After = nil, nil })
			if (err == nil) != c.ok || err != nil && !errors.Is(err, lost) || stored(t, fake) != c.want {
				t.Errorf("got %v, and the secret is %q, want %q", err, stored(t, fake), c.want)
			}
		})
	}
}
