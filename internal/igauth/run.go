package igauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// batch is how many due accounts are read at a time, from each shard.
const batch = 100

// run is one run. Every account is judged by the same instant.
type run struct {
	*Refresher
	now time.Time
	// shards are the parts of the index that the run works on.
	shards []int
	// meta and facebook ask at the run's pace; facebook is nil if Facebook Login
	// is off.
	meta     Renewer
	facebook FacebookRenewer
	// apps are Meta's apps, that of Instagram Login first.
	apps []*app
	// alone is set when a person asks for one account: then nothing is held.
	alone  bool
	health Health
	// end is when the invocation ends; zero if it does not.
	end time.Time

	mu     sync.Mutex
	report Report
	// mute is set when the bus does not answer in time.
	mute bool
	// vaultHangs is set when the vault could not be emptied in time.
	vaultHangs bool
	// oldest is when the oldest event was written that could not be sent, and
	// behind how long the account was due that is left to the next run.
	oldest time.Time
	behind time.Duration
}

// An app is what a run learns of one of Meta's apps. Each login has its own, with
// a secret, an allowance and troubles of its own: what fails for one says nothing
// about the accounts of the other.
type app struct {
	login   Login
	pace    *pace
	breaker breaker
	// quiet is set when Meta must not be asked, healing when it has answered a trial
	// and the run has not tripped since. The run's lock guards both.
	quiet, healing bool
	// testimony tells, once for the run, whether Meta knows the living from the
	// dead.
	witness   sync.Once
	testimony testimony
}

// app returns the app of an account.
func (r *run) app(a Account) *app {
	if a.Login == LoginFacebook {
		return r.apps[1]
	}
	return r.apps[0] // a row of an older version names no login
}

// newRun returns a run that asks Meta so often a second, 0 for as often as it
// likes.
func (r *Refresher) newRun(perSecond float64) *run {
	now := r.store.now()
	pace := newPace(perSecond)
	run := &run{
		Refresher: r, now: now, meta: pacedRenewer{r.meta, pace},
		apps:   []*app{{login: LoginInstagram, pace: pace}, {login: LoginFacebook, pace: pace.beside()}},
		report: Report{StartedAt: now.UTC(), Failed: map[Class]int{}},
	}
	if r.facebook != nil {
		run.facebook = pacedFacebook{r.facebook, run.apps[1].pace}
	}
	return run
}

// newRunAlone returns a run for a person who waits for one account.
func (r *Refresher) newRunAlone() *run {
	run := r.newRun(0)
	run.alone = true
	return run
}

// work does all that is due.
func (r *run) work(ctx context.Context) error {
	var err error
	r.end, _ = ctx.Deadline()
	if r.health, err = r.store.health(ctx); err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	// Tokens must not die of a record that is damaged; the error is told in the end.
	for _, app := range r.apps {
		// What does not need Meta is done all the same.
		err = errors.Join(err, r.heal(ctx, app))
	}
	r.sweepRemovals(ctx)
	err = errors.Join(err, r.all(ctx))
	for _, app := range r.apps {
		if r.guilty(ctx, app, app.breaker.over()) {
			last, _ := app.breaker.last()
			r.trip(ctx, app, last)
		}
		if r.isQuiet(app) {
			r.dropHeld(app, "")
		}
		for _, h := range app.breaker.released() {
			h.write()
		}
		if app.healing {
			err = errors.Join(err, r.tried(ctx, app, true))
		}
	}
	return err
}

// all hands the due accounts to the workers, page by page, one feeder for each
// shard. An account that was worked on is no longer due, so that the index itself
// is the list of what is left.
func (r *run) all(ctx context.Context) error {
	work := make(chan Account)
	var workers sync.WaitGroup
	for range r.atOnce() {
		workers.Go(func() {
			for a := range work {
				// An account may have waited here for a slow one.
				if r.timeLeft(ctx) {
					r.account(ctx, a)
				} else {
					r.left(a)
				}
			}
		})
	}
	problems := make([]error, len(r.shards))
	var feeders sync.WaitGroup
	for i, shard := range r.shards {
		feeders.Go(func() {
			problems[i] = r.feed(ctx, shard, func(a Account) bool {
				work <- a
				return true
			})
		})
	}
	feeders.Wait()
	close(work)
	workers.Wait()
	return errors.Join(problems...)
}

