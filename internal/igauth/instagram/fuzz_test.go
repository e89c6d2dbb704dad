package instagram_test

import (
	"encoding/json"
	"net/http"
	"reflect"
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
		for _, q := range questions[:3] {
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
				if life := got.ExpiresAt.Sub(got.IssuedAt); life <= 0 || life > 90*24*time.Hour {
					t.Errorf("%s: got a life of %v", q.name, life)
				}
			}
			if text := token.Reveal(); text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%s: got a token that is none", q.name)
			}
		}
	})
}

// FuzzClassify looks for an answer that lets a token die without Meta's saying
// so, or a wait without an end.
func FuzzClassify(f *testing.F) {
	for _, row := range graphFailures {
		for _, body := range row.bodies() {
			f.Add(400, body, "", "")
		}
	}
	for _, row := range flatFailures {
		f.Add(400, row.flatBody("400"), "", "")
	}
	dead := graphBody("Session has expired", "190", "463")
	for _, status := range []int{200, 302, 401, 429, 500, 503} {
		f.Add(status, dead, "30", `{"1":[{"estimated_time_to_regain_access":17}]}`)
	}
	f.Add(429, "", "18446744074", `{"1":[{"estimated_time_to_regain_access":-9223372036854775808}]}`)
	f.Add(400, `{"error":{"code":190},"error":{"code":4}}`, "-1", "{}")
	f.Add(400, `{"ERROR":{"CODE":"190"}}`, "x", "[]")
	f.Fuzz(func(t *testing.T, status int, body, retryAfter, usage string) {
		if status < 200 || status > 999 {
			return
		}
		header := http.Header{"Retry-After": {retryAfter}, "X-Business-Use-Case-Usage": {usage}}
		for _, q := range questions {
			got, err := q.ask(t.Context(), respond(t, status, header, body))
			if err == nil {
				if status > 299 {
					t.Errorf("%s: got a success of status %d", q.name, status)
				}
				continue
			}
			if !reflect.ValueOf(got).IsZero() {
				t.Errorf("%s: got a result next to an error", q.name)
			}
			e := asError(t, err)
			if e.RetryAfter < 0 || e.RetryAfter > 48*time.Hour || e.RetryAfter > 0 && e.Class != igauth.ClassThrottled {
				t.Errorf("%s: got class %s, retry after %v", q.name, e.Class, e.RetryAfter)
			}
			if e.Class == igauth.ClassDead && (status >= 500 || status == http.StatusTooManyRequests || !saysDead(body)) {
				t.Errorf("%s: status %d and %q killed a token", q.name, status, body)
			}
		}
	})
}

// saysDead reports whether a body has a Graph envelope with one of the codes of
// a dead token.
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
