package igauth_test

import (
	"testing"
	"time"

	"igauth/internal/igauth"
)

// The clock of data access is an end of its own: told 14 days before, once, and
// believed at its end.
func TestDataAccessLapses(t *testing.T) {
	b := newGraphBench(t)
	end := b.person.seenAt.Add(90 * days)
	var warned, ended time.Time
	for range 95 * 24 {
		b.hours(1)
		told := b.told()
		if warned.IsZero() && told[igauth.EventExpiring] > 0 {
			warned = b.now()
		}
		if ended.IsZero() && told[igauth.EventReauthRequired] > 0 {
			ended = b.now()
		}
		if days := b.store.View(b.account()).DaysLeft; b.now().Before(end) && days > int(end.Sub(b.now())/(24*time.Hour)) {
			t.Fatalf("%d days are left %s before the end", days, end.Sub(b.now()))
		}
	}
	if !b.store.View(b.account()).DataAccessWarned {
		t.Error("the view does not tell of the warning")
	}
	if before := end.Sub(warned); before > 14*days || before < 14*days-2*time.Hour {
		t.Errorf("warned %s before the end, want 14 days", before)
	}
	if after := ended.Sub(end); after < 0 || after > 2*time.Hour {
		t.Errorf("ended %s after the end", after)
	}
	a := b.account()
	if a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != igauth.CodeDataAccessExpired || b.told()[igauth.EventExpiring] != 1 {
		t.Errorf("got status %s, %s, told %v", a.Status, a.LastFailure.Code, b.told())
	}
	got := b.messages(igauth.EventExpiring)
	if len(got) != 1 || got[0].Body.Code != igauth.CodeDataAccessEnding || !got[0].Body.ExpiresAt.Equal(end) {
		t.Errorf("got %+v", got)
	}
}

// A visit of the owner moves the clock, which is asked before anybody is warned
// and before the end.
func TestOwnersVisitMovesTheClock(t *testing.T) {
	for name, c := range map[string]struct {
		visit             int // the day
		warned, recovered int
	}{
		"before the warning":        {75, 0, 0},
		"between warning and end":   {80, 1, 1},
		"in the hours before it":    {89, 1, 1},
		"while nothing was renewed": {60, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newGraphBench(t)
			for day := range 120 {
				if day == c.visit {
					b.person.seenAt = b.now()
				}
				b.hours(24)
			}
			told := b.told()
			if a := b.account(); a.Status != igauth.StatusActive || !a.DataAccessUntil.Equal(b.person.seenAt.Add(90*days)) || !b.alive() {
				t.Errorf("got status %s, data access until %s", a.Status, a.DataAccessUntil)
			}
			if told[igauth.EventExpiring] != c.warned || told[igauth.EventRecovered] != c.recovered || told[igauth.EventReauthRequired] != 0 {
				t.Errorf("told %v", told)
			}
		})
	}
}

// Each new value of the clock is warned of anew.
func TestEveryClockIsWarnedOf(t *testing.T) {
	b := newGraphBench(t)
	for day := range 300 {
		if day == 85 || day == 170 {
			b.person.seenAt = b.now()
		}
		b.hours(24)
	}
	if told := b.told(); told[igauth.EventExpiring] != 3 || told[igauth.EventReauthRequired] != 1 {
		t.Errorf("told %v, want a warning of each of three clocks", told)
	}
}

// A day of trouble with debug_token neither hides the warning nor ends the account
// too soon.
func TestClockWhileMetaDoesNotTell(t *testing.T) {
	b := newGraphBench(t)
	for range 70 {
		b.hours(24)
	}
	b.facebook.fail = func(method, _ string) error {
		if method == "Inspect" {
			return failure(igauth.CodeMetaUnavailable, true)
		}
		return nil
	}
	end := b.account().DataAccessUntil
	for range 20*24 + 12 {
		b.hours(1)
	}
	if told := b.told(); told[igauth.EventExpiring] != 1 || told[igauth.EventReauthRequired] != 0 {
		t.Errorf("%s after the end: told %v", b.now().Sub(end), told)
	}
	b.hours(16)
	if a := b.account(); a.LastFailure.Code != igauth.CodeDataAccessExpired {
		t.Errorf("%s after the end: got %s, %s", b.now().Sub(end), a.Status, a.LastFailure.Code)
	}
}

// While Meta answers nothing, nobody knows whether the owner has come back, and
// nobody is asked to.
func TestClockDuringAnOutageOfMeta(t *testing.T) {
	b := newGraphBench(t)
	for range 70 {
		b.hours(24)
	}
	b.facebook.fail = func(string, string) error { return failure(igauth.CodeMetaUnavailable, true) }
	end := b.account().DataAccessUntil
	for range 23 * 24 {
		b.hours(1)
	}
	if told := b.told(); b.now().Sub(end) < 48*time.Hour || told[igauth.EventReauthRequired] != 0 {
		t.Errorf("%s after the end: told %v", b.now().Sub(end), told)
	}
	b.facebook.fail = nil
	b.hours(2)
	if a := b.account(); a.LastFailure.Code != igauth.CodeDataAccessExpired {
		t.Errorf("after the outage: got %s, %s", a.Status, a.LastFailure.Code)
	}
}
