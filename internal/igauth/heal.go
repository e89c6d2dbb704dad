package igauth

import (
	"context"
	"errors"
	"time"
)

// errHeld says that a failure waits for the breaker's judgement.
var errHeld = errors.New("held until it is known whether the app fails")

// judge tells the breaker how Meta answered for an account, and writes a failure
// down when it is the account's own. It returns errHeld for one that is not known
// to be yet.
func (r *run) judge(ctx context.Context, a Account, due time.Time, action Action, cause error, write func() error, drop func()) error {
	if r.alone {
		return write()
	}
	e, _ := errors.AsType[*Error](cause)
	app := r.app(a)
	h := &held{account: a.ID, outcome: outcome{class: ClassOf(cause), code: CodeOf(cause)}, due: due, own: a.ailing(), drop: drop}
	if e != nil {
		h.retryAfter = e.RetryAfter
	}
	h.write = func() { r.outcome(ctx, a, action, write()) }
	verdict, free := app.breaker.failure(h)
	for _, h := range free {
		h.write()
	}
	guilty := r.guilty(ctx, app, verdict)
	if app.pace.exhausted() {
		r.hush(app)
		guilty = guilty || !app.breaker.healthy()
	}
	if guilty {
		r.trip(ctx, app, h.outcome)
	} else if r.isQuiet(app) {
		// It was on its way when the breaker tripped, or Meta limits the app.
		r.dropHeld(app, "")
	}
	return errHeld
}

// guilty reports whether it is the app that fails. A suspicion is settled by
// asking others.
func (r *run) guilty(ctx context.Context, app *app, v verdict) bool {
	return v == convicted || v == suspected && !r.vouched(ctx, app, "") && !app.testimony.unknown && app.breaker.calls()+app.testimony.failed >= runLeast
}

// answered tells the breaker that Meta gave an answer that makes sense.
func (r *run) answered(app *app) {
	for _, h := range app.breaker.success() {
		h.write()
	}
}

// hush lets the run ask Meta no more about the accounts of an app.
func (r *run) hush(app *app) {
	r.mu.Lock()
	defer r.mu.Unlock()
	app.quiet = true
}

// tripped lets the run ask Meta no more about the accounts of an app, and reports
// whether an incident had seemed to be over.
func (r *run) tripped(app *app) (healing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	healing = app.healing
	app.quiet, app.healing = true, false
	return healing
}

