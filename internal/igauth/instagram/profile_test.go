package instagram_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

const accountID, scopedID = "17841400000010111", "38281000000004703"

func TestProfile(t *testing.T) {
	maria := igauth.Profile{ID: accountID, AppScopedID: scopedID, Username: "maria.bakes", Name: "Maria's Bakery", AccountType: "BUSINESS"}
	for _, tt := range []struct {
		name, source, body string
		want               igauth.Profile
	}{
		{"flat, as seen", srcChatwoot, goodMe, maria},
		{"in data, as documented", srcStart, `{"data":[` + goodMe + `]}`, maria},
		{"ids as numbers", srcThreads, `{"id":38281000000004703,"user_id":17841400000010111,"username":"maria.bakes","name":"Maria's Bakery","account_type":"BUSINESS"}`, maria},
		{"account type as documented", srcStart, strings.Replace(goodMe, "BUSINESS", "Business", 1), maria},
		{"creator as documented", srcStart, `{"id":"38281000000004703","user_id":"17841400000010111","account_type":"Media_Creator"}`,
			igauth.Profile{ID: accountID, AppScopedID: scopedID, AccountType: "MEDIA_CREATOR"}},
		{"the id is the professional one", srcNoUserID, `{"id":"17841400000010111","username":"maria.bakes"}`,
			igauth.Profile{ID: accountID, AppScopedID: accountID, Username: "maria.bakes"}},
		{"the id is the professional one, a number", srcNoUserID, `{"id":17841400000010111}`,
			igauth.Profile{ID: accountID, AppScopedID: accountID}},
		{"user_id null", srcNoUserID, `{"id":"17841400000010111","user_id":null}`, igauth.Profile{ID: accountID, AppScopedID: accountID}},
		{"user_id empty", srcNoUserID, `{"id":"17841400000010111","user_id":""}`, igauth.Profile{ID: accountID, AppScopedID: accountID}},
		{"both ids look professional", srcStart, `{"id":"17841400000099999","user_id":"17841400000010111"}`,
			igauth.Profile{ID: accountID, AppScopedID: "17841400000099999"}},
		{"no app-scoped id", srcStart, `{"user_id":"17841400000010111"}`, igauth.Profile{ID: accountID}},
		{"an account id with another beginning", srcStart, `{"id":"38281000000004703","user_id":"9"}`, igauth.Profile{ID: "9", AppScopedID: scopedID}},
		{"members that nobody knows", srcStart, `{"id":"38281000000004703","user_id":"17841400000010111","followers_count":1200,"x":[{}]}`,
			igauth.Profile{ID: accountID, AppScopedID: scopedID}},
		{"names null", srcStart, `{"id":"38281000000004703","user_id":"17841400000010111","username":null,"name":null,"account_type":null}`,
			igauth.Profile{ID: accountID, AppScopedID: scopedID}},
		{"control characters in names", srcStart, `{"user_id":"17841400000010111","username":"maria\u0000\r\n.bakes\u007f","name":"Caf\u00e9 \u2600\t","account_type":"Business\n"}`,
			igauth.Profile{ID: accountID, Username: "maria.bakes", Name: "Café ☀", AccountType: "BUSINESS"}},
		{"names that are too long", srcStart, `{"user_id":"17841400000010111","username":"` + strings.Repeat("é", 101) + `","name":"` + strings.Repeat("é", 201) + `"}`,
			igauth.Profile{ID: accountID, Username: strings.Repeat("é", 100), Name: strings.Repeat("é", 200)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			m := newMeta(t, answers(http.StatusOK, tt.body))
			got, err := newClient(t, m.URL).Profile(t.Context(), igauth.NewSecret(tokenText))
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if n := m.count(); n != 1 {
				t.Errorf("got %d requests, want 1", n)
			}
		})
	}
}

