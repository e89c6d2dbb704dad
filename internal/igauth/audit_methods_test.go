package igauth_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"igauth/internal/igauth"
)

// Who asks for a token by a method that gives none is refused, and stands in the
// audit like everybody who is.
func TestReadingsByOtherMethodsAreAudited(t *testing.T) {
	f := newFront(t)
	f.connect("")
	var log bytes.Buffer
	handler, err := igauth.NewAccountsHandler(igauth.AccountsConfig{
		Store: f.store, Now: f.now, Audit: igauth.LogAuditor(slog.New(slog.NewJSONHandler(&log, nil))),
		Caller: func(*http.Request) string { return "shop" },
	})
	if err != nil {
		t.Fatal(err)
	}
	id := string(testProfile.ID)
	for _, test := range []struct {
		path string
		want auditLine
	}{
		{"/accounts/" + id + "/token", auditLine{AccountID: id, Result: "method_not_allowed"}},
		{"/accounts/what%0Aever/token", auditLine{Result: "method_not_allowed"}},
		// A slash inside the id is no other path.
		{"/accounts/" + id + "%2Ftoken/token", auditLine{Result: "method_not_allowed"}},
	} {
		for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "get", "PROPFIND"} {
			log.Reset()
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(method, test.path, nil))
			test.want.Msg, test.want.Level, test.want.Action, test.want.Who = "audit", "INFO", "token.read", "shop"
			if lines := auditLines(t, &log); w.Code != http.StatusMethodNotAllowed || len(lines) != 1 || lines[0] != test.want {
				t.Errorf("%s %s: got status %d and %+v, want %+v", method, test.path, w.Code, lines, test.want)
			}
		}
	}
}

// A refusal of a method names those that there are
// (https://www.rfc-editor.org/rfc/rfc9110#name-405-method-not-allowed), and HEAD
// redeems no claim.
func TestAccountsNameTheirMethods(t *testing.T) {
	f := newFront(t)
	f.connect("")
	handler, err := igauth.NewAccountsHandler(igauth.AccountsConfig{Store: f.store, Links: &igauth.Links{}, Now: f.now})
	if err != nil {
		t.Fatal(err)
	}
	id := string(testProfile.ID)
	for path, allow := range map[string]string{
		"/accounts":                        "GET",
		"/accounts/" + id:                  "DELETE, GET",
		"/accounts/" + id + "/token":       "GET",
		"/accounts/" + id + "/reconnect":   "GET",
		"/claims/0123456789abcdef01234567": "GET",
	} {
		for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodOptions} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
			checkHeaders(t, w)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != allow {
				t.Errorf("%s %s: got status %d, allow %q, want %q", method, path, w.Code, w.Header().Get("Allow"), allow)
			}
		}
	}
}
