package stores

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// pagesMeta is Meta behind Facebook Login, for a person with two Pages.
type pagesMeta struct{}

const (
	metaAppID = "240000000000001"
	pageID    = "104857600012347"
)

// RoundTrip implements [http.RoundTripper].
func (pagesMeta) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	page := func(n int, account string) string {
		return fmt.Sprintf(`{"id":"%s%d","name":"Page %d","access_token":"EAApage%d","instagram_business_account":{"id":"%s","username":"bakery%d"}}`, pageID, n, n, n, account, n)
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/"+instagram.GraphVersion); {
	case path == "/oauth/access_token":
		_, _ = fmt.Fprint(w, `{"access_token":"EAAperson","token_type":"bearer","expires_in":5184000}`)
	case path == "/debug_token":
		_, _ = fmt.Fprintf(w, `{"data":{"app_id":"%s","type":"USER","is_valid":true,"user_id":"%s","expires_at":1783000000,"data_access_expires_at":1785600000,"scopes":["instagram_basic","pages_show_list","business_management"]}}`, metaAppID, appScopedID)
	case path == "/me/accounts":
		_, _ = fmt.Fprintf(w, `{"data":[%s,%s]}`, page(1, account), page(2, "17841401313574614"))
	case strings.HasPrefix(path, "/"+pageID):
		_, _ = fmt.Fprint(w, `{"id":"`+pageID+`1","access_token":"EAApage1"}`)
	default:
		_, _ = fmt.Fprintf(w, `{"id":"%s","username":"bakery1"}`, account)
	}
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// choosing brings a person of Facebook Login with two Pages to where Meta sends them
// back. They come to the callback, see the page, choose, and are led on.
func choosing(t *testing.T, w *world) (do, check func()) {
	t.Helper()
	var err error
	w.parts.Facebook, err = instagram.NewFacebook(instagram.FacebookConfig{
		AppID: metaAppID, RedirectURI: w.parts.Settings.CallbackURL(), Now: w.parts.Now, Transport: pagesMeta{},
		AppSecrets: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret("fedcba9876543210fedcba9876543210")}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.parts.Settings.MetaAppID = metaAppID
	for path, build := range map[string]func() (http.Handler, error){"authorize": w.parts.Authorize, "callback": w.parts.Callback} {
		if w.handlers[path], err = build(); err != nil {
			t.Fatal(err)
		}
	}
	authorized := w.get(t, "authorize", httptest.NewRequest(http.MethodGet, "/authorize?login=facebook", nil), http.StatusFound)
	dialog, err := authorized.Location()
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"state": {dialog.Query().Get("state")}, "code": {"AQcode"}}
	ask := func(method, target, form string, status int) *http.Response {
		r := httptest.NewRequest(method, target, strings.NewReader(form))
		r.AddCookie(authorized.Cookies()[0])
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return w.get(t, "callback", r, status)
	}
	return func() {
		page := ask(http.MethodGet, "/callback?"+query.Encode(), "", http.StatusSeeOther).Header.Get("Location")
		ask(http.MethodGet, page, "", http.StatusOK)
		ask(http.MethodPost, page, url.Values{"account": {account}}.Encode(), http.StatusAccepted)
		back := ask(http.MethodGet, page, "", http.StatusSeeOther).Header.Get("Location")
		if !strings.Contains(back, "status=connected") {
			t.Fatalf("the visitor comes back to %s", back)
		}
	}, w.generation(t, 1)
}
