package igauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
)

const testMetaAppID = "240000000000001"

// A fakeFacebook answers for a person with the Pages that it is given. What a test
// changes is read while nothing runs.
type fakeFacebook struct {
	fakeConsent
	pages     []igauth.Page
	atOnce    int
	inspected igauth.Inspection
	now       func() time.Time
	// refuse returns the answer to a call, nil means a good one.
	refuse func(call string) error
	// profile changes who a Page's token says the account is.
	profile func(*igauth.Profile)
	// life is how long an extended token lives, "" names no end.
	life time.Duration

	mu    sync.Mutex
	calls map[string]int
}

func newFakeFacebook(now func() time.Time) *fakeFacebook {
	return &fakeFacebook{
		now: now, calls: map[string]int{}, atOnce: 100, life: 60 * 24 * time.Hour,
		pages: []igauth.Page{fakePage(1)},
		inspected: igauth.Inspection{
			Valid: true, AppID: testMetaAppID, Type: "USER", AppScopedID: "122096000000000001", DataAccessUntil: now().Add(90 * 24 * time.Hour),
			Scopes: []string{igauth.ScopeBusiness, igauth.ScopeFacebookBasic, igauth.ScopePages},
		},
	}
}

// fakePage is the n-th Page, with an Instagram account.
func fakePage(n int) igauth.Page {
	return igauth.Page{
		ID: fmt.Sprintf("6155%06d", n), Name: fmt.Sprintf("Page %d", n), Token: igauth.NewSecret(fmt.Sprintf("page-token-%d", n)),
		Account: igauth.AccountID(fmt.Sprintf("17841500000%06d", n)), Username: fmt.Sprintf("user%04d", n),
	}
}

func (f *fakeFacebook) called(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[call]++
	if f.refuse != nil {
		return f.refuse(call)
	}
	return nil
}

func (f *fakeFacebook) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[call]
}

func (f *fakeFacebook) ExchangeCode(context.Context, igauth.Secret) (igauth.Grant, error) {
	return igauth.Grant{Token: igauth.NewSecret("short-user-token")}, f.called("code")
}

func (f *fakeFacebook) ExtendToken(context.Context, igauth.Secret) (igauth.Token, error) {
	token := igauth.Token{Value: igauth.NewSecret("long-user-token"), IssuedAt: f.now()}
	if f.life > 0 {
		token.ExpiresAt = f.now().Add(f.life)
	}
	return token, f.called("extend")
}

func (f *fakeFacebook) Inspect(context.Context, igauth.Secret) (igauth.Inspection, error) {
	return f.inspected, f.called("inspect")
}

func (f *fakeFacebook) Pages(_ context.Context, _ igauth.Secret, after string) ([]igauth.Page, string, error) {
	from := 0
	if after != "" {
		_, _ = fmt.Sscan(after, &from)
	}
	to := min(len(f.pages), from+f.atOnce)
	next := ""
	if to < len(f.pages) {
		next = fmt.Sprint(to)
	}
	return slices.Clone(f.pages[from:to]), next, f.called("pages")
}

func (f *fakeFacebook) PageToken(_ context.Context, page string, _ igauth.Secret) (igauth.Secret, error) {
	return igauth.NewSecret("asked-for-" + page), f.called("page")
}

func (f *fakeFacebook) Profile(_ context.Context, account igauth.AccountID, _ igauth.Secret) (igauth.Profile, error) {
	p := igauth.Profile{ID: account, Username: "user"}
	if f.profile != nil {
		f.profile(&p)
	}
	return p, f.called("profile")
}

// facebook walks a visitor through both handlers and returns where they end, and
// the flow.
func (f *front) viaFacebook(query string) (string, flow) {
	f.t.Helper()
	fl := f.begin("?login=facebook" + query)
	w := f.finish(fl.query("&code=abc%23_%3D_"), fl.cookie)
	if w.Code != http.StatusSeeOther {
		f.t.Fatalf("got status %d\n%s", w.Code, w.Body)
	}
	return w.Header().Get("Location"), fl
}

