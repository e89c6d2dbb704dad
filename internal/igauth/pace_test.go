package igauth

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// throttle is Meta refusing a call because there were too many: of one account,
// or of the app.
func throttle(cause error) error { return newError(CodeRateLimited, cause) }

// calls lets n workers ask at a pace until the time is over and returns when they
// did.
func calls(t *testing.T, p *pace, n int, life time.Duration) []time.Duration {
	t.Helper()
	var mu sync.Mutex
	var at []time.Duration
	begin := time.Now()
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			for time.Since(begin) < life {
				if p.wait(t.Context()) != nil {
					return
				}
				mu.Lock()
				at = append(at, time.Since(begin))
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return at
}

func TestPaceIsNeverExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := calls(t, newPace(5), 8, time.Minute)
		for i := 1; i < len(at); i++ {
			if gap := at[i] - at[i-1]; gap < 200*time.Millisecond-time.Microsecond {
				t.Fatalf("call %d came %v after the one before, want 200ms", i, gap)
			}
		}
		if len(at) < 300 || len(at) > 309 {
			t.Errorf("got %d calls in a minute, want 300, and one for each worker that was waiting", len(at))
		}
	})
}

// Who waited at a slow rate does not come on top of those who came when it had
// grown again.
func TestPaceIsNotExceededWhenItGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(10)
		go func() {
			for i := range 600 {
				usage := Usage{AppPercent: 99}
				if i/20%2 == 1 {
					usage.AppPercent = 0
				}
				p.observe(usage, nil)
				time.Sleep(100 * time.Millisecond)
			}
		}()
		at := calls(t, p, 8, time.Minute)
		for i := 1; i < len(at); i++ {
			if gap := at[i] - at[i-1]; gap < 100*time.Millisecond-time.Microsecond {
				t.Errorf("call %d came %v after the one before, want 100ms", i, gap)
			}
		}
		if len(at) < 150 || len(at) > 450 {
			t.Errorf("got %d calls, want about 330: half of the time at 10 in a second, half at 1", len(at))
		}
	})
}

// rateAfter is the rate that is left of 100 calls in a second.
func rateAfter(observe func(*pace)) float64 {
	p := newPace(100)
	observe(p)
	return math.Round(float64(p.limit.Limit())*100) / 100
}

func TestPaceFallsWithTheAppsUsage(t *testing.T) {
	for percent, want := range map[int]float64{0: 100, 28: 100, 75: 100, 76: 96.25, 87: 55, 98: 13.75, 99: 10} {
		if got := rateAfter(func(p *pace) { p.observe(Usage{AppPercent: percent}, nil) }); got != want {
			t.Errorf("at %d%%: got %v calls in a second, want %v", percent, got, want)
		}
	}
	if got := rateAfter(func(p *pace) { p.observe(Usage{BusinessPercent: 300, RegainAfter: time.Hour}, nil) }); got != 100 {
		t.Errorf("the limit of one account: got %v, want the whole rate", got)
	}
	if got := rateAfter(func(p *pace) {
		p.observe(Usage{AppPercent: 99}, nil)
		p.observe(Usage{AppPercent: 20}, errors.New("no matter"))
	}); got != 100 {
		t.Errorf("after the usage fell: got %v, want the whole rate", got)
	}
}

