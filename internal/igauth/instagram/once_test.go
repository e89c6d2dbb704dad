package instagram_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// broken are the ways in which a server can leave a client without an answer
// after it has read the request.
var broken = map[string]func(w http.ResponseWriter, r *http.Request){
	"the connection closes":        func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"the connection is reset":      hijack("", true),
	"half a status line":           hijack("HTTP/1.1 20", false),
	"half a status line and reset": hijack("HTTP/1.1 20", true),
	"no HTTP at all":               hijack("SSH-2.0-OpenSSH_9.9\r\n", false),
	"half a header":                hijack("HTTP/1.1 200 OK\r\nContent-Ty", false),
	"a header without a body":      hijack("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false),
	"half a body":                  hijack("HTTP/1.1 200 OK\r\nContent-Length: 71\r\n\r\n"+goodLong[:30], false),
	"half a body and reset":        hijack("HTTP/1.1 200 OK\r\nContent-Length: 71\r\n\r\n"+goodLong[:30], true),
	"half a chunk":                 hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"acc", false),
	"half a failure":               hijack("HTTP/1.1 400 Bad Request\r\nContent-Length: 500\r\n\r\n"+`{"error":{"code":190`, false),
	"a compressed body cut off":    hijack("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n\x1f\x8b\x08\x00\x00", false),
	"a compressed body that isn't": hijack("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", false),
	"a location that is none":      hijack("HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n", false),
}

// hijack writes text to the bare connection and closes it, or resets it.
func hijack(text string, reset bool) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, text)
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// warm starts a server that answers the first request of a connection and does
// something else afterwards, and a client that keeps its first connection.
func warm(t *testing.T, q question, then http.HandlerFunc) (*meta, *clients) {
	t.Helper()
	var answered atomic.Bool
	m := newMeta(t, func(w http.ResponseWriter, r *http.Request) {
		if answered.CompareAndSwap(false, true) {
			answers(http.StatusOK, q.good)(w, r)
			return
		}
		then(w, r)
	})
	c := newClient(t, m.URL)
	if _, err := q.ask(t.Context(), c); err != nil {
		t.Fatalf("warming up: %v", err)
	}
	return m, c
}

// A code is spent once and a refresh changes a token: whatever breaks, Meta is
// asked once, and the caller hears that the answer is unknown.
func TestBrokenAnswers(t *testing.T) {
	for name, breaks := range broken {
		for _, q := range questions {
			t.Run("new connection/"+name+"/"+q.name, func(t *testing.T) {
				m := newMeta(t, breaks)
				wantUnknown(t, q, newClient(t, m.URL))
				if n := m.count(); n != 1 {
					t.Errorf("got %d requests, want 1", n)
				}
			})
			t.Run("kept connection/"+name+"/"+q.name, func(t *testing.T) {
				m, c := warm(t, q, breaks)
				wantUnknown(t, q, c)
				seen := m.requests()
				if len(seen) != 2 || seen[0].remote != seen[1].remote {
					t.Fatalf("got %d requests, want 2 over one connection", len(seen))
				}
			})
		}
	}
}

func wantUnknown(t *testing.T, q question, c *clients) {
	t.Helper()
	if e := q.fails(t, c); e.Code != igauth.CodeMetaUnavailable || !e.Sent {
		t.Errorf("got %s, sent %v, want %s, sent", e.Code, e.Sent, igauth.CodeMetaUnavailable)
	}
}

// What the tests above look for is there: without precautions, net/http asks a
// second time.
func TestPlainClientRepeats(t *testing.T) {
	var n atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, goodLong)
	}))
	defer server.Close()
	for range 2 {
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	if got := n.Load(); got != 3 {
		t.Errorf("got %d requests for two questions, want 3: does net/http still repeat?", got)
	}
}

