package soak_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

// A fault is a way in which Meta answers wrongly.
type fault string

const (
	faultNone fault = ""
	// Nothing has happened at Meta.
	faultUnavailable fault = "503 of a proxy"
	faultTransient   fault = "500 with code 2"
	faultUnknown     fault = "code 1"
	faultHang        fault = "hang"
	faultThrottle    fault = "code 4"
	faultThrottleFor fault = "code 4 with a time"
	faultUserLimit   fault = "code 17"
	faultCustomLimit fault = "code 613"
	faultBusiness    fault = "code 80002 with a time"
	faultTooMany     fault = "429"
	faultHTML        fault = "HTML with 200"
	faultEmpty       fault = "{}"
	faultNothing     fault = "200 without a body"
	faultUnreachable fault = "no connection"
	faultAppUnknown  fault = "code 101"
	faultAllDead     fault = "code 190 for everybody"
	faultCheckpoint  fault = "code 190 with subcode 459"
	faultBlip        fault = "code 190 by mistake"
	// Everything has happened, and the answer is lost or of no use.
	faultLost     fault = "connection breaks"
	faultHalf     fault = "half an answer"
	faultNoExpiry fault = "no expires_in"
)

// singly are the faults that hit one call. The limit of the app is none of them:
// it is everybody's for a while.
var singly = []fault{
	faultUnavailable, faultTransient, faultUnknown, faultHang, faultUserLimit, faultCustomLimit, faultBusiness, faultTooMany,
	faultHTML, faultEmpty, faultNothing, faultUnreachable, faultLost, faultHalf, faultNoExpiry,
}

// A mode is what Meta does with the text of a token when it is refreshed.
type mode int

const (
	sameText mode = iota
	newText       // the old one lives on till its own end
	rotating      // the old one dies at once
)

// longLife is how long a token lives: the sample of
// https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token
const longLife = 5183944 * time.Second

// A metaToken is what Meta knows of a token.
type metaToken struct {
	text            string
	of              *person
	short           bool
	page            bool // a Page's, made from the person's
	issued, expires time.Time
	// dead is why Meta does not accept it any more.
	dead cause
}

// A cause is why a token is dead before its time.
type cause string

const (
	causePassword cause = "password changed"
	causeRemoved  cause = "app removed"
	causeRotated  cause = "replaced"
	causeRole     cause = "role lost"
)

// A meta is Meta: it knows the truth about every token. What it knows is guarded
// by the world's lock.
type meta struct {
	w *world

	tokens map[string]*metaToken
	codes  map[string]*person
	made   int

	calls     map[string]int
	refreshes int
	young     int // refused, as only Meta knew their age
	// quietUntil is till when Meta has asked everybody to wait.
	quietUntil time.Time
}

func newMeta(w *world) *meta {
	return &meta{w: w, tokens: map[string]*metaToken{}, codes: map[string]*person{}, calls: map[string]int{}}
}

// issue makes a token of a person. The caller holds m.w.mu.
func (m *meta) issue(p *person, short bool, now time.Time) *metaToken {
	m.made++
	life := longLife
	if short {
		life = time.Hour
	}
	token := &metaToken{text: fmt.Sprintf("IGAA%dx%d", p.n, m.made), of: p, short: short, issued: now, expires: now.Add(life)}
	m.tokens[token.text] = token
	// What nobody can use any more is forgotten.
	kept := p.tokens[:0]
	for _, old := range p.tokens {
		if old == p.stored || old.dead == "" && now.Before(old.expires) {
			kept = append(kept, old)
		} else {
			delete(m.tokens, old.text)
		}
	}
	p.tokens = append(kept, token)
	return token
}

// consent returns the code that a person gets at the consent window.
func (m *meta) consent(p *person) string {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	m.made++
	code := fmt.Sprintf("code%dx%d", p.n, m.made)
	m.codes[code] = p
	return code
}

// accepted reports whether Meta accepts a token at a time, but for outages.
func (t *metaToken) accepted(now time.Time) bool {
	return t != nil && t.dead == "" && now.Before(t.expires) && (!t.of.facebook || now.Before(t.of.clock()))
}

