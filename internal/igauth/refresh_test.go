package igauth_test

import (
	"fmt"
	"testing"
	"time"

	"igauth/internal/igauth"
)

func TestRefreshReplacesTheToken(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	report, err := b.run()
	if err != nil || report.Refreshed != 1 || report.Due != 1 {
		t.Fatalf("got %+v, %v", report, err)
	}
	a := b.account()
	if a.Generation != 2 || a.ExpiresAt.Sub(b.now()) != 60*days || b.token() != "token 1" || b.vault.promoted[a.ID] != a.Ref {
		t.Errorf("got generation %d, expires %s, token %s, promoted %s, ref %s", a.Generation, a.ExpiresAt, b.token(), b.vault.promoted[a.ID], a.Ref)
	}
	if report, err := b.run(); err != nil || report.Due != 0 {
		t.Errorf("a second run at once: got %+v, %v", report, err)
	}
}

// A good token is replaced by nothing but a newer valid one, and nobody is asked
// to reconnect because of a failure that is not Meta saying "dead".
func TestFailuresKeepTheToken(t *testing.T) {
	for _, code := range []igauth.Code{
		igauth.CodeMetaUnavailable, igauth.CodeMetaUnreadable, igauth.CodeRateLimited, igauth.CodeAppMisconfigured, igauth.CodeAppSecret,
		igauth.CodeNotEligible, igauth.CodeCheckpoint, igauth.CodePermissionGone, igauth.CodeTokenTooYoung, igauth.CodeMetaRefused,
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			before := b.token()
			b.meta.refresh = func(igauth.Secret) (igauth.Token, error) { return igauth.Token{}, failure(code, true) }
			b.meta.profile = func(igauth.Secret) (igauth.Profile, error) { return igauth.Profile{}, failure(code, true) }
			b.advance(28 * days)
			for range 20 * 24 {
				b.advance(time.Hour)
				_, _ = b.run()
			}
			a := b.account()
			if b.token() != before || a.Generation != 1 || !a.Status.Live() {
				t.Errorf("got token %s, generation %d, status %s", b.token(), a.Generation, a.Status)
			}
			// A fault of the app is no failure of the account.
			ofTheApp := code == igauth.CodeAppMisconfigured || code == igauth.CodeAppSecret
			if ofTheApp && (a.Status != igauth.StatusActive || a.Failures != 0 || len(b.health().Incidents) != 1) {
				t.Errorf("got status %s, %d failures, incidents %v", a.Status, a.Failures, b.health().Incidents)
			}
			if code != igauth.CodeTokenTooYoung && !ofTheApp && (a.Status != igauth.StatusExpiring || a.LastFailure.Code != code) {
				t.Errorf("got status %s after failure %s", a.Status, a.LastFailure.Code)
			}
			b.meta.refresh = nil
			b.meta.profile = nil
			for range 72 {
				b.advance(time.Hour)
				_, _ = b.run()
			}
			if a := b.account(); a.Status != igauth.StatusActive || a.Generation != 2 || a.Failures != 0 {
				t.Errorf("after the outage: got status %s, generation %d, failures %d", a.Status, a.Generation, a.Failures)
			}
		})
	}
	for name, refresh := range map[string]func(*bench) (igauth.Token, error){
		"an empty token": func(b *bench) (igauth.Token, error) { return igauth.Token{ExpiresAt: b.now().Add(90 * days)}, nil },
		"a token that lives shorter": func(b *bench) (igauth.Token, error) {
			return igauth.Token{Value: igauth.NewSecret("short"), IssuedAt: b.now(), ExpiresAt: b.now().Add(days)}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.meta.refresh = func(igauth.Secret) (igauth.Token, error) { return refresh(b) }
			b.advance(35 * days)
			if report, err := b.run(); err == nil || report.Failed[igauth.ClassTransient] != 1 {
				t.Errorf("got %+v, %v", report, err)
			}
			if got := b.token(); got != "long" {
				t.Errorf("got token %q, want the old one", got)
			}
		})
	}
}

func TestDeadTokenIsReported(t *testing.T) {
	b := newBench(t)
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
		return igauth.Profile{}, failure(igauth.CodePasswordChanged, true)
	}
	b.advance(23 * time.Hour)
	_, _ = b.run()
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.ReauthNeeded != 1 {
		t.Fatalf("got %+v, %v", report, err)
	}
	a := b.account()
	if a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != igauth.CodePasswordChanged {
		t.Errorf("got status %s, failure %s", a.Status, a.LastFailure.Code)
	}
	if got := b.token(); got != string(igauth.CodeReauthRequired) {
		t.Errorf("got token %q", got)
	}
}

