package igauth_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
)

func TestDisconnect(t *testing.T) {
	b := newBench(t)
	b.vault.set("Destroy", errors.New("no answer"))
	a, err := b.store.Disconnect(t.Context(), testProfile.ID)
	if err != nil || a.Status != igauth.StatusDisconnected || b.token() != string(igauth.CodeDisconnected) {
		t.Fatalf("got %v, %s, token %s", err, a.Status, b.token())
	}
	if len(b.vault.tokens) != 1 {
		t.Fatal("the vault was emptied although it did not answer")
	}
	b.vault.set("Destroy", nil)
	b.advance(3 * time.Minute)
	if report, err := b.run(); err != nil || report.Destroyed != 1 || len(b.vault.tokens) != 0 {
		t.Errorf("got %+v, %v, %d tokens left", report, err, len(b.vault.tokens))
	}
	if _, err := b.store.Disconnect(t.Context(), testProfile.ID); err != nil {
		t.Errorf("again: %v", err)
	}
	b.connect("again")
	if a := b.account(); a.Status != igauth.StatusActive || b.token() != "long" || len(a.History) < 3 {
		t.Errorf("connected again: got status %s, token %s, history %v", a.Status, b.token(), a.History)
	}
}

// A refresh that was under way when the account was disconnected puts its token
// into a vault that was already emptied. The next run empties it again.
func TestDisconnectDuringARefreshLeavesNoToken(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		if _, err := b.store.Disconnect(t.Context(), testProfile.ID); err != nil {
			t.Error(err)
		}
		if len(b.vault.tokens) != 0 {
			t.Error("the vault was not emptied")
		}
		return igauth.Token{Value: igauth.NewSecret("late"), IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}, nil
	}
	_, _ = b.run()
	if got := b.token(); got != string(igauth.CodeDisconnected) {
		t.Errorf("got token %q", got)
	}
	for _, want := range []int{1, 1, 0} {
		b.advance(time.Hour)
		if report, err := b.run(); err != nil || report.Destroyed != want {
			t.Errorf("got %+v, %v", report, err)
		}
	}
	report, err := b.run()
	if a := b.account(); err != nil || len(b.vault.tokens) != 0 || a.Lease.Attempt != "" || !a.DueAt.IsZero() {
		t.Errorf("got %+v, %v, %d tokens left, lease %+v", report, err, len(b.vault.tokens), a.Lease)
	}
}

// The same when the vault was emptied, but the row does not say so yet.
func TestTokenThatArrivesBehindADestruction(t *testing.T) {
	b := newBench(t)
	emptied, resume := make(chan struct{}), make(chan struct{})
	vault := &slowDestroyer{fakeVault: b.vault, emptied: emptied, resume: resume}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: vault, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	b.advance(35 * days)
	var disconnected sync.WaitGroup
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		disconnected.Go(func() {
			if _, err := store.Disconnect(t.Context(), testProfile.ID); err != nil {
				t.Error(err)
			}
		})
		<-emptied
		return igauth.Token{Value: igauth.NewSecret("late"), IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}, nil
	}
	_, _ = b.run()
	close(resume)
	disconnected.Wait()
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Destroyed != 1 || len(b.vault.tokens) != 0 {
		t.Errorf("got %+v, %v, %d tokens left", report, err, len(b.vault.tokens))
	}
}
