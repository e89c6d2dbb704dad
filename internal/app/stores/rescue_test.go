package stores

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/sealed"
)

// destroy deletes a secret by hand.
func (w *world) destroy(t *testing.T, name string) {
	t.Helper()
	_, err := w.manager.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &name, ForceDeleteWithoutRecovery: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
}

// restart lets the functions forget the keyset that they have read.
func (w *world) restart() {
	w.keyset.reader = secrets.NewReader(w.manager, 0, func() time.Time { return w.now })
	w.vault.Sealed = sealed.New(w.keyset.source)
}

// A keyset that is missing is noticed by new processes, ends no account, and all
// is well when it is put back, as docs/storage.md says.
func TestMissingKeyset(t *testing.T) {
	w := newWorld(t, app.VaultSealed)
	w.connect(t)
	path := "/accounts/" + account + "/token"
	w.backend(t, http.MethodGet, path)
	backup, err := w.keyset.Text(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.destroy(t, w.keyset.name)
	w.now = w.now.Add(6 * time.Minute)
	w.backend(t, http.MethodGet, path)

	w.restart()
	_, _, err = w.store.Token(t.Context(), account, 0)
	if igauth.CodeOf(err) != igauth.CodeUnavailable || !strings.Contains(err.Error(), "the keyset is missing, without which no sealed token opens") {
		t.Errorf("a new process says %v", err)
	}
	for w.now = w.row(t).IssuedAt.Add(34 * 24 * time.Hour); w.row(t).Failures < 3; w.now = w.now.Add(24 * time.Hour) {
		if _, err := w.refresher.RunOnce(t.Context()); err == nil {
			t.Fatal("the run succeeds without a keyset")
		}
	}
	for w.now.Before(w.row(t).ExpiresAt.Add(-24 * time.Hour)) {
		_, _ = w.refresher.RunOnce(t.Context())
		w.now = w.now.Add(6 * time.Hour)
	}
	if a := w.row(t); a.Status != igauth.StatusExpiring {
		t.Errorf("a day before its token expires the account is %s", a.Status)
	}

	w.create(t, w.keyset.name, backup.Reveal())
	w.backend(t, http.MethodGet, path)
	w.tell(t)
	w.now = w.now.Add(6 * time.Hour)
	w.run(t, igauth.Report{Due: 1, Refreshed: 1})
}

// A row that was restored is older than its secret. A connection leaves the label
// alone, and docs/storage.md says how to get out of that; after a disconnection the
// runs catch up with the secret.
func TestRestoredRowIsOlderThanItsSecret(t *testing.T) {
	const name = stack + "/accounts/" + account
	restored := func(t *testing.T) *world {
		t.Helper()
		w := newWorld(t, app.VaultSecretsManager)
		w.connect(t)
		old := w.row(t)
		for range 2 {
			w.now = w.now.Add(40 * 24 * time.Hour)
			w.run(t, igauth.Report{Due: 1, Refreshed: 1})
			w.tell(t)
		}
		old.Revision = w.row(t).Revision
		if err := w.parts.Ledger.Save(t.Context(), igauth.Change{Account: &old, Attempt: strings.Repeat("f", 32)}); err != nil {
			t.Fatal(err)
		}
		return w
	}
	current := func(w *world) string { return w.manager.Secrets()[name].Labelled("AWSCURRENT") }

	t.Run("connected again", func(t *testing.T) {
		w := restored(t)
		before := current(w)
		w.connect(t)
		if w.row(t).Generation != 2 || current(w) != before {
			t.Errorf("the label has moved to %s", current(w))
		}
	})
	t.Run("disconnected", func(t *testing.T) {
		w := restored(t)
		w.backend(t, http.MethodDelete, "/accounts/"+account)
		w.tell(t)
		for range 4 {
			w.now = w.now.Add(time.Hour)
			_, _ = w.refresher.RunOnce(t.Context())
		}
		if current(w) != "" {
			t.Errorf("the secret is still there")
		}
	})
	t.Run("imported", func(t *testing.T) {
		w := restored(t)
		token := w.manager.Secrets()[name].Versions[current(w)].Text
		w.destroy(t, name)
		_, err := w.refresher.Import(t.Context(), igauth.Import{Token: igauth.NewSecret("IGAAbrought"), Replace: true})
		if a := w.row(t); err != nil || current(w) != string(a.Ref) || !strings.Contains(token, "access_token") {
			t.Errorf("the label is on %q, and the row points to %q, %v", current(w), a.Ref, err)
		}
		w.backend(t, http.MethodGet, "/accounts/"+account+"/token")
	})
}
