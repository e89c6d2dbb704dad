package igsim_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"igauth/internal/igsim"
)

// faulty refreshes a day-old token of maria.bakes under a fault that hits once.
func faulty(t *testing.T, kind string) (w *world, r reply, err error) {
	t.Helper()
	w = newWorld(t)
	token := w.long("maria.bakes")
	w.clock.Advance(25 * time.Hour)
	w.must(w.SetFault(igsim.Fault{Endpoint: "refresh", Kind: kind, Count: 1}))
	r, err = w.try(w.request(http.MethodGet, "/refresh_access_token", refreshQuery(token)))
	if n := len(w.Refreshes("maria.bakes")); n == 0 {
		w.tokenOf(w.refresh(token)) // one fault only: the next request passes
	}
	return w, r, err
}

func TestFaults(t *testing.T) {
	const graph = "Graph error"
	for kind, want := range map[string]struct {
		source string
		status int
		body   string // a part of it; graph: see code
		code   string
		header string // name: part of the value
	}{
		"outage":              {source: srcErrors, status: 503, body: "<html>"},
		"http500":             {source: srcErrors, status: 500, body: graph, code: "2/- OAuthException"},
		"html":                {source: srcErrors, status: 200, body: "<html>"},
		"empty":               {source: srcErrors, status: 200, body: "{}"},
		"rate_limit":          {source: srcLimits, status: 400, body: graph, code: "4/- OAuthException", header: `X-App-Usage: "call_count":100`},
		"rate_limit_business": {source: srcLimits, status: 400, body: graph, code: "80002/- OAuthException", header: `X-Business-Use-Case-Usage: {"17841400000010111":[{"type":"instagram","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":17}]}`},
		"http429":             {source: srcLimits, status: 429, body: "Too Many Requests"},
		"huge":                {source: srcErrors, status: 200, body: `{"filler":"xxx`},
		"redirect":            {source: srcErrors, status: 302, header: "Location: https://elsewhere."},
		"checkpoint":          {source: srcErrors, status: 400, body: graph, code: "190/459 OAuthException"},
		"code_text":           {source: srcExpired, status: 400, body: `"code":"190"`, code: "190/- OAuthException"},
		"app_disabled":        {source: srcErrors, status: 400, body: graph, code: "101/- OAuthException"},
		"garbage":             {source: srcErrors, status: 200},
	} {
		t.Run(kind, func(t *testing.T) {
			sourced(t, want.source)
			w, r, err := faulty(t, kind)
			w.must(err)
			if r.status != want.status {
				t.Errorf("status: got %d, want %d", r.status, want.status)
			}
			if want.code != "" {
				if got := r.graph(t); !strings.HasPrefix(got, want.code+":") {
					t.Errorf("error: got %s, want %s", got, want.code)
				}
			}
			if want.body != graph && !strings.Contains(r.body, want.body) {
				t.Errorf("body: got %.200s, want it to hold %s", r.body, want.body)
			}
			if name, part, ok := strings.Cut(want.header, ": "); ok && !strings.Contains(r.header.Get(name), part) {
				t.Errorf("%s: got %q, want it to hold %q", name, r.header.Get(name), part)
			}
			if got, want := len(w.Refreshes("maria.bakes")), 1; got != want {
				t.Errorf("refreshes: got %d, want only the one after the fault", got)
			}
		})
	}
	t.Run("http500 calls itself transient", func(t *testing.T) {
		if _, r, _ := faulty(t, "http500"); !strings.Contains(r.body, `"is_transient":true`) {
			t.Errorf("got %s", r.body)
		}
	})
	t.Run("huge is 5 MiB of JSON", func(t *testing.T) {
		if _, r, _ := faulty(t, "huge"); len(r.body) < 5<<20 || !json.Valid([]byte(r.body)) {
			t.Errorf("got %d bytes, valid JSON: %v", len(r.body), json.Valid([]byte(r.body)))
		}
	})
	t.Run("garbage differs each time", func(t *testing.T) {
		_, one, _ := faulty(t, "garbage")
		_, two, _ := faulty(t, "garbage")
		if one.body == two.body || json.Valid([]byte(one.body)) {
			t.Errorf("want two different texts, neither of them JSON")
		}
	})
	t.Run("broken: no answer, nothing happened", func(t *testing.T) {
		w, _, err := faulty(t, "broken")
		if err == nil || w.Calls()["refresh"] != 2 {
			t.Errorf("got error %v and %d calls, want an error and a second call that refreshed", err, w.Calls()["refresh"])
		}
	})
	t.Run("applied: no answer, but it happened", func(t *testing.T) {
		w, _, err := faulty(t, "applied")
		if err == nil || w.Calls()["refresh"] != 1 || len(w.Refreshes("maria.bakes")) != 1 {
			t.Errorf("got error %v, %d calls, %d refreshes, want an error, 1, 1", err, w.Calls()["refresh"], len(w.Refreshes("maria.bakes")))
		}
	})
	t.Run("truncated: half an answer, and it happened", func(t *testing.T) {
		w, r, err := faulty(t, "truncated")
		if err != nil || r.status != 200 || json.Valid([]byte(r.body)) || !strings.HasPrefix(r.body, `{"access_token":"IGAA`) || len(w.Refreshes("maria.bakes")) != 1 {
			t.Errorf("got %v, %d, %.20s…, %d refreshes", err, r.status, r.body, len(w.Refreshes("maria.bakes")))
		}
	})
	t.Run("used_up: it happened, and the app's allowance is used up", func(t *testing.T) {
		w, r, err := faulty(t, "used_up")
		w.must(err)
		w.tokenOf(r)
		if got, want := r.header.Get("X-App-Usage"), `{"call_count":100,"total_time":100,"total_cputime":100}`; got != want || len(w.Refreshes("maria.bakes")) != 1 {
			t.Errorf("got %s and %d refreshes, want %s and 1", got, len(w.Refreshes("maria.bakes")), want)
		}
	})
	t.Run("hang: until the client gives up", func(t *testing.T) {
		w := newWorld(t)
		w.must(w.SetFault(igsim.Fault{Kind: "hang", Count: 2}))
		for _, req := range []*http.Request{w.request(http.MethodGet, "/me", nil), w.formRequest("/oauth/access_token", codeForm("x"))} {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			_, err := w.try(req.WithContext(ctx))
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the client's own deadline", err)
			}
		}
		// While a request hangs the others are served; and the server, which
		// waits for its requests at the end of this test, is not held up.
		w.tokenOf(w.post("/oauth/access_token", codeForm(w.code("maria.bakes"))))
	})
	t.Run("every kind is in the table and in these tests", func(t *testing.T) {
		if got, want := len(igsim.FaultKinds()), 18; got != want {
			t.Errorf("kinds: got %d, want %d: test the new one above", got, want)
		}
		for i, k := range igsim.FaultTable() {
			if k.Name != igsim.FaultKinds()[i] || k.Does == "" {
				t.Errorf("kind %q does %q", k.Name, k.Does)
			}
		}
	})
}

