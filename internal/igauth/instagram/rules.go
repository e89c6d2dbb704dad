package instagram

import (
	"net/http"
	"slices"
	"strings"

	"igauth/internal/igauth"
)

// A report is a failure as it came in.
type report struct {
	status   int
	envelope envelope
	metaError
}

// An envelope is the form in which a failure was reported.
type envelope uint8

const (
	graphEnvelope envelope = 1 << iota // {"error":{…}}
	flatEnvelope                       // {"error_type":…,"error_message":…}
	noEnvelope                         // neither, such as the page of a proxy
	anyEnvelope   = graphEnvelope | flatEnvelope | noEnvelope
	anyError      = graphEnvelope | flatEnvelope
)

// A rule matches failures by all that it names. The first rule that matches
// decides.
type rule struct {
	// in are the envelopes that it looks into.
	in envelope
	// statuses is a range of HTTP statuses, codes and subcodes are Meta's numbers,
	// message is a part of Meta's text in lower case, and transient Meta's own word
	// for "try again".
	statuses  [2]int
	codes     []int
	subcodes  []int
	message   string
	transient bool
	is        igauth.Code
	// ofApp says that a limit is the app's and not an account's.
	ofApp bool
	// source is the page of Meta or the report that the rule rests on.
	source string
}

func (r rule) matches(f report) bool {
	return r.in&f.envelope != 0 &&
		(r.statuses == [2]int{} || r.statuses[0] <= f.status && f.status <= r.statuses[1]) &&
		(r.codes == nil || slices.Contains(r.codes, int(f.Code))) &&
		(r.subcodes == nil || slices.Contains(r.subcodes, int(f.Subcode))) &&
		strings.Contains(strings.ToLower(f.Message), r.message) &&
		(!r.transient || f.Transient)
}

// Where the rules come from: Meta's pages, and what users of the API report where
// Meta documents nothing.
const (
	metaErrors = "https://developers.facebook.com/docs/graph-api/guides/error-handling"
	metaLimits = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting"
	metaLogin  = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login"

	httpStatuses = "https://www.rfc-editor.org/rfc/rfc9110#section-15.6"
	httpTooMany  = "https://www.rfc-editor.org/rfc/rfc6585#section-4"

	byProbes    = "reported by users: https://github.com/TN-Figueiredo/bythiagofigueiredo/blob/main/docs/ops/instagram-token-alert-runbook.md"
	byPostiz    = "reported by users: https://github.com/gitroomhq/postiz-app"
	byNango     = "reported by users: https://github.com/NangoHQ/nango/issues/5531"
	byExpired   = "reported by users: https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/8"
	byRedirects = "reported by users: https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/2"
	byFeed      = "reported by users: https://github.com/stevenschobert/instafeed.js/issues/654"
	byLegacy    = "reported by users: https://github.com/python-social-auth/social-app-django/issues/643"
	byScopes    = "reported by users: https://github.com/TerribleDev/OwinOAuthProviders/issues/276"
	byProofs    = "reported by users: https://github.com/facebook/facebook-python-business-sdk/issues/528"
	byOtherApp  = "reported by users: https://github.com/facebook/facebook-sdk-for-unity/issues/551"
	byCut       = "reported by users: https://github.com/TiagoGrosso/instagram-graph-api-lib/issues/240"
	byDevMode   = "reported by users: https://github.com/facebookarchive/php-graph-sdk/issues/413"
	byBlocked   = "reported by users: https://github.com/BlackPool25/Whatsapp-Bot/blob/main/docs/FIX_API_BLOCKED.md"
	byInactive  = "reported by users: https://github.com/rupeshtiwari/youtube-automation-suite/blob/main/docs/FIX_FACEBOOK_APP_DEACTIVATED.md"
	byVersions  = "reported by users: https://github.com/facebook/facebook-python-business-sdk/issues/356"
	byFields    = "reported by users: https://github.com/nneessen/commissionTracker"
	byNinety    = "reported by users: https://github.com/MrSwitch/hello.js/issues/548"
	byFormat    = "reported by users: https://github.com/arsduo/koala/issues/606"
	byDomains   = "reported by users: https://github.com/omniauth/omniauth/issues/1055"
	byNotActive = "reported by users: https://github.com/thebergamo/react-native-fbsdk-next/issues/303"
	byNoPage    = "reported by users: https://github.com/burkeholland/InstaSharp/issues/56"
	byUnified   = "reported by users: https://docs.unified.to/skills/instagram-oauth-app/SKILL.md"
	byGraphPath = "reported by users: https://github.com/restfb/restfb"
)

var token = []int{102, 190}

