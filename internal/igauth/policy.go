package igauth

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// A Policy says when an account is due for what. The zero value of a field means
// its default.
type Policy struct {
	// RefreshAt is the part of a token's life after which it is refreshed,
	// default 0.5: 30 of 60 days. Smaller costs more calls to Meta; larger leaves
	// less time to survive an outage.
	RefreshAt float64
	// Jitter spreads the refreshes of accounts that were connected together, as
	// a part of the token's life to either side, default 0.05: 3 days.
	Jitter float64
	// MinAge is the age below which a token is never refreshed, default 25 h.
	// Meta's floor is 24 h
	// (https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token).
	MinAge time.Duration
	// RetryEvery is the distance of tries after a refresh failed, default 24 h.
	RetryEvery time.Duration
	// UrgentWithin and UrgentEvery shorten that distance at the end of a token's
	// life, default 7 days and 6 h.
	UrgentWithin, UrgentEvery time.Duration
	// ProbeEvery is how long Meta may go without being asked about an account,
	// default 22 h, so that hourly runs ask at least once a day. Negative turns
	// the probe off.
	ProbeEvery time.Duration
	// ConfirmAfter is how long after Meta called a token dead it is asked again
	// before anybody is told, default 45 minutes: the next hourly run does it.
	ConfirmAfter time.Duration
	// WarnWithin is how close its end must be for a token whose refresh fails to
	// be told about, default 10 days.
	WarnWithin time.Duration
	// ReviveWithin is how long a token that Meta called dead is still tried once
	// a day, default 7 days: a false alarm heals. Negative turns that off.
	ReviveWithin time.Duration
}

// withDefaults returns the policy with its defaults filled in, or what is wrong
// with it.
func (p Policy) withDefaults() (Policy, error) {
	defaultTo(&p.RefreshAt, 0.5)
	defaultTo(&p.Jitter, 0.05)
	defaultTo(&p.MinAge, 25*time.Hour)
	defaultTo(&p.RetryEvery, 24*time.Hour)
	defaultTo(&p.UrgentWithin, 7*24*time.Hour)
	defaultTo(&p.UrgentEvery, 6*time.Hour)
	defaultTo(&p.ProbeEvery, 22*time.Hour)
	defaultTo(&p.ConfirmAfter, 45*time.Minute)
	defaultTo(&p.WarnWithin, 10*24*time.Hour)
	defaultTo(&p.ReviveWithin, 7*24*time.Hour)
	var problems []error
	problem := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	// Of a part that is no number every comparison is false.
	inOrder := p.Jitter >= 0 && p.RefreshAt-p.Jitter > 0 && p.RefreshAt+p.Jitter < 0.9
	problem(!inOrder, "refresh_at=%.2f with jitter=%.2f: refresh_at minus jitter must be above 0, and together they must stay below 0.9, so that time remains for tries", p.RefreshAt, p.Jitter)
	first, last := partOf(longLived, p.RefreshAt-p.Jitter), partOf(longLived, p.RefreshAt+p.Jitter)
	problem(p.MinAge < youngest, "min_age=%s: Meta refuses to refresh a token younger than 24h", span(p.MinAge))
	problem(inOrder && p.MinAge > first, "min_age=%s: the first refresh, at refresh_at minus jitter, comes after %s already", span(p.MinAge), span(first))
	problem(p.RetryEvery < time.Minute, "retry_every=%s: must be a minute at least", span(p.RetryEvery))
	problem(p.UrgentEvery > p.RetryEvery, "urgent_every=%s: must not be longer than retry_every=%s", span(p.UrgentEvery), span(p.RetryEvery))
	problem(p.UrgentEvery < time.Minute, "urgent_every=%s: must be a minute at least", span(p.UrgentEvery))
	problem(p.UrgentWithin < p.UrgentEvery, "urgent_within=%s: must hold at least one try, urgent_every=%s", span(p.UrgentWithin), span(p.UrgentEvery))
	problem(inOrder && p.RetryEvery > (longLived-last)/minTries, "retry_every=%s: between the last first try, after %s, and the end of a token, after 60d, there must be time for %d tries", span(p.RetryEvery), span(last), minTries)
	problem(inOrder && p.WarnWithin >= longLived-last, "warn_within=%s: tokens are first refreshed as late as %s before their end, and only those that fail are warned of", span(p.WarnWithin), span(longLived-last))
	problem(p.WarnWithin < 0, "warn_within=%s: must not be negative", span(p.WarnWithin))
	problem(p.WarnWithin > 0 && p.WarnWithin < p.UrgentEvery, "warn_within=%s: must hold at least one try, urgent_every=%s, since only a try that fails warns", span(p.WarnWithin), span(p.UrgentEvery))
	problem(p.ProbeEvery > 0 && p.ProbeEvery < time.Hour, "probe_every=%s: must be an hour at least, or 0 for never", span(p.ProbeEvery))
	problem(p.ReviveWithin > 0 && p.ReviveWithin < p.RetryEvery, "revive_within=%s: must hold at least one try, retry_every=%s, or be 0 for never", span(p.ReviveWithin), span(p.RetryEvery))
	problem(p.ConfirmAfter < time.Minute || p.ConfirmAfter > 24*time.Hour, "confirm_after=%s: must be between a minute and a day", span(p.ConfirmAfter))
	return p, errors.Join(problems...)
}

