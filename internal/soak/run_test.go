package soak_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

const (
	// arrivals is the time in which the accounts are connected, and calmDays are at the
	// end, so that all that is under way can be done.
	arrivals = 15 * day
	calmDays = 3 * day
)

// live tells the whole story.
func (w *world) live() {
	over := make(chan struct{})
	var background sync.WaitGroup
	background.Go(func() { w.relay(over) })
	for _, p := range w.persons {
		w.mu.Lock()
		within := arrivals
		if w.only != nil {
			within = 6 * time.Hour
		}
		w.in(w.chance.pick(int(within/time.Hour), askStart, uint64(p.n)), func() { go w.connect(p) })
		w.mu.Unlock()
	}
	var runs sync.WaitGroup
	hours := int((w.life + calmDays) / time.Hour)
	for hour := range hours {
		w.mu.Lock()
		w.hour, w.ran = hour, false
		w.calm.Store(hour >= int(w.life/time.Hour))
		done := w.failures >= *enough || w.only != nil && w.failures > 0
		if hour > 0 && hour%(365*24) == 0 {
			w.t.Logf("year %d is over: %d refreshes, %d connections, %d ended by their owners", hour/(365*24), w.meta.refreshes, w.connections, w.deaths)
		}
		w.mu.Unlock()
		if done {
			break
		}
		began := time.Now()
		w.tick(&runs, uint64(hour))
		time.Sleep(30 * time.Minute)
		w.mu.Lock()
		for _, what := range w.agenda[hour] {
			what()
		}
		delete(w.agenda, hour)
		w.mu.Unlock()
		time.Sleep(30 * time.Minute)
		w.check(began)
	}
	runs.Wait()
	close(over)
	background.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failures < *enough {
		w.journal.silent()
		for p := range w.awaited {
			if p.waited > within {
				w.violationLocked("nobody was told of the end of account %d", p.n)
			}
		}
	}
}

// tick is an hour's run, or two, or none.
func (w *world) tick(runs *sync.WaitGroup, hour uint64) {
	u := w.chance.of(askTick, hour)
	begin := w.chance.between(0, time.Minute, askTick, hour, 1)
	deadly := 0.0
	if !w.calm.Load() && w.only == nil {
		if w.chance.of(askKill, hour) < killed {
			deadly = 0.002 + 0.2*w.chance.of(askKill, hour, 2)
		}
		if w.chance.of(askLate, hour) < late {
			begin = w.chance.between(time.Minute, 2*time.Hour, askLate, hour, 1)
		}
	} else {
		u = 1
	}
	w.mu.Lock()
	_, stopped := w.calendar.at(time.Now(), func(o outage) bool { return o.what == outSchedule })
	w.mu.Unlock()
	if u < missed || stopped {
		return
	}
	runs.Go(func() { w.run(begin, deadly) })
	if u < missed+twice {
		runs.Go(func() {
			w.run(begin+w.chance.between(0, 3*time.Minute, askTick, hour, 2), 0)
		})
	}
}

// run is a scheduled run.
func (w *world) run(begin time.Duration, deadly float64) {
	time.Sleep(begin)
	killed := w.invoke(15*time.Minute, deadly, func(ctx context.Context, f *function) {
		f.mu.Lock()
		f.calls, f.pacing = f.calls[:0], true
		f.mu.Unlock()
		report, err := f.refresher.RunOnce(ctx)
		if *trace {
			text, _ := json.Marshal(report)
			w.t.Logf("%s %s %v", time.Now().Format("2006-01-02 15:04:05"), text, err)
		}
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if !killed {
		w.ran = true
	}
}

// relay is the ledger's stream: it calls the function with what has changed, a
// moment later. Some batches are lost.
func (w *world) relay(over chan struct{}) {
	for {
		select {
		case <-over:
			return
		case <-w.streaming:
		}
		time.Sleep(500 * time.Millisecond)
		w.mu.Lock()
		ids := w.stream
		w.stream = nil
		hour, n := uint64(w.hour), w.invocations
		w.mu.Unlock()
		slices.Sort(ids)
		if ids = slices.Compact(ids); len(ids) == 0 {
			continue // they came while the last ones were taken
		}
		if !w.calm.Load() && w.only == nil && w.chance.of(askStream, hour, n) < streamFails {
			continue
		}
		deadly := 0.0
		if !w.calm.Load() && w.only == nil && w.chance.of(askStream, hour, n, 1) < killed {
			deadly = 0.1
		}
		w.invoke(5*time.Minute, deadly, func(ctx context.Context, f *function) {
			if ids[0] == "" {
				_ = f.relay.Health(ctx)
				ids = ids[1:]
			}
			_ = f.relay.Accounts(ctx, ids...)
		})
	}
}

// within is how many hours may pass till an end is told.
const within = 26

// check looks at every account at the end of an hour.
func (w *world) check(began time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	for _, p := range w.persons {
		if p.stored == nil || p.ended || p.lost {
			continue
		}
		if p.facebook && w.lapsedLocked(p, now) {
			continue
		}
		switch {
		case p.stored.dead == causeRotated:
			// R3: nobody can keep it.
			w.allowed++
			p.lost = true
		case !p.stored.accepted(now):
			w.violationLocked("account %d is lost: its token is over since %s", p.n, p.stored.expires.Format(time.RFC3339))
			p.lost = true
		case !p.status.Live():
			w.violationLocked("account %d lives, and its status is %s", p.n, p.status)
			p.lost = true
		}
	}
	good := w.ran && w.bad.Before(began) && w.meta.quietUntil.Before(began)
	for _, o := range w.plan.outages {
		if o.from.Before(now) && o.to.After(began) {
			good = false
		}
	}
	if good {
		w.good++
		w.countUnwarned(began)
		for p := range w.awaited {
			if p.struck.Before(began) && p.troubleUntil.Before(began) {
				p.waited++
				if p.waited == within+1 {
					w.violationLocked("nobody was told of the end of account %d within %d hours: it is %s", p.n, within, p.status)
				}
			}
		}
	}
	w.journal.forget(w.hour - 48)
}
