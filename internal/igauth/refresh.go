package igauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A Renewer asks Meta about tokens that exist. Each method is one request; none
// repeats it. Errors are of type *Error.
type Renewer interface {
	// RefreshToken returns a token with a new life; its text may be the same. The
	// answer tells no scopes.
	RefreshToken(ctx context.Context, token Secret) (Token, error)
	// Profile returns whose token it is.
	Profile(ctx context.Context, token Secret) (Profile, error)
}

// RefresherConfig is what a Refresher is made of.
type RefresherConfig struct {
	Store *Store
	Meta  Renewer
	// Parallel is how many accounts are worked on at a time, default 8.
	Parallel int
	// PerSecond bounds how many accounts are begun in a second, default 5, which
	// leaves most of Secrets Manager's 50 writes a second to others
	// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
	// Negative means no bound.
	PerSecond int
	// CallTimeout bounds the work on one account, default 30 s.
	CallTimeout time.Duration
	// Log receives one line for every account that changed and one for the run;
	// nil discards them.
	Log *slog.Logger
}

// A Refresher keeps the tokens of a Store alive.
type Refresher struct {
	store       *Store
	meta        Renewer
	parallel    int
	pause       time.Duration
	callTimeout time.Duration
	log         *slog.Logger
}

// NewRefresher returns a Refresher, or what is wrong with its configuration.
func NewRefresher(cfg RefresherConfig) (*Refresher, error) {
	if cfg.Store == nil || cfg.Meta == nil {
		return nil, errors.New("a refresher needs a store and a client of Meta")
	}
	defaultTo(&cfg.Parallel, 8)
	defaultTo(&cfg.PerSecond, 5)
	defaultTo(&cfg.CallTimeout, 30*time.Second)
	if cfg.Parallel < 1 {
		return nil, fmt.Errorf("%d accounts at a time: must be at least 1", cfg.Parallel)
	}
	r := &Refresher{store: cfg.Store, meta: cfg.Meta, parallel: cfg.Parallel, callTimeout: cfg.CallTimeout, log: logOr(cfg.Log)}
	if cfg.PerSecond > 0 {
		r.pause = time.Second / time.Duration(cfg.PerSecond)
	}
	return r, nil
}

// A Report is what a run did. It is the answer of the Lambda function.
type Report struct {
	StartedAt time.Time `json:"started_at"`
	// Due counts the accounts that a run looked at, and the others what became
	// of them.
	Due           int `json:"due"`
	Refreshed     int `json:"refreshed"`
	Probed        int `json:"probed"`
	Recovered     int `json:"recovered"`
	Destroyed     int `json:"destroyed"`
	ReauthNeeded  int `json:"reauth_required"`
	TakenByOthers int `json:"taken_by_others"`
	// Failed counts failures by class. What failed is tried again by a later
	// run.
	Failed map[Class]int `json:"failed,omitempty"`
	// Unfinished says that the time was over before the work was; the next run
	// goes on.
	Unfinished bool `json:"unfinished,omitempty"`
}

// failures is the sum of what failed.
func (r Report) failures() int {
	n := 0
	for _, count := range r.Failed {
		n += count
	}
	return n
}

const (
	// batch is how many due accounts are read at a time.
	batch = 100
	// runFor is how long a run lasts when its context has no deadline.
	runFor = 10 * time.Minute
)

// RunOnce works on every account that is due, once. It is one invocation of the
// Lambda function: it begins no work that could outlast the context's deadline,
// and may run late, twice, or at the same time as another run.
//
// A failure of one account does not touch the others. The error, if any, says
// how many failed, so that the invocation counts as failed.
func (r *Refresher) RunOnce(ctx context.Context) (Report, error) {
	run := r.newRun(ctx)
	err := run.all(ctx)
	return run.finish(ctx, err)
}

// Refresh refreshes one account now, due or not, unless its token is too young.
// The answer says what happened to it.
func (r *Refresher) Refresh(ctx context.Context, id AccountID) (Account, error) {
	a, err := r.store.Account(ctx, id)
	if err != nil {
		return Account{}, err
	}
	run := r.newRun(ctx)
	switch {
	case a.Status == StatusDisconnected:
		return a, newError(CodeDisconnected, nil)
	case !a.Status.Live():
		return a, newError(CodeReauthRequired, nil)
	case a.leased(run.now):
		return a, newError(CodeInProgress, nil)
	case a.Lease.Attempt == "" && run.now.Sub(a.IssuedAt) < r.store.policy.MinAge:
		return a, newError(CodeTokenTooYoung, nil)
	case a.Lease.Attempt != "":
		err = run.finishAttempt(ctx, a)
	default:
		err = run.refresh(ctx, a)
	}
	if errors.Is(err, ErrConflict) {
		err = newError(CodeInProgress, err)
	}
	fresh, again := r.store.Account(ctx, id)
	return fresh, errors.Join(err, again)
}

