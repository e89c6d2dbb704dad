package dev

import (
	"context"
	"errors"
	"fmt"
	"time"

	"igauth/internal/igauth"
)

const (
	// runEvery is the schedule of the refresh function in the template.
	runEvery = time.Hour
	// lookEvery is how often the real clock is looked at.
	lookEvery = time.Second
	// longestAdvance bounds one movement of the clock: beyond it the hourly runs
	// would take minutes.
	longestAdvance = 10 * 365 * 24 * time.Hour
)

// schedule runs the refresher at every full hour, as EventBridge does.
func (s *Server) schedule(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	next := nextRun(s.clock.Now())
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if now := s.clock.Now(); !now.Before(next) {
			s.runs.Lock()
			s.run(ctx)
			s.runs.Unlock()
			next = nextRun(now)
		}
	}
}

func nextRun(now time.Time) time.Time { return now.Truncate(runEvery).Add(runEvery) }

// run is one scheduled run. The caller holds s.runs.
func (s *Server) run(ctx context.Context) {
	report, err := s.refresher.RunOnce(ctx)
	s.tell(ctx)
	s.lastRun.Lock()
	defer s.lastRun.Unlock()
	if err == nil && report.Due == 0 && s.lastRun.err == nil {
		return
	}
	if (err == nil) != (s.lastRun.err == nil) {
		// What stays the same is said once, and not every hour.
		if err != nil {
			s.log.WarnContext(ctx, "scheduled runs fail; the home page tells what", "at", s.clock.Now(), "err", err)
		} else {
			s.log.WarnContext(ctx, "scheduled runs succeed again", "at", s.clock.Now())
		}
	}
	s.lastRun.at, s.lastRun.report, s.lastRun.err = s.clock.Now(), report, err
}

// advance moves the clock that this server shares with the simulator, and runs
// every scheduled run on the way. It ends early when the context does; the clock
// then stands where it came to.
func (s *Server) advance(ctx context.Context, d time.Duration) error {
	if d <= 0 || d > longestAdvance {
		return fmt.Errorf("the clock moves ahead, by at most %d years", longestAdvance/(365*24*time.Hour))
	}
	s.runs.Lock()
	defer s.runs.Unlock()
	start := s.clock.Now()
	end := start.Add(d)
	var stopped error
	for next := nextRun(start); !next.After(end); next = next.Add(runEvery) {
		if stopped = ctx.Err(); stopped != nil {
			break
		}
		s.clock.Advance(max(0, next.Sub(s.clock.Now())))
		s.run(ctx)
	}
	if stopped == nil {
		s.clock.Advance(max(0, end.Sub(s.clock.Now())))
	}
	return errors.Join(stopped, s.remember())
}

// lastReport returns what the last run with anything to do did.
func (s *Server) lastReport() (time.Time, igauth.Report, error) {
	s.lastRun.Lock()
	defer s.lastRun.Unlock()
	return s.lastRun.at, s.lastRun.report, s.lastRun.err
}
