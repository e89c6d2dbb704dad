// Package awsfake imitates Secrets Manager and DynamoDB within one process, for
// tests that run the real stores without a network.
//
// The fakes take the place of the SDK's clients. They do what AWS documents for
// the requests that our stores make, and refuse others in words that begin with
// "awsfake:". Where AWS documents that something may happen (a read that is
// late, a name that stays taken, a version that vanishes), a setting makes it
// happen. What they claim is checked by the tests of this package, which ask the
// same questions of the fakes, of emulators and, if wanted, of AWS.
//
// Unlike the SDK's clients they never repeat a request by themselves. They have
// no timers and do not wait, so that they may be used inside testing/synctest.
package awsfake

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// ErrThrottled is what both services answer when they get too many requests
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html).
var ErrThrottled error = &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded", Fault: smithy.FaultClient}

// A Hook is called with the context and the name of a request, such as
// "PutItem". Its error is the answer of the request. It may wait, and it is
// called concurrently by concurrent requests.
type Hook func(ctx context.Context, operation string) error

// A Call is one request that was made.
type Call struct {
	Operation string
	// Name is the secret's; it is empty for a table.
	Name string
	At   time.Time
}

// A Lag says for how long a change is not seen: by as many requests that could
// see it as Requests says, and until For has passed by the fake's clock. The zero
// Lag is none.
type Lag struct {
	Requests int
	For      time.Duration
}

// from returns the wait of a change that is made now.
func (l Lag) from(now time.Time) wait { return wait{l.Requests, now.Add(l.For)} }

// A wait is what is left of a Lag.
type wait struct {
	requests int
	until    time.Time
}

// lasts reports whether the change is not seen yet.
func (w wait) lasts(now time.Time) bool { return w.requests > 0 || now.Before(w.until) }

// over counts a request that could see the change, and reports whether it does.
func (w *wait) over(now time.Time) bool {
	over := !w.lasts(now)
	w.requests = max(0, w.requests-1)
	return over
}

// A view is what reads see of something that changes: one state after the other,
// and the last one late.
type view[T any] struct {
	seen   T
	coming []change[T]
}

type change[T any] struct {
	state T
	wait  wait
}

func (v *view[T]) write(state T, lag Lag, now time.Time) {
	if lag == (Lag{}) && len(v.coming) == 0 {
		v.seen = state
		return
	}
	v.coming = append(v.coming, change[T]{state, lag.from(now)})
}

func (v *view[T]) read(now time.Time) T {
	inOrder := true
	seen := 0
	for i := range v.coming {
		over := v.coming[i].wait.over(now)
		if inOrder = inOrder && over; inOrder {
			v.seen = v.coming[i].state
			seen++
		}
	}
	v.coming = v.coming[seen:]
	return v.seen
}

// A service is what the two fakes have in common: a configuration, which a test
// may change, and a record of the requests.
type service[Config any] struct {
	mu    sync.Mutex
	cfg   Config
	calls []Call
	// common returns the parts of a configuration that every service has.
	common func(*Config) (now func() time.Time, before, after Hook)
}

// now returns the time of the fake's clock. The caller holds the lock.
func (s *service[Config]) now() time.Time {
	clock, _, _ := s.common(&s.cfg)
	if clock == nil {
		clock = time.Now
	}
	return clock()
}

// Set changes the configuration.
func (s *service[Config]) Set(change func(cfg *Config)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.cfg)
}

// Calls returns the requests that were made, also those that failed.
func (s *service[Config]) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Counts returns how many requests of each operation were made.
func (s *service[Config]) Counts() map[string]int {
	counts := map[string]int{}
	for _, call := range s.Calls() {
		counts[call.Operation]++
	}
	return counts
}

// ForgetCalls makes Calls and Counts begin anew.
func (s *service[Config]) ForgetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// do carries out one request with the hooks around it. Only the effect is under
// the lock, so that a hook may wait without keeping others from theirs.
func do[Out, Config any](ctx context.Context, s *service[Config], operation, name string, effect func(now time.Time) (*Out, error)) (*Out, error) {
	if err := ctx.Err(); err != nil {
		return nil, &aws.RequestCanceledError{Err: err}
	}
	s.mu.Lock()
	_, before, after := s.common(&s.cfg)
	s.calls = append(s.calls, Call{operation, name, s.now()})
	s.mu.Unlock()
	if before != nil {
		if err := before(ctx, operation); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, &aws.RequestCanceledError{Err: err}
		}
	}
	out, err := locked(&s.mu, func() (*Out, error) { return effect(s.now()) })
	if after != nil {
		if lost := after(ctx, operation); lost != nil {
			return nil, lost
		}
	}
	return out, err
}

// locked calls do under a lock, which is released even if do panics on a request
// without a member that every request has.
func locked[Out any](mu *sync.Mutex, do func() (*Out, error)) (*Out, error) {
	mu.Lock()
	defer mu.Unlock()
	return do()
}
