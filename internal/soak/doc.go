// Package soak proves that igauth keeps tokens alive for years: it holds no code,
// only tests.
//
// Accounts of both logins live for years of virtual time, with a run every hour. The store, the
// runs, the relay of events, the connections and the client of Meta are the real
// ones; the ledger, the vault, the bus and Meta are doubles in memory, which fail
// in every way that is known, one by one and all at once: errors before and after
// a write was applied, days without an answer, functions that are killed, runs
// that come twice, late or never, answers that are slow, broken or of another
// world, outages of Meta of every kind, passwords that change and apps that are
// removed.
//
// What must hold is written down beside the doubles, which see what really
// happens: Meta knows which tokens live, and the ledger which change was
// committed when. It is compared at every commit, at every call and at every
// hour:
//
//   - No account is lost whose owner has not ended it: the token in store is
//     accepted by Meta, and is so for ever.
//   - Every account that has ended is told of within 26 hours in which there
//     were runs, and Meta and the stores answered.
//   - No event is lost, changes, or tells what did not happen.
//   - Nobody is asked to connect again in vain, and nobody's data stops to be shown
//     to Facebook Login without a warning in time.
//   - Meta sees no refresh of a token younger than a day, and no more calls than
//     the configured rate.
//
// What nobody can keep stays out: an account of which Meta replaces the token and
// kills the old one in the same moment is lost when that answer is lost. The flag
// -rotating gives some accounts this kind of Meta, and counts what it costs.
//
// All that is drawn comes from the seed, which is printed. `make soak` lives ten
// years with ten thousand accounts, `go test` a year and a half with few.
package soak
