package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Who has several accounts behind their Facebook login chooses one, on a page that
// works without scripts and on a phone.
func TestBrowserFacebookChoice(t *testing.T) {
	for language, words := range map[string]struct{ choose, none, connected string }{
		"en": {"Which account do you want to connect?", "Your Facebook login has no Page", "Your Instagram account is connected"},
		"es": {"¿Qué cuenta quieres conectar?", "Tu cuenta de Facebook no tiene ninguna página", "Tu cuenta de Instagram está conectada"},
	} {
		t.Run(language, func(t *testing.T) {
			eachWindow(t, func(t *testing.T, window int) {
				server := startDev(t)
				b := newTab(t, window, language)
				b.open(server.url)
				b.click(`a.connect.second`)
				if !strings.HasPrefix(b.location(), server.sim+"/v") {
					t.Fatalf("got %s, want Facebook's dialog", b.location())
				}
				b.choose("leo.agency")
				b.shoot("facebook-dialog")
				b.click(approve)
				b.sees(words.choose)
				b.sees("@casa.verde")
				b.sees("Old Town Café & Bar")
				b.shoot("choose-account-" + language)
				page := b.location()
				b.choose("17841400000060661")
				b.shoot("choose-account-chosen-" + language)
				b.click(`main button`)
				b.reaches(words.connected)

				// The page leads to the same end from now on.
				b.open(page)
				b.sees(words.connected)
				b.open(server.url)
				b.sees("casa.verde")
				if strings.Contains(b.text(), "studio_norte") {
					t.Error("another account is connected")
				}

				b.open(server.url + "/authorize?login=facebook")
				b.choose("nora.none")
				b.click(approve)
				b.sees(words.none)
				b.shoot("error-no-page-" + language)
				b.click(`a.again`)
				if !strings.HasPrefix(b.location(), server.sim+"/v") {
					t.Errorf("got %s, want Facebook's dialog again", b.location())
				}
			})
		})
	}
}

// Browsers hold the policy of a page with a form against every redirect that
// follows the form. The visitor gets to the site all the same, and to where the site
// sends them next.
func TestBrowserChoiceReturnsToTheSite(t *testing.T) {
	next := startSite(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, next+"/account?"+r.URL.RawQuery, http.StatusFound)
	}))
	defer site.Close()
	server := startDev(t, "--return-url", site.URL+"/connected")
	b := newTab(t, 0, "en")
	b.open(server.url + "/authorize?login=facebook")
	b.choose("leo.agency")
	b.click(approve)
	page := b.location()
	b.choose("17841400000020223")
	b.click(`main button`)
	b.reaches("status=connected")
	b.open(page)
	b.sees("status=connected")
}
