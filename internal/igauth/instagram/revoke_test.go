package instagram_test

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"

	"igauth/internal/igauth"
)

var revocations = slices.DeleteFunc(slices.Clone(questions), func(q question) bool { return q.good != goodDone })

func TestRevoke(t *testing.T) {
	if len(revocations) != 2 {
		t.Fatalf("got %d ways to revoke, want one of each login", len(revocations))
	}
	for _, tt := range []struct {
		name, source, body string
		is                 igauth.Code
	}{
		{"true, as documented", srcRevoke, "true", ""},
		{"an object, as seen", srcRevoke, goodDone, ""},
		{"it was not done", srcRevoke, "false", igauth.CodeMetaRefused},
		{"it was not done, as an object", srcRevoke, `{"success":false}`, igauth.CodeMetaRefused},
		{"it does not say", srcRevoke, `{"success":null}`, igauth.CodeMetaUnreadable},
		{"null", srcRevoke, "null", igauth.CodeMetaUnreadable},
		{"a text", srcRevoke, `"true"`, igauth.CodeMetaUnreadable},
		{"a number", srcRevoke, "1", igauth.CodeMetaUnreadable},
		{"a page", srcRevoke, "<html>", igauth.CodeMetaUnreadable},
		{"nothing", srcRevoke, "", igauth.CodeMetaUnreadable},
	} {
		for _, q := range revocations {
			t.Run(tt.name+"/"+q.name, func(t *testing.T) {
				sourced(t, tt.source)
				m := newMeta(t, answers(http.StatusOK, tt.body))
				_, err := q.ask(t.Context(), newClient(t, m.URL))
				if tt.is != "" {
					wantCode(t, err, tt.is)
				} else if err != nil {
					t.Error(err)
				}
				if n := m.count(); n != 1 {
					t.Errorf("got %d requests, want 1", n)
				}
			})
		}
	}
}

// Of Instagram Login no such call is documented; this is what others send.
func TestInstagramRevocationRequest(t *testing.T) {
	r := ask(t, revocations[0])
	if r.method != http.MethodDelete || r.path != "/me/permissions" || !reflect.DeepEqual(r.query, url.Values{"access_token": {tokenText}}) {
		t.Errorf("got %s %s, want DELETE /me/permissions with the token", r.method, r.path)
	}
	wantNoBody(t, r)
}