// atOnce is how many accounts are worked on at a time: no more than get their turn
// to ask Meta within ten seconds, as they are claimed meanwhile.
func (r *run) atOnce() int {
	if most := r.apps[0].pace.most; most > 0 {
		return max(1, min(r.parallel, int(10*most)))
	}
	return r.parallel
}

// feed hands out what is due in a shard, until it is told to stop. It goes through
// the index once, from mark to mark, so that what stays due hides nothing that
// comes after it.
func (r *run) feed(ctx context.Context, shard int, hand func(Account) bool) error {
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
				r.left(a)
				return damaged
			}
			if !hand(a) {
				return damaged
			}
		}
		if next.IsZero() {
			return damaged
		}
		query.After = next
	}
}

// left counts an account for which no time was left.
func (r *run) left(a Account) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Unfinished = true
	r.behind = max(r.behind, r.now.Sub(a.DueAt))
}

// timeLeft reports whether another account can be worked on in full.
func (r *run) timeLeft(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > r.callTimeout+lastWords+r.stockReserve()
}

// share returns a context that ends when one part of so many of what is left of the
// invocation is over.
func (r *run) share(parts time.Duration) (context.Context, context.CancelFunc) {
	if r.end.IsZero() {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), time.Until(r.end)/parts)
}

// stockReserve is what is kept of an invocation for taking stock, and for the
// failures that were held.
func (r *run) stockReserve() time.Duration { return r.callTimeout / 3 }

// plan returns what is to be done with an account now.
func (r *run) plan(a Account) Plan {
	plan := r.store.policy.due(a, r.now)
	if plan.Action != ActionNone && plan.At.After(r.now) {
		// The policy was changed, the index is stale, or there are events to send.
		plan.Action = ActionNone
	}
	return plan
}

// account does what is due for one account and counts how it went.
func (r *run) account(ctx context.Context, a Account) {
	ctx, cancel := context.WithTimeout(ctx, r.callTimeout)
	defer cancel()
	if due := outboxDue(a.Outbox); !due.IsZero() && !due.After(r.now) {
		a = r.deliver(ctx, a)
	}
	plan := r.plan(a)
	switch {
	case plan.Action == ActionNone && (len(a.Outbox) > 0 || a.DueAt.IsZero() || a.DueAt.After(r.now)):
		return // there was nothing to do but to send events
	case r.isQuiet(r.app(a)) && plan.Action.asksMeta():
		r.deferred(a.DueAt)
		return
	case plan.Action == ActionDestroy && r.isHanging():
		// The tokens that live come first. Whoever was tried is due behind the others
		// in the next run.
		r.deferred(a.DueAt)
		return
	}
	r.count(func(report *Report) { report.Due++ })
	var err error
	switch plan.Action {
	case ActionRefresh, ActionProbe, ActionWarn:
		err = r.ask(ctx, a, plan.Action)
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
		if errors.Is(err, errVaultHangs) {
			r.hang()
		}
	default:
		err = r.settle(ctx, a, nil)
	}
	r.outcome(ctx, a, plan.Action, err)
}

// ask does what Meta is needed for.
func (r *run) ask(ctx context.Context, a Account, action Action) error {
	switch {
	case r.off(a):
		return r.leave(ctx, a)
	case action == ActionRefresh:
		return r.refresh(ctx, a)
	case action == ActionWarn:
		return r.warnOfData(ctx, a)
	}
	return r.probe(ctx, a)
}

// outcome counts how the work on an account went.
func (r *run) outcome(ctx context.Context, a Account, action Action, err error) {
	switch {
	case err == nil, errors.Is(err, errHeld):
	case errors.Is(err, ErrConflict):
		r.count(func(report *Report) { report.TakenByOthers++ })
	default:
		r.count(func(report *Report) {
			report.Failed[ClassOf(err)]++
			if r.needsAttention(a, err) {
				report.Attention++
			}
		})
		r.log.WarnContext(ctx, "account failed", "accountId", a.ID, "action", action, "class", ClassOf(err), "code", CodeOf(err), "err", err, "hint", CodeOf(err).Hint())
	}
}