// rules say what a failure is. What a server says about itself comes before what
// a body says, since a body that comes with an outage proves nothing about a
// token; numbers come before texts, and limits before all other numbers, since
// Meta gives them the type of a dead token. A text without its number never ends
// an account.
//
// What no rule knows is CodeMetaRefused, which is transient: what is not
// understood harms no account. That goes for code 100 without a text that is
// known, and for every number that Meta may invent.
var rules = []rule{
	{in: anyEnvelope, statuses: [2]int{429, 429}, is: igauth.CodeRateLimited, source: httpTooMany},
	{in: anyEnvelope, statuses: [2]int{500, 999}, is: igauth.CodeMetaUnavailable, source: httpStatuses},
	// A page of a proxy, a redirect, or nothing at all.
	{in: noEnvelope, is: igauth.CodeMetaUnreadable, source: metaErrors},

	{in: graphEnvelope, codes: []int{4}, is: igauth.CodeRateLimited, ofApp: true, source: metaLimits},
	{in: graphEnvelope, codes: []int{341}, is: igauth.CodeRateLimited, ofApp: true, source: metaErrors},
	{in: graphEnvelope, codes: []int{613}, subcodes: []int{1996}, is: igauth.CodeRateLimited, ofApp: true, source: metaLimits},
	{in: graphEnvelope, codes: []int{17, 32, 613}, is: igauth.CodeRateLimited, source: metaLimits},
	{in: graphEnvelope, codes: []int{368}, is: igauth.CodePolicyBlock, source: metaErrors},
	{in: graphEnvelope, codes: span(80000, 80014), is: igauth.CodeRateLimited, source: metaLimits},
	{in: graphEnvelope, transient: true, is: igauth.CodeMetaUnavailable, source: byProbes},

	{in: graphEnvelope, codes: []int{1}, message: "client secret", is: igauth.CodeAppSecret, source: metaErrors},
	{in: graphEnvelope, codes: []int{1, 2}, is: igauth.CodeMetaUnavailable, source: metaErrors},
	{in: graphEnvelope, codes: []int{101}, is: igauth.CodeAppID, source: metaErrors},
	{in: graphEnvelope, codes: []int{3}, is: igauth.CodeAppCapability, source: metaErrors},
	{in: graphEnvelope, codes: []int{104}, is: igauth.CodeAppSecretProof, source: metaErrors},
	// Both "Invalid appsecret_proof" and "require an appsecret_proof argument" come
	// with code 100.
	{in: graphEnvelope, message: "appsecret_proof", is: igauth.CodeAppSecretProof, source: byProofs},
	{in: graphEnvelope, message: "validating client secret", is: igauth.CodeAppSecret, source: metaErrors},
	{in: graphEnvelope, message: "invalid client secret", is: igauth.CodeAppSecret, source: byProbes},

	// An app that is gone, blocked or another one says nothing about an account.
	{in: graphEnvelope, message: "api access blocked", is: igauth.CodeAppMisconfigured, source: byBlocked},
	{in: graphEnvelope, message: "api access deactivated", is: igauth.CodeAppMisconfigured, source: byInactive},
	{in: graphEnvelope, message: "match the viewing app", is: igauth.CodeTokenOtherApp, source: byOtherApp},
	{in: graphEnvelope, codes: token, message: "validating application", is: igauth.CodeAppMisconfigured, source: metaErrors},
	// The checkpoint must come before the token's death: the token may be fine.
	{in: graphEnvelope, codes: token, subcodes: []int{459}, is: igauth.CodeCheckpoint, source: metaErrors},
	{in: graphEnvelope, codes: token, subcodes: []int{464}, is: igauth.CodeUserUnconfirmed, source: metaErrors},
	{in: graphEnvelope, codes: token, subcodes: []int{483}, is: igauth.CodeConsentBlocked, source: metaErrors},
	{in: graphEnvelope, codes: token, subcodes: []int{492}, is: igauth.CodePageRoleLost, source: metaErrors},
	{in: graphEnvelope, codes: token, subcodes: []int{493}, is: igauth.CodeDataAccessExpired, source: byNinety},
	{in: graphEnvelope, codes: token, message: "checkpoint", is: igauth.CodeCheckpoint, source: byPostiz},
	{in: graphEnvelope, codes: token, message: "until you log in", is: igauth.CodeCheckpoint, source: byPostiz},
	{in: graphEnvelope, codes: token, message: "till you log in", is: igauth.CodeCheckpoint, source: byPostiz},
	{in: graphEnvelope, codes: token, subcodes: []int{458}, is: igauth.CodeAppRemoved, source: metaErrors},
	{in: graphEnvelope, codes: token, message: "not authorized application", is: igauth.CodeAppRemoved, source: metaErrors},
	{in: graphEnvelope, codes: token, subcodes: []int{460}, is: igauth.CodePasswordChanged, source: metaErrors},
	{in: graphEnvelope, codes: token, message: "changed their password", is: igauth.CodePasswordChanged, source: byFeed},
	{in: graphEnvelope, codes: token, subcodes: []int{463}, is: igauth.CodeTokenExpired, source: metaErrors},
	{in: graphEnvelope, codes: token, message: "session has expired", is: igauth.CodeTokenExpired, source: byExpired},
	{in: graphEnvelope, codes: token, message: "cannot parse access token", is: igauth.CodeTokenUnparsable, source: byCut},
	// 467 and whatever other subcode: Instagram mostly sends none.
	{in: graphEnvelope, codes: token, is: igauth.CodeTokenInvalid, source: metaErrors},

	{in: graphEnvelope, message: "unsupported request - method type", is: igauth.CodeNotEligible, source: byNango},
	{in: graphEnvelope, message: "not an instagram business", is: igauth.CodePersonalAccount, source: byPostiz},
	{in: graphEnvelope, message: "developer role", is: igauth.CodeDeveloperRole, source: byProbes},
	{in: anyError, message: "in development mode", is: igauth.CodeDeveloperRole, source: byDevMode},
	{in: anyError, message: "app not active", is: igauth.CodeAppMisconfigured, source: byNotActive},
	{in: graphEnvelope, codes: []int{10}, is: igauth.CodePermissionGone, source: metaErrors},
	{in: graphEnvelope, codes: span(200, 299), is: igauth.CodePermissionGone, source: metaErrors},
	{in: graphEnvelope, codes: []int{100}, subcodes: []int{33}, is: igauth.CodeObjectMissing, source: byPostiz},
	{in: graphEnvelope, codes: []int{100}, subcodes: []int{36007}, is: igauth.CodeCodeInvalid, source: metaErrors},
	{in: graphEnvelope, codes: []int{100}, subcodes: []int{36008}, is: igauth.CodeRedirectURI, source: metaErrors},
	{in: graphEnvelope, codes: []int{100}, subcodes: []int{36009}, is: igauth.CodeCodeUsed, source: metaErrors},
	{in: graphEnvelope, codes: []int{100}, message: "nonexisting field", is: igauth.CodeMetaRequest, source: byFields},
	{in: graphEnvelope, codes: []int{191}, is: igauth.CodeRedirectURI, source: byDomains},
	{in: graphEnvelope, codes: []int{2500}, is: igauth.CodeMetaRequest, source: byGraphPath},
	{in: graphEnvelope, codes: []int{2635}, is: igauth.CodeGraphVersion, source: byVersions},
	{in: graphEnvelope, message: "24 hours", is: igauth.CodeTokenTooYoung, source: byProbes},
	{in: graphEnvelope, message: "too soon", is: igauth.CodeTokenTooYoung, source: byProbes},

	// The code exchange has its texts alone: its code repeats the HTTP status. Meta
	// sends some of them in the other envelope, too.
	{in: anyError, codes: []int{http.StatusTooManyRequests}, is: igauth.CodeRateLimited, source: httpTooMany},
	{in: anyError, message: "matching code was not found", is: igauth.CodeCodeInvalid, source: metaLogin},
	{in: anyError, message: "code has been used", is: igauth.CodeCodeUsed, source: metaLogin},
	{in: anyError, message: "invalid verification code", is: igauth.CodeCodeInvalid, source: byFormat},
	{in: anyError, message: "invalid authorization code", is: igauth.CodeCodeInvalid, source: byProbes},
	{in: anyError, message: "invalid scrubbed redirect_uri", is: igauth.CodeRedirectURI, source: byUnified},
	{in: anyError, message: "redirect_uri", is: igauth.CodeRedirectURI, source: byRedirects},
	{in: anyError, message: "redirect uri", is: igauth.CodeRedirectURI, source: byLegacy},
	{in: anyError, message: "invalid platform app", is: igauth.CodeAppID, source: byProbes},
	{in: anyError, message: "client_id", is: igauth.CodeAppID, source: byProbes},
	{in: anyError, message: "client id", is: igauth.CodeAppID, source: byProbes},
	{in: anyError, message: "client secret", is: igauth.CodeAppSecret, source: byProbes},
	{in: anyError, message: "client_secret", is: igauth.CodeAppSecret, source: byProbes},
	{in: anyError, message: "invalid scope", is: igauth.CodeScopeRefused, source: byScopes},
	{in: anyError, message: "developer role", is: igauth.CodeDeveloperRole, source: byProbes},
	// The texts of Meta's pages, for the case that they come back.
	{in: anyError, message: "this page isn", is: igauth.CodeAppMisconfigured, source: byNoPage},
	{in: anyError, message: "page not found", is: igauth.CodeAppMisconfigured, source: byNoPage},
}

func span(from, to int) []int {
	var numbers []int
	for n := from; n <= to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}
