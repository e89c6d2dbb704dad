package igauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// StoreConfig is what a Store is made of.
type StoreConfig struct {
	Ledger Ledger
	Vault  Vault
	// Policy says when accounts are due.
	Policy Policy
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Random is the source of attempts; nil means crypto/rand.
	Random io.Reader
	// Log receives what happens to tokens; nil discards it.
	Log *slog.Logger
}

// A Store keeps accounts and their tokens: the ledger and the vault, and the
// order in which they are written.
type Store struct {
	ledger Ledger
	vault  Vault
	policy Policy
	now    func() time.Time
	random io.Reader
	log    *slog.Logger
}

// NewStore returns a Store, or what is wrong with its configuration.
func NewStore(cfg StoreConfig) (*Store, error) {
	if cfg.Ledger == nil || cfg.Vault == nil {
		return nil, errors.New("a store needs a ledger and a vault")
	}
	policy, err := cfg.Policy.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("refresh policy: %w", err)
	}
	return &Store{
		ledger: cfg.Ledger,
		vault:  cfg.Vault,
		policy: policy,
		now:    nowOr(cfg.Now),
		random: randomOr(cfg.Random),
		log:    logOr(cfg.Log),
	}, nil
}

// A store that does not answer is asked so often, with these pauses, before the
// work is left to the next run.
var storePauses = []time.Duration{100 * time.Millisecond, 400 * time.Millisecond}

// patiently calls do until it succeeds, says something definite, or has failed
// three times.
func patiently(ctx context.Context, do func() error) error {
	err := do()
	for _, pause := range storePauses {
		if err == nil || errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) || ctx.Err() != nil {
			return err
		}
		if sleep(ctx, pause) != nil {
			return err
		}
		err = do()
	}
	return err
}

// row reads an account's row, and repeats itself if the ledger does not answer.
func (s *Store) row(ctx context.Context, id AccountID) (a Account, err error) {
	err = patiently(ctx, func() (err error) {
		a, err = s.ledger.Account(ctx, id)
		return err
	})
	return a, err
}

// save stores an account, a flow, or both, and repeats itself if the answer is
// lost.
func (s *Store) save(ctx context.Context, a *Account, f *Flow) error {
	return s.saveAll(ctx, Change{Account: a, Flow: f})
}

// saveAll stores the records of a change, and repeats itself if the answer is
// lost.
func (s *Store) saveAll(ctx context.Context, change Change) (err error) {
	if change.Attempt, err = newAttempt(s.random); err != nil {
		return err
	}
	return patiently(ctx, func() error { return s.ledger.Save(ctx, change) })
}

// read reads a record, and repeats itself if the ledger does not answer. One that
// is not there is the zero value.
func read[T any](ctx context.Context, from func(ctx context.Context) (T, error)) (record T, err error) {
	err = patiently(ctx, func() (err error) {
		record, err = from(ctx)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		var none T
		return none, nil
	}
	return record, err
}

// dueAt returns when a run must look at an account again: for what happens to it
// next, or for events that nobody has sent.
func (s *Store) dueAt(a Account) time.Time {
	at, outbox := s.policy.Plan(a).At, outboxDue(a.Outbox)
	if at.IsZero() || !outbox.IsZero() && outbox.Before(at) {
		return outbox.UTC()
	}
	return at
}

// health reads the record of the installation; a new one has none.
func (s *Store) health(ctx context.Context) (h Health, err error) {
	if h, err = read(ctx, s.ledger.Health); err != nil {
		return Health{}, fmt.Errorf("reading the state of the installation: %w", err)
	}
	return h, nil
}

// changeHealth changes the record of the installation, again if somebody else did
// meanwhile. The change returns false if there is nothing to save.
func (s *Store) changeHealth(ctx context.Context, change func(*Health) bool) error {
	h, err := s.health(ctx)
	if err != nil {
		return err
	}
	return s.changeHealthFrom(ctx, h, change)
}

// changeHealthFrom is changeHealth of the record as it was read before.
func (s *Store) changeHealthFrom(ctx context.Context, h Health, change func(*Health) bool) error {
	for {
		if !change(&h) {
			return nil
		}
		err := s.saveAll(ctx, Change{Health: &h})
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if h, err = s.health(ctx); err != nil {
			return err
		}
	}
}

// lastWords is how long the outcome of work may take to be written down when the
// time for the work itself is over.
const lastWords = 2 * time.Second

// afterwards returns a context for writing down the outcome of work, whatever
// became of the work's own.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), lastWords)
}

// lease returns a new lease for some work, that lasts for a time.
func (s *Store) lease(work Work, within time.Duration) (Lease, error) {
	attempt, err := newAttempt(s.random)
	return Lease{Attempt: attempt, Until: s.now().Add(within).UTC(), Work: work}, err
}

