package igauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// renew asks Meta for the next token of an account.
func (r *run) renew(ctx context.Context, a Account) (Token, error) {
	token, err := r.store.vault.Get(ctx, a.slot(), a.Ref)
	if err != nil {
		return Token{}, fmt.Errorf("reading the token: %w", err)
	}
	if a.Login == LoginFacebook {
		return r.renewFacebook(ctx, a, token)
	}
	next, err := unlessUnsent(func() (Token, error) { return r.meta.RefreshToken(ctx, token.Value) })
	if err != nil {
		return Token{}, err
	}
	if next.Value.IsZero() || !next.ExpiresAt.After(a.ExpiresAt) && a.ConfirmAt.IsZero() {
		return Token{}, newError(CodeMetaUnreadable, errors.New("the new token does not live longer than the old one"))
	}
	next.Scopes = token.Scopes
	return next, nil
}

// unlessUnsent asks once more if the connection had gone before anything was
// sent.
func unlessUnsent(ask func() (Token, error)) (Token, error) {
	token, err := ask()
	if e, ok := errors.AsType[*Error](err); ok && e.Class == ClassTransient && !e.Sent {
		return ask()
	}
	return token, err
}

// look asks Meta whose token the account has.
func (r *run) look(ctx context.Context, a Account) (Profile, error) {
	token, err := r.store.vault.Get(ctx, a.slot(), a.Ref)
	if err != nil {
		return Profile{}, fmt.Errorf("reading the token: %w", err)
	}
	if a.Login == LoginFacebook {
		if r.off(a) {
			return Profile{}, errLoginOff()
		}
		return r.facebook.Profile(ctx, a.ID, token.Value)
	}
	return r.meta.Profile(ctx, token.Value)
}

// off reports whether Meta cannot be asked about the account, since its login is
// not configured here.
func (r *run) off(a Account) bool { return a.Login == LoginFacebook && r.facebook == nil }

// errLoginOff is the failure of an account whose login is not configured any more.
// It is nothing that its owner could mend.
func errLoginOff() *Error {
	return &Error{Code: CodeLoginOff, Class: ClassMisconfigured, Err: errors.New("the account came through Facebook Login")}
}

// leave leaves an account as it is whose login is off, but for the word why. It
// stays due, so that every run tells that somebody must look.
func (r *run) leave(ctx context.Context, a Account) error {
	off := errLoginOff()
	if !a.Status.Live() {
		return nil
	}
	if a.LastFailure.Code == off.Code {
		return off
	}
	a.LastFailure = Failure{At: r.store.now().UTC(), Class: off.Class, Code: off.Code}
	return errors.Join(off, r.settle(ctx, a, nil))
}

// Two tokens stand behind an account of Facebook Login, and each says something
// else when Meta calls it dead:
//
//   - The Page's token is what consumers have. It is the account's token, and only
//     when Meta calls it dead is the account's token dead. Then the rules are those
//     of Instagram Login: it is doubted, asked once more, and believed if Meta knows
//     another token of the same app.
//   - The person's token is what the next Page's token is made from. When it is dead
//     the account cannot be renewed, and somebody must connect it again in time, but
//     the Page's token may go on: Meta gives it no end of its own
//     (https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived).
//     So nothing is taken from consumers. The refresh has failed, the owner is asked
//     for, and the daily probe of the Page's token says when it ends.
//
// What the person's token says of the Page, such as that the person has lost the
// role there, is of the first kind only if the Page's token says so, too: it was
// given to that person, and dies of the same.

