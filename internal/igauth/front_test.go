package igauth_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
	"igauth/internal/igauth/sealed"
)

const (
	consentOrigin = "https://www.instagram.example/"
	testAppID     = "990602627938098"
)

// fakeConsent is a consent window that is never opened.
type fakeConsent struct{}

func (fakeConsent) ConsentURL(r igauth.ConsentRequest) *url.URL {
	u, _ := url.Parse(consentOrigin + "oauth/authorize")
	query := url.Values{"state": {r.State.Reveal()}, "scope": {strings.Join(r.Scopes, ",")}}
	if r.ForceReauth {
		query.Set("force_reauth", "true")
	}
	u.RawQuery = query.Encode()
	return u
}

// fakeMeta answers like Meta to whoever asks well, and counts.
type fakeMeta struct {
	now func() time.Time

	mu       sync.Mutex
	codes    int
	exchange func() (igauth.Grant, error)
	extend   func() (igauth.Token, error)
	profile  func() (igauth.Profile, error)
}

var testProfile = igauth.Profile{ID: "17841400000000001", AppScopedID: "38281000000004703", Username: "maria", AccountType: "BUSINESS"}

func (m *fakeMeta) ExchangeCode(context.Context, igauth.Secret) (igauth.Grant, error) {
	m.mu.Lock()
	m.codes++
	m.mu.Unlock()
	if m.exchange != nil {
		return m.exchange()
	}
	return igauth.Grant{Token: igauth.NewSecret("short"), AppScopedID: testProfile.AppScopedID, Scopes: []string{igauth.ScopeBasic}}, nil
}

func (m *fakeMeta) ExtendToken(context.Context, igauth.Secret) (igauth.Token, error) {
	if m.extend != nil {
		return m.extend()
	}
	return igauth.Token{Value: igauth.NewSecret("long"), IssuedAt: m.now(), ExpiresAt: m.now().Add(60 * 24 * time.Hour)}, nil
}

func (m *fakeMeta) Profile(context.Context, igauth.Secret) (igauth.Profile, error) {
	if m.profile != nil {
		return m.profile()
	}
	return testProfile, nil
}

func (m *fakeMeta) exchanges() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.codes
}

func testKeys(context.Context) ([]igauth.Secret, error) {
	return []igauth.Secret{igauth.NewSecret(strings.Repeat("k", 43))}, nil
}

