package igauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// emptyWithin bounds how long somebody who takes a token away may work on the
// vault.
const emptyWithin = 2 * time.Minute

// keepErased is how long the ledger keeps what is left of an erased account. A
// writer that slept longer than this, such as a command on a laptop, may find a
// new row and take it for its own only if that has been saved as often.
const keepErased = 30 * 24 * time.Hour

// Disconnect takes the token of an account away. When it returns no read
// succeeds any more, and nobody who was being connected before succeeds; what the
// vault cannot remove now, a later run removes. A disconnected account is
// disconnected again without complaint.
func (s *Store) Disconnect(ctx context.Context, id AccountID) (Account, error) {
	a, _, err := s.disconnect(ctx, id)
	return a, err
}

// disconnect is Disconnect, and reports whether that was done before.
func (s *Store) disconnect(ctx context.Context, id AccountID) (a Account, before bool, err error) {
	for {
		if a, err = s.Account(ctx, id); err != nil {
			return Account{}, false, err
		}
		before = a.Status == StatusDisconnected
		if before && !a.Lease.Work.byPerson() {
			// There is no token to take away. Who consented before now, and has not
			// come as far as the row, is too late all the same.
			a.EndedAt = latest(a.EndedAt, s.now().UTC())
			if err = s.save(ctx, &a, nil); err != nil {
				err = fmt.Errorf("writing down the disconnection: %w", err)
			}
		} else {
			a, err = s.takeAway(ctx, a, func(a *Account) { a.disconnect(s.now(), s.now(), "") }, Change{})
		}
		if !errors.Is(err, ErrConflict) {
			return a, before, err
		}
	}
}

// Erase takes the token of an account away and forgets all that is known of the
// account. When it returns no read finds the account any more, and nobody who was
// being connected before succeeds; what the vault cannot remove now, a later run
// removes. An account that is unknown, or erased, is erased without complaint, as
// somebody may just be connecting it; the answer says whether it was known.
func (s *Store) Erase(ctx context.Context, id AccountID) (known bool, err error) {
	if !id.Valid() {
		return false, newError(CodeAccountNotFound, nil)
	}
	for {
		a, err := read(ctx, func(ctx context.Context) (Account, error) { return s.ledger.Account(ctx, id) })
		if err != nil {
			return false, fmt.Errorf("reading the account: %w", err)
		}
		if a.Revision == 0 {
			a = Account{Profile: Profile{ID: id}, Login: LoginInstagram}
		}
		persons, err := s.unlist(ctx, nil, a, true)
		if err != nil {
			return false, err
		}
		var with Change
		if err := s.carry(ctx, persons, &with); errors.Is(err, ErrConflict) {
			continue
		} else if err != nil {
			return false, err
		}
		known = a.Connected()
		_, err = s.takeAway(ctx, a, func(a *Account) { a.erase(s.now(), s.now()) }, with)
		if !errors.Is(err, ErrConflict) {
			return known, err
		}
	}
}

// AccountsOf returns the connected accounts that Meta may mean by an id: the one
// whose id it is, or those that the person of that app-scoped id has connected.
// The list of whom Meta wants erased has ids of the second kind.
func (s *Store) AccountsOf(ctx context.Context, id string) ([]AccountID, error) {
	listed := []AccountID{AccountID(id)}
	for _, login := range []Login{LoginInstagram, LoginFacebook} {
		p, err := read(ctx, func(ctx context.Context) (Person, error) { return s.ledger.Person(ctx, NewPersonID(login, id)) })
		if err != nil {
			return nil, fmt.Errorf("reading the person: %w", err)
		}
		listed = append(listed, p.Accounts...)
	}
	var accounts []AccountID
	for _, account := range slices.Compact(slices.Sorted(slices.Values(listed))) {
		a, err := read(ctx, func(ctx context.Context) (Account, error) { return s.ledger.Account(ctx, account) })
		if err != nil {
			return nil, fmt.Errorf("reading the account: %w", err)
		}
		if a.Connected() && a.isMeantBy(id) {
			accounts = append(accounts, account)
		}
	}
	return accounts, nil
}