// renewFacebook makes the next Page's token from a person's token with a new life.
// The old one goes on meanwhile, so that there is nothing to lose.
func (r *run) renewFacebook(ctx context.Context, a Account, old Token) (Token, error) {
	if old.UserToken.IsZero() {
		return Token{}, &Error{Code: CodeTokenNotExtended, Class: ClassNeedsUser, Err: errors.New("the person's token is not in the vault")}
	}
	user, err := unlessUnsent(func() (Token, error) { return r.facebook.ExtendToken(ctx, old.UserToken) })
	if err != nil {
		return Token{}, r.unlessPageLives(ctx, a, old, err)
	}
	if user.Value.IsZero() {
		return Token{}, newError(CodeMetaUnreadable, errors.New("there is no token in the answer"))
	}
	next := Token{UserToken: user.Value, IssuedAt: r.store.now().UTC(), DataAccessUntil: a.DataAccessUntil, Scopes: old.Scopes}
	known, err := r.facebook.Inspect(ctx, user.Value)
	switch {
	case err == nil && !known.Valid:
		return Token{}, r.unlessPageLives(ctx, a, old, known.problem())
	case err == nil:
		if !known.DataAccessUntil.IsZero() || known.Type == typeSystemUser {
			next.DataAccessUntil = known.DataAccessUntil // else it was left out, and goes on
		}
		if known.Scopes != nil {
			next.Scopes = known.Scopes
		}
	case user.ExpiresAt.IsZero() || errors.Is(err, errNoTurn):
		return Token{}, r.unlessPageLives(ctx, a, old, err) // nobody knows how long it lives
	}
	next.ExpiresAt = known.endOf(user.ExpiresAt, next.IssuedAt)
	if next.Value, err = r.facebook.PageToken(ctx, a.PageID, user.Value); err != nil {
		return Token{}, r.unlessPageLives(ctx, a, old, err)
	}
	if next.Value.IsZero() {
		return Token{}, newError(CodeMetaUnreadable, errors.New("there is no token of the Page in the answer"))
	}
	if _, err = r.facebook.Profile(ctx, a.ID, next.Value); err != nil {
		return Token{}, r.unlessPageLives(ctx, a, old, err)
	}
	return next, a.checkEnd(next, known)
}

// leastGain is by how much a renewed token must outlive the old one: what comes
// back with the same end was not renewed.
const leastGain = time.Minute

// checkEnd reports what is wrong with the end of a token of Facebook Login that is
// to replace the account's. One that ends sooner is taken only if Meta says so when
// it is asked about that token.
func (a Account) checkEnd(next Token, known Inspection) error {
	end := next.ExpiresAt
	switch {
	case end.IsZero():
		return nil
	case !end.After(next.IssuedAt):
		return newError(CodeMetaUnreadable, errors.New("the new token has ended already"))
	case !a.ConfirmAt.IsZero(), !a.ExpiresAt.IsZero() && end.Sub(a.ExpiresAt) >= leastGain:
		return nil
	case known.Valid && !known.ExpiresAt.IsZero() && (a.ExpiresAt.IsZero() || a.ExpiresAt.Sub(known.ExpiresAt) >= leastGain):
		return nil
	case known.Valid && end.Sub(known.ExpiresAt).Abs() < leastGain:
		return newError(CodeTokenNotExtended, errors.New("the new token does not live longer than the old one"))
	}
	return newError(CodeMetaUnreadable, errors.New("the new token does not live longer than the old one"))
}

// unlessPageLives returns what it means for an account that a person's token, or a
// new token of the Page, was refused: if Meta called it dead, the Page's token in
// store says whether the account is.
func (r *run) unlessPageLives(ctx context.Context, a Account, old Token, refused error) error {
	if ClassOf(refused) != ClassDead {
		return refused
	}
	_, err := r.facebook.Profile(ctx, a.ID, old.Value)
	if err != nil {
		return err
	}
	return &Error{Code: CodeOf(refused), Class: ClassNeedsUser, Detail: "the Page's token lives", Err: refused}
}

// endOf returns when a person's token ends, of which Meta named an end when it gave
// it, or none. Of two that it names the earlier one counts. Only a system user's
// token is believed to live for ever or longer than usual: any other is renewed in
// time all the same.
func (i Inspection) endOf(named, now time.Time) time.Time {
	end := firstOf(named, i.ExpiresAt)
	if usual := now.Add(longLived); i.Type != typeSystemUser && endsLater(end, usual) {
		return usual.UTC()
	}
	return end
}

// shows reports whether Meta shows an account's data to the token after a time: also
// while the owner has something to do at Meta, if the clock is named then.
func (i Inspection) shows(after time.Time) bool {
	lives := i.Valid || !i.DataAccessUntil.IsZero() && i.problem().Class != ClassDead
	return lives && endsLater(i.DataAccessUntil, after)
}

