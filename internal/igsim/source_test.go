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
)

// sourced fails for a row that does not say where its strictness comes from.
func sourced(t *testing.T, source string) {
	t.Helper()
	if !strings.HasPrefix(source, "https://") {
		t.Errorf("the row has no source")
	}
}
