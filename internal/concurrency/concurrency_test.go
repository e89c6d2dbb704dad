package concurrency

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"

	"igauth/internal/igauth"
)

// atOnce bounds how many work on the account at the same time.
const atOnce = 5

// wantSteps is how many steps are taken at least. A step is a call that is let
// go, a worker that begins, or a leap of the clock.
var wantSteps = flag.Int("steps", 15_000, "take at least this many steps")

// TestWorkersDoNotHarmEachOther plays one story after the other. When one goes
// wrong, rapid shortens it and prints the seed with which it is told again.
func TestWorkersDoNotHarmEachOther(t *testing.T) {
	const drawn = "rapid.seed"
	given := flag.Lookup(drawn).Value.String() != "0"
	steps := 0
	for seed := 1; steps < *wantSteps && !t.Failed(); seed++ {
		if !given {
			// The same stories each time, so that a failure is a change's and not the
			// day's. More steps tell more of them.
			if err := flag.Set(drawn, strconv.Itoa(seed)); err != nil {
				t.Fatal(err)
			}
		}
		steps += stories(t)
	}
	t.Logf("%d steps", steps)
}

// stories plays as many stories as rapid wants, and returns the number of steps.
func stories(t *testing.T) (steps int) {
	rapid.Check(t, func(r *rapid.T) {
		var caught any
		synctest.Test(t, func(t *testing.T) {
			defer func() { caught = recover() }()
			steps += play(t.Context(), r)
		})
		// Rapid ends a story by a panic, and tells failures apart by where they
		// come from.
		switch fmt.Sprintf("%T", caught) {
		case "<nil>":
		case "rapid.invalidData":
			panic(caught)
		default:
			panic(caught)
		}
	})
	return steps
}

// leaps are how far the clock moves: within a lease, beyond leases, to the next
// look, to the next refresh.
var leaps = []time.Duration{time.Second, 20 * time.Second, time.Minute, 3 * time.Minute, time.Hour, 26 * time.Hour, 31 * day}

// play is one story.
func play(ctx context.Context, r *rapid.T) int {
	w, err := newWorld(ctx)
	if err != nil {
		r.Fatal(err)
	}
	defer func() {
		// Whatever happens, nobody is left behind in the bubble.
		w.s.mu.Lock()
		w.s.open = true
		w.s.mu.Unlock()
		for _, c := range w.s.calls() {
			w.s.release(c, false)
		}
		w.workers.Wait()
	}()
	begin := []struct {
		name string
		do   func()
	}{
		{"connect", w.connect}, {"run", w.run}, {"read", w.read}, {"disconnect", w.disconnect},
		{"refresh", w.refresh}, {"erase", w.erase}, {"move", w.move}, {"import", w.bring},
		{"relay", w.relay},
		{"deauthorize", func() { w.remove(igauth.RemovalDeauthorize) }}, {"deletion", func() { w.remove(igauth.RemovalErase) }},
	}
	tell := func(format string, values ...any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.story = append(w.story, time.Now().Format(time.DateTime)+" "+fmt.Sprintf(format, values...))
	}
	steps := rapid.IntRange(20, 160).Draw(r, "steps")
	// In some stories Meta does not know the app for a while.
	refuses := false
	w.troubled = rapid.IntRange(0, 3).Draw(r, "troubled") == 3
	for range steps {
		time.Sleep(time.Millisecond)
		synctest.Wait()
		waiting := w.s.calls()
		const leap, change, refuse = 1, 2, 3
		kinds := []int{leap, change}
		if w.troubled {
			kinds = append(kinds, refuse)
		}
		choice := rapid.IntRange(0, 19).Draw(r, "choice")
		switch {
		case choice < len(kinds) && kinds[choice] == leap:
			d := rapid.SampledFrom(leaps).Draw(r, "leap")
			tell("%s pass", d)
			time.Sleep(d)
		case choice < len(kinds) && kinds[choice] == change:
			w.seal = !w.seal
			tell("new tokens are sealed: %t", w.seal)
		case choice < len(kinds) && kinds[choice] == refuse:
			refuses = !refuses
			w.meta.setRefuses(refuses)
			tell("Meta knows the app: %t", !refuses)
		case choice < 8 && w.running < atOnce || len(waiting) == 0:
			b := rapid.SampledFrom(begin).Draw(r, "begin")
			if w.running >= atOnce {
				time.Sleep(time.Second) // all of them are waiting for time to pass
				continue
			}
			b.do()
			tell("%s%d begins", b.name, w.started)
		default:
			c := rapid.SampledFrom(waiting).Draw(r, "call")
			stoodStill := rapid.Bool().Draw(r, "stood still")
			tell("%s goes on, clock stood still: %t", c, stoodStill)
			w.s.release(c, stoodStill)
		}
	}
	w.meta.setRefuses(false)
	finish(ctx, w)
	w.read()
	drain(w)
	if err := w.agreement(ctx); err != nil {
		r.Fatalf("%v\n%s", err, strings.Join(w.story, "\n"))
	}
	if !porcupine.CheckOperations(model, w.history) {
		r.Fatalf("what was read is not linearizable: %s\n%s", describe(w.history), strings.Join(w.story, "\n"))
	}
	return steps
}

// drain lets everything go until nobody works any more.
func drain(w *world) {
	for {
		synctest.Wait()
		w.mu.Lock()
		running := w.running
		w.mu.Unlock()
		if running == 0 {
			return
		}
		waiting := w.s.calls()
		if len(waiting) == 0 {
			time.Sleep(time.Second)
			continue
		}
		w.s.release(waiting[0], false)
	}
}

// finish ends what was begun, and lets a week of hourly runs pass.
func finish(ctx context.Context, w *world) {
	drain(w)
	w.s.mu.Lock()
	w.s.open = true
	w.s.mu.Unlock()
	judge := w.party(&worker{w.s, "run"})
	for range 7 * 24 {
		time.Sleep(time.Hour)
		_, _ = judge.refresher.RunOnce(ctx)
	}
}

func describe(history []porcupine.Operation) string {
	var lines []string
	for _, o := range history {
		lines = append(lines, fmt.Sprintf("%d..%d %+v: %+v", o.Call, o.Return, o.Input, o.Output))
	}
	return "\n" + strings.Join(lines, "\n")
}
