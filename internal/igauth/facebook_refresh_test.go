package igauth_test

import (
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