// run is one run. Every account is judged by the same instant.
type run struct {
	*Refresher
	now      time.Time
	deadline time.Time

	mu     sync.Mutex
	report Report
}

func (r *Refresher) newRun(ctx context.Context) *run {
	now := r.store.now()
	length := runFor
	if end, ok := ctx.Deadline(); ok {
		// The context counts in real time, the store by its own clock.
		length = time.Until(end)
	}
	return &run{
		Refresher: r,
		now:       now,
		deadline:  now.Add(length),
		report:    Report{StartedAt: now.UTC(), Failed: map[Class]int{}},
	}
}

// all hands the due accounts to the workers, batch by batch. An account that was
// worked on is no longer due, so that the index itself is the list of what is
// left.
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
	defer workers.Wait()
	defer close(work)

	begun := map[AccountID]bool{}
	var damaged error
	for {
		due, err := r.store.ledger.Due(ctx, r.now, batch)
		if errors.Is(err, ErrDamaged) {
			damaged = fmt.Errorf("reading what is due: %w", err)
		} else if err != nil {
			return fmt.Errorf("reading what is due: %w", err)
		}
		fresh := 0
		for _, a := range due {
			// The index may be stale and name an account again.
			if begun[a.ID] {
				continue
			}
			if !r.timeLeft(ctx) {
				r.count(func(report *Report) { report.Unfinished = true })
				return damaged
			}
			begun[a.ID] = true
			fresh++
			work <- a
			if r.pause > 0 && sleep(ctx, r.pause) != nil {
				return ctx.Err()
			}
		}
		if fresh == 0 {
			return damaged
		}
	}
}

// timeLeft reports whether another account can be worked on in full.
func (r *run) timeLeft(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > r.callTimeout
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

// claim takes the account for this run. The save is conditional on the row being
// the one that was judged, so that it is the second look, too. The lease ends
// after the work can.
func (r *run) claim(ctx context.Context, a *Account) error {
	lease, err := r.store.lease(r.store.now().Add(r.callTimeout + leaseMargin))
	if err != nil {
		return err
	}
	a.claim(lease)
	return r.store.save(ctx, a, nil)
}

// refresh claims the account, asks Meta, and commits what came back. An answer
// that is not a better token than the one in store changes nothing but the
// account's failures.
func (r *run) refresh(ctx context.Context, a Account) error {
	if a.leased(r.now) {
		return ErrConflict
	}
	a.TriedAt = r.now.UTC()
	if err := r.claim(ctx, &a); err != nil {
		return err
	}
	token, err := r.renew(ctx, a)
	if err != nil {
		return r.failed(ctx, a, err)
	}
	a, err = r.store.commit(ctx, a, token, nil)
	if err != nil {
		// Whatever the vault kept is found by the attempt's name.
		return err
	}
	r.count(func(report *Report) { report.Refreshed++ })
	r.log.InfoContext(ctx, "token refreshed", "accountId", a.ID, "expiresAt", a.ExpiresAt, "generation", a.Generation)
	return nil
}

// renew asks Meta for the next token of an account.
func (r *run) renew(ctx context.Context, a Account) (Token, error) {
	token, err := r.store.vault.Get(ctx, a.slot(), a.Ref)
	if err != nil {
		return Token{}, fmt.Errorf("reading the token: %w", err)
	}
	next, err := r.meta.RefreshToken(ctx, token.Value)
	if e, ok := errors.AsType[*Error](err); ok && e.Class == ClassTransient && !e.Sent {
		// The connection had gone before anything was sent.
		next, err = r.meta.RefreshToken(ctx, token.Value)
	}
	if err != nil {
		return Token{}, err
	}
	if next.Value.IsZero() || !next.ExpiresAt.After(token.ExpiresAt) {
		return Token{}, newError(CodeMetaUnreadable, errors.New("the new token does not live longer than the old one"))
	}
	next.Scopes = token.Scopes
	return next, nil
}

// failed writes down that Meta, or a store before Meta was asked, said no.
func (r *run) failed(ctx context.Context, a Account, cause error) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	now := r.store.now()
	if ClassOf(cause) == ClassDead {
		return r.dead(ctx, a, CodeOf(cause))
	}
	if ClassOf(cause) == ClassTooYoung {
		// Our idea of the token's age was wrong. That is no failure of the
		// token, and it is tried again on another day.
		a.release()
	} else {
		a.fail(now, cause)
	}
	return errors.Join(cause, r.settle(ctx, a, cause))
}

