package instagram_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

func TestFacebookExchangeCode(t *testing.T) {
	for _, tt := range []struct{ name, source, body string }{
		{"a person's", srcDialog, goodPerson},
		{"a system user's, which never ends", srcBusiness, `{"access_token":"EAAshort","token_type":"bearer"}`},
		{"with members that nobody knows", srcDialog, `{"access_token":"EAAshort","machine_id":"x","expires_in":5400,"data":null}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			m := newMeta(t, answers(http.StatusOK, tt.body))
			got, err := newClient(t, m.URL).Facebook.ExchangeCode(t.Context(), igauth.NewSecret(codeText))
			if err != nil {
				t.Fatal(err)
			}
			if got.Token.Reveal() != "EAAshort" || got.AppScopedID != "" || got.Scopes != nil {
				t.Errorf("got a token of %d characters, id %q and scopes %v, want EAAshort alone", len(got.Token.Reveal()), got.AppScopedID, got.Scopes)
			}
		})
	}
}

const (
	mismatch = "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"
	spent    = "This authorization code has been used."
)

// Meta refuses our redirect URI: because the code is bound to another one, or to
// none. Nobody knows whether that spends the code.
func TestCodesWithoutARedirectURI(t *testing.T) {
	refused := answers(400, graphBody(mismatch, "100", "36008"))
	for _, tt := range []struct {
		name, source    string
		first, second   http.HandlerFunc
		withScopes      bool
		requests        int
		is              igauth.Code
		outcomeIsUnsure bool
	}{
		{name: "the code is bound to none, and not spent", source: srcBusiness, first: refused, second: answers(200, goodPerson), requests: 2},
		{name: "the refusal has no subcode", source: srcMessages, first: answers(400, graphBody(mismatch, "100", "")), second: answers(200, goodPerson), requests: 2},
		{name: "the code is bound to none, and spent", source: srcBusiness, first: refused, second: answers(400, graphBody(spent, "100", "36009")), requests: 2, is: igauth.CodeRedirectURI},
		{name: "the code is bound to another one", source: srcDialog, first: refused, second: refused, requests: 2, is: igauth.CodeRedirectURI},
		{name: "Meta wants a redirect URI", source: srcNoURI, first: refused, second: answers(400, graphBody("Missing redirect_uri parameter.", "191", "")), requests: 2, is: igauth.CodeRedirectURI},
		{name: "the second refusal is unknown", source: srcErrors, first: refused, second: answers(400, graphBody("Something new", "7", "")), requests: 2, is: igauth.CodeRedirectURI},
		{name: "the second answer is lost", source: srcErrors, first: refused, second: broken["the connection closes"], requests: 2, is: igauth.CodeMetaUnavailable, outcomeIsUnsure: true},
		{name: "the second answer is an outage", source: srcErrors, first: refused, second: answers(503, ""), requests: 2, is: igauth.CodeMetaUnavailable, outcomeIsUnsure: true},
		{name: "the second answer makes no sense", source: srcErrors, first: refused, second: answers(200, "{}"), requests: 2, is: igauth.CodeMetaUnreadable, outcomeIsUnsure: true},
		{name: "the second answer is a limit", source: srcLimits, first: refused, second: answers(400, graphBody("limit", "4", "")), requests: 2, is: igauth.CodeRateLimited},
		{name: "a code that was asked for with scopes", source: srcDialog, first: refused, withScopes: true, requests: 1, is: igauth.CodeRedirectURI},
		{name: "a spent code is not tried twice", source: srcErrors, first: answers(400, graphBody(spent, "100", "36009")), requests: 1, is: igauth.CodeCodeUsed},
		{name: "an old code is not tried twice", source: srcErrors, first: answers(400, graphBody("This authorization code has expired.", "100", "36007")), requests: 1, is: igauth.CodeCodeInvalid},
		{name: "a lost answer is not asked for twice", source: srcErrors, first: broken["half a body"], requests: 1, is: igauth.CodeMetaUnavailable, outcomeIsUnsure: true},
		{name: "an outage is not asked twice", source: srcErrors, first: answers(500, graphBody(mismatch, "100", "36008")), requests: 1, is: igauth.CodeMetaUnavailable, outcomeIsUnsure: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			m := newMeta(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("redirect_uri") {
					tt.first(w, r)
					return
				}
				tt.second(w, r)
			})
			c := withConfig(t, m.URL)
			if tt.withScopes {
				c = newClient(t, m.URL)
			}
			got, err := c.Facebook.ExchangeCode(t.Context(), igauth.NewSecret(codeText))
			switch {
			case tt.is == "":
				if err != nil || got.Token.Reveal() != "EAAshort" {
					t.Errorf("got error %v, want a token", err)
				}
			case err == nil:
				t.Errorf("got no error, want %s", tt.is)
			default:
				e := asError(t, err)
				if unsure := e.Class == igauth.ClassTransient && e.Sent; e.Code != tt.is || unsure != tt.outcomeIsUnsure || !reflect.ValueOf(got).IsZero() {
					t.Errorf("got %v and whether the code is spent unsure: %t, want %s, %t, and nothing next to it", e, unsure, tt.is, tt.outcomeIsUnsure)
				}
			}
			if n := m.count(); n != tt.requests {
				t.Errorf("got %d requests, want %d", n, tt.requests)
			}
		})
	}
}

func TestFacebookExtendToken(t *testing.T) {
	for _, tt := range []struct {
		name, source, body string
		life               time.Duration
	}{
		{"as documented", srcLongLife, goodUser, 5183944 * time.Second},
		{"lifetime as text", srcLongLife, `{"access_token":"EAAlong","expires_in":"5183944"}`, 5183944 * time.Second},
		{"lifetime missing", srcLongLife, `{"access_token":"EAAlong","token_type":"bearer"}`, 0},
		{"lifetime null", srcLongLife, `{"access_token":"EAAlong","expires_in":null}`, 0},
		{"lifetime of nothing", srcBusiness, `{"access_token":"EAAlong","expires_in":0}`, 0},
		{"lifetime of a century", srcLongLife, `{"access_token":"EAAlong","expires_in":3153600000}`, 60 * 24 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			m := newMeta(t, answers(http.StatusOK, tt.body))
			got, err := newClient(t, m.URL).Facebook.ExtendToken(t.Context(), igauth.NewSecret(tokenText))
			if err != nil {
				t.Fatal(err)
			}
			issued, ends := start.Truncate(time.Second), time.Time{}
			if tt.life != 0 {
				ends = issued.Add(tt.life)
			}
			if got.Value.Reveal() != "EAAlong" || !got.IssuedAt.Equal(issued) || !got.ExpiresAt.Equal(ends) {
				t.Errorf("got issued %v and its end %v, want %v and %v", got.IssuedAt, got.ExpiresAt, issued, ends)
			}
			if !got.UserToken.IsZero() || got.Scopes != nil || !got.DataAccessUntil.IsZero() {
				t.Error("got more than Meta said")
			}
		})
	}
	for _, life := range []string{"-1", `"soon"`, "1.5", "[]", "1e300"} {
		e := facebookQuestions[1].fails(t, respond(t, http.StatusOK, nil, `{"access_token":"EAAlong","expires_in":`+life+`}`))
		if e.Code != igauth.CodeMetaUnreadable || !e.Sent {
			t.Errorf("lifetime %s: got %v, want %s, sent", life, e, igauth.CodeMetaUnreadable)
		}
	}
}

// inspected returns an answer of debug_token with other members.
func inspected(changes ...string) string {
	return strings.NewReplacer(changes...).Replace(goodInspection)
}

func TestInspect(t *testing.T) {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	maria := igauth.Inspection{
		Valid: true, AppID: appID, Type: "USER", AppScopedID: personID,
		ExpiresAt: at(1800610200), DataAccessUntil: at(1803202200), Scopes: []string{"instagram_basic", "pages_show_list"},
	}
	with := func(change func(*igauth.Inspection)) igauth.Inspection {
		i := maria
		change(&i)
		return i
	}
	invalid := func(reason string) string {
		return `{"data":{"app_id":"` + appID + `","is_valid":false,"scopes":[],"user_id":"` + personID + `"` + reason + `}}`
	}
	dead := func(code igauth.Code) igauth.Inspection {
		return igauth.Inspection{AppID: appID, AppScopedID: personID, Scopes: []string{}, Failure: code}
	}
	for _, tt := range []struct {
		name, source, body string
		want               igauth.Inspection
	}{
		{"a person's token", srcInspect, goodInspection, maria},
		{"numbers for ids", srcThreads, inspected(`"`+personID+`"`, personID, `"`+appID+`"`, appID), maria},
		{"times as text", srcInspect, inspected("1800610200", `"1800610200"`, "1803202200", `"1803202200"`), maria},
		{"a Page's, which has no date", srcLongLife, inspected(`"USER"`, `"PAGE"`, "1800610200", "0"),
			with(func(i *igauth.Inspection) { i.Type, i.ExpiresAt = "PAGE", time.Time{} })},
		{"a system user's, which never ends", srcBusiness, inspected(`"USER"`, `"SYSTEM_USER"`, "1800610200", "0", "1803202200", "0"),
			with(func(i *igauth.Inspection) {
				i.Type, i.ExpiresAt, i.DataAccessUntil = "SYSTEM_USER", time.Time{}, time.Time{}
			})},
		{"the type in lower case", srcInspect, inspected(`"USER"`, `"user"`), maria},
		{"no times at all", srcInspect, inspected(`"data_access_expires_at":1803202200,"expires_at":1800610200,`, ""),
			with(func(i *igauth.Inspection) { i.ExpiresAt, i.DataAccessUntil = time.Time{}, time.Time{} })},
		{"no scopes", srcInspect, inspected(`"scopes":["pages_show_list","instagram_basic"],`, ""), with(func(i *igauth.Inspection) { i.Scopes = nil })},
		{"expired", srcInspect, invalid(`,"error":{"code":190,"message":"Error validating access token: Session has expired on Monday.","subcode":463}`), dead(igauth.CodeTokenExpired)},
		{"the subcode has its other name", srcErrors, invalid(`,"error":{"code":190,"message":"x","error_subcode":460}`), dead(igauth.CodePasswordChanged)},
		{"the app was removed", srcErrors, invalid(`,"error":{"code":190,"message":"Error validating access token: The user has not authorized application.","subcode":458}`), dead(igauth.CodeAppRemoved)},
		{"the role was lost", srcErrors, invalid(`,"error":{"code":"190","message":"x","subcode":"492"}`), dead(igauth.CodePageRoleLost)},
		{"a checkpoint", srcErrors, invalid(`,"error":{"code":190,"message":"x","subcode":459}`), dead(igauth.CodeCheckpoint)},
		{"not a token", srcInspect, `{"data":{"error":{"code":190,"message":"Invalid OAuth access token - Cannot parse access token"},"is_valid":false,"scopes":[]}}`,
			igauth.Inspection{Failure: igauth.CodeTokenUnparsable, Scopes: []string{}}},
		{"no reason", srcInspect, invalid(""), dead(igauth.CodeTokenInvalid)},
		{"the reason null", srcInspect, invalid(`,"error":null`), dead(igauth.CodeTokenInvalid)},
		{"of another app", srcOtherApp, `{"data":{"error":{"code":100,"message":"(#100) The App_id in the input_token did not match the Viewing App"},"is_valid":false,"scopes":[]}}`,
			igauth.Inspection{Failure: igauth.CodeTokenOtherApp, Scopes: []string{}}},
		{"of another app, that Meta does not mind", srcInspect, inspected(`"app_id":"`+appID, `"app_id":"777`),
			with(func(i *igauth.Inspection) { i.Valid, i.AppID, i.Failure = false, "777", igauth.CodeTokenOtherApp })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			m := newMeta(t, answers(http.StatusOK, tt.body))
			got, err := newClient(t, m.URL).Facebook.Inspect(t.Context(), igauth.NewSecret(tokenText))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if n := m.count(); n != 1 {
				t.Errorf("got %d requests, want 1", n)
			}
		})
	}
	t.Run("of another app, as a failure", func(t *testing.T) {
		sourced(t, srcOtherApp)
		c := respond(t, http.StatusBadRequest, nil, graphBody("(#100) The App_id in the input_token did not match the Viewing App", "100", ""))
		got, err := c.Facebook.Inspect(t.Context(), igauth.NewSecret(tokenText))
		if want := (igauth.Inspection{Failure: igauth.CodeTokenOtherApp}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

// What says nothing about the token is an error, and never a dead token.
func TestInspectionsThatAreNone(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want igauth.Code
	}{
		"no data":                {`{}`, igauth.CodeMetaUnreadable},
		"data null":              {`{"data":null}`, igauth.CodeMetaUnreadable},
		"data a list":            {`{"data":[]}`, igauth.CodeMetaUnreadable},
		"data empty":             {`{"data":{}}`, igauth.CodeMetaUnreadable},
		"no verdict":             {inspected(`"is_valid":true,`, ""), igauth.CodeMetaUnreadable},
		"the verdict null":       {inspected(`"is_valid":true`, `"is_valid":null`), igauth.CodeMetaUnreadable},
		"the verdict a text":     {inspected(`"is_valid":true`, `"is_valid":"true"`), igauth.CodeMetaUnreadable},
		"an end before 1970":     {inspected("1800610200", "-1"), igauth.CodeMetaUnreadable},
		"an end after all years": {inspected("1800610200", "253402300800"), igauth.CodeMetaUnreadable},
		"an end that is a date":  {inspected("1800610200", `"2027-01-22T09:30:00+0000"`), igauth.CodeMetaUnreadable},
		"a person that is none":  {inspected(personID, "../me"), igauth.CodeMetaUnreadable},
		"a token":                {goodUser, igauth.CodeMetaUnreadable},
		"invalid for an outage":  {`{"data":{"is_valid":false,"error":{"code":2,"message":"x"}}}`, igauth.CodeMetaUnavailable},
		"invalid for a limit":    {`{"data":{"is_valid":false,"error":{"code":4,"message":"x"}}}`, igauth.CodeRateLimited},
		"invalid for the app":    {`{"data":{"is_valid":false,"error":{"code":190,"message":"Error validating application. Application has been deleted."}}}`, igauth.CodeAppMisconfigured},
		"invalid for what?":      {`{"data":{"is_valid":false,"error":{"code":7,"message":"x"}}}`, igauth.CodeMetaRefused},
		"invalid for a list":     {`{"data":{"is_valid":false,"error":[190]}}`, igauth.CodeMetaRefused},
	} {
		t.Run(name, func(t *testing.T) {
			e := facebookQuestions[3].fails(t, respond(t, http.StatusOK, nil, tt.body))
			if e.Code != tt.want || !e.Sent {
				t.Errorf("got %v, sent %v, want %s, sent", e, e.Sent, tt.want)
			}
		})
	}
}

// For a wrong app secret Meta answers as for a dead token, since the app's token
// is made of it. The token that is asked about is not dead of that.
func TestInspectionWithAWrongAppSecret(t *testing.T) {
	sourced(t, srcAppToken)
	const present = "ffffffffffffffffffffffffffffffff"
	m := newMeta(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("access_token") != appID+"|"+secretText {
			answers(http.StatusBadRequest, graphBody("Invalid OAuth access token signature.", "190", ""))(w, r)
			return
		}
		answers(http.StatusOK, goodInspection)(w, r)
	})
	if e := facebookQuestions[3].fails(t, newClient(t, m.URL, withSecrets(present))); e.Code != igauth.CodeAppSecret || e.Class != igauth.ClassMisconfigured {
		t.Errorf("got %v, class %s, want %s", e, e.Class, igauth.CodeAppSecret)
	}
	if n := m.count(); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
	got, err := newClient(t, m.URL, withSecrets(present, secretText)).Facebook.Inspect(t.Context(), igauth.NewSecret(tokenText))
	if err != nil || !got.Valid {
		t.Errorf("with the earlier secret: got valid %v and error %v", got.Valid, err)
	}
}

// The life of a renewed token counts from before the request.
func TestFacebookLifeCountsFromBeforeTheRequest(t *testing.T) {
	asked := false
	c := newClient(t, "https://meta.example", func(cfg *instagram.Config) {
		cfg.Now = func() time.Time {
			if asked {
				return start.Add(time.Minute)
			}
			return start
		}
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			asked = true
			return fixed(http.StatusOK, nil, goodUser).RoundTrip(r)
		})
	})
	got, err := c.Facebook.ExtendToken(t.Context(), igauth.NewSecret(tokenText))
	if want := start.Truncate(time.Second); err != nil || !got.IssuedAt.Equal(want) {
		t.Errorf("got %v, %v, want %v", got.IssuedAt, err, want)
	}
}
