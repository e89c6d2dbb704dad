package igauth

import (
	"context"
	"errors"
	"fmt"
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
	before := a
	a.TriedAt = r.store.now().UTC()
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
	switch {
	case errors.Is(err, errNoTurn):
		r.restore(ctx, a, before)
		return r.putOff(before)
	case err != nil && ClassOf(err) == ClassTooYoung:
		r.answered(r.app(a))
		return r.failed(ctx, a, err)
	case err != nil:
		return r.judge(ctx, a, before.DueAt, ActionRefresh, err,
			func() error { return r.failed(ctx, a, err) },
			func() { r.restore(ctx, a, before) })
	}
	committed, err := r.store.commit(ctx, a, token, nil)
	if err != nil && !errors.Is(err, ErrConflict) {
		// Whatever the vault kept is found by the attempt's name.
		return r.judge(ctx, a, before.DueAt, ActionRefresh, err,
			func() error { return err },
			func() { r.restoreUnlessKept(ctx, a, before) })
	}
	r.answered(r.app(a))
	if err != nil {
		return err
	}
	a = committed
	r.count(func(report *Report) { report.Refreshed++ })
	r.log.InfoContext(ctx, "token refreshed", "accountId", a.ID, "expiresAt", a.ExpiresAt, "generation", a.Generation)
	return nil
}

// putOff leaves an account to the next run, since Meta was not asked. If the app
// has used up what it may ask, it asks no more.
func (r *run) putOff(a Account) error {
	if app := r.app(a); app.pace.exhausted() {
		r.hush(app)
	}
	r.deferred(a.DueAt)
	return errHeld
}

// restore gives a claimed account back as it was.
func (r *run) restore(ctx context.Context, a, before Account) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	before.Revision, before.Unpromoted = a.Revision, a.Unpromoted
	if err := r.store.save(ctx, &before, nil); err != nil {
		r.log.WarnContext(ctx, "account not released", "accountId", a.ID, "err", err)
	}
}

// restoreUnlessKept is restore for an account whose attempt may have put a token
// into the vault: then a later run commits that.
func (r *run) restoreUnlessKept(ctx context.Context, a, before Account) {
	look, cancel := afterwards(ctx)
	defer cancel()
	if _, _, err := r.store.vault.Find(look, a.nextSlot()); errors.Is(err, ErrNotFound) {
		r.restore(ctx, a, before)
	}
}

// failed writes down that Meta, or a store before Meta was asked, said no.
func (r *run) failed(ctx context.Context, a Account, cause error) error {
	now := r.store.now()
	if ClassOf(cause) == ClassDead {
		return r.denied(ctx, a, cause)
	}
	if ClassOf(cause) == ClassTooYoung {
		// Our idea of the token's age was wrong. That is no failure of the
		// token, and it is tried again on another day.
		a.release()
		r.youngerThanADay(&a, now)
	} else {
		a.fail(now, cause)
		a.warn(now, r.store.policy)
		if !a.ConfirmAt.IsZero() {
			a.ConfirmAt = now.Add(r.store.policy.UrgentEvery).UTC()
		}
	}
	return errors.Join(cause, r.settle(ctx, a, cause))
}

// denied is called when Meta says that a token is dead. The first time it is
// doubted and asked again by a later run; a person who waits for the answer has
// it asked at once. It is believed when Meta says it twice, and of this token
// only.
func (r *run) denied(ctx context.Context, a Account, cause error) error {
	app := r.app(a)
	if r.alone && !app.breaker.believes() {
		again, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.callTimeout)
		defer cancel()
		_, err := r.look(again, a)
		if err == nil {
			a.fail(r.store.now(), newError(CodeMetaUnreadable, cause))
			return errors.Join(cause, r.settle(ctx, a, nil))
		}
		if ClassOf(err) == ClassDead {
			return r.dead(ctx, a, CodeOf(cause))
		}
	}
	if a.Doubt.Code == "" && !app.breaker.believes() {
		a.suspect(r.store.now(), CodeOf(cause))
		r.count(func(report *Report) { report.Doubted++ })
		r.log.WarnContext(ctx, "token called dead: asking again", "accountId", a.ID, "code", CodeOf(cause))
		return r.settle(ctx, a, nil)
	}
	if !r.credible(ctx, a) {
		// It stays due.
		r.log.WarnContext(ctx, "token called dead like all others: not believed", "accountId", a.ID, "code", CodeOf(cause))
		if a.Lease.Attempt == "" {
			return nil
		}
		a.release()
		return r.settle(ctx, a, nil)
	}
	return r.dead(ctx, a, CodeOf(cause))
}

