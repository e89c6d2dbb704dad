package igauth_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"igauth/internal/igauth"
)

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