func TestProfilesThatAreNone(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                   ``,
		"an empty object":           `{}`,
		"data is empty":             `{"data":[]}`,
		"an app-scoped id only":     `{"id":"38281000000004703","username":"maria.bakes"}`,
		"a username only":           `{"username":"maria.bakes"}`,
		"an id that is a name":      `{"user_id":"maria.bakes"}`,
		"an id that is a path":      `{"user_id":"../17841400000010111"}`,
		"an id of zero":             `{"user_id":"0"}`,
		"an id with a leading zero": `{"user_id":"017841400000010111"}`,
		"an id with an exponent":    `{"user_id":1.7841400000010111e16}`,
		"an id of 21 digits":        `{"user_id":"178414000000101110000"}`,
		"an id with a space":        `{"user_id":" 17841400000010111"}`,
		"an id of other digits":     `{"user_id":"١٧٨٤١"}`,
		"an app-scoped id as path":  `{"id":"a/b","user_id":"17841400000010111"}`,
		"a username as number":      `{"user_id":"17841400000010111","username":7}`,
		"an id as true":             `{"user_id":true}`,
		"a token":                   goodLong,
	} {
		t.Run(name, func(t *testing.T) {
			m := newMeta(t, answers(http.StatusOK, body))
			if e := questions[3].fails(t, newClient(t, m.URL)); e.Code != igauth.CodeMetaUnreadable || !e.Sent {
				t.Errorf("got %s, sent %v, want %s, sent", e.Code, e.Sent, igauth.CodeMetaUnreadable)
			}
			if n := m.count(); n != 1 {
				t.Errorf("got %d requests, want 1", n)
			}
		})
	}
}

// For some accounts Meta refuses the field user_id with code 100 (srcNoUserID);
// one question is then two requests.
func TestProfileWithoutUserID(t *testing.T) {
	const with, without = "user_id,id,username,name,account_type", "id,username,name,account_type"
	refusal := graphBody(unsupportedGet, "100", "")
	for _, tt := range []struct {
		name     string
		first    http.HandlerFunc
		second   http.HandlerFunc
		requests int
		// Either an account or a code.
		id igauth.AccountID
		is igauth.Code
	}{
		{"a professional id comes back", answers(400, refusal), answers(200, `{"id":"17841400000010111"}`), 2, accountID, ""},
		{"the code is text", answers(400, graphBody("x", `"100"`, "")), answers(200, `{"id":"17841400000010111"}`), 2, accountID, ""},
		{"an app-scoped id comes back", answers(400, refusal), answers(200, `{"id":"38281000000004703"}`), 2, "", igauth.CodeMetaUnreadable},
		{"it is refused again", answers(400, refusal), answers(400, refusal), 2, "", igauth.CodeNotEligible},
		{"the token died in between", answers(400, refusal), answers(400, graphBody("x", "190", "")), 2, "", igauth.CodeTokenInvalid},
		{"an outage follows", answers(400, refusal), answers(503, ""), 2, "", igauth.CodeMetaUnavailable},
		{"the connection breaks", answers(400, refusal), broken["the connection closes"], 2, "", igauth.CodeMetaUnavailable},
		{"a dead token is not asked about twice", answers(400, graphBody("x", "190", "")), nil, 1, "", igauth.CodeTokenInvalid},
		{"a limit is not asked about twice", answers(400, graphBody("x", "4", "")), nil, 1, "", igauth.CodeRateLimited},
		{"an outage is not asked about twice", answers(503, refusal), nil, 1, "", igauth.CodeMetaUnavailable},
		{"a flat 100 is none of Graph's", answers(400, `{"error_type":"x","code":100,"error_message":"x"}`), nil, 1, "", igauth.CodeMetaRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeta(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Query().Get("fields") {
				case with:
					tt.first(w, r)
				case without:
					tt.second(w, r)
				default:
					t.Error("other fields were asked for")
					_, _ = io.WriteString(w, "{}")
				}
			})
			got, err := newClient(t, m.URL).Profile(t.Context(), igauth.NewSecret(tokenText))
			if tt.is != "" && (err == nil || asError(t, err).Code != tt.is) {
				t.Errorf("got %v, want %s", err, tt.is)
			}
			if got.ID != tt.id {
				t.Errorf("got id %q, want %q", got.ID, tt.id)
			}
			if n := m.count(); n != tt.requests {
				t.Errorf("got %d requests, want %d", n, tt.requests)
			}
		})
	}
}
