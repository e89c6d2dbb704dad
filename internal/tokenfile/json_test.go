package tokenfile_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/tokenfile"
)

func TestJSONIsRead(t *testing.T) {
	one := `{"access_token":"` + first + `"}`
	for _, tt := range []file{
		{"an object", one, []found{{"the JSON object", first}}, ""},
		{"in another way of writing", `{"accessToken":" Bearer ` + first + ` "}`, []found{{"the JSON object", first}}, ""},
		{"both of access_token and token", `{"token":"` + second + `","access_token":"` + first + `"}`, []found{{"the JSON object", first}}, ""},
		{"an empty token", `{"access_token":" "}`, nil, "the JSON object: there is no token"},
		{"a token that is a number", `{"access_token":17}`, nil, "the JSON object: the access_token is not a text"},
		{"no token", `{"access_token":null}`, nil, "the JSON object: there is no access_token"},
		{"a list of texts", `["` + first + `", "` + second + `"]`, []found{{"list[0]", first}, {"list[1]", second}}, ""},
		{"a list of objects", "[" + one + `,{"token":"` + second + `"}]`, []found{{"list[0]", first}, {"list[1]", second}}, ""},
		{"a token twice", "[" + one + `,"` + first + `"]`, []found{{"list[0]", first}}, ""},
		{"an export", `{"accounts":[` + one + `]}`, []found{{"accounts[0]", first}}, ""},
		{"Meta's answer to a code", `{"data":[{"access_token":"` + first + `","user_id":"1","permissions":"a,b"}]}`, []found{{"data[0]", first}}, ""},
		{"faults beside a token", `{"accounts":[null, 3, {}, {"access_token":["` + second + `"]}, ` + one + `]}`, []found{{"accounts[4]", first}},
			"accounts[0]: this is neither a text nor an object with access_token\n" +
				"accounts[1]: this is neither a text nor an object with access_token\n" +
				"accounts[2]: there is no access_token\n" +
				"accounts[3]: the access_token is not a text"},
		{"an empty list", "[]", nil, "list: the list is empty"},
		{"no list", `{"accounts": {"shop": ` + one + `}}`, nil, "accounts: this is not a list"},
		{"variables", `{"DEBUG":"1","IG_TOKEN":"` + strange + `","n":1,"feedToken":"` + first + `"}`, []found{{"variable IG_TOKEN", strange}, {"the JSON object", first}}, ""},
		{"nothing of ours", `{"value":"` + strange + `"}`, nil, "no variable holds a token of Instagram (IGAA…) or of Facebook Login (EAA…), or has a known name such as INSTAGRAM_ACCESS_TOKEN; say with --variable which one it is"},
		{"damaged", "{\n  \"access_token\": \"" + first + "\",,\n}", nil, "line 2, column 78: the JSON breaks off or is damaged here"},
		{"cut off", `{"access_token":"` + first, nil, "line 1, column 73: the JSON breaks off or is damaged here"},
		{"more than one document", one + "\n" + one, nil, "line 2, column 1: the JSON breaks off or is damaged here"},
	} {
		tt.test(t, tokenfile.FormatJSON)
	}
	if _, err := tokenfile.Read(strings.NewReader(`"`+first+`"`), tokenfile.FormatJSON); err == nil {
		t.Error("a text alone is taken for a list or an object")
	}
}