// claim takes an account for some work. The save is conditional on the row being
// the one that was judged, so that it is the second look, too.
func (s *Store) claim(ctx context.Context, a *Account, work Work, within time.Duration) error {
	lease, err := s.lease(work, within)
	if err != nil {
		return err
	}
	a.claim(lease)
	return s.save(ctx, a, nil)
}

// Account returns a connected account, or CodeAccountNotFound.
func (s *Store) Account(ctx context.Context, id AccountID) (Account, error) {
	if !id.Valid() {
		return Account{}, newError(CodeAccountNotFound, nil)
	}
	a, err := s.ledger.Account(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && !a.Connected() {
		return Account{}, newError(CodeAccountNotFound, nil)
	}
	if err != nil {
		return Account{}, fmt.Errorf("reading the account: %w", err)
	}
	return a, nil
}

// Accounts returns up to limit connected accounts in order of id, beginning
// after the given id, and the id to go on after, "" at the end.
func (s *Store) Accounts(ctx context.Context, after AccountID, limit int) ([]Account, AccountID, error) {
	for {
		accounts, next, err := s.page(ctx, after, limit)
		if err != nil || len(accounts) > 0 || next == "" {
			return accounts, next, err
		}
		// All of them were erased, or are just being connected.
		after = next
	}
}

// page is a page of Accounts. It may be empty although others follow.
func (s *Store) page(ctx context.Context, after AccountID, limit int) ([]Account, AccountID, error) {
	rows, err := s.ledger.Accounts(ctx, after, limit)
	damaged := errors.Is(err, ErrDamaged)
	if damaged {
		s.log.ErrorContext(ctx, "accounts left out of the list", "err", err)
	} else if err != nil {
		return nil, "", fmt.Errorf("listing the accounts: %w", err)
	}
	var next AccountID
	if len(rows) == limit || damaged && len(rows) > 0 {
		next = rows[len(rows)-1].ID
	}
	accounts := make([]Account, 0, len(rows))
	for _, a := range rows {
		if a.Connected() {
			accounts = append(accounts, a)
		}
	}
	if next != "" && len(accounts) > 0 {
		next = accounts[len(accounts)-1].ID
	}
	return accounts, next, nil
}

// Plan returns what happens to the account next.
func (s *Store) Plan(a Account) Plan { return s.policy.Plan(a) }

// LastRun returns when a run last came to its end, zero if none did, and how long
// ago that is.
func (s *Store) LastRun(ctx context.Context) (time.Time, time.Duration, error) {
	h, err := s.health(ctx)
	return h.RanAt, s.now().Sub(h.RanAt), err
}

// Policy returns the policy in force.
func (s *Store) Policy() Policy { return s.policy }

// Token returns an account and its live token, which stays valid for at least
// minValid. The codes are those of the API: CodeAccountNotFound,
// CodeReauthRequired, CodeDisconnected, CodeValidityShort.
func (s *Store) Token(ctx context.Context, id AccountID, minValid time.Duration) (Account, Token, error) {
	for {
		a, err := s.Account(ctx, id)
		if err != nil {
			return Account{}, Token{}, err
		}
		ends := a.EndsAt()
		switch {
		case a.Status == StatusDisconnected:
			return a, Token{}, newError(CodeDisconnected, nil)
		case !a.Status.Live() || !ends.IsZero() && !ends.After(s.now()):
			return a, Token{}, newError(CodeReauthRequired, nil)
		case !ends.IsZero() && ends.Sub(s.now()) < minValid:
			return a, Token{}, newError(CodeValidityShort, nil)
		}
		token, err := s.vault.Get(ctx, a.slot(), a.Ref)
		if err == nil {
			return a, token, nil
		}
		// The account may have moved on between the two reads; then the new row
		// answers.
		fresh, again := s.ledger.Account(ctx, id)
		if again != nil || fresh.Generation == a.Generation && fresh.Ref == a.Ref {
			return a, Token{}, fmt.Errorf("reading the token: %w", err)
		}
	}
}

// Redeem returns the account of a claim, once. Anything else is
// CodeClaimInvalid.
func (s *Store) Redeem(ctx context.Context, claim Secret) (Account, error) {
	invalid := newError(CodeClaimInvalid, nil)
	id, ok := claimFlow(claim)
	if !ok {
		return Account{}, invalid
	}
	f, err := s.ledger.Flow(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Account{}, invalid
	}
	if err != nil {
		return Account{}, fmt.Errorf("reading the flow: %w", err)
	}
	now := s.now()
	hash := NewSecret(claimHash(claim))
	if f.ClaimHash == "" || !hash.Equal(NewSecret(f.ClaimHash)) || !f.ClaimedAt.IsZero() || !now.Before(f.ClaimUntil) {
		return Account{}, invalid
	}
	f.ClaimedAt = now.UTC()
	if err := s.save(ctx, nil, &f); errors.Is(err, ErrConflict) {
		return Account{}, invalid
	} else if err != nil {
		return Account{}, fmt.Errorf("redeeming the claim: %w", err)
	}
	return s.Account(ctx, f.Account)
}
