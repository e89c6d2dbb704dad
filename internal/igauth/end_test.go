package igauth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// row returns the account's row as the ledger has it.
func (b *bench) row() igauth.Account {
	b.t.Helper()
	a, err := b.ledger.Account(b.t.Context(), testProfile.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func TestErase(t *testing.T) {
	b := newBench(t)
	if known, err := b.store.Erase(t.Context(), testProfile.ID); err != nil || !known {
		t.Fatal(known, err)
	}
	if got := b.token(); got != string(igauth.CodeAccountNotFound) || len(b.vault.tokens) != 0 {
		t.Errorf("got token %s, and %d accounts in the vault", got, len(b.vault.tokens))
	}
	if list, _, err := b.store.Accounts(t.Context(), "", 10); err != nil || len(list) != 0 {
		t.Errorf("got %d accounts, %v", len(list), err)
	}
	// The vault is emptied once more, of what came late.
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Destroyed != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
	a := b.row()
	want := igauth.Account{Profile: igauth.Profile{ID: a.ID}, Login: a.Login, Status: igauth.StatusDeleting, Revision: a.Revision, Generation: 3, EndedAt: b.now().Add(-time.Hour), ForgetAt: b.now().Add(30 * days)}
	if !equalRows(a, want) {
		t.Errorf("the row is\n%+v, want\n%+v", a, want)
	}
	t.Run("again, and of an unknown account", func(t *testing.T) {
		b.advance(time.Second)
		for _, id := range []igauth.AccountID{testProfile.ID, "17841400000000000"} {
			if known, err := b.store.Erase(t.Context(), id); err != nil || known {
				t.Errorf("%s: %v", id, err)
			}
			row, err := b.ledger.Account(t.Context(), id)
			if err != nil || row.Status != igauth.StatusDeleting || !row.EndedAt.Equal(b.now()) || row.ForgetAt.IsZero() || row.Lease.Attempt != "" {
				t.Errorf("%s: who is just being connected would not notice: %+v, %v", id, row, err)
			}
		}
		if _, err := b.store.Erase(t.Context(), "no id"); igauth.CodeOf(err) != igauth.CodeAccountNotFound {
			t.Errorf("got %v of what is no id", err)
		}
	})
	t.Run("the account comes back", func(t *testing.T) {
		b.advance(time.Minute)
		b.connect("second")
		if a := b.account(); a.Status != igauth.StatusActive || a.Generation != 5 || !a.ForgetAt.IsZero() || len(a.History) != 1 || a.History[0].What != igauth.EntryConnected {
			t.Errorf("got %+v", a)
		}
	})
}

// equalRows compares rows without their histories' details.
func equalRows(a, b igauth.Account) bool {
	return a.Profile == b.Profile && a.Login == b.Login && a.Status == b.Status && a.Revision == b.Revision &&
		a.Generation == b.Generation && a.Ref == b.Ref && a.EndedAt.Equal(b.EndedAt) && a.ForgetAt.Equal(b.ForgetAt) &&
		len(a.History) == len(b.History) && a.Lease.Attempt == b.Lease.Attempt && a.DueAt.Equal(b.DueAt) &&
		a.SweepAt.Equal(b.SweepAt) && len(a.Scopes) == len(b.Scopes) && a.ExpiresAt.Equal(b.ExpiresAt)
}

// What the vault does not remove at once a run removes, and only then the ledger
// may forget the row.
func TestEraseWhileTheVaultIsDown(t *testing.T) {
	b := newBench(t)
	b.vault.set("Destroy", errors.New("down"))
	if _, err := b.store.Erase(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	if a := b.row(); a.SweepAt.IsZero() || !a.ForgetAt.IsZero() || b.token() != string(igauth.CodeAccountNotFound) {
		t.Errorf("got %+v, token %s", a, b.token())
	}
	b.advance(time.Hour)
	if report, err := b.run(); err == nil || report.Destroyed != 0 {
		t.Errorf("while it is down: got %+v, %v", report, err)
	}
	b.vault.set("Destroy", nil)
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Destroyed != 1 || len(b.vault.tokens) != 0 {
		t.Errorf("got %+v, %v", report, err)
	}
	b.advance(time.Hour)
	report, err := b.run()
	if a := b.row(); err != nil || report.Destroyed != 1 || !a.SweepAt.IsZero() || a.ForgetAt.IsZero() || !a.DueAt.IsZero() || len(b.vault.tokens) != 0 {
		t.Errorf("got %+v, %v, row %+v", report, err, a)
	}
}

// An erasure that comes while a visitor is being connected is newer than the
// visitor's consent.
func TestEraseDuringAConnection(t *testing.T) {
	b := newBench(t)
	erased := false
	vault := &hookedVault{Vault: b.vault, put: func() {
		if !erased {
			erased = true
			if _, err := b.store.Erase(t.Context(), testProfile.ID); err != nil {
				t.Error(err)
			}
		}
	}}
	outcome, err := b.connectorOn(vault, b.metaGiving("late")).Finish(t.Context(), b.arrival("second"))
	if err != nil || outcome.Code != igauth.CodeDisconnected || b.token() != string(igauth.CodeAccountNotFound) {
		t.Errorf("got %v, %v, token %s", outcome, err, b.token())
	}
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Destroyed != 1 || len(b.vault.tokens) != 0 {
		t.Errorf("got %+v, %v, %d tokens left", report, err, len(b.vault.tokens))
	}
}

// A first connection that does not come back leaves nothing behind of a person
// who is not connected.
func TestUnfinishedFirstConnectionIsForgotten(t *testing.T) {
	b := newBench(t)
	if _, err := b.store.Erase(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	b.advance(time.Minute)
	b.vault.set("Put", errors.New("down"))
	if _, err := b.connector.Finish(t.Context(), b.arrival("second")); err == nil {
		t.Fatal("want an error")
	}
	if a := b.row(); a.Username == "" {
		t.Fatal("the attempt left no trace; the test is void")
	}
	b.vault.set("Put", nil)
	b.advance(time.Hour)
	if _, err := b.run(); err != nil {
		t.Fatal(err)
	}
	b.advance(time.Hour)
	_, err := b.run()
	if a := b.row(); err != nil || a.Username != "" || a.Status != igauth.StatusDeleting || a.ForgetAt.IsZero() {
		t.Errorf("got %+v, %v", a, err)
	}
}

// An attempt that takes the account from another one and does not come back must
// not have the vault emptied of the account's own token.
func TestUnfinishedConnectionsLeaveTheToken(t *testing.T) {
	b := newBench(t)
	b.vault.set("Put", errors.New("down"))
	for _, flow := range []string{"second", "third"} {
		if _, err := b.connector.Finish(t.Context(), b.arrival(flow)); err == nil {
			t.Fatal("want an error")
		}
	}
	b.vault.set("Put", nil)
	for range 4 {
		b.advance(time.Hour)
		if report, err := b.run(); err != nil || report.Destroyed != 0 {
			t.Errorf("got %+v, %v", report, err)
		}
	}
	if got := b.token(); got != "long" {
		t.Errorf("got token %s", got)
	}
}

// A consent of a disconnected account was put, and its process died; the next
// attempt comes no further than its intent, which takes the first one's name out
// of the row. Nothing may stay in the vault.
func TestNothingStaysOfAttemptsThatOvertookEachOther(t *testing.T) {
	b := newBench(t)
	if _, err := b.store.Disconnect(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	hours := func(n int) {
		for range n {
			b.advance(time.Hour)
			_, _ = b.run()
		}
	}
	hours(3)
	down, dead := errors.New("down"), false
	b.ledger.interrupt(func(igauth.Change) error {
		if dead {
			return down
		}
		return nil
	}, nil)
	dies := b.connectorOn(&eventfulVault{Vault: b.vault, afterPut: func() { dead = true }}, &fakeMeta{now: b.now})
	if _, err := dies.Finish(t.Context(), b.arrival("second")); err == nil || len(b.vault.tokens) != 1 {
		t.Fatalf("got %v, and %d accounts in the vault; the test is void", err, len(b.vault.tokens))
	}
	b.ledger.interrupt(nil, nil)
	b.vault.set("Put", down)
	if _, err := b.connector.Finish(t.Context(), b.arrival("third")); err == nil {
		t.Fatal("want an error")
	}
	b.vault.set("Put", nil)
	hours(4)
	if a := b.row(); len(b.vault.tokens) != 0 || a.Status != igauth.StatusDisconnected || !a.DueAt.IsZero() {
		t.Errorf("got %d accounts in the vault, row %+v", len(b.vault.tokens), a)
	}
	b.connect("fourth")
}

// otherPerson is Meta when somebody else consents.
type otherPerson struct {
	*fakeMeta
	profile igauth.Profile
}

func (o *otherPerson) Profile(context.Context, igauth.Secret) (igauth.Profile, error) {
	return o.profile, nil
}

func TestConnectAfterAnUnknownAccountWasErased(t *testing.T) {
	b := newBench(t)
	person := testProfile
	person.ID = "17841400000000099"
	if _, err := b.store.Erase(t.Context(), person.ID); err != nil {
		t.Fatal(err)
	}
	b.advance(time.Minute)
	connector := b.connectorOn(b.vault, &otherPerson{&fakeMeta{now: b.now}, person})
	if outcome, err := connector.Finish(t.Context(), b.arrival("theirs")); err != nil || outcome.Code != igauth.CodeConnected {
		t.Fatalf("got %v, %v", outcome, err)
	}
	if a, err := b.store.Account(t.Context(), person.ID); err != nil || a.Login != igauth.LoginInstagram {
		t.Errorf("got login %q, %v", a.Login, err)
	}
}
