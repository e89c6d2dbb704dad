package igauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// batch is how many due accounts are read at a time.
const batch = 100

// run is one run. Every account is judged by the same instant.
type run struct {
	*Refresher
	now time.Time
	// shards are the parts of the index that the run works on.
	shards []int

	mu     sync.Mutex
	report Report
}

func (r *Refresher) newRun() *run {
	now := r.store.now()
	shards := make([]int, r.store.ledger.Shards())
	for i := range shards {
		shards[i] = i
	}
	return &run{Refresher: r, now: now, shards: shards, report: Report{StartedAt: now.UTC(), Failed: map[Class]int{}}}
}

// all hands the due accounts to the workers, page by page, one feeder for each
// shard. An account that was worked on is no longer due, so that the index itself
// is the list of what is left.
func (r *run) all(ctx context.Context) error {
	work := make(chan Account)
	var workers sync.WaitGroup
	for range r.parallel {
		workers.Go(func() {
			for a := range work {
				// An account may have waited here for a slow one.
				if r.timeLeft(ctx) {
					r.account(ctx, a)
				} else {
					r.count(func(report *Report) { report.Unfinished = true })
				}
			}
		})
	}
	problems := make([]error, len(r.shards))
	var feeders sync.WaitGroup
	for i, shard := range r.shards {
		feeders.Go(func() { problems[i] = r.feed(ctx, shard, work) })
	}
	feeders.Wait()
	close(work)
	workers.Wait()
	return errors.Join(problems...)
}

// feed hands out what is due in a shard. It goes through the index once, from
// mark to mark, so that what stays due hides nothing that comes after it.
func (r *run) feed(ctx context.Context, shard int, work chan<- Account) error {
	var damaged error
	query := DueQuery{Shard: shard, Now: r.now, Limit: batch}
	for {
		due, next, err := r.store.ledger.Due(ctx, query)
		if errors.Is(err, ErrDamaged) {
			damaged = fmt.Errorf("reading what is due: %w", err)
		} else if err != nil {
			return fmt.Errorf("reading what is due: %w", err)
		}
		for _, a := range due {
			if !r.timeLeft(ctx) {
				r.count(func(report *Report) { report.Unfinished = true })
				return damaged
			}
			work <- a
			if r.pause > 0 && sleep(ctx, r.pause) != nil {
				return ctx.Err()
			}
		}
		if next.IsZero() {
			return damaged
		}
		query.After = next
	}
}

// timeLeft reports whether another account can be worked on in full.
func (r *run) timeLeft(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > r.callTimeout+lastWords
}

// account does what is due for one account and counts how it went.
func (r *run) account(ctx context.Context, a Account) {
	ctx, cancel := context.WithTimeout(ctx, r.callTimeout)
	defer cancel()
	var err error
	plan := r.store.policy.due(a, r.now)
	if plan.At.After(r.now) {
		// The policy was changed, or the index is stale.
		plan.Action = ActionNone
	}
	switch plan.Action {
	case ActionRefresh:
		err = r.refresh(ctx, a)
	case ActionProbe:
		err = r.probe(ctx, a)
	case ActionPromote:
		err = r.promote(ctx, a)
	case ActionExpire:
		err = r.expire(ctx, a)
	case ActionRecover:
		err = r.finishAttempt(ctx, a)
	case ActionDestroy:
		if err = ErrConflict; !a.leased(r.now) {
			err = r.destroy(ctx, a)
		}
	default:
		err = r.settle(ctx, a, nil)
	}
	r.count(func(report *Report) { report.Due++ })
	switch {
	case err == nil:
	case errors.Is(err, ErrConflict):
		r.count(func(report *Report) { report.TakenByOthers++ })
	default:
		r.count(func(report *Report) { report.Failed[ClassOf(err)]++ })
		r.log.WarnContext(ctx, "account failed", "accountId", a.ID, "action", plan.Action, "class", ClassOf(err), "code", CodeOf(err), "err", err)
	}
}

func (r *run) count(change func(*Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.report)
}

// finish logs the run and turns what failed into its error.
func (r *run) finish(ctx context.Context, err error) (Report, error) {
	report := r.report
	if n := report.failures(); n > 0 && err == nil {
		err = fmt.Errorf("%d of %d accounts failed; they are tried again", n, report.Due)
	}
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelError
	}
	r.log.Log(ctx, level, "run finished",
		"due", report.Due, "refreshed", report.Refreshed, "probed", report.Probed,
		"recovered", report.Recovered, "destroyed", report.Destroyed,
		"reauthRequired", report.ReauthNeeded, "takenByOthers", report.TakenByOthers,
		"failed", report.Failed, "unfinished", report.Unfinished)
	return report, err
}
