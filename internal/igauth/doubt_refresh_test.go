package igauth_test

import (
	"testing"
	"time"

	"igauth/internal/igauth"
)

// Meta calls a token dead once, and then /me fails in another way for as long as
// one looks. A refresh is a second opinion as well, and keeps the token alive.
func TestDoubtDoesNotKeepATokenFromItsRefresh(t *testing.T) {
	for _, code := range []igauth.Code{igauth.CodeMetaUnreadable, igauth.CodePermissionGone, igauth.CodeNotEligible} {
		t.Run(string(code), func(t *testing.T) {
			b := newBench(t)
			b.advance(35 * days)
			b.metaSays(everybody(igauth.CodeTokenInvalid))
			_, _ = b.run()
			b.meta.refresh = nil
			b.meta.profile = func(igauth.Secret) (igauth.Profile, error) { return igauth.Profile{}, failure(code, true) }
			b.hours(26 * 24)
			if a := b.account(); a.Status != igauth.StatusActive || a.Generation == 1 {
				t.Errorf("got %s, generation %d, doubt %v: %s", a.Status, a.Generation, a.Doubt, b.token())
			}
		})
	}
}

// And if the refresh calls it dead again, that is the second word.
func TestRefreshCanBeTheSecondWord(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	b.metaSays(everybody(igauth.CodeTokenInvalid))
	_, _ = b.run()
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
		return igauth.Profile{}, failure(igauth.CodeMetaUnreadable, true)
	}
	b.hours(26)
	if a := b.account(); a.Status != igauth.StatusReauthRequired || a.Lease.Attempt != "" {
		t.Errorf("got %s, %v, doubt %v", a.Status, a.Lease, a.Doubt)
	}
}

var _ = time.Hour
