package igauth_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// The mistakes that other tools make with tokens, each with where it was seen.
// What runs here is ours in full: handlers, refresher, client of Meta and embedded
// stores, in front of the simulator of Instagram.

// wantUnharmed fails unless every account lives, has a token that Instagram
// accepts, and nobody was asked to reconnect.
func (p *installation) wantUnharmed() {
	p.t.Helper()
	for _, name := range professionals {
		if a := p.account(name); !a.Status.Live() {
			p.t.Errorf("%s: got status %s, %s", name, a.Status, a.LastFailure.Code)
		}
		if token := p.token(name); !p.TokenAlive(token) {
			p.t.Errorf("%s: the token that is handed out is dead or none: %d characters", name, len(token))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := p.told[igauth.EventReauthRequired]; n != 0 {
		p.t.Errorf("%d people were asked to reconnect", n)
	}
}

// wantHealed fails unless every account was refreshed after all.
func (p *installation) wantHealed() {
	p.t.Helper()
	p.wantUnharmed()
	for _, name := range professionals {
		if a := p.account(name); a.Status != igauth.StatusActive || p.token(name) == p.first[name] {
			p.t.Errorf("%s afterwards: got status %s, refreshed %t", name, a.Status, p.token(name) != p.first[name])
		}
	}
}

// untouched lets refreshes fail from the day on which they are due, and fails
// unless the tokens stay what they were and are replaced when it is over.
func untouched(t *testing.T, kind string) {
	p := newInstallation(t)
	p.pass(26 * days)
	p.fault("refresh", kind, "", 0)
	p.pass(15 * days)
	for _, name := range professionals {
		if p.token(name) != p.first[name] {
			t.Errorf("%s: the good token was replaced", name)
		}
	}
	if p.Calls()["refresh"] == 0 {
		t.Error("no refresh was tried")
	}
	p.wantUnharmed()
	p.ClearFaults()
	p.pass(3 * days)
	p.wantHealed()
}

// One 500, and the token that was pasted at installation, which is dead after 60
// days, takes the place of the good one:
// https://github.com/companionstudio/instagram-token-agent (client.rb).
func TestPeersGoodTokenIsNotOverwrittenByA500(t *testing.T) { untouched(t, "http500") }

// An answer of 200 and {} is stored as an empty token, and reported as a success:
// https://github.com/jasper-clarke/instatoken-refreshers.
func TestPeersGoodTokenIsNotOverwrittenByAnEmptyObject(t *testing.T) { untouched(t, "empty") }

// An answer of 200 and a page is stored as the word undefined, and reported as a
// success: https://github.com/samyerkes/aws-instagram-token-manager.
func TestPeersGoodTokenIsNotOverwrittenByAPage(t *testing.T) { untouched(t, "html") }

// One account with a changed password throws, and the accounts after it are never
// refreshed: https://github.com/Dymantic/laravel-instagram-feed/issues/61,
// https://github.com/codingbadger/instant-tokens.com/issues/8.
func TestPeersOneBadAccountDoesNotStopTheBatch(t *testing.T) {
	for _, bad := range professionals {
		for _, kind := range []string{"a changed password", "garbage", "outage", "broken"} {
			if kind != "a changed password" && bad != professionals[0] {
				continue
			}
			t.Run(kind+" of "+bad, func(t *testing.T) {
				t.Parallel()
				p := newInstallation(t)
				p.pass(24 * days)
				if kind == "a changed password" {
					p.must(p.ChangePassword(bad))
				} else {
					p.fault("all", kind, bad, 0)
				}
				p.pass(12 * days)
				for _, name := range professionals {
					token := p.token(name)
					if name != bad && (token == p.first[name] || !p.TokenAlive(token)) {
						t.Errorf("%s was not refreshed", name)
					}
				}
				if got := p.account(bad).Status; got.Live() != (kind != "a changed password") {
					t.Errorf("%s: got status %s", bad, got)
				}
			})
		}
	}
}

// One failed request, and the owner is disconnected and gets a mail:
// https://github.com/gitroomhq/postiz-app/pull/1822,
// https://github.com/trypostit/trypost/pull/171.
func TestPeersABlipAsksNobodyToReconnect(t *testing.T) {
	for _, kind := range []string{"outage", "http500", "broken", "applied", "truncated", "http429", "rate_limit_business", "checkpoint"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := newInstallation(t)
			for range 36 {
				p.fault("all", kind, professionals[0], 1)
				p.pass(days)
				if got := p.account(professionals[0]).Status; !got.Live() {
					t.Fatalf("got status %s, %+v", got, p.account(professionals[0]).LastFailure)
				}
			}
			if p.told[igauth.EventReauthRequired]+p.told[igauth.EventExpiring] > 0 {
				t.Errorf("told %v", p.told)
			}
			p.ClearFaults()
			p.pass(2 * days)
			p.wantHealed()
		})
	}
}

