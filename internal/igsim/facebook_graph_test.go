package igsim_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igsim"
)

// Pages of the test people.
const (
	bakery = "104857600012347"
	casa   = "61550000000040387"
	hidden = "61550000000060577"
)

func noObject(id string) string {
	return "100/33 GraphMethodException: Unsupported get request. Object with ID '" + id + "' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"
}

// pageToken asks for the token of a Page.
func (w *world) pageToken(token, page string) string {
	w.t.Helper()
	return w.tokenOf(w.graph(token, page, "fields", "access_token"))
}

func TestFacebookPaging(t *testing.T) {
	sourced(t, srcOnboarding)
	for name, tt := range map[string]struct {
		limit string
		b     igsim.Behaviour
		calls int
	}{
		"as many as wanted":         {"100", igsim.Behaviour{}, 1},
		"fewer than there are":      {"3", igsim.Behaviour{}, 2},
		"one at a time":             {"1", igsim.Behaviour{}, 4},
		"fewer than were asked for": {"100", igsim.Behaviour{PagesAtOnce: 2}, 2},
		"without a limit":           {"", igsim.Behaviour{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.must(w.SetBehaviour(tt.b))
			token := w.facebookLong("leo.agency")
			var all []string
			calls := 0
			query := with(proven(token), "fields", pageFields, "limit", tt.limit)
			for {
				calls++
				r := w.get(graphPath("me/accounts"), query)
				all = append(all, pageNames(t, r)...)
				paging, _ := r.json(t)["paging"].(map[string]any)
				next, _ := paging["next"].(string)
				if next == "" {
					break
				}
				if !strings.Contains(next, "access_token="+url.QueryEscape(token)) {
					t.Errorf("paging.next holds no token, Meta's does")
				}
				query.Set("after", paging["cursors"].(map[string]any)["after"].(string))
				// The address works too, once it got the proof that Meta leaves out.
				followed := w.do(w.request(http.MethodGet, strings.TrimPrefix(next, w.url)+"&appsecret_proof="+query.Get("appsecret_proof"), nil))
				if !slices.Equal(pageNames(t, followed), pageNames(t, w.get(graphPath("me/accounts"), query))) {
					t.Errorf("paging.next answers something else than the cursor")
				}
			}
			if want := []string{"Studio Norte", "Old Town Café & Bar", "Casa Verde", "Ideas of Leo"}; !slices.Equal(all, want) || calls != tt.calls {
				t.Errorf("got %q in %d calls, want %q in %d", all, calls, want, tt.calls)
			}
		})
	}
	w := newWorld(t)
	token := w.facebookLong("leo.agency")
	for name, tt := range map[string]struct{ field, value, want string }{
		"no limit":              {"limit", "0", "param limit must be"},
		"a limit in words":      {"limit", "all", "param limit must be"},
		"a made-up cursor":      {"after", "x", "Invalid cursors values"},
		"an unknown field":      {"fields", "id,balance", "nonexisting field (balance) on node type (Page)"},
		"a brace left open":     {"fields", "instagram_business_account{id", "Syntax error"},
		"a brace too many":      {"fields", "id}", "Syntax error"},
		"an unknown field deep": {"fields", "instagram_business_account{account_type}", "nonexisting field (account_type) on node type (ShadowIGUser)"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := w.graph(token, "me/accounts", tt.field, tt.value); r.status != http.StatusBadRequest || !strings.Contains(r.graph(t), tt.want) {
				t.Errorf("got %s, want %s", r.body, tt.want)
			}
		})
	}
}

