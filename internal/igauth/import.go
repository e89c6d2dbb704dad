package igauth

import (
	"context"
	"errors"
	"strings"
	"time"
)

// An Import is a token that a person brings, such as one from "Generate token" in
// Meta's dashboard.
type Import struct {
	Token Secret
	// Scopes are the permissions that the token is said to have, nil if nobody
	// says. Meta tells them only when somebody consents.
	Scopes []string
	// Replace allows that the account has a live token already.
	Replace bool
	// Account is the id or username of the account that is meant; empty means the
	// one that the token reaches.
	Account string
}

// longLived is how long a token lives from its issue or its last refresh
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login),
// and youngest the age below which Meta refuses to refresh it.
const (
	longLived = 60 * 24 * time.Hour
	youngest  = 24 * time.Hour
)

// importWithin bounds how long the storing of an imported token may take.
const importWithin = 30 * time.Second

// Import makes a token that somebody brings the token of its account. Meta says
// whose it is. How old it is Meta does not say, but a refresh does: if the token
// is older than a day it is refreshed at once, and its end is known. If it is
// younger, its end is assumed to be 59 days away, which is a day too early at
// most, until a refresh confirms it; Account.ConfirmAt says when.
//
// The token is stored before it is refreshed, so that nothing is lost when the
// refresh is. An account that has a live token keeps it, unless Replace is set:
// CodeAlreadyConnected. CodeInProgress means that somebody works on the account.
//
// A token of Facebook Login is a person's or a system user's; see importFacebook.
func (r *Refresher) Import(ctx context.Context, in Import) (Account, error) {
	if err := CheckTokenText(in.Token); err != nil {
		if r.facebook != nil && CodeOf(err) == CodeTokenFacebook {
			return r.importFacebook(ctx, in)
		}
		return Account{}, err
	}
	began := r.store.now()
	profile, err := r.owner(ctx, in.Token)
	if err != nil {
		return Account{}, err
	}
	if strings.EqualFold(profile.AccountType, "PERSONAL") {
		return Account{}, newError(CodePersonalAccount, nil)
	}
	if !means(in.Account, profile.ID, profile.Username) {
		return Account{}, &Error{Code: CodeAccountNotShown, Class: ClassRefused, Detail: "the token is of " + named(profile.ID, profile.Username)}
	}
	var held Account
	if in.Replace {
		var same bool
		if held, same = r.store.holds(ctx, profile.ID, in.Token); same {
			return held, nil
		}
		// A token of which the next one was made may be dead since. What lives now,
		// and is not the account's, was not replaced by the account's.
		if _, err := r.owner(ctx, in.Token); err != nil {
			return Account{}, err
		}
	}
	a, err := r.keepImport(ctx, began, in, held, LoginInstagram, profile, Token{Value: in.Token, Scopes: sortedScopes(in.Scopes)})
	if err != nil {
		return Account{}, err
	}
	r.log.InfoContext(ctx, "token imported", "accountId", a.ID)
	run := r.newRunAlone()
	// Meta has just accepted the token; if it refuses to refresh it, it is not one
	// that can be kept alive.
	run.app(a).breaker.believe = true
	err = run.refresh(ctx, a)
	if fresh, again := r.store.Account(ctx, a.ID); again == nil {
		a = fresh
	}
	if err == nil && !a.Status.Live() {
		err = newError(CodeReauthRequired, nil)
	}
	if err != nil && a.Status.Live() {
		// It is stored, and a run refreshes it when it can.
		r.log.InfoContext(ctx, "imported token not refreshed yet", "accountId", a.ID, "class", ClassOf(err))
		return a, nil
	}
	return a, err
}

// owner returns whose token of Instagram Login it is.
func (r *Refresher) owner(ctx context.Context, token Secret) (profile Profile, err error) {
	err = insistently(ctx, func() (err error) {
		profile, err = r.meta.Profile(ctx, token)
		return err
	})
	return profile, err
}

// keepImport stores an imported token as it is, unless the account was ended after
// the import began, or has another live token than the one that it held then and
// that may be replaced. The end of a token of Instagram Login is assumed.
func (r *Refresher) keepImport(ctx context.Context, began time.Time, in Import, held Account, login Login, profile Profile, token Token) (Account, error) {
	ctx, cancel := context.WithTimeout(ctx, importWithin)
	defer cancel()
	// Meta counts the lives of tokens in seconds, too.
	now := r.store.now().UTC().Truncate(time.Second)
	lease, err := r.store.lease(WorkImport, importWithin+leaseMargin)
	if err != nil {
		return Account{}, err
	}
	lease.Login = login
	a, err := r.store.intend(ctx, profile, began, lease, nil, func(a Account) error {
		switch {
		case a.leased(now) && a.Lease.Work.byPerson():
			return newError(CodeInProgress, nil)
		case a.EndedAt.After(began):
			return newError(CodeDisconnected, nil)
		case a.Status.Live() && !a.over(now) && !in.Replace:
			return newError(CodeAlreadyConnected, nil)
		case in.Replace && a.Status.Live() && a.Generation != held.Generation:
			return newError(CodeInProgress, nil)
		}
		return nil
	})
	if errors.Is(err, ErrConflict) {
		err = newError(CodeInProgress, err)
	}
	if err != nil {
		return Account{}, err
	}
	token.IssuedAt = now
	if login == LoginInstagram {
		token.ExpiresAt = now.Add(longLived - youngest)
	}
	a, err = r.store.commit(ctx, a, token, nil)
	if errors.Is(err, ErrConflict) {
		err = newError(CodeInProgress, err)
	}
	return a, err
}

// youngerThanADay takes over what Meta's refusal to refresh says about an
// imported token: it was issued within the last day.
func (r *run) youngerThanADay(a *Account, now time.Time) {
	if a.ConfirmAt.IsZero() {
		return
	}
	a.IssuedAt = now.UTC()
	a.ExpiresAt = a.IssuedAt.Add(longLived - youngest)
	a.ConfirmAt = a.IssuedAt.Add(r.store.policy.MinAge)
}

// holds returns an account, and reports whether it has a live token of that text
// already, or one that was made from it.
func (s *Store) holds(ctx context.Context, id AccountID, token Secret) (Account, bool) {
	a, held, err := s.Token(ctx, id, 0)
	return a, err == nil && (held.Value.Equal(token) || held.UserToken.Equal(token))
}

// means reports whether a person who named an account by its id or username, or
// none, may mean this one.
func means(name string, id AccountID, username string) bool {
	name = strings.TrimPrefix(name, "@")
	return name == "" || AccountID(name) == id || username != "" && strings.EqualFold(name, username)
}

// named returns an account as a person is told of it.
func named(id AccountID, username string) string {
	if username == "" {
		return string(id)
	}
	return username + " (" + string(id) + ")"
}
