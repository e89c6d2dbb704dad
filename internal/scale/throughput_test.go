package scale

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awstest"
	"igauth/internal/igauth/instagram"
)

// latency is how long Meta takes for an answer.
const latency = 200 * time.Millisecond

// least is the part of what is possible that a run must reach: as many accounts a
// second as it works on at a time, divided by the latency, or what it may ask.
const least = 0.9

// The requests are counted where they arrive. Time is virtual, so that nothing but
// the run itself can make it slow, or bring two requests together.
func TestMetaIsAskedNoMoreOftenThanAllowedAndHardlyLess(t *testing.T) {
	for _, test := range []struct{ parallel, perSecond int }{
		{16, 10}, {16, 79}, {32, 50}, {64, 200}, {16, 0}, {32, -1}, {64, -1},
	} {
		t.Run(fmt.Sprintf("%d at a time and %d a second", test.parallel, test.perSecond), func(t *testing.T) {
			allowed := float64(test.perSecond)
			if test.perSecond == 0 {
				allowed = 10 // the default
			}
			possible := float64(test.parallel) / latency.Seconds()
			if allowed > 0 {
				possible = min(possible, allowed)
			}
			synctest.Test(t, func(t *testing.T) {
				accounts := int(10 * possible)
				w := newFake(t)
				network := newPipe()
				meta, client, token := mustMeta(t, network, "http://meta.example", network.transport())
				w.mustFillWith(t, token, rows{to: accounts, due: true})
				report, _, err := w.run(t.Context(), client, test.parallel, test.perSecond)
				if err != nil || report.Refreshed != accounts {
					t.Fatalf("got %+v, %v; want %d refreshed", report, err, accounts)
				}
				seen := meta.stats()
				t.Logf("%d requests in %.1f s, at most %d within a second", seen.Calls, seen.Seconds, seen.Busiest)
				if seen.Calls != accounts {
					t.Errorf("%d requests for %d accounts", seen.Calls, accounts)
				}
				if allowed > 0 && seen.Busiest > int(allowed)+1 {
					t.Errorf("%d requests within one second, and %v are allowed", seen.Busiest, allowed)
				}
				if got := float64(seen.Calls) / seen.Seconds; got < least*possible {
					t.Errorf("%.1f a second, and %.1f are possible", got, possible)
				}
			})
		})
	}
}

// mustMeta serves a meta on a listener until the test is over, and returns a
// client of it and a token that can be refreshed any number of times. A nil
// transport is the client's own.
func mustMeta(tb testing.TB, listener net.Listener, host string, transport http.RoundTripper) (*meta, *instagram.Client, igauth.Secret) {
	tb.Helper()
	m, err := newMeta(latency)
	if err != nil {
		tb.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() { _ = m.Serve(listener) })
	tb.Cleanup(func() {
		_ = m.Close()
		served.Wait()
	})
	token, err := m.connect(tb.Context(), host, transport)
	if err != nil {
		tb.Fatal(err)
	}
	client, err := newClient(host, transport)
	if err != nil {
		tb.Fatal(err)
	}
	return m, client, token
}

func listen(tb testing.TB) (net.Listener, string) {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return listener, "http://" + listener.Addr().String()
}

// A connection that finds no room to wait for its next request is closed, and a
// handshake paid for another one.
func TestConnectionsAreKept(t *testing.T) {
	listener, host := listen(t)
	m, client, token := mustMeta(t, listener, host, nil)
	m.setLatency(20 * time.Millisecond)
	store := awstest.Config(t, host).HTTPClient
	for name, ask := range map[string]func() error{
		"to Meta": func() error {
			_, err := client.RefreshToken(t.Context(), token)
			return err
		},
		"to AWS": func() error {
			// Who answers does not matter.
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, host+"/me", nil)
			if err != nil {
				return err
			}
			resp, err := store.Do(req)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, resp.Body)
			return errors.Join(err, resp.Body.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			const parallel, rounds = 64, 8
			m.stats()
			for range rounds {
				var workers sync.WaitGroup
				for range parallel {
					workers.Go(func() {
						if err := ask(); err != nil {
							t.Error(err)
						}
					})
				}
				workers.Wait() // Then all connections wait at once.
			}
			// While one is being opened another one may become free, so that there can
			// be some more than workers.
			if seen := m.stats(); seen.Calls != parallel*rounds || seen.Connections > 2*parallel {
				t.Errorf("%d connections for %d requests, %d at a time", seen.Connections, seen.Calls, parallel)
			}
		})
	}
}

// BenchmarkRun measures runs against the simulator over loopback. The figure to
// look at is how much of parallelism / latency is reached.
func BenchmarkRun(b *testing.B) {
	for _, parallel := range []int{16, 32, 64} {
		b.Run(fmt.Sprintf("parallel=%d", parallel), func(b *testing.B) {
			listener, host := listen(b)
			_, client, token := mustMeta(b, listener, host, nil)
			accounts := 20 * parallel
			var seconds float64
			for b.Loop() {
				b.StopTimer()
				w := openBolt(b)
				w.mustFillWith(b, token, rows{to: accounts, due: true})
				b.StartTimer()
				report, _, err := w.run(b.Context(), client, parallel, -1)
				if err != nil || report.Refreshed != accounts {
					b.Fatalf("got %+v, %v; want %d refreshed", report, err, accounts)
				}
				seconds += report.Seconds
			}
			rate := float64(accounts*b.N) / seconds
			b.ReportMetric(rate, "accounts/s")
			b.ReportMetric(100*rate*latency.Seconds()/float64(parallel), "%ofpossible")
		})
	}
}