func TestFacebookObjects(t *testing.T) {
	w := newWorld(t)
	leo := w.facebookLong("leo.agency")
	page := w.pageToken(leo, casa)
	ana := w.facebookLong("ana.one")
	anaID := w.FacebookPeople()[0].AppScopedID
	for _, tt := range []struct{ name, token, path, fields, want string }{
		{"who it is", ana, "me", "", `{"id":"` + anaID + `","name":"Ana Torres"}`},
		{"who it is, by id", ana, anaID, "id", `{"id":"` + anaID + `"}`},
		{"a Page", leo, casa, "name,instagram_business_account{id,username,name}", `{"id":"` + casa + `","instagram_business_account":{"id":"17841400000060661","name":"Casa Verde","username":"casa.verde"},"name":"Casa Verde"}`},
		{"a Page by its own token", page, "me", "", `{"id":"` + casa + `","name":"Casa Verde"}`},
		{"a Page without Instagram", leo, "61550000000050459", "instagram_business_account", `{"id":"61550000000050459"}`},
		{"an account by the Page's token", page, "17841400000060661", "username,name", `{"id":"17841400000060661","name":"Casa Verde","username":"casa.verde"}`},
		{"an account by the person's token", leo, "17841400000060661", "username", `{"id":"17841400000060661","username":"casa.verde"}`},
		{"an account that connects by Instagram Login too", ana, "17841400000010111", "username", `{"id":"17841400000010111","username":"maria.bakes"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := w.graph(tt.token, tt.path, "fields", tt.fields)
			if r.status != http.StatusOK || r.body != tt.want {
				t.Errorf("got  %d %s\nwant 200 %s", r.status, r.body, tt.want)
			}
		})
	}
	for _, tt := range []struct{ name, token, path string }{
		{"another person's Page", ana, casa},
		{"another Page by a Page's token", page, "61550000000020129"},
		{"another account by a Page's token", page, "17841400000020223"},
		{"nothing at all", ana, "5"},
		{"another person", leo, anaID},
		{"another person's Pages", leo, anaID + "/accounts"},
		{"a Page's Pages", page, "me/accounts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id, _, _ := strings.Cut(tt.path, "/")
			refused(t, w.graph(tt.token, tt.path), noObject(id))
		})
	}
	t.Run("an account without instagram_basic", func(t *testing.T) {
		form := w.dialogForm("tom.plain", dialogQuery())
		w.must(w.LinkInstagram("61550000000070609", "casa.verde"))
		form["scope"] = []string{"pages_show_list"}
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		if r := w.graph(token, "me/accounts", "fields", "instagram_business_account"); strings.Contains(r.body, "instagram") {
			t.Errorf("the Page shows its account: %s", r.body)
		}
		refused(t, w.graph(token, "17841400000060661"), "10/- OAuthException: (#10) Application does not have permission for this action")
	})
	t.Run("a Page's token is the same while it lives, or new", func(t *testing.T) {
		if w.pageToken(leo, casa) != page {
			t.Errorf("it changed")
		}
		w.must(w.SetBehaviour(igsim.Behaviour{PageToken: "new"}))
		if w.pageToken(leo, casa) == page || !w.TokenAlive(page) {
			t.Errorf("it did not change, or the old one died")
		}
	})
	t.Run("a POST", func(t *testing.T) {
		refused(t, w.do(w.request(http.MethodPost, graphPath(casa), proven(leo))), "100/- GraphMethodException: Unsupported request - method type: post")
	})
}

func TestProof(t *testing.T) {
	w := newWorld(t)
	token := w.facebookLong("ana.one")
	for _, path := range []string{"me", "me/accounts", bakery, "me/permissions"} {
		t.Run(path, func(t *testing.T) {
			sourced(t, srcProof)
			query := url.Values{"access_token": {token}}
			refused(t, w.get(graphPath(path), query), "100/- GraphMethodException: API calls from the server require an appsecret_proof argument")
			query.Set("appsecret_proof", igsim.AppSecretProof(igsim.DefaultAppSecret, token))
			refused(t, w.get(graphPath(path), query), "100/- GraphMethodException: Invalid appsecret_proof provided in the API argument")
		})
	}
	t.Run("can be optional, but not wrong", func(t *testing.T) {
		w.must(w.SetBehaviour(igsim.Behaviour{Proof: "optional"}))
		query := url.Values{"access_token": {token}}
		if r := w.get(graphPath("me"), query); r.status != http.StatusOK {
			t.Errorf("got %s", r.body)
		}
		query.Set("appsecret_proof", "x")
		refused(t, w.get(graphPath("me"), query), "100/- GraphMethodException: Invalid appsecret_proof provided in the API argument")
	})
}

func TestFamilies(t *testing.T) {
	sourced(t, srcFamilies)
	w := newWorld(t)
	facebook, instagram := w.facebookLong("ana.one"), w.long("maria.bakes")
	for name, r := range map[string]reply{
		"Facebook's token at /me":                      w.me(facebook, "id"),
		"Facebook's token at the refresh":              w.refresh(facebook),
		"Facebook's token at the exchange":             w.get("/v26.0/access_token", exchangeQuery(facebook)),
		"Instagram's token at /me/accounts":            w.graph(instagram, "me/accounts"),
		"Instagram's token at an object":               w.graph(instagram, "17841400000010111"),
		"Instagram's token at the exchange":            w.extend(instagram),
		"Instagram's token at the person's permission": w.do(w.request(http.MethodDelete, graphPath("122096000000020021/permissions"), proven(instagram))),
	} {
		t.Run(name, func(t *testing.T) { refused(t, r, cannotParse) })
	}
	t.Run("a version in the path changes nothing for Instagram's", func(t *testing.T) {
		if got := w.get("/v26.0/me", url.Values{"access_token": {instagram}, "fields": {"username"}}).json(t)["username"]; got != "maria.bakes" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("no token", func(t *testing.T) {
		refused(t, w.get(graphPath("me/accounts"), nil), "2500/- OAuthException: An active access token must be used to query information about the current user.")
	})
}

func TestGraphVersion(t *testing.T) {
	w := newWorld(t)
	token := w.facebookLong("ana.one")
	served := func(version string) string {
		t.Helper()
		return w.get("/"+version+"/me", proven(token)).header.Get("Facebook-Api-Version")
	}
	for asked, want := range map[string]string{"v26.0": "v26.0", "v21.0": "v21.0", "v20.0": "v21.0", "v3.0": "v21.0"} {
		t.Run(asked, func(t *testing.T) {
			sourced(t, srcVersions)
			if got := served(asked); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	t.Run("one that never was", func(t *testing.T) {
		refused(t, w.get("/v27.0/me", proven(token)), "2500/- OAuthException: Unknown path components: /v27.0/me")
		if r := w.get("/v0.0/dialog/oauth", dialogQuery()); r.status != http.StatusNotFound {
			t.Errorf("the dialog: got %d, want 404", r.status)
		}
	})
	t.Run("one that ended can be refused", func(t *testing.T) {
		w.must(w.SetBehaviour(igsim.Behaviour{EndedVersion: "refused"}))
		defer func() { w.must(w.SetBehaviour(igsim.Behaviour{})) }()
		sourced(t, srcDeprecated)
		refused(t, w.get("/v20.0/me", proven(token)), "2635/- OAuthException: (#2635) You are calling a deprecated version of the API. Please update to the latest version: v26.0.")
		if got := served("v21.0"); got != "v21.0" {
			t.Errorf("v21.0 before its end: got %q", got)
		}
	})
	t.Run("they end one after the other", func(t *testing.T) {
		w.clock.Advance(time.Date(2027, 1, 21, 0, 0, 0, 0, time.UTC).Sub(start))
		if got, want := served("v21.0"), "v22.0"; got != want {
			t.Errorf("in January 2027: got %s, want %s", got, want)
		}
	})
}

func TestLosses(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		lose         func(w *world) error
		user, page   string // what the two tokens get; "" for an answer
	}{
		{"a role", srcErrors, func(w *world) error { return w.SetRole("leo.agency", casa, false) }, noObject(casa),
			"190/492 OAuthException: Error validating access token: The user must be an administrator, editor, or moderator of the page in order to impersonate it. If the page business requires Two Factor Authentication, the user also needs to enable Two Factor Authentication."},
		{"the password", srcErrors, func(w *world) error { return w.ChangePassword("leo.agency") }, passwordText, passwordText},
		{"the app", srcErrors, func(w *world) error { return w.RemoveApp("leo.agency") }, metaRemovedText, metaRemovedText},
		{"the account", srcOnboarding, func(w *world) error { return w.LinkInstagram(casa, "") }, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			w := newWorld(t)
			user := w.facebookLong("leo.agency")
			page := w.pageToken(user, casa)
			other := w.facebookLong("ana.one")
			w.must(tt.lose(w))
			for token, want := range map[string]string{user: tt.user, page: tt.page} {
				if r := w.graph(token, casa); want == "" && r.status != http.StatusOK {
					t.Errorf("got %s, want an answer", r.body)
				} else if want != "" {
					refused(t, r, want)
				}
			}
			if !w.TokenAlive(other) {
				t.Errorf("another person's token died")
			}
			if tt.user == "" {
				refused(t, w.graph(page, "17841400000060661"), noObject("17841400000060661"))
			}
		})
	}
	t.Run("a role that comes back shows the Page again", func(t *testing.T) {
		w := newWorld(t)
		token := w.facebookLong("ana.one")
		w.must(w.SetRole("ana.one", bakery, false))
		w.must(w.SetRole("ana.one", bakery, true))
		w.must(w.SetRole("ana.one", bakery, true))
		if got := pageNames(t, w.graph(token, "me/accounts")); len(got) != 1 {
			t.Errorf("got %q, want it once", got)
		}
	})
	t.Run("a Page that moves into a portfolio, and out again", func(t *testing.T) {
		w := newWorld(t)
		form := w.dialogForm("ana.one", dialogQuery())
		form["scope"] = []string{"pages_show_list", "instagram_basic"}
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		for _, in := range []bool{true, false} {
			w.must(w.HidePage(bakery, in))
			if got := len(pageNames(t, w.graph(token, "me/accounts"))); got != map[bool]int{true: 0, false: 1}[in] {
				t.Errorf("in a portfolio %v: got %d Pages", in, got)
			}
		}
	})
	t.Run("an account that turns personal loses its link", func(t *testing.T) {
		w := newWorld(t)
		token := w.facebookLong("ana.one")
		w.must(w.SetAccountType("maria.bakes", "PERSONAL"))
		if r := w.graph(token, "me/accounts", "fields", "instagram_business_account"); strings.Contains(r.body, "17841") {
			t.Errorf("got %s", r.body)
		}
	})
	t.Run("what cannot be done", func(t *testing.T) {
		w := newWorld(t)
		for name, err := range map[string]error{
			"nobody's role":       w.SetRole("nobody", bakery, true),
			"a role on nothing":   w.SetRole("ana.one", "5", true),
			"half a role":         w.SetRole("ana.one", "", true),
			"a link of nothing":   w.LinkInstagram("", "casa.verde"),
			"a link to a person":  w.LinkInstagram(bakery, "juan.personal"),
			"hiding nothing":      w.HidePage("", true),
			"nobody's data":       w.LapseDataAccess(""),
			"a stranger's data":   w.LapseDataAccess("maria.bakes"),
			"a negative number":   w.SetBehaviour(igsim.Behaviour{PagesAtOnce: -1}),
			"an unknown behavior": w.SetBehaviour(igsim.Behaviour{Proof: "never"}),
		} {
			if err == nil {
				t.Errorf("%s: got no error", name)
			}
		}
	})
}

func TestFacebookPermissions(t *testing.T) {
	sourced(t, srcPermissions)
	w := newWorld(t)
	token := w.facebookLong("ines.hidden")
	page := w.pageToken(token, hidden)
	id := w.FacebookPeople()[3].AppScopedID
	remove := func(token, path string) reply {
		t.Helper()
		return w.do(w.request(http.MethodDelete, graphPath(path), proven(token)))
	}
	if r := w.graph(token, "me/permissions"); !strings.Contains(r.body, `{"permission":"instagram_basic","status":"granted"}`) {
		t.Errorf("the list: got %s", r.body)
	}
	if r := remove(token, id+"/permissions/business_management"); r.body != `{"success":true}` {
		t.Errorf("one permission: got %s", r.body)
	}
	if got := pageNames(t, w.graph(token, "me/accounts")); len(got) != 0 {
		t.Errorf("the Page is still shown: %q", got)
	}
	refused(t, remove(page, id+"/permissions"), noObject(id))
	refused(t, remove(page, "me/permissions"), noObject("me"))
	system, err := w.SystemUserToken("ines.hidden", false)
	w.must(err)
	refused(t, remove(system, "me/permissions"), noObject("me"))
	refused(t, remove(w.facebookLong("ana.one"), id+"/permissions"), noObject(id))
	refused(t, w.do(w.request(http.MethodPut, graphPath(id+"/permissions"), proven(token))), "100/- GraphMethodException: Unsupported request - method type: put")
	if r := remove(token, id+"/permissions"); r.body != `{"success":true}` {
		t.Errorf("all: got %s", r.body)
	}
	refused(t, w.graph(token, "me"), metaRemovedText)
	refused(t, w.graph(page, "me"), metaRemovedText)

	t.Run("the app itself can do it", func(t *testing.T) {
		token := w.facebookLong("ines.hidden")
		own := igsim.MetaAppID + "|" + igsim.DefaultMetaAppSecret
		if r := remove(own, id+"/permissions"); r.body != `{"success":true}` || w.TokenAlive(token) {
			t.Errorf("got %s, alive %v", r.body, w.TokenAlive(token))
		}
		refused(t, remove(own, "5/permissions"), noObject("5"))
	})
}

func TestFacebookBadRequests(t *testing.T) {
	w := newWorld(t)
	token := w.facebookLong("ana.one")
	own := igsim.MetaAppID + "|" + igsim.DefaultMetaAppSecret
	broken := func(path string, query url.Values) reply {
		t.Helper()
		req := w.request(http.MethodGet, graphPath(path), query)
		req.URL.RawQuery += "&x=%zz"
		return w.do(req)
	}
	const invalid = "100/- OAuthException: Invalid query"
	for _, tt := range []struct {
		name string
		r    reply
		want string
	}{
		{"a broken query at an object", broken(bakery, proven(token)), invalid},
		{"at the exchange of a code", broken("oauth/access_token", facebookCodeQuery("x")), invalid},
		{"at debug_token", broken("debug_token", proven(own)), invalid},
		{"a POST to debug_token", w.post(graphPath("debug_token"), proven(own)), "100/- IGApiException: Unsupported request - method type: post"},
		{"a DELETE of a Page", w.do(w.request(http.MethodDelete, graphPath(bakery), proven(token))), "100/- GraphMethodException: Unsupported request - method type: delete"},
		{"a brace left open at an object", w.graph(token, bakery, "fields", "id{name{x}"), "2500/- OAuthException: Syntax error \"Expected end of string\" in the parameter fields"},
		{"a brace too many, deep", w.graph(token, bakery, "fields", "instagram_business_account{id}}"), "2500/- OAuthException: Syntax error \"Expected end of string\" in the parameter fields"},
		{"an unknown field of an object", w.graph(token, bakery, "fields", "balance"), "100/- OAuthException: (#100) Tried accessing nonexisting field (balance) on node type (Page)"},
		{"a dead token asks debug_token", w.graph("EAAx", "debug_token", "input_token", token), cannotParse},
		{"a made-up token at the permissions", w.graph("EAAx", "me/permissions"), cannotParse},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, tt.r, tt.want) })
	}
	t.Run("the dialog with a broken query", func(t *testing.T) {
		if r := broken("dialog/oauth", dialogQuery()); r.status != http.StatusBadRequest || !strings.Contains(r.body, "isn&#39;t available") {
			t.Errorf("got %d %s", r.status, r.body)
		}
	})
	t.Run("paths that are none", func(t *testing.T) {
		for _, path := range []string{"/v26.0/", "/v26.0/me/media", "/v26.0/x", "/v26.1/debug_token", "/v26.0/oauth/authorize", "/debug_token", "/dialog/oauth", "/" + bakery} {
			if got := w.get(path, proven(token)).status; got != http.StatusNotFound {
				t.Errorf("%s: got %d, want 404", path, got)
			}
		}
	})
	t.Run("spaces between fields, and a field twice", func(t *testing.T) {
		if r := w.graph(token, bakery, "fields", " name , name,,instagram_business_account{ id } "); r.body != `{"id":"`+bakery+`","instagram_business_account":{"id":"17841400000010111"},"name":"Maria's Bakery"}` {
			t.Errorf("got %s", r.body)
		}
	})
}
