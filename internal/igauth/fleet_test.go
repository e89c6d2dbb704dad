package igauth_test

import (
	"fmt"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// stagger lets every account be asked for at its own time, as in an installation
// that grew.
func (b *bench) stagger() { b.hours(2 * 24) }

// All tokens of an installation die at once: all are reported within 26 hours, also
// those that come up for a look when the incident has been believed. Of more than
// three accounts that are all asked about in the same hour the incident is told in
// that time, and each of them when it has been believed.
func TestDeathOfAWholeFleetIsReportedInTime(t *testing.T) {
	for _, c := range [][3]int{
		{1, 0, 26}, {2, 0, 26}, {3, 0, 26}, {9, 0, 44}, {10, 0, 44}, {200, 4, 26}, {200, 12, 26},
	} {
		n, phase, within := c[0], c[1], c[2]
		t.Run(fmt.Sprintf("%d accounts at hour %d", n, phase), func(t *testing.T) {
			t.Parallel()
			b := newFleet(t, n)
			b.stagger()
			b.hours(phase)
			b.metaSays(everybody(igauth.CodeTokenInvalid))
			for hour := range within {
				b.advance(time.Hour)
				_, _ = b.run()
				if hour == 25 && within > 26 && b.told()[igauth.EventIncident] != 1 {
					t.Errorf("the incident was not told: %v", b.told())
				}
			}
			dead, err := b.ledger.Count(t.Context(), igauth.StatusReauthRequired)
			if err != nil || dead != n {
				t.Errorf("%d of %d were reported, %v; told %v", dead, n, err, b.told())
			}
			b.hours(3 * 24)
			if told := b.told(); told[igauth.EventIncident] > 2 {
				t.Errorf("told of %d incidents", told[igauth.EventIncident])
			}
		})
	}
}

// Two accounts whose refresh has failed for days are each other's witnesses, too.
func TestExpiringAccountsAreWitnesses(t *testing.T) {
	b := newFleet(t, 2)
	b.advance(35 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	b.hours(4 * 24)
	if a := b.account(); a.Status != igauth.StatusExpiring {
		t.Fatalf("got %s", a.Status)
	}
	b.metaSays(everybody(igauth.CodeTokenInvalid))
	b.hours(2)
	if told := b.told(); told[igauth.EventReauthRequired] != 0 {
		t.Errorf("believed after an hour: told %v", told)
	}
}

// A fault of Meta at the end of an incident of death is not taken for the proof
// that all are dead.
func TestOnlyDeathProvesDeath(t *testing.T) {
	b := newFleet(t, 30)
	b.advance(35 * days)
	b.metaSays(everybody(igauth.CodeTokenInvalid))
	b.hours(18)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	b.hours(2)
	if told := b.told(); told[igauth.EventIncident] != 1 {
		t.Errorf("told %v", told)
	}
}

// Three accounts that Meta always refuses are no incident of the app beside two
// that live.
func TestAFewBadAccountsAreNoIncident(t *testing.T) {
	b := newFleet(t, 5)
	b.stagger()
	b.metaSays(func(token string) igauth.Code {
		if token == "old 0" || token == "old 1" || token == "old 2" {
			return igauth.CodeMetaRefused
		}
		return ""
	})
	b.hours(10 * 24)
	if told := b.told(); told[igauth.EventIncident] != 0 {
		t.Errorf("told of incidents %d times in ten days", told[igauth.EventIncident])
	}
}
