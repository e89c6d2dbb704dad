package instagram_test

import (
	"strings"
	"testing"
)

// Where the facts about Meta come from: its own pages, and reports from the
// field where it documents nothing.
const (
	srcLogin    = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login"
	srcExchange = "https://developers.facebook.com/documentation/instagram-platform/reference/access_token"
	srcRefresh  = "https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token"
	srcStart    = "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started"
	srcErrors   = "https://developers.facebook.com/docs/graph-api/guides/error-handling"
	srcLimits   = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting"
	srcProbes   = "https://github.com/TN-Figueiredo/bythiagofigueiredo/blob/main/docs/ops/instagram-token-alert-runbook.md"
	srcScopes   = "https://github.com/TerribleDev/OwinOAuthProviders/issues/276"
	srcMessages = "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/2"
	srcExpired  = "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/8"
	srcFeed     = "https://github.com/stevenschobert/instafeed.js/issues/654"
	srcNango    = "https://github.com/NangoHQ/nango/issues/5531"
	srcNoUserID = "https://github.com/nneessen/commissionTracker"
	srcRestFB   = "https://github.com/restfb/restfb"
	srcPostiz   = "https://github.com/gitroomhq/postiz-app"
	srcChatwoot = "https://github.com/chatwoot/chatwoot/blob/develop/app/controllers/instagram/callbacks_controller.rb"
	srcLegacy   = "https://github.com/python-social-auth/social-app-django/issues/643"
	srcUnified  = "https://docs.unified.to/skills/instagram-oauth-app/SKILL.md"
	srcThreads  = "https://github.com/fbsamples/threads_api/issues/9"
	srcDialog   = "https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow"
	srcBusiness = "https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business"
	srcLongLife = "https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived"
	srcPages    = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/business-login-for-instagram"
	srcOnePage  = "https://developers.facebook.com/docs/pages/access-tokens"
	srcInspect  = "https://developers.facebook.com/docs/graph-api/reference/debug_token"
	srcRevoke   = "https://developers.facebook.com/docs/graph-api/reference/user/permissions/"
	srcProof    = "https://developers.facebook.com/docs/graph-api/guides/secure-requests"
	srcProofs   = "https://github.com/facebook/facebook-python-business-sdk/issues/528"
	srcOtherApp = "https://github.com/facebook/facebook-sdk-for-unity/issues/551"
	srcAppToken = "https://github.com/invertase/react-native-firebase/issues/1621"
	srcBlocked  = "https://github.com/BlackPool25/Whatsapp-Bot/blob/main/docs/FIX_API_BLOCKED.md"
	srcInactive = "https://github.com/rupeshtiwari/youtube-automation-suite/blob/main/docs/FIX_FACEBOOK_APP_DEACTIVATED.md"
	srcDevMode  = "https://github.com/facebookarchive/php-graph-sdk/issues/413"
	srcNoURI    = "https://github.com/facebookarchive/php-graph-sdk/issues/274"
	srcVersions = "https://github.com/facebook/facebook-python-business-sdk/issues/356"
	srcCut      = "https://github.com/TiagoGrosso/instagram-graph-api-lib/issues/240"
	srcNinety   = "https://github.com/MrSwitch/hello.js/issues/548"
	srcFormat   = "https://github.com/arsduo/koala/issues/606"
	srcDomains  = "https://github.com/omniauth/omniauth/issues/1055"
	srcInactApp = "https://github.com/thebergamo/react-native-fbsdk-next/issues/303"
	srcNoPage   = "https://github.com/burkeholland/InstaSharp/issues/56"
	srcMDNRetry = "https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Retry-After"
)

// sourced fails for a row that does not say where its fact comes from.
func sourced(t testing.TB, source string) {
	t.Helper()
	if !strings.HasPrefix(source, "https://") {
		t.Error("the row has no source")
	}
}
