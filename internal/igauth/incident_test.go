package igauth_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// An app secret that Meta refuses keeps everybody from connecting. That is one
// incident, however many visitors come, and does not keep tokens from being
// refreshed.
func TestRefusedSecretIsAnIncident(t *testing.T) {
	for code, incident := range map[igauth.Code]bool{
		igauth.CodeAppSecret: true, igauth.CodeAppID: true,
		// A visitor can cause these.
		igauth.CodeCodeInvalid: false, igauth.CodeRedirectURI: false, igauth.CodeMetaUnavailable: false,
	} {
		t.Run(string(code), func(t *testing.T) {
			b := newBench(t)
			connector, err := igauth.NewConnector(igauth.ConnectorConfig{Store: b.store, Meta: &fakeMeta{now: b.now, exchange: refuse(code)}, Timeout: 3 * time.Second, Patience: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				if _, err := connector.Finish(t.Context(), b.arrival(fmt.Sprint("visitor ", i))); err != nil {
					t.Fatal(err)
				}
			}
			got, open := b.health().Incident(igauth.PlaceConnect, igauth.LoginInstagram)
			if open != incident || open && (got.Code != code || b.health().Revision != 1) {
				t.Fatalf("got %+v, saved %d times", got, b.health().Revision)
			}
			if !incident {
				return
			}
			b.advance(35 * days)
			report, err := b.run()
			if report.Refreshed != 1 || errors.Is(err, igauth.ErrIncident) || len(b.health().Incidents) != 0 {
				t.Errorf("a day later: got %+v, %v", report, err)
			}
			if got := b.messages(igauth.EventIncident); len(got) != 2 || got[0].Body.Detail != "open" || got[1].Body.Detail != "resolved" || got[0].Body.Incident.Place != igauth.PlaceConnect {
				t.Errorf("told %+v", got)
			}
		})
	}
}

// While it lasts the runs say so.
func TestRunReportsWhoCannotConnect(t *testing.T) {
	b := newBench(t)
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{Store: b.store, Meta: &fakeMeta{now: b.now, exchange: refuse(igauth.CodeAppSecret)}, Timeout: 3 * time.Second, Patience: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = connector.Finish(t.Context(), b.arrival("visitor"))
	b.advance(23 * time.Hour)
	report, err := b.run()
	if !errors.Is(err, igauth.ErrIncident) || report.Incident == nil || report.Probed != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func refuse(code igauth.Code) func() (igauth.Grant, error) {
	return func() (igauth.Grant, error) { return igauth.Grant{}, failure(code, true) }
}

// The Meta app's secret keeps those from connecting who come through Facebook.
func TestRefusedMetaAppSecretIsAnIncidentOfFacebookLogin(t *testing.T) {
	b := newBench(t)
	facebook := newFakeFacebook(b.now)
	facebook.refuse = func(string) error { return failure(igauth.CodeAppSecret, true) }
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{
		Store: b.store, Meta: &fakeMeta{now: b.now}, Facebook: facebook, MetaAppID: testMetaAppID, Timeout: 3 * time.Second, Patience: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	arrival := b.arrival("visitor")
	arrival.Login = igauth.LoginFacebook
	if outcome, err := connector.Finish(t.Context(), arrival); err != nil || outcome.Code != igauth.CodeAppSecret {
		t.Fatalf("got %+v, %v", outcome, err)
	}
	if open := b.health().Incidents; len(open) != 1 || open[0].Login != igauth.LoginFacebook || open[0].Place != igauth.PlaceConnect {
		t.Errorf("got %+v", open)
	}
	b.advance(35 * days)
	if report, err := b.run(); err != nil || report.Refreshed != 1 || len(b.health().Incidents) != 0 {
		t.Errorf("a month later: got %+v, %v", report, err)
	}
}

// The end of each run is written down, for whoever asks whether the schedule lives.
func TestEndOfARunIsWrittenDown(t *testing.T) {
	b := newBench(t)
	if at, _, err := b.store.LastRun(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("before the first: got %s, %v", at, err)
	}
	for range 3 {
		b.advance(time.Hour)
		_, _ = b.run()
		ran := b.now()
		b.advance(10 * time.Minute)
		if at, age, err := b.store.LastRun(t.Context()); err != nil || !at.Equal(ran) || age != 10*time.Minute {
			t.Errorf("got %s, %s ago, %v; want %s", at, age, err, ran)
		}
	}
	// Of the parts of a run the first one does it.
	before := b.health()
	b.advance(time.Hour)
	if _, err := b.refresher.RunShard(t.Context(), 1, 2); err != nil || b.health().RanAt != before.RanAt {
		t.Errorf("another part wrote %s, %v", b.health().RanAt, err)
	}
}
