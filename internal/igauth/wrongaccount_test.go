package igauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

var otherProfile = igauth.Profile{ID: "17841400000000002", AppScopedID: "38281000000004704", Username: "tienda.luz", AccountType: "BUSINESS"}

// connect walks a visitor through both handlers and returns where they end.
func (f *front) connect(query string) string {
	f.t.Helper()
	fl := f.begin(query)
	w := f.finish(fl.query("&code=abc"), fl.cookie)
	if w.Code != http.StatusSeeOther {
		f.t.Fatalf("got status %d\n%s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

// signIn makes an account the one that consents from now on.
func (f *front) signIn(p igauth.Profile) {
	f.meta.profile = func() (igauth.Profile, error) { return p, nil }
}

// link returns the reconnect link of an account, as a query of /authorize.
func (f *front) link(id igauth.AccountID) string {
	f.t.Helper()
	w := httptest.NewRecorder()
	f.accounts.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/accounts/"+string(id)+"/reconnect", nil))
	var link igauth.LinkView
	if err := json.Unmarshal(w.Body.Bytes(), &link); err != nil || w.Code != http.StatusOK || !link.ExpiresAt.Equal(f.now().Add(igauth.ReconnectLifetime)) {
		f.t.Fatalf("got status %d, %v\n%s", w.Code, err, w.Body)
	}
	checkHeaders(f.t, w)
	query, ok := strings.CutPrefix(link.URL, "https://connect.example/authorize")
	if !ok {
		f.t.Fatalf("got link %s", link.URL)
	}
	return query
}

func (f *front) account(id igauth.AccountID) igauth.Account {
	f.t.Helper()
	a, err := f.store.Account(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

// page shows an address of the callback function.
func (f *front) page(location, language string) (int, string) {
	f.t.Helper()
	r := httptest.NewRequest(http.MethodGet, location, nil)
	r.Header.Set("Accept-Language", language)
	w := httptest.NewRecorder()
	f.callback.ServeHTTP(w, r)
	checkHeaders(f.t, w)
	return w.Code, w.Body.String()
}

const twoScopes = "instagram_business_basic,instagram_business_manage_comments"

func TestReconnectLink(t *testing.T) {
	f := newFront(t, registered, "https://agency.example/back")
	f.connect("?scope=" + twoScopes)
	link := f.link(testProfile.ID)
	before := f.account(testProfile.ID)
	f.advance(time.Hour)

	t.Run("the same account keeps its history and its settings", func(t *testing.T) {
		if location := f.connect(link); !strings.HasPrefix(location, registered+"?claim=") {
			t.Fatalf("got location %s", location)
		}
		a := f.account(testProfile.ID)
		if a.Generation != before.Generation+1 || len(a.History) != len(before.History)+1 || a.History[len(a.History)-1].What != igauth.EntryReconnected {
			t.Errorf("got generation %d with history %v", a.Generation, a.History)
		}
		if got := strings.Join(a.RequestedScopes, ","); got != twoScopes {
			t.Errorf("asked for %s, want %s", got, twoScopes)
		}
	})
	t.Run("it may be used again, and with the usual parameters", func(t *testing.T) {
		location := f.connect(link + "&force_reauth=true&return_to=" + url.QueryEscape("https://agency.example/back"))
		if !strings.HasPrefix(location, "https://agency.example/back?claim=") {
			t.Errorf("got location %s", location)
		}
	})
	t.Run("a disconnected account is connected again", func(t *testing.T) {
		if _, err := f.store.Disconnect(t.Context(), testProfile.ID); err != nil {
			t.Fatal(err)
		}
		f.advance(time.Minute)
		f.connect(link)
		if a := f.account(testProfile.ID); a.Status != igauth.StatusActive || a.History[0].What != igauth.EntryConnected {
			t.Errorf("got %s with history %v", a.Status, a.History)
		}
	})
	t.Run("an erased account is connected as a new one", func(t *testing.T) {
		if _, err := f.store.Erase(t.Context(), testProfile.ID); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		f.accounts.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/accounts/"+string(testProfile.ID)+"/reconnect", nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("a new link: got status %d", w.Code)
		}
		f.advance(time.Minute)
		f.connect(link)
		if a := f.account(testProfile.ID); a.Status != igauth.StatusActive || len(a.History) != 1 || a.History[0].What != igauth.EntryConnected {
			t.Errorf("got %s with history %v", a.Status, a.History)
		}
	})
	t.Run("who starts again after a mishap has the same account to connect", func(t *testing.T) {
		fl := f.begin(link + "&return_to=" + url.QueryEscape("https://agency.example/back"))
		body := f.finish(fl.query("&code=abc")).Body.String() // without the cookie
		again := `href="/authorize` + link + `&amp;return_to=https%3A%2F%2Fagency.example%2Fback"`
		if !strings.Contains(body, again) {
			t.Errorf("want %s in\n%s", again, body)
		}
	})
}

// refused says what every refusal of a link is like.
func (f *front) refused(query string, code igauth.Code) {
	f.t.Helper()
	for _, language := range []igauth.Language{igauth.English, igauth.Spanish} {
		r := httptest.NewRequest(http.MethodGet, "/authorize"+query, nil)
		r.Header.Set("Accept-Language", string(language))
		w := httptest.NewRecorder()
		f.authorize.ServeHTTP(w, r)
		checkHeaders(f.t, w)
		if w.Code != http.StatusBadRequest || len(w.Result().Cookies()) != 0 || w.Header().Get("Location") != "" ||
			!strings.Contains(w.Body.String(), code.Text(language).Title) || !strings.Contains(w.Body.String(), string(code)) {
			f.t.Errorf("%s: got status %d, want %s\n%s", query, w.Code, code, w.Body)
		}
	}
}

func TestReconnectLinkIsRefused(t *testing.T) {
	f := newFront(t, registered)
	f.connect("")
	link := f.link(testProfile.ID)
	f.refused("?reconnect=", igauth.CodeLinkInvalid)
	f.refused("?reconnect=17841400000000001", igauth.CodeLinkInvalid)
	f.refused(link+"x", igauth.CodeLinkInvalid)
	f.refused(link+"&scope="+twoScopes, igauth.CodeRequestInvalid)
	f.refused(link+"&scope=", igauth.CodeRequestInvalid)
	f.refused(link+"&"+link[1:], igauth.CodeRequestInvalid)
	f.refused(link+"&return_to=https%3A%2F%2Fevil.example%2F", igauth.CodeReturnURLUnknown)
	f.advance(igauth.ReconnectLifetime)
	f.refused(link, igauth.CodeLinkExpired)
}

func TestWrongAccount(t *testing.T) {
	for name, urls := range map[string][]string{"on our own page": nil, "with a return URL": {registered}} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t, urls...)
			f.connect("")
			f.signIn(otherProfile)
			f.connect("")
			link := f.link(testProfile.ID)
			wanted, other := f.account(testProfile.ID), f.account(otherProfile.ID)
			f.advance(time.Hour)

			fl := f.begin(link)
			first := f.finish(fl.query("&code=abc"), fl.cookie)
			location := first.Header().Get("Location")
			if first.Code != http.StatusSeeOther || !strings.HasPrefix(location, "/callback/result?") {
				t.Fatalf("got status %d, location %q; want our own page", first.Code, location)
			}
			exchanges := f.meta.exchanges()
			if again := f.finish(fl.query("&code=abc"), fl.cookie).Header().Get("Location"); again != location || f.meta.exchanges() != exchanges {
				t.Errorf("the same browser again: got %q after %d exchanges, want %q after %d", again, f.meta.exchanges(), location, exchanges)
			}
			if got := f.account(testProfile.ID); !reflect.DeepEqual(got, wanted) {
				t.Errorf("the account of the link has changed: %+v", got)
			}
			if got := f.account(otherProfile.ID); !reflect.DeepEqual(got, other) {
				t.Errorf("the account that signed in has changed: %+v", got)
			}

			var again string
			for _, language := range []igauth.Language{igauth.English, igauth.Spanish} {
				status, page := f.page(location, string(language))
				for _, words := range []string{igauth.CodeWrongAccount.Text(language).Title, "@maria<", "@tienda.luz<", "wrong_account"} {
					if status != http.StatusForbidden || !strings.Contains(page, words) {
						t.Errorf("got status %d, want %q in\n%s", status, words, page)
					}
				}
				_, rest, _ := strings.Cut(page, `class="again" href="`)
				again, _, _ = strings.Cut(rest, `"`)
				if back := strings.Contains(page, `class="home" href="`+registered+`?status=error"`); back != (urls != nil) {
					t.Errorf("leads back to the site: %t\n%s", back, page)
				}
			}
			query, ok := strings.CutPrefix(strings.ReplaceAll(again, "&amp;", "&"), "/authorize")
			if !ok || !strings.Contains(query, "force_reauth=true") || !strings.Contains(query, link[1:]) {
				t.Fatalf("starting again leads to %q, want %q and force_reauth", again, link)
			}
			// The second try with the right account succeeds.
			f.signIn(testProfile)
			if location := f.connect(query); !strings.Contains(location, "=connected") || urls != nil && !strings.HasPrefix(location, registered+"?") {
				t.Errorf("the second try: got location %s", location)
			}
			if a := f.account(testProfile.ID); a.Generation != wanted.Generation+1 {
				t.Errorf("got generation %d", a.Generation)
			}
			if strings.Contains(f.log.String(), link[len("?reconnect="):]) {
				t.Error("the link is in the log")
			}
		})
	}
}

