package soak_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// shortest is how long Meta may be silent without any loss, at least.
const shortest = 25 * day

// resolution is how exactly the longest outage is looked for.
var resolution = 3 * time.Hour

// TestLongestOutage looks for the longest silence of Meta that costs no account.
// It begins an hour before the refresh of the account that is due last: nobody can
// be worse off.
func TestLongestOutage(t *testing.T) {
	const those = 60
	tell := func(life time.Duration, only trial) *world {
		var w *world
		synctest.Test(t, func(t *testing.T) {
			w = newWorld(t, rules{accounts: those, life: life.Truncate(time.Hour), seed: *seed, only: &only})
			w.live()
		})
		return w
	}
	calm := tell(36*day, trial{after: 100 * day})
	after := calm.lastFirst.Sub(calm.began) - time.Hour
	survived := func(length time.Duration) bool {
		w := tell(after+length+2*day, trial{after, length})
		if w.connections != those {
			t.Fatalf("%d of %d accounts were connected", w.connections, those)
		}
		return w.failures == 0
	}
	if !survived(shortest) {
		t.Fatalf("accounts are lost in an outage of %d days", shortest/day)
	}
	from, to := shortest, 60*day
	if survived(to) {
		t.Fatalf("nothing is lost in an outage of %d days: it cannot have been one", to/day)
	}
	for to-from > resolution {
		if middle := (from + (to-from)/2).Round(time.Hour); survived(middle) {
			from = middle
		} else {
			to = middle
		}
	}
	t.Logf("the longest outage of Meta without any loss, beginning at the worst hour: %.1f days", from.Hours()/24)
}