// A wire carries the requests of one function to Meta.
type wire struct{ f *function }

var errConnection = errors.New("connection reset by peer")

// RoundTrip is what a request meets: the way, Meta's faults, and Meta.
func (x wire) RoundTrip(req *http.Request) (*http.Response, error) {
	m, ctx := x.f.w.meta, req.Context()
	if err := x.f.alive(ctx); err != nil {
		return nil, err
	}
	text, code := x.read(req)
	m.w.mu.Lock()
	token := m.tokens[text]
	p := m.codes[code]
	if token != nil {
		p = token.of
	}
	var calls uint64
	var n uint64
	if p != nil {
		p.calls++
		calls, n = p.calls, uint64(p.n)
	}
	m.calls[req.URL.Host]++
	m.w.mu.Unlock()
	x.f.paced()

	c := x.f.w.chance
	if err := sleep(ctx, c.between(50*time.Millisecond, 400*time.Millisecond, askLatency, n, calls)); err != nil {
		return nil, err
	}
	now := time.Now()
	f := x.f.w.metaFault(p, calls, now)
	if f == faultUnreachable {
		return nil, errConnection
	}
	if trace := httptrace.ContextClientTrace(ctx); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	var a metaAnswer
	if ofFacebook(req) {
		a = m.facebook(f, req, token, p, now)
	} else {
		a = m.answer(f, req.URL.Path, token, p, code, now)
	}
	if f == faultHang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if f == faultLost {
		return nil, errConnection
	}
	if f == faultHalf {
		a.body = a.body[:len(a.body)/2]
	}
	if x.f.lateKill(n, calls) {
		return nil, errKilled
	}
	header := a.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(strings.NewReader(a.body)), Request: req}, nil
}

// read returns the token or the code that a request carries.
func (x wire) read(req *http.Request) (token, code string) {
	if ofFacebook(req) {
		return readFacebook(req)
	}
	if req.Method == http.MethodPost {
		body, _ := io.ReadAll(req.Body)
		_, rest, _ := strings.Cut(string(body), `name="code"`)
		return "", strings.TrimSpace(strings.SplitN(rest, "--", 2)[0])
	}
	_, rest, _ := strings.Cut(req.URL.RawQuery, "access_token=")
	token, _, _ = strings.Cut(rest, "&")
	token, _ = url.QueryUnescape(token)
	return token, ""
}

// A metaAnswer is what Meta says.
type metaAnswer struct {
	status int
	body   string
	header http.Header
}

func graphError(status, code, subcode int, message string) metaAnswer {
	return metaAnswer{status: status, body: fmt.Sprintf(
		`{"error":{"message":%q,"type":"OAuthException","code":%d,"error_subcode":%d,"fbtrace_id":"A1b2C3"}}`, message, code, subcode)}
}

