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
	// Facebook is asked about the accounts of Facebook Login; nil means that it is
	// off.
	Facebook FacebookRenewer
	// Parallel is how many accounts are worked on at a time, default 16.
	Parallel int
	// PerSecond bounds how often a run asks Meta in a second, default 10, which
	// leaves most of Secrets Manager's 50 writes a second to others
	// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
	// Negative means no bound.
	PerSecond int
	// Relay sends the events that were not sent when they happened; nil leaves
	// them to another program.
	Relay *Relay
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
	facebook    FacebookRenewer
	parallel    int
	perSecond   float64
	callTimeout time.Duration
	relay       *Relay
	log         *slog.Logger
}

// NewRefresher returns a Refresher, or what is wrong with its configuration.
func NewRefresher(cfg RefresherConfig) (*Refresher, error) {
	if cfg.Store == nil || cfg.Meta == nil {
		return nil, errors.New("a refresher needs a store and a client of Meta")
	}
	defaultTo(&cfg.Parallel, 16)
	defaultTo(&cfg.PerSecond, 10)
	defaultTo(&cfg.CallTimeout, 30*time.Second)
	if cfg.Parallel < 1 {
		return nil, fmt.Errorf("%d accounts at a time: must be at least 1", cfg.Parallel)
	}
	return &Refresher{
		store: cfg.Store, meta: cfg.Meta, facebook: cfg.Facebook, relay: cfg.Relay,
		parallel: cfg.Parallel, perSecond: float64(cfg.PerSecond), callTimeout: cfg.CallTimeout,
		log: logOr(cfg.Log),
	}, nil
}

// A Report is what a run did. It is the answer of the Lambda function.
type Report struct {
	StartedAt time.Time `json:"started_at"`
	Seconds   float64   `json:"seconds"`
	// RemovalsDone counts the requests of Meta to take accounts away that the run
	// finished, RemovalsLate those that are still not done after an hour.
	RemovalsDone int `json:"removals_done"`
	RemovalsLate int `json:"removals_late"`
	// Due counts the accounts that a run worked on, and the others what became
	// of them.
	Due       int `json:"due"`
	Refreshed int `json:"refreshed"`
	Probed    int `json:"probed"`
	// Recovered counts tokens that an attempt had left behind, or that were taken
	// for dead and live.
	Recovered int `json:"recovered"`
	Destroyed int `json:"destroyed"`
	// Doubted counts tokens that Meta called dead for the first time.
	Doubted       int `json:"doubted"`
	ReauthNeeded  int `json:"reauth_required"`
	TakenByOthers int `json:"taken_by_others"`
	// Deferred counts accounts that were due and left alone because of an
	// incident. The next run sees to them.
	Deferred int `json:"deferred"`
	// Failed counts failures by class. What failed is tried again by a later
	// run. Attention counts those that are more than a blip.
	Failed    map[Class]int `json:"failed,omitempty"`
	Attention int           `json:"attention,omitempty"`
	// Unfinished says that the time was over before the work was; the next run
	// goes on.
	Unfinished bool `json:"unfinished,omitempty"`
	// Incident is open when the run ends.
	Incident *Incident `json:"incident,omitempty"`
	// MinDaysToExpiry is the shortest life that a token has left, of all accounts;
	// nil without any.
	MinDaysToExpiry *float64 `json:"min_days_to_expiry,omitempty"`
	// Counts says how many accounts have which status, as of this run or, where
	// there are many, of the last day.
	Counts map[Status]int `json:"counts,omitempty"`
	// OutboxSeconds is the age of the oldest event that could not be sent.
	OutboxSeconds float64 `json:"outbox_seconds"`
	// AppUsage is how much of the app's allowance Meta says is used up, in
	// percent; 0 if it did not say.
	AppUsage int `json:"app_usage_percent,omitempty"`
	// BusinessUsage is the same of the account that has used up most of its own
	// allowance, of those that Meta spoke of last.
	BusinessUsage int `json:"business_usage_percent,omitempty"`
}

// RunOnce works on every account that is due, once. It is one invocation of the
// Lambda function: it begins no work that could outlast the context's deadline,
// and may run late, twice, or at the same time as another run.
//
// A failure of one account does not touch the others. The error, if any, says
// what somebody should look at, so that the invocation counts as failed: an
// incident ([ErrIncident]), accounts that keep failing, a ledger that cannot be
// read. A failure that passes by itself is in the report alone.
func (r *Refresher) RunOnce(ctx context.Context) (Report, error) {
	return r.RunShard(ctx, 0, 1)
}

// RunShard is one of several runs that share the work: the shard-th of so many,
// counted from 0. Together they ask Meta as often as one run may.
func (r *Refresher) RunShard(ctx context.Context, shard, of int) (Report, error) {
	if of < 1 || shard < 0 || shard >= of {
		return Report{}, fmt.Errorf("there is no part %d of %d of a run", shard, of)
	}
	run := r.newRun(r.perSecond / float64(of))
	for i := shard; i < r.store.ledger.Shards(); i += of {
		run.shards = append(run.shards, i)
	}
	if len(run.shards) == 0 {
		return run.report, nil // there are more parts than shards
	}
	err := run.work(ctx)
	return run.finish(ctx, err)
}

// Refresh refreshes one account now, due or not, unless its token is too young.
// The answer says what happened to it.
func (r *Refresher) Refresh(ctx context.Context, id AccountID) (Account, error) {
	a, err := r.store.Account(ctx, id)
	if err != nil {
		return Account{}, err
	}
	run := r.newRunAlone()
	switch {
	case run.off(a):
		return a, errLoginOff()
	case a.Status == StatusDisconnected:
		return a, newError(CodeDisconnected, nil)
	case !a.Status.Live():
		return a, newError(CodeReauthRequired, nil)
	case a.leased(run.now):
		return a, newError(CodeInProgress, nil)
	case a.Login != LoginFacebook && a.Lease.Attempt == "" && run.now.Sub(a.IssuedAt) < r.store.policy.MinAge:
		return a, newError(CodeTokenTooYoung, nil)
	case a.Lease.Attempt != "":
		err = run.finishAttempt(ctx, a)
		if fresh, again := r.store.Account(ctx, id); err == nil && again == nil && run.report.Recovered == 0 && fresh.Status.Live() && fresh.Lease.Attempt == "" {
			if fresh.Login != LoginFacebook && run.now.Sub(fresh.IssuedAt) < r.store.policy.MinAge {
				return fresh, newError(CodeTokenTooYoung, nil)
			}
			err = run.refresh(ctx, fresh)
		}
	case a.ExpiresAt.IsZero():
		err = run.probe(ctx, a) // there is nothing to renew
	default:
		err = run.refresh(ctx, a)
	}
	if errors.Is(err, ErrConflict) {
		err = newError(CodeInProgress, err)
	}
	fresh, again := r.store.Account(ctx, id)
	return fresh, errors.Join(err, again)
}
