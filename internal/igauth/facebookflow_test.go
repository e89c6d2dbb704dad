package igauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

func TestFacebookLoginWithOnePage(t *testing.T) {
	p := facebookInstallation(t)
	v := p.visitor()
	p.outcome(v.walk(viaFacebook, "ana.one", nil), igauth.CodeConnected)
	a := p.row(mariaID)
	if a.Login != igauth.LoginFacebook || a.PageID != "104857600012347" || a.AppScopedID != "10224000000010007" || a.ListedAs != "facebook/10224000000010007" || a.Username != "maria.bakes" {
		t.Errorf("got %+v", a)
	}
	now := p.clock.Now()
	if a.ExpiresAt.Before(now.Add(50*24*time.Hour)) || !a.DataAccessUntil.Equal(now.Add(90*24*time.Hour)) {
		t.Errorf("it ends at %s, and data access at %s", a.ExpiresAt, a.DataAccessUntil)
	}
	if want := []string{"business_management", "instagram_basic", "pages_show_list"}; !slices.Equal(a.RequestedScopes, want) || len(a.MissingScopes()) > 0 || !slices.Contains(a.Scopes, "instagram_basic") {
		t.Errorf("asked for %v, got %v", a.RequestedScopes, a.Scopes)
	}
	_, token, err := p.store.Token(t.Context(), mariaID, 0)
	p.must(err)
	if known, err := p.meta.Inspect(t.Context(), token.Value); err != nil || !known.Valid || known.Type != "PAGE" {
		t.Errorf("consumers get the token of a %s, %v; want a Page's that lives", known.Type, err)
	}
	if known, err := p.meta.Inspect(t.Context(), token.UserToken); err != nil || !known.Valid || known.Type != "USER" || !known.ExpiresAt.Equal(a.ExpiresAt) {
		t.Errorf("it is renewed by the token of a %s that ends at %s, %v; want the person's", known.Type, known.ExpiresAt, err)
	}
}

func TestFacebookLoginThatFindsNothing(t *testing.T) {
	all := "business_management,instagram_basic,pages_show_list"
	grant := func(scopes ...string) url.Values {
		return url.Values{"offered": {all}, "scope": scopes, "page": {"61550000000060577", "104857600012347"}}
	}
	for name, c := range map[string]struct {
		person    string
		decisions url.Values
		code      igauth.Code
	}{
		"no Page":                               {"nora.none", nil, igauth.CodeNoPage},
		"no Page chosen":                        {"leo.agency", url.Values{"pages": {"none"}}, igauth.CodeNoPage},
		"Pages hidden without a permission":     {"ines.hidden", grant("instagram_basic", "pages_show_list"), igauth.CodePagesHidden},
		"Pages shown with it":                   {"ines.hidden", grant("business_management", "instagram_basic", "pages_show_list"), igauth.CodeConnected},
		"a Page without Instagram":              {"tom.plain", nil, igauth.CodePageWithoutInstagram},
		"only the Page without Instagram":       {"leo.agency", url.Values{"page": {"61550000000050459"}}, igauth.CodePageWithoutInstagram},
		"one Page of several":                   {"leo.agency", url.Values{"page": {"61550000000040387"}}, igauth.CodeConnected},
		"declined":                              {"ana.one", url.Values{"decision": {"deny"}}, igauth.CodeDenied},
		"the basic permission declined":         {"ana.one", grant("business_management", "pages_show_list"), igauth.CodeScopeMissing},
		"the permission for the Pages declined": {"ana.one", grant("business_management", "instagram_basic"), igauth.CodeScopeMissing},
		"another permission declined":           {"ana.one", grant("instagram_basic", "pages_show_list"), igauth.CodeConnected},
	} {
		t.Run(name, func(t *testing.T) {
			p := facebookInstallation(t)
			v := p.visitor()
			window := v.dialog(viaFacebook)
			decisions := url.Values{}
			for key, values := range c.decisions {
				decisions[key] = values
			}
			callback := v.consent(window, c.person, decisions)
			for range 2 {
				p.outcome(v.get(callback).Header().Get("Location"), c.code)
			}
			if connected := len(p.accountsNow()) > 0; connected != (c.code == igauth.CodeConnected) {
				t.Errorf("got accounts %v", p.accountsNow())
			}
		})
	}
}

