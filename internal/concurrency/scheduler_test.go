package concurrency

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// A scheduler holds every call of every worker until it is let go.
type scheduler struct {
	mu      sync.Mutex
	waiting []*call
	// open lets everything pass.
	open bool
}

// A call is one that waits.
type call struct {
	worker, operation string
	ctx               context.Context
	proceed           chan context.Context
}

func (c *call) String() string { return c.worker + " " + c.operation }

// pass waits until the scheduler lets the call go, and returns the context with
// which it is made. It waits also when the worker's own time is over: a machine
// that slept wakes up in the middle of a call.
func (s *scheduler) pass(ctx context.Context, worker, operation string) context.Context {
	s.mu.Lock()
	if s.open {
		s.mu.Unlock()
		return ctx
	}
	c := &call{worker, operation, ctx, make(chan context.Context)}
	s.waiting = append(s.waiting, c)
	s.mu.Unlock()
	return <-c.proceed
}

// calls returns those that wait, in an order that does not depend on which
// goroutine came first.
func (s *scheduler) calls() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.waiting, func(a, b *call) int {
		return compare(a.String(), b.String())
	})
	return slices.Clone(s.waiting)
}

// release lets a call go. If the worker's clock stood still while it waited, the
// call is made as if no time had passed.
func (s *scheduler) release(c *call, stoodStill bool) {
	s.mu.Lock()
	s.waiting = slices.DeleteFunc(s.waiting, func(other *call) bool { return other == c })
	s.mu.Unlock()
	ctx := c.ctx
	if stoodStill {
		ctx = context.WithoutCancel(ctx)
	}
	c.proceed <- ctx
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// A worker makes calls under a name.
type worker struct {
	s    *scheduler
	name string
}

func newWorker(s *scheduler, n int, what string) *worker {
	return &worker{s, fmt.Sprintf("%s%d", what, n)}
}

// through makes a call when the scheduler lets it.
func through[T any](ctx context.Context, w *worker, operation string, do func(context.Context) (T, error)) (T, error) {
	ctx = w.s.pass(ctx, w.name, operation)
	if err := ctx.Err(); err != nil {
		var none T
		return none, err
	}
	return do(ctx)
}