func authorizeHandler(t testing.TB, urls igauth.ReturnURLs) http.Handler {
	t.Helper()
	h, err := igauth.NewAuthorizeHandler(igauth.FrontConfig{AppID: testAppID, StateKeys: testKeys, ReturnURLs: urls}, fakeConsent{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A front is both handlers on an embedded store, with a clock that stands still.
type front struct {
	t         testing.TB
	authorize http.Handler
	callback  http.Handler
	accounts  http.Handler
	links     *igauth.Links
	meta      *fakeMeta
	facebook  *fakeFacebook
	store     *igauth.Store
	ledger    igauth.Ledger
	log       *bytes.Buffer

	mu   sync.Mutex
	time time.Time
}

func (f *front) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.time
}

func (f *front) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.time = f.time.Add(d)
}

func newFront(t testing.TB, urls ...string) *front {
	t.Helper()
	f := &front{t: t, log: &bytes.Buffer{}, time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	f.meta, f.facebook = &fakeMeta{now: f.now}, newFakeFacebook(f.now)
	ledger, err := boltstore.Open(t.TempDir()+"/ledger.db", f.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	keys, err := sealed.NewKeyset(nil)
	if err != nil {
		t.Fatal(err)
	}
	vault, err := sealed.NewVault(keys)
	if err != nil {
		t.Fatal(err)
	}
	f.ledger = ledger
	log := slog.New(slog.NewTextHandler(f.log, nil))
	if f.store, err = igauth.NewStore(igauth.StoreConfig{Ledger: ledger, Vault: vault, Now: f.now}); err != nil {
		t.Fatal(err)
	}
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{Store: f.store, Meta: f.meta, Facebook: f.facebook, MetaAppID: testMetaAppID, Timeout: 10 * time.Second, Patience: 2 * time.Second, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	cfg := igauth.FrontConfig{
		AppID: testAppID, StateKeys: testKeys, ReturnURLs: returnURLs(t, urls...), Facebook: f.facebook, FacebookScopes: []string{igauth.ScopeBusiness}, Now: f.now, Log: log,
	}
	if f.authorize, err = igauth.NewAuthorizeHandler(cfg, fakeConsent{}); err != nil {
		t.Fatal(err)
	}
	if f.callback, err = igauth.NewCallbackHandler(cfg, connector); err != nil {
		t.Fatal(err)
	}
	if f.links, err = igauth.NewLinks(igauth.LinksConfig{Origin: "https://connect.example", AppID: testAppID, StateKeys: testKeys, Now: f.now}); err != nil {
		t.Fatal(err)
	}
	if f.accounts, err = igauth.NewAccountsHandler(igauth.AccountsConfig{Store: f.store, Links: f.links, Now: f.now, Log: log}); err != nil {
		t.Fatal(err)
	}
	return f
}

// A flow is what a browser holds between the two handlers.
type flow struct {
	state  string
	cookie *http.Cookie
}

func (f *front) begin(query string) flow {
	f.t.Helper()
	w := httptest.NewRecorder()
	f.authorize.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/authorize"+query, nil))
	location, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusFound || len(w.Result().Cookies()) != 1 {
		f.t.Fatalf("authorize: got status %d, location %q, %d cookies", w.Code, w.Header().Get("Location"), len(w.Result().Cookies()))
	}
	return flow{location.Query().Get("state"), w.Result().Cookies()[0]}
}

// finish calls back with a raw query and the given cookies.
func (f *front) finish(rawQuery string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/callback", nil)
	r.URL.RawQuery = rawQuery
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	f.callback.ServeHTTP(w, r)
	checkHeaders(f.t, w)
	return w
}

// checkHeaders asserts what every answer carries.
func checkHeaders(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	h := w.Header()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("header %s: got %q, want %q", name, got, want)
		}
	}
	if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("content security policy: got %q", csp)
	}
	if h.Get("Strict-Transport-Security") == "" {
		t.Error("header Strict-Transport-Security is missing")
	}
	if w.Code >= 300 && w.Code < 400 && w.Code != http.StatusFound && w.Code != http.StatusSeeOther {
		t.Errorf("got status %d, want 302 or 303", w.Code)
	}
}

func (fl flow) query(rest string) string {
	return "state=" + url.QueryEscape(fl.state) + rest
}

func TestConnect(t *testing.T) {
	f := newFront(t, registered)
	fl := f.begin("")
	w := f.finish(fl.query("&code=abc"), fl.cookie)
	location, _ := url.Parse(w.Header().Get("Location"))
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(location.String(), registered+"?") || location.Query().Get("status") != "connected" {
		t.Fatalf("got status %d, location %s", w.Code, location)
	}
	if keys := len(location.Query()); keys != 2 {
		t.Errorf("got %d parameters, want status and claim alone: %s", keys, location)
	}
	claim := location.Query().Get("claim")

	t.Run("looking at a claim does not redeem it", func(t *testing.T) {
		w := httptest.NewRecorder()
		f.accounts.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/claims/"+claim, nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("got status %d", w.Code)
		}
	})
	t.Run("the claim is redeemed once", func(t *testing.T) {
		for i, want := range []int{http.StatusOK, http.StatusNotFound} {
			w := httptest.NewRecorder()
			f.accounts.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/claims/"+claim, nil))
			if w.Code != want {
				t.Errorf("time %d: got status %d, want %d: %s", i+1, w.Code, want, w.Body)
			}
		}
	})
	t.Run("the same browser gets the same answer again", func(t *testing.T) {
		again := f.finish(fl.query("&code=abc"), fl.cookie)
		other := f.finish(fl.query("&code=another"), fl.cookie)
		for _, w := range []*httptest.ResponseRecorder{again, other} {
			if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != location.String() {
				t.Errorf("got status %d, location %q; want %s", w.Code, got, location)
			}
		}
		if n := f.meta.exchanges(); n != 1 {
			t.Errorf("got %d exchanges, want 1", n)
		}
	})
	t.Run("another browser gets none", func(t *testing.T) {
		if w := f.finish(fl.query("&code=abc")); w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
			t.Errorf("got status %d, location %q", w.Code, w.Header().Get("Location"))
		}
	})
}

