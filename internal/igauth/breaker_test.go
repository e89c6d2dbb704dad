package igauth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A fleet is a bench with more accounts, whose tokens tell them apart.
func newFleet(t *testing.T, n int) *bench {
	b := newBench(t)
	b.add(n - 1)
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) { return igauth.Profile{}, nil }
	b.meta.refresh = func(token igauth.Secret) (igauth.Token, error) { return b.renewed(token), nil }
	return b
}

func (b *bench) renewed(token igauth.Secret) igauth.Token {
	return igauth.Token{Value: token, IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}
}

// metaSays lets every request of an account end in the same way; nil is success.
func (b *bench) metaSays(code func(token string) igauth.Code) {
	b.meta.refresh = func(token igauth.Secret) (igauth.Token, error) {
		if c := code(token.Reveal()); c != "" {
			return igauth.Token{}, failure(c, true)
		}
		return b.renewed(token), nil
	}
	b.meta.profile = func(token igauth.Secret) (igauth.Profile, error) {
		if c := code(token.Reveal()); c != "" {
			return igauth.Profile{}, failure(c, true)
		}
		return igauth.Profile{}, nil
	}
}

func everybody(code igauth.Code) func(string) igauth.Code {
	return func(string) igauth.Code { return code }
}

func nobody(string) igauth.Code { return "" }

// rows returns what stands in the rows but for the number of their saves and the
// events that wait.
func (b *bench) rows() string {
	b.t.Helper()
	accounts, _, err := b.store.Accounts(b.t.Context(), "", 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	var text strings.Builder
	for _, a := range accounts {
		a.Revision, a.Outbox, a.DueAt = 0, nil, time.Time{}
		fmt.Fprintf(&text, "%+v\n", a)
	}
	return text.String()
}

func (b *bench) health() igauth.Health {
	b.t.Helper()
	h, err := b.ledger.Health(b.t.Context())
	if err != nil && !errors.Is(err, igauth.ErrNotFound) {
		b.t.Fatal(err)
	}
	return h
}

// told counts the events that were sent, or wait in the rows and in the health,
// by type.
func (b *bench) told() map[igauth.EventType]int {
	b.t.Helper()
	told := map[igauth.EventType]int{}
	b.bus.mu.Lock()
	for _, m := range b.bus.sent {
		told[m.Type]++
	}
	b.bus.mu.Unlock()
	accounts, _, err := b.store.Accounts(b.t.Context(), "", 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, a := range accounts {
		for _, e := range a.Outbox {
			told[e.Type]++
		}
	}
	for _, e := range b.health().Outbox {
		told[e.Type]++
	}
	return told
}

// What hits most accounts of a run is the app's: one incident, and no account
// changes, however long it lasts.
func TestIncidentTouchesNoAccount(t *testing.T) {
	for _, code := range []igauth.Code{
		igauth.CodeMetaUnavailable, igauth.CodeMetaUnreadable, igauth.CodeRateLimited, igauth.CodeAppMisconfigured,
		igauth.CodeAppSecret, igauth.CodeAppID, igauth.CodeTokenInvalid, igauth.CodeCheckpoint, igauth.CodeMetaRefused,
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			b := newFleet(t, 30)
			b.advance(35 * days)
			before := b.rows()
			b.metaSays(everybody(code))
			report, err := b.run()
			if !errors.Is(err, igauth.ErrIncident) || report.Incident == nil || report.Incident.Code != code || report.Incident.Place != igauth.PlaceRefresh {
				t.Fatalf("got %+v, %v", report, err)
			}
			if report.Deferred != 30 || report.ReauthNeeded != 0 {
				t.Errorf("got %d deferred, %d dead, want all 30 deferred", report.Deferred, report.ReauthNeeded)
			}
			id, calls := report.Incident.ID, b.meta.calls
			for range 12 {
				b.advance(time.Hour)
				if report, err = b.run(); !errors.Is(err, igauth.ErrIncident) || report.Incident.ID != id {
					t.Fatalf("got %+v, %v", report, err)
				}
			}
			if tried := b.meta.calls - calls; tried != 12 {
				t.Errorf("12 runs tried %d accounts, want one each", tried)
			}
			if after := b.rows(); after != before {
				t.Errorf("accounts changed:\n%s\nbefore:\n%s", after, before)
			}
			if told := b.told(); told[igauth.EventIncident] != 1 || told[igauth.EventReauthRequired] != 0 {
				t.Errorf("told %v, want one incident", told)
			}
			b.metaSays(nobody)
			b.advance(time.Hour)
			if report, err = b.run(); err != nil || report.Refreshed != 30 || report.Incident != nil {
				t.Errorf("afterwards: got %+v, %v", report, err)
			}
			if told := b.told(); told[igauth.EventIncident] != 2 || len(b.health().Incidents) != 0 {
				t.Errorf("afterwards: told %v, open %v", told, b.health().Incidents)
			}
		})
	}
}

