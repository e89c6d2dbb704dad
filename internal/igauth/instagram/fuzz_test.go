package instagram_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// FuzzTokenAnswer gives every answer that a server can give to whoever asks for
// a token.
func FuzzTokenAnswer(f *testing.F) {
	for _, body := range []string{
		goodLong, goodCode, goodMe, `{"data":[` + goodCode + `]}`, `{"data":[` + goodLong + `]}`,
		`{"access_token":"x","expires_in":"5183944","permissions":"a,b","user_id":null}`,
		`{"access_token":"x","expires_in":1e3}`, `{"access_token":"x","expires_in":-1}`, `{"access_token":"","expires_in":1}`,
		`{"error":{"code":190}}`, `{"error_message":"x"}`, `{"error":null,"access_token":"x","expires_in":7776001}`,
		`{"data":[]}`, `{"data":[null]}`, `{}`, ``, `null`, `[]`, `<html>`, "\xff", `{"access_token":"\ud800"}`,
	} {
		f.Add(200, body)
	}
	f.Add(299, goodLong)
	f.Add(302, goodLong)
	f.Add(400, goodLong)
	f.Add(503, goodLong)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 999 {
			return // net/http gives no such answer to a client
		}
		c := respond(t, status, nil, body)
		for _, q := range slices.Concat(questions[:3], facebookQuestions[:3]) {
			got, err := q.ask(t.Context(), c)
			if err != nil {
				e := asError(t, err)
				if !reflect.ValueOf(got).IsZero() || !e.Sent || e.RetryAfter < 0 {
					t.Errorf("%s: got a result next to an error, or an error that was not sent", q.name)
				}
				continue
			}
			if status > 299 || !json.Valid([]byte(body)) {
				t.Errorf("%s: got a token of status %d", q.name, status)
			}
			var token igauth.Secret
			switch got := got.(type) {
			case igauth.Grant:
				token = got.Token
				if got.AppScopedID != "" && !igauth.AccountID(got.AppScopedID).Valid() {
					t.Errorf("got app-scoped id %q", got.AppScopedID)
				}
			case igauth.Token:
				token = got.Value
				if life := got.ExpiresAt.Sub(got.IssuedAt); (life <= 0 || life > 90*24*time.Hour) && (!got.ExpiresAt.IsZero() || !q.facebook()) {
					t.Errorf("%s: got a life of %v", q.name, life)
				}
			case igauth.Secret:
				token = got
			}
			if text := token.Reveal(); text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%s: got a token that is none", q.name)
			}
		}
	})
}

