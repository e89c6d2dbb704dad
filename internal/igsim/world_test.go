package igsim_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"igauth/internal/igsim"
)

const (
	redirectURI = "https://site.example/callback"
	longLife    = 5183944 * time.Second
	allScopes   = "instagram_business_basic,instagram_business_manage_messages"
)

var start = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// world is a simulator behind a server, its frozen clock, and a client that
// follows no redirects and keeps no connection.
type world struct {
	*igsim.Simulator
	t     testing.TB
	clock *igsim.Clock
	url   string
	http  *http.Client
}

func newWorld(t testing.TB, change ...func(*igsim.Config)) *world {
	t.Helper()
	clock := igsim.NewFrozenClock(start)
	cfg := igsim.Config{RedirectURIs: []string{redirectURI}, Now: clock.Now}
	for _, f := range change {
		f(&cfg)
	}
	sim, err := igsim.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &world{Simulator: sim, t: t, clock: clock, url: server.URL, http: &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 1 << 20},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// reply is a response read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func (w *world) try(req *http.Request) (reply, error) {
	res, err := w.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(b)}, err
}

func (w *world) request(method, path string, query url.Values) *http.Request {
	w.t.Helper()
	target := w.url + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, target, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return req
}

func (w *world) do(req *http.Request) reply {
	w.t.Helper()
	r, err := w.try(req)
	if err != nil {
		w.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	return r
}

func (w *world) get(path string, query url.Values) reply {
	w.t.Helper()
	return w.do(w.request(http.MethodGet, path, query))
}

func (w *world) formRequest(path string, form url.Values) *http.Request {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

func (w *world) post(path string, form url.Values) reply {
	w.t.Helper()
	return w.do(w.formRequest(path, form))
}

// json decodes the body, with numbers as they were written.
func (r reply) json(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	d := json.NewDecoder(strings.NewReader(r.body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("status %d, body is no JSON object: %v", r.status, err)
	}
	return v
}

// graph is the error of a Graph answer as "code/subcode type: message"; the
// subcode is - when there is none.
func (r reply) graph(t testing.TB) string {
	t.Helper()
	e, ok := r.json(t)["error"].(map[string]any)
	if !ok {
		t.Fatalf("status %d, no Graph error in %s", r.status, r.body)
	}
	sub, ok := e["error_subcode"]
	if !ok {
		sub = "-"
	}
	return fmt.Sprintf("%v/%v %v: %v", e["code"], sub, e["type"], e["message"])
}

func windowQuery() url.Values {
	return url.Values{
		"client_id":     {igsim.DefaultAppID},
		"redirect_uri":  {redirectURI},
		"response_type": {"code"},
		"scope":         {allScopes},
		"state":         {"st4te"},
	}
}

var inputTag = regexp.MustCompile(`<input type="(hidden|radio|checkbox)"([^>]*)>`)
var attribute = regexp.MustCompile(`(name|value)="([^"]*)"`)

// fields reads the form of a consent page as a browser would send it: hidden
// fields, the chosen radio button, the ticked boxes.
func fields(page string) url.Values {
	form := url.Values{}
	for _, tag := range inputTag.FindAllStringSubmatch(page, -1) {
		attrs := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(tag[2], -1) {
			attrs[a[1]] = html.UnescapeString(a[2])
		}
		chosen := tag[1] == "hidden" || strings.Contains(tag[2], " checked")
		if chosen && attrs["name"] != "" && !strings.Contains(tag[2], "disabled") {
			form.Add(attrs["name"], attrs["value"])
		}
	}
	return form
}

// code consents as username and returns the code.
func (w *world) code(username string) string {
	w.t.Helper()
	form := fields(w.get("/oauth/authorize", windowQuery()).body)
	form.Set("account", username)
	form.Set("decision", "approve")
	r := w.post("/oauth/authorize", form)
	if r.status != http.StatusFound {
		w.t.Fatalf("consenting: status %d: %s", r.status, r.body)
	}
	to, err := url.Parse(r.header.Get("Location"))
	if err != nil {
		w.t.Fatal(err)
	}
	return to.Query().Get("code")
}

func codeForm(code string) url.Values {
	return url.Values{
		"client_id":     {igsim.DefaultAppID},
		"client_secret": {igsim.DefaultAppSecret},
		"grant_type":    {"authorization_code"},
		"redirect_uri":  {redirectURI},
		"code":          {code},
	}
}

func exchangeQuery(token string) url.Values {
	return url.Values{"grant_type": {"ig_exchange_token"}, "client_secret": {igsim.DefaultAppSecret}, "access_token": {token}}
}

func refreshQuery(token string) url.Values {
	return url.Values{"grant_type": {"ig_refresh_token"}, "access_token": {token}}
}

// tokenOf returns the access token of a successful answer, flat or not.
func (w *world) tokenOf(r reply) string {
	w.t.Helper()
	v := r.json(w.t)
	if data, ok := v["data"].([]any); ok {
		v = data[0].(map[string]any)
	}
	text, _ := v["access_token"].(string)
	if r.status != http.StatusOK || text == "" {
		w.t.Fatalf("no token: status %d: %s", r.status, r.body)
	}
	return text
}

func (w *world) short(username string) string {
	w.t.Helper()
	return w.tokenOf(w.post("/oauth/access_token", codeForm(w.code(username))))
}

func (w *world) long(username string) string {
	w.t.Helper()
	return w.tokenOf(w.get("/access_token", exchangeQuery(w.short(username))))
}

func (w *world) refresh(token string) reply {
	w.t.Helper()
	return w.get("/refresh_access_token", refreshQuery(token))
}

func (w *world) me(token, fields string) reply {
	w.t.Helper()
	return w.get("/me", url.Values{"access_token": {token}, "fields": {fields}})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
