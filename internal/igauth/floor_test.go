package igauth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A refresh by hand that finds an attempt that did not come back asks Meta for no
// token younger than a day either.
func TestRefreshByHandAfterALostAttemptSparesAYoungToken(t *testing.T) {
	b := newBench(t)
	a := b.account()
	a.Lease = igauth.Lease{Attempt: "0123456789abcdef0123456789abcdef", Until: b.now().Add(time.Minute), Work: igauth.WorkMove, Generation: a.Generation + 1}
	a.DueAt = a.Lease.Until
	if err := b.ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: "1123456789abcdef0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	b.advance(time.Hour)
	_, err := b.refresher.Refresh(t.Context(), testProfile.ID)
	if b.meta.calls != 0 || igauth.CodeOf(err) != igauth.CodeTokenTooYoung {
		t.Errorf("Meta was asked %d times, got %v", b.meta.calls, err)
	}
}

// A move that gives an account back leaves its events to the runs.
func TestMoveThatFailsLeavesTheEvents(t *testing.T) {
	b := newBench(t)
	b.bus.fail = errors.New("no answer")
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	b.advance(61 * days)
	b.hours(2)
	if a := b.account(); a.Status != igauth.StatusReauthRequired || len(a.Outbox) == 0 {
		t.Fatalf("got %s, %v", a.Status, a.Outbox)
	}
	b.vault.set("Get", errors.New("no answer"))
	if err := b.store.Move(t.Context(), testProfile.ID); err == nil {
		t.Fatal("want an error")
	}
	b.bus.fail = nil
	b.hours(2)
	if a := b.account(); len(a.Outbox) != 0 {
		t.Errorf("%d events wait for ever, due %s", len(a.Outbox), a.DueAt)
	}
}

func TestPoliciesThatContradictThemselves(t *testing.T) {
	for text, why := range map[string]string{
		"revive_within=12h": "the first look at a dead token comes after retry_every=24h, so that none ever comes",
		"warn_within=1h":    "there may be no try in the last hour, so that nobody is ever warned",
	} {
		if _, err := igauth.ParsePolicy(text); err == nil {
			t.Errorf("%s: accepted, although %s", text, why)
		}
	}
}

// A record of the installation that cannot be read lets no token die.
func TestDamagedHealthLetsNoTokenDie(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: damagedHealth{b.ledger}, Vault: b.vault, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	b.store = store
	b.refresherWith(igauth.RefresherConfig{})
	if report, err := b.run(); err == nil || report.Refreshed != 1 {
		t.Errorf("got %+v, %v, want a refresh and an error", report, err)
	}
}

// damagedHealth is a ledger whose health cannot be read.
type damagedHealth struct{ igauth.Ledger }

func (damagedHealth) Health(context.Context) (igauth.Health, error) {
	return igauth.Health{}, igauth.ErrDamaged
}
