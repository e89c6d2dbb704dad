package instagram_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// A request is what arrived at the server, read to its end.
type request struct {
	method, path, rawQuery string
	proto, remote          string
	query                  url.Values
	header                 http.Header
	length                 int64
	body                   []byte
}

// meta is a server in the place of Meta's three hosts.
type meta struct {
	*httptest.Server
	mu   sync.Mutex
	seen []request
}

// newMeta starts a server that answers with the handler. Requests are written
// down, and their bodies read, before the handler is called.
func newMeta(t testing.TB, handle http.HandlerFunc) *meta {
	t.Helper()
	m := unstarted(handle)
	m.Start()
	t.Cleanup(m.Close)
	return m
}

func unstarted(handle http.HandlerFunc) *meta {
	m := &meta{}
	m.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		m.seen = append(m.seen, request{
			method: r.Method, path: r.URL.Path, rawQuery: r.URL.RawQuery, query: r.URL.Query(),
			proto: r.Proto, remote: r.RemoteAddr,
			header: r.Header.Clone(), length: r.ContentLength, body: body,
		})
		m.mu.Unlock()
		handle(w, r)
	}))
	m.Config.ErrorLog = log.New(io.Discard, "", 0)
	return m
}

func (m *meta) requests() []request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]request(nil), m.seen...)
}

// count returns how many requests came since it was last called.
func (m *meta) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.seen)
	m.seen = nil
	return n
}

// answers returns a handler that gives one answer to everything.
func answers(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// roundTrip is a transport without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// fixed is a transport with one answer to everything.
func fixed(status int, header http.Header, body string) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		h := header.Clone()
		if h == nil {
			h = http.Header{}
		}
		return &http.Response{
			StatusCode: status, Header: h, Request: r,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	})
}
