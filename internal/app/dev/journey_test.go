package dev_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/dev"
	"igauth/internal/igauth"
)

// A world is a running development server and a browser in front of it.
type world struct {
	t       *testing.T
	server  *dev.Server
	browser *http.Client
	log     *bytes.Buffer
}

func open(t *testing.T, opts dev.Options) *world {
	t.Helper()
	w := &world{t: t, log: &bytes.Buffer{}}
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	opts.SimListen = "127.0.0.1:0"
	if opts.Data == "" {
		opts.Data = t.TempDir()
	}
	opts.Log = slog.New(slog.NewTextHandler(&lockedWriter{to: w.log}, nil))
	server, err := dev.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("server: %v", err)
		}
	})
	w.server = server
	w.browser = newBrowser(t)
	return w
}

// newBrowser returns a client that keeps cookies and shows redirects.
func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       30 * time.Second,
	}
}

// get returns the answer and its body.
func (w *world) get(url string) (*http.Response, string) {
	w.t.Helper()
	resp, err := w.browser.Get(url)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.read(resp)
}

func (w *world) read(resp *http.Response) (*http.Response, string) {
	w.t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, string(body)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// consent goes to the consent window and decides there. It returns the address
// that Instagram sends the visitor to.
func (w *world) consent(query string, fields url.Values) string {
	w.t.Helper()
	resp, _ := w.get(w.server.URL() + "/authorize" + query)
	if resp.StatusCode != http.StatusFound {
		w.t.Fatalf("authorize: got status %d, want 302", resp.StatusCode)
	}
	window := resp.Header.Get("Location")
	resp, page := w.get(window)
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("consent window: got status %d\n%s", resp.StatusCode, page)
	}
	form := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Add(field[1], htmlText(field[2]))
	}
	for name, values := range fields {
		form[name] = append(form[name], values...)
	}
	base, _ := url.Parse(window)
	resp, err := w.browser.PostForm(base.Scheme+"://"+base.Host+"/oauth/authorize", form)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, page = w.read(resp)
	if resp.StatusCode != http.StatusFound {
		w.t.Fatalf("decision: got status %d\n%s", resp.StatusCode, page)
	}
	return strings.TrimSuffix(resp.Header.Get("Location"), "#_")
}

func htmlText(text string) string {
	return strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">").Replace(text)
}

// connect approves and follows the callback to the result page.
func (w *world) connect(account string) {
	w.t.Helper()
	resp, body := w.get(w.consent("", url.Values{"decision": {"approve"}, "account": {account}}))
	if resp.StatusCode != http.StatusSeeOther || !strings.Contains(resp.Header.Get("Location"), "outcome=connected") {
		w.t.Fatalf("callback: got status %d, location %q\n%s\n%s", resp.StatusCode, resp.Header.Get("Location"), body, w.log)
	}
}

// advance moves the clock that the server and the simulator share.
func (w *world) advance(d time.Duration) {
	w.t.Helper()
	w.control("clock", url.Values{"advance": {d.String()}})
}

// control tells the simulator something.
func (w *world) control(what string, form url.Values) {
	w.t.Helper()
	resp, err := w.browser.PostForm(w.server.SimulatorURL()+"/_sim/"+what, form)
	if err != nil {
		w.t.Fatal(err)
	}
	if resp, body := w.read(resp); resp.StatusCode != http.StatusOK {
		w.t.Fatalf("_sim/%s %v: got status %d: %s", what, form, resp.StatusCode, body)
	}
}

// accounts lists the accounts by the API.
func (w *world) accounts() []igauth.AccountView {
	w.t.Helper()
	_, body := w.get(w.server.URL() + "/accounts")
	var list struct{ Accounts []igauth.AccountView }
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		w.t.Fatalf("%v\n%s", err, body)
	}
	return list.Accounts
}

func (w *world) account(username string) igauth.AccountView {
	w.t.Helper()
	for _, a := range w.accounts() {
		if a.Username == username {
			return a
		}
	}
	w.t.Fatalf("no account %s", username)
	return igauth.AccountView{}
}