// isMeantBy reports whether an id is the account's, or that of whoever connected
// it last.
func (a Account) isMeantBy(id string) bool { return string(a.ID) == id || a.AppScopedID == id }

// takeAway saves a change that takes an account's token away, in one transaction
// with other records, and empties the vault. ErrConflict means that one of them has
// changed.
func (s *Store) takeAway(ctx context.Context, a Account, change func(*Account), with Change) (Account, error) {
	displaced, kept := a.Lease, s.vault.Keeps(a.Ref) || !a.SweepAt.IsZero()
	change(&a)
	if !kept && displaced.Attempt == "" {
		s.rest(&a) // the token is gone with the row
	} else {
		a.sweepFrom(s.now())
		lease, err := s.lease(WorkEmpty, emptyWithin)
		if err != nil {
			return Account{}, err
		}
		a.claim(lease)
	}
	with.Account = &a
	if err := s.saveAll(ctx, with); err != nil {
		return Account{}, fmt.Errorf("taking the token away: %w", err)
	}
	s.log.InfoContext(ctx, "token taken away", "accountId", a.ID, "status", a.Status)
	if a.SweepAt.IsZero() {
		return a, nil
	}
	if err := s.empty(ctx, &a); err != nil {
		s.log.WarnContext(ctx, "vault not emptied yet", "accountId", a.ID, "err", err)
	}
	return a, nil
}

// empty removes all that the vault keeps for an account that this worker holds
// for that, before the lease ends: afterwards the owner may have connected again.
func (s *Store) empty(ctx context.Context, a *Account) error {
	if s.vault.Keeps(a.Ref) {
		// Whatever the row says: what is there is the account's own.
		a.SweepAt, a.Swept = time.Time{}, false
		return s.endHere(ctx, a)
	}
	// A machine that has slept sees here that its time is over. A function keeps
	// some for its answer.
	within := a.Lease.Until.Sub(s.now())
	if end, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(end)-lastWords)
	}
	work, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := s.vault.Destroy(work, a.slot())
	switch {
	case errors.Is(err, ErrConflict) && a.Ref != "":
		// It is of an attempt that lost; the account's next token outlives it.
		a.sweepFrom(s.now().Add(24 * time.Hour))
	case err != nil && work.Err() != nil:
		return errors.Join(errVaultHangs, err)
	case err != nil:
		return err
	default:
		a.swept(s.now())
	}
	if err := s.endHere(ctx, a); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	return nil
}

// errVaultHangs says that the vault used up the time that there was to empty it.
var errVaultHangs = errors.New("the vault does not answer")

// endHere saves an account whose vault is empty, or will be looked at later.
func (s *Store) endHere(ctx context.Context, a *Account) error {
	s.rest(a)
	return s.save(ctx, a, nil)
}

// rest gives back an account that was ended, to be forgotten if there is nothing
// left to do.
func (s *Store) rest(a *Account) {
	if a.Status == StatusDeleting && a.SweepAt.IsZero() {
		a.ForgetAt = s.now().Add(keepErased).UTC()
	}
	a.release()
	a.DueAt = s.dueAt(*a)
}

// sweep has a later run empty the vault if an attempt put a token there that no
// row will point to, while the row's own token, if there is one, is kept
// elsewhere. If the vault is just being emptied, perhaps a moment too early,
// whoever does that fails to write so into the row. As long as the row names the
// attempt, a run finds the token by that.
func (s *Store) sweep(ctx context.Context, late Account) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	for {
		a, err := s.row(ctx, late.ID)
		if err == nil && (s.vault.Keeps(a.Ref) || a.Lease.Attempt == late.Lease.Attempt) {
			return
		}
		if err == nil {
			a.sweepFrom(s.now())
			a.DueAt = s.dueAt(a)
			err = s.save(ctx, &a, nil)
		}
		if err == nil {
			return
		}
		if !errors.Is(err, ErrConflict) {
			s.log.WarnContext(ctx, "vault may hold a token that no account has", "accountId", late.ID, "err", err)
			return
		}
	}
}
