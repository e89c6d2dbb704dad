package e2e

import (
	"net/http"
	"net/url"
	"testing"
)

// Errors of each kind are read on a phone, in both languages: one that the visitor
// can mend, one of the site's settings, and one on which starting again helps. Each
// has its code in small print.
func TestBrowserErrorPages(t *testing.T) {
	server := startDev(t)
	fault := func(endpoint, kind string) {
		t.Helper()
		resp, err := http.PostForm(server.sim+"/_sim/fault", url.Values{"kind": {kind}, "endpoint": {endpoint}})
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		_ = resp.Body.Close()
	}
	words := map[string]struct{ code, mismatch, eligible, page, busy string }{
		"en": {"Code: ", "The connection is not set up correctly", "Instagram does not let this account connect yet", "No Instagram account is linked to your Page", "It is too busy at the moment"},
		"es": {"Código: ", "La conexión no está bien configurada", "Instagram aún no permite conectar esta cuenta", "Tu página no tiene ninguna cuenta de Instagram vinculada", "Hay demasiada actividad en este momento"},
	}
	for language, says := range words {
		t.Run(language, func(t *testing.T) {
			eachWindow(t, func(t *testing.T, window int) {
				b := newTab(t, window, language)
				read := func(link, account, title, code string) {
					t.Helper()
					b.open(server.url + link)
					b.choose(account)
					b.click(approve)
					b.sees(title)
					b.sees(says.code + code)
					b.shoot("explained-" + code + "-" + language)
				}
				fault("code", "instagram_verification_code")
				read("/authorize", "maria.bakes", says.mismatch, "redirect_uri_mismatch")
				fault("code", "none")
				read("/authorize", "pending.tester", says.eligible, "account_not_eligible")
				read("/authorize?login=facebook", "tom.plain", says.page, "page_without_instagram")
				fault("exchange", "graph_4")
				read("/authorize", "maria.bakes", says.busy, "rate_limited")
				fault("exchange", "none")
			})
		})
	}
}
