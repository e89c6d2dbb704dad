package instagram_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// bodies returns the forms in which the field has seen one failure of the graph
// host: numbers as text, and a subcode of 0 where there is none.
func (f failure) bodies() map[string]string {
	quoted := func(n int) string { return strconv.Quote(strconv.Itoa(n)) }
	number := strconv.Itoa
	bodies := map[string]string{}
	for name, write := range map[string]func(int) string{"number": number, "text": quoted} {
		if f.subcode == 0 {
			bodies["code as "+name+", no subcode"] = graphBody(f.message, write(f.code), "")
		}
		bodies["code as "+name+", subcode as number"] = graphBody(f.message, write(f.code), number(f.subcode))
		bodies["code as "+name+", subcode as text"] = graphBody(f.message, write(f.code), quoted(f.subcode))
	}
	return bodies
}

func graphBody(message, code, subcode string) string {
	text, _ := json.Marshal(message)
	if subcode != "" {
		subcode = `,"error_subcode":` + subcode
	}
	return fmt.Sprintf(`{"error":{"message":%s,"type":"OAuthException","code":%s%s,"error_user_title":"x","error_data":{},"fbtrace_id":"EJplcsCHuLu"}}`, text, code, subcode)
}

func (f failure) flatBody(code string) string {
	text, _ := json.Marshal(f.message)
	return fmt.Sprintf(`{"error_type":"OAuthException","code":%s,"error_message":%s}`, code, text)
}

// respond is a client in front of one answer, without a network.
func respond(t testing.TB, status int, header http.Header, body string) *clients {
	t.Helper()
	return newClient(t, "https://meta.example", withTransport(fixed(status, header, body)))
}

func TestGraphFailures(t *testing.T) {
	for _, f := range graphFailures {
		t.Run(f.String(), func(t *testing.T) {
			sourced(t, f.source)
			for form, body := range f.bodies() {
				for _, q := range questions {
					if q.answeredBy(f) {
						continue
					}
					e := q.fails(t, respond(t, http.StatusBadRequest, nil, body))
					if want := q.of(f.is); e.Code != want || want == f.is && e.Class != f.class || !e.Sent {
						t.Errorf("%s, %s: got %s, class %s, sent %v, want %s, class %s, sent", form, q.name, e.Code, e.Class, e.Sent, want, f.class)
					}
				}
			}
		})
	}
}

// What limits the app ends a run; what limits an account only slows it down.
func TestLimitsOfTheApp(t *testing.T) {
	for _, f := range graphFailures {
		want := f.code == 4 || f.code == 341 || f.code == 613 && f.subcode == 1996
		for form, body := range f.bodies() {
			for _, q := range questions {
				if q.answeredBy(f) {
					continue
				}
				e := q.fails(t, respond(t, http.StatusBadRequest, nil, body))
				if got := errors.Is(e, igauth.ErrAppLimit); got != want {
					t.Errorf("%v, %s, %s: got a limit of the app %t, want %t", f, form, q.name, got, want)
				}
			}
		}
	}
	for _, status := range []int{429, 503} {
		if e := questions[2].fails(t, respond(t, status, nil, graphBody("x", "4", ""))); errors.Is(e, igauth.ErrAppLimit) {
			t.Errorf("status %d: got a limit of the app", status)
		}
	}
}

func TestFlatFailures(t *testing.T) {
	for _, f := range flatFailures {
		t.Run(f.String(), func(t *testing.T) {
			sourced(t, f.source)
			for _, code := range []string{strconv.Itoa(f.code), strconv.Quote(strconv.Itoa(f.code))} {
				e := questions[0].fails(t, respond(t, http.StatusBadRequest, nil, f.flatBody(code)))
				if e.Code != f.is || e.Class != f.class || !e.Sent {
					t.Errorf("code %s: got %s, class %s, sent %v, want %s, class %s, sent", code, e.Code, e.Class, e.Sent, f.is, f.class)
				}
			}
		})
	}
}

