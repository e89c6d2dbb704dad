package crash_test

import (
	"flag"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var (
	pairsMost = flag.Int("pairs", 0, "how many cases with two faults to run")
	seed      = flag.Uint64("seed", 0, "which pairs are tried first; 0 draws one")
)

const (
	// shortWork is how many calls a scenario may make of which all pairs are
	// tried.
	shortWork = 5
	// recoveryCalls is how many of the calls after a scenario the second fault
	// may strike.
	recoveryCalls = 15
	// perFirst is how many second faults are tried after each first, where not
	// all are.
	perFirst = 6
)

// Two faults, of which the second may strike what people and runs do to recover
// from the first.
func TestPairsOfFaults(t *testing.T) {
	if *only != "" {
		*pairsMost = math.MaxInt
	}
	if *pairsMost <= 0 {
		t.Skip("make crash-pairs runs this; it takes some minutes")
	}
	if *seed == 0 {
		*seed = rand.Uint64N(1 << 32)
	}
	t.Logf("-seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	first, table := singles(t)
	if *only != "" {
		first = slices.DeleteFunc(first, func(c testCase) bool { return !strings.HasPrefix(*only, c.String()) })
	}
	random.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
	slices.SortStableFunc(first, func(a, b testCase) int {
		return compareBool(table[b.scenario.name].calls <= shortWork, table[a.scenario.name].calls <= shortWork)
	})
	for _, row := range table {
		row.cases = 0
	}
	total, strayed := &tally{losses: map[loss]int{}}, 0
	for batch := range slices.Chunk(first, 64) {
		if total.cases >= *pairsMost {
			break
		}
		var pairs []testCase
		inParallel(t, batch, func(c testCase, out outcome) {
			second := faultsOf(out.calls[:min(len(out.calls), out.acted+recoveryCalls)])
			second = slices.DeleteFunc(second, func(f fault) bool { return f.call <= c.faults[0].call || f.mode == twice && f.op == visit.twin })
			if table[c.scenario.name].calls > shortWork && *only == "" {
				random := rand.New(rand.NewPCG(*seed, c.hash()))
				random.Shuffle(len(second), func(i, j int) { second[i], second[j] = second[j], second[i] })
				second = second[:min(perFirst, len(second))]
			}
			for _, f := range second {
				pair := c
				pair.faults = []fault{c.faults[0], f}
				if strings.HasPrefix(pair.String(), *only) {
					pairs = append(pairs, pair)
				}
			}
		})
		inParallel(t, pairs, func(c testCase, out outcome) {
			if out.strayed {
				strayed++
				return
			}
			table[c.scenario.name].count(out)
			total.count(out)
			if c.isOpen() {
				table[c.scenario.name].open++
				total.open++
				if *only == "" {
					return
				}
			}
			judge(t, c, out)
		})
	}
	for _, s := range scenarios {
		t.Logf("%-42s %s", s.name, table[s.name])
	}
	t.Logf("%-42s %s", "all", total)
	// What came in an order that did not come again has tried nothing.
	t.Logf("%d cases could not be tried, as their calls came in another order each time", strayed)
	if strayed > total.cases/100 {
		t.Errorf("%d of %d cases could not be tried", strayed, total.cases)
	}
}

// hash tells cases apart, so that each has a chance of its own.
func (c testCase) hash() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(c.String()))
	return h.Sum64()
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
