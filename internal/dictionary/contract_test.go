package dictionary

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
	"igauth/internal/igsim"
)

// graphRows are what the Graph API answers, and what it is for us. Meta's table:
// https://developers.facebook.com/docs/graph-api/guides/error-handling
var graphRows = []struct {
	code, subcode int
	kind, text    string
	is            igauth.Code
}{
	{1, 0, "", "An unknown error occurred", igauth.CodeMetaUnavailable},
	{1, 0, "", "Error validating client secret.", igauth.CodeAppSecret},
	{2, 0, "", "Service temporarily unavailable", igauth.CodeMetaUnavailable},
	{3, 0, "", "Application does not have the capability to make this API call.", igauth.CodeAppCapability},
	{4, 0, "", "Application request limit reached", igauth.CodeRateLimited},
	{10, 0, "", "Application does not have permission for this action", igauth.CodePermissionGone},
	{10, 0, "", "the user is not an Instagram Business", igauth.CodePersonalAccount},
	{17, 0, "", "User request limit reached", igauth.CodeRateLimited},
	{17, 2446079, "", "User request limit reached", igauth.CodeRateLimited},
	{32, 0, "", "Page request limit reached", igauth.CodeRateLimited},
	{100, 0, "", "Invalid parameter", igauth.CodeMetaRefused},
	{100, 33, "GraphMethodException", "Unsupported get request. Object with ID '1' does not exist", igauth.CodeObjectMissing},
	{100, 36007, "", "This authorization code has expired.", igauth.CodeCodeInvalid},
	{100, 36008, "", "Error validating verification code.", igauth.CodeRedirectURI},
	{100, 36009, "", "This authorization code has been used.", igauth.CodeCodeUsed},
	{100, 0, "IGApiException", "Unsupported request - method type: get", igauth.CodeNotEligible},
	{100, 0, "GraphMethodException", "Invalid appsecret_proof provided in the API argument", igauth.CodeAppSecretProof},
	{100, 0, "GraphMethodException", "API calls from the server require an appsecret_proof argument", igauth.CodeAppSecretProof},
	{101, 0, "", "Error validating application. Invalid application ID.", igauth.CodeAppID},
	{102, 0, "", "Session key invalid or no longer valid", igauth.CodeTokenInvalid},
	{104, 0, "", "Incorrect signature", igauth.CodeAppSecretProof},
	{190, 0, "", "Error validating access token", igauth.CodeTokenInvalid},
	{190, 0, "", "Invalid OAuth access token - Cannot parse access token", igauth.CodeTokenUnparsable},
	{190, 458, "", "Error validating access token: app not installed", igauth.CodeAppRemoved},
	{190, 459, "", "Error validating access token: checkpoint", igauth.CodeCheckpoint},
	{190, 0, "", "You cannot access the app till you log in to www.instagram.com and follow the instructions given.", igauth.CodeCheckpoint},
	{190, 460, "", "Error validating access token: password changed", igauth.CodePasswordChanged},
	{190, 463, "", "Error validating access token: expired", igauth.CodeTokenExpired},
	{190, 0, "", "Error validating access token: Session has expired on Saturday, 21-Nov-26 06:00:00 PST.", igauth.CodeTokenExpired},
	{190, 464, "", "Error validating access token: unconfirmed user", igauth.CodeUserUnconfirmed},
	{190, 467, "", "Error validating access token: invalid", igauth.CodeTokenInvalid},
	{190, 483, "", "Error validating access token: consent blocking", igauth.CodeConsentBlocked},
	{190, 492, "", "Error validating access token: role lost", igauth.CodePageRoleLost},
	{200, 0, "", "Permissions error", igauth.CodePermissionGone},
	{250, 0, "", "Permissions error", igauth.CodePermissionGone},
	{299, 0, "", "Permissions error", igauth.CodePermissionGone},
	{341, 0, "", "Application limit reached", igauth.CodeRateLimited},
	{368, 0, "", "Temporarily blocked for policies violations", igauth.CodePolicyBlock},
	{613, 0, "", "Calls to this api have exceeded the rate limit.", igauth.CodeRateLimited},
	{613, 1996, "", "Inconsistent request volume", igauth.CodeRateLimited},
	{2500, 0, "IGApiException", "Unknown path components", igauth.CodeMetaRequest},
	{80001, 0, "", "There have been too many calls to this Page account.", igauth.CodeRateLimited},
	{80002, 0, "", "There have been too many calls to this Instagram account.", igauth.CodeRateLimited},
	{80006, 0, "", "There have been too many calls to this Messenger account.", igauth.CodeRateLimited},
}