// The envelopes were never seen exchanged. If they are, no account dies of it.
func TestFailuresInTheOtherEnvelope(t *testing.T) {
	for _, f := range graphFailures {
		for _, q := range questions {
			e := q.fails(t, respond(t, http.StatusBadRequest, nil, f.flatBody(strconv.Itoa(f.code))))
			if e.Class == igauth.ClassDead {
				t.Errorf("%v, flat, %s: got class dead", f, q.name)
			}
		}
	}
	for _, f := range flatFailures {
		for _, code := range []string{"1", "100", "400"} {
			for _, q := range questions {
				e := q.fails(t, respond(t, http.StatusBadRequest, nil, graphBody(f.message, code, "")))
				if e.Class == igauth.ClassDead {
					t.Errorf("%v, as Graph's %s, %s: got class dead", f, code, q.name)
				}
			}
		}
	}
}

// What a server says about itself comes before what its body says about a token.
func TestStatusBeforeBody(t *testing.T) {
	for status, want := range map[int]igauth.Code{
		http.StatusTooManyRequests:     igauth.CodeRateLimited,
		http.StatusInternalServerError: igauth.CodeMetaUnavailable,
		http.StatusBadGateway:          igauth.CodeMetaUnavailable,
		http.StatusServiceUnavailable:  igauth.CodeMetaUnavailable,
		http.StatusGatewayTimeout:      igauth.CodeMetaUnavailable,
		599:                            igauth.CodeMetaUnavailable,
	} {
		for name, body := range map[string]string{
			"a dead token":      graphBody("Error validating access token", "190", "460"),
			"a wrong parameter": graphBody("Invalid parameter", "100", ""),
			"a wrong app":       graphBody("Error validating application", "101", ""),
			"a spent code":      `{"error_type":"OAuthException","code":400,"error_message":"This authorization code has been used"}`,
			"a token":           goodLong,
			"a profile":         goodMe,
			"a page":            "<html>",
			"nothing":           "",
		} {
			t.Run(fmt.Sprintf("%d with %s", status, name), func(t *testing.T) {
				m := newMeta(t, answers(status, body))
				c := newClient(t, m.URL)
				for _, q := range questions {
					if e := q.fails(t, c); e.Code != want {
						t.Errorf("%s: got %s, want %s", q.name, e.Code, want)
					}
					if n := m.count(); n != 1 {
						t.Errorf("%s: got %d requests, want 1", q.name, n)
					}
				}
			})
		}
	}
}

// Meta answers nearly everything with 400; proxies and other services use these.
func TestOtherStatuses(t *testing.T) {
	for _, status := range []int{200, 201, 204, 300, 304, 400, 401, 403, 404, 405, 408, 410, 418, 499} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			for _, q := range questions {
				if status != http.StatusNoContent && status != http.StatusNotModified {
					e := q.fails(t, respond(t, status, nil, graphBody("Error validating access token", "190", "")))
					if want := q.of(igauth.CodeTokenInvalid); e.Code != want {
						t.Errorf("%s, a Graph error: got %s, want %s", q.name, e.Code, want)
					}
				}
				for _, body := range []string{"", "{}", "null", "[]", "Forbidden", "<html>Session has expired, code 190</html>", `{"code":190,"message":"Session has expired"}`, `{"error":null}`} {
					e := q.fails(t, respond(t, status, nil, body))
					if e.Code != igauth.CodeMetaUnreadable {
						t.Errorf("%s, %q: got %s, want %s", q.name, body, e.Code, igauth.CodeMetaUnreadable)
					}
				}
				if status < 300 {
					continue
				}
				e := q.fails(t, respond(t, status, nil, q.good))
				if e.Code != igauth.CodeMetaUnreadable {
					t.Errorf("%s, what would be a success: got %s, want %s", q.name, e.Code, igauth.CodeMetaUnreadable)
				}
			}
		})
	}
}

// is_transient is Meta's own word for "try again"; limits stay limits.
func TestTransientFailures(t *testing.T) {
	for code, want := range map[int]igauth.Code{
		1: igauth.CodeMetaUnavailable, 2: igauth.CodeMetaUnavailable, 100: igauth.CodeMetaUnavailable,
		102: igauth.CodeMetaUnavailable, 190: igauth.CodeMetaUnavailable, 200: igauth.CodeMetaUnavailable, 2500: igauth.CodeMetaUnavailable,
		4: igauth.CodeRateLimited, 17: igauth.CodeRateLimited, 32: igauth.CodeRateLimited, 341: igauth.CodeRateLimited,
		368: igauth.CodePolicyBlock, 613: igauth.CodeRateLimited, 80000: igauth.CodeRateLimited, 80002: igauth.CodeRateLimited, 80014: igauth.CodeRateLimited,
	} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			m := newMeta(t, answers(http.StatusBadRequest, fmt.Sprintf(`{"error":{"message":"x","code":%d,"is_transient":true}}`, code)))
			for _, q := range questions {
				if e := q.fails(t, newClient(t, m.URL)); e.Code != want {
					t.Errorf("%s: got %s, want %s", q.name, e.Code, want)
				}
				if n := m.count(); n != 1 {
					t.Errorf("%s: got %d requests, want 1", q.name, n)
				}
			}
		})
	}
}

