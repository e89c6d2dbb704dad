package igsim_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"igauth/internal/igsim"
)

func noAdvance(context.Context, time.Duration) error { return nil }

func TestClock(t *testing.T) {
	const day = 24 * time.Hour
	t.Run("frozen", func(t *testing.T) {
		c := igsim.NewFrozenClock(start)
		c.Advance(day)
		if got, want := c.Now(), start.Add(day); !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if first := c.Now(); !c.Now().Equal(first) {
			t.Errorf("a frozen clock moved")
		}
	})
	t.Run("running from real time", func(t *testing.T) {
		for _, c := range []*igsim.Clock{igsim.NewClock(time.Time{}), igsim.NewFrozenClock(time.Time{})} {
			c.Advance(day)
			if d := c.Now().Sub(time.Now().Add(day)).Abs(); d > time.Minute {
				t.Errorf("off by %v", d)
			}
		}
	})
	t.Run("running from a start", func(t *testing.T) {
		c := igsim.NewClock(start)
		one := c.Now()
		if d := one.Sub(start); d < 0 || d > time.Minute {
			t.Errorf("off by %v", d)
		}
		if two := c.Now(); two.Before(one) {
			t.Errorf("it ran backwards")
		}
	})
	t.Run("it never goes back", func(t *testing.T) {
		c := igsim.NewFrozenClock(start)
		c.Advance(-day)
		c.Advance(0)
		if got := c.Offset(); got != 0 {
			t.Errorf("offset: got %v, want 0", got)
		}
		c.Advance(math.MaxInt64)
		c.Advance(day)
		if got := c.Offset(); got != math.MaxInt64 {
			t.Errorf("offset: got %v, want the largest", got)
		}
	})
	t.Run("many hands", func(t *testing.T) {
		c := igsim.NewFrozenClock(start)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { c.Advance(time.Hour); _ = c.Now() })
		}
		wg.Wait()
		if got, want := c.Offset(), 20*time.Hour; got != want {
			t.Errorf("offset: got %v, want %v", got, want)
		}
	})
}
