package scale

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
	"igauth/internal/igsim"
)

// generous gives every token a new life at once. It is what the tests of a run's
// own costs need of Meta.
type generous struct{}

func (generous) RefreshToken(_ context.Context, token igauth.Secret) (igauth.Token, error) {
	now := time.Now()
	return igauth.Token{Value: token, IssuedAt: now, ExpiresAt: now.Add(tokenLife)}, nil
}

func (generous) Profile(context.Context, igauth.Secret) (igauth.Profile, error) {
	return igauth.Profile{}, errors.New("nobody is due for a look")
}

// A meta is the simulator at a distance: every answer takes a while. It notes when
// each request arrived, and counts connections.
type meta struct {
	http.Server
	simulator *igsim.Simulator
	clock     *igsim.Clock
	// latency is in nanoseconds.
	latency atomic.Int64

	mu          sync.Mutex
	arrivals    []time.Time
	connections int
}

const (
	redirectURI = "https://shop.example/callback"
	// maria is one of the simulator's people.
	maria = "maria.bakes"
)

func newMeta(latency time.Duration) (*meta, error) {
	// The clock runs ahead by as much as it is moved on.
	clock := igsim.NewClock(time.Time{})
	simulator, err := igsim.New(igsim.Config{Now: clock.Now})
	if err != nil {
		return nil, err
	}
	// A refresh leaves the old token alive, so that one is enough for all accounts.
	if err := simulator.SetBehaviour(igsim.Behaviour{Refresh: "new"}); err != nil {
		return nil, err
	}
	m := &meta{simulator: simulator, clock: clock}
	m.setLatency(latency)
	m.Handler = http.HandlerFunc(m.serve)
	m.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.connections++
		}
	}
	return m, nil
}

func (m *meta) setLatency(latency time.Duration) { m.latency.Store(int64(latency)) }

func (m *meta) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == statsPath {
		_ = json.NewEncoder(w).Encode(m.stats())
		return
	}
	m.mu.Lock()
	m.arrivals = append(m.arrivals, time.Now())
	m.mu.Unlock()
	time.Sleep(time.Duration(m.latency.Load()))
	m.simulator.ServeHTTP(w, r)
}

// statsPath is where a meta in another process tells its stats.
const statsPath = "/_scale"

// stats are what a meta has seen since it was asked last.
type stats struct {
	Calls       int `json:"calls"`
	Connections int `json:"connections"`
	// Busiest is how many requests arrived within one second at most.
	Busiest int `json:"busiest_second"`
	// Seconds are between the first arrival and the last answer.
	Seconds float64 `json:"seconds"`
}

func (m *meta) stats() stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := stats{Calls: len(m.arrivals), Connections: m.connections, Busiest: busiest(m.arrivals)}
	if s.Calls > 0 {
		s.Seconds = (m.arrivals[s.Calls-1].Sub(m.arrivals[0]) + time.Duration(m.latency.Load())).Seconds()
	}
	m.arrivals, m.connections = nil, 0
	return s
}

// busiest returns how many times are within one second at most.
func busiest(times []time.Time) int {
	slices.SortFunc(times, time.Time.Compare)
	most, first := 0, 0
	for last, at := range times {
		for at.Sub(times[first]) >= time.Second {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

// newClient returns the real client of Meta, for a host that a meta serves.
func newClient(host string, transport http.RoundTripper) (*instagram.Client, error) {
	return instagram.New(instagram.Config{
		WWW: host, API: host, Graph: host,
		AppID: igsim.DefaultAppID, RedirectURI: redirectURI, Transport: transport,
		AppSecrets: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret(igsim.DefaultAppSecret)}, nil
		},
	})
}

// connect walks through a consent and returns a long-lived token that is old
// enough to be refreshed.
func (m *meta) connect(ctx context.Context, host string, transport http.RoundTripper) (igauth.Secret, error) {
	client, err := newClient(host, transport)
	if err != nil {
		return igauth.Secret{}, err
	}
	window := client.ConsentURL(igauth.ConsentRequest{State: igauth.NewSecret("state"), Scopes: []string{igauth.ScopeBasic}})
	form := window.Query()
	form.Set("account", maria)
	form.Set("decision", "approve")
	window.RawQuery = ""
	browser := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := browser.PostForm(window.String(), form)
	if err != nil {
		return igauth.Secret{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		return igauth.Secret{}, fmt.Errorf("consenting: status %d and no code", resp.StatusCode)
	}
	grant, err := client.ExchangeCode(ctx, igauth.NewSecret(back.Query().Get("code")))
	if err != nil {
		return igauth.Secret{}, err
	}
	token, err := client.ExtendToken(ctx, grant.Token)
	if err != nil {
		return igauth.Secret{}, err
	}
	m.clock.Advance(age)
	m.stats()
	return token.Value, nil
}