// settle saves an account that keeps its token, due when the policy says or, if
// Meta asked to wait longer, then.
func (r *run) settle(ctx context.Context, a Account, cause error) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	var person *Person
	if id := a.person(); id != "" && id != a.ListedAs {
		// The row is of a time before persons, or has changed its login.
		if p, err := r.store.list(ctx, a.Login, a.Profile, a.ConnectedAt, a); err == nil {
			person, a.ListedAs = p, id
		}
	}
	if e, ok := errors.AsType[*Error](cause); ok && e.RetryAfter > 0 {
		a.WaitUntil = latest(a.WaitUntil, r.store.now().Add(e.RetryAfter).UTC())
	}
	a.DueAt = r.store.dueAt(a)
	if r.store.policy.Plan(a).Action == ActionPromote {
		// It failed, or is due later anyway.
		a.DueAt = latest(a.DueAt, r.now.Add(tryAgain).UTC())
	}
	return r.store.saveAll(ctx, Change{Account: &a, Person: person})
}

// dead ends an account, on the condition that it still has the token that was
// found dead.
func (r *run) dead(ctx context.Context, a Account, code Code) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	a.die(r.store.now(), code)
	a.DueAt = r.store.dueAt(a)
	if err := r.store.save(ctx, &a, nil); err != nil {
		return err
	}
	r.count(func(report *Report) { report.ReauthNeeded++ })
	r.log.WarnContext(ctx, "reauthorization required", "accountId", a.ID, "code", code, "hint", code.Hint())
	return nil
}

// expire writes down that a token's time is over, unless Meta still accepts it: a
// refresh whose answer was lost may have given it a new life.
func (r *run) expire(ctx context.Context, a Account) error {
	if a.Login == LoginFacebook {
		return r.expireFacebook(ctx, a)
	}
	if !r.isQuiet(r.app(a)) {
		switch _, err := r.look(ctx, a); {
		case errors.Is(err, errNoTurn):
			return r.putOff(a)
		case err == nil:
			return r.outlived(ctx, a)
		}
	}
	return r.dead(ctx, a, CodeTokenExpired)
}

// outlived writes down that Meta accepts a token whose time is over. The next
// refresh tells how long it lives.
func (r *run) outlived(ctx context.Context, a Account) error {
	now := r.store.now().UTC()
	a.CheckedAt, a.ConfirmAt, a.ExpiresAt = now, now, now.Add(youngest)
	a.release()
	r.log.WarnContext(ctx, "token lives longer than was known", "accountId", a.ID)
	return r.settle(ctx, a, nil)
}

// probe asks Meta who the account is. It needs no claim: it changes nothing at
// Meta, and what it learns is saved only if the row is still the same.
func (r *run) probe(ctx context.Context, a Account) error {
	profile, err := r.look(ctx, a)
	switch {
	case errors.Is(err, errNoTurn):
		return r.putOff(a)
	case err != nil && ClassOf(err) == ClassDead && !a.Status.Live():
		// It is known, and was asked for the case that it was wrong.
		a.TriedAt = r.store.now().UTC()
		return r.settle(ctx, a, nil)
	case err != nil:
		return r.judge(ctx, a, a.DueAt, ActionProbe, err, func() error {
			if ClassOf(err) == ClassDead {
				return r.denied(ctx, a, err)
			}
			return errors.Join(err, r.postpone(ctx, a, err))
		}, func() {})
	}
	r.answered(r.app(a))
	if !a.Status.Live() {
		a.revive(r.store.now())
		a.Unpromoted = r.store.vault.Keeps(a.Ref)
		r.count(func(report *Report) { report.Recovered++ })
		r.log.InfoContext(ctx, "token lives after all", "accountId", a.ID)
	} else if err := r.store.promote(ctx, &a, a.slot(), ""); err != nil {
		r.log.WarnContext(ctx, "token not promoted yet", "accountId", a.ID, "err", err)
	}
	a.CheckedAt = r.store.now().UTC()
	a.Doubt = Failure{}
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

// postpone makes a later run ask again. A probe that fails is not a failed
// refresh: it costs nothing but knowledge.
func (r *run) postpone(ctx context.Context, a Account, cause error) error {
	now := r.store.now().UTC()
	if a.Status.Live() {
		if code := CodeOf(cause); unlinked(code) && a.Login == LoginFacebook && a.LastFailure.Code != code {
			// Its renewal may be weeks away.
			a.tell(now, EventFailing, code, "")
		}
		a.LastFailure = Failure{At: now, Class: ClassOf(cause), Code: CodeOf(cause)}
	} else {
		a.TriedAt = now
	}
	return r.settle(ctx, a, cause)
}

// unlinked reports whether a code may mean that an account was taken off its Page.
func unlinked(code Code) bool { return code == CodePageWithoutInstagram || code == CodeObjectMissing }

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
		a.erase(a.EndedAt, a.EndedAt)
		a.sweepFrom(r.now)
	}
	if !a.SweepAt.IsZero() {
		return r.destroy(ctx, a)
	}
	if now := r.store.now(); a.Lease.Work == WorkRefresh && a.Status.Live() {
		// Time after time it would be the token's end.
		a.fail(now, newError(CodeUnavailable, errors.New("an attempt left nothing")))
		a.warn(now, r.store.policy)
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
