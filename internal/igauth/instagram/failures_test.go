package instagram_test

import (
	"strconv"
	"strings"

	"igauth/internal/igauth"
)

// A failure is one that Meta is known to report.
type failure struct {
	code, subcode int
	message       string
	is            igauth.Code
	class         igauth.Class
	source        string
}

func (f failure) String() string {
	name := strconv.Itoa(f.code)
	if f.subcode != 0 {
		name += "/" + strconv.Itoa(f.subcode)
	}
	return strings.ReplaceAll(name+" "+f.message, "/", "|")
}

const unsupportedGet = "Unsupported request - method type: get"

// graphFailures are of the graph host. All come with status 400 and most with
// the type OAuthException, rate limits included.
var graphFailures = []failure{
	{1, 0, "An unknown error has occurred.", igauth.CodeMetaUnavailable, igauth.ClassTransient, srcErrors},
	{1, 0, "Error validating client secret.", igauth.CodeAppSecret, igauth.ClassMisconfigured, srcErrors},
	{2, 0, "An unexpected error has occurred. Please retry your request later.", igauth.CodeMetaUnavailable, igauth.ClassTransient, srcErrors},
	{3, 0, "Application does not have the capability to make this API call.", igauth.CodeAppCapability, igauth.ClassMisconfigured, srcErrors},
	{4, 0, "(#4) Application request limit reached", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{10, 0, "(#10) Application does not have permission for this action", igauth.CodePermissionGone, igauth.ClassNeedsUser, srcErrors},
	{10, 0, "(#10) the user is not an Instagram Business", igauth.CodePersonalAccount, igauth.ClassNeedsUser, srcErrors},
	{17, 0, "(#17) User request limit reached", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{17, 2446079, "(#17) User request limit reached", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{32, 0, "(#32) Page request limit reached", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{100, 0, "(#100) Invalid parameter", igauth.CodeMetaRefused, igauth.ClassTransient, srcErrors},
	{100, 33, "Unsupported get request. Object with ID 'me' does not exist, cannot be loaded due to missing permissions", igauth.CodeObjectMissing, igauth.ClassNeedsUser, srcPostiz},
	{100, 0, "Invalid appsecret_proof provided in the API argument", igauth.CodeAppSecretProof, igauth.ClassMisconfigured, srcProofs},
	{100, 0, "API calls from the server require an appsecret_proof argument", igauth.CodeAppSecretProof, igauth.ClassMisconfigured, srcProof},
	{100, 0, "(#100) The App_id in the input_token did not match the Viewing App", igauth.CodeTokenOtherApp, igauth.ClassMisconfigured, srcOtherApp},
	{100, 0, "(#100) Tried accessing nonexisting field (user_id) on node type (User)", igauth.CodeMetaRequest, igauth.ClassTransient, srcNoUserID},
	{200, 0, "API access blocked.", igauth.CodeAppMisconfigured, igauth.ClassMisconfigured, srcBlocked},
	{190, 0, "API access deactivated. To reactivate, go to the app dashboard.", igauth.CodeAppMisconfigured, igauth.ClassMisconfigured, srcInactive},
	{200, 0, "(#200) This app is still in development mode, and you don't have access to it.", igauth.CodeDeveloperRole, igauth.ClassMisconfigured, srcDevMode},
	{200, 0, "App not active: This app is not accessible right now and the app developer is aware of the issue.", igauth.CodeAppMisconfigured, igauth.ClassMisconfigured, srcInactApp},
	{191, 0, "Can't load URL: The domain of this URL isn't included in the app's domains.", igauth.CodeRedirectURI, igauth.ClassMisconfigured, srcDomains},
	{191, 0, "Missing redirect_uri parameter.", igauth.CodeRedirectURI, igauth.ClassMisconfigured, srcNoURI},
	{2635, 0, "(#2635) You are calling a deprecated version of the Ads API.", igauth.CodeGraphVersion, igauth.ClassMisconfigured, srcVersions},
	{100, 36007, "This authorization code has expired.", igauth.CodeCodeInvalid, igauth.ClassRefused, srcErrors},
	{100, 36008, "The verification code is not valid.", igauth.CodeRedirectURI, igauth.ClassMisconfigured, srcErrors},
	{100, 36009, "This authorization code has been used.", igauth.CodeCodeUsed, igauth.ClassRefused, srcErrors},
	{100, 0, unsupportedGet, igauth.CodeNotEligible, igauth.ClassMisconfigured, srcNango},
	{100, 0, "The access token is less than 24 hours old", igauth.CodeTokenTooYoung, igauth.ClassTooYoung, srcProbes},
	{100, 0, "This token was refreshed too soon", igauth.CodeTokenTooYoung, igauth.ClassTooYoung, srcProbes},
	{100, 0, "Insufficient Developer Role", igauth.CodeDeveloperRole, igauth.ClassMisconfigured, srcProbes},
	{101, 0, "Error validating application. Cannot get application info due to a system error.", igauth.CodeAppID, igauth.ClassMisconfigured, srcErrors},
	{102, 0, "Session key invalid or no longer valid", igauth.CodeTokenInvalid, igauth.ClassDead, srcErrors},
	{104, 0, "Incorrect signature", igauth.CodeAppSecretProof, igauth.ClassMisconfigured, srcErrors},
	{190, 0, "Invalid OAuth access token - Cannot parse access token", igauth.CodeTokenUnparsable, igauth.ClassDead, srcCut},
	{190, 458, "Error validating access token: The user has not authorized application 10203040506070809.", igauth.CodeAppRemoved, igauth.ClassDead, srcErrors},
	{190, 0, "Error validating access token: The user has not authorized application 10203040506070809.", igauth.CodeAppRemoved, igauth.ClassDead, srcErrors},
	{190, 459, "The session is at a checkpoint", igauth.CodeCheckpoint, igauth.ClassNeedsUser, srcErrors},
	{190, 0, "Error validating access token: You cannot access the app till you log in to www.instagram.com and follow the instructions given.", igauth.CodeCheckpoint, igauth.ClassNeedsUser, srcErrors},
	{190, 0, "You are at a Checkpoint", igauth.CodeCheckpoint, igauth.ClassNeedsUser, srcErrors},
	{190, 460, "Error validating access token", igauth.CodePasswordChanged, igauth.ClassDead, srcErrors},
	{190, 0, "The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons", igauth.CodePasswordChanged, igauth.ClassDead, srcFeed},
	{190, 463, "Error validating access token", igauth.CodeTokenExpired, igauth.ClassDead, srcErrors},
	{190, 0, "Error validating access token: Session has expired on Thursday, 12-Mar-26 11:00:00 PST. The current time is Thursday, 12-Mar-26 12:03:58 PST.", igauth.CodeTokenExpired, igauth.ClassDead, srcExpired},
	{190, 464, "Error validating access token: Sessions for the user are not allowed because the user is not a confirmed user.", igauth.CodeUserUnconfirmed, igauth.ClassNeedsUser, srcErrors},
	{190, 467, "Error validating access token: The session is invalid because the user logged out.", igauth.CodeTokenInvalid, igauth.ClassDead, srcErrors},
	{190, 483, "Error validating access token", igauth.CodeConsentBlocked, igauth.ClassDead, srcErrors},
	{190, 492, "Error validating access token: The session was invalidated explicitly using an API call.", igauth.CodePageRoleLost, igauth.ClassDead, srcErrors},
	{190, 492, "Error validating access token: The user has not authorized application 10203040506070809.", igauth.CodePageRoleLost, igauth.ClassDead, srcErrors},
	{190, 493, "The access token is invalid since the user hasn't engaged the app in longer than 90 days.", igauth.CodeDataAccessExpired, igauth.ClassDead, srcNinety},
	{100, 0, "Invalid verification code format.", igauth.CodeCodeInvalid, igauth.ClassRefused, srcFormat},
	{190, 491, "A subcode of no list", igauth.CodeTokenInvalid, igauth.ClassDead, srcErrors},
	{190, 0, "Error validating application. Application has been deleted.", igauth.CodeAppMisconfigured, igauth.ClassMisconfigured, srcErrors},
	{200, 0, "(#200) Requires instagram_business_basic permission", igauth.CodePermissionGone, igauth.ClassNeedsUser, srcErrors},
	{230, 0, "(#230) Permission missing", igauth.CodePermissionGone, igauth.ClassNeedsUser, srcErrors},
	{299, 0, "(#299) Permission missing", igauth.CodePermissionGone, igauth.ClassNeedsUser, srcErrors},
	{341, 0, "(#341) Application limit reached", igauth.CodeRateLimited, igauth.ClassThrottled, srcErrors},
	{368, 0, "The action attempted has been deemed abusive or is otherwise disallowed", igauth.CodePolicyBlock, igauth.ClassThrottled, srcErrors},
	{613, 0, "(#613) Calls to this api have exceeded the rate limit.", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{613, 1996, "(#613) We noticed an inconsistent volume of API requests from your app.", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{2500, 0, "Error parsing graph query: must be a path", igauth.CodeMetaRequest, igauth.ClassTransient, srcRestFB},
	{80000, 0, "There have been too many calls from this ad-account.", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{80001, 0, "There have been too many calls to this Page account.", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{80002, 0, "There have been too many calls to this Instagram account. Wait a bit and try again.", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{80006, 0, "There have been too many calls to this Messenger account.", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	{80014, 0, "There have been too many calls for the batch uploads to this catalog account.", igauth.CodeRateLimited, igauth.ClassThrottled, srcLimits},
	// What stands in no list changes nothing for an account.
	{429, 0, "Too many requests", igauth.CodeRateLimited, igauth.ClassThrottled, srcProbes},
	{0, 0, "Something new", igauth.CodeMetaRefused, igauth.ClassTransient, srcErrors},
	{192, 0, "The session has expired, in a code of its own", igauth.CodeMetaRefused, igauth.ClassTransient, srcErrors},
	{1900, 0, "Error validating access token", igauth.CodeMetaRefused, igauth.ClassTransient, srcErrors},
	{-190, 0, "Error validating access token", igauth.CodeMetaRefused, igauth.ClassTransient, srcErrors},
	{999999, 460, "Error validating access token", igauth.CodeMetaRefused, igauth.ClassTransient, srcErrors},
}

// flatFailures are of the code exchange, whose code is only the HTTP status.
var flatFailures = []failure{
	{400, 0, "Matching code was not found or was already used", igauth.CodeCodeInvalid, igauth.ClassRefused, srcLogin},
	{400, 0, "This authorization code has been used", igauth.CodeCodeUsed, igauth.ClassRefused, srcLogin},
	{400, 0, "Invalid authorization code", igauth.CodeCodeInvalid, igauth.ClassRefused, srcProbes},
	{400, 0, "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request", igauth.CodeRedirectURI, igauth.ClassMisconfigured, srcMessages},
	{400, 0, "Invalid platform app", igauth.CodeAppID, igauth.ClassMisconfigured, srcProbes},
	{400, 0, "Invalid Request: Request parameters are invalid: Invalid platform app", igauth.CodeAppID, igauth.ClassMisconfigured, srcProbes},
	{400, 0, "Missing required field client_id", igauth.CodeAppID, igauth.ClassMisconfigured, srcProbes},
	{400, 0, "Invalid Client ID", igauth.CodeAppID, igauth.ClassMisconfigured, srcProbes},
	{400, 0, "Invalid client secret", igauth.CodeAppSecret, igauth.ClassMisconfigured, srcProbes},
	{400, 0, "Missing required field client_secret", igauth.CodeAppSecret, igauth.ClassMisconfigured, srcProbes},
	{400, 0, "Invalid redirect_uri", igauth.CodeRedirectURI, igauth.ClassMisconfigured, srcProbes},
	{400, 0, "Invalid scrubbed redirect_uri", igauth.CodeRedirectURI, igauth.ClassMisconfigured, srcUnified},
	{400, 0, "Redirect URI does not match registered redirect URI", igauth.CodeRedirectURI, igauth.ClassMisconfigured, srcLegacy},
	{400, 0, "Invalid scope field(s): basic", igauth.CodeScopeRefused, igauth.ClassMisconfigured, srcScopes},
	{400, 0, "Insufficient Developer Role", igauth.CodeDeveloperRole, igauth.ClassMisconfigured, srcProbes},
	{400, 0, "App not set up: This app is still in development mode, and you don't have access to it.", igauth.CodeDeveloperRole, igauth.ClassMisconfigured, srcDevMode},
	{400, 0, "App not active", igauth.CodeAppMisconfigured, igauth.ClassMisconfigured, srcInactApp},
	{404, 0, "Sorry, this page isn't available", igauth.CodeAppMisconfigured, igauth.ClassMisconfigured, srcNoPage},
	{404, 0, "Sorry, this page isn’t available.", igauth.CodeAppMisconfigured, igauth.ClassMisconfigured, srcNoPage},
	{404, 0, "Page Not Found", igauth.CodeAppMisconfigured, igauth.ClassMisconfigured, srcNoPage},
	{429, 0, "Too many requests", igauth.CodeRateLimited, igauth.ClassThrottled, srcProbes},
	{400, 0, "Something new", igauth.CodeMetaRefused, igauth.ClassTransient, srcLogin},
	{190, 0, "Error validating access token: Session has expired", igauth.CodeMetaRefused, igauth.ClassTransient, srcLogin},
}