// deferred counts an account that is left to the next run, since when it is due.
func (r *run) deferred(due time.Time) {
	r.count(func(report *Report) {
		report.Deferred++
		if r.now.Sub(due) > unprobedFor {
			report.Attention++
		}
	})
}

// needsAttention reports whether a failure is more than a blip.
func (r *run) needsAttention(a Account, err error) bool {
	every := r.store.policy.ProbeEvery
	unprobed := every > 0 && r.now.Sub(a.CheckedAt) > max(unprobedFor, 2*every)
	unpromoted := a.Unpromoted && r.now.Sub(a.IssuedAt) > unprobedFor
	return unprobed || unpromoted || a.Failures+1 >= expiringAfter || ClassOf(err) == ClassMisconfigured
}

const (
	// unprobedFor is how long Meta may be silent about an account, or a new token
	// not be promoted, before somebody should look.
	unprobedFor = 3 * 24 * time.Hour
	// behindFor is how long an account may be due and left to the next run: then
	// the runs do not do in a day what comes up in a day.
	behindFor = 24 * time.Hour
)

// deliver sends the events that nobody has sent, and returns the account without
// them. If they cannot be sent they wait for the next run.
func (r *run) deliver(ctx context.Context, a Account) Account {
	if r.relay != nil && !r.isMute() {
		ctx, cancel := context.WithTimeout(ctx, r.callTimeout/3)
		defer cancel()
		sent, err := r.relay.account(ctx, a)
		if err == nil {
			return sent
		}
		if ctx.Err() != nil {
			r.silence()
		}
		r.log.WarnContext(ctx, "events not sent", "accountId", a.ID, "err", err)
	}
	r.waiting(a.Outbox[0].At)
	return a
}

// silence lets the run send no more events of accounts: who waits for a bus that
// hangs has no time left for the tokens.
func (r *run) silence() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mute = true
}

func (r *run) isMute() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mute
}

// hang lets the run empty the vault for no further account, like silence.
func (r *run) hang() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vaultHangs = true
}

func (r *run) isHanging() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.vaultHangs
}

// waiting keeps in mind since when an event waits.
func (r *run) waiting(since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.oldest.IsZero() || since.Before(r.oldest) {
		r.oldest = since
	}
}

func (r *run) count(change func(*Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.report)
}

func (r *run) isQuiet(app *app) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return app.quiet
}

// finish takes stock, logs the run, and returns an error if somebody must look.
func (r *run) finish(ctx context.Context, err error) (Report, error) {
	stock, cancel := context.WithTimeout(context.WithoutCancel(ctx), stockTime(ctx))
	defer cancel()
	err = errors.Join(err, r.takeStock(stock))
	report := r.report
	instagram, facebook := usageOf(r.Refresher.meta), usageOf(r.Refresher.facebook)
	report.AppUsage = max(instagram.AppPercent, facebook.AppPercent)
	report.BusinessUsage = max(instagram.BusinessPercent, facebook.BusinessPercent)
	report.Seconds = r.store.now().Sub(r.now).Seconds()
	switch {
	case report.Incident != nil:
		err = errors.Join(err, fmt.Errorf("%w since %s: %s (%s)", ErrIncident, report.Incident.Since.Format(time.RFC3339), report.Incident.Code, report.Incident.Class))
	case report.Attention > 0:
		err = errors.Join(err, fmt.Errorf("%d accounts, or removals, keep failing or wait too long; they are tried again", report.Attention))
	}
	if r.behind > behindFor {
		err = errors.Join(err, fmt.Errorf("an account is due for %s, more than a day, and there was no time for it: the runs are too few or too slow", r.behind.Round(time.Minute)))
	}
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelError
	}
	r.log.Log(ctx, level, "run finished", "report", report)
	return report, err
}

// ErrIncident says that the app fails, and not an account.
var ErrIncident = errors.New("an incident is open")