func TestPaceHalvesWhenMetaThrottles(t *testing.T) {
	observe := func(refused, served int) func(*pace) {
		return func(p *pace) {
			for range refused {
				p.observe(Usage{}, throttle(nil))
			}
			for range served {
				p.observe(Usage{}, nil)
			}
		}
	}
	for name, tt := range map[string]struct {
		observe func(*pace)
		want    float64
	}{
		"once":                         {observe(1, 0), 50},
		"three times":                  {observe(3, 0), 12.5},
		"ever so often":                {observe(50, 0), 10},
		"once, and a success":          {observe(1, 1), 55},
		"once, and ten successes":      {observe(1, 10), 100},
		"once, and a hundred of them":  {observe(1, 100), 100},
		"often, and eighteen of them":  {observe(50, 18), 100},
		"an outage, which is no limit": {func(p *pace) { p.observe(Usage{}, newError(CodeMetaUnavailable, nil)) }, 100},
		"no turn, which is our word":   {func(p *pace) { p.observe(Usage{}, noTurn(ErrAppLimit)) }, 100},
		"the slower of both counts": {func(p *pace) {
			p.observe(Usage{AppPercent: 87}, throttle(nil))
		}, 50},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rateAfter(tt.observe); got != tt.want {
				t.Errorf("got %v calls in a second, want %v", got, tt.want)
			}
		})
	}
}

func TestPaceEndsWithTheAppsAllowance(t *testing.T) {
	for name, tt := range map[string]struct {
		usage Usage
		err   error
		want  bool
	}{
		"99 %":                    {Usage{AppPercent: 99}, nil, false},
		"100 %":                   {Usage{AppPercent: 100}, nil, true},
		"130 %":                   {Usage{AppPercent: 130}, errors.New("no matter"), true},
		"the app is throttled":    {Usage{}, throttle(ErrAppLimit), true},
		"an account is throttled": {Usage{}, throttle(nil), false},
		"an account at 100 %":     {Usage{BusinessPercent: 100}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, perSecond := range []float64{5, -1, 0} {
				p := newPace(perSecond)
				p.observe(tt.usage, tt.err)
				p.observe(tt.usage, tt.err)
				if got := p.exhausted(); got != tt.want {
					t.Errorf("exhausted: got %t, want %t", got, tt.want)
				}
				if err := p.wait(t.Context()); errors.Is(err, errNoTurn) != tt.want || errors.Is(err, ErrAppLimit) != tt.want {
					t.Errorf("the next call: got error %v", err)
				}
				p.observe(Usage{}, nil)
				if got := p.exhausted(); got != tt.want {
					t.Errorf("a success of a call that was under way: got exhausted %t, want %t", got, tt.want)
				}
			}
		})
	}
	t.Run("who waits stops waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPace(0.01)
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			time.AfterFunc(time.Second, func() { p.observe(Usage{}, throttle(ErrAppLimit)) })
			if err := p.wait(t.Context()); !errors.Is(err, errNoTurn) || time.Since(begin) != time.Second {
				t.Errorf("got %v after %v, want no turn after 1s", err, time.Since(begin))
			}
		})
	})
}

func TestPaceWithoutABoundNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, begin := newPace(-1), time.Now()
		for range 10_000 {
			p.observe(Usage{AppPercent: 99}, throttle(nil))
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(begin); d != 0 {
			t.Errorf("waited for %v", d)
		}
	})
}

// A turn that leaves no time for the call is none, and whoever comes later has
// it.
func TestPaceKeepsTheDeadline(t *testing.T) {
	for name, tt := range map[string]struct {
		left time.Duration
		turn bool
	}{
		"plenty of time":              {time.Minute, true},
		"just enough for a call":      {20 * time.Second, true},
		"less than the turn takes":    {5 * time.Second, false},
		"too little for a call after": {19 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPace(0.1)
				if err := p.wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), tt.left)
				defer cancel()
				err := p.wait(ctx)
				if d := time.Since(begin); tt.turn && (err != nil || d != 10*time.Second) || !tt.turn && (!errors.Is(err, errNoTurn) || d != 0) {
					t.Errorf("got %v after %v", err, d)
				}
				if !tt.turn {
					err := p.wait(t.Context())
					if d := time.Since(begin); err != nil || d != 10*time.Second {
						t.Errorf("the next: got %v after %v, want its turn after 10s", err, d)
					}
				}
			})
		})
	}
	t.Run("a short time is shared between the turn and the call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPace(5)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			for i := range 2 {
				if err := p.wait(ctx); err != nil {
					t.Errorf("turn %d: got %v", i, err)
				}
			}
		})
	})
	t.Run("a context that has ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPace(0.01)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_ = p.wait(ctx)
			begin := time.Now()
			for range 2 {
				err := p.wait(ctx)
				if e, ok := errors.AsType[*Error](err); !ok || e.Sent || !errors.Is(err, errNoTurn) || !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want no turn, and that the context was canceled", err)
				}
			}
			if d := time.Since(begin); d != time.Second {
				t.Errorf("waited for %v, want 1s", d)
			}
		})
	})
}

