package igsim_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"igauth/internal/igsim"
)

const allFields = "id,user_id,username,name,account_type,profile_picture_url"

func TestMe(t *testing.T) {
	t.Run("a short and a long token, any version", func(t *testing.T) {
		w := newWorld(t)
		for _, token := range []string{w.short("old.town.cafe"), w.long("old.town.cafe")} {
			for _, path := range []string{"/me", "/v25.0/me", "/v26.0/me"} {
				r := w.get(path, url.Values{"access_token": {token}, "fields": {allFields}})
				v := r.json(t)
				p := w.People()[2]
				for name, want := range map[string]string{"id": p.AppScopedID, "user_id": p.UserID, "username": "old.town.cafe", "name": "Old Town Café & Bar", "account_type": "BUSINESS"} {
					if got := v[name]; got != want {
						t.Errorf("%s %s: got %v, want %s", path, name, got, want)
					}
				}
				if got := r.header.Get("X-App-Usage"); !strings.Contains(got, `"call_count":`) {
					t.Errorf("X-App-Usage: got %q", got)
				}
			}
		}
	})
	t.Run("no fields: the id", func(t *testing.T) {
		w := newWorld(t)
		v := w.get("/me", url.Values{"access_token": {w.short("maria.bakes")}}).json(t)
		if len(v) != 1 || v["id"] != w.People()[0].AppScopedID {
			t.Errorf("got %v", v)
		}
	})
	t.Run("inside data, ids as numbers", func(t *testing.T) {
		w := newWorld(t)
		w.must(w.SetBehaviour(igsim.Behaviour{MeShape: "data", UserIDAs: "number"}))
		data, _ := w.me(w.short("maria.bakes"), allFields).json(t)["data"].([]any)
		if len(data) != 1 {
			t.Fatalf("got %d entries, want 1", len(data))
		}
		v, p := data[0].(map[string]any), w.People()[0]
		if !sameNumber(v["id"], p.AppScopedID) || !sameNumber(v["user_id"], p.UserID) {
			t.Errorf("got %v and %v, want numbers %s and %s", v["id"], v["user_id"], p.AppScopedID, p.UserID)
		}
	})
	t.Run("an account without user_id", func(t *testing.T) {
		w := newWorld(t)
		w.must(w.SetBehaviour(igsim.Behaviour{NoUserID: true}))
		token := w.short("maria.bakes")
		refused(t, w.me(token, allFields), unsupportedGet)
		if got, want := w.me(token, "id,username").json(t)["id"], w.People()[0].UserID; got != want {
			t.Errorf("id: got %v, want %s", got, want)
		}
	})
}

func TestMeRefuses(t *testing.T) {
	w := newWorld(t)
	token := w.short("maria.bakes")
	bearer := w.request(http.MethodGet, "/me", url.Values{"fields": {"id"}})
	bearer.Header.Set("Authorization", "Bearer "+token)
	for _, tt := range []struct {
		name, source string
		r            reply
		want         string
	}{
		{"token in a header", srcStart, w.do(bearer), cannotParse},
		{"unknown field", srcErrors, w.me(token, "id,email"), `100/- IGApiException: Tried accessing nonexisting field (email)`},
		{"unknown token", srcErrors, w.me("IGAAdead", "id"), cannotParse},
		{"a token of Basic Display", srcFeed, w.me("IGQVdead", "id"), unsupportedGet},
		{"POST", srcStart, w.post("/me", url.Values{"access_token": {token}}), `100/- IGApiException: Unsupported request - method type: post`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			refused(t, tt.r, tt.want)
		})
	}
	t.Run("codes as text", func(t *testing.T) {
		sourced(t, srcExpired)
		w.must(w.SetBehaviour(igsim.Behaviour{CodesAsText: true}))
		if got := w.me("x", "id").body; !strings.Contains(got, `"code":"190"`) {
			t.Errorf("got %s", got)
		}
		if got := w.post("/oauth/access_token", nil).body; !strings.Contains(got, `"code":"400"`) {
			t.Errorf("got %s", got)
		}
	})
}

func TestRemovePermissions(t *testing.T) {
	w := newWorld(t)
	token, other := w.long("maria.bakes"), w.long("studio_norte")
	query := url.Values{"access_token": {token}}
	if got, want := w.get("/me/permissions", query).status, http.StatusBadRequest; got != want {
		t.Errorf("GET: got %d, want %d", got, want)
	}
	if got, want := w.do(w.request(http.MethodDelete, "/v25.0/me/permissions", query)).body, `{"success":true}`; got != want {
		t.Errorf("DELETE: got %s, want %s", got, want)
	}
	if w.TokenAlive(token) || !w.TokenAlive(other) {
		t.Errorf("want this person's tokens dead and the other's alive")
	}
	refused(t, w.do(w.request(http.MethodDelete, "/me/permissions", query)), removedText)
}

func TestPeople(t *testing.T) {
	w := newWorld(t)
	kinds := map[string]bool{}
	for _, p := range w.People() {
		kinds[p.AccountType] = true
		for _, id := range []string{p.UserID, p.AppScopedID} {
			n, err := strconv.ParseInt(id, 10, 64)
			if err != nil || len(id) != 17 {
				t.Errorf("%s: id %s has not 17 digits", p.Username, id)
			}
			if int64(float64(n)) == n {
				t.Errorf("%s: id %s survives a float64, and so misses the mistake it is there for", p.Username, id)
			}
		}
		if !strings.HasPrefix(p.UserID, "17841") {
			t.Errorf("%s: professional id %s", p.Username, p.UserID)
		}
	}
	if len(kinds) != 3 {
		t.Errorf("kinds of account: got %v, want three", kinds)
	}
}