func TestClaimIsOldAfterAMinute(t *testing.T) {
	f := newFront(t, registered)
	fl := f.begin("")
	location, _ := url.Parse(f.finish(fl.query("&code=abc"), fl.cookie).Header().Get("Location"))
	f.advance(61 * time.Second)
	w := httptest.NewRecorder()
	f.accounts.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/claims/"+location.Query().Get("claim"), nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("got status %d, want 404", w.Code)
	}
}

// What is refused spends no code and stores nothing, and the flow can still be
// finished by its own browser afterwards.
func TestCallbackRefuses(t *testing.T) {
	f := newFront(t, registered)
	fl, other := f.begin(""), f.begin("")
	changed := "B" + fl.state[1:]
	if fl.state[0] == 'B' {
		changed = "C" + fl.state[1:]
	}
	planted := *fl.cookie
	planted.Value = "planted"
	renamed := *other.cookie
	renamed.Name = fl.cookie.Name
	lower := *fl.cookie
	lower.Name = strings.ToLower(fl.cookie.Name)
	cookie := []*http.Cookie{fl.cookie}
	for name, c := range map[string]struct {
		query   string
		cookies []*http.Cookie
		status  int
	}{
		"nothing":                         {"", cookie, 400},
		"no state":                        {"code=abc", cookie, 400},
		"empty state":                     {"state=&code=abc", cookie, 400},
		"short state":                     {"state=A&code=abc", cookie, 400},
		"long state":                      {"state=" + strings.Repeat("A", 4096) + "&code=abc", cookie, 400},
		"changed state":                   {"state=" + changed + "&code=abc", cookie, 400},
		"padded state":                    {"state=" + fl.state + "%3D&code=abc", cookie, 400},
		"upper-case state":                {"state=" + strings.ToUpper(fl.state) + "&code=abc", cookie, 400},
		"state and line feed":             {"state=" + fl.state + "%0A&code=abc", cookie, 400},
		"state and NUL":                   {"state=" + fl.state + "%00&code=abc", cookie, 400},
		"state and space":                 {"state=" + fl.state + "+&code=abc", cookie, 400},
		"two states":                      {"state=" + fl.state + "&state=" + other.state + "&code=abc", cookie, 400},
		"the same state twice":            {fl.query("&" + fl.query("&code=abc")), cookie, 400},
		"states joined with a comma":      {"state=" + fl.state + "," + other.state + "&code=abc", cookie, 400},
		"semicolon for ampersand":         {fl.query(";code=abc"), cookie, 400},
		"STATE":                           {"STATE=" + fl.state + "&code=abc", cookie, 400},
		"no cookie":                       {fl.query("&code=abc"), nil, 400},
		"another flow's cookie":           {fl.query("&code=abc"), []*http.Cookie{other.cookie}, 400},
		"another flow's cookie, renamed":  {fl.query("&code=abc"), []*http.Cookie{&renamed}, 400},
		"planted cookie":                  {fl.query("&code=abc"), []*http.Cookie{&planted}, 400},
		"two cookies of the name":         {fl.query("&code=abc"), []*http.Cookie{fl.cookie, &planted}, 400},
		"cookie in another case":          {fl.query("&code=abc"), []*http.Cookie{&lower}, 400},
		"code and error":                  {fl.query("&code=abc&error=access_denied"), cookie, 400},
		"neither code nor error":          {fl.query(""), cookie, 400},
		"empty code":                      {fl.query("&code="), cookie, 400},
		"code of 4 KB":                    {fl.query("&code=" + strings.Repeat("x", 4096)), cookie, 400},
		"code with line feed":             {fl.query("&code=a%0Ab"), cookie, 400},
		"two codes":                       {fl.query("&code=a&code=b"), cookie, 400},
		"denied, with a changed state":    {"state=" + changed + "&error=access_denied", cookie, 400},
		"denied, in another browser":      {fl.query("&error=access_denied"), nil, 400},
		"broken escape":                   {fl.query("&code=%zz"), cookie, 400},
		"a hostile return_to is no use":   {"return_to=https%3A%2F%2Fevil.example%2F&state=x&code=y", cookie, 400},
		"denied without state is a page":  {"error=access_denied&error_reason=user_denied", cookie, 200},
		"script in the error description": {"state=x&error=%3Cscript%3E&error_description=%3Cscript%3Ealert(1)%3C/script%3E", cookie, 400},
	} {
		t.Run(name, func(t *testing.T) {
			w := f.finish(c.query, c.cookies...)
			if w.Code != c.status || w.Header().Get("Location") != "" {
				t.Errorf("got status %d, location %q; want %d without one", w.Code, w.Header().Get("Location"), c.status)
			}
			if body := w.Body.String(); strings.Contains(body, "<script") || strings.Contains(body, fl.state) || strings.Contains(body, "evil") {
				t.Errorf("the page echoes its input:\n%s", body)
			}
		})
	}
	if n := f.meta.exchanges(); n != 0 {
		t.Errorf("got %d exchanges, want none", n)
	}
	if w := f.finish(fl.query("&code=abc%23_"), fl.cookie); w.Code != http.StatusSeeOther {
		t.Errorf("the right browser afterwards: got status %d, want 303", w.Code)
	}
	if n := f.meta.exchanges(); n != 1 {
		t.Errorf("got %d exchanges, want 1", n)
	}
}

