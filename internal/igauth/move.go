package igauth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Move has the vault keep the token of an account once more, in the way in which
// it would keep a new one, and then removes what it kept before. The token, its
// generation, and everything else about the account stay the same, so that a
// reader notices nothing.
//
// The answer is CodeInProgress while somebody works on the account; then it can
// be moved later. Whatever happens, the row points to one of the two places, and
// a token that was moved but not removed is removed by a later run.
func (s *Store) Move(ctx context.Context, id AccountID) error {
	a, err := s.row(ctx, id)
	switch {
	case err != nil:
		return fmt.Errorf("reading the account: %w", err)
	case a.Ref == "":
		return nil
	case a.leased(s.now()):
		return newError(CodeInProgress, nil)
	case a.Lease.Attempt != "":
		// An attempt that did not come back is the runs' to finish.
		return newError(CodeInProgress, nil)
	}
	if err := s.move(ctx, a); errors.Is(err, ErrConflict) {
		return newError(CodeInProgress, err)
	} else if err != nil {
		return err
	}
	return nil
}

// move is Move of an account that nobody works on.
func (s *Store) move(ctx context.Context, a Account) error {
	if err := s.claim(ctx, &a, WorkMove, emptyWithin); err != nil {
		return err
	}
	work, cancel := context.WithTimeout(ctx, emptyWithin/2)
	defer cancel()
	slot := a.slot()
	slot.Attempt = a.Lease.Attempt
	ref, err := s.keepAgain(work, a, slot)
	if err != nil {
		return errors.Join(err, s.giveBack(ctx, a))
	}
	replaced := a.Ref
	a.Ref = ref
	s.point(&a, replaced)
	if a.SweepAt.IsZero() {
		a.release()
	} else {
		a.Lease.Work = WorkEmpty
	}
	a.DueAt = s.policy.Plan(a).At
	if err := s.save(ctx, &a, nil); err != nil {
		s.sweep(ctx, a.ID, ref)
		return err
	}
	if a.Unpromoted {
		return s.promote(ctx, &a, slot, "")
	}
	if !a.SweepAt.IsZero() {
		return s.empty(ctx, &a, time.Time{})
	}
	return nil
}

// keepAgain reads the account's token and puts it again.
func (s *Store) keepAgain(ctx context.Context, a Account, slot Slot) (ref Ref, err error) {
	var token Token
	err = patiently(ctx, func() (err error) {
		token, err = s.vault.Get(ctx, a.slot(), a.Ref)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reading the token: %w", err)
	}
	err = patiently(ctx, func() (err error) {
		ref, err = s.vault.Put(ctx, slot, a.Profile, token)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("keeping the token: %w", err)
	}
	return ref, nil
}

// giveBack ends an attempt that changed nothing.
func (s *Store) giveBack(ctx context.Context, a Account) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	a.release()
	a.DueAt = s.policy.Plan(a).At
	return s.save(ctx, &a, nil)
}
