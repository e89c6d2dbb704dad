package igauth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweep has a later run empty the vault again if the account was disconnected
// while a token was on its way there. It takes the row from whoever is emptying
// the vault at this moment, who may have done so just before the token came, and
// leaves that worker its time: until then nobody connects the account.
func (s *Store) sweep(ctx context.Context, id AccountID) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	for {
		a, err := s.row(ctx, id)
		if err == nil && (a.Status != StatusDisconnected || a.Lease.Connecting) {
			return
		}
		if err == nil {
			var lease Lease
			if lease, err = s.lease(latest(s.now(), a.Lease.Until)); err == nil {
				a.claim(lease)
				err = s.save(ctx, &a, nil)
			}
		}
		if err == nil {
			return
		}
		if !errors.Is(err, ErrConflict) {
			s.log.WarnContext(ctx, "vault may hold a token of a disconnected account", "accountId", id, "err", err)
			return
		}
	}
}

// destroyWithin bounds how long a disconnect may work on the vault.
const destroyWithin = 2 * time.Minute

// Disconnect takes the token of an account away. When it returns no read
// succeeds any more; what the vault cannot remove now, a later run removes. A
// disconnected account is disconnected again without complaint.
func (s *Store) Disconnect(ctx context.Context, id AccountID) (Account, error) {
	for {
		a, err := s.Account(ctx, id)
		if err != nil {
			return Account{}, err
		}
		if a.Status == StatusDisconnected {
			return a, nil
		}
		lease, err := s.lease(s.now().Add(destroyWithin))
		if err != nil {
			return Account{}, err
		}
		displaced := a.Lease
		a.disconnect(s.now())
		a.claim(lease)
		if err := s.save(ctx, &a, nil); errors.Is(err, ErrConflict) {
			continue
		} else if err != nil {
			return Account{}, fmt.Errorf("disconnecting the account: %w", err)
		}
		s.log.InfoContext(ctx, "account disconnected", "accountId", id)
		if err := s.destroy(ctx, &a, displaced.Until); err != nil {
			s.log.WarnContext(ctx, "vault not emptied yet", "accountId", id, "err", err)
		}
		return a, nil
	}
}

// destroy empties the vault for a disconnected account that this worker holds,
// before the lease ends: afterwards the owner may have connected again. A worker
// that lost the account to the disconnection may still put a token until a time;
// then a run empties the vault once more. An owner who connects before that does
// not have to wait for it.
func (s *Store) destroy(ctx context.Context, a *Account, lateUntil time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, a.Lease.Until.Sub(s.now()))
	defer cancel()
	if err := s.vault.Destroy(ctx, a.ID); err != nil {
		return err
	}
	if now := s.now().UTC(); lateUntil.After(now) {
		a.Lease.Until, a.DueAt = now, lateUntil
	} else {
		a.release()
		a.DueAt = time.Time{}
	}
	if err := s.save(ctx, a, nil); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	return nil
}
