package igauth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// intend writes down, in the account's row and in the flow if there is one, that
// an attempt is about to store a token that a person brings. A refresh that is
// under way loses its claim and can no longer commit. Only a vault that is being
// emptied is waited for. An account that moved on in a way that check names is
// left alone, and so is one whose owner took the app's access away at the time of
// the consent or later. The lease names the login.
func (s *Store) intend(ctx context.Context, profile Profile, consented time.Time, lease Lease, flow *Flow, check func(Account) error) (Account, error) {
	for {
		now := s.now()
		a, err := s.row(ctx, profile.ID)
		switch {
		case errors.Is(err, ErrNotFound):
			a = Account{Login: lease.Login, Status: StatusConnecting}
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
		person, err := s.list(ctx, lease.Login, profile, consented, a)
		if err != nil {
			return Account{}, err
		}
		shown := profile
		if a.Status == StatusConnecting {
			a.Login = lease.Login // an attempt that died may have come through the other
		} else {
			// Until the new token is stored, the account is that of whom it was.
			shown.AppScopedID, shown.PageID = a.AppScopedID, a.PageID
		}
		a.ID = profile.ID
		a.setProfile(shown, now)
		if profile.AppScopedID != "" {
			a.ListedAs = NewPersonID(lease.Login, profile.AppScopedID)
		}
		if a.Lease.Attempt != "" && a.Lease.Attempt != lease.Attempt && !s.vault.Keeps(a.Ref) {
			// What that attempt has put into the vault nobody finds any more.
			a.sweepFrom(latest(now, a.Lease.Until))
		}
		lease.AppScopedID, lease.PageID = profile.AppScopedID, profile.PageID
		lease.ConsentedAt = time.Time{}
		if a.Ref == "" || a.Login != lease.Login {
			// Whoever takes away a token of the same login ends the attempt with it.
			lease.ConsentedAt = consented.UTC().Truncate(time.Second) // as Meta counts
		}
		a.claim(lease)
		if flow != nil {
			flow.Account = a.ID
		}
		err = s.saveAll(ctx, Change{Account: &a, Flow: flow, Person: person})
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

// list returns the person who brings an account, with the account listed, to be
// saved; nil if that is the account's own, who lists it already, or Meta does not
// say who it is. A person who took access away at the time of the consent, or
// later, connects nothing.
//
// A removal changes the row of an account that is the person's own, and no other's:
// there the person is what it and a connection both change.
func (s *Store) list(ctx context.Context, login Login, profile Profile, consented time.Time, a Account) (*Person, error) {
	if profile.AppScopedID == "" {
		return nil, nil
	}
	id := NewPersonID(login, profile.AppScopedID)
	p, err := read(ctx, func(ctx context.Context) (Person, error) { return s.ledger.Person(ctx, id) })
	if err != nil {
		return nil, fmt.Errorf("reading the person: %w", err)
	}
	// Meta counts in seconds.
	if !p.EndedAt.IsZero() && !p.EndedAt.Before(consented.Truncate(time.Second)) {
		return nil, newError(CodeDisconnected, nil)
	}
	if p.has(profile.ID) && a.person() == id {
		return nil, nil
	}
	p.ID = id
	p = p.with(profile.ID)
	return &p, nil
}