// exchangeRows are what the code exchange of Instagram answers
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login).
// The last ones stand on pages of Meta's from which nobody comes back.
var exchangeRows = []struct {
	text   string
	is     igauth.Code
	onPage bool
}{
	{text: "Matching code was not found or was already used", is: igauth.CodeCodeInvalid},
	{text: "This authorization code has been used", is: igauth.CodeCodeUsed},
	{text: "Invalid authorization code", is: igauth.CodeCodeInvalid},
	{text: "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request", is: igauth.CodeRedirectURI},
	{text: "Invalid platform app", is: igauth.CodeAppID},
	{text: "Missing required field client_id", is: igauth.CodeAppID},
	{text: "Invalid client secret", is: igauth.CodeAppSecret},
	{text: "Invalid Client ID", is: igauth.CodeAppID},
	{text: "Invalid redirect_uri", is: igauth.CodeRedirectURI},
	{text: "Invalid scrubbed redirect_uri", is: igauth.CodeRedirectURI},
	{text: "Redirect URI does not match registered redirect URI", is: igauth.CodeRedirectURI},
	{text: "Invalid scope field(s): basic", is: igauth.CodeScopeRefused},
	{text: "Insufficient Developer Role", is: igauth.CodeDeveloperRole},
	{text: "Invalid Request: Request parameters are invalid: Invalid platform app", is: igauth.CodeAppID, onPage: true},
	{text: "Sorry, this page isn't available", is: igauth.CodeAppID, onPage: true},
	{text: "Page not found", is: igauth.CodeAppID, onPage: true},
}

