package igauth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// claim takes the account for this run. The lease ends after the work can.
func (r *run) claim(ctx context.Context, a *Account, work Work) error {
	return r.store.claim(ctx, a, work, r.callTimeout+leaseMargin)
}

// refresh claims the account, asks Meta, and commits what came back. An answer
// that is not a better token than the one in store changes nothing but the
// account's failures.
func (r *run) refresh(ctx context.Context, a Account) error {
	if a.leased(r.now) {
		return ErrConflict
	}
	a.TriedAt = r.now.UTC()
	if err := r.claim(ctx, &a, WorkRefresh); err != nil {
		return err
	}
	if a.Unpromoted {
		// The next Put takes the label away that keeps the vault from forgetting
		// the present token.
		if err := r.store.promote(ctx, &a, a.slot(), ""); err != nil {
			r.log.WarnContext(ctx, "token not promoted yet", "accountId", a.ID, "err", err)
		}
	}
	token, err := r.renew(ctx, a)
	if err != nil {
		return r.failed(ctx, a, err)
	}
	a, err = r.store.commit(ctx, a, token, nil)
	if err != nil {
		// Whatever the vault kept is found by the attempt's name.
		return err
	}
	r.count(func(report *Report) { report.Refreshed++ })
	r.log.InfoContext(ctx, "token refreshed", "accountId", a.ID, "expiresAt", a.ExpiresAt, "generation", a.Generation)
	return nil
}

// renew asks Meta for the next token of an account.
func (r *run) renew(ctx context.Context, a Account) (Token, error) {
	token, err := r.store.vault.Get(ctx, a.slot(), a.Ref)
	if err != nil {
		return Token{}, fmt.Errorf("reading the token: %w", err)
	}
	next, err := r.meta.RefreshToken(ctx, token.Value)
	if e, ok := errors.AsType[*Error](err); ok && e.Class == ClassTransient && !e.Sent {
		// The connection had gone before anything was sent.
		next, err = r.meta.RefreshToken(ctx, token.Value)
	}
	if err != nil {
		return Token{}, err
	}
	if next.Value.IsZero() || !next.ExpiresAt.After(a.ExpiresAt) && a.ConfirmAt.IsZero() {
		return Token{}, newError(CodeMetaUnreadable, errors.New("the new token does not live longer than the old one"))
	}
	next.Scopes = token.Scopes
	return next, nil
}

// failed writes down that Meta, or a store before Meta was asked, said no.
func (r *run) failed(ctx context.Context, a Account, cause error) error {
	now := r.store.now()
	if ClassOf(cause) == ClassDead {
		return r.dead(ctx, a, CodeOf(cause))
	}
	if ClassOf(cause) == ClassTooYoung {
		// Our idea of the token's age was wrong. That is no failure of the
		// token, and it is tried again on another day.
		a.release()
		r.youngerThanADay(&a, now)
	} else {
		a.fail(now, cause)
		if !a.ConfirmAt.IsZero() {
			a.ConfirmAt = now.Add(r.store.policy.UrgentEvery).UTC()
		}
	}
	return errors.Join(cause, r.settle(ctx, a, cause))
}

// settle saves an account that keeps its token, due when the policy says or, if
// Meta asked to wait longer, then.
func (r *run) settle(ctx context.Context, a Account, cause error) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	plan := r.store.policy.Plan(a)
	a.DueAt = plan.At
	if plan.Action == ActionPromote {
		// It failed, or is due later anyway.
		a.DueAt = latest(plan.At, r.now.Add(tryAgain).UTC())
	}
	if e, ok := errors.AsType[*Error](cause); ok && plan.Action != ActionExpire {
		a.DueAt = latest(a.DueAt, r.store.now().Add(e.RetryAfter).UTC())
	}
	return r.store.save(ctx, &a, nil)
}

// dead ends an account, on the condition that it still has the token that was
// found dead.
func (r *run) dead(ctx context.Context, a Account, code Code) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	a.die(r.store.now(), code)
	a.DueAt = r.store.policy.Plan(a).At
	if err := r.store.save(ctx, &a, nil); err != nil {
		return err
	}
	r.count(func(report *Report) { report.ReauthNeeded++ })
	r.log.WarnContext(ctx, "reauthorization required", "accountId", a.ID, "code", code)
	return nil
}