// A metered is a Renewer that tells usage. It asks twice for a profile.
type metered struct {
	usage Usage
	err   error
	at    []time.Time
}

func (m *metered) RefreshToken(context.Context, Secret) (Token, error) {
	m.at = append(m.at, time.Now())
	return Token{Value: NewSecret("new")}, m.err
}

func (m *metered) Profile(ctx context.Context, _ Secret) (Profile, error) {
	m.at = append(m.at, time.Now())
	if err := NextTurn(ctx); err != nil {
		return Profile{}, err
	}
	m.at = append(m.at, time.Now())
	return Profile{ID: "17841400000000001"}, m.err
}

func (m *metered) Usage() Usage { return m.usage }

func TestPacedRenewer(t *testing.T) {
	t.Run("each request has its turn", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := &metered{}
			r := pacedRenewer{m, newPace(2)}
			for range 3 {
				if token, err := r.RefreshToken(t.Context(), Secret{}); err != nil || token.Value.IsZero() {
					t.Errorf("refreshing: got %v, %v", token, err)
				}
				if p, err := r.Profile(t.Context(), Secret{}); err != nil || p.ID == "" {
					t.Errorf("reading the profile: got %v, %v", p, err)
				}
			}
			for i := 1; i < len(m.at); i++ {
				if gap := m.at[i].Sub(m.at[i-1]); gap != 500*time.Millisecond {
					t.Errorf("request %d came %v after the one before, want 500ms", i, gap)
				}
			}
			if got, want := len(m.at), 9; got != want {
				t.Errorf("got %d requests, want %d", got, want)
			}
		})
	})
	t.Run("usage and errors reach the pace", func(t *testing.T) {
		m := &metered{usage: Usage{AppPercent: 99}, err: throttle(nil)}
		r := pacedRenewer{m, newPace(1000)}
		if _, err := r.RefreshToken(t.Context(), Secret{}); !errors.Is(err, m.err) || r.usage != slowest || r.throttled != 0.5 {
			t.Errorf("got %v, usage leaves %v, throttling %v", err, r.usage, r.throttled)
		}
		m.usage.AppPercent = 100
		if _, err := r.Profile(t.Context(), Secret{}); !errors.Is(err, m.err) || !r.exhausted() {
			t.Errorf("got %v, exhausted %t", err, r.exhausted())
		}
		asked := len(m.at)
		_, refresh := r.RefreshToken(t.Context(), Secret{})
		_, profile := r.Profile(t.Context(), Secret{})
		if !errors.Is(refresh, errNoTurn) || !errors.Is(profile, errNoTurn) || len(m.at) != asked {
			t.Errorf("afterwards: got %v, %v and %d requests", refresh, profile, len(m.at)-asked)
		}
		if ClassOf(refresh) != ClassThrottled {
			t.Errorf("no turn: got class %s", ClassOf(refresh))
		}
	})
	t.Run("a renewer that tells no usage", func(t *testing.T) {
		r := pacedRenewer{struct{ Renewer }{&metered{usage: Usage{AppPercent: 100}}}, newPace(-1)}
		if _, err := r.RefreshToken(t.Context(), Secret{}); err != nil || r.exhausted() {
			t.Errorf("got %v, exhausted %t", err, r.exhausted())
		}
	})
	t.Run("outside a run there is no pace", func(t *testing.T) {
		if err := NextTurn(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
