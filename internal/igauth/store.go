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

// commit stores the token that the account's attempt obtained from Meta:
// vault, row, promotion. With a flow, the flow's end is committed with the row.
// ErrConflict means that the account has moved on and the token is not wanted.
func (s *Store) commit(ctx context.Context, a Account, token Token, f *Flow) (Account, error) {
	slot := a.nextSlot()
	var ref Ref
	err := patiently(ctx, func() (err error) {
		if !s.now().Before(a.Lease.Until) {
			// The machine has slept: its clock knows, the context's may not.
			return ErrConflict
		}
		ref, err = s.vault.Put(ctx, slot, a.Profile, token)
		return err
	})
	if err != nil {
		// It may have been kept all the same.
		s.sweep(ctx, a)
		return Account{}, fmt.Errorf("keeping the token: %w", err)
	}
	committed, err := s.adopt(ctx, a, slot, ref, token, f)
	if err != nil && !errors.Is(err, ErrConflict) {
		// The token may be the only one that lives. It is worth some last words.
		last, cancel := afterwards(ctx)
		defer cancel()
		committed, err = s.adopt(last, a, slot, ref, token, f)
	}
	if err != nil && s.vault.Keeps(ref) {
		s.sweep(ctx, a)
	}
	return committed, err
}

// adopt commits the row to a token that the vault keeps. If somebody else has
// taken the account meanwhile and has not committed anything yet, the token still
// is the newest that there is, and what Meta gave is not thrown away: it is
// committed, and the other one's commit finds that the account has moved on.
func (s *Store) adopt(ctx context.Context, a Account, slot Slot, ref Ref, token Token, f *Flow) (Account, error) {
	lease := a.Lease
	for {
		next := a
		next.adopt(lease, token, ref)
		s.point(&next, a.Ref)
		next.DueAt = s.dueAt(next)
		err := s.save(ctx, &next, f)
		if err == nil {
			if err := s.promote(ctx, &next, slot, a.Ref); err != nil {
				s.log.WarnContext(ctx, "token not promoted yet", "accountId", next.ID, "err", err)
			}
			return next, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Account{}, fmt.Errorf("committing the token: %w", err)
		}
		fresh, err := s.row(ctx, a.ID)
		switch {
		case errors.Is(err, ErrNotFound):
			return Account{}, ErrConflict
		case err != nil:
			return Account{}, fmt.Errorf("reading the account again: %w", err)
		case fresh.Ref == ref:
			// A save whose answer was lost has done it.
			return fresh, nil
		case fresh.Generation != a.Generation || lease.Work.byPerson() && !fresh.EndedAt.Equal(a.EndedAt):
			// It was ended meanwhile, or the person took this login's access away.
			return Account{}, ErrConflict
		case fresh.Lease.Attempt != lease.Attempt && !lease.Work.outlives(fresh, token):
			return Account{}, ErrConflict
		case fresh.Revision == a.Revision && f == nil:
			return Account{}, ErrConflict
		case fresh.Revision == a.Revision:
			// It is the flow that somebody else has ended. The token counts.
			f = nil
		}
		a = fresh
	}
}

// point writes into the row what follows from where its token is kept now, and
// where it was before.
func (s *Store) point(a *Account, replaced Ref) {
	a.Unpromoted = s.vault.Keeps(a.Ref)
	switch {
	case a.Unpromoted:
		// What else is there stands in the same place.
		a.SweepAt, a.Swept = time.Time{}, false
	case s.vault.Keeps(replaced):
		a.sweepFrom(s.now())
	}
}

// promote moves the label that direct readers of the vault see, from the Ref that
// was replaced if that is known, and writes down that it was done. If it is not,
// the row still says so, and a later run does it.
func (s *Store) promote(ctx context.Context, a *Account, slot Slot, replaced Ref) error {
	if !a.Unpromoted {
		return nil
	}
	err := patiently(ctx, func() error { return s.vault.Promote(ctx, slot, a.Ref, replaced) })
	if err != nil {
		return fmt.Errorf("promoting the token: %w", err)
	}
	promoted := *a
	promoted.Unpromoted = false
	promoted.DueAt = s.dueAt(promoted)
	switch err := s.save(ctx, &promoted, nil); {
	case err == nil:
		*a = promoted
	case !errors.Is(err, ErrConflict):
		return fmt.Errorf("writing down the promotion: %w", err)
	}
	return nil
}

// finishAttempt looks for the token that the account's attempt kept and did not live
// to commit. It reports whether there was one.
func (s *Store) finishAttempt(ctx context.Context, a Account, f *Flow) (Account, bool, error) {
	slot := a.nextSlot()
	ref, token, err := s.vault.Find(ctx, slot)
	if errors.Is(err, ErrNotFound) {
		return a, false, nil
	}
	if err != nil {
		return a, false, fmt.Errorf("looking for an unfinished token: %w", err)
	}
	if a.Generation >= slot.Generation && !a.Lease.Work.improves(a, token) {
		return a, false, nil
	}
	if f != nil {
		f.Outcome.MissingScopes = missingScopes(a.Lease.RequestedScopes, token.Scopes)
	}
	a, err = s.adopt(ctx, a, slot, ref, token, f)
	return a, err == nil, err
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
