package igauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A RemovalRequest is what an authentic callback of Meta asks for.
type RemovalRequest struct {
	Kind RemovalKind
	// Code names the request: see [Removal].
	Code string
	// UserID is whom Meta names: an app-scoped id or, as nobody has documented
	// that it is not, the id of the account itself.
	UserID string
	// Logins are those whose app may have sent the request.
	Logins []Login
	// At is when the person asked Meta.
	At time.Time
}

const (
	// keepReceipt is how long the receipt of an erasure can be read, and
	// keepRemoval how long any other removal is recognized when it comes again.
	keepReceipt = 365 * 24 * time.Hour
	keepRemoval = 30 * 24 * time.Hour
	// finishAfter is how long a removal belongs to the request that began it, and
	// lateAfter after which time somebody should know that it is not done.
	finishAfter = 5 * time.Minute
	lateAfter   = time.Hour
)

// Remove takes away the accounts of a person who asked Meta for that. When it
// returns no read of their tokens succeeds any more, and nobody who consented
// before that time is connected later. An account whose owner has consented since
// is left alone, and a person whom nobody knows is no error. The same request may
// come again, and changes nothing then.
//
// What the vault cannot remove now, a later run removes; then the removal is not
// done yet.
func (s *Store) Remove(ctx context.Context, request RemovalRequest) (Removal, error) {
	for {
		r, err := s.removal(ctx, request.Code)
		if err != nil {
			return Removal{}, err
		}
		if r.Revision == 0 {
			r, err = s.beginRemoval(ctx, request)
		}
		if err == nil {
			r, err = s.finishRemoval(ctx, r)
		}
		if !errors.Is(err, ErrConflict) {
			return r, err
		}
	}
}

// Receipt returns the removal of a confirmation code, or CodeReceiptUnknown.
func (s *Store) Receipt(ctx context.Context, code string) (Removal, error) {
	r, err := s.removal(ctx, code)
	if err == nil && (r.Revision == 0 || r.Kind != RemovalErase || !s.now().Before(r.ForgetAt)) {
		err = newError(CodeReceiptUnknown, nil)
	}
	return r, err
}

// removal reads a removal; one that is not known has no revision.
func (s *Store) removal(ctx context.Context, code string) (Removal, error) {
	r, err := read(ctx, func(ctx context.Context) (Removal, error) { return s.ledger.Removal(ctx, code) })
	if err != nil {
		return Removal{}, fmt.Errorf("reading the removal: %w", err)
	}
	return r, nil
}

// beginRemoval writes the request down, with the watermark, and ends the first of
// the accounts in the same transaction. ErrConflict means that something has
// changed meanwhile.
func (s *Store) beginRemoval(ctx context.Context, request RemovalRequest) (Removal, error) {
	now := s.now().UTC()
	r := Removal{
		Code: request.Code, Kind: request.Kind,
		Logins: slices.Clone(request.Logins), RequestedAt: request.At.UTC(), ReceivedAt: now, ForgetAt: now.Add(keepRemoval),
	}
	if r.Kind == RemovalErase {
		r.ForgetAt = now.Add(keepReceipt)
	}
	persons := make([]Person, 0, len(request.Logins))
	known := []AccountID{AccountID(request.UserID)}
	for _, login := range request.Logins {
		p, err := s.endPerson(ctx, NewPersonID(login, request.UserID), request.At)
		if err != nil {
			return Removal{}, err
		}
		persons, known = append(persons, p), append(known, p.Accounts...)
	}
	var accounts []Account
	for _, id := range slices.Compact(slices.Sorted(slices.Values(known))) {
		a, err := read(ctx, func(ctx context.Context) (Account, error) { return s.ledger.Account(ctx, id) })
		switch {
		case errors.Is(err, ErrDamaged):
			// It stays open until somebody has mended it, and stops no other.
			r.Accounts = append(r.Accounts, id)
		case err == nil && r.awaits(a) && request.names(a):
			if a.Status != StatusConnecting { // then there was nothing before
				r.Accounts = append(r.Accounts, id)
			}
		case err != nil:
			return Removal{}, fmt.Errorf("reading the account: %w", err)
		case r.concerns(a) && request.names(a):
			accounts, r.Accounts = append(accounts, a), append(r.Accounts, id)
		case r.Kind == RemovalErase && !request.names(a):
			// Somebody else has connected it since.
			for i := range persons {
				persons[i] = persons[i].without(id, s.now())
			}
		}
	}
	r.Ended = len(r.Accounts)
	if len(r.Accounts) == 0 {
		r.DoneAt = now
	}
	if r.Kind == RemovalErase && len(accounts) > 0 {
		// The others leave their lists one by one, each with its token: who comes
		// again after a crash must find those that are left.
		var err error
		if persons, err = s.unlist(ctx, persons, accounts[0], r.owns(accounts[0])); err != nil {
			return Removal{}, err
		}
	}
	with := Change{Removal: &r}
	// A watermark alone does no harm.
	if err := s.carry(ctx, persons, &with); err != nil {
		return Removal{}, err
	}
	if len(accounts) == 0 {
		if err := s.saveAll(ctx, with); err != nil {
			return Removal{}, fmt.Errorf("writing down the removal: %w", err)
		}
		return r, nil
	}
	_, err := s.takeAway(ctx, accounts[0], func(a *Account) { r.end(a, now) }, with)
	return r, err
}

