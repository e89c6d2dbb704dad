package igsim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"igauth/internal/igsim"
)

func TestConsent(t *testing.T) {
	w := newWorld(t)
	window := func() url.Values { return fields(w.get("/oauth/authorize", windowQuery()).body) }

	t.Run("approving as the form stands", func(t *testing.T) {
		form := window()
		form.Set("decision", "approve")
		r := w.post("/oauth/authorize", form)
		to := r.header.Get("Location")
		if r.status != http.StatusFound || !strings.HasPrefix(to, redirectURI+"?code=") || !strings.HasSuffix(to, "&state=st4te#_") {
			t.Errorf("got %d to %q", r.status, to)
		}
	})
	t.Run("denying", func(t *testing.T) {
		form := window()
		form.Set("decision", "deny")
		got := w.post("/oauth/authorize", form).header.Get("Location")
		want := redirectURI + "?error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request&state=st4te"
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("only hidden fields", func(t *testing.T) {
		form := window()
		form.Del("account")
		form["scope"] = []string{"instagram_business_basic"} // its hidden field; nothing ticked
		form.Set("decision", "approve")
		to, _ := url.Parse(w.post("/oauth/authorize", form).header.Get("Location"))
		v := w.post("/oauth/access_token", codeForm(to.Query().Get("code"))).json(t)
		if got, want := v["user_id"], any(w.People()[0].AppScopedID); !sameNumber(got, want) {
			t.Errorf("user_id: got %v, want %v", got, want)
		}
		if got := v["permissions"].([]any); len(got) != 1 || got[0] != "instagram_business_basic" {
			t.Errorf("permissions: got %v, want the basic one alone", got)
		}
	})
	t.Run("a script without the field offered is granted all", func(t *testing.T) {
		form := windowQuery()
		form.Set("decision", "approve")
		to, _ := url.Parse(w.post("/oauth/authorize", form).header.Get("Location"))
		v := w.post("/oauth/access_token", codeForm(to.Query().Get("code"))).json(t)
		if got := v["permissions"].([]any); len(got) != 2 {
			t.Errorf("permissions: got %v, want both", got)
		}
	})
	t.Run("a personal account", func(t *testing.T) {
		form := window()
		form.Set("account", "juan.personal")
		form.Set("decision", "approve")
		r := w.post("/oauth/authorize", form)
		if r.status != http.StatusForbidden || !strings.Contains(r.body, "must be professional") || !strings.Contains(r.body, `href="/oauth/authorize?`) {
			t.Errorf("got %d: %s", r.status, r.body)
		}
	})
	t.Run("a personal account may deny", func(t *testing.T) {
		form := window()
		form.Set("account", "juan.personal")
		form.Set("decision", "deny")
		if got, want := w.post("/oauth/authorize", form).status, http.StatusFound; got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	})
	for name, change := range map[string]func(url.Values){
		"an unknown account":           func(v url.Values) { v.Set("account", "nobody") },
		"no decision":                  func(url.Values) {},
		"another decision":             func(v url.Values) { v.Set("decision", "perhaps") },
		"a scope that was not offered": func(v url.Values) { v.Add("scope", "instagram_business_manage_insights"); v.Set("decision", "approve") },
		"the basic scope unticked":     func(v url.Values) { v.Del("scope"); v.Set("decision", "approve") },
	} {
		t.Run(name, func(t *testing.T) {
			form := window()
			change(form)
			if got, want := w.post("/oauth/authorize", form).status, http.StatusBadRequest; got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
	t.Run("a decision that is no form", func(t *testing.T) {
		req := w.formRequest("/oauth/authorize", window())
		req.Header.Set("Content-Type", "application/json")
		if got, want := w.do(req).status, http.StatusBadRequest; got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	})
}

func TestConsentRedirect(t *testing.T) {
	w := newWorld(t, func(c *igsim.Config) { c.RedirectURIs = nil })
	for _, tt := range []struct{ name, uri, state, want string }{
		{"no state is not echoed", "https://a.example/cb", "", "https://a.example/cb?error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request"},
		{"a query is kept", "https://a.example/cb?x=1", "s", "https://a.example/cb?x=1&error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request&state=s"},
		{"an empty query", "https://a.example/cb?", "s", "https://a.example/cb?error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request&state=s"},
		{"a state that needs escaping", "https://a.example/cb", "a&code=b #c", "https://a.example/cb?error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request&state=a%26code%3Db+%23c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := windowQuery()
			q.Set("redirect_uri", tt.uri)
			q.Set("state", tt.state)
			form := fields(w.get("/oauth/authorize", q).body)
			form.Set("decision", "deny")
			if got := w.post("/oauth/authorize", form).header.Get("Location"); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
