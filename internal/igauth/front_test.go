package igauth_test

import (
	"bytes"
	"context"
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