func TestFacebookResultPage(t *testing.T) {
	p := facebookInstallation(t)
	v := p.visitor()
	t.Run("who starts again does so through Facebook", func(t *testing.T) {
		if body := v.get(v.walk(viaFacebook, "nora.none", nil)).Body.String(); !strings.Contains(body, `href="/authorize?login=facebook"`) {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("so does who lost the cookie", func(t *testing.T) {
		v := p.visitor()
		callback := v.consent(v.dialog(viaFacebook+"&scope=instagram_manage_comments"), "ana.one", nil)
		body := p.visitor().get(callback).Body.String()
		if want := `href="/authorize?login=facebook&amp;scope=instagram_basic%2Cinstagram_manage_comments%2Cpages_show_list"`; !strings.Contains(body, want) || !strings.Contains(body, "cookie_missing") {
			t.Errorf("want %s in\n%s", want, body)
		}
	})
	t.Run("a partial grant is told plainly", func(t *testing.T) {
		window := v.dialog(viaFacebook + "&scope=instagram_manage_comments")
		location := v.get(v.consent(window, "ana.one", url.Values{
			"offered": {window.Query().Get("scope")}, "scope": {"instagram_basic", "pages_show_list"}, "page": {"104857600012347"},
		})).Header().Get("Location")
		p.outcome(location, igauth.CodeConnected)
		if body := v.get(location).Body.String(); !strings.Contains(body, "<li>instagram_manage_comments</li>") || strings.Contains(body, "<li>instagram_basic</li>") {
			t.Errorf("got\n%s", body)
		}
	})
}

func TestAuthorizeChoosesTheLogin(t *testing.T) {
	p := facebookInstallation(t)
	serve := func(query string) *httptest.ResponseRecorder {
		return p.visitor().serve(p.authorize, httptest.NewRequest(http.MethodGet, "/authorize"+query, nil))
	}
	for query, path := range map[string]string{"": "/oauth/authorize", "?login=instagram": "/oauth/authorize", "?login=facebook": "/v26.0/dialog/oauth"} {
		if window, err := url.Parse(serve(query).Header().Get("Location")); err != nil || window.Path != path {
			t.Errorf("%s: got window %v, %v", query, window, err)
		}
	}
	refused := func(query string, code igauth.Code) {
		t.Helper()
		w := serve(query)
		if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || len(w.Result().Cookies()) != 0 || !strings.Contains(w.Body.String(), string(code)) {
			t.Errorf("%s: got status %d, location %q, want %s\n%s", query, w.Code, w.Header().Get("Location"), code, words(w))
		}
	}
	refused("?login=", igauth.CodeLoginUnknown)
	refused("?login=Facebook", igauth.CodeLoginUnknown)
	refused("?login=x", igauth.CodeLoginUnknown)
	refused("?login=facebook&login=facebook", igauth.CodeRequestInvalid)
	refused("?login=facebook&scope=instagram_business_basic", igauth.CodeScopeUnknown)
	refused("?login=facebook&scope=user_photos", igauth.CodeScopeUnknown)
	refused("?scope=instagram_basic", igauth.CodeScopeUnknown)
	refused("?login=facebook&reconnect=x", igauth.CodeRequestInvalid)

	t.Run("a configuration at Meta names the permissions", func(t *testing.T) {
		p.facebookFixed = true
		p.restart()
		refused("?login=facebook&scope=instagram_basic", igauth.CodeRequestInvalid)
		v := p.visitor()
		window := v.dialog(viaFacebook)
		p.outcome(v.get(v.consent(window, "ana.one", url.Values{"scope": {"instagram_basic,pages_show_list"}})).Header().Get("Location"), igauth.CodeConnected)
		if a := p.row(mariaID); a.RequestedScopes != nil || len(a.MissingScopes()) > 0 {
			t.Errorf("asked for %v", a.RequestedScopes)
		}
		p.facebookFixed = false
		p.restart()
	})
	t.Run("without settings there is no Facebook Login", func(t *testing.T) {
		v := p.visitor()
		callback := v.consent(v.dialog(viaFacebook), "leo.agency", nil)
		v2 := p.visitor()
		page := v2.walk(viaFacebook, "leo.agency", nil)
		link, _, err := p.links.ReconnectURL(t.Context(), p.row(mariaID))
		p.must(err)
		p.noFacebook = true
		p.restart()
		refused("?login=facebook", igauth.CodeLoginOff)
		refused(strings.TrimPrefix(link, "https://connect.example.com/authorize"), igauth.CodeLoginOff)
		for name, w := range map[string]*httptest.ResponseRecorder{"callback": v.get(callback), "page": v2.get(page), "choice": v2.choose(page, studioID)} {
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), string(igauth.CodeLoginOff)) {
				t.Errorf("%s: got status %d\n%s", name, w.Code, words(w))
			}
		}
	})
}