func TestMethodsAndPrefetchesConsumeNothing(t *testing.T) {
	f := newFront(t, registered)
	fl := f.begin("")
	for _, c := range []struct {
		method, header, value string
		status                int
	}{
		{http.MethodPost, "", "", 405}, {http.MethodHead, "", "", 405}, {http.MethodOptions, "", "", 405},
		{http.MethodGet, "Sec-Purpose", "prefetch;prerender", 204}, {http.MethodGet, "Purpose", "prefetch", 204}, {http.MethodGet, "X-Moz", "prefetch", 204},
	} {
		r := httptest.NewRequest(c.method, "/callback?"+fl.query("&code=abc"), nil)
		r.AddCookie(fl.cookie)
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		w := httptest.NewRecorder()
		f.callback.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s %s: got status %d, want %d", c.method, c.header, w.Code, c.status)
		}
	}
	if n := f.meta.exchanges(); n != 0 {
		t.Errorf("got %d exchanges, want none", n)
	}
	if w := f.finish(fl.query("&code=abc"), fl.cookie); w.Code != http.StatusSeeOther {
		t.Errorf("the visitor afterwards: got status %d", w.Code)
	}
}

func TestStateExpires(t *testing.T) {
	f := newFront(t, registered)
	fl := f.begin("")
	f.advance(igauth.FlowLifetime + time.Second)
	if w := f.finish(fl.query("&code=abc"), fl.cookie); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "state_expired") {
		t.Errorf("got status %d\n%s", w.Code, w.Body)
	}
	if n := f.meta.exchanges(); n != 0 {
		t.Errorf("got %d exchanges", n)
	}
}

func TestTwoTabsFinishInAnyOrder(t *testing.T) {
	f := newFront(t, registered)
	first, second := f.begin(""), f.begin("")
	for _, fl := range []flow{second, first} {
		if w := f.finish(fl.query("&code=abc"), first.cookie, second.cookie); w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "status=connected") {
			t.Errorf("got status %d, location %q", w.Code, w.Header().Get("Location"))
		}
	}
}

// However many deliveries of one callback come at once, one code is spent and
// all get the same answer.
func TestParallelDeliveries(t *testing.T) {
	const deliveries = 1000
	f := newFront(t, registered)
	fl := f.begin("")
	answers := make(chan string, deliveries)
	var group sync.WaitGroup
	for range deliveries {
		group.Go(func() {
			w := f.finish(fl.query("&code=abc"), fl.cookie)
			answers <- w.Header().Get("Location")
		})
	}
	group.Wait()
	close(answers)
	distinct := map[string]bool{}
	for answer := range answers {
		distinct[answer] = true
	}
	if len(distinct) != 1 || f.meta.exchanges() != 1 {
		t.Errorf("got %d different answers and %d exchanges, want one of each: %v", len(distinct), f.meta.exchanges(), distinct)
	}
	accounts, err := f.ledger.Accounts(t.Context(), "", 10)
	if err != nil || len(accounts) != 1 || accounts[0].Generation != 1 || accounts[0].Status != igauth.StatusActive {
		t.Errorf("got %d accounts, %v, want one of generation 1", len(accounts), err)
	}
}

