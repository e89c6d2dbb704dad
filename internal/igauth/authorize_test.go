package igauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

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
