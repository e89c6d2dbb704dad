package igauth_test

import (
	"testing"
	"time"

	"igauth/internal/igauth"
)

func TestProbeLearnsWhoTheAccountIs(t *testing.T) {
	b := newBench(t)
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
		p := testProfile
		p.Username, p.AccountType = "maria.bakes.bread", "MEDIA_CREATOR"
		return p, nil
	}
	b.vault.set("Promote", nil)
	b.advance(23 * time.Hour)
	if report, err := b.run(); err != nil || report.Probed != 1 {
		t.Fatalf("got %+v, %v", report, err)
	}
	a := b.account()
	if a.Username != "maria.bakes.bread" || a.AccountType != "MEDIA_CREATOR" || a.History[len(a.History)-1].What != igauth.EntryProfileChanged || !a.CheckedAt.Equal(b.now()) {
		t.Errorf("got %+v, checked %s", a.Profile, a.CheckedAt)
	}
}

// A probe that Meta throttles does not bring the refresh forward.
func TestThrottledProbeIsObeyed(t *testing.T) {
	b := newBench(t)
	b.advance(26 * days)
	throttled := func() error {
		return &igauth.Error{Code: igauth.CodeRateLimited, Class: igauth.ClassThrottled, RetryAfter: 48 * time.Hour}
	}
	asked := 0
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) { asked++; return igauth.Profile{}, throttled() }
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) { asked++; return igauth.Token{}, throttled() }
	for range 24 * 20 {
		before := asked
		_, _ = b.run()
		if asked == before {
			b.advance(time.Hour)
			continue
		}
		for range 47 {
			b.advance(time.Hour)
			_, _ = b.run()
		}
		if asked != before+1 {
			t.Fatalf("asked %d times within the time that Meta named", asked-before)
		}
	}
	if asked == 0 {
		t.Error("never asked")
	}
}