// A kept connection that the far side closed while it was idle is not used, or
// fails; what the caller is told fits what the server saw.
func TestIdleConnectionClosed(t *testing.T) {
	for _, q := range questions {
		t.Run(q.name, func(t *testing.T) {
			m := newMeta(t, answers(http.StatusOK, q.good))
			c := newClient(t, m.URL)
			for range 20 {
				_, err := q.ask(t.Context(), c)
				n := m.count()
				if err != nil && asError(t, err).Class != igauth.ClassTransient {
					t.Fatalf("got %v, want a transient error", err)
				}
				if n > 1 || err == nil && n != 1 || n == 1 && err != nil && !asError(t, err).Sent {
					t.Fatalf("got %d requests and error %v", n, err)
				}
				m.CloseClientConnections()
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{300, 301, 302, 303, 305, 307, 308} {
		for _, q := range questions {
			for where, location := range map[string]func(target string) string{
				"another host":    func(target string) string { return target + "/me" },
				"no scheme":       func(target string) string { return strings.TrimPrefix(target, "http:") + "/me" },
				"the same host":   func(string) string { return "/elsewhere" },
				"the same page":   func(string) string { return "" },
				"no web at all":   func(string) string { return "file:///etc/passwd" },
				"nothing at all":  func(string) string { return "\x01" },
				"with a fragment": func(target string) string { return target + "/#access_token" },
			} {
				t.Run(http.StatusText(status)+" to "+where+"/"+q.name, func(t *testing.T) {
					target := newMeta(t, answers(http.StatusOK, q.good))
					m := newMeta(t, answers(status, q.good, "Location", location(target.URL)))
					if e := q.fails(t, newClient(t, m.URL)); e.Class != igauth.ClassTransient || !e.Sent {
						t.Errorf("got class %s, sent %v, want transient, sent", e.Class, e.Sent)
					}
					if got, there := m.count(), target.count(); got != 1 || there != 0 {
						t.Errorf("got %d requests and %d at the target, want 1 and none", got, there)
					}
				})
			}
		}
	}
}

// gzipBomb is 16 MiB of blanks after the prefix, compressed to some 16 KiB.
func gzipBomb(t *testing.T, prefix string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, prefix)
	block := bytes.Repeat([]byte{' '}, 1<<20)
	for range 16 {
		if _, err := z.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHugeAnswers(t *testing.T) {
	bomb := gzipBomb(t, goodLong)
	for name, handle := range map[string]http.HandlerFunc{
		"5 MiB of JSON": answers(http.StatusOK, `{"access_token":"IGAAnew","expires_in":5183944,"filler":"`+strings.Repeat("x", 5<<20)+`"}`),
		"5 MiB of error": answers(http.StatusBadRequest,
			`{"error":{"code":190},"filler":"`+strings.Repeat("x", 5<<20)+`"}`),
		"16 MiB in 16 KiB": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		},
		"no end": func(w http.ResponseWriter, _ *http.Request) {
			// Far more than the buffers of two sockets hold.
			const enough = 64 << 20
			block := bytes.Repeat([]byte("x"), 16<<10)
			for n := 0; n < enough; n += len(block) {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
			t.Errorf("the client read %d MiB", enough>>20)
		},
	} {
		for _, q := range questions {
			t.Run(name+"/"+q.name, func(t *testing.T) {
				m := newMeta(t, handle)
				if e := q.fails(t, newClient(t, m.URL)); e.Code != igauth.CodeMetaUnreadable || !e.Sent {
					t.Errorf("got %s, sent %v, want %s, sent", e.Code, e.Sent, igauth.CodeMetaUnreadable)
				}
				if n := m.count(); n != 1 {
					t.Errorf("got %d requests, want 1", n)
				}
			})
		}
	}
	t.Run("a compressed answer of the usual size is fine", func(t *testing.T) {
		m := newMeta(t, func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				t.Error("compression was not offered")
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, goodLong)
			_ = z.Close()
		})
		if _, err := newClient(t, m.URL).RefreshToken(t.Context(), igauth.NewSecret(tokenText)); err != nil {
			t.Error(err)
		}
	})
}

// Servers that take their time. Each returns when the client has left.
var slow = map[string]http.HandlerFunc{
	"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"half a header": func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Ty")
		_, _ = rw.ReadByte() // until the client closes
		_ = conn.Close()
	},
	"half a body": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "71")
		_, _ = io.WriteString(w, goodLong[:30])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	},
	"a whole answer that does not end": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, goodLong)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	},
}

func TestDeadline(t *testing.T) {
	for name, handle := range slow {
		for _, q := range questions {
			t.Run(name+"/"+q.name, func(t *testing.T) {
				m := newMeta(t, handle)
				began := time.Now()
				e := q.fails(t, newClient(t, m.URL, withTimeout(80*time.Millisecond)))
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("it took %v, want about the timeout", took)
				}
				if e.Code != igauth.CodeMetaUnavailable || !e.Sent || !errors.Is(e, context.DeadlineExceeded) {
					t.Errorf("got %v, sent %v, want %s, sent, with the deadline as cause", e, e.Sent, igauth.CodeMetaUnavailable)
				}
				if n := m.count(); n != 1 {
					t.Errorf("got %d requests, want 1", n)
				}
			})
		}
	}
}

