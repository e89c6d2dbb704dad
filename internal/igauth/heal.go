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
	h := &held{id: a.ID, outcome: outcome{class: ClassOf(cause), code: CodeOf(cause)}, due: due, drop: drop}
	if e != nil {
		h.retryAfter = e.RetryAfter
	}
	h.write = func() { r.outcome(ctx, a, action, write()) }
	tripped := r.breaker.failure(h)
	if r.pace.exhausted() {
		r.hush()
	}
	if tripped {
		r.trip(ctx)
	} else if r.isQuiet() {
		// It was on its way when the breaker tripped, or Meta limits the app.
		r.dropHeld()
	}
	return errHeld
}

// answered tells the breaker that Meta gave an answer that makes sense.
func (r *run) answered() {
	for _, h := range r.breaker.success() {
		h.write()
	}
}

// hush lets the run ask Meta no more.
func (r *run) hush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.quiet = true
}

// trip stops the asking: what fails is the app. No account is touched.
func (r *run) trip(ctx context.Context) {
	r.hush()
	incident, wait := r.dropHeld()
	ctx, cancel := afterwards(ctx)
	defer cancel()
	now := r.store.now()
	err := r.store.changeHealth(ctx, func(h *Health) bool {
		h.openIncident(now, PlaceRefresh, incident.class, incident.code)
		if wait > 0 {
			h.QuietUntil = latest(h.QuietUntil, now.Add(wait).UTC())
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.health = *h
		if i, open := h.Incident(PlaceRefresh); open {
			r.report.Incident = &i
		}
		return true
	})
	r.log.ErrorContext(ctx, "incident: run stopped", "class", incident.class, "code", incident.code)
	if err != nil {
		r.log.ErrorContext(ctx, "incident not written down", "err", err)
	}
}

// dropHeld leaves the accounts whose failures are held as they were, and returns
// the last failure and the longest time that Meta asked for.
func (r *run) dropHeld() (last outcome, wait time.Duration) {
	var dropped []*held
	for _, h := range r.breaker.released() {
		h.drop()
		last = h.outcome
		dropped = append(dropped, h)
		r.count(func(report *Report) { report.Failed[h.class]++ })
		r.deferred(h.due)
	}
	for _, h := range dropped {
		if h.class == last.class {
			// What Meta asks of one account in an outage is not asked of the app.
			wait = max(wait, h.retryAfter)
		}
	}
	return last, wait
}

// heal decides what the run may do while an incident is open. It tries one
// account; if Meta answers, the incident is over.
func (r *run) heal(ctx context.Context) error {
	incident, open := r.health.Incident(PlaceRefresh)
	if r.now.Before(r.health.QuietUntil) {
		r.quiet = true
		return nil
	}
	if !open {
		return nil
	}
	if r.shards[0] != 0 {
		// Of the parts of a run one tries.
		r.quiet = true
		return nil
	}
	a, found, err := r.trial(ctx, incident)
	if err != nil {
		return err
	}
	healed := !found // nobody waits for Meta
	if found {
		healed = r.try(ctx, a, incident)
	}
	if age := r.now.Sub(incident.Since); incident.Class == ClassDead && age > believeAfter {
		last, asked := r.breaker.last()
		r.breaker.believe = !healed && asked && last.class == ClassDead
		if age <= believeAfter+believeFor {
			// The others come up for a look within a day. Till then it is the same
			// incident, and no new one to wait out.
			healed = healed && found
		} else {
			healed = healed || r.breaker.believe
		}
	}
	r.quiet = !healed && !r.breaker.believe && found
	return r.store.changeHealth(ctx, func(h *Health) bool {
		defer func() { r.health = *h }()
		if healed {
			return h.closeIncident(r.now, PlaceRefresh)
		}
		for i := range h.Incidents {
			if h.Incidents[i].Place == PlaceRefresh {
				h.Incidents[i].Trials++
				h.Incidents[i].SeenAt = r.now.UTC()
			}
		}
		return true
	})
}

// trial returns the account that is tried, another one each time. One that is
// known to be dead tells nothing when all are called dead.
func (r *run) trial(ctx context.Context, incident Incident) (chosen Account, found bool, err error) {
	var waiting []Account
	// Those that wait in the other parts of a run count, too.
	for shard := range r.store.ledger.Shards() {
		err = errors.Join(err, r.feed(ctx, shard, func(a Account) bool {
			if action := r.plan(a).Action; (action == ActionRefresh || action == ActionProbe) && !a.leased(r.now) && (a.Status.Live() || incident.Class != ClassDead) {
				waiting = append(waiting, a)
			}
			return len(waiting) < batch
		}))
	}
	if len(waiting) == 0 {
		return Account{}, false, err
	}
	return waiting[incident.Trials%len(waiting)], true, nil
}

// try asks Meta about one account and reports whether the incident is over. If it
// is not, the account stays as it was.
func (r *run) try(ctx context.Context, a Account, incident Incident) bool {
	ctx, cancel := context.WithTimeout(ctx, r.callTimeout)
	defer cancel()
	action := r.plan(a).Action
	if action == ActionRefresh {
		r.outcome(ctx, a, action, r.refresh(ctx, a))
	} else {
		r.outcome(ctx, a, action, r.probe(ctx, a))
	}
	r.count(func(report *Report) { report.Due++ })
	r.dropHeld()
	last, asked := r.breaker.last()
	// A failure of another kind, and of an account, is an answer, too.
	return asked && (last.ok || !ofAll(last.class) && last.class != incident.Class)
}

// credible reports whether Meta's word that a token is dead may be believed: it
// must have called another token good in this run. If none was asked, one is.
func (r *run) credible(ctx context.Context, a Account) bool {
	if r.alone || r.breaker.believes() || r.breaker.healthy() || r.now.Sub(a.Doubt.At) > doubtFor {
		return true
	}
	r.witness.Do(func() { r.witnessed, r.noWitness = r.askWitness(ctx, func(w Account) bool { return w.ID == a.ID }) })
	return r.witnessed || r.noWitness
}

// doubtFor is how long a token may be called dead, while Meta calls no other one
// good, before that is believed.
const doubtFor = 2 * time.Hour

// vouched reports whether Meta accepts another account than those that failed in
// this run. Accounts that always fail are asked more often than the others, so
// that a short run may meet nobody else.
func (r *run) vouched(ctx context.Context) bool {
	accepted, _ := r.askWitness(ctx, func(w Account) bool {
		return r.breaker.holds(w.ID) || w.LastFailure.At.After(w.CheckedAt)
	})
	return accepted
}

// askWitness asks Meta about an account that it has accepted before, but for some.
func (r *run) askWitness(ctx context.Context, but func(Account) bool) (accepted, none bool) {
	if !r.end.IsZero() && time.Until(r.end) < r.callTimeout+lastWords {
		return false, false // There is no time left to ask; a later run does.
	}
	// The time of the account that is doubted may be over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.callTimeout)
	defer cancel()
	var expiries []Expiry
	none = true
	asked := 0
	for _, status := range []Status{StatusActive, StatusExpiring} {
		some, err := r.store.ledger.Expiries(ctx, status, candidates)
		if err != nil {
			return false, false
		}
		expiries = append(expiries, some...)
		// What is not in the list may live.
		none = none && len(some) < candidates
	}
	for _, e := range expiries {
		a, err := r.store.row(ctx, e.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return false, false
		}
		if err != nil || !a.Status.Live() || but(a) {
			continue
		}
		none = false
		if a.Doubt.Code != "" {
			continue // nobody knows better about it
		}
		token, err := r.store.vault.Get(ctx, a.slot(), a.Ref)
		if err != nil {
			continue
		}
		if _, err = r.meta.Profile(ctx, token.Value); err == nil {
			return true, false
		}
		if asked++; asked == witnesses {
			break
		}
	}
	return false, none
}

// witnesses is how many accounts are asked at most, of so many candidates of a
// status.
const (
	witnesses  = 3
	candidates = 10
)
