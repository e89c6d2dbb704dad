// Package igsim simulates the part of Instagram that hands out access tokens:
// the consent window, the exchange of a code for a token, the exchange of a
// short-lived token for a long-lived one, its refresh, and the profile read
// that tells whose token it is; and the same of Facebook Login for Business,
// through which the Instagram accounts of Pages are reached. With it the whole
// life of a token can be watched on a laptop, and tested, without Meta, without
// an app and without a network.
//
// A [Simulator] is one [net/http.Handler] for all five of Meta's hosts:
//
//	GET, POST /oauth/authorize              www.instagram.com   the consent window
//	POST      /oauth/access_token           api.instagram.com   code to short-lived token
//	GET       /access_token                 graph.instagram.com short-lived to long-lived
//	GET       /refresh_access_token         graph.instagram.com long-lived, prolonged
//	GET       /me                           graph.instagram.com whose token is it
//	DELETE    /me/permissions               graph.instagram.com remove the app (undocumented)
//	GET, POST /v26.0/dialog/oauth           www.facebook.com    the login dialog
//	GET       /v26.0/oauth/access_token     graph.facebook.com  code to token; short to long; the app's token
//	GET       /v26.0/debug_token            graph.facebook.com  what is known of a token
//	GET       /v26.0/me, /v26.0/{id}        graph.facebook.com  a person, a Page, an Instagram account
//	GET       /v26.0/me/accounts            graph.facebook.com  the Pages of a person
//	DELETE    /v26.0/{person}/permissions   graph.facebook.com  remove the app
//
// The four on graph.instagram.com also answer under a version: /v25.0/me. So the
// paths of two hosts collide in /me and /me/permissions under a version. There
// the token decides: one that begins like Facebook's gets Facebook's answer. On
// every other path a token of the other family is refused as one that cannot be
// parsed.
//
// The simulator's own controls live under /_sim/, a page for people at /, and
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
//   - https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow
//   - https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business
//   - https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived
//   - https://developers.facebook.com/documentation/facebook-login/auth-vs-data
//   - https://developers.facebook.com/docs/graph-api/reference/debug_token
//   - https://developers.facebook.com/docs/graph-api/guides/secure-requests
//   - https://developers.facebook.com/docs/graph-api/guides/versioning
//   - https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
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
//   - Injected kinds of fault answer in the Graph envelope on every endpoint, also
//     on the code exchange, whose own refusals have another. Errors by name keep to
//     the envelope of the endpoint.
//
// Of Facebook Login nobody knows, or nobody tells:
//
//   - A code lives ten minutes, and a refused exchange does not spend it.
//   - A code of a configuration is exchanged with its redirect URI or with none,
//     one of the SDK's popup ([Simulator.PopupCode]) only with none.
//   - The ninety days of data access belong to the person, not to a token; only a
//     consent starts them again ([Behaviour] can let an exchange do so). When they
//     are over, calls for data get 190 with subcode 493, which was seen in 2018;
//     the token is still valid to debug_token, and can still be exchanged.
//   - A second consent replaces the choice of Pages, and keeps what was granted
//     and not asked for again. A Page's token survives being unticked.
//   - The permission pages_show_list is missing: the list of Pages is empty, as it
//     is known to be without business_management. instagram_basic is missing: a
//     Page does not show its account, and the account itself is refused with
//     code 10.
//   - A Graph version that ended is answered by the oldest living one, which the
//     header Facebook-Api-Version names; [Behaviour] can have it refused, with
//     code 2635. One that never was gets code 2500.
//   - appsecret_proof is required on every call with a token, the app's own
//     included, and looked at after the token.
//   - A system user's token of sixty days is renewed by fb_exchange_token for sixty
//     more. Neither a password nor a removal by the person touches it.
//   - A Page's token cannot be exchanged. paging.next lacks the proof.
//   - A personal account has no link to a Page any more.
//
// Of the callbacks ([Simulator.SendCallback]) it is not known whether Instagram
// Login sends any, which secret signs them, and whether they have the field
// expires: [Behaviour] chooses.
//
// Where two sources contradict each other about the shape of an answer,
// [Behaviour] switches between the two, and a client should pass with both.
// [Fault] makes an endpoint fail in the ways a network and a large service do, or
// with any of [Errors], the table of what Meta is known to answer.
//
// # Time
//
// Nothing here waits for real time to pass. A [Clock] is moved on, by
// [Clock.Advance] or by POST /_sim/clock, and sixty days are over.
package igsim
