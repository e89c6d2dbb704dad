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
func (r *run) judge(ctx context.Context, a Account, action Action, cause error, write func() error, drop func()) error {
	if r.alone {
		return write()
	}
	e, _ := errors.AsType[*Error](cause)
	h := &held{account: a.ID, outcome: outcome{class: ClassOf(cause), code: CodeOf(cause)}, own: a.ailing(), drop: drop}
	if e != nil {
		h.retryAfter = e.RetryAfter
	}
	h.write = func() { r.outcome(ctx, a, action, write()) }
	guilty := r.guilty(ctx, r.breaker.failure(h))
	if r.pace.exhausted() {
		r.hush()
		guilty = guilty || !r.breaker.healthy()
	}
	if guilty {
		r.trip(ctx, h.outcome)
	} else if r.isQuiet() {
		// It was on its way when the breaker tripped, or Meta limits the app.
		r.dropHeld()
	}
	return errHeld
}

// guilty reports whether it is the app that fails. A suspicion is settled by
// asking others.
func (r *run) guilty(ctx context.Context, v verdict) bool {
	return v == convicted || v == suspected && !r.vouched(ctx, "") && r.breaker.calls()+r.testimony.failed >= runLeast
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
func (r *run) trip(ctx context.Context, incident outcome) {
	r.hush()
	wait := r.dropHeld()
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
		return true
	})
	r.log.ErrorContext(ctx, "incident: run stopped", "class", incident.class, "code", incident.code)
	if err != nil {
		r.log.ErrorContext(ctx, "incident not written down", "err", err)
	}
}

// dropHeld leaves the accounts whose failures are held as they were, and returns
// the longest time that Meta asked for.
func (r *run) dropHeld() (wait time.Duration) {
	for _, h := range r.breaker.released() {
		h.drop()
		wait = max(wait, h.retryAfter)
		r.count(func(report *Report) {
			report.Failed[h.class]++
			report.Deferred++
		})
	}
	return wait
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
	a, found, err := r.trial(ctx, incident.Trials)
	if err != nil {
		return err
	}
	healed := !found // nobody waits for Meta
	if found {
		healed = r.try(ctx, a, incident)
	}
	if !healed && incident.Class == ClassDead && r.now.Sub(incident.Since) > believeAfter {
		healed, r.breaker.believe = true, true
	}
	r.quiet = !healed
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

// trial returns the account that is tried, another one each time. One that has
// failed before would prove nothing by failing again, and is tried only where
// there is no other.
func (r *run) trial(ctx context.Context, trials int) (chosen Account, found bool, err error) {
	var waiting, ailing []Account
	for _, shard := range r.shards {
		err = errors.Join(err, r.feed(ctx, shard, func(a Account) bool {
			action := r.plan(a).Action
			switch {
			case action != ActionRefresh && action != ActionProbe || a.leased(r.now):
			case a.ailing() || !a.Status.Live():
				if len(ailing) < batch {
					ailing = append(ailing, a)
				}
			default:
				waiting = append(waiting, a)
			}
			return len(waiting) < batch
		}))
	}
	if len(waiting) == 0 {
		waiting = ailing
	}
	if len(waiting) == 0 {
		return Account{}, false, err
	}
	return waiting[trials%len(waiting)], true, nil
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
// must have called another token good in this run. If none was asked, some are.
// If it calls all of them dead as well, that is an incident.
func (r *run) credible(ctx context.Context, a Account) bool {
	if r.alone || r.breaker.believe || r.breaker.healthy() || r.vouched(ctx, a.ID) {
		return true
	}
	switch t := r.testimony; {
	case t.others == 0:
		return true
	case t.refused >= witnesses:
		r.trip(ctx, outcome{class: ClassDead, code: a.Doubt.Code})
		return false
	default:
		// A few accounts may all be dead, of one owner who has left.
		return t.refused == t.others && r.now.Sub(a.Doubt.At) > doubtFor
	}
}

// vouched reports whether Meta accepts the token of another account that was well
// before. It asks once for the run.
func (r *run) vouched(ctx context.Context, but AccountID) bool {
	r.witness.Do(func() {
		if r.testimony = r.askWitnesses(ctx, but); r.testimony.accepted {
			r.answered()
		}
	})
	return r.testimony.accepted
}

// doubtFor is how long a few tokens may all be called dead before that is
// believed.
const doubtFor = 2 * time.Hour

// witnesses is how many other tokens must be called dead to make it an incident.
const witnesses = 3

// A testimony is what Meta says of other tokens.
type testimony struct {
	// others counts the accounts that were looked at, failed those that were asked
	// about in vain, and refused those of which Meta says, or has said lately, that
	// they are dead.
	others, failed, refused int
	accepted                bool
}

// askWitnesses asks Meta about accounts that it has accepted before, until one is
// good.
func (r *run) askWitnesses(ctx context.Context, but AccountID) (t testimony) {
	// The time of the account that is doubted may be over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.callTimeout)
	defer cancel()
	expiries, err := r.store.ledger.Expiries(ctx, StatusActive, 10*witnesses)
	if err != nil {
		return testimony{others: 1}
	}
	asked := 0
	for _, e := range expiries {
		if e.ID == but || r.breaker.holds(e.ID) {
			continue
		}
		a, err := r.store.row(ctx, e.ID)
		if err != nil || !a.Status.Live() {
			continue
		}
		t.others++
		switch {
		case a.Doubt.Code != "":
			t.refused++
			continue
		case a.ailing() || a.WaitUntil.After(r.now) || asked == witnesses:
			continue
		}
		asked++
		if _, err = r.look(ctx, a); err == nil {
			t.accepted = true
			return t
		}
		t.failed++
		if ClassOf(err) == ClassDead {
			t.refused++
		}
	}
	return t
}
