package igauth_test

import (
	"errors"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// Each stop below is a process that died there: the save is refused or applied,
// and nothing after it happens. A later run ends what was begun, without asking
// Meta again where the vault has the token.
func TestRefreshSurvivesACrash(t *testing.T) {
	killed := errors.New("killed")
	isCommit := func(c igauth.Change) bool { return c.Account.Generation == 2 }
	stop := func(when func(igauth.Change) bool) func(igauth.Change) error {
		return func(c igauth.Change) error {
			if c.Account != nil && when(c) {
				return killed
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		prepare   func(*bench)
		token     string // after a day
		asked     int    // refreshes at Meta
		committed bool   // already by the run that died
	}{
		"before the claim":      {func(b *bench) { b.ledger.interrupt(stop(func(igauth.Change) bool { return true }), nil) }, "token 1", 1, false},
		"after the claim":       {func(b *bench) { b.ledger.interrupt(nil, stop(func(c igauth.Change) bool { return !isCommit(c) })) }, "token 1", 1, false},
		"while the vault fails": {func(b *bench) { b.vault.set("Put", killed) }, "token 2", 2, false},
		"before the commit":     {func(b *bench) { b.ledger.interrupt(stop(isCommit), nil) }, "token 1", 1, false},
		"after the commit":      {func(b *bench) { b.ledger.interrupt(nil, stop(isCommit)) }, "token 1", 1, true},
		"before the promotion":  {func(b *bench) { b.vault.set("Promote", killed) }, "token 1", 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.advance(35 * days)
			c.prepare(b)
			_, _ = b.run()
			b.ledger.interrupt(nil, nil)
			b.vault.set("Put", nil)
			b.vault.set("Promote", nil)
			if got := b.token(); (got == "token 1") != c.committed {
				t.Errorf("after the crash: got token %s", got)
			}
			for range 26 {
				b.advance(time.Hour)
				_, _ = b.run()
			}
			a := b.account()
			if got := b.token(); got != c.token || a.Status != igauth.StatusActive || b.meta.calls != c.asked || b.vault.promoted[a.ID] != a.Ref {
				t.Errorf("after recovery: got token %s, status %s, %d calls, promoted %t", got, a.Status, b.meta.calls, b.vault.promoted[a.ID] == a.Ref)
			}
		})
	}
}

// A connection that died after the vault answered is ended by the visitor's next
// request, or by a run.
func TestConnectSurvivesACrash(t *testing.T) {
	killed := errors.New("killed")
	crash := func(b *bench) {
		b.advance(days)
		b.ledger.interrupt(func(c igauth.Change) error {
			if c.Account != nil && c.Account.Generation == 2 {
				return killed
			}
			return nil
		}, nil)
		if outcome, err := b.connector.Finish(b.t.Context(), b.arrival("second")); err == nil {
			b.t.Fatalf("got %v, want an error", outcome)
		}
		b.ledger.interrupt(nil, nil)
	}
	t.Run("the visitor asks again", func(t *testing.T) {
		b := newBench(t)
		crash(b)
		b.advance(time.Minute)
		outcome, err := b.connector.Finish(t.Context(), b.arrival("second"))
		if err != nil || outcome.Code != igauth.CodeConnected || b.account().Generation != 2 {
			t.Errorf("got %v, %v, generation %d", outcome, err, b.account().Generation)
		}
	})
	t.Run("a run comes first", func(t *testing.T) {
		b := newBench(t)
		arrival := b.arrival("second")
		crash(b)
		b.advance(time.Minute)
		if report, err := b.run(); err != nil || report.Recovered != 1 {
			t.Fatalf("got %+v, %v", report, err)
		}
		a := b.account()
		if last := a.History[len(a.History)-1]; a.Generation != 2 || last.What != igauth.EntryReconnected {
			t.Errorf("got generation %d, last event %s", a.Generation, last.What)
		}
		if outcome, err := b.connector.Finish(t.Context(), arrival); err != nil || outcome.Code != igauth.CodeConnected {
			t.Errorf("the visitor afterwards: got %v, %v", outcome, err)
		}
	})
	t.Run("nothing was stored", func(t *testing.T) {
		b := newBench(t)
		b.vault.set("Put", killed)
		if _, err := b.connector.Finish(t.Context(), b.arrival("second")); err == nil {
			t.Fatal("want an error")
		}
		b.vault.set("Put", nil)
		b.advance(time.Minute)
		if outcome, err := b.connector.Finish(t.Context(), b.arrival("second")); err != nil || outcome.Code != igauth.CodeOutcomeUnknown {
			t.Errorf("got %v, %v", outcome, err)
		}
		if got := b.token(); got != "long" {
			t.Errorf("the old token: got %s", got)
		}
	})
}

// A promotion that fails is made up for within hours, however often it fails.
func TestPromotionIsMadeUpFor(t *testing.T) {
	b := newBench(t)
	b.vault.set("Promote", errors.New("throttled"))
	b.advance(35 * days)
	for range 4 {
		_, _ = b.run()
		b.advance(time.Hour)
	}
	b.vault.set("Promote", nil)
	_, _ = b.run()
	if a := b.account(); b.vault.promoted[a.ID] != a.Ref || a.Unpromoted {
		t.Errorf("promoted %s, want %s; unpromoted %t", b.vault.promoted[a.ID], a.Ref, a.Unpromoted)
	}
}