// Meta says once that a living token is dead, while the others are well, and an
// hour later knows nothing of it. The tools above ask the owner to reconnect.
func TestPeersOneWrongDeathIsNotBelieved(t *testing.T) {
	for _, endpoint := range []string{"me", "refresh"} {
		t.Run(endpoint, func(t *testing.T) {
			t.Parallel()
			p := newInstallation(t)
			for range 36 {
				p.ClearFaults()
				if p.account(professionals[0]).Doubt.Code == "" {
					p.fault(endpoint, "code_text", professionals[0], 1)
				}
				p.pass(days)
				if got := p.account(professionals[0]).Status; got != igauth.StatusActive {
					t.Fatalf("got status %s, %+v", got, p.account(professionals[0]).LastFailure)
				}
			}
			p.ClearFaults()
			p.pass(2 * days)
			p.wantHealed()
		})
	}
	t.Run("a true death is", func(t *testing.T) {
		p := newInstallation(t)
		p.pass(10 * days)
		p.must(p.ChangePassword(professionals[0]))
		p.pass(26 * time.Hour)
		if a := p.account(professionals[0]); a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != igauth.CodePasswordChanged {
			t.Errorf("got status %s, %+v", a.Status, a.LastFailure)
		}
		p.pass(time.Hour)
		if n := p.told[igauth.EventReauthRequired]; n != 1 {
			t.Errorf("the owner was asked %d times, want once", n)
		}
	})
}

// The time to the next refresh counts from when the process began, so that what is
// restarted often is never refreshed, or all of it lives in memory:
// https://github.com/jasper-clarke/instatoken-refreshers,
// https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/5.
func TestPeersARestartDoesNotResetTheTimer(t *testing.T) {
	p := newInstallation(t)
	for range 45 * 2 {
		p.clock.Advance(12 * time.Hour)
		p.restart()
		p.tick()
	}
	p.wantHealed()
	for _, name := range professionals {
		if n := len(p.Refreshes(name)); n != 1 {
			t.Errorf("%s: got %d refreshes in 45 days, want one", name, n)
		}
	}
}

// A token younger than 24 hours is refreshed every day, and refused each time:
// https://github.com/samyerkes/aws-instagram-token-manager.
func TestPeersNoTokenIsRefreshedBefore24Hours(t *testing.T) {
	p := newInstallation(t)
	for range 24 {
		for _, name := range professionals {
			if _, err := p.refresher.Refresh(t.Context(), p.ids[name]); igauth.CodeOf(err) != igauth.CodeTokenTooYoung {
				t.Errorf("%s, by hand: got %v, want %s", name, err, igauth.CodeTokenTooYoung)
			}
		}
		p.pass(time.Hour)
	}
	if n := p.Calls()["refresh"]; n != 0 {
		t.Errorf("Meta was asked %d times to refresh a token younger than 24h", n)
	}
	// A hurried policy changes nothing about it.
	if _, err := igauth.NewStore(igauth.StoreConfig{Ledger: p.ledger, Vault: p.vault, Now: p.clock.Now, Policy: igauth.Policy{MinAge: time.Hour}}); err == nil {
		t.Error("a policy of one hour was accepted")
	}
	p.wantUnharmed()
	p.pass(34 * days)
	p.wantHealed()
}

