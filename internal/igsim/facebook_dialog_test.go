package igsim_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"igauth/internal/igsim"
)

func TestDialogRefuses(t *testing.T) {
	w := newWorld(t, func(c *igsim.Config) { c.FacebookRedirectURIs = []string{redirectURI} })
	for _, tt := range []struct{ name, source, field, value, want string }{
		{"the Instagram app's id", srcManual, "client_id", igsim.DefaultAppID, "Invalid App ID"},
		{"a redirect URI with another slash", srcBlocked, "redirect_uri", redirectURI + "/", "URL Blocked"},
		{"a permission of Instagram Login", srcMixed, "scope", "instagram_business_basic", "Invalid Scopes: instagram_business_basic"},
		{"a token in the fragment", srcManual, "response_type", "token", "only code"},
		{"an unknown configuration", srcBusiness, "config_id", "1", "Invalid configuration ID"},
		{"an unknown auth_type", srcManual, "auth_type", "maybe", "auth_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			query := dialogQuery()
			query.Set(tt.field, tt.value)
			r := w.get(graphPath("dialog/oauth"), query)
			if r.status != http.StatusBadRequest || !strings.Contains(r.body, tt.want) {
				t.Errorf("got %d %s, want 400 and %q", r.status, r.body, tt.want)
			}
			query.Set("decision", "approve")
			if r := w.post(graphPath("dialog/oauth"), query); r.status != http.StatusBadRequest {
				t.Errorf("the same as a form: got %d, want 400", r.status)
			}
		})
	}
	t.Run("the lists of the two logins are apart", func(t *testing.T) {
		w := newWorld(t, func(c *igsim.Config) { c.FacebookRedirectURIs = []string{"https://other.example/"} })
		if r := w.get(graphPath("dialog/oauth"), dialogQuery()); !strings.Contains(r.body, "URL Blocked") {
			t.Errorf("the dialog took a redirect URI of Instagram Login")
		}
		if r := w.get("/oauth/authorize", windowQuery()); r.status != http.StatusOK {
			t.Errorf("the window: got %d, want 200", r.status)
		}
	})
	t.Run("a form nobody could have sent", func(t *testing.T) {
		form := w.dialogForm("ana.one", dialogQuery())
		for name, change := range map[string]func(url.Values){
			"a stranger":                      func(v url.Values) { v.Set("account", "maria.bakes") },
			"a permission that was not asked": func(v url.Values) { v.Add("scope", "ads_read") },
			"no decision":                     func(v url.Values) { v.Del("decision") },
		} {
			bad := url.Values{}
			for k, v := range form {
				bad[k] = slices.Clone(v)
			}
			change(bad)
			if r := w.post(graphPath("dialog/oauth"), bad); r.status != http.StatusBadRequest || !strings.Contains(r.body, "Back to the choice") {
				t.Errorf("%s: got %d %s", name, r.status, r.body)
			}
		}
	})
	t.Run("another verb, another kind of body", func(t *testing.T) {
		if r := w.do(w.request(http.MethodPut, graphPath("dialog/oauth"), nil)); r.status != http.StatusMethodNotAllowed || r.header.Get("Allow") == "" {
			t.Errorf("PUT: got %d", r.status)
		}
		req := w.formRequest(graphPath("dialog/oauth"), nil)
		req.Header.Set("Content-Type", "application/json")
		if r := w.do(req); r.status != http.StatusBadRequest {
			t.Errorf("JSON: got %d, want 400", r.status)
		}
	})
}

