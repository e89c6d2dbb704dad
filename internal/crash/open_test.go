package crash_test

import (
	"regexp"
	"slices"
)

// open are the cases that are known to fail, and why. The tests fail when one of
// them passes. In the settings that pairs names, two faults are not judged.
var open = []struct{ why, cases, pairs string }{
	{
		// While a vault is being emptied nobody connects, and if who empties it dies
		// that lasts for two minutes. A visitor's code is spent before that is known.
		"nobody can connect while a dead process is emptying the vault", `none`,
		`visitor during move at .*`,
	},
	{
		// One has put what Meta gave, and somebody else takes the account over before
		// its commit; then both of them die. Nobody knows any more by which name the
		// first one's token is found.
		"a worker and the one that overtook it both die", `none`,
		`(visitor|run|import) during (visitor|run|import) at .*/new-old-dies/.*`,
	},
	{
		// The next try comes a day after the run began, not after Meta was asked.
		"a refresh whose answer was lost is tried again some milliseconds before a day is over", `none`,
		`refresh/same/.*`,
	},
}

var openCases, openPairs = func() (cases, pairs []*regexp.Regexp) {
	for _, o := range open {
		cases = append(cases, regexp.MustCompile("^(?:"+o.cases+")$"))
		pairs = append(pairs, regexp.MustCompile("^(?:"+o.pairs+")$"))
	}
	return cases, pairs
}()

// isOpen reports whether a case is known to fail, or may.
func (c testCase) isOpen() bool {
	name, patterns := c.String(), openCases
	if len(c.faults) > 1 {
		name, patterns = c.setting(), openPairs
	}
	return slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(name) })
}
