package igsim

import (
	"math"
	"sync"
	"time"
)

// A Clock tells a time that can be moved on, so that a token of sixty days can
// be seen dying in a second. Its offset only grows: neither Meta nor a client
// has to cope with a clock that is set back. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	base   time.Time     // the frozen time; zero for a running clock
	shift  time.Duration // a running clock's start minus the real time then
	offset time.Duration // the sum of all advances
}

// NewClock returns a clock that shows start and runs on with real time. A zero
// start means the real time now.
func NewClock(start time.Time) *Clock {
	c := &Clock{}
	if !start.IsZero() {
		// Round(0) drops the monotonic reading. The difference has to be one of
		// wall clocks: a laptop that slept must find its tokens older.
		c.shift = start.Round(0).Sub(time.Now().Round(0))
	}
	return c
}

// NewFrozenClock returns a clock that stands still at start between calls of
// [Clock.Advance], which is what a test wants. A zero start means the real time
// now.
func NewFrozenClock(start time.Time) *Clock {
	if start.IsZero() {
		start = time.Now()
	}
	return &Clock{base: start.Round(0).UTC()}
}

// Now returns the clock's time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.base
	if t.IsZero() {
		t = time.Now().Round(0).UTC().Add(c.shift)
	}
	return t.Add(c.offset)
}

// Advance moves the clock on by d. A d that is not positive changes nothing,
// and the sum of all advances stops at the largest [time.Duration], about 292
// years, rather than wrapping round into the past.
func (c *Clock) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.offset > math.MaxInt64-d {
		c.offset = math.MaxInt64
		return
	}
	c.offset += d
}

// Offset returns the sum of all advances. Who keeps the simulator's state in a
// file keeps this too, and advances the new clock by it after a restart.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}
