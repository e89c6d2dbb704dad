package igsim_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"igauth/internal/igsim"
)

func TestAuthorizeRefuses(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name, source string
		param        string
		values       []string // nil: the parameter is left out
		want         string
	}{
		{"no client id", srcAuthorize, "client_id", nil, "Invalid platform app"},
		{"unknown client id", srcProbes, "client_id", []string{"123"}, "Invalid platform app"},
		{"id of the Meta app", srcProbes, "client_id", []string{igsim.MetaAppID}, "Invalid platform app"},
		{"no redirect URI", srcAuthorize, "redirect_uri", nil, "Invalid redirect_uri"},
		{"redirect URI with a slash more", srcLogin, "redirect_uri", []string{redirectURI + "/"}, "Invalid redirect_uri"},
		{"redirect URI in other case", srcLogin, "redirect_uri", []string{"https://site.example/Callback"}, "Invalid redirect_uri"},
		{"redirect URI of another host", srcLogin, "redirect_uri", []string{"https://evil.example/callback"}, "Invalid redirect_uri"},
		{"redirect URI with a query", srcLogin, "redirect_uri", []string{redirectURI + "?a=b"}, "Invalid redirect_uri"},
		{"no response type", srcAuthorize, "response_type", nil, "Invalid response_type"},
		{"response type token", srcAuthorize, "response_type", []string{"token"}, "Invalid response_type"},
		{"no scope", srcLogin, "scope", nil, "must contain instagram_business_basic"},
		{"scope without the basic one", srcLogin, "scope", []string{"instagram_business_manage_messages"}, "must contain instagram_business_basic"},
		{"scope dead since 2020", srcScopes, "scope", []string{"instagram_business_basic,basic"}, "Invalid scope field(s): basic"},
		{"scopes dead since 2024", srcLogin, "scope", []string{"instagram_business_basic,user_profile,user_media"}, "Invalid scope field(s): user_profile, user_media"},
		{"scope dead since 2025", srcLogin, "scope", []string{"instagram_business_basic,business_manage_messages"}, "Invalid scope field(s): business_manage_messages"},
		{"scope of the Facebook login", "https://github.com/PostHog/posthog/pull/86748", "scope", []string{"instagram_basic instagram_business_basic"}, "Invalid scope field(s): instagram_basic"},
		{"force_reauth is neither true nor false", srcLogin, "force_reauth", []string{"maybe"}, "Invalid value of force_reauth"},
		{"enable_fb_login is neither true nor false", srcLogin, "enable_fb_login", []string{""}, "Invalid value of enable_fb_login"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			q := windowQuery()
			q.Del(tt.param)
			if tt.values != nil {
				q[tt.param] = tt.values
			}
			r := w.get("/oauth/authorize", q)
			if got, want := r.status, http.StatusBadRequest; got != want {
				t.Errorf("status: got %d, want %d", got, want)
			}
			if got := html.UnescapeString(r.body); !strings.Contains(got, tt.want) {
				t.Errorf("page: got %s, want it to hold %q", got, tt.want)
			}
			if got := r.header.Get("Location"); got != "" {
				t.Errorf("a parameter error redirects to %q", got)
			}

			// The form could be anybody's: it is checked as strictly.
			form := q
			form.Set("offered", q.Get("scope"))
			form["scope"] = []string{"instagram_business_basic"}
			form.Set("decision", "approve")
			if got, want := w.post("/oauth/authorize", form).status, http.StatusBadRequest; got != want {
				t.Errorf("status of the form: got %d, want %d", got, want)
			}
		})
	}
}

func TestAuthorizeAccepts(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name, source, param, value string
	}{
		{"scopes with spaces", srcAuthorize, "scope", "instagram_business_basic instagram_business_manage_comments"},
		{"the basic scope alone", srcLogin, "scope", "instagram_business_basic"},
		{"the insights scope", srcPostiz, "scope", "instagram_business_basic,instagram_business_manage_insights"},
		{"no state", srcAuthorize, "state", ""},
		{"force_reauth", srcLogin, "force_reauth", "true"},
		{"Facebook login hidden", srcLogin, "enable_fb_login", "false"},
		{"the older spelling of force_reauth", srcPostiz, "force_authentication", "1"},
		{"an unknown parameter", srcAuthorize, "logger_id", "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			q := windowQuery()
			q.Set(tt.param, tt.value)
			r := w.get("/oauth/authorize", q)
			if got, want := r.status, http.StatusOK; got != want {
				t.Errorf("status: got %d, want %d: %s", got, want, r.body)
			}
		})
	}
}

