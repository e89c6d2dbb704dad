package soak_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"igauth/internal/igauth"
)

var (
	accounts = flag.Int("accounts", 100, "how many accounts live")
	years    = flag.Float64("years", 1.5, "for how long they live")
	seed     = flag.Uint64("seed", 1, "what is drawn; the same seed tells the same story")
	enough   = flag.Int("violations", 10, "end the story after so many")
	allDead  = flag.Duration("alldead", longestAllDead, "how long Meta may call every token dead")
	shards   = flag.Int("shards", 1, "into how many parts the index of what is due is divided; with more than one, two stories of one seed differ")
	trace    = flag.Bool("trace", false, "tell what every run reports")
	facebook = flag.Float64("facebook", 0.2, "the part of the accounts that came through Facebook Login")
	rotated  = flag.Float64("rotating", 0, "the part of the accounts whose old token dies at the moment of a refresh")
)

func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(400)
	if *shards == 1 {
		// One after the other, goroutines take the same turns each time.
		runtime.GOMAXPROCS(1)
	}
	os.Exit(m.Run())
}

const year = 365 * day

// TestNoLiveTokenDies is the proof. What it wants stands in the package's comment.
func TestNoLiveTokenDies(t *testing.T) {
	r := rules{accounts: *accounts, life: time.Duration(*years * float64(year)).Truncate(time.Hour), seed: *seed, rotating: *rotated}
	if r.life < 100*day {
		t.Fatalf("-years %g: there is no room for the outages, take 0.3 at least", *years)
	}
	t.Logf("%d accounts, %s years, seed %d: go test ./internal/soak -run '^%s$' -accounts %d -years %g -seed %d",
		r.accounts, fmt.Sprint(*years), r.seed, t.Name(), r.accounts, *years, r.seed)
	began := time.Now()
	var w *world
	defer func() { t.Log(w.table(time.Since(began))) }()
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t, r)
		w.live()
	})
}

// table is what came of it.
func (w *world) table(took time.Duration) string {
	var text strings.Builder
	line := func(name, format string, values ...any) {
		fmt.Fprintf(&text, "\n%-44s "+format, append([]any{name}, values...)...)
	}
	perYear := func(n int) float64 { return float64(n) / float64(w.accounts) / (float64(w.life) / float64(year)) }
	calls := 0
	for _, n := range w.meta.calls {
		calls += n
	}
	line("refreshes per account and year", "%.2f", perYear(w.meta.refreshes))
	line("calls to Meta per account and year", "%.0f", perYear(calls))
	line("writes to the ledger per account and year", "%.0f", perYear(int(w.writes.Load())))
	line("too young, as an answer was lost", "%d", w.meta.young)
	line("outages", "%d", len(w.plan.outages))
	line("incidents told", "%d", w.journal.incidents)
	line("accounts ended by their owners", "%d", w.deaths)
	line("  of which told", "%d, the slowest after %d hours", w.reported, w.slowest)
	line("  of which data access lapsed", "%d", w.lapses)
	line("connections", "%d", w.connections)
	line("taken for dead and revived", "%d", w.revived)
	for _, what := range []igauth.EventType{
		igauth.EventConnected, igauth.EventRefreshed, igauth.EventFailing, igauth.EventExpiring,
		igauth.EventReauthRequired, igauth.EventRecovered, igauth.EventDisconnected, igauth.EventIncident,
	} {
		line("event "+string(what), "%d", w.journal.accepted[what])
	}
	line("events told more than once", "%d", w.journal.duplicates)
	line("the slowest event was told", "%d hours later", w.journal.slowest)
	if w.rotating > 0 {
		line("lost as Meta killed the old token (R3)", "%d", w.allowed)
	}
	line("violations", "%d", w.failures)
	line("digest of all events", "%016x", w.journal.digest)
	line("took", "%s, of the processor %s, %.0f µs per call to Meta", took.Round(time.Second), processor().Round(time.Second), processor().Seconds()/float64(max(calls, 1))*1e6)
	return text.String()
}

// processor is how long this process has computed.
func processor() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
