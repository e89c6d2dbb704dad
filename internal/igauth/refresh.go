package igauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// RunOnce works on every account that is due, once. It is one invocation of the
// Lambda function: it begins no work that could outlast the context's deadline,
// and may run late, twice, or at the same time as another run.
//
// A failure of one account does not touch the others. The error, if any, says
// how many failed, so that the invocation counts as failed.
func (r *Refresher) RunOnce(ctx context.Context) (Report, error) {
	run := r.newRun()
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
	run := r.newRun()
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
		if fresh, again := r.store.Account(ctx, id); err == nil && again == nil && run.report.Recovered == 0 && fresh.Status.Live() && fresh.Lease.Attempt == "" {
			err = run.refresh(ctx, fresh)
		}
	default:
		err = run.refresh(ctx, a)
	}
	if errors.Is(err, ErrConflict) {
		err = newError(CodeInProgress, err)
	}
	fresh, again := r.store.Account(ctx, id)
	return fresh, errors.Join(err, again)
}