// problem returns what is wrong with a token that is not valid.
func (i Inspection) problem() *Error {
	return newError(cmp.Or(i.Failure, CodeTokenInvalid), errors.New("debug_token says that it is not valid"))
}

// inspect asks Meta till when it shows an account's data. The Page's token is asked
// about, as it is what consumers have; if Meta leaves the end out there, the
// person's, which has the same.
func (r *run) inspect(ctx context.Context, a Account) (Inspection, error) {
	token, err := r.store.vault.Get(ctx, a.slot(), a.Ref)
	if err != nil {
		return Inspection{}, fmt.Errorf("reading the token: %w", err)
	}
	known, err := r.facebook.Inspect(ctx, token.Value)
	if err == nil && known.Valid && known.DataAccessUntil.IsZero() && !token.UserToken.IsZero() {
		var user Inspection
		user, err = r.facebook.Inspect(ctx, token.UserToken)
		known.DataAccessUntil = user.DataAccessUntil
	}
	return known, err
}

// unaskedFor is how long the end of a token of Facebook Login, or the warning of
// it, waits for Meta to be asked once more.
const unaskedFor = 24 * time.Hour

// silent reports whether Meta answers nothing at all about an account. That says
// nothing about the owner, who may have come back meanwhile: it is waited out, for
// as long as an outage may be.
func (r *run) silent(ctx context.Context, a Account) bool {
	if r.now.Sub(a.EndsAt()) >= outageMost {
		return false
	}
	_, err := r.look(ctx, a)
	return err != nil && (ClassOf(err) == ClassTransient || ClassOf(err) == ClassThrottled)
}

// outageMost is the longest outage of Meta that is waited out.
const outageMost = 30 * 24 * time.Hour

// expireFacebook writes down that an account's time is over, unless Meta says that
// it goes on: a visit of its owner moves the clock of data access, and the Page's
// token may outlive the person's. While Meta's app fails nobody could connect
// again, and nothing is written.
func (r *run) expireFacebook(ctx context.Context, a Account) error {
	app := r.app(a)
	if r.off(a) {
		return r.leave(ctx, a)
	}
	if r.isQuiet(app) {
		r.deferred(a.DueAt)
		return errHeld
	}
	code := CodeTokenExpired
	var err error
	if until := a.DataAccessUntil; !until.IsZero() && !until.After(r.now) {
		code = CodeDataAccessExpired
		var known Inspection
		if known, err = r.inspect(ctx, a); err == nil && known.shows(r.now) {
			r.answered(app)
			a.setDataAccess(r.store.now(), known.DataAccessUntil)
			return r.settle(ctx, a, nil)
		}
	} else if _, err = r.look(ctx, a); err == nil {
		r.answered(app)
		return r.outlived(ctx, a)
	}
	switch {
	case errors.Is(err, errNoTurn):
		return r.putOff(a)
	case err != nil && ClassOf(err) != ClassDead && (r.now.Sub(a.EndsAt()) < unaskedFor || r.silent(ctx, a)):
		return r.judge(ctx, a, a.DueAt, ActionExpire, err, func() error { return err }, func() {})
	}
	return r.dead(ctx, a, code)
}

// warnOfData tells that access to an account's data is going to end, unless Meta
// says that the clock has moved.
func (r *run) warnOfData(ctx context.Context, a Account) error {
	known, err := r.inspect(ctx, a)
	if err == nil && !known.Valid {
		err = known.problem()
	}
	switch {
	case errors.Is(err, errNoTurn):
		return r.putOff(a)
	case err != nil && ClassOf(err) == ClassDead:
		return r.judge(ctx, a, a.DueAt, ActionWarn, err, func() error { return r.denied(ctx, a, err) }, func() {})
	case err != nil && r.now.Sub(planWarn(a).At) < unaskedFor:
		return r.judge(ctx, a, a.DueAt, ActionWarn, err, func() error { return errors.Join(err, r.postpone(ctx, a, err)) }, func() {})
	case err == nil:
		r.answered(r.app(a))
		if !known.DataAccessUntil.IsZero() {
			a.setDataAccess(r.store.now(), known.DataAccessUntil)
		}
	}
	a.warnOfData(r.store.now())
	return r.settle(ctx, a, nil)
}