func TestDialog(t *testing.T) {
	t.Run("it names the app, the people, their Pages and the permissions", func(t *testing.T) {
		page := newWorld(t).get(graphPath("dialog/oauth"), dialogQuery()).body
		for _, want := range []string{"site.example", igsim.MetaAppID, "Ana Torres", "Nora Lind", "manages no Page", "Instagram: maria.bakes", "without Instagram", "business_management"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
	})
	t.Run("a refusal has the four parameters, and the state", func(t *testing.T) {
		w := newWorld(t)
		form := w.dialogForm("ana.one", dialogQuery())
		form.Set("decision", "deny")
		r := w.post(graphPath("dialog/oauth"), form)
		want := redirectURI + "?error=access_denied&error_code=200&error_description=Permissions+error&error_reason=user_denied&state=st4te#_=_"
		if got := r.header.Get("Location"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("a consent brings a code and the state", func(t *testing.T) {
		w := newWorld(t)
		back := w.returned(w.dialogForm("ana.one", dialogQuery()))
		if back.Get("code") == "" || back.Get("state") != "st4te" {
			t.Errorf("got %v", back)
		}
	})
	t.Run("Pages that are unticked stay hidden", func(t *testing.T) {
		w := newWorld(t)
		form := w.dialogForm("leo.agency", dialogQuery())
		form["page"] = []string{"61550000000040387", "104857600012347"} // Casa Verde, and a Page that is not Leo's
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		if got, want := pageNames(t, w.graph(token, "me/accounts")), []string{"Casa Verde"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		refused(t, w.graph(token, "61550000000020129"), noObject("61550000000020129"))
	})
	t.Run("a Page nobody could tick is not shown, not even once there is a role", func(t *testing.T) {
		w := newWorld(t)
		form := w.dialogForm("ana.one", dialogQuery())
		form["page"] = []string{bakery, casa}
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		w.must(w.SetRole("ana.one", casa, true))
		if got, want := pageNames(t, w.graph(token, "me/accounts")), []string{"Maria's Bakery"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("without pages_show_list no Page is shown", func(t *testing.T) {
		w := newWorld(t)
		form := w.dialogForm("ana.one", dialogQuery())
		form["scope"] = []string{"instagram_basic", "business_management"}
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		if r := w.graph(token, "me/accounts"); r.body != `{"data":[]}` {
			t.Errorf("got %s, want an empty list", r.body)
		}
	})
	t.Run("permissions that are unticked are missing", func(t *testing.T) {
		sourced(t, srcHidden)
		w := newWorld(t)
		form := w.dialogForm("ines.hidden", dialogQuery())
		form["scope"] = []string{"instagram_basic", "pages_show_list"}
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		if r := w.graph(token, "me/accounts"); r.status != http.StatusOK || r.body != `{"data":[]}` {
			t.Errorf("without business_management: got %d %s, want an empty list", r.status, r.body)
		}
	})
	t.Run("asked again, what was declined can be granted, and what was granted stays", func(t *testing.T) {
		w := newWorld(t)
		form := w.dialogForm("ines.hidden", dialogQuery())
		form["scope"] = []string{"pages_show_list"}
		w.returned(form)
		query := dialogQuery()
		query.Set("scope", "business_management")
		query.Set("auth_type", "rerequest")
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(w.dialogForm("ines.hidden", query)).Get("code"))))
		if got, want := pageNames(t, w.graph(token, "me/accounts")), []string{"Harbor Gallery"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("with a configuration all is granted", func(t *testing.T) {
		sourced(t, srcBusiness)
		w := newWorld(t)
		query := dialogQuery()
		query.Del("scope")
		query.Set("config_id", igsim.FacebookConfigID)
		form := w.dialogForm("ines.hidden", query)
		form.Del("scope") // the boxes are disabled
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		if got, want := pageNames(t, w.graph(token, "me/accounts")), []string{"Harbor Gallery"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("a script needs no choice: the first person, all Pages", func(t *testing.T) {
		w := newWorld(t)
		form := dialogQuery()
		form.Set("decision", "approve")
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		if got, want := pageNames(t, w.graph(token, "me/accounts")), []string{"Maria's Bakery"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("or no Page at all", func(t *testing.T) {
		w := newWorld(t)
		form := dialogQuery()
		form.Set("decision", "approve")
		form.Set("pages", "none")
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		if got := pageNames(t, w.graph(token, "me/accounts")); len(got) != 0 {
			t.Errorf("got %q, want none", got)
		}
	})
}