// choose sends the choice of a flow.
func (f *front) choose(page string, fl flow, account igauth.AccountID) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequest(http.MethodPost, page, strings.NewReader(url.Values{"account": {string(account)}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(fl.cookie)
	w := httptest.NewRecorder()
	f.callback.ServeHTTP(w, r)
	checkHeaders(f.t, w)
	if next, ok := strings.CutPrefix(w.Header().Get("Refresh"), "0;url="); ok {
		r = httptest.NewRequest(http.MethodGet, next, nil)
		r.AddCookie(fl.cookie)
		w = httptest.NewRecorder()
		f.callback.ServeHTTP(w, r)
		checkHeaders(f.t, w)
	}
	return w
}

func TestFacebookTokenIsVetted(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*igauth.Inspection)
		code   igauth.Code
	}{
		"another app":               {func(i *igauth.Inspection) { i.AppID = testAppID }, igauth.CodeTokenOtherApp},
		"no app":                    {func(i *igauth.Inspection) { i.AppID = "" }, igauth.CodeTokenOtherApp},
		"a Page's":                  {func(i *igauth.Inspection) { i.Type = "PAGE" }, igauth.CodeMetaUnreadable},
		"an app's":                  {func(i *igauth.Inspection) { i.Type = "APP" }, igauth.CodeMetaUnreadable},
		"dead":                      {func(i *igauth.Inspection) { *i = igauth.Inspection{Failure: igauth.CodeAppRemoved} }, igauth.CodeAppRemoved},
		"dead, who knows why":       {func(i *igauth.Inspection) { *i = igauth.Inspection{} }, igauth.CodeTokenInvalid},
		"data access over":          {func(i *igauth.Inspection) { i.DataAccessUntil = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }, igauth.CodeDataAccessExpired},
		"instagram_basic missing":   {func(i *igauth.Inspection) { i.Scopes = []string{igauth.ScopePages} }, igauth.CodeScopeMissing},
		"pages_show_list missing":   {func(i *igauth.Inspection) { i.Scopes = []string{igauth.ScopeFacebookBasic} }, igauth.CodeScopeMissing},
		"no scopes":                 {func(i *igauth.Inspection) { i.Scopes = []string{} }, igauth.CodeScopeMissing},
		"scopes that nobody told":   {func(i *igauth.Inspection) { i.Scopes = nil }, igauth.CodeConnected},
		"no clock of data access":   {func(i *igauth.Inspection) { i.DataAccessUntil = time.Time{} }, igauth.CodeConnected},
		"a person who is not known": {func(i *igauth.Inspection) { i.AppScopedID = "" }, igauth.CodeConnected},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t)
			c.change(&f.facebook.inspected)
			location, _ := f.viaFacebook("")
			if u, _ := url.Parse(location); u.Query().Get("outcome") != string(c.code) {
				t.Errorf("got location %q, want outcome %s", location, c.code)
			}
			if pages := f.facebook.count("pages"); pages > 0 != (c.code == igauth.CodeConnected) {
				t.Errorf("the Pages were read %d times", pages)
			}
		})
	}
}

func TestAccountBehindThePageIsVetted(t *testing.T) {
	for code, change := range map[igauth.Code]func(*igauth.Profile){
		igauth.CodeMetaUnreadable:  func(p *igauth.Profile) { p.ID = fakePage(2).Account },
		igauth.CodePersonalAccount: func(p *igauth.Profile) { p.AccountType = "personal" },
		// The person is whom the token is of, whatever the account says.
		igauth.CodeConnected: func(p *igauth.Profile) { p.AppScopedID, p.PageID = "1", "2" },
	} {
		f := newFront(t)
		f.facebook.profile = change
		location, _ := f.viaFacebook("")
		if u, _ := url.Parse(location); u.Query().Get("outcome") != string(code) {
			t.Errorf("got location %q, want outcome %s", location, code)
		}
		if a, err := f.store.Account(t.Context(), fakePage(1).Account); err == nil && (a.AppScopedID != f.facebook.inspected.AppScopedID || a.PageID != fakePage(1).ID) {
			t.Errorf("got person %s, page %s", a.AppScopedID, a.PageID)
		}
	}
}