// trip stops the asking: what fails is the app. No account is touched.
func (r *run) trip(ctx context.Context, app *app, incident outcome) {
	healing := r.tripped(app)
	wait := r.dropHeld(app, incident.class)
	ctx, cancel := afterwards(ctx)
	defer cancel()
	now := r.store.now()
	err := r.store.changeHealth(ctx, func(h *Health) bool {
		if was := h.incident(PlaceRefresh, app.login); healing && was != nil && was.Class != incident.class {
			// The one that was open has passed, and this is another.
			h.closeIncident(now, PlaceRefresh, app.login)
		}
		h.openIncident(now, PlaceRefresh, app.login, incident.class, incident.code)
		open := h.incident(PlaceRefresh, app.login)
		if wait > 0 {
			open.QuietUntil = latest(open.QuietUntil, now.Add(wait).UTC())
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.health = *h
		shown := *open
		r.report.Incident = &shown
		return true
	})
	r.log.ErrorContext(ctx, "incident: run stopped", "login", app.login, "class", incident.class, "code", incident.code, "hint", incident.code.Hint())
	if err != nil {
		r.log.ErrorContext(ctx, "incident not written down", "err", err)
	}
}

// dropHeld leaves the accounts whose failures are held as they were, and returns
// the longest time that Meta asked for with failures of a class: what it asks of
// one account in an outage is not asked of the app.
func (r *run) dropHeld(app *app, class Class) (wait time.Duration) {
	for _, h := range app.breaker.released() {
		h.drop()
		if h.class == class {
			wait = max(wait, h.retryAfter)
		}
		r.count(func(report *Report) { report.Failed[h.class]++ })
		r.deferred(h.due)
	}
	return wait
}

// heal decides what the run may do while an incident of an app is open. It tries
// one account; if Meta answers, the incident is over when the run is, unless that
// trips as well: Meta may fail for most and not for all.
func (r *run) heal(ctx context.Context, app *app) error {
	incident, open := r.health.Incident(PlaceRefresh, app.login)
	if !open {
		return nil
	}
	if r.now.Before(incident.QuietUntil) || r.shards[0] != 0 {
		// Of the parts of a run one tries.
		app.quiet = true
		return nil
	}
	a, found, err := r.trial(ctx, app, incident)
	if err != nil {
		app.quiet = true
		return err
	}
	healed := !found // nobody waits for Meta
	if found {
		healed = r.try(ctx, app, a, incident)
	}
	if age := r.now.Sub(incident.Since); incident.Class == ClassDead && age > believeAfter {
		last, asked := app.breaker.last()
		app.breaker.believe = !healed && asked && last.class == ClassDead
		if age <= believeAfter+believeFor {
			// The others come up for a look within a day. Till then it is the same
			// incident, and no new one to wait out.
			healed = healed && found
		} else {
			healed = healed || app.breaker.believe
		}
	}
	app.quiet = !healed && !app.breaker.believe && found
	// Whether all are dead is counted from a time at which one was not. The other
	// parts of a run wait for the end of an incident, and must not wait for a run.
	whole := len(r.shards) == r.store.ledger.Shards()
	if app.healing = healed && whole && incident.Class != ClassDead; app.healing {
		return nil
	}
	return r.tried(ctx, app, healed)
}

// tried writes down what became of an incident for which one account was tried.
func (r *run) tried(ctx context.Context, app *app, healed bool) error {
	return r.store.changeHealth(ctx, func(h *Health) bool {
		defer func() { r.health = *h }()
		open := h.incident(PlaceRefresh, app.login)
		if healed && open != nil && open.SeenAt.After(r.now) {
			return false // Another run, or another part of this one, has tripped meanwhile.
		}
		if healed {
			return h.closeIncident(r.now, PlaceRefresh, app.login)
		}
		if open != nil {
			open.Trials++
			open.SeenAt = r.now.UTC()
		}
		return true
	})
}

// trial returns the account that is tried, another one each time. One that has
// failed before would prove nothing by failing again, and is tried only where
// there is no other; one that is known to be dead tells nothing when all are
// called dead.
func (r *run) trial(ctx context.Context, app *app, incident Incident) (chosen Account, found bool, err error) {
	var waiting, ailing []Account
	// Those that wait in the other parts of a run count, too.
	for shard := range r.store.ledger.Shards() {
		problem := r.feed(ctx, shard, func(a Account) bool {
			action := r.plan(a).Action
			switch {
			case r.app(a) != app || r.off(a) || !action.asksMeta() || a.leased(r.now) || !a.Status.Live() && incident.Class == ClassDead:
			case a.ailing() || !a.Status.Live():
				if len(ailing) < batch {
					ailing = append(ailing, a)
				}
			default:
				waiting = append(waiting, a)
			}
			return len(waiting) < batch
		})
		if !errors.Is(problem, ErrDamaged) { // of which the run tells later
			err = errors.Join(err, problem)
		}
	}
	if len(waiting) == 0 {
		waiting = ailing
	}
	if len(waiting) == 0 {
		return Account{}, false, err
	}
	return waiting[incident.Trials%len(waiting)], true, nil
}

// try asks Meta about one account and reports whether the incident is over. If it
// is not, the account stays as it was.
func (r *run) try(ctx context.Context, app *app, a Account, incident Incident) bool {
	ctx, cancel := context.WithTimeout(ctx, r.callTimeout)
	defer cancel()
	action := r.plan(a).Action
	r.outcome(ctx, a, action, r.ask(ctx, a, action))
	r.dropHeld(app, "")
	// It is counted when the run comes by.
	r.count(func(report *Report) { report.Deferred, report.Attention = 0, 0 })
	last, asked := app.breaker.last()
	// A failure of another kind, and of an account, is an answer, too.
	return asked && (last.ok || !ofAll(last.class) && last.class != incident.Class)
}