// minTries is how often a refresh can be tried before a token ends, at least.
const minTries = 3

func partOf(life time.Duration, part float64) time.Duration {
	return time.Duration(float64(life) * part)
}

func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// An Action is what a run does with an account that is due.
type Action string

// The actions.
const (
	ActionNone    Action = "none"
	ActionRefresh Action = "refresh"
	ActionProbe   Action = "probe"
	// ActionWarn tells that access to the account's data is going to end, unless
	// Meta says that its owner was there.
	ActionWarn Action = "warn"
	// ActionPromote makes sure that direct readers of the vault see the token.
	ActionPromote Action = "promote"
	// ActionExpire writes down that a token's time is over.
	ActionExpire Action = "expire"
	// ActionRecover looks for what an attempt left that did not come back.
	ActionRecover Action = "recover"
	// ActionDestroy removes what the vault may still hold and no row points to.
	ActionDestroy Action = "destroy"
)

// asksMeta reports whether Meta is needed for an action.
func (a Action) asksMeta() bool {
	return a == ActionRefresh || a == ActionProbe || a == ActionWarn
}

// A Plan is what happens to an account next, when, and why.
type Plan struct {
	Action Action
	// At is zero when nothing is going to happen.
	At     time.Time
	Reason string
}

// Plan returns what happens to the account next. It depends on nothing but its
// arguments, so that everybody who asks gets the same answer.
func (p Policy) Plan(a Account) Plan {
	switch {
	case a.Lease.Work == WorkEmpty:
		return Plan{ActionDestroy, a.Lease.Until, planDestroy(a).Reason}
	case a.Lease.Attempt != "":
		return Plan{ActionRecover, a.Lease.Until, "an attempt is under way or did not come back"}
	case !a.Status.Live() && !a.SweepAt.IsZero():
		return planDestroy(a)
	case a.Status == StatusReauthRequired && p.revivable(a):
		return p.planRevive(a)
	case !a.Status.Live():
		return Plan{ActionNone, time.Time{}, "the account has no live token"}
	}
	next := planExpire(a)
	for _, other := range []Plan{planDestroy(a), p.planProbe(a), planPromote(a), planWarn(a), p.planRefresh(a)} {
		if other.Action != ActionNone && (next.Action == ActionNone || !other.At.After(next.At)) {
			next = other
		}
	}
	return next
}

// due returns the plan that applies at now: of all that is due the most useful,
// since a refresh asks Meta as well as a probe does, and nothing helps a token
// whose time is over.
func (p Policy) due(a Account, now time.Time) Plan {
	plan := p.Plan(a)
	switch plan.Action {
	case ActionProbe, ActionRefresh, ActionWarn, ActionPromote, ActionDestroy:
	default:
		return plan
	}
	if !a.Status.Live() || a.leased(now) {
		return plan
	}
	if a.over(now) {
		return planExpire(a)
	}
	for _, better := range []Plan{p.planRefresh(a), p.planProbe(a), planWarn(a)} {
		if better.Action != ActionNone && !better.At.After(now) {
			return better
		}
	}
	return plan
}

func planDestroy(a Account) Plan {
	if a.SweepAt.IsZero() {
		return Plan{Action: ActionNone, Reason: "the vault may still hold a token"}
	}
	return Plan{ActionDestroy, a.SweepAt, "the vault may still hold a token"}
}

// promoteAfter is how long after a commit its promotion is made up for.
const promoteAfter = 10 * time.Minute

func planPromote(a Account) Plan {
	if !a.Unpromoted {
		return Plan{Action: ActionNone}
	}
	return Plan{ActionPromote, a.IssuedAt.Add(promoteAfter), "the vault may not show the new token yet"}
}

func planExpire(a Account) Plan {
	switch end := a.EndsAt(); {
	case end.IsZero():
		return Plan{Action: ActionNone, Reason: "the token never ends"}
	case end.Before(a.ExpiresAt) || a.ExpiresAt.IsZero():
		return Plan{ActionExpire, end, "Meta stops to show the account's data unless its owner comes back"}
	default:
		return Plan{ActionExpire, end, "the token's time is over"}
	}
}

// dataWarnWithin is how long before access to its data ends an account's owner is
// asked to come back.
const dataWarnWithin = 14 * 24 * time.Hour

