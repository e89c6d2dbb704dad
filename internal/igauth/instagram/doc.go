// Package instagram is the client of Meta's API, for both of Meta's doors: a
// [Client] for accounts that log in with Instagram ("Business Login for
// Instagram"), and a [Facebook] for those that come by "Facebook Login for
// Business". The two know different hosts, apps and kinds of tokens, and share
// how a request is sent and what a failure means.
//
// A method is one question, and where Meta documents one way to ask it, one
// request: with a deadline, a limit on the answer's size, no redirect followed
// and no repetition. Whoever calls decides what may be asked again.
//
// Errors are of type *igauth.Error. They are classified here, once, and carry
// neither URL nor body nor token: Meta takes tokens and the app secret in the
// query, and *url.Error prints it.
//
// # Failures
//
// The first line that fits decides. "error" is both of Meta's forms of a failure,
// "graph" the one with an object error, "none" neither, and "any" all of it.
//
//	in     what Meta says                                 code                      class          source
//	any    status 429                                     rate_limited              throttled      [1]
//	any    status 500 and above                           meta_unavailable          transient      [2]
//	none   anything                                       meta_answer_unreadable    transient      [3]
//	graph  code 4                                         rate_limited, of the app  throttled      [4]
//	graph  code 341                                       rate_limited, of the app  throttled      [3]
//	graph  code 613, subcode 1996                         rate_limited, of the app  throttled      [4]
//	graph  code 17 or 32 or 613                           rate_limited              throttled      [4]
//	graph  code 368                                       policy_block              throttled      [3]
//	graph  code 80000 to 80014                            rate_limited              throttled      [4]
//	graph  is_transient                                   meta_unavailable          transient      [5]
//	graph  code 1, "client secret"                        app_secret_wrong          misconfigured  [3]
//	graph  code 1 or 2                                    meta_unavailable          transient      [3]
//	graph  code 101                                       app_id_wrong              misconfigured  [3]
//	graph  code 3                                         app_capability_missing    misconfigured  [3]
//	graph  code 104                                       appsecret_proof_wrong     misconfigured  [3]
//	graph  "appsecret_proof"                              appsecret_proof_wrong     misconfigured  [6]
//	graph  "validating client secret"                     app_secret_wrong          misconfigured  [3]
//	graph  "invalid client secret"                        app_secret_wrong          misconfigured  [5]
//	graph  "api access blocked"                           app_misconfigured         misconfigured  [7]
//	graph  "api access deactivated"                       app_misconfigured         misconfigured  [8]
//	graph  "match the viewing app"                        token_of_another_app      misconfigured  [9]
//	graph  code 102 or 190, "validating application"      app_misconfigured         misconfigured  [3]
//	graph  code 102 or 190, subcode 459                   checkpoint                needs_user     [3]
//	graph  code 102 or 190, subcode 464                   user_unconfirmed          needs_user     [3]
//	graph  code 102 or 190, subcode 483                   consent_blocked           dead           [3]
//	graph  code 102 or 190, subcode 492                   page_role_lost            dead           [3]
//	graph  code 102 or 190, subcode 493                   data_access_expired       dead           [10]
//	graph  code 102 or 190, "checkpoint"                  checkpoint                needs_user     [11]
//	graph  code 102 or 190, "until you log in"            checkpoint                needs_user     [11]
//	graph  code 102 or 190, "till you log in"             checkpoint                needs_user     [11]
//	graph  code 102 or 190, subcode 458                   app_removed               dead           [3]
//	graph  code 102 or 190, "not authorized application"  app_removed               dead           [3]
//	graph  code 102 or 190, subcode 460                   password_changed          dead           [3]
//	graph  code 102 or 190, "changed their password"      password_changed          dead           [12]
//	graph  code 102 or 190, subcode 463                   token_expired             dead           [3]
//	graph  code 102 or 190, "session has expired"         token_expired             dead           [13]
//	graph  code 102 or 190, "cannot parse access token"   token_not_parsable        dead           [14]
//	graph  code 102 or 190                                token_invalid             dead           [3]
//	graph  "unsupported request - method type"            account_not_eligible      misconfigured  [15]
//	graph  "not an instagram business"                    personal_account          needs_user     [11]
//	graph  "developer role"                               developer_role_missing    misconfigured  [5]
//	error  "in development mode"                          developer_role_missing    misconfigured  [16]
//	error  "app not active"                               app_misconfigured         misconfigured  [17]
//	graph  code 10                                        permission_gone           needs_user     [3]
//	graph  code 200 to 299                                permission_gone           needs_user     [3]
//	graph  code 100, subcode 33                           object_missing            needs_user     [11]
//	graph  code 100, subcode 36007                        code_invalid              refused        [3]
//	graph  code 100, subcode 36008                        redirect_uri_mismatch     misconfigured  [3]
//	graph  code 100, subcode 36009                        code_used                 refused        [3]
//	graph  code 100, "nonexisting field"                  meta_request_invalid      transient      [18]
//	graph  code 191                                       redirect_uri_mismatch     misconfigured  [19]
//	graph  code 2500                                      meta_request_invalid      transient      [20]
//	graph  code 2635                                      graph_version_ended       misconfigured  [21]
//	graph  "24 hours"                                     token_too_young           too_young      [5]
//	graph  "too soon"                                     token_too_young           too_young      [5]
//	error  code 429                                       rate_limited              throttled      [1]
//	error  "matching code was not found"                  code_invalid              refused        [22]
//	error  "code has been used"                           code_used                 refused        [22]
//	error  "invalid verification code"                    code_invalid              refused        [23]
//	error  "invalid authorization code"                   code_invalid              refused        [5]
//	error  "invalid scrubbed redirect_uri"                redirect_uri_mismatch     misconfigured  [24]
//	error  "redirect_uri"                                 redirect_uri_mismatch     misconfigured  [25]
//	error  "redirect uri"                                 redirect_uri_mismatch     misconfigured  [26]
//	error  "invalid platform app"                         app_id_wrong              misconfigured  [5]
//	error  "client_id"                                    app_id_wrong              misconfigured  [5]
//	error  "client id"                                    app_id_wrong              misconfigured  [5]
//	error  "client secret"                                app_secret_wrong          misconfigured  [5]
//	error  "client_secret"                                app_secret_wrong          misconfigured  [5]
//	error  "invalid scope"                                scope_refused             misconfigured  [27]
//	error  "developer role"                               developer_role_missing    misconfigured  [5]
//	error  "this page isn"                                app_misconfigured         misconfigured  [28]
//	error  "page not found"                               app_misconfigured         misconfigured  [28]
//	error  anything else                                  meta_refused              transient
//
//	[1] https://www.rfc-editor.org/rfc/rfc6585#section-4
//	[2] https://www.rfc-editor.org/rfc/rfc9110#section-15.6
//	[3] https://developers.facebook.com/docs/graph-api/guides/error-handling
//	[4] https://developers.facebook.com/docs/graph-api/overview/rate-limiting
//	[5] reported by users: https://github.com/TN-Figueiredo/bythiagofigueiredo/blob/main/docs/ops/instagram-token-alert-runbook.md
//	[6] reported by users: https://github.com/facebook/facebook-python-business-sdk/issues/528
//	[7] reported by users: https://github.com/BlackPool25/Whatsapp-Bot/blob/main/docs/FIX_API_BLOCKED.md
//	[8] reported by users: https://github.com/rupeshtiwari/youtube-automation-suite/blob/main/docs/FIX_FACEBOOK_APP_DEACTIVATED.md
//	[9] reported by users: https://github.com/facebook/facebook-sdk-for-unity/issues/551
//	[10] reported by users: https://github.com/MrSwitch/hello.js/issues/548
//	[11] reported by users: https://github.com/gitroomhq/postiz-app
//	[12] reported by users: https://github.com/stevenschobert/instafeed.js/issues/654
//	[13] reported by users: https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/8
//	[14] reported by users: https://github.com/TiagoGrosso/instagram-graph-api-lib/issues/240
//	[15] reported by users: https://github.com/NangoHQ/nango/issues/5531
//	[16] reported by users: https://github.com/facebookarchive/php-graph-sdk/issues/413
//	[17] reported by users: https://github.com/thebergamo/react-native-fbsdk-next/issues/303
//	[18] reported by users: https://github.com/nneessen/commissionTracker
//	[19] reported by users: https://github.com/omniauth/omniauth/issues/1055
//	[20] reported by users: https://github.com/restfb/restfb
//	[21] reported by users: https://github.com/facebook/facebook-python-business-sdk/issues/356
//	[22] https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
//	[23] reported by users: https://github.com/arsduo/koala/issues/606
//	[24] reported by users: https://docs.unified.to/skills/instagram-oauth-app/SKILL.md
//	[25] reported by users: https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/2
//	[26] reported by users: https://github.com/python-social-auth/social-app-django/issues/643
//	[27] reported by users: https://github.com/TerribleDev/OwinOAuthProviders/issues/276
//	[28] reported by users: https://github.com/burkeholland/InstaSharp/issues/56
package instagram