// Whatever else is wrong with the other account, and whether or not it is known
// here, it is refused for being another, and nothing is stored.
func TestWrongAccountIsToldFirst(t *testing.T) {
	personal := otherProfile
	personal.AccountType = "PERSONAL"
	nameless := otherProfile
	nameless.Username = "<b>"
	for name, c := range map[string]struct {
		signsIn igauth.Profile
		prepare func(*front)
		found   string
	}{
		"a new account":    {otherProfile, func(*front) {}, "@tienda.luz<"},
		"a personal one":   {personal, func(*front) {}, "@tienda.luz<"},
		"with an odd name": {nameless, func(*front) {}, ""},
		"not eligible": {otherProfile, func(f *front) {
			f.meta.extend = func() (igauth.Token, error) { return igauth.Token{}, failure(igauth.CodeNotEligible, true) }
		}, "@tienda.luz<"},
		"without the basic permission": {otherProfile, func(f *front) {
			f.meta.exchange = func() (igauth.Grant, error) {
				return igauth.Grant{Token: igauth.NewSecret("short"), Scopes: []string{}}, nil
			}
		}, "@tienda.luz<"},
		"when the account of the link was erased": {otherProfile, func(f *front) {
			if _, err := f.store.Erase(f.t.Context(), testProfile.ID); err != nil {
				f.t.Fatal(err)
			}
		}, "@tienda.luz<"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t)
			f.connect("")
			link := f.link(testProfile.ID)
			f.signIn(c.signsIn)
			c.prepare(f)
			_, page := f.page(f.connect(link), "en")
			if !strings.Contains(page, "wrong_account") || !strings.Contains(page, c.found) || strings.Contains(page, "<b>") || strings.Contains(page, "&lt;b") {
				t.Errorf("got\n%s", page)
			}
			if erased := strings.HasPrefix(name, "when"); erased == strings.Contains(page, "@maria<") {
				t.Errorf("the wanted name is shown: %t\n%s", !erased, page)
			}
			if _, err := f.store.Account(t.Context(), otherProfile.ID); igauth.CodeOf(err) != igauth.CodeAccountNotFound {
				t.Errorf("the other account was stored: %v", err)
			}
		})
	}
}

