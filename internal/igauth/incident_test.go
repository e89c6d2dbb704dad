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