func TestTokenExpiresWhenNothingHelps(t *testing.T) {
	b := newBench(t)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
	}
	end := b.account().ExpiresAt
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
		if b.now().Before(end) {
			return testProfile, nil
		}
		return igauth.Profile{}, failure(igauth.CodeTokenExpired, true)
	}
	for range 61 * 4 {
		b.advance(6 * time.Hour)
		_, _ = b.run()
	}
	if a := b.account(); a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != igauth.CodeTokenExpired {
		t.Errorf("got status %s, failure %s", a.Status, a.LastFailure.Code)
	}
	if n := b.meta.calls; n < 20+28-2 || n > 26+28+2 {
		t.Errorf("got %d tries, want about one a day and four a day at the end", n)
	}
}

// A refresh whose answer was lost on the last day has given the token a new life, of
// which nobody knows. Meta is asked before anybody is told that it ended.
func TestTokenThatLivesLongerThanBelieved(t *testing.T) {
	b := newBench(t)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
	}
	b.advance(26 * days)
	b.hours(34 * 24)
	b.meta.refresh = func(token igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, failure(igauth.CodeTokenTooYoung, true)
	}
	b.hours(12)
	if a := b.account(); !a.Status.Live() || b.token() != "long" || b.told()[igauth.EventReauthRequired] != 0 {
		t.Fatalf("got %s, token %s, told %v", a.Status, b.token(), b.told())
	}
	b.meta.refresh = nil
	b.hours(48)
	if a := b.account(); a.Status != igauth.StatusActive || a.ExpiresAt.Sub(b.now()) < 57*days {
		t.Errorf("got %s, expires %s", a.Status, a.ExpiresAt)
	}
}

// A refresh that was overtaken by a reconnection, a disconnection or another run
// changes nothing.
func TestLateRefreshChangesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*bench)
		want      func(*bench) bool
	}{
		"a reconnection": {func(b *bench) { b.connect("second") }, func(b *bench) bool {
			return b.token() == "long" && b.account().Generation == 2 && b.account().Status == igauth.StatusActive
		}},
		// The late token lives longer than the other run's, and is for a generation
		// that there is already.
		"another run": {func(b *bench) {
			b.meta.refresh = func(igauth.Secret) (igauth.Token, error) { return b.renewed(igauth.NewSecret("other")), nil }
			b.hours(26)
		}, func(b *bench) bool {
			return b.token() == "other" && b.account().Generation == 2 && b.account().Status == igauth.StatusActive
		}},
		"a disconnection": {func(b *bench) {
			if _, err := b.store.Disconnect(b.t.Context(), testProfile.ID); err != nil {
				b.t.Fatal(err)
			}
		}, func(b *bench) bool { return b.token() == string(igauth.CodeDisconnected) && b.account().Ref == "" }},
	} {
		for _, answer := range []error{nil, failure(igauth.CodeTokenInvalid, true), failure(igauth.CodeMetaUnavailable, true)} {
			t.Run(fmt.Sprint(name, ", Meta says ", answer), func(t *testing.T) {
				b := newBench(t)
				b.advance(35 * days)
				b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
					c.meanwhile(b)
					return igauth.Token{Value: igauth.NewSecret("late"), IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}, answer
				}
				report, _ := b.run()
				if report.Refreshed != 0 || report.ReauthNeeded != 0 || !c.want(b) {
					t.Errorf("got %+v, token %s, %+v", report, b.token(), b.account().Status)
				}
			})
		}
	}
}

func TestThrottlingIsObeyed(t *testing.T) {
	b := newBench(t)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, &igauth.Error{Code: igauth.CodeRateLimited, Class: igauth.ClassThrottled, RetryAfter: 40 * time.Hour}
	}
	b.advance(35 * days)
	_, _ = b.run()
	for range 39 {
		b.advance(time.Hour)
		_, _ = b.run()
	}
	if b.meta.calls != 1 {
		t.Errorf("got %d calls within the time that Meta named, want 1", b.meta.calls)
	}
	b.advance(time.Hour)
	_, _ = b.run()
	if b.meta.calls != 2 {
		t.Errorf("got %d calls after it, want 2", b.meta.calls)
	}
}
