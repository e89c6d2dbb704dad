package igauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

// Scopes travel in the state, which has a length. More of them than it can carry
// are refused before a visitor starts, and not when each of them comes back.
func TestScopesFitIntoTheState(t *testing.T) {
	scopes := func(n int) []string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("some_permission_of_meta_%02d", i))
		}
		return list
	}
	started := func(p *installation, configured []string, query string) (*httptest.ResponseRecorder, error) {
		h, err := igauth.NewAuthorizeHandler(igauth.FrontConfig{
			AppID: "123", StateKeys: testKeys, ReturnURLs: returnURLs(t, registered), Now: p.clock.Now, Facebook: p.meta, FacebookScopes: configured,
		}, p.meta)
		if err != nil {
			return nil, err
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/authorize?login=facebook"+query, nil))
		return w, nil
	}
	p := emptyInstallation(t)
	fits := 0
	for n := 1; n < 60; n++ {
		w, err := started(p, scopes(n), "")
		if err != nil {
			if !strings.Contains(err.Error(), "scopes") {
				t.Errorf("got %v", err)
			}
			break
		}
		window, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusFound || len(window.Query().Get("state")) > 1024 {
			t.Fatalf("%d scopes: got status %d and a state of %d characters", n, w.Code, len(window.Query().Get("state")))
		}
		fits = n
	}
	if fits < 18 || fits > 30 {
		t.Errorf("%d scopes fit", fits)
	}
	t.Run("a request may not ask for more, either", func(t *testing.T) {
		known := "ads_management,ads_read,instagram_content_publish,instagram_manage_comments,instagram_manage_insights,instagram_manage_messages,pages_manage_metadata,pages_read_engagement"
		w, err := started(p, scopes(fits), "&scope="+known+","+strings.Join(scopes(fits), ","))
		if err != nil || w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || len(w.Result().Cookies()) > 0 {
			t.Errorf("got status %d, %v", w.Code, err)
		}
	})
}