// planWarn plans one warning for each value of the clock. Of a token that may be
// dead it must be known first whether it is.
func planWarn(a Account) Plan {
	if a.DataAccessUntil.IsZero() || a.DataWarnedFor.Equal(a.DataAccessUntil) || a.Doubt.Code != "" {
		return Plan{Action: ActionNone}
	}
	return a.patient(Plan{ActionWarn, a.DataAccessUntil.Add(-dataWarnWithin), "Meta is about to stop showing the account's data unless its owner comes back"})
}

// over reports whether the account's token is of no more use at now.
func (a Account) over(now time.Time) bool { return !a.EndsAt().IsZero() && !a.EndsAt().After(now) }

func (p Policy) planRefresh(a Account) Plan {
	if a.Doubt.Code != "" && !a.LastFailure.At.After(a.Doubt.At) {
		// First it must be known whether the token is dead. If a look at the
		// account does not tell, a refresh does.
		return Plan{Action: ActionNone}
	}
	if !a.ConfirmAt.IsZero() {
		return a.patient(Plan{ActionRefresh, a.ConfirmAt, "nobody knows how old the imported token is"})
	}
	if a.ExpiresAt.IsZero() {
		return Plan{Action: ActionNone}
	}
	life := a.ExpiresAt.Sub(a.IssuedAt)
	part := p.RefreshAt + p.Jitter*(2*spread(a.ID)-1)
	at := a.IssuedAt.Add(time.Duration(float64(life) * part))
	reason := fmt.Sprintf("the token has lived %.0f %% of its life", part*100)
	if !a.TriedAt.IsZero() {
		reason = "the last refresh failed"
		urgentFrom := a.ExpiresAt.Add(-p.UrgentWithin)
		at = a.TriedAt.Add(p.RetryEvery)
		if urgent := latest(urgentFrom, a.TriedAt.Add(p.UrgentEvery)); urgent.Before(at) {
			at, reason = urgent, "the last refresh failed and the token's end is near"
		}
	}
	if floor := a.IssuedAt.Add(p.MinAge); at.Before(floor) {
		at, reason = floor, "the token must be a day old"
	}
	return a.patient(Plan{ActionRefresh, at.Truncate(time.Second), reason})
}

// patient puts a plan off as long as Meta wants.
func (a Account) patient(plan Plan) Plan {
	if plan.At.Before(a.WaitUntil) {
		plan.At, plan.Reason = a.WaitUntil, "Meta asked to wait"
	}
	return plan
}

// tryAgain is how long after a failed probe or promotion the next one comes. Of
// probes that fail again and again it grows.
const (
	tryAgain     = time.Hour
	tryAgainMost = 12 * time.Hour
)

func (p Policy) planProbe(a Account) Plan {
	if a.Doubt.Code != "" {
		at := a.Doubt.At.Add(p.ConfirmAfter)
		if a.LastFailure.At.After(a.Doubt.At) {
			at = latest(at, a.LastFailure.At.Add(tryAgain))
		}
		return a.patient(Plan{ActionProbe, at, "Meta said that the token is dead, and is asked once more before anybody is told"})
	}
	if p.ProbeEvery < 0 {
		return Plan{Action: ActionNone}
	}
	// The first distance is drawn between half and the whole, so that accounts
	// connected together do not stay together.
	every := p.ProbeEvery
	if !a.CheckedAt.After(a.IssuedAt) {
		every -= time.Duration(float64(every) / 2 * spread(a.ID))
	}
	at := latest(a.IssuedAt, a.CheckedAt).Add(every)
	if failed := a.LastFailure.At; failed.After(a.CheckedAt) {
		wait := tryAgain
		if !failed.Equal(a.TriedAt) {
			// A probe has failed: after an hour, an hour, two, four, and so on.
			wait = min(max(failed.Sub(at), tryAgain), tryAgainMost)
		}
		at = latest(at, failed.Add(wait))
	}
	return a.patient(Plan{ActionProbe, at.Truncate(time.Second), "Meta was not asked about the account for a day"})
}

// revivable reports whether a dead account's token is still tried: Meta has
// called it dead, which may have been wrong, and its time is not over.
func (p Policy) revivable(a Account) bool {
	at := p.planRevive(a).At
	return p.ReviveWithin > 0 && a.LastFailure.Class == ClassDead && a.LastFailure.Code != CodeTokenExpired && a.Ref != "" &&
		!at.After(a.LastFailure.At.Add(p.ReviveWithin)) && (a.EndsAt().IsZero() || at.Before(a.EndsAt()))
}

func (p Policy) planRevive(a Account) Plan {
	return a.patient(Plan{ActionProbe, latest(a.LastFailure.At, a.TriedAt).Add(p.RetryEvery), "Meta called the token dead, which may have been a false alarm"})
}

// spread returns a number in [0, 1) that is always the same for an account.
func spread(id AccountID) float64 {
	sum := sha256.Sum256([]byte(id))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}