// answer does what a request asks for, unless a fault keeps it from that.
func (m *meta) answer(f fault, path string, token *metaToken, p *person, code string, now time.Time) metaAnswer {
	switch f {
	case faultUnavailable:
		return metaAnswer{status: 503, body: "<html><body>Service Unavailable</body></html>"}
	case faultTransient:
		return metaAnswer{status: 500, body: `{"error":{"message":"Service temporarily unavailable","type":"IGApiException","code":2,"is_transient":true}}`}
	case faultUnknown:
		return graphError(400, 1, 0, "An unknown error has occurred.")
	case faultThrottle:
		a := graphError(400, 4, 0, "Application request limit reached")
		a.header = http.Header{"X-App-Usage": {`{"call_count":100,"total_cputime":25,"total_time":25}`}}
		return a
	case faultThrottleFor:
		a := graphError(400, 4, 0, "Application request limit reached")
		a.header = http.Header{"Retry-After": {"1800"}}
		m.waits(nil, now.Add(30*time.Minute))
		return a
	case faultUserLimit:
		return graphError(400, 17, 2446079, "User request limit reached")
	case faultCustomLimit:
		return graphError(400, 613, 0, "Calls to this api have exceeded the rate limit.")
	case faultBusiness:
		a := graphError(400, 80002, 0, "There have been too many calls to this Instagram account.")
		a.header = http.Header{"X-Business-Use-Case-Usage": {`{"1":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":45}]}`}}
		m.waits(p, now.Add(45*time.Minute))
		return a
	case faultTooMany:
		return metaAnswer{status: 429, body: "Too Many Requests"}
	case faultHTML:
		return metaAnswer{status: 200, body: "<!DOCTYPE html><html><body>Sorry, something went wrong.</body></html>", header: http.Header{"Content-Type": {"text/html"}}}
	case faultEmpty:
		return metaAnswer{status: 200, body: "{}"}
	case faultNothing:
		return metaAnswer{status: 200}
	case faultAppUnknown:
		return graphError(400, 101, 0, "Missing or invalid client_id.")
	case faultAllDead, faultBlip:
		return graphError(400, 190, 0, "Error validating access token: The session has been invalidated.")
	case faultCheckpoint:
		return graphError(400, 190, 459, "The user has been checkpointed. Please log in at instagram.com.")
	case faultHang:
		return metaAnswer{}
	}
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	if path == "/oauth/access_token" {
		delete(m.codes, code)
		if p == nil {
			return metaAnswer{status: 400, body: `{"error_type":"OAuthException","code":400,"error_message":"Matching code was not found or was already used"}`}
		}
		token := m.issue(p, true, now)
		return metaAnswer{status: 200, body: fmt.Sprintf(`{"access_token":%q,"user_id":%s,"permissions":["instagram_business_basic"]}`, token.text, p.scoped())}
	}
	switch {
	case token == nil:
		return graphError(400, 190, 0, "Invalid OAuth access token - Cannot parse access token")
	case token.dead == causePassword:
		return graphError(400, 190, 460, "The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.")
	case token.dead == causeRemoved:
		return graphError(400, 190, 458, "The user has not authorized application 1.")
	case token.dead != "":
		return graphError(400, 190, 467, "Error validating access token: The session is invalid.")
	case !now.Before(token.expires):
		return graphError(400, 190, 0, "Error validating access token: Session has expired on Sunday, 1-Jan-23 00:00:00 PST.")
	}
	switch path {
	case "/me":
		return metaAnswer{status: 200, body: fmt.Sprintf(`{"user_id":%q,"id":%q,"username":%q,"name":"Somebody","account_type":"Business"}`, p.id, p.scoped(), p.username())}
	case "/access_token":
		return longAnswer(m.issue(p, false, now), f)
	case "/refresh_access_token":
		if age := now.Sub(token.issued); age < 24*time.Hour {
			// If an answer was lost, only Meta knows how old the token is.
			m.young++
			if now.Sub(p.issued) < 24*time.Hour {
				m.w.violationLocked("Meta sees a refresh of a token of %s, of account %d", age.Round(time.Second), p.n)
			}
			return graphError(400, 100, 0, "The access token is less than 24 hours old and cannot be refreshed yet")
		}
		return longAnswer(m.refresh(token, now), f)
	}
	return graphError(404, 2500, 0, "Unknown path components")
}

// refresh prolongs a token. The caller holds m.w.mu.
func (m *meta) refresh(token *metaToken, now time.Time) *metaToken {
	m.refreshes++
	switch token.of.mode {
	case newText:
		return m.issue(token.of, false, now)
	case rotating:
		next := m.issue(token.of, false, now)
		token.dead = causeRotated
		return next
	}
	token.issued, token.expires = now, now.Add(longLife)
	return token
}

func longAnswer(token *metaToken, f fault) metaAnswer {
	if f == faultNoExpiry {
		return metaAnswer{status: 200, body: fmt.Sprintf(`{"access_token":%q,"token_type":"bearer"}`, token.text)}
	}
	return metaAnswer{status: 200, body: fmt.Sprintf(`{"access_token":%q,"token_type":"bearer","expires_in":%d}`, token.text, int64(longLife/time.Second))}
}

// waits notes that Meta has asked a person's calls, or everybody's, to wait.
func (m *meta) waits(p *person, until time.Time) {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	m.quietUntil = later(m.quietUntil, until)
	if p != nil {
		p.struck = later(p.struck, until)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
