// Package igauth keeps Instagram access tokens alive. It is the domain of the
// program: it imports the standard library and golang.org/x/time/rate only, and
// everything that touches the outside (Meta, AWS, a file) implements one of its
// interfaces in a package of its own.
//
// # The nouns
//
// An [Account] is one Instagram professional account connected through this
// installation. Its row is kept by a [Ledger] and holds everything except the
// token's text, which a [Vault] keeps; the row points to it with a [Ref].
// A [Flow] is one attempt to connect, from /authorize to the end of /callback.
// A [Person] is whoever connected accounts, by the id that Meta's callbacks use;
// a [Removal] is what such a callback asked for, and its receipt.
// A [Secret] is text that does not print.
//
// # The verbs
//
//   - [AuthorizeHandler] sends a visitor to Instagram or Facebook. It makes no
//     remote call.
//   - [CallbackHandler] receives the visitor back and hands the code to a
//     [Connector], which spends it once and stores the account.
//     With Facebook Login a visitor may have several; the flow then waits for
//     their choice.
//   - [Refresher] runs on a schedule: it refreshes the tokens that are due, asks
//     about accounts that have been silent, and finishes what a crash left.
//   - [Relay] tells the outside what happened, from the rows in which it waits.
//   - [NewDeauthorizeHandler] and [DeletionHandler] answer Meta when somebody
//     removes the app or wants to be forgotten.
//   - [AccountsHandler] is the API of the site's backend.
//   - [Links] makes addresses by which an account's owner connects it again.
//
// # How a token is replaced
//
// Whoever wants to write a token goes through the same steps, and may be killed
// between any two of them:
//
//  1. intent: the row is saved with a [Lease] that names the attempt;
//  2. Meta is asked;
//  3. the vault keeps the new token under the attempt's name, unpromoted;
//  4. the row is saved with the new Ref and the next generation: this is the
//     only commit point;
//  5. the vault promotes the Ref, for those who read the vault directly.
//
// A crash after 3 leaves a token in the vault and the attempt's name in the row,
// so that the next run finds the one by the other and finishes (see
// [Vault.Find]). A slow writer whose row has moved on fails at 4 and has changed
// nothing.
package igauth
