package igauth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Revoker asks Meta to take the app's access away. Errors are of type *Error.
type Revoker interface {
	// Revoke ends the access that a token gives. With Facebook Login that is all
	// access of the person with that app-scoped id, to every account they have
	// connected.
	Revoke(ctx context.Context, login Login, person string, token Secret) error
}

// A Revocation says what became of the app's access at Meta when we disconnected
// an account.
type Revocation string

// The revocations. Whatever they say, our copy of the token is destroyed.
const (
	// Revoked means that Meta says so.
	Revoked Revocation = "revoked"
	// RevocationFailed means that Meta was asked in vain: Instagram documents no
	// way to do it.
	RevocationFailed Revocation = "failed"
	// RevocationKept means that Meta was not asked, since the same person has
	// other accounts connected here, which would lose their access, too.
	RevocationKept Revocation = "kept_for_other_accounts"
	// RevocationNone means that there was no live token to ask Meta with.
	RevocationNone Revocation = "not_possible"
	// RevocationRepeated means that the account was disconnected already: what
	// became of the access was said then.
	RevocationRepeated Revocation = "already_disconnected"
)

// RemoveAppHint tells an owner how to take the app's access away at Instagram or
// Facebook themselves, in English.
func RemoveAppHint(login Login) string {
	if login == LoginFacebook {
		return "To take the app's access away at Facebook, too, whoever connected the account opens Facebook, Settings, Business integrations, and removes the app."
	}
	return "To take the app's access away at Instagram, too, its owner opens Instagram, Settings, Apps and websites, and removes the app."
}

// nobody is asked where there is no Revoker.
type nobody struct{}

func (nobody) Revoke(context.Context, Login, string, Secret) error {
	return newError(CodeUnavailable, errors.New("this program does not ask Meta"))
}

// revokeWithin bounds how long Meta may take to take access away.
const revokeWithin = 5 * time.Second

// DisconnectAt is Disconnect, after which Meta is asked to take the app's access
// away. That is best effort: the account is disconnected and its token destroyed
// in any case, before Meta is asked.
func (s *Store) DisconnectAt(ctx context.Context, meta Revoker, id AccountID) (Account, Revocation, error) {
	before, token, err := s.Token(ctx, id, 0)
	if err != nil && before.ID == "" {
		return Account{}, "", err // there is no such account, or the ledger does not answer
	}
	hasToken := err == nil
	a, again, err := s.disconnect(ctx, id)
	switch {
	case err != nil:
		return Account{}, "", err
	case !hasToken && again:
		return a, RevocationRepeated, nil
	case !hasToken:
		return a, RevocationNone, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeWithin)
	defer cancel()
	secret := token.Value
	if before.Login == LoginFacebook {
		alone, err := s.lastOfPerson(ctx, before)
		if err != nil {
			s.log.WarnContext(ctx, "access not revoked", "accountId", id, "err", err)
			return a, RevocationFailed, nil
		}
		if !alone {
			return a, RevocationKept, nil
		}
		if !token.UserToken.IsZero() {
			secret = token.UserToken
		}
	}
	if err := meta.Revoke(ctx, before.Login, before.AppScopedID, secret); err != nil {
		s.log.WarnContext(ctx, "access not revoked", "accountId", id, "code", CodeOf(err), "err", err)
		return a, RevocationFailed, nil
	}
	s.log.InfoContext(ctx, "access revoked", "accountId", id)
	return a, Revoked, nil
}

// lastOfPerson reports whether whoever connected an account has no other account
// here that lives by the same consent.
func (s *Store) lastOfPerson(ctx context.Context, a Account) (bool, error) {
	p, err := read(ctx, func(ctx context.Context) (Person, error) { return s.ledger.Person(ctx, a.person()) })
	if err != nil {
		return false, fmt.Errorf("reading the person: %w", err)
	}
	for _, id := range p.Accounts {
		if id == a.ID {
			continue
		}
		other, err := read(ctx, func(ctx context.Context) (Account, error) { return s.ledger.Account(ctx, id) })
		if err != nil {
			return false, fmt.Errorf("reading the person's other accounts: %w", err)
		}
		if other.person() == a.person() && other.Connected() && other.Status != StatusDisconnected {
			return false, nil
		}
	}
	return true, nil
}
