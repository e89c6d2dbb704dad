package igauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

// A choice is taken from our own page alone: the page of another site that sends
// the form chooses nothing. Browsers that do not say whose page it was are
// believed, as the state and the cookie say the rest.
func TestOnlyOurOwnPageSendsTheChoice(t *testing.T) {
	for name, c := range map[string]struct {
		headers map[string]string
		taken   bool
	}{
		"a browser that says nothing":                  {nil, true},
		"our page":                                     {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, true},
		"our page, sent again by the visitor":          {map[string]string{"Sec-Fetch-Site": "none"}, true},
		"our page in an older browser":                 {map[string]string{"Origin": "null"}, true},
		"our page, with its name":                      {map[string]string{"Origin": "https://Connect.example.com"}, true},
		"our page behind another name of ours":         {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://front.example.com"}, true},
		"another site":                                 {map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false},
		"another site that hides its name":             {map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "null"}, false},
		"another site in an older browser":             {map[string]string{"Origin": "https://evil.example"}, false},
		"another site whose name begins like ours":     {map[string]string{"Origin": "https://connect.example.com.evil.example"}, false},
		"a neighbour of the same domain":               {map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://blog.example.com"}, false},
		"a neighbour of the same domain, older":        {map[string]string{"Origin": "https://blog.example.com"}, false},
		"a name that is none":                          {map[string]string{"Origin": "%zz"}, false},
		"a word for the site that nobody has heard of": {map[string]string{"Sec-Fetch-Site": "new"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := emptyInstallation(t)
			v := p.visitor()
			page := v.walk(viaFacebook, "leo.agency", nil)
			send := func(headers map[string]string) *httptest.ResponseRecorder {
				r := httptest.NewRequest(http.MethodPost, "https://connect.example.com"+page, strings.NewReader(url.Values{"account": {string(studioID)}}.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				for name, value := range headers {
					r.Header.Set(name, value)
				}
				return v.serve(p.callback, r)
			}
			w := send(c.headers)
			if c.taken {
				if w.Code != http.StatusAccepted || !slices.Equal(p.accountsNow(), []igauth.AccountID{studioID}) {
					t.Errorf("got status %d, and accounts %v\n%s", w.Code, p.accountsNow(), words(w))
				}
				return
			}
			if w.Code != http.StatusForbidden || len(p.accountsNow()) != 0 || !strings.Contains(w.Body.String(), "another website") || !strings.Contains(w.Body.String(), `href="/authorize`) {
				t.Errorf("got status %d, and accounts %v\n%s", w.Code, p.accountsNow(), words(w))
			}
			if w := send(nil); w.Code != http.StatusAccepted || len(p.accountsNow()) != 1 {
				t.Errorf("afterwards the visitor's own choice gets status %d\n%s", w.Code, words(w))
			}
		})
	}
}
