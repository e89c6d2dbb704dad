package scale

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// grouped writes a number with commas.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// tableOf returns the measurements as a table, one column for each.
func tableOf(all []measurement) string {
	names := map[string]bool{}
	for _, m := range all {
		for name := range m.Ledger.Calls {
			names[name] = true
		}
	}
	var text strings.Builder
	row := func(name string, value func(m measurement) string) {
		fmt.Fprintf(&text, "%-28s", name)
		for _, m := range all {
			fmt.Fprintf(&text, "%24s", value(m))
		}
		text.WriteByte('\n')
	}
	row("", func(m measurement) string { return grouped(m.Due) + " due of " + grouped(m.Connected) })
	row("fill, seconds", func(m measurement) string { return fmt.Sprintf("%.1f", m.FillSeconds) })
	row("run, seconds", func(m measurement) string { return fmt.Sprintf("%.3f", m.RunSeconds) })
	row("accounts a second", func(m measurement) string { return fmt.Sprintf("%.1f", m.AccountsSecond) })
	row("of what is possible", func(m measurement) string { return fmt.Sprintf("%.1f %%", 100*m.Possible) })
	row("calls to Meta", func(m measurement) string { return grouped(m.Meta.Calls) })
	row("  in the busiest second", func(m measurement) string { return grouped(m.Meta.Busiest) })
	row("  connections", func(m measurement) string { return grouped(m.Meta.Connections) })
	for _, name := range slices.Sorted(maps.Keys(names)) {
		row("ledger: "+name, func(m measurement) string { return grouped(m.Ledger.Calls[name]) })
	}
	row("ledger: calls that read", func(m measurement) string { return grouped(m.Calls) })
	row("ledger: rows read", func(m measurement) string { return grouped(m.Rows) })
	row("ledger: a call, ms", func(m measurement) string { return fmt.Sprintf("%.1f", 1000*m.Ledger.Seconds/float64(m.Ledger.all())) })
	row("ledger: the slowest, ms", func(m measurement) string { return fmt.Sprintf("%.0f", 1000*m.Ledger.Slowest) })
	row("repeated calls", func(m measurement) string { return grouped(m.Retries) })
	row("peak heap", func(m measurement) string { return fmt.Sprintf("%.1f MB", float64(m.PeakHeap)/megabyte) })
	return text.String()
}

// verdicts says what of the promises was kept. That a run was slow fails no test:
// the machine may have been busy.
func (b *bench) verdicts(t *testing.T, all []measurement) {
	verdict := func(kept bool, format string, values ...any) bool {
		word := "PASS"
		if !kept {
			word = "FAIL"
		}
		fmt.Printf("%s  %s\n", word, fmt.Sprintf(format, values...))
		return kept
	}
	must := func(kept bool, format string, values ...any) {
		if !verdict(kept, format, values...) {
			t.Fail()
		}
	}
	idle, full := all[len(all)-1], all[max(0, len(all)-2)]
	if len(all) == 3 {
		calls, rows := full.Ledger.reads(counting...)
		fewCalls, fewRows := all[0].Ledger.reads(counting...)
		must(near(calls, fewCalls) && near(rows, fewRows),
			"%s due of %s: %s reads of %s rows; of %s: %s of %s (must be within 5 %%; without the count of the accounts, which a small installation takes in every run)",
			grouped(full.Due), grouped(full.Connected), grouped(calls), grouped(rows), grouped(all[0].Connected), grouped(fewCalls), grouped(fewRows))
	}
	shards := b.ledger.Shards()
	calls, _ := idle.Ledger.reads(counting...)
	queries := idle.Ledger.Calls["Due"] + idle.Ledger.Calls["Query due"]
	must(queries == shards && calls == shards+2+1+1, "nothing due of %s: %d queries of what is due, which has %d shards, of %d reads in all (the others: two statuses, the open removals, and the health)",
		grouped(idle.Connected), queries, shards, calls)
	most := uint64(0)
	for _, m := range all {
		most = max(most, m.PeakHeap)
	}
	must(most < heapLimit, "peak heap %.1f MB (must be under %d MB)", float64(most)/megabyte, heapLimit/megabyte)
	if full.Due > 0 {
		// A ledger takes its time of each account's turn, and of this machine's
		// processor, if it runs here.
		ledger := full.Ledger.Seconds / float64(full.Due)
		verdict(full.Possible >= least, "%.1f accounts a second, %.1f %% of the %.1f that are possible (must be at least %.0f %%); the ledger took %.0f ms of each account's time",
			full.AccountsSecond, 100*full.Possible, possible(), 100*least, 1000*ledger)
	}
	if *benchRate > 0 {
		verdict(full.Meta.Busiest <= *benchRate+1, "at most %d requests arrived at Meta within a second, and %d are allowed", full.Meta.Busiest, *benchRate)
	}
}
