package crash_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"time"
)

// wire brings requests to the simulator without a socket, and breaks where the
// errand says so.
type wire struct{ w *world }

func (t wire) RoundTrip(r *http.Request) (*http.Response, error) {
	e, _ := r.Context().Value(errandKey{}).(errand)
	if e.m == failedBefore {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	switch e.m {
	case refused:
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
	case hung:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	resp := t.w.askMeta(r, e)
	switch e.m {
	case failedAfter:
		return nil, io.ErrUnexpectedEOF
	case hungAfter:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return resp, nil
}

// metaBooks is what the harness keeps of what Meta was asked.
type metaBooks struct {
	// codes counts how often a code arrived.
	codes map[string]int
	// since tells when a long-lived token was given or prolonged.
	since map[string]time.Time
	spent int
}

// askMeta hands a request to the simulator and keeps the books.
func (w *world) askMeta(r *http.Request, e errand) *http.Response {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	// Of a token that somebody brings nobody knows how old it is, until Meta was
	// asked to refresh it.
	if old := r.URL.Query().Get("access_token"); r.URL.Path == "/refresh_access_token" && w.pasted.IsZero() && (!w.scenario.trials || len(w.faults) == 0) {
		w.mu.Lock()
		if since, known := w.books.since[old]; known && time.Since(since) < 24*time.Hour && (e.m != twice || time.Since(since) > 0) {
			w.problemLocked("a token of %s was refreshed", time.Since(since))
		}
		w.mu.Unlock()
	}
	recorder := httptest.NewRecorder()
	w.sim.ServeHTTP(recorder, r)
	resp := recorder.Result()
	var token struct {
		Text string `json:"access_token"`
		// Data are the Pages of Facebook's list.
		Data json.RawMessage `json:"data"`
	}
	_ = json.Unmarshal(recorder.Body.Bytes(), &token)
	var pages []struct {
		Text string `json:"access_token"`
	}
	_ = json.Unmarshal(token.Data, &pages)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, page := range pages {
		w.secrets[page.Text] = "a Page's token"
	}
	form := httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body))
	form.Header = r.Header
	code := form.FormValue("code")
	if code != "" {
		if w.books.codes[code]++; w.books.codes[code] > 1 {
			w.problemLocked("a code was sent %d times", w.books.codes[code])
		}
	}
	if token.Text == "" {
		return resp
	}
	w.secrets[token.Text] = "a token"
	if e.p == nil {
		return resp // a token of which igauth knows nothing
	}
	switch {
	case code != "":
		w.books.spent++
	case r.URL.Path == "/access_token":
		w.books.since[token.Text] = time.Now()
	case r.URL.Path == "/refresh_access_token":
		w.books.since[token.Text] = time.Now()
		e.p.facts.renewed, e.p.facts.stored = w.behaviour == "new-old-dies", false
	}
	return resp
}

// consent gives a person's consent and returns where Meta sends the visitor.
func (w *world) consent(window *url.URL) *url.URL {
	form := window.Query()
	form.Set("decision", "approve")
	form.Set("account", w.whoConsents())
	address := *window
	address.RawQuery = ""
	r := httptest.NewRequest(http.MethodPost, address.String(), bytes.NewReader([]byte(form.Encode())))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	w.sim.ServeHTTP(recorder, r)
	back := must(url.Parse(recorder.Header().Get("Location")))
	back.Fragment = ""
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets[back.Query().Get("code")] = "a code"
	w.secrets[back.Query().Get("state")] = "a state"
	return back
}
