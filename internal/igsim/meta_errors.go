package igsim

// Pages that the table of errors refers to.
const (
	docErrors = "https://developers.facebook.com/docs/graph-api/guides/error-handling"
	docLimits = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting"
	docLogin  = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login"
	docProof  = "https://developers.facebook.com/docs/graph-api/guides/secure-requests"
	docManual = "https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow"
	docProbes = "https://github.com/TN-Figueiredo/bythiagofigueiredo/blob/main/docs/ops/instagram-token-alert-runbook.md"
)

// metaErrors is the table. What is left out stands in Errors.
var metaErrors = []MetaError{
	{Name: "graph_1", Place: "graph", Code: 1, Message: "An unknown error has occurred.", Source: docErrors},
	{Name: "graph_1_secret", Place: "graph", Code: 1, Message: "Error validating client secret.", Source: docManual},
	{Name: "graph_2", Place: "graph", Status: 500, Code: 2, Transient: true, Message: "An unexpected error has occurred. Please retry your request later.", Source: docErrors},
	{Name: "graph_3", Place: "graph", Code: 3, Message: "(#3) Application does not have the capability to make this API call.", Source: docErrors},
	{Name: "graph_4", Place: "graph", Code: 4, Message: "(#4) Application request limit reached", Source: docLimits},
	{Name: "graph_10", Place: "graph", Code: 10, Message: "(#10) Application does not have permission for this action", Source: docErrors},
	{Name: "graph_10_not_business", Place: "graph", Code: 10, Message: "(#10) the user is not an Instagram Business", Source: "https://github.com/gitroomhq/postiz-app"},
	{Name: "graph_17", Place: "graph", Code: 17, Message: "(#17) User request limit reached", Source: docLimits},
	{Name: "graph_17_2446079", Place: "graph", Code: 17, Subcode: 2446079, Message: "(#17) User request limit reached", Source: docLimits},
	{Name: "graph_32", Place: "graph", Code: 32, Message: "(#32) Page request limit reached", Source: docLimits},
	{Name: "graph_100", Place: "graph", Code: 100, Message: "Invalid parameter", Source: docErrors},
	{Name: "graph_100_field", Place: "graph", Type: "IGApiException", Code: 100, Message: "Tried accessing nonexisting field (user_id)", Source: "https://github.com/nneessen/commissionTracker"},
	{Name: "graph_100_33", Place: "graph", Type: "GraphMethodException", Code: 100, Subcode: 33, Message: "Unsupported get request. Object with ID '17841400000010111' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api", Source: docErrors},
	{Name: "graph_100_36007", Place: "graph", Code: 100, Subcode: 36007, Message: "This authorization code has expired.", Source: docManual},
	{Name: "graph_100_36008", Place: "graph", Code: 100, Subcode: 36008, Message: msgVerificationCode, Source: "https://prodopsy.com/facebook-login-js-error-validating-verification-code-please-make-sure-your-redirect_uri-is-identical-to-the-one-you-used-in-the-oauth-dialog-request"},
	{Name: "graph_100_36009", Place: "graph", Code: 100, Subcode: 36009, Message: "This authorization code has been used.", Source: docManual},
	{Name: "graph_100_code", Place: "graph", Code: 100, Message: "Invalid verification code format.", Source: docManual},
	{Name: "graph_100_unsupported", Place: "graph", Type: "IGApiException", Code: 100, Message: "Unsupported request - method type: get", Source: "https://github.com/NangoHQ/nango/issues/5531"},
	{Name: "graph_100_too_young", Place: "graph", Code: 100, Message: "The access token is less than 24 hours old and cannot be refreshed yet", Ours: true, Source: "https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token"},
	{Name: "graph_100_proof_missing", Place: "graph", Type: "GraphMethodException", Code: 100, Message: "API calls from the server require an appsecret_proof argument", Source: docProof},
	{Name: "graph_100_proof_wrong", Place: "graph", Type: "GraphMethodException", Code: 100, Message: "Invalid appsecret_proof provided in the API argument", Source: docProof},
	{Name: "graph_101", Place: "graph", Code: 101, Message: "Error validating application. Invalid application ID.", Source: docErrors},
	{Name: "graph_102", Place: "graph", Code: 102, Message: "Session key invalid or no longer valid", Source: docErrors},
	{Name: "graph_104", Place: "graph", Code: 104, Message: "Incorrect signature", Source: docErrors},
	{Name: "graph_190", Place: "graph", Code: 190, Message: "Invalid OAuth access token.", Source: docErrors},
	{Name: "graph_190_family", Place: "graph", Code: 190, Message: "Invalid OAuth access token - Cannot parse access token", Source: "https://github.com/TiagoGrosso/instagram-graph-api-lib/issues/240"},
	{Name: "graph_190_0", Place: "graph", Code: 190, HasSubcode: true, Message: "Error validating access token: Session has expired on Saturday, 21-Nov-26 06:00:00 PST. The current time is Monday, 23-Nov-26 01:30:00 PST.", Source: "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/8"},
	{Name: "graph_190_458", Place: "graph", Code: 190, Subcode: 458, Message: "Error validating access token: The user has not authorized application " + MetaAppID + ".", Source: docErrors},
	{Name: "graph_190_459", Place: "graph", Code: 190, Subcode: 459, Message: "Error validating access token: You cannot access the app till you log in to www.facebook.com and follow the instructions given.", Source: docErrors},
	{Name: "graph_190_460", Place: "graph", Code: 190, Subcode: 460, Message: "Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.", Source: docErrors},
	{Name: "graph_190_463", Place: "graph", Code: 190, Subcode: 463, Message: "Error validating access token: Session has expired on Saturday, 21-Nov-26 06:00:00 PST. The current time is Monday, 23-Nov-26 01:30:00 PST.", Source: docErrors},
	{Name: "graph_190_464", Place: "graph", Code: 190, Subcode: 464, Message: "Error validating access token: Sessions for the user are not allowed because the user is not a confirmed user.", Source: docErrors},
	{Name: "graph_190_467", Place: "graph", Code: 190, Subcode: 467, Message: "Error validating access token: This may be because the user logged out or may be due to a system error.", Source: docErrors},
	{Name: "graph_190_483", Place: "graph", Code: 190, Subcode: 483, Message: "Error validating access token: The user must consent again before this session can be used.", Ours: true, Source: docErrors},
	{Name: "graph_190_490", Place: "graph", Code: 190, Subcode: 490, Message: "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint", Source: "https://github.com/snarfed/facebook-atom"},
	{Name: "graph_190_492", Place: "graph", Code: 190, Subcode: 492, Message: errRoleLost().message, Source: docErrors},
	{Name: "graph_190_493", Place: "graph", Code: 190, Subcode: 493, Message: errDataAccess().message, Source: "https://github.com/MrSwitch/hello.js/issues/548"},
	{Name: "graph_200", Place: "graph", Code: 200, Message: "(#200) Permissions error", Source: docErrors},
	{Name: "graph_230", Place: "graph", Code: 230, Message: "(#230) Permissions disallow message to user", Source: docErrors},
	{Name: "graph_299", Place: "graph", Code: 299, Message: "(#299) A permission is missing or was removed", Ours: true, Source: docErrors},
	{Name: "graph_341", Place: "graph", Code: 341, Message: "(#341) Feed action request limit reached", Source: docErrors},
	{Name: "graph_368", Place: "graph", Code: 368, Message: "(#368) The action attempted has been deemed abusive or is otherwise disallowed", Source: docErrors},
	{Name: "graph_613", Place: "graph", Code: 613, Message: "(#613) Calls to this api have exceeded the rate limit.", Source: docLimits},
	{Name: "graph_613_1996", Place: "graph", Code: 613, Subcode: 1996, Message: "(#613) Calls to this api have exceeded the rate limit: inconsistent request volume.", Ours: true, Source: docLimits},
	{Name: "graph_2500", Place: "graph", Type: "IGApiException", Code: 2500, Message: "Unknown path components: /access_token", Source: "https://github.com/restfb/restfb"},
	{Name: "graph_80001", Place: "graph", Code: 80001, Message: "(#80001) There have been too many calls to this Page account. Wait a bit and try again.", Source: docLimits},
	{Name: "graph_80002", Place: "graph", Code: 80002, Message: "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.", Source: docLimits},
	{Name: "graph_80006", Place: "graph", Code: 80006, Message: "(#80006) There have been too many calls to this Messenger account. Wait a bit and try again.", Source: docLimits},

	{Name: "instagram_code_not_found", Place: "instagram", Message: "Matching code was not found or was already used", Source: docLogin},
	{Name: "instagram_code_used", Place: "instagram", Message: msgUsedCode, Source: "https://github.com/stevenschobert/instafeed.js/issues/747"},
	{Name: "instagram_code_invalid", Place: "instagram", Message: msgInvalidCode, Source: docProbes},
	{Name: "instagram_verification_code", Place: "instagram", Message: msgVerificationCode, Source: "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/2"},
	{Name: "instagram_platform_app", Place: "instagram", Message: msgPlatformApp, Source: docProbes},
	{Name: "instagram_client_id_missing", Place: "instagram", Message: msgMissingClientID, Source: docProbes},
	{Name: "instagram_client_id", Place: "instagram", Message: "Invalid Client ID", Source: docProbes},
	{Name: "instagram_client_secret", Place: "instagram", Message: msgClientSecret, Source: docProbes},
	{Name: "instagram_redirect_uri", Place: "instagram", Message: "Invalid redirect_uri", Source: docLogin},
	{Name: "instagram_redirect_uri_scrubbed", Place: "instagram", Message: "Invalid scrubbed redirect_uri", Source: "https://docs.unified.to/skills/instagram-oauth-app/SKILL.md"},
	{Name: "instagram_redirect_uri_unregistered", Place: "instagram", Message: "Redirect URI does not match registered redirect URI", Source: "https://github.com/python-social-auth/social-core/issues/643"},
	{Name: "instagram_scope", Place: "instagram", Message: "Invalid scope field(s): basic", Source: "https://github.com/TerribleDev/OwinOAuthProviders/issues/276"},
	{Name: "instagram_developer_role", Place: "instagram", Message: msgDeveloperRole, Source: docProbes},
	{Name: "instagram_page_gone", Place: "instagram", Status: 404, Message: "Sorry, this page isn't available", Source: docLogin},

	{Name: "window_platform_app", Place: "window", Message: "Invalid Request: Request parameters are invalid: " + msgPlatformApp, Source: docProbes},
	{Name: "window_redirect_uri", Place: "window", Message: "Invalid redirect_uri", Source: docLogin},
	{Name: "window_scopes", Place: "window", Message: msgInvalidScopes + "business_basic", Source: "https://github.com/PostHog/posthog/pull/86748"},
	{Name: "window_developer_role", Place: "window", Message: msgDeveloperRole, Source: docProbes},
	{Name: "window_page_gone", Place: "window", Status: 404, Message: "Sorry, this page isn't available", Source: docLogin},
	{Name: "window_page_not_found", Place: "window", Status: 404, Message: "Page not found", Source: docLogin},
	{Name: "window_facebook_app_id", Place: "window", Message: msgInvalidAppID, Source: docManual},
	{Name: "window_facebook_url_blocked", Place: "window", Message: msgURLBlocked, Source: "https://openillumi.com/en/en-fix-facebook-login-url-blocked-oauth-settings"},
	{Name: "window_facebook_app_inactive", Place: "window", Message: "App not active: This app is not accessible right now and the app developer is aware of the issue.", Source: docManual},

	{Name: "redirect_denied", Place: "redirect", Message: "The user denied your request", Query: back("error", "access_denied", "error_reason", "user_denied", "error_description", "The user denied your request"), Source: docLogin},
	{Name: "redirect_denied_stateless", Place: "redirect", Message: "The user denied your request", Query: back("error", "access_denied", "error_reason", "user_denied", "error_description", "The user denied your request"), StateLost: true, Source: docLogin},
	{Name: "redirect_developer_role", Place: "redirect", Message: msgDeveloperRole, Query: back("error", "access_denied", "error_description", msgDeveloperRole), Source: docProbes},
	{Name: "redirect_facebook_denied", Place: "redirect", Code: 200, Message: "Permissions error", Query: deniedAtFacebook, Source: docManual},
	{Name: "redirect_facebook_message", Place: "redirect", Message: "App Not Setup: This app is still in development mode, and you don't have access to it.", Query: back("error_code", "1349126", "error_message", "App Not Setup: This app is still in development mode, and you don't have access to it."), Source: docManual},
}