func TestCancellation(t *testing.T) {
	for _, q := range questions {
		t.Run("while Meta is silent/"+q.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			m := newMeta(t, func(_ http.ResponseWriter, r *http.Request) {
				cancel()
				<-r.Context().Done()
			})
			_, err := q.ask(ctx, newClient(t, m.URL))
			if e := asError(t, err); !e.Sent || !errors.Is(e, context.Canceled) {
				t.Errorf("got %v, sent %v, want cancelled, sent", e, e.Sent)
			}
		})
		t.Run("before the request/"+q.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			m := newMeta(t, answers(http.StatusOK, q.good))
			_, err := q.ask(ctx, newClient(t, m.URL))
			if e := asError(t, err); e.Sent || !errors.Is(e, context.Canceled) {
				t.Errorf("got %v, sent %v, want cancelled, not sent", e, e.Sent)
			}
			if n := m.count(); n != 0 {
				t.Errorf("got %d requests, want none", n)
			}
		})
	}
}

// closedPort returns the address of a port where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// A request that did not leave may be made again.
func TestNotSent(t *testing.T) {
	tlsOnly := unstarted(http.NotFound)
	tlsOnly.StartTLS()
	t.Cleanup(tlsOnly.Close)
	plain := newMeta(t, answers(http.StatusOK, goodLong))
	for name, host := range map[string]string{
		"nobody listens":             "http://" + closedPort(t),
		"nobody listens, TLS":        "https://" + closedPort(t),
		"no TLS at the other side":   "https://" + strings.TrimPrefix(plain.URL, "http://"),
		"a certificate of elsewhere": "https://localhost:" + tlsOnly.URL[strings.LastIndex(tlsOnly.URL, ":")+1:],
	} {
		for _, q := range questions {
			t.Run(name+"/"+q.name, func(t *testing.T) {
				if e := q.fails(t, newClient(t, host)); e.Code != igauth.CodeMetaUnavailable || e.Sent {
					t.Errorf("got %s, sent %v, want %s, not sent", e.Code, e.Sent, igauth.CodeMetaUnavailable)
				}
			})
		}
	}
	if n := plain.count(); n != 0 {
		t.Errorf("got %d requests in clear, want none", n)
	}

	unreadable := errors.New("the secret store does not answer")
	c := newClient(t, plain.URL, func(cfg *instagram.Config) {
		cfg.AppSecrets = func(context.Context) ([]igauth.Secret, error) { return nil, unreadable }
	})
	for _, q := range questions[:2] {
		t.Run("the app secret cannot be read/"+q.name, func(t *testing.T) {
			if e := q.fails(t, c); e.Code != igauth.CodeUnavailable || e.Sent || !errors.Is(e, unreadable) {
				t.Errorf("got %v, sent %v, want %s, not sent, with the cause", e, e.Sent, igauth.CodeUnavailable)
			}
			if n := plain.count(); n != 0 {
				t.Errorf("got %d requests, want none", n)
			}
		})
	}
	t.Run("a refresh needs no app secret", func(t *testing.T) {
		if _, err := c.RefreshToken(t.Context(), igauth.NewSecret(tokenText)); err != nil {
			t.Error(err)
		}
	})
}

func TestWarm(t *testing.T) {
	t.Run("opens the connection that is used next", func(t *testing.T) {
		m := newMeta(t, answers(http.StatusOK, goodLong))
		c := newClient(t, m.URL, func(cfg *instagram.Config) { cfg.API = "http://" + closedPort(t) })
		c.Warm(t.Context())
		if _, err := c.RefreshToken(t.Context(), igauth.NewSecret(tokenText)); err != nil {
			t.Fatal(err)
		}
		seen := m.requests()
		if len(seen) != 2 || seen[0].remote != seen[1].remote {
			t.Errorf("got %d requests, want 2 over one connection", len(seen))
		}
		if seen[0].method != http.MethodHead || seen[0].rawQuery != "" {
			t.Errorf("got %s with a query of %d bytes, want HEAD without", seen[0].method, len(seen[0].rawQuery))
		}
	})
	t.Run("failures do not matter", func(t *testing.T) {
		newClient(t, "http://"+closedPort(t)).Warm(t.Context())
	})
	t.Run("a server that hangs is left", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		m := newMeta(t, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		})
		newClient(t, m.URL).Warm(ctx)
	})
}
