package igsim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"igauth/internal/igsim"
)

func TestFacebookControl(t *testing.T) {
	w := newWorld(t)
	user := w.facebookLong("leo.agency")
	page := w.pageToken(user, casa)
	for _, step := range []struct{ name, path, form, want string }{
		{"a Page is hidden", "hide", "page=" + casa + "&hidden=true", `{"ok":true}`},
		{"and shown", "hide", "page=" + casa + "&hidden=false", `{"ok":true}`},
		{"an account is unlinked", "link", "page=" + casa, `{"ok":true}`},
		{"and linked", "link", "page=" + casa + "&instagram=casa.verde", `{"ok":true}`},
		{"the Page's token lives", "alive", "token=" + page, `{"alive":true}`},
		{"a role is lost", "role", "account=leo.agency&page=" + casa + "&has=false", `{"ok":true}`},
		{"the Page's token is dead", "alive", "token=" + page, `{"alive":false}`},
		{"the person's lives", "alive", "token=" + user, `{"alive":true}`},
		{"data access lapses", "data-access", "account=leo.agency", `{"ok":true}`},
		{"the person's is not accepted", "alive", "token=" + user, `{"alive":false}`},
		{"a password changes", "password", "account=leo.agency", `{"ok":true}`},
		{"an app is removed", "remove", "account=ana.one", `{"ok":true}`},
		{"an error of Meta is a fault", "fault", "kind=graph_190_492&endpoint=accounts&account=ana.one&count=2", `[{"endpoint":"accounts","kind":"graph_190_492","count":2,"account":"ana.one"}]`},
		{"it is cleared", "fault", "kind=none&account=ana.one", `[]`},
		{"behaviour", "behaviour", "proof=optional&pages_at_once=2&deauthorize_on_remove=true&signed_by=meta", `{"code_shape":"flat","permissions":"","me_shape":"flat","user_id_as":"text","no_user_id":false,"refresh":"same",` +
			`"proof":"optional","expires_in":"present","extend":"new","data_access":"login","page_token":"same","ended_version":"moved_up","pages_at_once":2,"signed_by":"meta","expires":"deletion","deauthorize_on_remove":true,"codes_as_text":false}`},
		{"back to the defaults", "behaviour", "proof=&pages_at_once=&deauthorize_on_remove=&signed_by=", `{"code_shape":"flat","permissions":"","me_shape":"flat","user_id_as":"text","no_user_id":false,"refresh":"same",` + facebookDefaults},
	} {
		t.Run(step.name, func(t *testing.T) {
			form, _ := url.ParseQuery(step.form)
			if r := w.post("/_sim/"+step.path, form); r.status != http.StatusOK || r.body != step.want {
				t.Errorf("got  %d %s\nwant 200 %s", r.status, r.body, step.want)
			}
		})
	}
	t.Run("a system user's token", func(t *testing.T) {
		for _, form := range []url.Values{{"account": {"leo.agency"}}, {"account": {"leo.agency"}, "expires": {"true"}}} {
			if token := w.tokenOf(w.post("/_sim/system-user", form)); w.debug(token)["type"] != "SYSTEM_USER" || (w.debug(token)["expires_at"].(interface{ String() string }).String() == "0") == form.Has("expires") {
				t.Errorf("%v: got %v", form, w.debug(token))
			}
		}
	})
	t.Run("a code of the popup", func(t *testing.T) {
		code, _ := w.post("/_sim/popup-code", url.Values{"account": {"ana.one"}}).json(t)["code"].(string)
		w.tokenOf(w.get(graphPath("oauth/access_token"), with(facebookCodeQuery(code), "redirect_uri", "")))
	})
	t.Run("people and Pages", func(t *testing.T) {
		body := w.get("/_sim/facebook", nil).body
		for _, want := range []string{
			`{"username":"ana.one","app_scoped_id":"10224000000010007","name":"Ana Torres","pages":["` + bakery + `"]}`,
			`{"id":"` + hidden + `","name":"Harbor Gallery","portfolio":true,"instagram":"17841400000070773"}`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("got %s, want it to hold %s", body, want)
			}
		}
	})
	for _, tt := range []struct{ name, path, form, want string }{
		{"a role neither given nor taken", "role", "account=ana.one&page=" + bakery, "has must be true or false"},
		{"nobody's role", "role", "account=nobody&has=true&page=" + bakery, "nobody at Facebook"},
		{"no Page's role", "role", "account=ana.one&has=true&page=1", "no Page has the id"},
		{"half hidden", "hide", "page=" + bakery + "&hidden=half", "hidden must be true or false"},
		{"a link to nobody", "link", "page=" + bakery + "&instagram=nobody", "no professional account"},
		{"a system user of nobody", "system-user", "", "name a person"},
		{"a system user for a while", "system-user", "account=ana.one&expires=soon", "expires must be true or false"},
		{"a code of nobody", "popup-code", "account=maria.bakes", "nobody at Facebook"},
		{"nobody's data", "data-access", "", "data access needs a person"},
		{"an unknown kind of callback", "callback", "account=ana.one&kind=x", "unknown kind of callback"},
		{"a callback to nowhere", "callback", "account=ana.one&kind=deletion", "no address"},
		{"an unknown error", "fault", "kind=graph_7", "unknown fault"},
		{"half a Page", "behaviour", "pages_at_once=0.5", "whole number"},
		{"fewer than no Pages", "behaviour", "pages_at_once=-1", "must not be below 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form, _ := url.ParseQuery(tt.form)
			r := w.post("/_sim/"+tt.path, form)
			if text, _ := r.json(t)["error"].(string); r.status != http.StatusBadRequest || !strings.Contains(text, tt.want) {
				t.Errorf("got %d %s, want 400 and %q", r.status, r.body, tt.want)
			}
		})
	}
}

func TestHomePageNamesEverything(t *testing.T) {
	w := newWorld(t)
	page := w.get("/", nil).body
	var want []string
	for name := range w.endpoints() {
		want = append(want, "<td>"+name+"</td>")
	}
	for _, e := range igsim.Errors() {
		want = append(want, "<code>"+e.Name+"</code>")
	}
	for _, kind := range igsim.FaultKinds() {
		want = append(want, "<code>"+kind+"</code>")
	}
	for _, p := range w.FacebookPeople() {
		want = append(want, p.AppScopedID)
	}
	for _, p := range w.FacebookPages() {
		want = append(want, p.ID)
	}
	for _, part := range want {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
}
