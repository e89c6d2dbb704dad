// Package igsim simulates the part of Instagram that hands out access tokens:
// the consent window, the exchange of a code for a token, the exchange of a
// short-lived token for a long-lived one, its refresh, and the profile read
// that tells whose token it is. With it the whole life of a token can be
// watched on a laptop, and tested, without Meta, without an app and without a
// network.
//
// A [Simulator] is one [net/http.Handler] for all three of Meta's hosts, whose
// paths do not collide:
//
//	GET, POST /oauth/authorize        www.instagram.com   the consent window
//	POST      /oauth/access_token     api.instagram.com   code to short-lived token
//	GET       /access_token           graph.instagram.com short-lived to long-lived
//	GET       /refresh_access_token   graph.instagram.com long-lived, prolonged
//	GET       /me                     graph.instagram.com whose token is it
//	DELETE    /me/permissions         graph.instagram.com remove the app (undocumented)
//
// The four on graph.instagram.com also answer under a version: /v25.0/me. The
// simulator's own controls live under /_sim/, a page for people at /, and
// /healthz answers 200.
//
// # What it is strict about
//
// It refuses what Meta refuses, with Meta's texts as far as they are known: a
// redirect URI that differs by one byte, a code used twice, a dead scope, an
// app secret of another app, a refresh before a day has passed or after sixty.
// The facts come from these pages:
//
//   - https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
//   - https://developers.facebook.com/documentation/instagram-platform/reference/oauth-authorize
//   - https://developers.facebook.com/documentation/instagram-platform/reference/access_token
//   - https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token
//   - https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
//   - https://developers.facebook.com/docs/graph-api/guides/error-handling
//   - https://developers.facebook.com/docs/graph-api/overview/rate-limiting
//
// # What nobody knows
//
// Where Meta documents nothing and nobody published a capture, the simulator
// had to choose. Do not learn Meta's behaviour from these:
//
//   - A failed exchange of a code does not spend the code; only success does.
//   - grant_type is looked at last in the exchange of a code.
//   - A refresh before 24 hours is code 100 with a text that says "24 hours".
//     The day counts from the last refresh, not from the first issue.
//   - A short-lived token at the refresh, and a long-lived one at the exchange,
//     get the code 100 "Unsupported request - method type: get" that Instagram
//     is known to answer to tokens of a family it does not serve.
//   - A wrong app secret at the short-to-long exchange is code 1, "Error
//     validating client secret.", as the Facebook family answers it.
//   - A token whose app was removed gets 190 with subcode 458, also borrowed
//     from the Facebook family.
//   - The account of a token that became personal is refused with code 10 until
//     it is professional again; then its tokens work as before.
//   - The consent window refuses a personal account on a page of its own.
//   - DELETE /me/permissions removes the app. Projects call it; no answer of
//     Instagram to it was ever published.
//   - Injected faults answer in the Graph envelope on every endpoint, also on
//     the code exchange, whose own refusals have another.
//
// Where two sources contradict each other about the shape of an answer,
// [Behaviour] switches between the two, and a client should pass with both.
// [Fault] makes an endpoint fail in the ways a network and a large service do.
//
// # Time
//
// Nothing here waits for real time to pass. A [Clock] is moved on, by
// [Clock.Advance] or by POST /_sim/clock, and sixty days are over.
package igsim
