package igauth_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"igauth/internal/igauth"
)

func TestFacebookAccountLivesForYears(t *testing.T) {
	for name, renewalCounts := range map[string]bool{"its owner comes by": false, "renewal moves the clock": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newGraphBench(t)
			b.facebook.renewalCounts = renewalCounts
			first := b.account()
			for day := range 400 {
				if !renewalCounts && day%60 == 59 {
					b.person.seenAt = b.now()
				}
				b.hours(24)
				if !b.alive() {
					t.Fatalf("day %d: the token that is handed out is dead: %+v", day, b.account())
				}
			}
			a, told := b.account(), b.told()
			if a.Status != igauth.StatusActive || a.Generation < 10 || a.Generation > 20 || a.ConnectedAt != first.ConnectedAt {
				t.Errorf("got status %s, generation %d", a.Status, a.Generation)
			}
			if told[igauth.EventExpiring] != 0 || told[igauth.EventReauthRequired] != 0 || told[igauth.EventFailing] != 0 || told[igauth.EventRefreshed] != int(a.Generation)-1 {
				t.Errorf("told %v", told)
			}
			if asked := b.facebook.calls["Profile"]; asked < 400 {
				t.Errorf("Meta was asked about the account %d times in 400 days, want once a day", asked)
			}
			_, token, err := b.store.Token(t.Context(), b.id, 0)
			if user := b.facebook.tokens[token.UserToken.Reveal()]; err != nil || user == nil || user.page != nil || !user.expires.Equal(a.ExpiresAt) {
				t.Errorf("the person's token is not kept beside the Page's: %v, %+v", err, user)
			}
		})
	}
}

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

// Whatever ends the Page's token is told within 26 hours, with its code, after
// Meta has said so twice.
func TestFacebookAccountDies(t *testing.T) {
	for code, kill := range map[igauth.Code]func(*graphBench){
		igauth.CodePageRoleLost:    func(b *graphBench) { b.facebook.pages[0].roles[b.person] = false },
		igauth.CodeAppRemoved:      func(b *graphBench) { b.person.dead = igauth.CodeAppRemoved },
		igauth.CodePasswordChanged: func(b *graphBench) { b.person.dead = igauth.CodePasswordChanged },
	} {
		for _, day := range []int{3, 29, 34} { // before, at and after its renewal
			t.Run(fmt.Sprintf("%s on day %d", code, day), func(t *testing.T) {
				t.Parallel()
				b := newGraphBench(t)
				b.hours(day * 24)
				kill(b)
				hours := 0
				for ; hours < 40 && b.told()[igauth.EventReauthRequired] == 0; hours++ {
					b.hours(1)
				}
				a := b.account()
				if hours > 26 || a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != code {
					t.Errorf("after %d hours: got %s, %s", hours, a.Status, a.LastFailure.Code)
				}
			})
		}
	}
}

// A single word of death is not believed, whichever token it is about.
func TestBlipOfDeathEndsNoFacebookAccount(t *testing.T) {
	for _, method := range []string{"ExtendToken", "Inspect", "PageToken", "Profile"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			b := newGraphBench(t)
			blips := 0
			b.facebook.fail = func(called, _ string) error {
				if called == method && blips > 0 {
					blips--
					return failure(igauth.CodeTokenInvalid, true)
				}
				return nil
			}
			for range 60 {
				blips = 1
				b.hours(24)
			}
			if a := b.account(); !a.Status.Live() || b.told()[igauth.EventReauthRequired] != 0 || !b.alive() || a.Generation == 1 {
				t.Errorf("got %s, %s, generation %d, told %v", a.Status, a.LastFailure.Code, a.Generation, b.told())
			}
		})
	}
}

