// Package concurrency shows that workers on one account cannot harm each other,
// however slow they are: it holds no code, only tests.
//
// Connections, imports, refreshes, disconnections, erasures, Meta's callbacks,
// moves and reads work on one account at the same time. Each call to a store or to
// Meta waits until a scheduler lets it go, which may be long after its worker's
// lease has ended; which worker goes on, and how far the clock moves meanwhile, is
// drawn at random and shrunk to a short story when something goes wrong.
//
// Two things are checked: that what readers see is linearizable, so that no read
// returns a token that was taken away before, and that in the end the ledger,
// the vault and Meta agree.
package concurrency
