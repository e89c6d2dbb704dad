package igauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
)

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
