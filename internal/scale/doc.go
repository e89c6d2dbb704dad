// Package scale measures what a run costs when there are many accounts: it holds
// no code, only tests.
//
// The tests show with thousands of accounts what must be true of millions: a run
// reads what is due and not what is connected, its memory does not grow with what
// is due, and Meta is never asked more often than allowed, all counted and none
// of it by the clock on the wall. How fast a run is, the benchmark says:
//
//	go test -run '^$' -bench . ./internal/scale
//
// The whole is measured by `make bench-refresh ACCOUNTS=1000000`, which fills a
// ledger and prints a table.
package scale
