package instagram_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

func TestPages(t *testing.T) {
	type page struct {
		igauth.Page
		token string
	}
	maria := page{igauth.Page{ID: pageID, Name: "Maria's Bakery", Account: accountID, Username: "maria.bakes", Tasks: []string{"MANAGE", "MODERATE"}}, "EAApage"}
	for _, tt := range []struct {
		name, source, body string
		want               []page
		next               string
	}{
		{"one Page", srcPages, goodPages, []page{maria}, ""},
		{"none", srcPages, `{"data":[]}`, nil, ""},
		{"none, with a cursor", srcPages, `{"data":[],"paging":{"cursors":{"before":"a","after":"b"}}}`, nil, ""},
		{"there are more", srcPages, strings.Replace(goodPages, `"after":"QVFIUz"}`, `"after":"QVFIUz"},"next":"https://elsewhere.invalid/v26.0/me/accounts?access_token=EAAuser&after=other"`, 1), []page{maria}, "QVFIUz"},
		{"without Instagram", srcPages, `{"data":[{"id":"7","name":"Shop","access_token":"EAAshop","tasks":["ADVERTISE"]}]}`,
			[]page{{igauth.Page{ID: "7", Name: "Shop", Tasks: []string{"ADVERTISE"}}, "EAAshop"}}, ""},
		{"Instagram null", srcPages, `{"data":[{"id":"7","instagram_business_account":null}]}`, []page{{igauth.Page{ID: "7"}, ""}}, ""},
		{"without a token", srcOnePage, `{"data":[{"id":"7","name":"Shop","tasks":[]}]}`, []page{{igauth.Page{ID: "7", Name: "Shop", Tasks: []string{}}, ""}}, ""},
		{"ids as numbers", srcThreads, `{"data":[{"id":104450000000301,"instagram_business_account":{"id":17841400000010111}}]}`,
			[]page{{igauth.Page{ID: "104450000000301", Account: accountID}, ""}}, ""},
		{"control characters in names", srcPages, `{"data":[{"id":"7","name":"Sh\u0000op\n","instagram_business_account":{"id":"17841400000010111","username":"a\tb"}}]}`,
			[]page{{igauth.Page{ID: "7", Name: "Shop", Account: accountID, Username: "ab"}, ""}}, ""},
		{"names that are too long", srcPages, `{"data":[{"id":"7","name":"` + strings.Repeat("é", 201) + `"}]}`, []page{{igauth.Page{ID: "7", Name: strings.Repeat("é", 75)}, ""}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			m := newMeta(t, answers(http.StatusOK, tt.body))
			pages, next, err := newClient(t, m.URL).Facebook.Pages(t.Context(), igauth.NewSecret(tokenText), "")
			if err != nil {
				t.Fatal(err)
			}
			var got []page
			for _, p := range pages {
				text := p.Token.Reveal()
				p.Token = igauth.Secret{}
				got = append(got, page{p, text})
			}
			if !reflect.DeepEqual(got, tt.want) || next != tt.next {
				t.Errorf("got %+v, next %q, want %+v, %q", got, next, tt.want, tt.next)
			}
			if n := m.count(); n != 1 {
				t.Errorf("got %d requests, want 1", n)
			}
		})
	}
}

// All Pages are found by the cursor alone: what Meta names as the next address
// leads elsewhere, with a token in it.
func TestPagesArePaged(t *testing.T) {
	const each, all = 100, 250
	trap := newMeta(t, answers(http.StatusOK, goodPages))
	m := newMeta(t, func(w http.ResponseWriter, r *http.Request) {
		first := 0
		if after := r.URL.Query().Get("after"); after != "" {
			_, _ = fmt.Sscanf(after, "c/%d+=", &first)
		}
		last := min(first+each, all)
		var list []string
		for i := first; i < last; i++ {
			// Meta bounds the length of no token.
			list = append(list, fmt.Sprintf(`{"id":"%d","name":"Page","access_token":"EAA%s"}`, i+1, strings.Repeat("x", 2000)))
		}
		paging := fmt.Sprintf(`"cursors":{"before":"c/%d+=","after":"c/%d+="}`, first, last)
		if last < all {
			paging += `,"next":"` + trap.URL + `/me/accounts?access_token=EAAuser"`
		}
		answers(http.StatusOK, `{"data":[`+strings.Join(list, ",")+`],"paging":{`+paging+`}}`)(w, r)
	})
	c := newClient(t, m.URL).Facebook
	var found []string
	for after, more := "", true; more; {
		pages, next, err := c.Pages(t.Context(), igauth.NewSecret(tokenText), after)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			found = append(found, p.ID)
		}
		after, more = next, next != ""
	}
	if len(found) != all || found[0] != "1" || found[all-1] != "250" {
		t.Errorf("got %d Pages, want %d", len(found), all)
	}
	if n := m.count(); n != 3 {
		t.Errorf("got %d requests, want 3", n)
	}
	if n := trap.count(); n != 0 {
		t.Errorf("got %d requests at the next address, want none", n)
	}
}