func TestFailuresOfFacebook(t *testing.T) {
	at := func(call string, code igauth.Code, sent bool) func(string) error {
		return func(c string) error {
			if c != call {
				return nil
			}
			return failure(code, sent)
		}
	}
	for name, c := range map[string]struct {
		refuse func(string) error
		code   igauth.Code
		call   string
		times  int
	}{
		"code refused":              {at("code", igauth.CodeCodeUsed, true), igauth.CodeCodeUsed, "code", 1},
		"answer to the code lost":   {at("code", igauth.CodeMetaUnavailable, true), igauth.CodeOutcomeUnknown, "code", 1},
		"code could not be sent":    {at("code", igauth.CodeMetaUnavailable, false), igauth.CodeMetaUnavailable, "code", 3},
		"app secret refused":        {at("code", igauth.CodeAppSecret, true), igauth.CodeAppSecret, "inspect", 0},
		"extension down":            {at("extend", igauth.CodeMetaUnavailable, true), igauth.CodeMetaUnavailable, "extend", 3},
		"extension refused":         {at("extend", igauth.CodeTokenInvalid, true), igauth.CodeTokenInvalid, "pages", 0},
		"inspection down":           {at("inspect", igauth.CodeMetaUnreadable, true), igauth.CodeMetaUnreadable, "inspect", 3},
		"Pages down":                {at("pages", igauth.CodeMetaUnavailable, true), igauth.CodeMetaUnavailable, "pages", 3},
		"Pages throttled":           {at("pages", igauth.CodeRateLimited, true), igauth.CodeRateLimited, "pages", 1},
		"the account does not tell": {at("profile", igauth.CodePermissionGone, true), igauth.CodePermissionGone, "profile", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			f.facebook.refuse = c.refuse
			location, _ := f.viaFacebook("")
			if u, _ := url.Parse(location); u.Query().Get("outcome") != string(c.code) {
				t.Errorf("got location %q, want outcome %s", location, c.code)
			}
			if n := f.facebook.count(c.call); n != c.times {
				t.Errorf("%s was called %d times, want %d", c.call, n, c.times)
			}
			if accounts, _, err := f.store.Accounts(t.Context(), "", 10); err != nil || len(accounts) != 0 {
				t.Errorf("got %d accounts, %v", len(accounts), err)
			}
		})
	}
	t.Run("after the choice it ends the flow", func(t *testing.T) {
		t.Parallel()
		f := newFront(t)
		f.facebook.pages = append(f.facebook.pages, fakePage(2))
		page, fl := f.viaFacebook("")
		f.facebook.refuse = at("page", igauth.CodePageRoleLost, true)
		want := "/callback/result?login=facebook&outcome=page_role_lost"
		for range 2 {
			if got := f.choose(page, fl, fakePage(2).Account).Header().Get("Location"); got != want || f.facebook.count("page") != 1 {
				t.Errorf("got location %q after %d calls, want %s", got, f.facebook.count("page"), want)
			}
		}
	})
}

func TestTokensThatDoNotExpire(t *testing.T) {
	t.Run("a system user's is kept as it is", func(t *testing.T) {
		f := newFront(t)
		f.facebook.inspected.Type, f.facebook.inspected.AppScopedID = "SYSTEM_USER", "122096000000000009"
		f.facebook.refuse = func(call string) error {
			if call == "extend" {
				return failure(igauth.CodeTokenInvalid, true)
			}
			return nil
		}
		f.viaFacebook("")
		a := f.account(fakePage(1).Account)
		if !a.ExpiresAt.IsZero() || a.AppScopedID != "122096000000000009" || !a.IssuedAt.Equal(f.now()) || a.Status != igauth.StatusActive {
			t.Errorf("got %+v", a)
		}
	})
	t.Run("a system user's of sixty days is extended", func(t *testing.T) {
		f := newFront(t)
		f.facebook.inspected.Type, f.facebook.inspected.ExpiresAt = "SYSTEM_USER", f.now().Add(time.Hour)
		f.viaFacebook("")
		if a := f.account(fakePage(1).Account); !a.ExpiresAt.Equal(f.now().Add(60 * 24 * time.Hour)) {
			t.Errorf("it ends at %s", a.ExpiresAt)
		}
	})
	t.Run("a person's is not believed to", func(t *testing.T) {
		f := newFront(t)
		f.facebook.life = 0
		f.viaFacebook("")
		if a := f.account(fakePage(1).Account); !a.ExpiresAt.Equal(f.now().Add(60 * 24 * time.Hour)) {
			t.Errorf("it ends at %s", a.ExpiresAt)
		}
	})
	t.Run("an answer without an end is asked about", func(t *testing.T) {
		f := newFront(t)
		f.facebook.life, f.facebook.inspected.ExpiresAt = 0, f.now().Add(59*24*time.Hour)
		f.viaFacebook("")
		if a := f.account(fakePage(1).Account); !a.ExpiresAt.Equal(f.now().Add(59*24*time.Hour)) || f.facebook.count("inspect") != 2 {
			t.Errorf("it ends at %s, after %d looks", a.ExpiresAt, f.facebook.count("inspect"))
		}
	})
}

