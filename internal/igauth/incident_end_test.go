package igauth_test

import (
	"errors"
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A row that cannot be read keeps no incident open, and no account from being told
// of, when nobody is left whom Meta could be asked about.
func TestDamagedRowStopsNoRunDuringAnIncident(t *testing.T) {
	b := newFleet(t, 20)
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: &damagedLedger{Ledger: b.ledger, err: igauth.ErrDamaged}, Vault: b.vault, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	b.store = store
	b.refresherWith(igauth.RefresherConfig{})
	b.advance(40 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	if report, _ := b.run(); report.Incident == nil {
		t.Fatalf("no incident: %+v", report)
	}
	b.advance(20*days + time.Hour)
	if report, err := b.run(); report.ReauthNeeded != 20 || report.Incident != nil || !errors.Is(err, igauth.ErrDamaged) {
		t.Errorf("their time is over: got %+v, %v", report, err)
	}
}

// partly lets a part of all calls fail, another part in every hour.
func (b *bench) partly(share float64, code igauth.Code) {
	n := 0
	b.metaSays(func(token string) igauth.Code {
		n++
		h := fnv.New32a()
		fmt.Fprint(h, token, b.now(), n)
		if float64(h.Sum32()%1000) < share*1000 {
			return code
		}
		return ""
	})
}

// Meta fails for most, day after day. That is one incident, or a few, and not one an
// hour.
func TestIncidentOfMostDoesNotComeAndGo(t *testing.T) {
	for share, most := range map[float64]int{0.6: 20, 0.7: 4, 0.8: 2} {
		t.Run(fmt.Sprintf("%.0f %%", share*100), func(t *testing.T) {
			t.Parallel()
			b := newFleet(t, 100)
			b.refresherWith(igauth.RefresherConfig{Parallel: 1})
			b.stagger()
			b.partly(share, igauth.CodeMetaUnavailable)
			b.hours(5 * 24)
			if told := b.told()[igauth.EventIncident]; told == 0 || told > most {
				t.Errorf("told of incidents %d times in five days", told)
			}
			b.metaSays(nobody)
			b.hours(2)
			if open := b.health().Incidents; len(open) != 0 || b.told()[igauth.EventIncident]%2 != 0 {
				t.Errorf("Meta is back: %+v, told %v", open, b.told())
			}
		})
	}
}

// An outage ends, and another failure of all begins before anybody was well: the
// first is over and the second is told, with its own beginning.
func TestIncidentOfAnotherKindIsAnother(t *testing.T) {
	b := newFleet(t, 40)
	b.advance(35 * days)
	b.refresherWith(igauth.RefresherConfig{Parallel: 1})
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	_, _ = b.run()
	first := b.health().Incidents[0]
	b.advance(time.Hour)
	asked := 0
	b.metaSays(func(string) igauth.Code {
		if asked++; asked == 1 {
			return ""
		}
		return igauth.CodeTokenInvalid
	})
	for range 30 {
		if _, err := b.run(); err == nil {
			t.Fatal("nobody is told that something is wrong")
		}
		if open := b.health().Incidents; len(open) == 1 && open[0].ID != first.ID {
			if open[0].Class != igauth.ClassDead || !open[0].Since.Equal(b.now()) {
				t.Errorf("got %+v", open[0])
			}
			return
		}
		b.advance(time.Hour)
	}
	t.Errorf("got %+v", b.health().Incidents)
}

// Meta answers the trial, and fails again in the same run: it is still the same
// incident.
func TestIncidentLastsWhileRunsTrip(t *testing.T) {
	b := newFleet(t, 40)
	b.advance(35 * days)
	b.refresherWith(igauth.RefresherConfig{Parallel: 1})
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	_, _ = b.run()
	first := b.health().Incidents[0]
	for range 12 {
		b.advance(time.Hour)
		asked := 0
		b.metaSays(func(string) igauth.Code {
			if asked++; asked == 1 {
				return ""
			}
			return igauth.CodeMetaUnavailable
		})
		if report, err := b.run(); !errors.Is(err, igauth.ErrIncident) || report.Incident.ID != first.ID || !report.Incident.Since.Equal(first.Since) {
			t.Fatalf("got %+v, %v", report.Incident, err)
		}
	}
	if told := b.told(); told[igauth.EventIncident] != 1 {
		t.Errorf("told %v", told)
	}
}

// One run finds Meta well while another one trips: what the other saw counts.
func TestIncidentThatAnotherRunSeesStays(t *testing.T) {
	b := newFleet(t, 20)
	b.advance(35 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	_, _ = b.run()
	b.metaSays(nobody)
	b.advance(time.Hour)
	h := b.health()
	h.Incidents[0].SeenAt = b.now().Add(time.Minute)
	if err := b.ledger.Save(t.Context(), igauth.Change{Health: &h, Attempt: "4123456789abcdef0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.run(); !errors.Is(err, igauth.ErrIncident) {
		t.Errorf("the incident is over: %v", err)
	}
	b.advance(time.Hour)
	if _, err := b.run(); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// The parts of a run do not wait till the part that tried has done all its work.
func TestPartsWaitForTheTrialAlone(t *testing.T) {
	b := newSpreadFleet(t, 40)
	b.advance(35 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	_, _ = b.refresher.RunShard(t.Context(), 0, 4)
	if len(b.health().Incidents) != 1 {
		t.Fatal("no incident")
	}
	b.advance(time.Hour)
	b.refresherWith(igauth.RefresherConfig{Parallel: 1})
	var open []int
	b.metaSays(func(string) igauth.Code {
		open = append(open, len(b.health().Incidents))
		return ""
	})
	report, err := b.refresher.RunShard(t.Context(), 0, 4)
	if err != nil || report.Refreshed < 5 || open[0] != 1 || open[1] != 0 {
		t.Errorf("got %+v, %v; incidents at each call %v", report, err, open)
	}
}