// expire writes down that a token's time is over.
func (r *run) expire(ctx context.Context, a Account) error {
	return r.dead(ctx, a, CodeTokenExpired)
}

// probe asks Meta who the account is. It needs no claim: it changes nothing at
// Meta, and what it learns is saved only if the row is still the same.
func (r *run) probe(ctx context.Context, a Account) error {
	token, err := r.store.vault.Get(ctx, a.slot(), a.Ref)
	if err != nil {
		err = fmt.Errorf("reading the token: %w", err)
		return errors.Join(err, r.postpone(ctx, a, err))
	}
	profile, err := r.meta.Profile(ctx, token.Value)
	switch {
	case ClassOf(err) == ClassDead && err != nil:
		return r.dead(ctx, a, CodeOf(err))
	case err != nil:
		return errors.Join(err, r.postpone(ctx, a, err))
	}
	if err := r.store.promote(ctx, &a, a.slot(), ""); err != nil {
		r.log.WarnContext(ctx, "token not promoted yet", "accountId", a.ID, "err", err)
	}
	a.CheckedAt = r.store.now().UTC()
	if a.Failures == 0 {
		a.LastFailure = Failure{}
	}
	if profile.ID == a.ID {
		a.setProfile(profile, a.CheckedAt)
	}
	if err := r.settle(ctx, a, nil); err != nil {
		return err
	}
	r.count(func(report *Report) { report.Probed++ })
	return nil
}

// promote makes sure that direct readers of the vault see the account's token.
func (r *run) promote(ctx context.Context, a Account) error {
	if err := r.store.promote(ctx, &a, a.slot(), ""); err != nil {
		return errors.Join(err, r.settle(ctx, a, nil))
	}
	return nil
}

// tryAgain is how long after a failed probe or promotion the next one comes.
const tryAgain = time.Hour

// postpone makes a later run ask again. A probe that fails is not a failed
// refresh: it costs nothing but knowledge.
func (r *run) postpone(ctx context.Context, a Account, cause error) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	var wait time.Duration
	if e, ok := errors.AsType[*Error](cause); ok {
		wait = e.RetryAfter // as long as Meta asks for, nothing is asked
	}
	at := r.now.Add(max(tryAgain, wait))
	// A refresh or the end of the token may come first.
	quiet := a
	quiet.CheckedAt = latest(at, a.IssuedAt)
	if plan := r.store.policy.Plan(quiet); plan.At.Before(at) {
		at = latest(plan.At, r.now.Add(wait))
	}
	a.DueAt = at.UTC()
	a.LastFailure = Failure{At: r.now.UTC(), Class: ClassOf(cause), Code: CodeOf(cause)}
	return r.store.save(ctx, &a, nil)
}

// finishAttempt ends an attempt that did not come back. If it stored a token,
// that token is committed; if not, the account goes on with what it has.
func (r *run) finishAttempt(ctx context.Context, a Account) error {
	if a.leased(r.now) {
		return ErrConflict
	}
	// The attempt keeps its name, by which the vault knows it.
	a.Lease.Until = r.store.now().Add(r.callTimeout + leaseMargin).UTC()
	a.DueAt = a.Lease.Until
	if err := r.store.save(ctx, &a, nil); err != nil {
		return err
	}
	finished, found, err := r.store.finishAttempt(ctx, a, nil)
	switch {
	case err != nil:
		return err
	case found:
		r.count(func(report *Report) { report.Recovered++ })
		r.log.InfoContext(ctx, "unfinished token committed", "accountId", a.ID, "generation", finished.Generation)
		return nil
	}
	if !a.Connected() {
		// The person has to begin again; till then there is no account.
		a.erase(a.EndedAt)
		a.sweepFrom(r.now)
	}
	if !a.SweepAt.IsZero() {
		return r.destroy(ctx, a)
	}
	a.release()
	return r.settle(ctx, a, nil)
}

// destroy empties the vault of what no row points to.
func (r *run) destroy(ctx context.Context, a Account) error {
	if a.Ref == "" {
		// What an attempt has put for the next generation is destroyed, too.
		a.Generation++
	}
	if err := r.claim(ctx, &a, WorkEmpty); err != nil {
		return err
	}
	if err := r.store.empty(ctx, &a); err != nil {
		return fmt.Errorf("emptying the vault: %w", err)
	}
	r.count(func(report *Report) { report.Destroyed++ })
	return nil
}
