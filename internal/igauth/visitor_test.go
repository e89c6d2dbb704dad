package igauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"igauth/internal/igauth"
)

// The accounts behind the Pages of the simulator's people.
const (
	mariaID  igauth.AccountID = "17841400000010111" // ana.one's only one
	studioID igauth.AccountID = "17841400000020223" // leo.agency has this
	townID   igauth.AccountID = "17841400000030337" // and this
	casaID   igauth.AccountID = "17841400000060661" // and this, of Facebook Login only

	leoPerson = "facebook/122096000000020021"
)

// words are what a person reads on a page.
func words(w *httptest.ResponseRecorder) string {
	_, body, _ := strings.Cut(w.Body.String(), "<body>")
	return body
}

// A visitor is a browser in front of an installation.
type visitor struct {
	p       *installation
	cookies []*http.Cookie
	// language is what the browser prefers.
	language string
}

func (p *installation) visitor() *visitor { return &visitor{p: p, language: "en"} }

// serve sends a request with the browser's cookies.
func (v *visitor) serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	v.p.t.Helper()
	for _, cookie := range v.cookies {
		r.AddCookie(cookie)
	}
	r.Header.Set("Accept-Language", v.language)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	v.cookies = append(v.cookies, w.Result().Cookies()...)
	checkHeaders(v.p.t, w)
	return w
}

func (v *visitor) get(target string) *httptest.ResponseRecorder {
	v.p.t.Helper()
	return v.serve(v.p.callback, httptest.NewRequest(http.MethodGet, target, nil))
}

// choose sends the form of the choice, and follows the page behind it.
func (v *visitor) choose(target string, account igauth.AccountID) *httptest.ResponseRecorder {
	v.p.t.Helper()
	return v.post(target, url.Values{"account": {string(account)}}.Encode())
}

func (v *visitor) post(target, form string) *httptest.ResponseRecorder {
	v.p.t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := v.serve(v.p.callback, r)
	if next, ok := strings.CutPrefix(w.Header().Get("Refresh"), "0;url="); ok {
		if w.Code != http.StatusAccepted || next != target || !strings.Contains(w.Body.String(), `href="`+target+`"`) {
			v.p.t.Errorf("got status %d, and on to %s\n%s", w.Code, next, words(w))
		}
		return v.get(next)
	}
	return w
}

// dialog returns the window that /authorize leads to.
func (v *visitor) dialog(query string) *url.URL {
	v.p.t.Helper()
	w := v.serve(v.p.authorize, httptest.NewRequest(http.MethodGet, "/authorize"+query, nil))
	window, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusFound {
		v.p.t.Fatalf("authorize%s: got status %d, location %q\n%s", query, w.Code, w.Header().Get("Location"), words(w))
	}
	return window
}

// consent decides in a window, and returns the address of the callback that it
// leads to.
func (v *visitor) consent(window *url.URL, person string, decisions url.Values) string {
	v.p.t.Helper()
	form := window.Query()
	form.Set("account", person)
	form.Set("decision", "approve")
	for name, values := range decisions {
		form[name] = values
	}
	to := *window
	to.RawQuery = ""
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.PostForm(to.String(), form)
	v.p.must(err)
	v.p.must(answer.Body.Close())
	back, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || back.RawQuery == "" {
		v.p.t.Fatalf("%s does not decide: status %d", person, answer.StatusCode)
	}
	return "/callback?" + back.RawQuery
}

// walk goes from /authorize through the dialog, and returns where the callback
// leads.
func (v *visitor) walk(query, person string, decisions url.Values) string {
	v.p.t.Helper()
	w := v.get(v.consent(v.dialog(query), person, decisions))
	if w.Code != http.StatusSeeOther {
		v.p.t.Fatalf("got status %d\n%s", w.Code, words(w))
	}
	return w.Header().Get("Location")
}

const viaFacebook = "?login=facebook"