// The person's token is dead, and the Page's lives: nothing is taken from
// consumers, the owner is asked in time, and the account goes on as long as Meta
// accepts the Page's token.
func TestDeadPersonsTokenDoesNotEndTheAccount(t *testing.T) {
	b := newGraphBench(t)
	_, token, err := b.store.Token(t.Context(), b.id, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.facebook.tokens[token.UserToken.Reveal()].dead = igauth.CodePasswordChanged
	end := b.account().ExpiresAt
	for range 70 {
		b.person.seenAt = b.now()
		b.hours(24)
		if !b.alive() {
			t.Fatalf("%s before the person's token ends: %+v", end.Sub(b.now()), b.account())
		}
	}
	a, told := b.account(), b.told()
	if a.Status != igauth.StatusExpiring || a.LastFailure.Code != igauth.CodePasswordChanged || a.LastFailure.Class != igauth.ClassNeedsUser {
		t.Errorf("got %s, %+v", a.Status, a.LastFailure)
	}
	if told[igauth.EventFailing] != 1 || told[igauth.EventExpiring] != 1 || told[igauth.EventReauthRequired] != 0 {
		t.Errorf("told %v", told)
	}
	if got := b.messages(igauth.EventExpiring); got[0].At.After(end.Add(-9 * days)) {
		t.Errorf("warned %s before the end", end.Sub(got[0].At))
	}
	b.facebook.pages[0].roles[b.person] = false
	b.hours(26)
	if a := b.account(); a.Status != igauth.StatusReauthRequired || a.LastFailure.Code == "" {
		t.Errorf("after the Page's token died, too: got %s", a.Status)
	}
}

// An Instagram account that was taken off its Page is told of at the next look; it
// is not dead, since it can be linked again.
func TestUnlinkedInstagramIsTold(t *testing.T) {
	b := newGraphBench(t)
	b.hours(3 * 24)
	linked := b.facebook.pages[0].account
	b.facebook.pages[0].account = ""
	b.hours(24)
	got := b.messages(igauth.EventFailing)
	if a := b.account(); a.Status != igauth.StatusActive || a.LastFailure.Code != igauth.CodePageWithoutInstagram || len(got) != 1 || got[0].Body.Code != igauth.CodePageWithoutInstagram {
		t.Errorf("got %s, %s, told %+v", a.Status, a.LastFailure.Code, got)
	}
	b.hours(40 * 24)
	if a := b.account(); a.Generation != 1 || a.Status != igauth.StatusExpiring {
		t.Errorf("got generation %d, %s: a token that does not reach the account was committed", a.Generation, a.Status)
	}
	b.facebook.pages[0].account = linked
	b.hours(3 * 24)
	if a := b.account(); a.Status != igauth.StatusActive || a.Generation != 2 {
		t.Errorf("linked again: got %s, generation %d", a.Status, a.Generation)
	}
}

// The token of a system user never ends: it is looked at every day and needs no
// renewal.
func TestSystemUsersTokenNeverEnds(t *testing.T) {
	b := newGraphBench(t)
	system := &graphPerson{id: "9002", system: true}
	b.id = b.join(system, 7)
	for day := range 400 {
		b.person.seenAt = b.now()
		b.hours(24)
		if !b.alive() {
			t.Fatalf("day %d: %+v", day, b.account())
		}
	}
	a := b.account()
	if view := b.store.View(a); a.Generation != 1 || view.DaysLeft != 36500 || view.NextAction != igauth.ActionProbe || !view.RefreshAt.IsZero() || !view.ExpiresAt.IsZero() {
		t.Errorf("got %+v", view)
	}
	if _, err := b.refresher.Refresh(t.Context(), b.id); err != nil || b.account().Generation != 1 {
		t.Errorf("by hand: got generation %d, %v", b.account().Generation, err)
	}
	system.dead = igauth.CodeAppRemoved
	b.hours(26)
	if a := b.account(); a.Status != igauth.StatusReauthRequired {
		t.Errorf("after its end: got %s", a.Status)
	}
}

// A renewed token is committed when it is no worse than the one in store.
func TestWorseFacebookTokenIsNotCommitted(t *testing.T) {
	for name, c := range map[string]struct {
		extend  func(now time.Time, t *igauth.Token)
		inspect func(now time.Time, i *igauth.Inspection)
		commits bool
		code    igauth.Code
	}{
		"as it should be": {commits: true},
		"Meta names no end and debug_token does": {
			extend: func(_ time.Time, t *igauth.Token) { t.ExpiresAt = time.Time{} }, commits: true},
		"nobody names an end": {
			extend:  func(_ time.Time, t *igauth.Token) { t.ExpiresAt = time.Time{} },
			inspect: func(_ time.Time, i *igauth.Inspection) { i.ExpiresAt = time.Time{} }, commits: true},
		"an end in a hundred years": {
			extend:  func(now time.Time, t *igauth.Token) { t.ExpiresAt = now.Add(36500 * days) },
			inspect: func(now time.Time, i *igauth.Inspection) { i.ExpiresAt = now.Add(36500 * days) }, commits: true},
		"an empty token": {
			extend: func(_ time.Time, t *igauth.Token) { t.Value = igauth.Secret{} }, code: igauth.CodeMetaUnreadable},
		"shorter, and debug_token says otherwise": {
			extend: func(now time.Time, t *igauth.Token) { t.ExpiresAt = now.Add(days) }, code: igauth.CodeMetaUnreadable},
		"shorter, and debug_token says so": {
			extend:  func(now time.Time, t *igauth.Token) { t.ExpiresAt = now.Add(5 * days) },
			inspect: func(now time.Time, i *igauth.Inspection) { i.ExpiresAt = now.Add(5 * days) }, commits: true},
		"with the same end": {
			extend:  func(now time.Time, t *igauth.Token) { t.ExpiresAt = time.Date(2026, 4, 30, 12, 1, 0, 0, time.UTC) },
			inspect: func(now time.Time, i *igauth.Inspection) { i.ExpiresAt = time.Date(2026, 4, 30, 12, 1, 0, 0, time.UTC) }, code: igauth.CodeTokenNotExtended},
		"over already": {
			inspect: func(now time.Time, i *igauth.Inspection) { i.ExpiresAt = now.Add(-time.Hour) }, code: igauth.CodeMetaUnreadable},
		"invalid when asked about": {
			inspect: func(_ time.Time, i *igauth.Inspection) { i.Valid, i.Failure = false, igauth.CodeTokenInvalid }, code: igauth.CodeTokenInvalid},
		"a token of nobody": {
			extend: func(_ time.Time, t *igauth.Token) { t.Value = igauth.NewSecret("EAAnobody") }, code: igauth.CodeTokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newGraphBench(t)
			before := b.account()
			b.facebook.extend = func(token *igauth.Token) {
				if c.extend != nil {
					c.extend(b.now(), token)
				}
			}
			b.facebook.inspect = func(i *igauth.Inspection) {
				if c.inspect != nil {
					c.inspect(b.now(), i)
				}
			}
			b.advance(40 * days)
			report, _ := b.run()
			a := b.account()
			if committed := a.Generation == 2; committed != c.commits || report.Refreshed == 1 != c.commits {
				t.Errorf("got generation %d, %+v", a.Generation, report)
			}
			if !c.commits && (a.LastFailure.Code != c.code || !a.ExpiresAt.Equal(before.ExpiresAt) || a.Status != igauth.StatusActive) {
				t.Errorf("got %s, %s, expires %s", a.Status, a.LastFailure.Code, a.ExpiresAt)
			}
			if !b.alive() || a.ExpiresAt.IsZero() || a.ExpiresAt.Sub(b.now()) > 60*days {
				t.Errorf("alive %t, expires %s", b.alive(), a.ExpiresAt)
			}
		})
	}
}

