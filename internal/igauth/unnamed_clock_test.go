package igauth_test

import (
	"testing"
	"time"

	"igauth/internal/igauth"
)

// Meta may name the end of data access for one of an account's two tokens only, or
// now and then not at all. What it does not name has not gone away: it is warned of
// all the same.
func TestClockThatMetaLeavesOutIsWarnedOf(t *testing.T) {
	for name, c := range map[string]struct {
		silent func(igauth.Inspection) bool
		status igauth.Status // after the end
	}{
		"of the Page's token":   {func(i igauth.Inspection) bool { return i.Type == "PAGE" }, igauth.StatusReauthRequired},
		"of the person's token": {func(i igauth.Inspection) bool { return i.Type == "USER" }, igauth.StatusReauthRequired},
		// Nobody says that it is over, and the tokens are accepted.
		"of any token": {func(igauth.Inspection) bool { return true }, igauth.StatusActive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newGraphBench(t)
			end := b.account().DataAccessUntil
			b.facebook.inspect = func(i *igauth.Inspection) {
				if c.silent(*i) {
					i.DataAccessUntil = time.Time{}
				}
			}
			for b.now().Before(end.Add(-13 * days)) {
				b.hours(6)
			}
			if a := b.account(); !a.DataAccessUntil.Equal(end) || b.told()[igauth.EventExpiring] != 1 {
				t.Errorf("told %v, data access until %s, want %s", b.told(), a.DataAccessUntil, end)
			}
			for b.now().Before(end.Add(2 * days)) {
				b.hours(6)
			}
			if a := b.account(); a.Status != c.status || b.told()[igauth.EventExpiring] != 1 {
				t.Errorf("told %v, got %s, %s", b.told(), a.Status, a.LastFailure.Code)
			}
		})
	}
}

// A system user has no such clock, and none is made up.
func TestSystemUsersHaveNoClock(t *testing.T) {
	b := newGraphBench(t)
	b.facebook.inspect = func(i *igauth.Inspection) {
		if i.Type == "USER" {
			i.Type, i.ExpiresAt = "SYSTEM_USER", time.Time{}
		}
		i.DataAccessUntil = time.Time{}
	}
	for range 40 {
		b.hours(24)
	}
	if a := b.account(); !a.DataAccessUntil.IsZero() {
		t.Errorf("data access until %s", a.DataAccessUntil)
	}
}