func TestDenied(t *testing.T) {
	f := newFront(t, registered)
	fl := f.begin("")
	const refusal = "&error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request"
	for range 2 {
		if got := f.finish(fl.query(refusal), fl.cookie).Header().Get("Location"); got != registered+"?status=denied" {
			t.Errorf("got location %q", got)
		}
	}
	if got := f.finish(fl.query("&code=abc"), fl.cookie).Header().Get("Location"); got != registered+"?status=denied" || f.meta.exchanges() != 0 {
		t.Errorf("a code after the refusal: got location %q and %d exchanges", got, f.meta.exchanges())
	}
}

// failure is what the client of Meta returns.
func failure(code igauth.Code, sent bool) error {
	return &igauth.Error{Code: code, Class: code.Class(), Sent: sent}
}

func TestFailuresOfMeta(t *testing.T) {
	for name, c := range map[string]struct {
		prepare   func(*fakeMeta)
		outcome   string
		exchanges int
	}{
		"code refused": {func(m *fakeMeta) {
			m.exchange = func() (igauth.Grant, error) { return igauth.Grant{}, failure(igauth.CodeCodeUsed, true) }
		}, "code_used", 1},
		"answer to the code lost": {func(m *fakeMeta) {
			m.exchange = func() (igauth.Grant, error) { return igauth.Grant{}, failure(igauth.CodeMetaUnavailable, true) }
		}, "outcome_unknown", 1},
		"code could not be sent": {func(m *fakeMeta) {
			m.exchange = func() (igauth.Grant, error) { return igauth.Grant{}, failure(igauth.CodeMetaUnavailable, false) }
		}, "meta_unavailable", 3},
		"long-lived exchange refused": {func(m *fakeMeta) {
			m.extend = func() (igauth.Token, error) { return igauth.Token{}, failure(igauth.CodeNotEligible, true) }
		}, "account_not_eligible", 1},
		"long-lived exchange broken": {func(m *fakeMeta) {
			m.extend = func() (igauth.Token, error) { return igauth.Token{}, failure(igauth.CodeMetaUnreadable, true) }
		}, "meta_answer_unreadable", 1},
		"profile broken": {func(m *fakeMeta) {
			m.profile = func() (igauth.Profile, error) { return igauth.Profile{}, failure(igauth.CodeMetaUnavailable, true) }
		}, "meta_unavailable", 1},
		"personal account": {func(m *fakeMeta) {
			m.profile = func() (igauth.Profile, error) { p := testProfile; p.AccountType = "PERSONAL"; return p, nil }
		}, "personal_account", 1},
		"basic permission not granted": {func(m *fakeMeta) {
			m.exchange = func() (igauth.Grant, error) {
				return igauth.Grant{Token: igauth.NewSecret("short"), Scopes: []string{}}, nil
			}
		}, "scope_missing", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			c.prepare(f.meta)
			fl := f.begin("")
			for range 2 {
				if got := f.finish(fl.query("&code=abc"), fl.cookie).Header().Get("Location"); got != "/callback/result?outcome="+c.outcome {
					t.Errorf("got location %q, want outcome %s", got, c.outcome)
				}
			}
			if n := f.meta.exchanges(); n != c.exchanges {
				t.Errorf("got %d exchanges, want %d", n, c.exchanges)
			}
			if _, err := f.store.Account(t.Context(), testProfile.ID); igauth.CodeOf(err) != igauth.CodeAccountNotFound {
				t.Errorf("an account was stored: %v", err)
			}
		})
	}
	t.Run("a blip while asking for the long token is survived", func(t *testing.T) {
		f := newFront(t)
		tries := 0
		f.meta.extend = func() (igauth.Token, error) {
			if tries++; tries == 1 {
				return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
			}
			return igauth.Token{Value: igauth.NewSecret("long"), IssuedAt: f.now(), ExpiresAt: f.now().Add(60 * 24 * time.Hour)}, nil
		}
		fl := f.begin("")
		if got := f.finish(fl.query("&code=abc"), fl.cookie).Header().Get("Location"); got != "/callback/result?outcome=connected" {
			t.Errorf("got location %q", got)
		}
	})
}

