package dev_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"igauth/internal/app/dev"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// With the simulator, Facebook Login is simply there.
func TestFacebookLoginOnTheDevelopmentServer(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dev.Options{Data: dir})
	if _, home := w.get(w.server.URL()); !strings.Contains(home, `href="/authorize?login=facebook">Connect through Facebook</a>`) {
		t.Errorf("the home page has no second button:\n%s", home)
	}
	resp, _ := w.get(w.server.URL() + "/authorize?login=facebook")
	window, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(window.String(), w.server.SimulatorURL()) {
		t.Fatalf("got window %v, %v", window, err)
	}
	form := window.Query()
	form.Set("account", "ana.one")
	form.Set("decision", "approve")
	window.RawQuery = ""
	resp, err = w.browser.PostForm(window.String(), form)
	if err != nil {
		t.Fatal(err)
	}
	resp, body := w.read(resp)
	back := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusFound || !strings.HasPrefix(back, w.server.CallbackURL()) {
		t.Fatalf("dialog: got status %d, location %q\n%s", resp.StatusCode, back, body)
	}
	resp, body = w.get(back)
	if got := resp.Header.Get("Location"); got != "/callback/result?outcome=connected" {
		t.Fatalf("callback: got status %d, location %q\n%s\n%s", resp.StatusCode, got, body, w.log)
	}
	if a := w.account("maria.bakes"); a.Login != igauth.LoginFacebook || a.Status != igauth.StatusActive || a.DataAccessUntil.IsZero() {
		t.Errorf("got %+v", a)
	}
	folder, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if r := folder.Record; r.MetaAppID != igsim.MetaAppID || r.FacebookGraph != w.server.SimulatorURL() || r.FacebookWWW != w.server.SimulatorURL() {
		t.Errorf("the folder remembers %+v", r)
	}
}

func TestFacebookLoginOfMetaNeedsItsApp(t *testing.T) {
	base := dev.Options{Listen: "127.0.0.1:0", Real: true, AppID: "1", AppSecret: igauth.NewSecret("x")}
	for name, change := range map[string]func(*dev.Options){
		"an id without a secret":      func(o *dev.Options) { o.MetaAppID = "2" },
		"a secret without an id":      func(o *dev.Options) { o.MetaAppSecret = igauth.NewSecret("y") },
		"the id of the Instagram app": func(o *dev.Options) { o.MetaAppID, o.MetaAppSecret = "1", igauth.NewSecret("y") },
	} {
		opts := base
		opts.Data = t.TempDir()
		change(&opts)
		if server, err := dev.Open(opts); err == nil || !strings.Contains(err.Error(), "--meta-app-id") {
			t.Errorf("%s: got %v", name, err)
			if server != nil {
				server.Close()
			}
		}
	}
	opts := base
	opts.Data = t.TempDir()
	server, err := dev.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if server.FacebookLogin() {
		t.Error("Facebook Login is on without its app")
	}
}