// Without its settings the accounts of Facebook Login are left alone, somebody is
// told, and no owner is asked.
func TestFacebookLoginSwitchedOff(t *testing.T) {
	b := newGraphBench(t)
	b.hours(3 * 24)
	before := b.account()
	b.refresherWith(igauth.RefresherConfig{})
	for range 100 {
		b.advance(24 * time.Hour)
		report, err := b.run()
		if err == nil || report.Attention != 1 || report.Failed[igauth.ClassMisconfigured] != 1 {
			t.Fatalf("got %+v, %v", report, err)
		}
	}
	a := b.account()
	if a.Status != igauth.StatusActive || a.LastFailure.Code != igauth.CodeLoginOff || a.LastFailure.Class != igauth.ClassMisconfigured || a.Generation != before.Generation || a.Revision > before.Revision+2 {
		t.Errorf("got %s, %+v, %d saves", a.Status, a.LastFailure, a.Revision-before.Revision)
	}
	if told := b.told(); told[igauth.EventExpiring]+told[igauth.EventReauthRequired]+told[igauth.EventIncident]+told[igauth.EventFailing] != 0 {
		t.Errorf("told %v", told)
	}
	if _, err := b.refresher.Refresh(t.Context(), b.id); igauth.CodeOf(err) != igauth.CodeLoginOff {
		t.Errorf("by hand: got %v", err)
	}
	// Switched on again, the Page's token is found to live on.
	b.person.seenAt = b.now()
	b.refresherWith(igauth.RefresherConfig{Facebook: b.facebook})
	b.hours(3)
	if a := b.account(); a.Status != igauth.StatusActive {
		t.Errorf("on again: got %s, %s", a.Status, a.LastFailure.Code)
	}
}