// A request without an end: the function is killed, and nobody is told:
// https://github.com/ShureInc/lambda-instagram-token-refresh,
// https://github.com/samyerkes/aws-instagram-token-manager.
func TestPeersAHangEnds(t *testing.T) {
	p := newInstallation(t)
	p.pass(26 * days)
	p.clock.Advance(7 * days)
	p.timeout = 500 * time.Millisecond
	p.restart()
	p.fault("all", "hang", professionals[0], 0)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	report, _ := p.refresher.RunOnce(ctx)
	if ctx.Err() != nil {
		t.Fatal("the run did not end by itself")
	}
	if report.Refreshed != 2 || report.Unfinished {
		t.Errorf("got %+v, want the two others refreshed", report)
	}
	p.wantUnharmed()
	p.ClearFaults()
	p.pass(2 * days)
	p.wantHealed()
}

// What is printed when a request fails has the token in it, up to 18 times:
// https://github.com/samyerkes/aws-instagram-token-manager,
// https://github.com/ShureInc/lambda-instagram-token-refresh,
// https://github.com/jasper-clarke/instatoken-refreshers.
func TestPeersNoTokenIsInTheLogOfAFailure(t *testing.T) {
	for _, kind := range igsim.FaultKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := newInstallation(t)
			p.timeout = 50 * time.Millisecond
			p.restart()
			p.clock.Advance(33 * days)
			p.fault("all", kind, "", 0)
			seen := map[string]bool{}
			for _, name := range professionals {
				seen[p.first[name]] = true
				if _, err := p.refresher.Refresh(t.Context(), p.ids[name]); err != nil {
					p.log.WriteString(err.Error())
				}
			}
			if report, err := p.refresher.RunOnce(t.Context()); err != nil {
				p.log.WriteString(err.Error())
			} else if data, err := json.Marshal(report); err == nil {
				p.log.Write(data)
			}
			for _, name := range professionals {
				seen[p.token(name)] = true
			}
			if p.log.Len() == 0 {
				t.Fatal("nothing was logged")
			}
			for token := range seen {
				if !strings.HasPrefix(token, "IGAA") {
					continue
				}
				for how, trace := range map[string]string{
					"in clear": token, "for a URL": url.QueryEscape(token), "in part": token[8:40],
				} {
					if strings.Contains(p.log.String(), trace) {
						t.Errorf("the log has a token %s", how)
					}
				}
			}
		})
	}
}

// Meta refuses the app, or everything, and the accounts are called dead, which
// their owners have to mend one by one:
// https://github.com/codingbadger/instant-tokens.com/issues/14,
// https://github.com/codingbadger/instant-tokens.com/issues/28.
func TestPeersAnErrorOfTheAppIsNoDeathOfAccounts(t *testing.T) {
	for _, kind := range []string{"app_disabled", "rate_limit", "http429", "outage"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := newInstallation(t)
			p.pass(24 * days)
			p.fault("all", kind, "", 0)
			p.pass(14 * days)
			p.wantUnharmed()
			for _, name := range professionals {
				if a := p.account(name); a.Status != igauth.StatusActive {
					t.Errorf("%s: got status %s", name, a.Status)
				}
			}
			if n := p.told[igauth.EventIncident]; n != 1 {
				t.Errorf("the incident was told %d times, want once", n)
			}
			p.ClearFaults()
			p.pass(2 * days)
			p.wantHealed()
			if n := p.told[igauth.EventIncident]; n != 2 {
				t.Errorf("the incident and its end were told %d times, want twice", n)
			}
		})
	}
}
