package instagram_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// withConfig returns clients whose dialog is that of a configuration.
func withConfig(t testing.TB, host string) *clients {
	t.Helper()
	f, err := instagram.NewFacebook(instagram.FacebookConfig{
		WWW: host, Graph: host, AppID: appID, AppSecrets: secret(secretText), RedirectURI: redirectURI, ConfigID: configID,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &clients{Facebook: f}
}

const configID = "1160370000000077"

func TestFacebookConsentURL(t *testing.T) {
	scopes := []string{"business_management", "instagram_basic", "pages_show_list"}
	base := url.Values{
		"client_id": {appID}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "state": {"st/4+te="},
		"scope": {"business_management,instagram_basic,pages_show_list"}, "auth_type": {"rerequest"},
	}
	with := func(remove string, add url.Values) url.Values {
		query := maps.Clone(base)
		delete(query, remove)
		maps.Copy(query, add)
		return query
	}
	const host = "https://www.facebook.example"
	for _, tt := range []struct {
		name, source string
		c            *clients
		force        bool
		want         url.Values
	}{
		{"with scopes", srcDialog, newClient(t, host), false, base},
		{"with scopes, again", srcDialog, newClient(t, host), true, base},
		{"with a configuration", srcBusiness, withConfig(t, host), false, with("scope", url.Values{"config_id": {configID}})},
		{"with a configuration, again", srcBusiness, withConfig(t, host), true, with("scope", url.Values{"config_id": {configID}})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			u := tt.c.Facebook.ConsentURL(igauth.ConsentRequest{State: igauth.NewSecret("st/4+te="), Scopes: scopes, ForceReauth: tt.force})
			window, query, _ := strings.Cut(u.String(), "?")
			if window != host+"/v26.0/dialog/oauth" {
				t.Errorf("got %s, want the dialog", window)
			}
			if got, err := url.ParseQuery(query); err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

// Each request is the one that Meta documents, with the proof where a token speaks
// and the app secret where the app does.
func TestFacebookRequests(t *testing.T) {
	proving := func(query url.Values) url.Values {
		query.Set("access_token", tokenText)
		query.Set("appsecret_proof", proofText)
		return query
	}
	app := appID + "|" + secretText
	for i, tt := range []struct {
		source, method, path string
		query                url.Values
	}{
		{srcDialog, http.MethodGet, "/oauth/access_token", url.Values{"client_id": {appID}, "client_secret": {secretText}, "redirect_uri": {redirectURI}, "code": {codeText}}},
		{srcLongLife, http.MethodGet, "/oauth/access_token", url.Values{"client_id": {appID}, "client_secret": {secretText}, "grant_type": {"fb_exchange_token"}, "fb_exchange_token": {tokenText}}},
		{srcOnePage, http.MethodGet, "/" + pageID, proving(url.Values{"fields": {"access_token"}})},
		{srcInspect, http.MethodGet, "/debug_token", url.Values{"input_token": {tokenText}, "access_token": {app}, "appsecret_proof": {proof(secretText, app)}}},
		{srcPages, http.MethodGet, "/me/accounts", proving(url.Values{"fields": {"id,name,access_token,tasks,instagram_business_account{id,username}"}, "limit": {"100"}})},
		{srcPages, http.MethodGet, "/" + accountID, proving(url.Values{"fields": {"id,username,name"}})},
		{srcRevoke, http.MethodDelete, "/" + personID + "/permissions", proving(url.Values{})},
	} {
		t.Run(facebookQuestions[i].name, func(t *testing.T) {
			sourced(t, tt.source)
			r := ask(t, facebookQuestions[i])
			if r.method != tt.method || r.path != metaGraph+tt.path {
				t.Errorf("got %s %s, want %s %s", r.method, r.path, tt.method, metaGraph+tt.path)
			}
			if !reflect.DeepEqual(r.query, tt.query) {
				t.Errorf("got the parameters %v, or other values of them, want %v", slices.Sorted(maps.Keys(r.query)), slices.Sorted(maps.Keys(tt.query)))
			}
			wantNoBody(t, r)
		})
	}
}

// The proof is the one that Meta's documentation defines.
func TestProofIsTheDocumentedOne(t *testing.T) {
	sourced(t, srcProof)
	// printf 'token' | openssl dgst -sha256 -hmac 'secret'
	const want = "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"
	m := newMeta(t, answers(http.StatusOK, goodIGUser))
	c := newClient(t, m.URL, withSecrets("secret"))
	if _, err := c.Facebook.Profile(t.Context(), accountID, igauth.NewSecret("token")); err != nil {
		t.Fatal(err)
	}
	if got := m.requests()[0].query.Get("appsecret_proof"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func withSecrets(texts ...string) func(*instagram.Config) {
	return func(cfg *instagram.Config) { cfg.AppSecrets = secret(texts...) }
}

// While the app secret is being changed, Meta may know only one of the two. The
// one before is tried where Meta refuses the present one, and only there.
func TestEarlierAppSecret(t *testing.T) {
	const present = "ffffffffffffffffffffffffffffffff"
	refusals := map[string]string{
		"a wrong client secret":  graphBody("Error validating client secret.", "1", ""),
		"a wrong proof":          graphBody("Invalid appsecret_proof provided in the API argument", "100", ""),
		"an incorrect signature": graphBody("Incorrect signature", "104", ""),
	}
	knows := func(r *http.Request) bool {
		q := r.URL.Query()
		if token := q.Get("access_token"); token != "" {
			return q.Get("appsecret_proof") == proof(secretText, token) && (!strings.Contains(token, "|") || token == appID+"|"+secretText)
		}
		return q.Get("client_secret") == secretText
	}
	for refusal, body := range refusals {
		for _, q := range facebookQuestions {
			t.Run(refusal+"/"+q.name, func(t *testing.T) {
				m := newMeta(t, func(w http.ResponseWriter, r *http.Request) {
					if knows(r) {
						answers(http.StatusOK, q.good)(w, r)
						return
					}
					answers(http.StatusBadRequest, body)(w, r)
				})
				if _, err := q.ask(t.Context(), newClient(t, m.URL, withSecrets(present, secretText))); err != nil {
					t.Errorf("with the earlier secret: %v", err)
				}
				if n := m.count(); n != 2 {
					t.Errorf("got %d requests, want 2", n)
				}
				if _, err := q.ask(t.Context(), newClient(t, m.URL, withSecrets(secretText, present))); err != nil {
					t.Errorf("with the present secret: %v", err)
				}
				if n := m.count(); n != 1 {
					t.Errorf("got %d requests, want 1", n)
				}
				e := q.fails(t, newClient(t, m.URL, withSecrets(present, present)))
				if e.Class != igauth.ClassMisconfigured {
					t.Errorf("with two wrong ones: got %v, want a misconfiguration", e)
				}
				if n := m.count(); n != 2 {
					t.Errorf("got %d requests, want 2", n)
				}
			})
		}
	}
	for _, q := range facebookQuestions {
		for name, body := range map[string]string{
			"a limit":          graphBody("limit", "4", ""),
			"an outage":        graphBody("An unknown error has occurred.", "1", ""),
			"a wrong app id":   graphBody("Error validating application. Invalid application ID.", "101", ""),
			"something unread": "<html>",
		} {
			m := newMeta(t, answers(http.StatusBadRequest, body))
			q.fails(t, newClient(t, m.URL, withSecrets(present, secretText)))
			if n := m.count(); n != 1 {
				t.Errorf("%s, %s: got %d requests, want 1", q.name, name, n)
			}
		}
	}
}

// Without an app secret nothing is asked.
func TestNoAppSecret(t *testing.T) {
	m := newMeta(t, answers(http.StatusOK, goodUser))
	for _, q := range slices.Concat(questions[:2], facebookQuestions) {
		for name, change := range map[string]func(*instagram.Config){
			"none": withSecrets(),
			"unreadable": func(cfg *instagram.Config) {
				cfg.AppSecrets = func(context.Context) ([]igauth.Secret, error) { return nil, errors.New("no answer") }
			},
		} {
			if e := q.fails(t, newClient(t, m.URL, change)); e.Code != igauth.CodeUnavailable || e.Sent {
				t.Errorf("%s, %s: got %v, sent %v, want %s, not sent", q.name, name, e, e.Sent, igauth.CodeUnavailable)
			}
		}
	}
	if n := m.count(); n != 0 {
		t.Errorf("got %d requests, want none", n)
	}
}

// An id that is none would lead a request somewhere else.
func TestIDsThatLeadAstray(t *testing.T) {
	m := newMeta(t, answers(http.StatusOK, goodPage))
	c := newClient(t, m.URL).Facebook
	token := igauth.NewSecret(tokenText)
	for _, id := range []string{"", "me", "../me", "1/accounts", "1?fields=x", "0", "-1", "12345678901234567890123"} {
		_, pageErr := c.PageToken(t.Context(), id, token)
		_, profileErr := c.Profile(t.Context(), igauth.AccountID(id), token)
		for name, err := range map[string]error{"page": pageErr, "profile": profileErr, "person": c.Revoke(t.Context(), id, token)} {
			if err == nil || asError(t, err).Code != igauth.CodeUnavailable || asError(t, err).Sent {
				t.Errorf("%s %q: got %v, want %s, not sent", name, id, err, igauth.CodeUnavailable)
			}
		}
	}
	if n := m.count(); n != 0 {
		t.Errorf("got %d requests, want none", n)
	}
}
