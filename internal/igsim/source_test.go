package igsim_test

import (
	"strings"
	"testing"
)

// Where the strict rows come from: pages of Meta, and reports from the field.
const (
	srcLogin     = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login"
	srcAuthorize = "https://developers.facebook.com/documentation/instagram-platform/reference/oauth-authorize"
	srcExchange  = "https://developers.facebook.com/documentation/instagram-platform/reference/access_token"
	srcRefresh   = "https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token"
	srcStart     = "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started"
	srcErrors    = "https://developers.facebook.com/docs/graph-api/guides/error-handling"
	srcLimits    = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting"
	srcProbes    = "https://github.com/TN-Figueiredo/bythiagofigueiredo/blob/main/docs/ops/instagram-token-alert-runbook.md"
	srcScopes    = "https://github.com/TerribleDev/OwinOAuthProviders/issues/276"
	srcMessages  = "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/2"
	srcExpired   = "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/8"
	srcFeed      = "https://github.com/stevenschobert/instafeed.js/issues/654"
	srcNango     = "https://github.com/NangoHQ/nango/issues/5531"
	srcNoUserID  = "https://github.com/nneessen/commissionTracker"
	srcRestFB    = "https://github.com/restfb/restfb"
	srcPostiz    = "https://github.com/gitroomhq/postiz-app"

	// Of Facebook Login.
	srcManual      = "https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow"
	srcBusiness    = "https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business"
	srcOnboarding  = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/business-login-for-instagram"
	srcLongLived   = "https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived"
	srcTokens      = "https://developers.facebook.com/documentation/facebook-login/guides/access-tokens"
	srcDebug       = "https://developers.facebook.com/docs/graph-api/reference/debug_token"
	srcDebugRole   = "https://github.com/nyaruka/rapidpro/pull/3734"
	srcData        = "https://developers.facebook.com/documentation/facebook-login/auth-vs-data"
	srcDataLapsed  = "https://github.com/MrSwitch/hello.js/issues/548"
	srcProof       = "https://developers.facebook.com/docs/graph-api/guides/secure-requests"
	srcProofNeeded = "https://github.com/facebookarchive/php-graph-sdk/issues/984"
	srcHidden      = "https://github.com/fbsamples/reels_publishing_apis/pull/38"
	srcVersions    = "https://developers.facebook.com/docs/graph-api/guides/versioning"
	srcDeprecated  = "https://github.com/facebook/facebook-python-business-sdk/issues/356"
	srcFamilies    = "https://github.com/TiagoGrosso/instagram-graph-api-lib/issues/240"
	srcPermissions = "https://developers.facebook.com/docs/graph-api/reference/user/permissions/"
	srcBlocked     = "https://openillumi.com/en/en-fix-facebook-login-url-blocked-oauth-settings"
	srcMixed       = "https://github.com/PostHog/posthog/pull/86748"
	srcCodeFormat  = "https://github.com/arsduo/koala/issues/606"
	srcNoEnd       = "https://github.com/pixelant/pxa_social_feed/issues/105"
	srcDeletion    = "https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback"
)

// sourced fails for a row that does not say where its strictness comes from.
func sourced(t *testing.T, source string) {
	t.Helper()
	if !strings.HasPrefix(source, "https://") {
		t.Errorf("the row has no source")
	}
}