// A store that fails for everybody is an incident, too.
func TestVaultOutageIsAnIncident(t *testing.T) {
	b := newFleet(t, 30)
	b.advance(35 * days)
	before := b.rows()
	b.vault.set("Get", errors.New("no answer"))
	if report, err := b.run(); !errors.Is(err, igauth.ErrIncident) || report.Incident.Code != igauth.CodeUnavailable {
		t.Fatalf("got %+v, %v", report, err)
	}
	if after := b.rows(); after != before {
		t.Errorf("accounts changed:\n%s\nbefore:\n%s", after, before)
	}
	b.vault.set("Get", nil)
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Refreshed != 30 {
		t.Errorf("afterwards: got %+v, %v", report, err)
	}
}

// Most, not all: the breaker trips in an outage through which some come.
func TestMostOfARunIsAnIncident(t *testing.T) {
	b := newFleet(t, 60)
	b.advance(35 * days)
	n := 0
	b.metaSays(func(string) igauth.Code {
		if n++; n%4 == 0 {
			return ""
		}
		return igauth.CodeMetaUnavailable
	})
	b.refresherWith(igauth.RefresherConfig{Parallel: 1})
	if report, err := b.run(); !errors.Is(err, igauth.ErrIncident) || report.Refreshed > 10 {
		t.Errorf("got %+v, %v", report, err)
	}
}

// A failure of one account among others that work is its own.
func TestFailuresOfFewAreTheirOwn(t *testing.T) {
	for _, c := range []struct {
		code      igauth.Code
		attention bool
	}{
		{igauth.CodeMetaUnavailable, false}, {igauth.CodeTokenInvalid, false}, {igauth.CodeCheckpoint, false},
		{igauth.CodeNotEligible, true}, {igauth.CodeAppMisconfigured, true},
	} {
		t.Run(string(c.code), func(t *testing.T) {
			b := newFleet(t, 30)
			b.advance(23 * time.Hour)
			_, _ = b.run()
			b.advance(23 * time.Hour)
			b.refresherWith(igauth.RefresherConfig{Parallel: 1})
			b.metaSays(func(token string) igauth.Code {
				if strings.HasSuffix(token, "5") {
					return c.code
				}
				return ""
			})
			report, err := b.run()
			if report.Probed != 27 || report.Incident != nil || (err != nil) != c.attention {
				t.Errorf("got %+v, %v", report, err)
			}
			if report.Doubted+report.Failed[c.code.Class()] != 3 {
				t.Errorf("got %+v, want three failures", report)
			}
		})
	}
}

// A few accounts that all fail make an incident only where an account cannot be
// the reason, or where it is long enough to tell.
func TestShortRunsAreJudgedWithCare(t *testing.T) {
	for _, c := range []struct {
		accounts int
		code     igauth.Code
		incident bool
	}{
		{1, igauth.CodeMetaUnavailable, false}, {2, igauth.CodeMetaUnavailable, false}, {3, igauth.CodeMetaUnavailable, true},
		{3, igauth.CodeTokenInvalid, false}, {9, igauth.CodeTokenInvalid, false}, {10, igauth.CodeTokenInvalid, true},
		{1, igauth.CodeCheckpoint, false}, {1, igauth.CodeAppMisconfigured, true}, {1, igauth.CodeAppID, true}, {1, igauth.CodeNotEligible, false},
	} {
		t.Run(fmt.Sprintf("%d accounts, %s", c.accounts, c.code), func(t *testing.T) {
			b := newFleet(t, c.accounts)
			b.advance(35 * days)
			b.metaSays(everybody(c.code))
			report, _ := b.run()
			if (report.Incident != nil) != c.incident {
				t.Errorf("got %+v", report)
			}
		})
	}
}

