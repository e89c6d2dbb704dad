package igauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A line is what an audit has of one reading.
type auditLine struct {
	Msg, Level, Action, Who, AccountID, Result string
	Generation                                 int64
}

func auditLines(t *testing.T, log *bytes.Buffer) []auditLine {
	t.Helper()
	var lines []auditLine
	for text := range strings.Lines(log.String()) {
		var line auditLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// Whoever reads a token, or tries to, stands in the audit.
func TestEveryReadingOfATokenIsAudited(t *testing.T) {
	f := newFront(t)
	f.connect("")
	f.advance(time.Hour)
	var log bytes.Buffer
	// The audit does not depend on the level of the log.
	audit := igauth.LogAuditor(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})))
	handler, err := igauth.NewAccountsHandler(igauth.AccountsConfig{
		Store: f.store, Now: f.now, Audit: audit,
		Caller: func(r *http.Request) string { return r.Header.Get("Caller") },
	})
	if err != nil {
		t.Fatal(err)
	}
	id := string(testProfile.ID)
	const shop = "arn:aws:sts::123456789012:assumed-role/shop/i-1"
	for _, test := range []struct {
		path, who string
		status    int
		want      auditLine
	}{
		{"/accounts/" + id + "/token", shop, 200, auditLine{AccountID: id, Result: "read", Generation: 1}},
		{"/accounts/" + id + "/token", "", 200, auditLine{AccountID: id, Result: "read", Generation: 1}},
		{"/accounts/" + id + "/token?min_valid_seconds=5184000", shop, 503, auditLine{AccountID: id, Result: "validity_too_short", Generation: 1}},
		{"/accounts/" + id + "/token?min_valid_seconds=x", shop, 400, auditLine{AccountID: id, Result: "parameter_invalid"}},
		{"/accounts/17841400000099999/token", shop, 404, auditLine{AccountID: "17841400000099999", Result: "account_not_found"}},
		{"/accounts/what%0Aever/token", shop, 404, auditLine{Result: "account_not_found"}},
	} {
		log.Reset()
		r := httptest.NewRequest(http.MethodGet, test.path, nil)
		r.Header.Set("Caller", test.who)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		test.want.Msg, test.want.Level, test.want.Action, test.want.Who = "audit", "INFO", "token.read", test.who
		if lines := auditLines(t, &log); w.Code != test.status || len(lines) != 1 || lines[0] != test.want {
			t.Errorf("%s: got status %d and %+v, want %d and %+v", test.path, w.Code, lines, test.status, test.want)
		}
		if strings.Contains(log.String(), "long") {
			t.Error("the token is in the audit")
		}
	}
	log.Reset()
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/accounts/"+id, nil))
	if log.Len() > 0 {
		t.Errorf("who looks at an account stands in the audit of tokens: %s", &log)
	}
}

// A failingAudit is full.
type failingAudit struct{}

func (failingAudit) Audit(context.Context, igauth.Reading) error { return errors.New("no room") }

// The line comes first: without it there is no token.
func TestNoTokenIsReadWithoutALine(t *testing.T) {
	f := newFront(t)
	f.connect("")
	handler, err := igauth.NewAccountsHandler(igauth.AccountsConfig{Store: f.store, Now: f.now, Audit: failingAudit{}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/accounts/"+string(testProfile.ID)+"/token", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "access_token") {
		t.Errorf("got status %d: %s", w.Code, w.Body)
	}
}
