package igauth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

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
	former := s.former(ctx, a)
	for {
		next := a
		next.adopt(lease, token, ref)
		s.point(&next, a.Ref)
		next.DueAt = s.dueAt(next)
		err := s.saveAll(ctx, Change{Account: &next, Flow: f, Person: former})
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
		case fresh.Revision == a.Revision && former != nil:
			former = nil // Their record has changed. A list that is too long does no harm.
		case fresh.Revision == a.Revision && f == nil:
			return Account{}, ErrConflict
		case fresh.Revision == a.Revision:
			// It is the flow that somebody else has ended. The token counts.
			f = nil
		}
		a = fresh
	}
}

// former returns, without an account that an attempt brings, the person by whom it
// was connected before, to be saved with the token; nil if that is nobody, or the
// same one. An erasure finds an account with whoever connected it last.
func (s *Store) former(ctx context.Context, a Account) *Person {
	before := a.person()
	if !a.Lease.Work.byPerson() || a.Lease.Login == "" || before == "" || before == NewPersonID(a.Lease.Login, a.Lease.AppScopedID) {
		return nil
	}
	p, err := read(ctx, func(ctx context.Context) (Person, error) { return s.ledger.Person(ctx, before) })
	if err != nil {
		s.log.WarnContext(ctx, "person not read", "accountId", a.ID, "err", err)
	}
	if err != nil || !p.has(a.ID) {
		return nil
	}
	p = p.without(a.ID, s.now())
	return &p
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
