package dev_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/dev"
	"igauth/internal/igauth"
)

// connectFacebook connects maria.bakes through the person at Facebook who manages its Page.
func (w *world) connectFacebook() {
	w.t.Helper()
	resp, _ := w.get(w.server.URL() + "/authorize?login=facebook")
	window, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		w.t.Fatal(err)
	}
	form := window.Query()
	form.Set("account", "ana.one")
	form.Set("decision", "approve")
	window.RawQuery = ""
	if resp, err = w.browser.PostForm(window.String(), form); err != nil {
		w.t.Fatal(err)
	}
	resp, _ = w.read(resp)
	resp, body := w.get(resp.Header.Get("Location"))
	if got := resp.Header.Get("Location"); got != "/callback/result?outcome=connected" {
		w.t.Fatalf("callback: got status %d, location %q\n%s\n%s", resp.StatusCode, got, body, w.log)
	}
}

// An account that came through Facebook belongs to a person whose name at the
// simulator is not the account's, and for whom the same buttons work.
func TestButtonsOfThePersonWorkForBothLogins(t *testing.T) {
	for name, connect := range map[string]func(*world){
		"Instagram": func(w *world) { w.connect("maria.bakes") },
		"Facebook":  func(w *world) { w.connectFacebook() },
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, dev.Options{})
			connect(w)
			id := string(w.account("maria.bakes").ID)
			for _, button := range []string{"password", "remove"} {
				w.press(button, url.Values{"id": {id}})
				w.advance(25 * time.Hour)
				if got := w.account("maria.bakes").Status; got != igauth.StatusReauthRequired {
					t.Errorf("a day after the button %s: got status %s", button, got)
				}
				connect(w)
			}

			w.press("deauthorize", url.Values{"id": {id}})
			if got := w.account("maria.bakes").Status; got != igauth.StatusDisconnected {
				t.Errorf("after Meta told that the app was removed: got status %s", got)
			}

			resp, err := w.browser.PostForm(w.server.URL()+"/dev/deletion", url.Values{"id": {id}})
			if err != nil {
				t.Fatal(err)
			}
			resp, body := w.read(resp)
			receipt := resp.Header.Get("Location")
			if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(receipt, "/data-deletion/") {
				t.Fatalf("deletion: got status %d, location %q\n%s", resp.StatusCode, receipt, body)
			}
			if resp, page := w.get(w.server.URL() + receipt); resp.StatusCode != http.StatusOK {
				t.Errorf("receipt: got status %d\n%s", resp.StatusCode, page)
			}
			if left := w.accounts(); len(left) != 0 {
				t.Errorf("after the deletion: %+v", left)
			}
		})
	}
}