// FuzzAnswer gives any answer to whoever refreshes a token or looks at an account,
// and looks for a token that is none, a death that Meta did not report, a wait
// without an end, and an error that is none of ours.
func FuzzAnswer(f *testing.F) {
	for _, row := range graphFailures {
		for _, body := range row.bodies() {
			f.Add(400, body, "", "", "")
		}
	}
	for _, row := range flatFailures {
		f.Add(400, row.flatBody("400"), "", "", "")
	}
	dead := graphBody("Session has expired", "190", "463")
	for _, status := range []int{200, 302, 401, 429, 500, 503} {
		f.Add(status, dead, "30", `{"1":[{"estimated_time_to_regain_access":17}]}`, `{"call_count":100}`)
		f.Add(status, "<html>Session has expired, code 190</html>", "", "", `{"call_count":"1e400"}`)
	}
	f.Add(200, goodLong, "", `{"1":[{"call_count":-1}]}`, `{"call_count":28,"total_time":25,"total_cputime":25}`)
	f.Add(200, goodMe, "", "null", "[]")
	for _, q := range facebookQuestions {
		f.Add(200, q.good, "", "", "")
	}
	for _, body := range []string{
		`true`, `false`, `{"success":false}`, `{"success":null}`, `{"data":[]}`, `{"data":[{"id":"1"}],"paging":{"next":"x"}}`,
		`{"data":[{"id":1,"access_token":"x","tasks":"MANAGE","instagram_business_account":null}],"paging":{"cursors":{"after":"a b"},"next":"x"}}`,
		`{"data":{"is_valid":false,"error":{"code":190,"subcode":463,"message":"Session has expired"},"scopes":[]}}`,
		`{"data":{"is_valid":false,"error":{"code":100,"message":"The App_id in the input_token did not match the Viewing App"}}}`,
		`{"data":{"is_valid":false,"error":{"code":4}}}`, `{"data":{"is_valid":true,"expires_at":253402300800}}`,
		`{"data":{"is_valid":true,"app_id":"7","expires_at":-1,"data_access_expires_at":"0"}}`, `{"data":{"is_valid":false}}`,
	} {
		f.Add(200, body, "", "", "")
	}
	f.Add(200, "{}", "", "{}", "{}")
	f.Add(200, `{"access_token":"x","expires_in":"0.5"}`, "", "", "")
	f.Add(200, `{"access_token":"x","expires_in":5183944,"error":{"code":190}}`, "", "", "")
	f.Add(429, "", "18446744074", `{"1":[{"estimated_time_to_regain_access":-9223372036854775808}]}`, "x")
	f.Add(400, `{"error":{"code":190},"error":{"code":4}}`, "-1", "{}", "")
	f.Add(400, `{"ERROR":{"CODE":"190"}}`, "x", "[]", "")
	f.Fuzz(func(t *testing.T, status int, body, retryAfter, business, app string) {
		if status < 200 || status > 999 {
			return // net/http gives no such answer to a client
		}
		c := respond(t, status, http.Header{"Retry-After": {retryAfter}, businessHeader: {business}, appHeader: {app}}, body)
		for _, q := range questions {
			got, err := q.ask(t.Context(), c)
			if err == nil {
				if i, ok := got.(igauth.Inspection); status > 299 && (!ok || i.Failure != igauth.CodeTokenOtherApp) {
					t.Errorf("%s: got a success of status %d", q.name, status)
				}
				plausible(t, q, got)
				continue
			}
			if !reflect.ValueOf(got).IsZero() {
				t.Errorf("%s: got a result next to an error", q.name)
			}
			e := asError(t, err)
			switch e.Class {
			case igauth.ClassTransient, igauth.ClassThrottled, igauth.ClassNeedsUser, igauth.ClassMisconfigured, igauth.ClassTooYoung, igauth.ClassRefused:
			case igauth.ClassDead:
				if status >= 500 || status == http.StatusTooManyRequests || !saysDead(body) {
					t.Errorf("%s: status %d and %q killed a token", q.name, status, body)
				}
			default:
				t.Errorf("%s: got class %q, which is none", q.name, e.Class)
			}
			if e.RetryAfter < 0 || e.RetryAfter > 48*time.Hour || e.RetryAfter > 0 && e.Class != igauth.ClassThrottled {
				t.Errorf("%s: got class %s, retry after %v", q.name, e.Class, e.RetryAfter)
			}
			if errors.Is(err, igauth.ErrAppLimit) && e.Class != igauth.ClassThrottled {
				t.Errorf("%s: got the app's limit with class %s", q.name, e.Class)
			}
		}
		if u := c.Facebook.Usage(); u != c.Usage() || u.AppPercent < 0 || u.AppPercent > 1000 || u.BusinessPercent < 0 || u.BusinessPercent > 1000 || u.RegainAfter < 0 || u.RegainAfter > 48*time.Hour {
			t.Errorf("got usage %+v", u)
		}
	})
}

// plausible fails unless a result is whole: a token has a text and a life.
func plausible(t *testing.T, q question, got any) {
	t.Helper()
	name, text := q.name, ""
	switch got := got.(type) {
	case igauth.Grant:
		text = got.Token.Reveal()
	case igauth.Token:
		text = got.Value.Reveal()
		if life := got.ExpiresAt.Sub(got.IssuedAt); (life < time.Second || life > 90*24*time.Hour) && (!got.ExpiresAt.IsZero() || !q.facebook()) {
			t.Errorf("%s: got a life of %v", name, life)
		}
	case igauth.Secret:
		text = got.Reveal()
	case igauth.Profile:
		if !got.ID.Valid() {
			t.Errorf("%s: got id %q", name, got.ID)
		}
		return
	case igauth.Inspection:
		if got.Valid != (got.Failure == "") || got.ExpiresAt.Year() > 9999 || got.DataAccessUntil.Year() > 9999 || !slices.IsSorted(got.Scopes) {
			t.Errorf("%s: got %+v", name, got)
		}
		if class := got.Failure.Class(); !got.Valid && class != igauth.ClassDead && class != igauth.ClassNeedsUser && got.Failure != igauth.CodeTokenOtherApp {
			t.Errorf("%s: got an invalid token for the reason %s, which says nothing about it", name, got.Failure)
		}
		return
	case pageList:
		for _, p := range got.pages {
			if !igauth.AccountID(p.ID).Valid() || p.Account != "" && !p.Account.Valid() || strings.ContainsFunc(p.Token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%s: got a Page that is none: %+v", name, p)
			}
		}
		if strings.ContainsFunc(got.next, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%s: got cursor %q", name, got.next)
		}
		return
	case nothing:
		return
	}
	if text == "" || len(text) > 8<<10 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		t.Errorf("%s: got a token that is none", name)
	}
}

// saysDead reports whether a body has a Graph envelope with one of the codes of
// a dead token. It knows nothing of the rules.
func saysDead(body string) bool {
	var envelope struct{ Error map[string]json.RawMessage }
	if json.Unmarshal([]byte(body), &envelope) != nil {
		return false
	}
	for name, value := range envelope.Error {
		code := strings.TrimLeft(strings.Trim(string(value), `"`), "+0")
		if strings.EqualFold(name, "code") && (code == "190" || code == "102") {
			return true
		}
	}
	return false
}