// The two logins are two apps: a secret that is wrong, or a Meta that calls all
// tokens dead, stops the accounts of the one and leaves those of the other.
func TestIncidentIsOfOneLogin(t *testing.T) {
	for _, code := range []igauth.Code{igauth.CodeAppSecret, igauth.CodeAppMisconfigured, igauth.CodeGraphVersion, igauth.CodeTokenInvalid, igauth.CodeMetaUnavailable, igauth.CodeRateLimited} {
		for _, hit := range []igauth.Login{igauth.LoginInstagram, igauth.LoginFacebook} {
			t.Run(fmt.Sprintf("%s of %s", code, hit), func(t *testing.T) {
				t.Parallel()
				b := &graphBench{bench: newFleet(t, 30)}
				b.addFacebook()
				for n := range 30 {
					b.join(&graphPerson{id: fmt.Sprint(8000 + n)}, n)
				}
				b.advance(35 * days)
				if hit == igauth.LoginFacebook {
					b.facebook.fail = func(string, string) error { return failure(code, true) }
				} else {
					b.metaSays(everybody(code))
				}
				report, err := b.run()
				if !errors.Is(err, igauth.ErrIncident) || report.Incident == nil || report.Incident.Login != hit || report.Incident.Code != code {
					t.Fatalf("got %+v, %v", report.Incident, err)
				}
				if report.Refreshed != 30 || report.Deferred != 30 || report.ReauthNeeded+report.Doubted != 0 {
					t.Errorf("got %d refreshed, %d deferred, %d doubted, %d dead; want those of the other login refreshed", report.Refreshed, report.Deferred, report.Doubted, report.ReauthNeeded)
				}
				for range 12 {
					b.advance(time.Hour)
					_, _ = b.run()
				}
				if told := b.told(); told[igauth.EventIncident] != 1 || told[igauth.EventReauthRequired] != 0 || told[igauth.EventFailing] != 0 || len(b.health().Incidents) != 1 {
					t.Errorf("told %v, open %+v", told, b.health().Incidents)
				}
				b.facebook.fail = nil
				b.metaSays(nobody)
				b.advance(time.Hour)
				if report, err := b.run(); err != nil || report.Refreshed != 30 || report.Incident != nil || len(b.health().Incidents) != 0 {
					t.Errorf("afterwards: got %+v, %v", report, err)
				}
			})
		}
	}
}

// Both apps may fail at the same time. Each incident ends for itself.
func TestBothLoginsFail(t *testing.T) {
	b := &graphBench{bench: newFleet(t, 20)}
	b.addFacebook()
	for n := range 20 {
		b.join(&graphPerson{id: fmt.Sprint(8000 + n)}, n)
	}
	b.advance(35 * days)
	b.metaSays(everybody(igauth.CodeAppID))
	b.facebook.fail = func(string, string) error { return failure(igauth.CodeAppSecret, true) }
	_, _ = b.run()
	if open := b.health().Incidents; len(open) != 2 {
		t.Fatalf("got %+v", open)
	}
	b.metaSays(nobody)
	b.advance(time.Hour)
	report, _ := b.run()
	if open := b.health().Incidents; report.Refreshed != 20 || len(open) != 1 || open[0].Login != igauth.LoginFacebook {
		t.Errorf("got %+v, %+v", report, open)
	}
	b.facebook.fail = nil
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Refreshed != 20 || len(b.health().Incidents) != 0 {
		t.Errorf("got %+v, %v", report, err)
	}
}

// A token of one app does not vouch for the other: Instagram Login works, and all
// the few accounts of Facebook Login are called dead by mistake.
func TestWitnessIsOfTheSameApp(t *testing.T) {
	b := &graphBench{bench: newFleet(t, 20)}
	b.addFacebook()
	for n := range 5 {
		b.join(&graphPerson{id: fmt.Sprint(8000 + n)}, n)
	}
	b.stagger()
	b.facebook.fail = func(string, string) error { return failure(igauth.CodeTokenInvalid, true) }
	b.hours(16)
	b.facebook.fail = nil
	b.hours(30)
	if told := b.told(); told[igauth.EventReauthRequired] != 0 {
		t.Errorf("told %v", told)
	}
}
