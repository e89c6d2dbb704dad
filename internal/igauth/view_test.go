package igauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// shown asks the API for the account of a bench.
func (b *bench) shown() (raw map[string]any, view igauth.AccountView) {
	b.t.Helper()
	handler, err := igauth.NewAccountsHandler(igauth.AccountsConfig{Store: b.store, Now: b.now})
	if err != nil {
		b.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/accounts/"+string(b.account().ID), nil))
	if w.Code != http.StatusOK {
		b.t.Fatalf("got status %d: %s", w.Code, w.Body)
	}
	for _, into := range []any{&raw, &view} {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			b.t.Fatal(err)
		}
	}
	return raw, view
}

// Whoever looks at an account while it is in doubt sees that, and when Meta is
// asked again; afterwards nothing is left of it.
func TestDoubtIsShown(t *testing.T) {
	b := newBench(t)
	b.metaSays(everybody(igauth.CodePasswordChanged))
	b.advance(23 * time.Hour)
	if _, err := b.run(); err != nil {
		t.Fatal(err)
	}
	_, view := b.shown()
	if view.Doubt == nil || view.Doubt.Code != igauth.CodePasswordChanged || view.Doubt.Hint == "" || view.Status != igauth.StatusActive {
		t.Fatalf("got status %s, doubt %+v", view.Status, view.Doubt)
	}
	if want := view.Doubt.At.Add(45 * time.Minute); view.NextAction != igauth.ActionProbe || !view.NextAt.Equal(want) || view.NextReason == "" {
		t.Errorf("got %s at %s (%s), want a probe at %s", view.NextAction, view.NextAt, view.NextReason, want)
	}
	if !view.RefreshAt.IsZero() {
		t.Errorf("a refresh is promised for %s, before it is known whether the token lives", view.RefreshAt)
	}
	b.metaSays(nobody)
	b.advance(time.Hour)
	if _, err := b.run(); err != nil {
		t.Fatal(err)
	}
	raw, view := b.shown()
	for _, name := range []string{"doubt", "wait_until", "warned_at", "last_failure"} {
		if value, there := raw[name]; there {
			t.Errorf("%s is still shown: %v", name, value)
		}
	}
	if view.RefreshAt.IsZero() {
		t.Error("no refresh is planned")
	}
}

// What Meta asked for, and what the outside was told, is shown while it counts.
func TestWaitAndWarningAreShown(t *testing.T) {
	b := newBench(t)
	a := b.account()
	a.WaitUntil, a.WarnedAt = b.now().Add(3*time.Hour), b.now().Add(-time.Hour)
	if view := b.store.View(a); !view.WaitUntil.Equal(a.WaitUntil) || !view.WarnedAt.Equal(a.WarnedAt) {
		t.Errorf("got wait until %s, warned at %s", view.WaitUntil, view.WarnedAt)
	}
	b.advance(3 * time.Hour)
	if view := b.store.View(a); !view.WaitUntil.IsZero() {
		t.Errorf("a wait that is over is shown: %s", view.WaitUntil)
	}
}