// settle saves an account that keeps its token, due when the policy says or, if
// Meta asked to wait longer, then.
func (r *run) settle(ctx context.Context, a Account, cause error) error {
	plan := r.store.policy.Plan(a)
	a.DueAt = plan.At
	if e, ok := errors.AsType[*Error](cause); ok && plan.Action != ActionExpire {
		a.DueAt = latest(a.DueAt, r.store.now().Add(e.RetryAfter).UTC())
	}
	return r.store.save(ctx, &a, nil)
}

// dead ends an account, on the condition that it still has the token that was
// found dead.
func (r *run) dead(ctx context.Context, a Account, code Code) error {
	a.die(r.store.now(), code)
	a.DueAt = time.Time{}
	if err := r.store.save(ctx, &a, nil); err != nil {
		return err
	}
	r.count(func(report *Report) { report.ReauthNeeded++ })
	r.log.WarnContext(ctx, "reauthorization required", "accountId", a.ID, "code", code)
	return nil
}

// expire writes down that a token's time is over.
func (r *run) expire(ctx context.Context, a Account) error {
	return r.dead(ctx, a, CodeTokenExpired)
}

// probe asks Meta who the account is. It needs no claim: it changes nothing at
// Meta, and what it learns is saved only if the row is still the same.
func (r *run) probe(ctx context.Context, a Account) error {
	token, err := r.store.vault.Get(ctx, a.slot(), a.Ref)
	if err != nil {
		err = fmt.Errorf("reading the token: %w", err)
		return errors.Join(err, r.postpone(ctx, a, err))
	}
	profile, err := r.meta.Profile(ctx, token.Value)
	switch {
	case ClassOf(err) == ClassDead && err != nil:
		return r.dead(ctx, a, CodeOf(err))
	case err != nil:
		return errors.Join(err, r.postpone(ctx, a, err))
	}
	if a.Unpromoted {
		a.Unpromoted = r.store.promote(ctx, a, a.slot()) != nil
	}
	a.CheckedAt = r.store.now().UTC()
	if profile.ID == a.ID {
		a.setProfile(profile, a.CheckedAt)
	}
	if err := r.settle(ctx, a, nil); err != nil {
		return err
	}
	r.count(func(report *Report) { report.Probed++ })
	return nil
}

// promote makes sure that direct readers of the vault see the account's token.
func (r *run) promote(ctx context.Context, a Account) error {
	if err := r.store.promote(ctx, a, a.slot()); err != nil {
		return err // still due
	}
	a.Unpromoted = false
	return r.settle(ctx, a, nil)
}

// probeAgain is how long after a failed probe the next one comes.
const probeAgain = time.Hour

// postpone makes a later run ask again. A probe that fails is not a failed
// refresh: it costs nothing but knowledge.
func (r *run) postpone(ctx context.Context, a Account, cause error) error {
	at := r.now.Add(probeAgain)
	if e, ok := errors.AsType[*Error](cause); ok {
		at = latest(at, r.now.Add(e.RetryAfter))
	}
	// A refresh or the end of the token may come first.
	quiet := a
	quiet.CheckedAt = latest(at, a.IssuedAt)
	if plan := r.store.policy.Plan(quiet); plan.At.Before(at) {
		at = plan.At
	}
	a.DueAt = at.UTC()
	return r.store.save(ctx, &a, nil)
}

// finishAttempt ends an attempt that did not come back. If it stored a token,
// that token is committed; if not, the account goes on with what it has.
func (r *run) finishAttempt(ctx context.Context, a Account) error {
	if a.leased(r.now) {
		return ErrConflict
	}
	// The attempt keeps its name, by which the vault knows it.
	a.Lease.Until = r.store.now().Add(r.callTimeout + leaseMargin).UTC()
	a.claim(a.Lease)
	if err := r.store.save(ctx, &a, nil); err != nil {
		return err
	}
	finished, found, err := r.store.finishAttempt(ctx, a, nil)
	switch {
	case err != nil:
		return err
	case found:
		r.count(func(report *Report) { report.Recovered++ })
		r.log.InfoContext(ctx, "unfinished token committed", "accountId", a.ID, "generation", finished.Generation)
		return nil
	}
	if a.Status == StatusDisconnected {
		// Before that attempt somebody may have had work to do here.
		return r.destroy(ctx, a)
	}
	a.release()
	return r.settle(ctx, a, nil)
}

// destroy empties the vault for an account whose disconnection did not come so
// far.
func (r *run) destroy(ctx context.Context, a Account) error {
	if err := r.claim(ctx, &a); err != nil {
		return err
	}
	if err := r.store.destroy(ctx, &a); err != nil {
		return fmt.Errorf("emptying the vault: %w", err)
	}
	r.count(func(report *Report) { report.Destroyed++ })
	return nil
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