func TestPages(t *testing.T) {
	var many []igauth.Page
	for n := range 3000 {
		many = append(many, fakePage(n))
	}
	bare := fakePage(1)
	bare.Token = igauth.Secret{}
	without, broken := fakePage(2), fakePage(3)
	without.Account, broken.Account = "", "0815"
	twice := fakePage(4)
	twice.Account = fakePage(1).Account
	for name, c := range map[string]struct {
		pages   []igauth.Page
		atOnce  int
		choices int
		reads   int
		outcome igauth.Code
	}{
		"one":                               {many[:1], 100, 0, 1, igauth.CodeConnected},
		"one among those without":           {[]igauth.Page{without, many[1], broken}, 1, 0, 3, igauth.CodeConnected},
		"two Pages with one account":        {[]igauth.Page{many[1], twice}, 100, 0, 1, igauth.CodeConnected},
		"none with an account":              {[]igauth.Page{without, broken}, 100, 0, 1, igauth.CodePageWithoutInstagram},
		"a Page without a token":            {[]igauth.Page{bare}, 100, 0, 1, igauth.CodeConnected},
		"several pages of Pages":            {many[:250], 100, 250, 3, ""},
		"as many as fit":                    {many[:501], 100, 500, 6, ""},
		"a list that ends in an empty page": {many[:3], 1, 3, 3, ""},
		"more than are read":                {many, 20, 400, 20, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t)
			f.facebook.pages, f.facebook.atOnce = c.pages, c.atOnce
			location, fl := f.viaFacebook("")
			if n := f.facebook.count("pages"); n != c.reads {
				t.Errorf("the list was read %d times, want %d", n, c.reads)
			}
			if c.outcome != "" {
				if u, _ := url.Parse(location); u.Query().Get("outcome") != string(c.outcome) {
					t.Errorf("got location %q, want outcome %s", location, c.outcome)
				}
				return
			}
			r := httptest.NewRequest(http.MethodGet, location, nil)
			r.AddCookie(fl.cookie)
			w := httptest.NewRecorder()
			f.callback.ServeHTTP(w, r)
			checkHeaders(t, w)
			if n := strings.Count(w.Body.String(), `type="radio"`); w.Code != http.StatusOK || n != c.choices {
				t.Errorf("got status %d with %d choices, want %d", w.Code, n, c.choices)
			}
			if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self';") {
				t.Errorf("got policy %q", csp)
			}
			if got := f.choose(location, fl, fakePage(2).Account).Header().Get("Location"); got != "/callback/result?outcome=connected" {
				t.Errorf("got location %q", got)
			}
			a := f.account(fakePage(2).Account)
			if _, token, err := f.store.Token(t.Context(), a.ID, 0); err != nil || token.Value.Reveal() != "asked-for-"+fakePage(2).ID {
				t.Errorf("the token is not the chosen Page's: %v", err)
			}
		})
	}
}

// Names come from Meta, where people choose them.
func TestChoicesWithNamesThatMeanMischief(t *testing.T) {
	f := newFront(t, registered)
	evil := fakePage(2)
	evil.Name, evil.Username = `<script>alert(1)</script>"'>`, `"><img src=x>`
	f.facebook.pages = append(f.facebook.pages, evil)
	page, fl := f.viaFacebook("")
	r := httptest.NewRequest(http.MethodGet, page, nil)
	r.AddCookie(fl.cookie)
	w := httptest.NewRecorder()
	f.callback.ServeHTTP(w, r)
	if body := w.Body.String(); strings.Contains(body, "<script") || strings.Contains(body, "<img") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("got\n%s", body)
	}
}