func TestAuthorizeAnyRedirectURI(t *testing.T) {
	w := newWorld(t, func(c *igsim.Config) { c.RedirectURIs = nil })
	for uri, want := range map[string]int{
		"http://localhost:8080/callback":     http.StatusOK,
		"https://a.example":                  http.StatusOK,
		"/callback":                          http.StatusBadRequest,
		"//a.example/callback":               http.StatusBadRequest,
		"javascript:alert(1)":                http.StatusBadRequest,
		"javascript://a.example/%0aalert(1)": http.StatusBadRequest,
		"myapp://callback":                   http.StatusBadRequest,
		"https://a.example/#x":               http.StatusBadRequest,
		"https://":                           http.StatusBadRequest,
		"https://:443/":                      http.StatusBadRequest,
		"https://a.example/\r\nX-Evil: 1":    http.StatusBadRequest,
	} {
		t.Run(uri, func(t *testing.T) {
			q := windowQuery()
			q.Set("redirect_uri", uri)
			if got := w.get("/oauth/authorize", q).status; got != want {
				t.Errorf("status: got %d, want %d", got, want)
			}
		})
	}
}

func TestAuthorizePage(t *testing.T) {
	w := newWorld(t)
	r := w.get("/oauth/authorize", windowQuery())
	for name, want := range map[string]string{
		"Cache-Control":   "no-store",
		"X-Frame-Options": "DENY",
		"Content-Type":    "text/html; charset=utf-8",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := r.header.Get("Content-Security-Policy"); strings.Contains(got, "form-action") {
		t.Errorf("the policy %q blocks the redirect after the form", got)
	}
	for _, want := range []string{"Instagram simulator", `name="viewport"`, `method="post"`, `value="maria.bakes" checked`, "juan.personal", `checkbox" checked disabled`} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(r.body, "<script") {
		t.Errorf("the page has a script")
	}
	if got, want := w.do(w.request(http.MethodPut, "/oauth/authorize", windowQuery())).status, http.StatusMethodNotAllowed; got != want {
		t.Errorf("PUT: got %d, want %d", got, want)
	}
}

func TestAuthorizeEscapes(t *testing.T) {
	const attack = `"><script>alert(1)</script>`
	w := newWorld(t, func(c *igsim.Config) { c.RedirectURIs = nil })
	for _, param := range []string{"state", "redirect_uri", "scope", "client_id", "response_type"} {
		t.Run(param, func(t *testing.T) {
			q := windowQuery()
			q.Set(param, q.Get(param)+attack)
			r := w.get("/oauth/authorize", q)
			if strings.Contains(r.body, "<script") {
				t.Errorf("the page holds the script unescaped")
			}
			if r.status != http.StatusOK {
				return
			}
			if got, want := fields(r.body).Get(param), q.Get(param); got != want {
				t.Errorf("hidden field: got %q, want %q", got, want)
			}
		})
	}
}

// FuzzAuthorizeQuery shows that no query makes the window fail or hand over a
// visitor: it answers with a page, and only the form redirects.
func FuzzAuthorizeQuery(f *testing.F) {
	f.Add(windowQuery().Encode())
	f.Add("client_id=%zz&scope=;")
	f.Add("client_id=" + igsim.DefaultAppID + "&redirect_uri=http://[::1%25en0]/&response_type=code&scope=instagram_business_basic&state=%00%ff")
	sim, err := igsim.New(igsim.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string) {
		target := url.URL{Path: "/oauth/authorize", RawQuery: query}
		get := &http.Request{Method: http.MethodGet, URL: &target, Header: http.Header{}, Body: http.NoBody}
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, get)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("GET: got status %d, want 200 or 400", w.Code)
		}
		post := httptest.NewRequest(http.MethodPost, "/oauth/authorize", strings.NewReader(query+"&decision=approve"))
		post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w = httptest.NewRecorder()
		sim.ServeHTTP(w, post)
		switch w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusForbidden:
		case http.StatusFound:
			to, err := url.Parse(w.Header().Get("Location"))
			if err != nil || to.Hostname() == "" || (to.Scheme != "http" && to.Scheme != "https") {
				t.Fatalf("POST: redirect to %q", w.Header().Get("Location"))
			}
		default:
			t.Fatalf("POST: got status %d", w.Code)
		}
	})
}