func TestFaultReach(t *testing.T) {
	w := newWorld(t)
	maria, norte := w.long("maria.bakes"), w.long("studio_norte")
	status := func(token string) int { t.Helper(); return w.me(token, "id").status }

	t.Run("one account", func(t *testing.T) {
		w.must(w.SetFault(igsim.Fault{Endpoint: "me", Kind: "outage", Account: "maria.bakes"}))
		if a, b := status(maria), status(norte); a != 503 || b != 200 {
			t.Errorf("got %d and %d, want 503 and 200", a, b)
		}
	})
	t.Run("the code knows its account", func(t *testing.T) {
		w.must(w.SetFault(igsim.Fault{Endpoint: "code", Kind: "outage", Account: "maria.bakes"}))
		a := w.post("/oauth/access_token", codeForm(w.code("maria.bakes"))).status
		b := w.post("/oauth/access_token", codeForm(w.code("studio_norte"))).status
		if a != 503 || b != 200 {
			t.Errorf("got %d and %d, want 503 and 200", a, b)
		}
	})
	t.Run("the consent knows its account", func(t *testing.T) {
		w.must(w.SetFault(igsim.Fault{Endpoint: "authorize", Kind: "http429", Account: "maria.bakes"}))
		form := windowQuery()
		form.Set("decision", "deny")
		if got := w.post("/oauth/authorize", form).status; got != 429 {
			t.Errorf("the default account: got %d, want 429", got)
		}
		form.Set("account", "studio_norte")
		if got := w.post("/oauth/authorize", form).status; got != 302 {
			t.Errorf("another account: got %d, want 302", got)
		}
	})
	t.Run("kind none clears what it names", func(t *testing.T) {
		w.must(w.SetFault(igsim.Fault{Endpoint: "me", Kind: "none"}))
		if got := status(maria); got != 200 {
			t.Errorf("got %d, want 200", got)
		}
		if got := w.post("/oauth/access_token", codeForm(w.code("studio_norte"))).status; got != 200 {
			t.Errorf("studio_norte: got %d, want 200", got)
		}
		w.must(w.SetFault(igsim.Fault{Kind: "none"}))
		w.tokenOf(w.post("/oauth/access_token", codeForm(w.code("maria.bakes"))))
	})
	t.Run("two hits, then gone; a later fault replaces an earlier", func(t *testing.T) {
		w.must(w.SetFault(igsim.Fault{Kind: "outage", Count: 9}))
		w.must(w.SetFault(igsim.Fault{Kind: "http429", Count: 2}))
		if a, b, c := status(maria), status(norte), status(maria); a != 429 || b != 429 || c != 200 {
			t.Errorf("got %d, %d, %d, want 429, 429, 200", a, b, c)
		}
	})
	t.Run("clearing", func(t *testing.T) {
		w.must(w.SetFault(igsim.Fault{Kind: "outage"}))
		w.ClearFaults()
		if got := status(maria); got != 200 {
			t.Errorf("got %d, want 200", got)
		}
	})
	t.Run("controls are never hit", func(t *testing.T) {
		w.must(w.SetFault(igsim.Fault{Kind: "broken"}))
		defer w.ClearFaults()
		for _, path := range []string{"/healthz", "/", "/_sim/people"} {
			if got := w.get(path, nil).status; got != 200 {
				t.Errorf("%s: got %d, want 200", path, got)
			}
		}
	})
	for name, f := range map[string]igsim.Fault{
		"unknown kind":     {Kind: "fire"},
		"no kind":          {Endpoint: "me"},
		"unknown endpoint": {Kind: "outage", Endpoint: "you"},
		"unknown account":  {Kind: "outage", Account: "nobody"},
		"negative count":   {Kind: "outage", Count: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if err := w.SetFault(f); err == nil {
				t.Errorf("got no error")
			}
			if got := w.get("/_sim/fault", url.Values{}).body; got != "[]" {
				t.Errorf("faults: got %s, want none", got)
			}
		})
	}
}

// A client that keeps its connections alive never sees such a fault on a GET:
// its transport asks again by itself. Who tests a lost answer has to know.
func TestFaultBehindKeptConnection(t *testing.T) {
	w := newWorld(t)
	w.http.Transport = &http.Transport{}
	token := w.long("maria.bakes")
	w.clock.Advance(25 * time.Hour)
	w.must(w.SetFault(igsim.Fault{Endpoint: "refresh", Kind: "applied", Count: 1}))
	r := w.refresh(token)
	if got, want := w.Calls()["refresh"], 2; got != want {
		t.Errorf("calls: got %d, want %d", got, want)
	}
	if got := r.graph(t); !strings.Contains(got, "less than 24 hours") {
		t.Errorf("got %s, want the refusal of the second request", got)
	}
}
