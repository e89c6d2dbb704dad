package igsim

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The texts of api.instagram.com. The first ones are documented or were
// captured live; grant_type's is ours.
// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
const (
	msgMissingClientID  = "Missing required field client_id"
	msgPlatformApp      = "Invalid platform app"
	msgInvalidCode      = "Invalid authorization code"
	msgUsedCode         = "This authorization code has been used"
	msgVerificationCode = "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"
	msgClientSecret     = "Invalid client secret"
	msgGrantType        = "Invalid grant_type"
	msgDeveloperRole    = "Insufficient Developer Role"
	msgInvalidAppID     = "Invalid App ID: The provided app ID does not look like a valid app ID."
	msgURLBlocked       = "URL Blocked: This redirect failed because the redirect URI is not whitelisted in the app's Client OAuth Settings. Make sure Client and Web OAuth Login are on and add all your app domains as Valid OAuth Redirect URIs."
	msgDevelopment      = "App Not Setup: This app is still in development mode, and you don't have access to it. Switch to a registered test user or ask an app admin for permissions."
	msgInvalidScopes    = "Invalid Scopes: "
)

// flatError is the envelope of api.instagram.com. Its code repeats the HTTP
// status; it is not one of the Graph codes.
// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
func (c *call) flatError(message string) answer {
	return c.flatAnswer(http.StatusBadRequest, "OAuthException", message)
}

func (c *call) flatAnswer(status int, kind, message string) answer {
	return jsonAnswer(status, map[string]any{
		"error_type":    kind,
		"code":          c.number(status),
		"error_message": message,
	})
}

// A graphError is a refusal of graph.instagram.com.
// https://developers.facebook.com/docs/graph-api/guides/error-handling
type graphError struct {
	status    int // 0: 400, which Meta uses for almost everything
	message   string
	kind      string // the type; empty: OAuthException
	code      int
	subcode   int  // sent when hasSub is set: Instagram sends 0 for "expired"
	hasSub    bool //
	transient bool
	codeText  bool // the code as a JSON string, whatever the behaviour
}

// graphError writes the envelope of graph.instagram.com.
func (c *call) graphError(e graphError) answer {
	fields := map[string]any{
		"message":    e.message,
		"type":       "OAuthException",
		"code":       c.number(e.code),
		"fbtrace_id": "A" + randomText(10),
	}
	if e.kind != "" {
		fields["type"] = e.kind
	}
	if e.codeText {
		fields["code"] = strconv.Itoa(e.code)
	}
	if e.hasSub {
		fields["error_subcode"] = e.subcode
	}
	if e.transient {
		fields["is_transient"] = true
	}
	if e.status == 0 {
		e.status = http.StatusBadRequest
	}
	return c.withUsage(jsonAnswer(e.status, map[string]any{"error": fields}))
}

// number is a code as JSON number, or as text when the behaviour says so.
func (c *call) number(n int) any {
	if c.behaviour.CodesAsText {
		return strconv.Itoa(n)
	}
	return n
}

// unsupported is the error Instagram has for a token it understands but does
// not serve here, and for a wrong verb. Its text speaks of the verb in every
// case, which has misled many.
func unsupported(method string) graphError {
	return graphError{code: 100, kind: "IGApiException", message: "Unsupported request - method type: " + strings.ToLower(method)}
}

// The reasons for code 190, which Meta also tells apart by subcode.
// https://developers.facebook.com/docs/graph-api/guides/error-handling

func errUnknownToken() graphError {
	return graphError{code: 190, message: "Invalid OAuth access token - Cannot parse access token"}
}

// errExpired says so in Pacific time, and with subcode 0 where the Facebook
// family sends 463.
func errExpired(at, now time.Time) graphError {
	const layout = "Monday, 02-Jan-06 15:04:05 MST"
	pst := time.FixedZone("PST", -8*60*60)
	return graphError{code: 190, hasSub: true, message: "Error validating access token: Session has expired on " +
		at.In(pst).Format(layout) + ". The current time is " + now.In(pst).Format(layout) + "."}
}

func errPassword() graphError {
	return graphError{code: 190, subcode: 460, hasSub: true, message: "Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons."}
}

func errRemoved(appID string) graphError {
	return graphError{code: 190, subcode: 458, hasSub: true, message: "Error validating access token: The user has not authorized application " + appID + "."}
}

func errRotated() graphError {
	return graphError{code: 190, message: "Error validating access token: The session is invalid because a newer token replaced it."}
}

func errNotProfessional() graphError {
	return graphError{code: 10, message: "(#10) the user is not an Instagram Business"}
}

func errParameter(message string) graphError {
	return graphError{code: 100, message: message}
}

// randomText returns n random bytes as URL-safe text.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: the program would have ended
	return base64.RawURLEncoding.EncodeToString(b)
}