// An incident that only one account keeps open ends by the next trial, which is
// of another account.
func TestTrialsTakeTurns(t *testing.T) {
	b := newFleet(t, 5)
	b.advance(35 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	if _, err := b.run(); !errors.Is(err, igauth.ErrIncident) {
		t.Fatal(err)
	}
	b.metaSays(func(token string) igauth.Code {
		if token == "long" {
			return igauth.CodeMetaUnavailable
		}
		return ""
	})
	healed := false
	for range 2 {
		b.advance(time.Hour)
		report, _ := b.run()
		healed = healed || report.Incident == nil && report.Refreshed == 4
	}
	if !healed {
		t.Errorf("still open: %+v", b.health().Incidents)
	}
}

// While Meta names a time nothing is asked, not even on trial.
func TestIncidentWaitsAsLongAsMetaAsks(t *testing.T) {
	b := newFleet(t, 20)
	b.advance(35 * days)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, &igauth.Error{Code: igauth.CodeRateLimited, Class: igauth.ClassThrottled, RetryAfter: 5 * time.Hour}
	}
	_, _ = b.run()
	calls := b.meta.calls
	for range 4 {
		b.advance(time.Hour)
		_, _ = b.run()
	}
	if b.meta.calls != calls {
		t.Errorf("asked %d times within the time that Meta named", b.meta.calls-calls)
	}
	b.advance(time.Hour)
	_, _ = b.run()
	if b.meta.calls != calls+1 {
		t.Errorf("asked %d times after it, want one trial", b.meta.calls-calls)
	}
}

// A token's time ends during an incident as well, and its owner is told.
func TestTokensExpireDuringAnIncident(t *testing.T) {
	b := newFleet(t, 20)
	b.advance(40 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	_, _ = b.run()
	b.advance(20*days + time.Hour)
	report, err := b.run()
	if report.ReauthNeeded != 20 || err != nil {
		t.Errorf("got %+v, %v", report, err)
	}
	if told := b.told(); told[igauth.EventReauthRequired] != 20 || told[igauth.EventExpiring] != 0 {
		t.Errorf("told %v", told)
	}
}

// refresherWith replaces the bench's refresher by one with another configuration.
func (b *bench) refresherWith(cfg igauth.RefresherConfig) {
	b.t.Helper()
	cfg.Store, cfg.Meta, cfg.Relay, cfg.PerSecond = b.store, b.meta, b.relay, -1
	refresher, err := igauth.NewRefresher(cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.refresher = refresher
}

// A few accounts with troubles of their own are asked more often than the others,
// and in some hours they alone. They do not stop the fleet.
func TestAilingAccountsDoNotStopTheFleet(t *testing.T) {
	b := newFleet(t, 40)
	b.metaSays(func(token string) igauth.Code {
		if strings.HasSuffix(token, "7") || strings.HasSuffix(token, "3") || strings.HasSuffix(token, "5") {
			return igauth.CodeMetaUnavailable
		}
		return ""
	})
	b.hours(3 * 24)
	if told := b.told(); told[igauth.EventIncident] != 0 {
		t.Errorf("told %v", told)
	}
	accounts, _, err := b.store.Accounts(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if a.LastFailure.Code == "" && b.now().Sub(a.CheckedAt) > 24*time.Hour {
			t.Errorf("%s was asked about %s ago", a.ID, b.now().Sub(a.CheckedAt))
		}
	}
}

// One account is due, and fails. Others are asked whether it is the app.
func TestOneFailureInASmallRunIsSettledByWitnesses(t *testing.T) {
	for _, c := range []struct {
		name     string
		meta     func(string) igauth.Code
		incident bool
	}{
		{"Meta is down", everybody(igauth.CodeMetaUnavailable), true},
		{"the account has a trouble", func(token string) igauth.Code {
			if token == "long" {
				return igauth.CodeMetaUnavailable
			}
			return ""
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newFleet(t, 6)
			b.advance(12 * time.Hour)
			_, _ = b.run()
			// A reconnection makes the first account due alone.
			for b.account().DueAt.After(b.now()) {
				b.hours(1)
			}
			b.metaSays(c.meta)
			for range 24 {
				report, _ := b.run()
				if report.Due > 0 {
					if got := report.Incident != nil; got != c.incident {
						t.Errorf("got %+v", report)
					}
					return
				}
				b.advance(time.Hour)
			}
			t.Error("nothing was due")
		})
	}
}