// token reads a token with the key, and returns the status and the token or the
// code of the error.
func (w *world) token(id igauth.AccountID) (int, string) {
	w.t.Helper()
	req, _ := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/accounts/%s/token", w.server.URL(), id), nil)
	req.Header.Set("Authorization", "Bearer "+w.server.APIKey().Reveal())
	resp, err := w.browser.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, body := w.read(resp)
	var answer struct {
		AccessToken string `json:"access_token"`
		Error       struct{ Code string }
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		w.t.Fatalf("%v\n%s", err, body)
	}
	return resp.StatusCode, answer.AccessToken + answer.Error.Code
}

// alive asks the simulator whether Meta would accept the token now.
func (w *world) alive(token string) bool {
	w.t.Helper()
	resp, err := w.browser.PostForm(w.server.SimulatorURL()+"/_sim/alive", url.Values{"token": {token}})
	if err != nil {
		w.t.Fatal(err)
	}
	_, body := w.read(resp)
	var answer struct{ Alive bool }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		w.t.Fatalf("%v\n%s", err, body)
	}
	return answer.Alive
}

// refreshes returns when the simulator refreshed the account's token.
func (w *world) refreshes(account string) []time.Time {
	w.t.Helper()
	_, body := w.get(w.server.SimulatorURL() + "/_sim/refreshes?account=" + account)
	var times []time.Time
	if err := json.Unmarshal([]byte(body), &times); err != nil {
		w.t.Fatal(err)
	}
	return times
}

// The main job: a token lives for years, and when it dies the world knows within
// a day. It holds whichever way Meta refreshes.
func TestLifeOfAToken(t *testing.T) {
	const (
		day    = 24 * time.Hour
		person = "maria.bakes"
	)
	for _, behaviour := range []string{"same", "new", "rotate"} {
		t.Run("refresh gives "+behaviour, func(t *testing.T) {
			t.Parallel()
			w := open(t, dev.Options{})
			w.control("behaviour", url.Values{"refresh": {behaviour}})
			w.connect(person)
			id := w.account(person).ID

			for passed := time.Duration(0); passed < 400*day; passed += 10 * day {
				w.advance(10 * day)
				status, token := w.token(id)
				if status != http.StatusOK || !w.alive(token) {
					t.Fatalf("after %s: got status %d (%s), want a live token", passed+10*day, status, token)
				}
			}
			refreshes := w.refreshes(person)
			if n := len(refreshes); n < 12 || n > 16 {
				t.Errorf("got %d refreshes in 400 days, want about one a month", n)
			}
			for i, at := range refreshes {
				if i > 0 && at.Sub(refreshes[i-1]) < day {
					t.Errorf("refreshed %s after %s, want at least a day", at, refreshes[i-1])
				}
			}

			w.control("password", url.Values{"account": {person}})
			w.advance(day)
			if got := w.account(person).Status; got != igauth.StatusReauthRequired {
				t.Errorf("a day after the password changed: got status %s, want %s", got, igauth.StatusReauthRequired)
			}
			if status, code := w.token(id); status != http.StatusConflict || code != "reauth_required" {
				t.Errorf("token of a dead account: got %d %s", status, code)
			}

			w.connect(person)
			a := w.account(person)
			if a.Status != igauth.StatusActive || a.ID != id {
				t.Errorf("after reconnecting: got %s %s, want %s active", a.ID, a.Status, id)
			}
			var events []string
			for _, entry := range a.History {
				events = append(events, entry.What)
			}
			history := strings.Join(events, " ")
			if !strings.Contains(history, "refreshed reauth_required reconnected") {
				t.Errorf("history not kept: %s", history)
			}
			if status, token := w.token(id); status != http.StatusOK || !w.alive(token) {
				t.Errorf("after reconnecting: got status %d, want a live token", status)
			}
		})
	}
}
