// Package crash proves that igauth survives: it holds no code, only tests.
//
// Every call that the domain makes to its ledger, to its vault, to Meta and to the
// event bus goes through an interceptor that numbers it. For each scenario (a first connection,
// a refresh, a disconnection and so on) a run without faults counts the calls;
// then for each call and each way of failing a new world is built in which just
// that call fails in just that way. The visitor reloads the page, the hourly runs
// go on for three days, and then the invariants must hold: no account without a
// readable token, no token without an account, no secret in the log, and nothing
// lost but what no program can keep. Every event that a committed record has held
// was accepted by the bus in the same words, none that no record has held, and
// nobody was told that a token is dead which lived.
//
// What nobody can keep has three names, and the tests require that exactly these
// occur:
//
//   - C2b: whether Meta has spent the code is not known, as the answer to its
//     exchange was lost, or the process that was about to send it died. The
//     visitor clicks again.
//   - C3: the process ended after Meta's answer to the code and before the token
//     was stored. The visitor clicks again.
//   - R3: Meta has replaced a token and its answer, or the process that got it,
//     was lost, while the replaced token died at once. The account is reported
//     as needing its owner, who connects it again.
//
// With Facebook Login less is lost. R3 does not occur, as nothing that Meta gives
// for an old token ends it. C3 ends when the person's token waits encrypted in the
// flow: whatever becomes of the choice of a Page, the visitor makes it again and
// needs no other consent. Only who chooses and never looks again may be left
// without an account.
//
// Time is virtual and there are no sockets, so that three days take a few
// milliseconds.
package crash