// names reports whether a request is about an account: Meta names it by its own
// id, or the person who connected it last or is connecting it. An attempt of an
// older version does not say who that is, so that whoever has ever connected the
// account is believed.
func (r RemovalRequest) names(a Account) bool {
	connecting := a.Lease.AppScopedID == r.UserID || a.Lease.AppScopedID == ""
	return a.isMeantBy(r.UserID) || a.Lease.Work.byPerson() && connecting
}

// endPerson returns a person with the watermark of a removal, to be saved.
func (s *Store) endPerson(ctx context.Context, id PersonID, at time.Time) (Person, error) {
	p, err := read(ctx, func(ctx context.Context) (Person, error) { return s.ledger.Person(ctx, id) })
	if err != nil {
		return Person{}, fmt.Errorf("reading the person: %w", err)
	}
	p.ID, p.EndedAt = id, latest(p.EndedAt, at.UTC())
	if len(p.Accounts) == 0 {
		p.ForgetAt = s.now().Add(keepErased).UTC()
	}
	return p, nil
}

// unlist takes an account that a removal concerns out of the records that list it.
// It returns those behind the other persons, the one by which a removal finds the
// account as the last.
func (s *Store) unlist(ctx context.Context, persons []Person, a Account, owned bool) ([]Person, error) {
	listed := []PersonID{a.ListedAs, a.person()}
	switch {
	case !owned && a.ListedAs == a.person():
		return persons, nil
	case !owned, a.ListedAs == a.person():
		listed = listed[:1] // of an attempt through another login, or there is but one
	}
	for _, id := range listed {
		if id == "" {
			continue
		}
		i := slices.IndexFunc(persons, func(p Person) bool { return p.ID == id })
		if i >= 0 {
			p := persons[i].without(a.ID, s.now())
			persons = append(slices.Delete(slices.Clone(persons), i, i+1), p)
			continue
		}
		p, err := read(ctx, func(ctx context.Context) (Person, error) { return s.ledger.Person(ctx, id) })
		if err != nil {
			return nil, fmt.Errorf("reading the person: %w", err)
		}
		if p.has(a.ID) {
			persons = append(persons, p.without(a.ID, s.now()))
		}
	}
	return persons, nil
}

// carry has the last of the persons saved with a change, and saves the others now.
func (s *Store) carry(ctx context.Context, persons []Person, with *Change) error {
	if len(persons) == 0 {
		return nil
	}
	last := len(persons) - 1
	for _, p := range persons[:last] {
		if err := s.saveAll(ctx, Change{Person: &p}); err != nil {
			return fmt.Errorf("saving a person: %w", err)
		}
	}
	with.Person = &persons[last]
	return nil
}

// concerns reports whether a removal is about an account: it is there, came
// through one of the logins or is just coming, and its owner has not consented
// since.
func (r Removal) concerns(a Account) bool {
	coming := a.Lease.Work.byPerson() && slices.Contains(r.Logins, a.Lease.Login) && !r.isBefore(a.Lease.ConsentedAt)
	return a.Revision > 0 && (r.owns(a) || coming) && !r.precedes(a)
}

