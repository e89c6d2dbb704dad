package igauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
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

// facebookInstallation has no return URL, so that a flow's outcome is shown.
func facebookInstallation(t *testing.T) *installation {
	t.Helper()
	p := emptyInstallation(t)
	p.urls = nil
	p.restart()
	return p
}

// outcome asserts how a flow ended.
func (p *installation) outcome(location string, want igauth.Code) {
	p.t.Helper()
	if u, err := url.Parse(location); err != nil || u.Path != "/callback/result" || u.Query().Get("outcome") != string(want) {
		p.t.Fatalf("got location %q, want outcome %s\n%s", location, want, p.log)
	}
}

func (p *installation) row(id igauth.AccountID) igauth.Account {
	p.t.Helper()
	a, err := p.store.Account(p.t.Context(), id)
	p.must(err)
	return a
}

// accountsNow returns the ids of all accounts.
func (p *installation) accountsNow() []igauth.AccountID {
	p.t.Helper()
	accounts, _, err := p.store.Accounts(p.t.Context(), "", 100)
	p.must(err)
	var ids []igauth.AccountID
	for _, a := range accounts {
		ids = append(ids, a.ID)
	}
	return ids
}

const viaFacebook = "?login=facebook"

func TestFacebookLoginWithOnePage(t *testing.T) {
	p := facebookInstallation(t)
	v := p.visitor()
	p.outcome(v.walk(viaFacebook, "ana.one", nil), igauth.CodeConnected)
	a := p.row(mariaID)
	if a.Login != igauth.LoginFacebook || a.PageID != "104857600012347" || a.AppScopedID != "10224000000010007" || a.ListedAs != "facebook/10224000000010007" || a.Username != "maria.bakes" {
		t.Errorf("got %+v", a)
	}
	now := p.clock.Now()
	if a.ExpiresAt.Before(now.Add(50*24*time.Hour)) || !a.DataAccessUntil.Equal(now.Add(90*24*time.Hour)) {
		t.Errorf("it ends at %s, and data access at %s", a.ExpiresAt, a.DataAccessUntil)
	}
	if want := []string{"business_management", "instagram_basic", "pages_show_list"}; !slices.Equal(a.RequestedScopes, want) || len(a.MissingScopes()) > 0 || !slices.Contains(a.Scopes, "instagram_basic") {
		t.Errorf("asked for %v, got %v", a.RequestedScopes, a.Scopes)
	}
	_, token, err := p.store.Token(t.Context(), mariaID, 0)
	p.must(err)
	if known, err := p.meta.Inspect(t.Context(), token.Value); err != nil || !known.Valid || known.Type != "PAGE" {
		t.Errorf("consumers get the token of a %s, %v; want a Page's that lives", known.Type, err)
	}
	if known, err := p.meta.Inspect(t.Context(), token.UserToken); err != nil || !known.Valid || known.Type != "USER" || !known.ExpiresAt.Equal(a.ExpiresAt) {
		t.Errorf("it is renewed by the token of a %s that ends at %s, %v; want the person's", known.Type, known.ExpiresAt, err)
	}
}

var choicePattern = regexp.MustCompile(`name="account" value="(\d+)" required><span translate="no"><b>@([^<]+)</b><small>([^<]+)</small>`)

