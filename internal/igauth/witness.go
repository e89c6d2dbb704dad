package igauth

import (
	"context"
	"errors"
	"time"
)

// credible reports whether Meta's word that a token is dead may be believed: it
// must have called another token of the same app good in this run. If none was
// asked, some are.
// If it calls all of them dead as well, that is an incident.
func (r *run) credible(ctx context.Context, a Account) bool {
	app := r.app(a)
	if r.alone || app.breaker.believes() || app.breaker.healthy() || r.vouched(ctx, app, a.ID) {
		return true
	}
	switch t := app.testimony; {
	case t.unknown:
		return false
	case t.others == 0 && !t.more:
		return true
	case t.refused >= witnesses:
		r.trip(ctx, app, outcome{class: ClassDead, code: a.Doubt.Code})
		return false
	default:
		// A few accounts may all be dead, of one owner who has left.
		return t.refused == t.others && r.now.Sub(a.Doubt.At) > doubtFor
	}
}

// vouched reports whether Meta accepts the token of another account of an app that
// was well before. It asks once for the run.
func (r *run) vouched(ctx context.Context, app *app, but AccountID) bool {
	asked := false
	app.witness.Do(func() {
		app.testimony = r.askWitnesses(ctx, app, but)
		asked = true
	})
	if asked && app.testimony.accepted {
		r.answered(app)
	}
	return app.testimony.accepted
}

// doubtFor is how long a few tokens may all be called dead before that is
// believed.
const doubtFor = 2 * time.Hour

// witnesses is how many accounts are asked at most, of so many candidates of a
// status. If Meta calls as many dead, that is an incident.
const (
	witnesses  = 3
	candidates = 30
)

// A testimony is what Meta says of other tokens.
type testimony struct {
	// unknown says that it was not found out.
	unknown bool
	// more says that there may be others which were not found among the many
	// accounts of the other app.
	more bool
	// others counts the accounts that were looked at, failed those that were asked
	// about in vain although they were well before, and refused those of which Meta
	// says, or has said lately, that they are dead.
	others, failed, refused int
	accepted                bool
}

// askWitnesses asks Meta about accounts that it has accepted before, those that
// are well first, until one is good.
func (r *run) askWitnesses(ctx context.Context, app *app, but AccountID) (t testimony) {
	if app.login == LoginFacebook && r.facebook == nil {
		return testimony{unknown: true}
	}
	if !r.end.IsZero() && time.Until(r.end) < r.callTimeout+lastWords {
		return testimony{unknown: true} // There is no time left to ask; a later run does.
	}
	// The time of the account that is doubted may be over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.callTimeout)
	defer cancel()
	var expiries []Expiry
	full := false
	for _, status := range []Status{StatusActive, StatusExpiring} {
		some, err := r.store.ledger.Expiries(ctx, status, candidates)
		if err != nil {
			return testimony{unknown: true}
		}
		expiries = append(expiries, some...)
		full = full || len(some) == candidates
	}
	var well, ailing []Account
	for _, e := range expiries {
		if e.ID == but || app.breaker.holds(e.ID) {
			continue
		}
		a, err := r.store.row(ctx, e.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return testimony{unknown: true}
		}
		if err != nil || !a.Status.Live() {
			continue
		}
		if r.app(a) != app {
			t.more = full
			continue
		}
		t.others++
		switch {
		case a.Doubt.Code != "":
			t.refused++
		case a.WaitUntil.After(r.now):
		case a.ailing():
			ailing = append(ailing, a)
		default:
			well = append(well, a)
		}
	}
	for i, a := range append(well, ailing...) {
		if i == witnesses {
			break
		}
		_, err := r.look(ctx, a)
		if err == nil {
			t.accepted = true
			return t
		}
		if i < len(well) {
			t.failed++
		}
		if ClassOf(err) == ClassDead {
			t.refused++
		}
	}
	return t
}