// metaAnswering returns a client of a Meta that gives one answer to everything.
func metaAnswering(t *testing.T, body any) *instagram.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(server.Close)
	client, err := instagram.New(instagram.Config{
		WWW: server.URL, API: server.URL, Graph: server.URL, AppID: igsim.DefaultAppID,
		AppSecrets: secret(igsim.DefaultAppSecret), RedirectURI: origin + "/callback",
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// What the Graph API is known to answer has a code, and the class that Meta's page
// gives it.
func TestGraphErrorsHaveCodes(t *testing.T) {
	for _, row := range graphRows {
		t.Run(strconv.Itoa(row.code)+"/"+strconv.Itoa(row.subcode)+" "+row.text, func(t *testing.T) {
			t.Parallel()
			said := map[string]any{"message": row.text, "type": cmp.Or(row.kind, "OAuthException"), "code": row.code, "fbtrace_id": "EJplcsCHuLu"}
			if row.subcode != 0 {
				said["error_subcode"] = row.subcode
			}
			meta := metaAnswering(t, map[string]any{"error": said})
			for name, ask := range map[string]func(context.Context) error{
				"refresh": func(ctx context.Context) error {
					_, err := meta.RefreshToken(ctx, igauth.NewSecret("IGAAx"))
					return err
				},
				"look": func(ctx context.Context) error { _, err := meta.Profile(ctx, igauth.NewSecret("IGAAx")); return err },
			} {
				if err := ask(t.Context()); igauth.CodeOf(err) != row.is || igauth.ClassOf(err) != row.is.Class() {
					t.Errorf("%s: got %v, want %s", name, err, row.is)
				}
			}
			if row.is != igauth.CodeMetaRefused {
				recognized(t, strconv.Itoa(row.code)+"/"+strconv.Itoa(row.subcode)+" "+row.text, row.is)
			}
		})
	}
}

// What the code exchange answers has a code, and so have the pages of Meta.
func TestExchangeErrorsHaveCodes(t *testing.T) {
	for _, row := range exchangeRows {
		t.Run(row.text, func(t *testing.T) {
			t.Parallel()
			recognized(t, row.text, row.is)
			if row.onPage {
				return
			}
			meta := metaAnswering(t, map[string]any{"error_type": "OAuthException", "code": 400, "error_message": row.text})
			if _, err := meta.ExchangeCode(t.Context(), igauth.NewSecret("AQx")); igauth.CodeOf(err) != row.is || igauth.ClassOf(err) != row.is.Class() {
				t.Errorf("got %v, want %s", err, row.is)
			}
		})
	}
}

// recognized asserts that whoever has read a text finds the code.
func recognized(t *testing.T, said string, want igauth.Code) {
	t.Helper()
	if got := instagram.Recognize(said); len(got) == 0 || got[0] != want {
		t.Errorf("%q is explained as %v, want %s first", said, got, want)
	}
}

// Every error that the simulator knows of Meta leads whoever has read its text to an
// explanation.
func TestWhatTheSimulatorSaysIsExplained(t *testing.T) {
	unexplained := map[string]bool{
		"graph_100": true, // says nothing
	}
	for _, e := range igsim.Errors() {
		if e.Place == "redirect" {
			continue // parameters, and not a text that somebody reads
		}
		said := e.Message
		if e.Place == "graph" {
			said = strconv.Itoa(e.Code) + "/" + strconv.Itoa(e.Subcode) + " " + said
		}
		got := instagram.Recognize(said)
		if len(got) == 0 != unexplained[e.Name] {
			t.Errorf("%s, %q: explained as %v", e.Name, said, got)
		}
		for _, code := range got {
			if !code.Known() {
				t.Errorf("%s leads to %s, which the dictionary does not have", e.Name, code)
			}
		}
	}
}

// What a fault of the configuration shows on Meta's own page is explained: the
// wrong one of the two app ids, a redirect URI that differs by a slash, and scopes
// that are dead.
func TestPagesOfMetaAreExplained(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		login  string
		want   igauth.Code
	}{
		"the Meta app's id in place of the Instagram app's": {func(w *world) { w.parts.Settings.AppID = igsim.MetaAppID }, "instagram", igauth.CodeAppID},
		"the Instagram app's id in place of the Meta app's": {func(w *world) { w.parts.Settings.MetaAppID = igsim.DefaultAppID }, "facebook", igauth.CodeAppID},
		"a slash more":                           {func(w *world) { w.parts.Settings.PublicURL = origin + "/" }, "instagram", igauth.CodeRedirectURI},
		"a slash more at Facebook":               {func(w *world) { w.parts.Settings.PublicURL = origin + "/" }, "facebook", igauth.CodeRedirectURI},
		"a scope that is dead":                   {func(w *world) { w.parts.Settings.Scopes = []string{"business_basic"} }, "instagram", igauth.CodeScopeRefused},
		"a scope of Instagram Login at Facebook": {func(w *world) { w.parts.Settings.FacebookScopes = []string{igauth.ScopeBasic} }, "facebook", igauth.CodeScopeRefused},
		"a scope of Facebook Login at Instagram": {func(w *world) { w.parts.Settings.Scopes = []string{"instagram_basic"} }, "instagram", igauth.CodeScopeRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.change)
			begun := w.get("/authorize?login=" + c.login)
			if begun.Code != http.StatusFound {
				t.Fatalf("got status %d\n%s", begun.Code, words(begun))
			}
			recognized(t, w.read(begun.Header().Get("Location")), c.want)
		})
	}
}