// What a file says besides the token is kept if it makes sense and left out if
// it does not.
func TestHintsAreRead(t *testing.T) {
	day := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, fields string
		want         tokenfile.Entry
	}{
		{"none", ``, tokenfile.Entry{}},
		{"RFC 3339", `,"expires_at":"2026-05-01T10:00:00+02:00"`, tokenfile.Entry{ExpiresAt: day}},
		{"a form of Meta", `,"expires_at":"2026-05-01T08:00:00+0000"`, tokenfile.Entry{ExpiresAt: day}},
		{"a form of Postgres", `,"expires_at":"2026-05-01 10:00:00+02"`, tokenfile.Entry{ExpiresAt: day}},
		{"a form of Ruby", `,"expires_at":"2026-05-01 08:00:00 UTC"`, tokenfile.Entry{ExpiresAt: day}},
		{"seconds", `,"expires_at":1777622400`, tokenfile.Entry{ExpiresAt: day}},
		{"seconds as a text", `,"expires_at":"1777622400"`, tokenfile.Entry{ExpiresAt: day}},
		{"seconds of a language with floats", `,"expires_at":1.7776224e9`, tokenfile.Entry{ExpiresAt: day}},
		{"milliseconds", `,"expiresAt":1777622400000`, tokenfile.Entry{ExpiresAt: day}},
		{"never", `,"expires_at":"never"`, tokenfile.Entry{}},
		{"zero", `,"expires_at":0`, tokenfile.Entry{}},
		{"the year 1", `,"expires_at":"0001-01-01T00:00:00Z"`, tokenfile.Entry{}},
		{"not a number", `,"expires_at":"NaN","issued_at":"Inf"`, tokenfile.Entry{}},
		{"too much", `,"expires_at":1e300,"issued_at":-1e300`, tokenfile.Entry{}},
		{"something else", `,"expires_at":{"a":1},"user_id":[],"username":false,"scopes":{}`, tokenfile.Entry{Scopes: []string{}}},
		{"a life from a start", `,"issued_at":"2026-04-30T08:00:00Z","expires_in":86400`, tokenfile.Entry{IssuedAt: day.Add(-24 * time.Hour), ExpiresAt: day}},
		{"a life from nobody knows when", `,"expires_in":86400`, tokenfile.Entry{}},
		{"an end and a life", `,"issued_at":"2026-04-30T08:00:00Z","expires_in":1,"expires_at":"2026-05-01T08:00:00Z"`, tokenfile.Entry{IssuedAt: day.Add(-24 * time.Hour), ExpiresAt: day}},
		{"an id with all of its digits", `,"user_id":17841405793187219`, tokenfile.Entry{AccountID: "17841405793187219"}},
		{"an id as a text", `,"id":"17841405793187219"`, tokenfile.Entry{AccountID: "17841405793187219"}},
		{"the id of the account before that of the app", `,"id":"38281000000004703","user_id":"17841405793187219"`, tokenfile.Entry{AccountID: "17841405793187219"}},
		{"an id that was rounded", `,"user_id":1.7841405793187219e16`, tokenfile.Entry{}},
		{"an id that is none", `,"user_id":"shop","id":"17841405793187219"`, tokenfile.Entry{AccountID: "17841405793187219"}},
		{"a username", `,"username":"@shop.of_anna"`, tokenfile.Entry{Username: "shop.of_anna"}},
		{"a username that would move a terminal", `,"username":"\u001b[2J"`, tokenfile.Entry{}},
		{"a token for a username", `,"username":"` + first[:30] + `"`, tokenfile.Entry{}},
		{"scopes", `,"scopes":["b_c","a_b","b_c","\u001b",""]`, tokenfile.Entry{Scopes: []string{"a_b", "b_c"}}},
		{"scopes as a text", `,"permissions":"b_c, a_b"`, tokenfile.Entry{Scopes: []string{"a_b", "b_c"}}},
		{"no scopes", `,"scopes":[]`, tokenfile.Entry{Scopes: []string{}}},
		{"unknown scopes", `,"scopes":null`, tokenfile.Entry{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tokenfile.Read(strings.NewReader(`{"access_token":"`+first+`"`+tt.fields+`}`), "")
			if err != nil || len(got) != 1 || got[0].Token.Reveal() != first {
				t.Fatalf("got %v, %v", listed(got), err)
			}
			e := got[0]
			e.Token, e.Where = igauth.Secret{}, ""
			if !reflect.DeepEqual(e, tt.want) {
				t.Errorf("got %+v, want %+v", e, tt.want)
			}
		})
	}
}
