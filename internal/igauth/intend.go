package igauth

import (
	"context"
	"errors"
	"fmt"
)

// intend writes down, in the account's row and in the flow if there is one, that
// an attempt is about to store a token that a person brings. A refresh that is
// under way loses its claim and can no longer commit. Only a vault that is being
// emptied is waited for. An account that moved on in a way that check names is
// left alone.
func (s *Store) intend(ctx context.Context, profile Profile, lease Lease, flow *Flow, check func(Account) error) (Account, error) {
	for {
		now := s.now()
		a, err := s.row(ctx, profile.ID)
		switch {
		case errors.Is(err, ErrNotFound):
			a = Account{Login: LoginInstagram, Status: StatusConnecting}
		case err != nil:
			return Account{}, fmt.Errorf("reading the account: %w", err)
		case a.emptying(now):
			if err := sleep(ctx, pollEvery); err != nil {
				return Account{}, newError(CodeUnavailable, err)
			}
			continue
		}
		if err := check(a); err != nil {
			return Account{}, err
		}
		a.ID = profile.ID
		a.setProfile(profile, now)
		if a.Lease.Attempt != "" && a.Lease.Attempt != lease.Attempt && !s.vault.Keeps(a.Ref) {
			// What that attempt has put into the vault nobody finds any more.
			a.sweepFrom(latest(now, a.Lease.Until))
		}
		a.claim(lease)
		if flow != nil {
			flow.Account = a.ID
		}
		err = s.save(ctx, &a, flow)
		if err == nil {
			return a, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Account{}, fmt.Errorf("claiming the account: %w", err)
		}
		if flow == nil {
			continue
		}
		var current Flow
		err = patiently(ctx, func() (err error) {
			current, err = s.ledger.Flow(ctx, flow.ID)
			return err
		})
		if err != nil {
			return Account{}, fmt.Errorf("reading the flow: %w", err)
		}
		if current.Revision != flow.Revision {
			return Account{}, newError(CodeOutcomeUnknown, ErrConflict)
		}
	}
}