func TestSeveralPagesAreTheVisitorsToChooseFrom(t *testing.T) {
	p := emptyInstallation(t)
	p.must(p.SetBehaviour(igsim.Behaviour{PagesAtOnce: 1}))
	v := p.visitor()
	callback := v.consent(v.dialog(viaFacebook), "leo.agency", nil)
	w := v.get(callback)
	page := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(page, "/callback/choose?state=") {
		t.Fatalf("got status %d, location %q", w.Code, page)
	}
	if len(p.accountsNow()) != 0 {
		t.Error("something is connected already")
	}
	t.Run("the page shows them", func(t *testing.T) {
		w := v.get(page)
		var got []string
		for _, m := range choicePattern.FindAllStringSubmatch(w.Body.String(), -1) {
			got = append(got, strings.Join(m[1:], " "))
		}
		want := []string{
			string(casaID) + " casa.verde Casa Verde",
			string(townID) + " old.town.cafe Old Town Café &amp; Bar",
			string(studioID) + " studio_norte Studio Norte",
		}
		if w.Code != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("got status %d, choices %q, want %q\n%s", w.Code, got, want, words(w))
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self';") {
			t.Errorf("got policy %q", csp)
		}
		if body := w.Body.String(); strings.Contains(body, "<script") || !strings.Contains(body, `href="/authorize?login=facebook"`) || !strings.Contains(body, `lang="en"`) {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("it speaks Spanish", func(t *testing.T) {
		v := &visitor{p: p, cookies: v.cookies, language: "es"}
		if body := v.get(page).Body.String(); !strings.Contains(body, `lang="es"`) || !strings.Contains(body, "¿Qué cuenta quieres conectar?") || !strings.Contains(body, "Conectar esta cuenta") {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("asking again spends nothing", func(t *testing.T) {
		calls := p.Calls()["facebook_code"]
		if got := v.get(callback).Header().Get("Location"); got != page || p.Calls()["facebook_code"] != calls {
			t.Errorf("got location %q and %d more exchanges", got, p.Calls()["facebook_code"]-calls)
		}
	})
	t.Run("a wrong choice shows the page again", func(t *testing.T) {
		for name, form := range map[string]string{
			"none": "", "somebody else's": "account=" + string(mariaID), "nonsense": "account=%3Cscript%3E", "in another case": "ACCOUNT=" + string(studioID),
		} {
			w := v.post(page, form)
			if body := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(body, `role="alert"`) || len(choicePattern.FindAllString(body, -1)) != 3 || strings.Contains(body, "<script") {
				t.Errorf("%s: got status %d\n%s", name, w.Code, body)
			}
		}
		for name, form := range map[string]string{"two": "account=" + string(studioID) + "&account=" + string(casaID), "too much": "account=" + strings.Repeat("1", 4096)} {
			if w := v.post(page, form); w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
				t.Errorf("%s: got status %d, location %q", name, w.Code, w.Header().Get("Location"))
			}
		}
	})
	t.Run("the ledger alone does not open the token", func(t *testing.T) {
		data, err := os.ReadFile(p.dir + "/ledger.db")
		p.must(err)
		if strings.Contains(string(data), "EAA") || !strings.Contains(string(data), `"sealed_token":"`) {
			t.Error("the token stands in the ledger, or no token does")
		}
	})
	w = v.choose(page, studioID)
	after := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(after, registered+"?claim=") || !strings.HasSuffix(after, "&status=connected") {
		t.Fatalf("got status %d, location %q\n%s", w.Code, after, p.log)
	}
	t.Run("whatever comes afterwards has the same outcome", func(t *testing.T) {
		for name, w := range map[string]*httptest.ResponseRecorder{
			"the same choice": v.choose(page, studioID), "another choice": v.choose(page, casaID), "no choice": v.post(page, ""),
			"the page": v.get(page), "the callback": v.get(callback),
		} {
			if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != after {
				t.Errorf("%s: got status %d, location %q", name, w.Code, got)
			}
		}
		if got := p.accountsNow(); !slices.Equal(got, []igauth.AccountID{studioID}) || p.row(studioID).Generation != 1 {
			t.Errorf("got accounts %v", got)
		}
	})
	t.Run("the flow keeps neither choices nor token", func(t *testing.T) {
		claim, _ := url.Parse(after)
		id, _, _ := strings.Cut(claim.Query().Get("claim"), ".")
		f, err := p.ledger.Flow(t.Context(), igauth.FlowID(id))
		if err != nil || f.SealedToken != "" || f.Choices != nil || f.Account != studioID || f.Outcome.Code != igauth.CodeConnected {
			t.Errorf("got %+v, %v", f, err)
		}
	})
	t.Run("the person has one account", func(t *testing.T) {
		person, err := p.ledger.Person(t.Context(), leoPerson)
		if err != nil || !slices.Equal(person.Accounts, []igauth.AccountID{studioID}) {
			t.Errorf("got %v, %v", person.Accounts, err)
		}
	})
}

// Two tabs, a double click: whatever was chosen, one account is connected, and all
// see the same.
func TestChoicesThatComeTogetherConnectOnce(t *testing.T) {
	p := emptyInstallation(t)
	v := p.visitor()
	page := v.walk(viaFacebook, "leo.agency", nil)
	var mu sync.Mutex
	answers := map[string]int{}
	var group sync.WaitGroup
	for i := range 30 {
		group.Go(func() {
			tab := &visitor{p: p, cookies: v.cookies}
			w := tab.choose(page, []igauth.AccountID{studioID, townID, casaID}[i%3])
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprint(w.Code, w.Header().Get("Location"))]++
		})
	}
	group.Wait()
	if len(answers) != 1 {
		t.Errorf("got %v", answers)
	}
	if got := p.accountsNow(); len(got) != 1 || p.row(got[0]).Generation != 1 {
		t.Errorf("got accounts %v", got)
	}
}

func TestFacebookLoginThatFindsNothing(t *testing.T) {
	all := "business_management,instagram_basic,pages_show_list"
	grant := func(scopes ...string) url.Values {
		return url.Values{"offered": {all}, "scope": scopes, "page": {"61550000000060577", "104857600012347"}}
	}
	for name, c := range map[string]struct {
		person    string
		decisions url.Values
		code      igauth.Code
	}{
		"no Page":                               {"nora.none", nil, igauth.CodeNoPage},
		"no Page chosen":                        {"leo.agency", url.Values{"pages": {"none"}}, igauth.CodeNoPage},
		"Pages hidden without a permission":     {"ines.hidden", grant("instagram_basic", "pages_show_list"), igauth.CodePagesHidden},
		"Pages shown with it":                   {"ines.hidden", grant("business_management", "instagram_basic", "pages_show_list"), igauth.CodeConnected},
		"a Page without Instagram":              {"tom.plain", nil, igauth.CodePageWithoutInstagram},
		"only the Page without Instagram":       {"leo.agency", url.Values{"page": {"61550000000050459"}}, igauth.CodePageWithoutInstagram},
		"one Page of several":                   {"leo.agency", url.Values{"page": {"61550000000040387"}}, igauth.CodeConnected},
		"declined":                              {"ana.one", url.Values{"decision": {"deny"}}, igauth.CodeDenied},
		"the basic permission declined":         {"ana.one", grant("business_management", "pages_show_list"), igauth.CodeScopeMissing},
		"the permission for the Pages declined": {"ana.one", grant("business_management", "instagram_basic"), igauth.CodeScopeMissing},
		"another permission declined":           {"ana.one", grant("instagram_basic", "pages_show_list"), igauth.CodeConnected},
	} {
		t.Run(name, func(t *testing.T) {
			p := facebookInstallation(t)
			v := p.visitor()
			window := v.dialog(viaFacebook)
			decisions := url.Values{}
			for key, values := range c.decisions {
				decisions[key] = values
			}
			callback := v.consent(window, c.person, decisions)
			for range 2 {
				p.outcome(v.get(callback).Header().Get("Location"), c.code)
			}
			if connected := len(p.accountsNow()) > 0; connected != (c.code == igauth.CodeConnected) {
				t.Errorf("got accounts %v", p.accountsNow())
			}
		})
	}
}

func TestFacebookResultPage(t *testing.T) {
	p := facebookInstallation(t)
	v := p.visitor()
	t.Run("who starts again does so through Facebook", func(t *testing.T) {
		if body := v.get(v.walk(viaFacebook, "nora.none", nil)).Body.String(); !strings.Contains(body, `href="/authorize?login=facebook"`) {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("so does who lost the cookie", func(t *testing.T) {
		v := p.visitor()
		callback := v.consent(v.dialog(viaFacebook+"&scope=instagram_manage_comments"), "ana.one", nil)
		body := p.visitor().get(callback).Body.String()
		if want := `href="/authorize?login=facebook&amp;scope=instagram_basic%2Cinstagram_manage_comments%2Cpages_show_list"`; !strings.Contains(body, want) || !strings.Contains(body, "cookie_missing") {
			t.Errorf("want %s in\n%s", want, body)
		}
	})
	t.Run("a partial grant is told plainly", func(t *testing.T) {
		window := v.dialog(viaFacebook + "&scope=instagram_manage_comments")
		location := v.get(v.consent(window, "ana.one", url.Values{
			"offered": {window.Query().Get("scope")}, "scope": {"instagram_basic", "pages_show_list"}, "page": {"104857600012347"},
		})).Header().Get("Location")
		p.outcome(location, igauth.CodeConnected)
		if body := v.get(location).Body.String(); !strings.Contains(body, "<li>instagram_manage_comments</li>") || strings.Contains(body, "<li>instagram_basic</li>") {
			t.Errorf("got\n%s", body)
		}
	})
}

func TestAuthorizeChoosesTheLogin(t *testing.T) {
	p := facebookInstallation(t)
	serve := func(query string) *httptest.ResponseRecorder {
		return p.visitor().serve(p.authorize, httptest.NewRequest(http.MethodGet, "/authorize"+query, nil))
	}
	for query, path := range map[string]string{"": "/oauth/authorize", "?login=instagram": "/oauth/authorize", "?login=facebook": "/v26.0/dialog/oauth"} {
		if window, err := url.Parse(serve(query).Header().Get("Location")); err != nil || window.Path != path {
			t.Errorf("%s: got window %v, %v", query, window, err)
		}
	}
	refused := func(query string, code igauth.Code) {
		t.Helper()
		w := serve(query)
		if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || len(w.Result().Cookies()) != 0 || !strings.Contains(w.Body.String(), string(code)) {
			t.Errorf("%s: got status %d, location %q, want %s\n%s", query, w.Code, w.Header().Get("Location"), code, words(w))
		}
	}
	refused("?login=", igauth.CodeLoginUnknown)
	refused("?login=Facebook", igauth.CodeLoginUnknown)
	refused("?login=x", igauth.CodeLoginUnknown)
	refused("?login=facebook&login=facebook", igauth.CodeRequestInvalid)
	refused("?login=facebook&scope=instagram_business_basic", igauth.CodeScopeUnknown)
	refused("?login=facebook&scope=user_photos", igauth.CodeScopeUnknown)
	refused("?scope=instagram_basic", igauth.CodeScopeUnknown)
	refused("?login=facebook&reconnect=x", igauth.CodeRequestInvalid)

	t.Run("a configuration at Meta names the permissions", func(t *testing.T) {
		p.facebookFixed = true
		p.restart()
		refused("?login=facebook&scope=instagram_basic", igauth.CodeRequestInvalid)
		v := p.visitor()
		window := v.dialog(viaFacebook)
		p.outcome(v.get(v.consent(window, "ana.one", url.Values{"scope": {"instagram_basic,pages_show_list"}})).Header().Get("Location"), igauth.CodeConnected)
		if a := p.row(mariaID); a.RequestedScopes != nil || len(a.MissingScopes()) > 0 {
			t.Errorf("asked for %v", a.RequestedScopes)
		}
		p.facebookFixed = false
		p.restart()
	})
	t.Run("without settings there is no Facebook Login", func(t *testing.T) {
		v := p.visitor()
		callback := v.consent(v.dialog(viaFacebook), "leo.agency", nil)
		v2 := p.visitor()
		page := v2.walk(viaFacebook, "leo.agency", nil)
		link, _, err := p.links.ReconnectURL(t.Context(), p.row(mariaID))
		p.must(err)
		p.noFacebook = true
		p.restart()
		refused("?login=facebook", igauth.CodeLoginOff)
		refused(strings.TrimPrefix(link, "https://connect.example.com/authorize"), igauth.CodeLoginOff)
		for name, w := range map[string]*httptest.ResponseRecorder{"callback": v.get(callback), "page": v2.get(page), "choice": v2.choose(page, studioID)} {
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), string(igauth.CodeLoginOff)) {
				t.Errorf("%s: got status %d\n%s", name, w.Code, words(w))
			}
		}
	})
}

// link returns the query of an account's reconnect link.
func (p *installation) link(id igauth.AccountID) string {
	p.t.Helper()
	link, _, err := p.links.ReconnectURL(p.t.Context(), p.row(id))
	p.must(err)
	return strings.TrimPrefix(link, "https://connect.example.com/authorize")
}

func TestReconnectThroughFacebook(t *testing.T) {
	p := facebookInstallation(t)
	v := p.visitor()
	p.outcome(v.choose(v.walk(viaFacebook, "leo.agency", nil), casaID).Header().Get("Location"), igauth.CodeConnected)
	before := p.row(casaID)
	link := p.link(casaID)
	p.clock.Advance(24 * time.Hour)

	t.Run("the link asks nothing and changes no other account", func(t *testing.T) {
		v := p.visitor()
		if window := v.dialog(link); window.Path != "/v26.0/dialog/oauth" {
			t.Errorf("it leads to %s", window)
		}
		p.outcome(v.walk(link, "leo.agency", nil), igauth.CodeConnected)
		a := p.row(casaID)
		if a.Generation != before.Generation+1 || a.History[len(a.History)-1].What != igauth.EntryReconnected || !a.DataAccessUntil.After(before.DataAccessUntil) {
			t.Errorf("got generation %d, history %v, data access until %s", a.Generation, a.History, a.DataAccessUntil)
		}
		if got := p.accountsNow(); len(got) != 1 {
			t.Errorf("got accounts %v", got)
		}
	})
	t.Run("who has another account is told both names", func(t *testing.T) {
		v := p.visitor()
		location := v.walk(link, "ana.one", nil)
		p.outcome(location, igauth.CodeWrongAccount)
		body := v.get(location).Body.String()
		if !strings.Contains(body, "@casa.verde") || !strings.Contains(body, "@maria.bakes") || !strings.Contains(body, "reconnect=") {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("who has several, but not that one, is told its name", func(t *testing.T) {
		v := p.visitor()
		location := v.walk(link, "leo.agency", url.Values{"page": {"61550000000020129", "61550000000030211"}})
		p.outcome(location, igauth.CodeWrongAccount)
		body := v.get(location).Body.String()
		if !strings.Contains(body, "@casa.verde") || strings.Contains(body, "@studio_norte") {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("who has none is told that", func(t *testing.T) {
		location := p.visitor().walk(link, "nora.none", nil)
		p.outcome(location, igauth.CodeNoPage)
		if !strings.Contains(location, "reconnect=") || strings.Contains(location, "login=") {
			t.Errorf("got %s, want the link to go on with", location)
		}
	})
	if a := p.row(casaID); a.Generation != before.Generation+1 {
		t.Errorf("got generation %d", a.Generation)
	}
}

// An account may come by one login and then by the other. It stays one account,
// and what happens in the login that it left does not touch it.
func TestAccountMovesBetweenTheLogins(t *testing.T) {
	p := facebookInstallation(t)
	listed := func(person igauth.PersonID) []igauth.AccountID {
		t.Helper()
		record, err := p.ledger.Person(t.Context(), person)
		p.must(err)
		return record.Accounts
	}
	remove := func(code, user string, logins ...igauth.Login) {
		t.Helper()
		p.clock.Advance(time.Minute)
		_, err := p.store.Remove(t.Context(), igauth.RemovalRequest{
			Kind: igauth.RemovalDeauthorize, Code: strings.Repeat(code, 40), UserID: user, Logins: logins, At: p.clock.Now(),
		})
		p.must(err)
		p.clock.Advance(time.Minute)
	}
	// What is signed with the Meta app's secret may be of either login.
	either := []igauth.Login{igauth.LoginFacebook, igauth.LoginInstagram}
	v := p.visitor()
	p.outcome(v.walk("", "studio_norte", nil), igauth.CodeConnected)
	first := p.row(studioID)
	if first.Login != igauth.LoginInstagram || igauth.NewPersonID(first.Login, first.AppScopedID) != first.ListedAs || len(listed(first.ListedAs)) != 1 {
		t.Fatalf("got %+v", first)
	}
	old := p.token("studio_norte")
	p.clock.Advance(time.Hour)
	p.outcome(v.choose(v.walk(viaFacebook, "leo.agency", nil), studioID).Header().Get("Location"), igauth.CodeConnected)
	second := p.row(studioID)
	if second.Login != igauth.LoginFacebook || second.PageID == "" || second.AppScopedID == first.AppScopedID || second.ListedAs != leoPerson ||
		second.Generation != first.Generation+1 || !second.ConnectedAt.After(first.ConnectedAt) || second.DataAccessUntil.IsZero() {
		t.Fatalf("got %+v", second)
	}
	if got := listed(leoPerson); !slices.Equal(got, []igauth.AccountID{studioID}) {
		t.Errorf("the person has %v", got)
	}
	if now := p.token("studio_norte"); now == old || !strings.HasPrefix(now, "EAA") {
		t.Error("the token is the old one")
	}
	remove("a", first.AppScopedID, igauth.LoginInstagram)
	remove("b", first.AppScopedID, either...)
	if a := p.row(studioID); a.Status != igauth.StatusActive || a.Generation != second.Generation {
		t.Fatalf("the login that was left ended the account: %s", a.Status)
	}
	p.outcome(v.walk("", "studio_norte", nil), igauth.CodeConnected)
	third := p.row(studioID)
	if third.Login != igauth.LoginInstagram || third.PageID != "" || third.AppScopedID != first.AppScopedID || !third.DataAccessUntil.IsZero() || third.Generation != second.Generation+1 {
		t.Fatalf("got %+v", third)
	}
	if !strings.HasPrefix(p.token("studio_norte"), "IGAA") {
		t.Error("the token is Facebook's")
	}
	remove("c", second.AppScopedID, either...)
	if a := p.row(studioID); a.Status != igauth.StatusActive {
		t.Fatalf("the login that was left ended the account: %s", a.Status)
	}
	remove("d", first.AppScopedID, either...)
	if a := p.row(studioID); a.Status != igauth.StatusDisconnected {
		t.Fatalf("the login of the account does not end it: %s", a.Status)
	}
}

func TestChoiceIsTheBrowsersOwn(t *testing.T) {
	p := emptyInstallation(t)
	v := p.visitor()
	page := v.walk(viaFacebook, "leo.agency", nil)
	stranger := p.visitor()
	stranger.dialog(viaFacebook)
	planted := &visitor{p: p, cookies: append(slices.Clone(v.cookies), &http.Cookie{Name: v.cookies[0].Name, Value: "planted"})}
	renamed := &visitor{p: p, cookies: []*http.Cookie{{Name: v.cookies[0].Name, Value: stranger.cookies[0].Value}}}
	changed := strings.Replace(page, "state=A", "state=B", 1)
	for name, c := range map[string]struct {
		v    *visitor
		page string
		code igauth.Code
	}{
		"no cookie":                {p.visitor(), page, igauth.CodeCookieMissing},
		"another flow's cookie":    {stranger, page, igauth.CodeCookieMissing},
		"another value":            {renamed, page, igauth.CodeStateInvalid},
		"two cookies of the name":  {planted, page, igauth.CodeCookieMissing},
		"changed state":            {v, changed, igauth.CodeStateInvalid},
		"no state":                 {v, "/callback/choose", igauth.CodeStateInvalid},
		"two states":               {v, page + "&" + strings.SplitN(page, "?", 2)[1], igauth.CodeRequestInvalid},
		"a flow not yet come back": {stranger, "/callback/choose?state=" + url.QueryEscape(stranger.dialog(viaFacebook).Query().Get("state")), igauth.CodeRequestInvalid},
	} {
		for _, w := range []*httptest.ResponseRecorder{c.v.get(c.page), c.v.choose(c.page, studioID)} {
			if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || !strings.Contains(w.Body.String(), string(c.code)) || strings.Contains(w.Body.String(), "studio_norte") {
				t.Errorf("%s: got status %d, want %s\n%s", name, w.Code, c.code, words(w))
			}
		}
	}
	t.Run("methods and prefetches", func(t *testing.T) {
		for _, c := range []struct {
			method, header string
			status         int
		}{
			{http.MethodHead, "", 405}, {http.MethodPut, "", 405}, {http.MethodDelete, "", 405}, {http.MethodOptions, "", 405},
			{http.MethodGet, "Sec-Purpose", 204}, {http.MethodPost, "Sec-Purpose", 204},
		} {
			r := httptest.NewRequest(c.method, page, strings.NewReader("account="+string(studioID)))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if c.header != "" {
				r.Header.Set(c.header, "prefetch")
			}
			if w := v.serve(p.callback, r); w.Code != c.status {
				t.Errorf("%s %s: got status %d, want %d", c.method, c.header, w.Code, c.status)
			}
		}
	})
	if len(p.accountsNow()) != 0 {
		t.Fatalf("got accounts %v", p.accountsNow())
	}
	t.Run("after ten minutes it is over", func(t *testing.T) {
		p.clock.Advance(igauth.FlowLifetime + time.Second)
		for _, w := range []*httptest.ResponseRecorder{v.get(page), v.choose(page, studioID)} {
			if body := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(body, "state_expired") || !strings.Contains(body, `href="/authorize?login=facebook"`) {
				t.Errorf("got status %d\n%s", w.Code, body)
			}
		}
		if len(p.accountsNow()) != 0 {
			t.Errorf("got accounts %v", p.accountsNow())
		}
	})
}

// A code of one login is worth nothing in a flow of the other.
func TestCodeOfTheOtherLogin(t *testing.T) {
	p := facebookInstallation(t)
	code := func(v *visitor, query, person string) (state, code string) {
		t.Helper()
		back, err := url.Parse(v.consent(v.dialog(query), person, nil))
		p.must(err)
		return url.QueryEscape(back.Query().Get("state")), url.QueryEscape(back.Query().Get("code"))
	}
	v := p.visitor()
	fbState, fbCode := code(v, viaFacebook, "ana.one")
	igState, igCode := code(v, "", "maria.bakes")
	for _, target := range []string{"/callback?state=" + fbState + "&code=" + igCode, "/callback?state=" + igState + "&code=" + fbCode} {
		w := v.get(target)
		location := w.Header().Get("Location")
		if refused := strings.Contains(location, "outcome=code_invalid") || strings.Contains(location, "outcome=meta_refused"); w.Code != http.StatusSeeOther || !refused {
			t.Errorf("got status %d, location %q", w.Code, location)
		}
	}
	if len(p.accountsNow()) != 0 {
		t.Errorf("got accounts %v", p.accountsNow())
	}
}

// What was taken away between the consent and the choice is not connected by it.
func TestEndBetweenConsentAndChoice(t *testing.T) {
	for name, end := range map[string]func(*installation) error{
		"disconnected": func(p *installation) error {
			_, err := p.store.Disconnect(p.t.Context(), studioID)
			return err
		},
		"erased": func(p *installation) error {
			_, err := p.store.Erase(p.t.Context(), studioID)
			return err
		},
		"removed by the person": func(p *installation) error {
			_, err := p.store.Remove(p.t.Context(), igauth.RemovalRequest{
				Kind: igauth.RemovalDeauthorize, Code: strings.Repeat("a", 40), UserID: strings.TrimPrefix(leoPerson, "facebook/"),
				Logins: []igauth.Login{igauth.LoginFacebook}, At: p.clock.Now(),
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := facebookInstallation(t)
			v := p.visitor()
			p.outcome(v.walk("", "studio_norte", nil), igauth.CodeConnected)
			p.clock.Advance(time.Minute)
			page := v.walk(viaFacebook, "leo.agency", nil)
			p.clock.Advance(time.Minute)
			p.must(end(p))
			p.clock.Advance(time.Minute)
			p.outcome(v.choose(page, studioID).Header().Get("Location"), igauth.CodeDisconnected)
			if a, err := p.ledger.Account(t.Context(), studioID); err != nil || a.Login == igauth.LoginFacebook {
				t.Errorf("got %s, %v", a.Login, err)
			}
		})
	}
}

// A vault that is away loses nothing: the choice can be sent again when the request
// that held it is certainly over.
func TestChoiceSurvivesADeadRequest(t *testing.T) {
	p := facebookInstallation(t)
	broken := &brokenVault{Vault: p.vault}
	p.vault = broken
	p.restart()
	v := p.visitor()
	page := v.walk(viaFacebook, "leo.agency", nil)
	broken.away.Store(true)
	if w := v.choose(page, studioID); w.Code != http.StatusInternalServerError {
		t.Fatalf("got status %d, location %q", w.Code, w.Header().Get("Location"))
	}
	broken.away.Store(false)
	w := v.choose(page, studioID)
	if w.Code != http.StatusAccepted || !strings.HasPrefix(w.Header().Get("Refresh"), "2;url=/callback/choose?state=") {
		t.Errorf("while the lease lasts: got status %d, refresh %q", w.Code, w.Header().Get("Refresh"))
	}
	if w := v.get(page); w.Code != http.StatusAccepted || w.Header().Get("Refresh") != "2" {
		t.Errorf("while the lease lasts: got status %d, refresh %q", w.Code, w.Header().Get("Refresh"))
	}
	p.clock.Advance(time.Minute)
	if w := v.get(page); w.Code != http.StatusOK {
		t.Fatalf("afterwards: got status %d\n%s", w.Code, words(w))
	}
	p.outcome(v.choose(page, townID).Header().Get("Location"), igauth.CodeConnected)
	if got := p.accountsNow(); !slices.Equal(got, []igauth.AccountID{townID}) {
		t.Errorf("got accounts %v", got)
	}
}

// A brokenVault can be away.
type brokenVault struct {
	igauth.Vault
	away atomic.Bool
}

func (v *brokenVault) Put(ctx context.Context, slot igauth.Slot, profile igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	if v.away.Load() {
		return "", errors.New("the vault is away")
	}
	return v.Vault.Put(ctx, slot, profile, token)
}