// Who denies in a flow of a link starts the same flow again.
func TestDeniedReconnectKeepsItsLink(t *testing.T) {
	f := newFront(t)
	f.connect("")
	link := f.link(testProfile.ID)
	fl := f.begin(link)
	location := f.finish(fl.query("&error=access_denied"), fl.cookie).Header().Get("Location")
	if _, page := f.page(location, "en"); !strings.Contains(page, `href="/authorize`+link+`"`) {
		t.Errorf("got\n%s", page)
	}
}

// Anybody can write the address of the result page; what stands there is shown
// only if it does no harm.
func TestResultPageShowsNoForeignWords(t *testing.T) {
	f := newFront(t, registered)
	f.connect("")
	link := f.link(testProfile.ID)[1:]
	for query, hidden := range map[string]string{
		"outcome=wrong_account&wanted=%3Cscript%3E&found=a%20b":                            "script",
		"outcome=wrong_account&wanted=maria&reconnect=javascript:alert(1)":                 "javascript",
		"outcome=wrong_account&" + link + "x":                                              "/authorize",
		"outcome=wrong_account&" + link + "&return_to=https%3A%2F%2Fevil.example%2F":       "evil",
		"outcome=wrong_account&wanted=maria":                                               `class="again"`,
		"outcome=denied&reconnect=x&return_to=https%3A%2F%2Fevil.example%2F":               `class="again"`,
		"outcome=denied&wanted=maria&found=luz":                                            "@maria",
		"outcome=wrong_account&wanted=maria&wanted=luz":                                    "@maria",
		"outcome=wrong_account&wanted=" + strings.Repeat("a", 31):                          "aaaa",
		"outcome=reconnect_link_expired&wanted=maria&return_to=https%3A%2F%2Fshop.example": "shop.example",
	} {
		if _, page := f.page("/callback/result?"+query, "en"); strings.Contains(page, hidden) || strings.Contains(page, "<script") {
			t.Errorf("%s shows %q:\n%s", query, hidden, page)
		}
	}
}
