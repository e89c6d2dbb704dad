package igauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// slowFrom is the percentage of the app's allowance from which on a run slows
	// down, and slowest the part of its rate that is left at 99 %.
	slowFrom = 75
	slowest  = 0.1
	// growth is the part of the rate that a success brings back after Meta has
	// throttled a call: ten successes make up for one halving.
	growth = 0.05
	// callTime is left for a call when one waits for its turn: a request that
	// ends with its context may have been served all the same.
	callTime = 10 * time.Second
)

// errNoTurn says that a call was not made, because the app's allowance is used
// up or the turn would come too late. It says nothing about an account.
var errNoTurn = errors.New("there was no turn to ask Meta")

// A pace bounds how often one run asks Meta, and slows it down before Meta does.
// It is safe for concurrent use.
type pace struct {
	most rate.Limit
	// limit is never above most, and slower where Meta wants it. ceiling is at
	// most all the time: a call that has waited at a slow rate meets those that
	// came after the rate grew again. Both are nil without a bound.
	limit, ceiling *rate.Limiter
	// over is closed when the app's allowance is used up.
	over chan struct{}

	mu        sync.Mutex
	usage     float64 // what the app's usage leaves of the rate
	throttled float64 // what calls that Meta throttled leave of it
}

// newPace returns a pace of perSecond calls, one after the other; zero and less
// mean no bound. It serves one run.
func newPace(perSecond float64) *pace {
	p := &pace{most: rate.Limit(perSecond), over: make(chan struct{}), usage: 1, throttled: 1}
	if perSecond > 0 {
		p.limit, p.ceiling = rate.NewLimiter(p.most, 1), rate.NewLimiter(p.most, 1)
	}
	return p
}

// beside returns a pace for Meta's other app: it has an allowance of its own and
// shares the rate.
func (p *pace) beside() *pace {
	other := newPace(float64(p.most))
	other.ceiling = p.ceiling
	return other
}

// wait returns when Meta may be asked. Its error wraps errNoTurn, and comes at
// once if that would be too late for a call before the context's deadline.
func (p *pace) wait(ctx context.Context) error {
	for _, limiter := range []*rate.Limiter{p.limit, p.ceiling} {
		if err := ctx.Err(); err != nil {
			return noTurn(err)
		}
		if p.exhausted() {
			return noTurn(ErrAppLimit)
		}
		if limiter == nil {
			continue
		}
		turn := limiter.Reserve()
		delay := turn.Delay()
		if end, ok := ctx.Deadline(); ok && delay > 0 {
			left := time.Until(end)
			if delay > left-min(callTime, left/2) {
				turn.Cancel()
				return noTurn(context.DeadlineExceeded)
			}
		}
		if err := p.sleep(ctx, delay); err != nil {
			turn.Cancel()
			return err
		}
	}
	return nil
}

// sleep waits no longer than there is something to wait for.
func (p *pace) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return noTurn(ctx.Err())
	case <-p.over:
		return noTurn(ErrAppLimit)
	case <-timer.C:
		return nil
	}
}

func noTurn(why error) error {
	return newError(CodeRateLimited, fmt.Errorf("%w: %w", errNoTurn, why))
}

// observe takes account of what a call has told.
func (p *pace) observe(usage Usage, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case errors.Is(err, errNoTurn):
		// That was our own word.
		return
	case err == nil:
		p.throttled = min(1, p.throttled+growth)
	case ClassOf(err) == ClassThrottled:
		p.throttled = max(slowest, p.throttled/2)
	}
	p.usage = 1
	if over := usage.AppPercent - slowFrom; over > 0 {
		p.usage = max(slowest, 1-(1-slowest)*float64(over)/(99-slowFrom))
	}
	if usage.AppPercent >= 100 || errors.Is(err, ErrAppLimit) {
		p.exhaust()
	}
	if p.limit != nil {
		p.limit.SetLimit(p.most * rate.Limit(min(p.usage, p.throttled)))
	}
}

// exhaust ends the pace for this run. The caller holds the lock.
func (p *pace) exhaust() {
	if !p.exhausted() {
		close(p.over)
	}
}

// exhausted reports whether the app's allowance is used up, so that the run ends
// and the next one goes on: calls that are throttled prolong the throttle.
func (p *pace) exhausted() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}

// A pacedRenewer asks Meta at a pace. It tells the pace what Meta says about the
// app's usage, if the Renewer knows.
type pacedRenewer struct {
	Renewer
	*pace
}

// RefreshToken waits for its turn and asks.
func (r pacedRenewer) RefreshToken(ctx context.Context, token Secret) (Token, error) {
	return paced(ctx, r.pace, r.Renewer, func(ctx context.Context) (Token, error) { return r.Renewer.RefreshToken(ctx, token) })
}

// Profile waits for its turn and asks.
func (r pacedRenewer) Profile(ctx context.Context, token Secret) (Profile, error) {
	return paced(ctx, r.pace, r.Renewer, func(ctx context.Context) (Profile, error) { return r.Renewer.Profile(ctx, token) })
}

// A pacedFacebook is a pacedRenewer of Facebook Login.
type pacedFacebook struct {
	FacebookRenewer
	*pace
}

// ExtendToken waits for its turn and asks.
func (r pacedFacebook) ExtendToken(ctx context.Context, user Secret) (Token, error) {
	return paced(ctx, r.pace, r.FacebookRenewer, func(ctx context.Context) (Token, error) { return r.FacebookRenewer.ExtendToken(ctx, user) })
}

// Inspect waits for its turn and asks.
func (r pacedFacebook) Inspect(ctx context.Context, token Secret) (Inspection, error) {
	return paced(ctx, r.pace, r.FacebookRenewer, func(ctx context.Context) (Inspection, error) { return r.FacebookRenewer.Inspect(ctx, token) })
}

// PageToken waits for its turn and asks.
func (r pacedFacebook) PageToken(ctx context.Context, page string, user Secret) (Secret, error) {
	return paced(ctx, r.pace, r.FacebookRenewer, func(ctx context.Context) (Secret, error) { return r.FacebookRenewer.PageToken(ctx, page, user) })
}

// Profile waits for its turn and asks.
func (r pacedFacebook) Profile(ctx context.Context, account AccountID, token Secret) (Profile, error) {
	return paced(ctx, r.pace, r.FacebookRenewer, func(ctx context.Context) (Profile, error) { return r.FacebookRenewer.Profile(ctx, account, token) })
}

// paced asks a client of Meta when it is its turn.
func paced[T any](ctx context.Context, p *pace, client any, ask func(context.Context) (T, error)) (answer T, err error) {
	if err := p.wait(ctx); err != nil {
		return answer, err
	}
	answer, err = ask(context.WithValue(ctx, paceKey{}, p))
	p.observe(usageOf(client), err)
	return answer, err
}

// usageOf returns what a client of Meta has heard of its app's usage, if it
// listens.
func usageOf(client any) Usage {
	if u, ok := client.(interface{ Usage() Usage }); ok {
		return u.Usage()
	}
	return Usage{}
}

type paceKey struct{}

// NextTurn waits until Meta may be asked. A Renewer that needs more than one
// request for an answer calls it before each but the first. In a context that no
// run has given, it returns at once.
func NextTurn(ctx context.Context) error {
	if p, ok := ctx.Value(paceKey{}).(*pace); ok {
		return p.wait(ctx)
	}
	return nil
}