func TestPagesThatAreNone(t *testing.T) {
	for name, body := range map[string]string{
		"no data":                   `{"paging":{}}`,
		"data null":                 `{"data":null}`,
		"data an object":            `{"data":{"id":"1"}}`,
		"a Page without an id":      `{"data":[{"name":"Shop"}]}`,
		"a Page that is null":       `{"data":[null]}`,
		"an id that is a path":      `{"data":[{"id":"../me"}]}`,
		"an account that is a path": `{"data":[{"id":"1","instagram_business_account":{"id":"../me"}}]}`,
		"a token with a space":      `{"data":[{"id":"1","access_token":"a b"}]}`,
		"tasks that are numbers":    `{"data":[{"id":"1","tasks":[1]}]}`,
		"more without a cursor":     `{"data":[{"id":"1"}],"paging":{"next":"https://elsewhere.invalid/"}}`,
		"a cursor with a space":     `{"data":[{"id":"1"}],"paging":{"cursors":{"after":"a b"},"next":"https://elsewhere.invalid/"}}`,
		"more than a MiB":           `{"data":[{"id":"1","name":"` + strings.Repeat("x", 1<<20) + `"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if e := facebookQuestions[4].fails(t, respond(t, http.StatusOK, nil, body)); e.Code != igauth.CodeMetaUnreadable || !e.Sent {
				t.Errorf("got %v, sent %v, want %s, sent", e, e.Sent, igauth.CodeMetaUnreadable)
			}
		})
	}
	t.Run("a cursor that stands still", func(t *testing.T) {
		c := respond(t, http.StatusOK, nil, `{"data":[{"id":"1"}],"paging":{"cursors":{"after":"same"},"next":"https://elsewhere.invalid/"}}`)
		_, _, err := c.Facebook.Pages(t.Context(), igauth.NewSecret(tokenText), "same")
		wantCode(t, err, igauth.CodeMetaUnreadable)
	})
}

func TestPageToken(t *testing.T) {
	for _, tt := range []struct {
		name, source, body string
		is                 igauth.Code
	}{
		{"as documented", srcOnePage, goodPage, ""},
		{"the id a number", srcThreads, `{"id":` + pageID + `,"access_token":"EAApage"}`, ""},
		{"Meta keeps the token", srcOnePage, `{"id":"` + pageID + `"}`, igauth.CodePermissionGone},
		{"Meta keeps the token, in words", srcOnePage, `{"id":"` + pageID + `","access_token":null}`, igauth.CodePermissionGone},
		{"another Page", srcOnePage, `{"id":"7","access_token":"EAApage"}`, igauth.CodeMetaUnreadable},
		{"no id", srcOnePage, `{"access_token":"EAApage"}`, igauth.CodeMetaUnreadable},
		{"a token that is none", srcOnePage, `{"id":"` + pageID + `","access_token":"a\nb"}`, igauth.CodeMetaUnreadable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			got, err := respond(t, http.StatusOK, nil, tt.body).Facebook.PageToken(t.Context(), pageID, igauth.NewSecret(tokenText))
			switch {
			case tt.is != "":
				wantCode(t, err, tt.is)
			case err != nil:
				t.Error(err)
			case got.Reveal() != "EAApage":
				t.Errorf("got a token of %d characters, want EAApage", len(got.Reveal()))
			}
		})
	}
}

func TestFacebookProfile(t *testing.T) {
	for _, tt := range []struct {
		name, source, body string
		want               igauth.Profile
	}{
		{"as seen", srcPostiz, goodIGUser, igauth.Profile{ID: accountID, Username: "maria.bakes", Name: "Maria's Bakery"}},
		{"the id a number", srcThreads, `{"id":` + accountID + `}`, igauth.Profile{ID: accountID}},
		{"no names", srcPages, `{"id":"` + accountID + `","username":null}`, igauth.Profile{ID: accountID}},
		{"a type, which the documentation does not have", srcPages, `{"id":"` + accountID + `","account_type":"Business"}`, igauth.Profile{ID: accountID, AccountType: "BUSINESS"}},
		{"another account", srcPages, `{"id":"17841400000099999","username":"other"}`, igauth.Profile{}},
		{"no id", srcPages, `{"username":"maria.bakes"}`, igauth.Profile{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			got, err := respond(t, http.StatusOK, nil, tt.body).Facebook.Profile(t.Context(), accountID, igauth.NewSecret(tokenText))
			if tt.want.ID == "" {
				wantCode(t, err, igauth.CodeMetaUnreadable)
			} else if err != nil {
				t.Error(err)
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
