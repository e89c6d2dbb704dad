package igauth_test

import (
	"errors"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A worker was killed, and then Meta failed till the token's end: its owner is told
// within a day, as are the others.
func TestTokenWithALeftLeaseExpiresDuringAnIncident(t *testing.T) {
	b := newFleet(t, 20)
	b.advance(40 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	_, _ = b.run()
	a := b.account()
	a.Lease = igauth.Lease{Attempt: "0123456789abcdef0123456789abcdef", Until: b.now().Add(time.Minute), Work: igauth.WorkRefresh, Generation: a.Generation + 1}
	a.DueAt = a.Lease.Until
	if err := b.ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: "1123456789abcdef0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	// Meta asks for a pause that lasts beyond the end.
	for range 19 * 24 {
		b.advance(time.Hour)
		_, _ = b.run()
	}
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	dead := 0
	// One other account stays due for Meta, so that the incident stays open.
	other, err := b.store.Account(t.Context(), "17841500000000003")
	if err != nil {
		t.Fatal(err)
	}
	other.ExpiresAt = b.now().Add(30 * days)
	if err := b.ledger.Save(t.Context(), igauth.Change{Account: &other, Attempt: "2123456789abcdef0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		b.advance(time.Hour)
		report, err := b.run()
		dead += report.ReauthNeeded
		if !errors.Is(err, igauth.ErrIncident) {
			t.Fatalf("the incident is over: %v", err)
		}
	}
	if dead != 19 || b.account().Status != igauth.StatusReauthRequired {
		t.Errorf("%d of 19 were reported; %s", dead, b.account().Status)
	}
}

// What was erased leaves the vault whether Meta answers or not.
func TestErasedTokensLeaveTheVaultDuringAnIncident(t *testing.T) {
	b := newFleet(t, 20)
	b.advance(35 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	_, _ = b.run()
	b.vault.set("Destroy", errors.New("no answer"))
	if _, err := b.store.Erase(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	b.vault.set("Destroy", nil)
	b.hours(24)
	if n := len(b.vault.tokens[testProfile.ID]); n != 0 {
		t.Errorf("a day later the vault keeps %d tokens", n)
	}
}

// One account that Meta wants to be left alone for two days, in an outage of an
// hour, does not silence the app for two days.
func TestOneAccountsWaitIsNotTheApps(t *testing.T) {
	b := newFleet(t, 30)
	b.advance(35 * days)
	outage := true
	b.meta.refresh = func(token igauth.Secret) (igauth.Token, error) {
		switch {
		case token.Reveal() == "old 3":
			return igauth.Token{}, &igauth.Error{Code: igauth.CodeRateLimited, Class: igauth.ClassThrottled, RetryAfter: 48 * time.Hour}
		case outage:
			return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
		}
		return b.renewed(token), nil
	}
	b.refresherWith(igauth.RefresherConfig{Parallel: 1})
	_, _ = b.run()
	outage = false
	refreshed := 0
	for range 3 {
		b.advance(time.Hour)
		report, _ := b.run()
		refreshed += report.Refreshed
	}
	if refreshed < 29 {
		t.Errorf("refreshed %d, now %s: %+v", refreshed, b.now(), b.health().Incidents)
	}
}

// An incident of the callback that ends says nothing about what Meta wants of runs.
func TestEndOfAConnectIncidentLeavesTheQuiet(t *testing.T) {
	b := newFleet(t, 20)
	h := b.health()
	h.Incidents = []igauth.Incident{{ID: "1", Place: igauth.PlaceConnect, Since: b.now(), SeenAt: b.now(), Class: igauth.ClassMisconfigured, Code: igauth.CodeAppSecret}}
	if err := b.ledger.Save(t.Context(), igauth.Change{Health: &h, Attempt: "3123456789abcdef0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	b.advance(35 * days)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, &igauth.Error{Code: igauth.CodeRateLimited, Class: igauth.ClassThrottled, RetryAfter: 5 * time.Hour}
	}
	_, _ = b.run()
	calls := b.meta.calls
	b.hours(3)
	if b.meta.calls != calls {
		t.Errorf("asked %d times within the time that Meta named: %+v", b.meta.calls-calls, b.health().Incidents)
	}
}

// The app's allowance is used up whenever a run asks. Days later somebody must
// look.
func TestAppLimitForDaysIsNoticed(t *testing.T) {
	b := newFleet(t, 30)
	b.advance(35 * days)
	limit := &igauth.Error{Code: igauth.CodeRateLimited, Class: igauth.ClassThrottled, Err: igauth.ErrAppLimit}
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) { return igauth.Token{}, limit }
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) { return igauth.Profile{}, limit }
	b.refresherWith(igauth.RefresherConfig{Parallel: 1})
	noticed := 0
	for range 5 * 24 {
		if _, err := b.run(); err != nil {
			noticed++
		}
		b.advance(time.Hour)
	}
	if noticed == 0 {
		t.Errorf("nobody was told in five days; incidents %v", b.health().Incidents)
	}
}