func TestPartialGrantIsToldPlainly(t *testing.T) {
	f := newFront(t)
	fl := f.begin("?scope=instagram_business_basic,instagram_business_manage_comments")
	location := f.finish(fl.query("&code=abc"), fl.cookie).Header().Get("Location")
	r := httptest.NewRequest(http.MethodGet, location, nil)
	r.Header.Set("Accept-Language", "es-MX,es;q=0.9,en;q=0.5")
	w := httptest.NewRecorder()
	f.callback.ServeHTTP(w, r)
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, "instagram_business_manage_comments") || !strings.Contains(body, `lang="es"`) {
		t.Errorf("got status %d\n%s", w.Code, body)
	}
	a, err := f.store.Account(t.Context(), testProfile.ID)
	if err != nil || len(a.MissingScopes()) != 1 {
		t.Errorf("got missing scopes %v, %v", a.MissingScopes(), err)
	}
}

func TestAuthorize(t *testing.T) {
	f := newFront(t, registered, "https://agency.example/back")
	serve := func(target string, edit func(*http.Request)) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, target, nil)
		if edit != nil {
			edit(r)
		}
		f.authorize.ServeHTTP(w, r)
		checkHeaders(t, w)
		return w
	}
	t.Run("the cookie is bound to this host and browser", func(t *testing.T) {
		cookie := serve("/authorize", nil).Result().Cookies()[0]
		if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 600 {
			t.Errorf("got %+v", cookie)
		}
	})
	t.Run("a state of the caller's is not used", func(t *testing.T) {
		if location := serve("/authorize?state=fixed", nil).Header().Get("Location"); strings.Contains(location, "fixed") {
			t.Errorf("got %s", location)
		}
	})
	t.Run("every flow is another", func(t *testing.T) {
		if a, b := f.begin(""), f.begin(""); a.state == b.state || a.cookie.Name == b.cookie.Name || a.cookie.Value == b.cookie.Value {
			t.Error("two flows share something")
		}
	})
	t.Run("another account can be chosen", func(t *testing.T) {
		if location := serve("/authorize?force_reauth=true", nil).Header().Get("Location"); !strings.Contains(location, "force_reauth=true") {
			t.Errorf("got %s", location)
		}
	})
	for _, query := range []string{
		"scope=user_profile", "scope=instagram_basic", "scope=instagram_business_basic,nonsense", "force_reauth=maybe",
		"return_to=https://shop.example/connected&return_to=https://agency.example/back", "return_to=", "return_to=%zz",
	} {
		if w := serve("/authorize?"+query, nil); w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
			t.Errorf("%s: got status %d, location %q", query, w.Code, w.Header().Get("Location"))
		}
	}
	t.Run("a browser full of unfinished flows is cleaned up", func(t *testing.T) {
		w := serve("/authorize", func(r *http.Request) {
			for range 12 {
				r.AddCookie(f.begin("").cookie)
			}
		})
		removed := 0
		for _, cookie := range w.Result().Cookies() {
			if cookie.MaxAge < 0 {
				removed++
			}
		}
		if removed != 5 {
			t.Errorf("got %d removed cookies, want 5, so that 8 remain", removed)
		}
	})
	t.Run("nothing is stored", func(t *testing.T) {
		if due, _, err := f.ledger.Due(t.Context(), igauth.DueQuery{Now: f.now().Add(time.Hour), Limit: 10}); err != nil || len(due) != 0 {
			t.Errorf("got %v, %v", due, err)
		}
	})
}

// A key that cannot be read is an error page, not a flow that cannot end.
func TestStateKeyUnavailable(t *testing.T) {
	broken := func(context.Context) ([]igauth.Secret, error) { return nil, errors.New("no answer") }
	h, err := igauth.NewAuthorizeHandler(igauth.FrontConfig{AppID: testAppID, StateKeys: broken}, fakeConsent{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/authorize", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "no answer") {
		t.Errorf("got status %d\n%s", w.Code, w.Body)
	}
}