// A member in an unexpected form does not hide the others.
func TestCrookedEnvelopes(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want igauth.Code
	}{
		"is_transient as text":   {`{"error":{"is_transient":"false","message":"x","code":190}}`, igauth.CodeTokenInvalid},
		"message a number":       {`{"error":{"message":7,"code":190}}`, igauth.CodeTokenInvalid},
		"type a list":            {`{"error":{"type":[],"code":190}}`, igauth.CodeTokenInvalid},
		"trace id a number":      {`{"error":{"fbtrace_id":1,"code":190}}`, igauth.CodeTokenInvalid},
		"subcode a list":         {`{"error":{"error_subcode":[460],"code":190}}`, igauth.CodeTokenInvalid},
		"code a fraction":        {`{"error":{"code":190.5}}`, igauth.CodeMetaRefused},
		"code a word":            {`{"error":{"code":"190x"}}`, igauth.CodeMetaRefused},
		"code a list":            {`{"error":{"code":[190]}}`, igauth.CodeMetaRefused},
		"code null":              {`{"error":{"code":null}}`, igauth.CodeMetaRefused},
		"code twice":             {`{"error":{"code":190,"code":"x"}}`, igauth.CodeMetaRefused},
		"code beyond all ints":   {`{"error":{"code":190000000000000000000}}`, igauth.CodeMetaRefused},
		"error an empty object":  {`{"error":{}}`, igauth.CodeMetaRefused},
		"error a text":           {`{"error":"190"}`, igauth.CodeMetaRefused},
		"error a number":         {`{"error":190}`, igauth.CodeMetaRefused},
		"error a list":           {`{"error":[{"code":190}]}`, igauth.CodeMetaRefused},
		"error_message a number": {`{"error_message":7}`, igauth.CodeMetaUnreadable},
		"error_type alone":       {`{"error_type":"OAuthException"}`, igauth.CodeMetaRefused},
	} {
		t.Run(name, func(t *testing.T) {
			for _, q := range questions {
				if e := q.fails(t, respond(t, http.StatusBadRequest, nil, tt.body)); e.Code != q.of(tt.want) {
					t.Errorf("%s: got %s, want %s", q.name, e.Code, q.of(tt.want))
				}
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	const usage = "X-Business-Use-Case-Usage"
	limit := func(code int) string { return graphBody("limit", strconv.Itoa(code), "") }
	minutes := func(values ...string) string {
		var uses []string
		for _, v := range values {
			uses = append(uses, `{"type":"instagram","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":`+v+`}`)
		}
		return `{"17841400000010111":[` + strings.Join(uses, ",") + `]}`
	}
	for _, tt := range []struct {
		name, source string
		status       int
		header       http.Header
		body         string
		want         time.Duration
	}{
		{"80002 that does not say", srcLimits, 400, nil, limit(80002), 0},
		{"80002 with minutes", srcLimits, 400, http.Header{usage: {minutes("17")}}, limit(80002), 17 * time.Minute},
		{"80002 with minutes as text", srcLimits, 400, http.Header{usage: {minutes(`"17"`)}}, limit(80002), 17 * time.Minute},
		{"80002, the longest of several", srcLimits, 400, http.Header{usage: {minutes("3", "61", "0")}}, limit(80002), 61 * time.Minute},
		{"80002 of several accounts", srcLimits, 400, http.Header{usage: {`{"1":[{"estimated_time_to_regain_access":5}],"2":[{"estimated_time_to_regain_access":9}]}`}}, limit(80002), 9 * time.Minute},
		{"80002 with negative minutes", srcLimits, 400, http.Header{usage: {minutes("-17")}}, limit(80002), 0},
		{"80002 with the least of all minutes", srcLimits, 400, http.Header{usage: {minutes("-9223372036854775808")}}, limit(80002), 0},
		{"80002 with more minutes than two days", srcLimits, 400, http.Header{usage: {minutes("9223372036854775807")}}, limit(80002), 48 * time.Hour},
		{"80002 with a header that is none", srcLimits, 400, http.Header{usage: {"<html>"}}, limit(80002), 0},
		{"80002 with a header of another form", srcLimits, 400, http.Header{usage: {`[1]`}}, limit(80002), 0},
		{"4 with the app's usage only", srcLimits, 400, http.Header{"X-App-Usage": {`{"call_count":100}`}}, limit(4), 0},
		{"613 with minutes", srcLimits, 400, http.Header{usage: {minutes("2")}}, limit(613), 2 * time.Minute},
		{"613 with seconds", srcMDNRetry, 400, http.Header{"Retry-After": {"30"}}, limit(613), 30 * time.Second},
		{"both, and the minutes are longer", srcLimits, 400, http.Header{"Retry-After": {"30"}, usage: {minutes("2")}}, limit(613), 2 * time.Minute},
		{"both, and the seconds are longer", srcLimits, 400, http.Header{"Retry-After": {"300"}, usage: {minutes("2")}}, limit(613), 5 * time.Minute},
		{"368, for which Meta names no time", srcErrors, 400, nil, limit(368), 24 * time.Hour},
		{"368 with less", srcErrors, 400, http.Header{"Retry-After": {"30"}}, limit(368), 24 * time.Hour},
		{"368 with more", srcErrors, 400, http.Header{"Retry-After": {"100000"}}, limit(368), 100000 * time.Second},
		{"429 with seconds", srcMDNRetry, 429, http.Header{"Retry-After": {"120"}}, "Too Many Requests", 2 * time.Minute},
		{"429 that does not say", srcMDNRetry, 429, nil, "", 0},
		{"429 with a date", srcMDNRetry, 429, http.Header{"Retry-After": {"Wed, 21 Oct 2026 07:28:00 GMT"}}, "", 0},
		{"429 with negative seconds", srcMDNRetry, 429, http.Header{"Retry-After": {"-1"}}, "", 0},
		{"429 with a fraction", srcMDNRetry, 429, http.Header{"Retry-After": {"1.5"}}, "", 0},
		{"429 with more seconds than two days", srcMDNRetry, 429, http.Header{"Retry-After": {"31536000"}}, "", 48 * time.Hour},
		{"429 with more seconds than a duration holds", srcMDNRetry, 429, http.Header{"Retry-After": {"9223372036854775807"}}, "", 48 * time.Hour},
		{"429 with seconds that wrap round", srcMDNRetry, 429, http.Header{"Retry-After": {"18446744074"}}, "", 48 * time.Hour},
		{"an outage, which is no limit", srcErrors, 503, http.Header{"Retry-After": {"120"}}, "", 0},
		{"a dead token, which is no limit", srcErrors, 400, http.Header{usage: {minutes("17")}}, limit(190), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			for _, q := range questions {
				if e := q.fails(t, respond(t, tt.status, tt.header, tt.body)); e.RetryAfter != tt.want {
					t.Errorf("%s: got %v, want %v", q.name, e.RetryAfter, tt.want)
				}
			}
		})
	}
}

// The remark for the log has Meta's numbers and none of its words.
func TestDetail(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"all of them":  {400, graphBody("The user maria.bakes changed the password", "190", "460"), "status 400, code 190/460, OAuthException, trace EJplcsCHuLu"},
		"flat":         {400, flatFailures[0].flatBody("400"), "status 400, OAuthException"},
		"no envelope":  {502, "<html>maria.bakes</html>", "status 502"},
		"crooked type": {400, `{"error":{"code":5,"type":"a b","fbtrace_id":"` + strings.Repeat("x", 41) + `"}}`, "status 400, code 5"},
	} {
		t.Run(name, func(t *testing.T) {
			if e := questions[2].fails(t, respond(t, tt.status, nil, tt.body)); e.Detail != tt.want {
				t.Errorf("got %q, want %q", e.Detail, tt.want)
			}
		})
	}
}