// precedes reports whether an account's owner has consented since the request.
func (r Removal) precedes(a Account) bool { return r.isBefore(a.ConnectedAt) }

// isBefore reports whether a consent came after the request. Meta counts in
// seconds, and in the same one the request counts: who is asked once more loses less
// than who is not believed.
func (r Removal) isBefore(consent time.Time) bool {
	return consent.Truncate(time.Second).After(r.RequestedAt)
}

// awaits reports whether a removal must wait for what becomes of an account: all
// tokens of before the request are gone, and somebody is connecting it by a consent
// of after that. If nothing comes of it, there is something left to do.
func (r Removal) awaits(a Account) bool {
	return a.Ref == "" && a.Lease.Work.byPerson() && r.isBefore(a.Lease.ConsentedAt) && r.owns(a) && !r.precedes(a)
}

// owns reports whether an account came through one of the removal's logins.
func (r Removal) owns(a Account) bool { return slices.Contains(r.Logins, a.Login) }

// end does to an account what the removal asks for. An account of another login
// that is just being connected through this one only loses that connection.
func (r Removal) end(a *Account, now time.Time) {
	switch {
	case !r.owns(*a):
		a.EndedAt = latest(a.EndedAt, r.RequestedAt) // by which the attempt sees it
		a.ListedAs = a.person()
		a.release()
	case r.Kind == RemovalErase || !a.Connected(): // which is no account that could be disconnected
		a.erase(now, r.RequestedAt)
	default:
		a.disconnect(now, r.RequestedAt, "the app was removed at Meta")
	}
}

// finishRemoval ends what a removal has not ended yet, and writes down that it is
// done when the vault has nothing left.
func (s *Store) finishRemoval(ctx context.Context, r Removal) (Removal, error) {
	if r.Done() {
		return r, nil
	}
	var problems []error
	left := false
	for _, id := range r.Accounts {
		gone, err := s.finishAccount(ctx, r, id)
		problems = append(problems, err)
		left = left || !gone
	}
	if err := errors.Join(problems...); err != nil || left {
		return r, err
	}
	done := r
	done.Accounts, done.DoneAt = nil, s.now().UTC()
	switch err := s.saveAll(ctx, Change{Removal: &done}); {
	case errors.Is(err, ErrConflict):
		return r, err
	case err != nil:
		// Nothing can be read any more, which is what was asked for.
		s.log.WarnContext(ctx, "removal not written down as done yet", "asksFor", r.Kind, "err", err)
		return r, nil
	}
	s.log.InfoContext(ctx, "removal done", "asksFor", done.Kind, "accounts", done.Ended)
	return done, nil
}

// leftBehind reports whether an account has ended, and nobody is emptying the vault.
func leftBehind(a Account, now time.Time) bool {
	return a.ended() && !a.SweepAt.IsZero() && !a.Swept && !a.leased(now)
}

// finishAccount ends one account of a removal, and reports whether nothing of it
// is left.
func (s *Store) finishAccount(ctx context.Context, r Removal, id AccountID) (gone bool, err error) {
	for {
		a, err := read(ctx, func(ctx context.Context) (Account, error) { return s.ledger.Account(ctx, id) })
		if err != nil {
			return false, fmt.Errorf("reading the account: %w", err)
		}
		switch {
		case a.Revision == 0 || r.precedes(a) || !r.owns(a) && !r.concerns(a):
			return true, nil
		case r.awaits(a):
			return false, nil
		case a.Lease.Work.byPerson() || leftBehind(a, s.now()) || a.Status != StatusDeleting && (a.Status != StatusDisconnected || r.Kind == RemovalErase):
			var with Change
			if r.Kind == RemovalErase {
				persons, err := s.unlist(ctx, nil, a, r.owns(a))
				if err == nil {
					err = s.carry(ctx, persons, &with)
				}
				if errors.Is(err, ErrConflict) {
					continue
				}
				if err != nil {
					return false, err
				}
			}
			a, err = s.takeAway(ctx, a, func(a *Account) { r.end(a, s.now()) }, with)
			if errors.Is(err, ErrConflict) {
				continue
			}
			if err != nil {
				return false, err
			}
		}
		return a.SweepAt.IsZero() || a.Swept, nil
	}
}
