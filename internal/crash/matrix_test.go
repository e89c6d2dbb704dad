package crash_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var only = flag.String("case", "", "run only the cases whose name begins like this, and show their calls")

// recovery is how long the hourly runs go on after a scenario.
const recovery = 3 * day

// A case is a scenario in one setting with faults.
type testCase struct {
	scenario         *scenario
	behaviour, stack string
	faults           []fault
}

func (c testCase) setting() string {
	return c.scenario.name + "/" + c.behaviour + "/" + c.stack
}

func (c testCase) String() string {
	name := c.setting()
	for _, f := range c.faults {
		name += "/" + f.String()
	}
	return name
}

// An outcome is what became of a case.
type outcome struct {
	problems []string
	losses   map[loss]int
	calls    []call
	// acted is how many of the calls the scenario itself made.
	acted int
	log   string
	told  time.Duration
}

// run runs a case in a world and a time of its own.
func (c testCase) run(t *testing.T, o *outside) (out outcome) {
	dir, err := os.MkdirTemp(scratch(), "igauth-crash-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	defer func() {
		if broken := recover(); broken != nil {
			out.problems = append(out.problems, fmt.Sprintf("the run broke off: %v", broken))
		}
	}()
	synctest.Test(t, func(*testing.T) {
		w := newWorld(c.scenario, c.behaviour, func() *stack { return stacks[c.stack](o, dir) }, c.faults)
		w.scenario.before(w)
		w.arm()
		w.scenario.act(w)
		out.acted = len(w.calls)
		w.checkReadable("at once")
		for _, do := range w.scenario.after {
			do(w)
		}
		w.checkReadable("after the people's part")
		w.ticks(recovery)
		w.settled()
		w.finish()
		w.checkPuts()
		w.checkLog()
		out.problems, out.losses, out.calls, out.log, out.told = w.problems, w.losses, w.calls, w.text.String(), w.told
	})
	return out
}

// scratch is a folder in memory, where there is one, since the embedded ledger
// waits for the disk at each save.
var scratch = sync.OnceValue(func() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
})

// inParallel runs cases on all processors and hands over their outcomes in the
// order in which they come.
func inParallel(t *testing.T, cases []testCase, report func(c testCase, out outcome)) {
	t.Helper()
	work := make(chan testCase)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			o := newOutside()
			defer o.close()
			for c := range work {
				out := c.run(t, o)
				mu.Lock()
				report(c, out)
				mu.Unlock()
			}
		})
	}
	for _, c := range cases {
		work <- c
	}
	close(work)
	workers.Wait()
}

// settings returns every scenario with every behaviour on every stack.
func settings() []testCase {
	var all []testCase
	for _, s := range scenarios {
		behaviours := s.behaviours
		if behaviours == nil {
			behaviours = []string{"same"}
		}
		for _, behaviour := range behaviours {
			for _, stack := range slices.Sorted(maps.Keys(stacks)) {
				if s.stacks != nil && !slices.Contains(s.stacks, stack) {
					continue
				}
				if len(s.works) > 1 && (stack == "aws-sealed" || stack != "aws" && behaviour != "new-old-dies") {
					continue // Races cost most, and the vault makes the difference.
				}
				all = append(all, testCase{scenario: s, behaviour: behaviour, stack: stack})
			}
		}
	}
	return all
}

// A row of the table.
type tally struct {
	calls, cases int
	losses       map[loss]int
}

func TestSingleFaults(t *testing.T) {
	began := time.Now()
	var cases []testCase
	table := map[string]*tally{}
	inParallel(t, settings(), func(c testCase, out outcome) {
		row := table[c.scenario.name]
		if row == nil {
			row = &tally{losses: map[loss]int{}}
			table[c.scenario.name] = row
		}
		row.calls = max(row.calls, out.acted)
		for _, problem := range out.problems {
			t.Errorf("%s without a fault: %s", c, problem)
		}
		if len(out.losses) > 0 {
			t.Errorf("%s without a fault: lost %v", c, out.losses)
		}
		seen := map[string]bool{}
		for k := range out.acted {
			op := out.calls[k].op
			first := !seen[op]
			seen[op] = true
			for _, m := range modes {
				if m.applies(op) {
					one := c
					one.faults = []fault{{call: k + 1, op: op, mode: m, first: first}}
					if strings.HasPrefix(one.String(), *only) {
						cases = append(cases, one)
					}
				}
			}
		}
	})
	slices.SortFunc(cases, func(a, b testCase) int { return strings.Compare(a.String(), b.String()) })

	total := &tally{losses: map[loss]int{}}
	var told time.Duration
	inParallel(t, cases, func(c testCase, out outcome) {
		for _, count := range []*tally{table[c.scenario.name], total} {
			count.cases++
			for l := range out.losses {
				count.losses[l]++
			}
		}
		told = max(told, out.told)
		judge(t, c, out)
	})
	for _, s := range scenarios {
		row := table[s.name]
		t.Logf("%-36s %3d calls %5d cases  C2b %3d  C3 %3d  R3 %3d", s.name, row.calls, row.cases, row.losses[lossC2b], row.losses[lossC3], row.losses[lossR3])
	}
	t.Logf("%-36s           %5d cases  C2b %3d  C3 %3d  R3 %3d", "all", total.cases, total.losses[lossC2b], total.losses[lossC3], total.losses[lossR3])
	t.Logf("A visitor who is told to try again is told so after %s at most. All this took %s.", told, time.Since(began).Round(time.Millisecond))
	if *only == "" {
		for _, l := range []loss{lossC2b, lossC3, lossR3} {
			if total.losses[l] == 0 {
				t.Errorf("%s, which cannot be avoided, did not occur: the faults do not strike", l)
			}
		}
	}
}

// judge reports what is wrong with a case, in a line from which it can be run
// again.
func judge(t *testing.T, c testCase, out outcome) {
	t.Helper()
	for _, problem := range out.problems {
		t.Errorf("%s\n\tgo test ./internal/crash -run '%s' -case '%s'", problem, t.Name(), c)
	}
	if *only != "" {
		var lines []string
		for _, call := range out.calls[:min(len(out.calls), out.acted+40)] {
			lines = append(lines, call.String())
		}
		t.Logf("%s: lost %v\n%s\n%s", c, out.losses, strings.Join(lines, "\n"), out.log)
	}
}
