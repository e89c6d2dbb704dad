package igauth

import (
	"time"
)

// adopt makes token, for which the vault gave ref, the account's token, ends the
// attempt that obtained it, and writes it down.
func (a *Account) adopt(lease Lease, token Token, ref Ref) {
	if a.Lease.Attempt == lease.Attempt {
		a.release()
	}
	if lease.Work == WorkMove {
		a.Generation++
		a.Ref = ref
		return
	}
	what := EntryRefreshed
	a.ConfirmAt = time.Time{}
	switch lease.Work {
	case WorkConnect:
		what = EntryConnected
		if a.Connected() {
			what = EntryReconnected
		}
	case WorkImport:
		what = EntryImported
		if lease.Login != LoginFacebook { // Meta tells the end of its tokens
			a.ConfirmAt = token.IssuedAt.UTC()
		}
	}
	if lease.Work.byPerson() {
		if lease.Login != "" { // a lease of an older version says nothing new
			a.Login, a.AppScopedID, a.PageID = lease.Login, lease.AppScopedID, lease.PageID
		}
		a.ConnectedAt = token.IssuedAt.UTC()
		a.RequestedScopes = lease.RequestedScopes
		a.Scopes = nil // those of the last consent are no longer what counts
	}
	a.Generation++
	a.Ref, a.ForgetAt = ref, time.Time{}
	returned := a.warnedOfData() && endsLater(token.DataAccessUntil.UTC(), a.DataAccessUntil)
	a.IssuedAt, a.ExpiresAt, a.DataAccessUntil = token.IssuedAt.UTC(), token.ExpiresAt.UTC(), token.DataAccessUntil.UTC()
	a.CheckedAt, a.TriedAt = a.IssuedAt, time.Time{}
	if token.Scopes != nil {
		a.Scopes = token.Scopes
	}
	recovered := lease.Work == WorkRefresh && (a.troubled() || returned)
	a.Status = StatusActive
	a.calm()
	a.record(a.IssuedAt, what, "")
	if lease.Work == WorkRefresh {
		a.tell(a.IssuedAt, EventRefreshed, "", "")
	} else {
		a.tell(a.IssuedAt, EventConnected, "", what)
	}
	if recovered {
		a.recover(a.IssuedAt)
	}
}

// troubled reports whether the outside was told that something is wrong with the
// account's token.
func (a Account) troubled() bool {
	return a.Status == StatusExpiring || a.Status == StatusReauthRequired || !a.WarnedAt.IsZero()
}

// ailing reports whether the account has failed since Meta accepted its token
// last.
func (a Account) ailing() bool {
	return a.Failures > 0 || a.Doubt.Code != "" || a.LastFailure.At.After(a.CheckedAt)
}

// calm forgets what was wrong with the account's token.
func (a *Account) calm() {
	a.Failures, a.LastFailure, a.Doubt = 0, Failure{}, Failure{}
	a.WaitUntil, a.WarnedAt = time.Time{}, time.Time{}
}

// recover tells that what was wrong with the account's token has passed.
func (a *Account) recover(at time.Time) {
	a.record(at, EntryRecovered, "")
	a.tell(at, EventRecovered, "", "")
}

// revive gives a token back that Meta had called dead and accepts again.
func (a *Account) revive(at time.Time) {
	a.Status, a.TriedAt = StatusActive, time.Time{}
	a.calm()
	a.recover(at)
}

// suspect keeps in mind that Meta has called the token dead once.
func (a *Account) suspect(at time.Time, code Code) {
	a.Doubt = Failure{At: at.UTC(), Class: ClassDead, Code: code}
	a.release()
}

// die ends the account's life with its token: Meta said that it is dead, or its
// time is over. The vault keeps the text until the next token replaces it.
func (a *Account) die(at time.Time, code Code) {
	a.Status, a.Unpromoted = StatusReauthRequired, false
	a.LastFailure, a.Doubt, a.TriedAt = Failure{At: at.UTC(), Class: ClassDead, Code: code}, Failure{}, time.Time{}
	a.record(at, EntryReauthRequired, string(code))
	a.tell(at, EventReauthRequired, code, "")
	a.release()
}

// disconnect takes the token away. Whoever wrote with an older generation in
// mind has lost.
//
// Whoever consented before the watermark, which is when the owner wanted the end,
// is too late to connect. Why is a remark for the history.
func (a *Account) disconnect(at, watermark time.Time, why string) {
	a.Generation++
	a.Ref, a.Unpromoted = "", false
	a.calm()
	a.ConfirmAt, a.EndedAt = time.Time{}, latest(a.EndedAt, watermark.UTC())
	known := a.Status != StatusDisconnected
	a.Status = StatusDisconnected
	if known {
		a.record(at, EntryDisconnected, why)
		a.tell(at, EventDisconnected, "", "disconnected")
	}
}

// erase leaves nothing of the account but what tells a late writer that it has
// lost.
func (a *Account) erase(at, watermark time.Time) {
	known := a.Connected() && a.Status != StatusDisconnected
	*a = Account{
		Profile:    Profile{ID: a.ID},
		Login:      a.Login,
		Status:     StatusDeleting,
		Revision:   a.Revision,
		Generation: a.Generation + 1,
		EndedAt:    latest(a.EndedAt, watermark.UTC()),
		Lease:      a.Lease,
		Outbox:     a.Outbox,
	}
	if known {
		a.tell(at, EventDisconnected, "", "erased")
	}
}

// ended reports whether the account was disconnected or erased.
func (a Account) ended() bool {
	return a.Status == StatusDisconnected || a.Status == StatusDeleting
}

// fail counts a refresh that failed and may succeed later.
func (a *Account) fail(at time.Time, err error) {
	a.Failures++
	a.TriedAt = at.UTC()
	a.LastFailure = Failure{At: at.UTC(), Class: ClassOf(err), Code: CodeOf(err)}
	if a.Failures >= expiringAfter && a.Status == StatusActive {
		a.Status = StatusExpiring
		a.tell(at, EventFailing, a.LastFailure.Code, "")
	}
	if last := len(a.History) - 1; last < 0 || a.History[last].What != EntryRefreshFailed || a.History[last].Detail != string(a.LastFailure.Code) {
		// The same failure day after day must not push out the rest.
		a.record(at, EntryRefreshFailed, string(a.LastFailure.Code))
	}
	a.release()
}

// warn tells that the token is going to end if nobody helps, once for each token.
// In an outage nobody can, so whoever is asked must find Meta at home.
// Without probes nobody knows whether it is.
func (a *Account) warn(at time.Time, policy Policy) {
	if !a.WarnedAt.IsZero() || a.Status != StatusExpiring || a.EndsAt().IsZero() || a.EndsAt().Sub(at) > policy.WarnWithin {
		return
	}
	ownersTurn := a.LastFailure.Class == ClassNeedsUser || a.LastFailure.Class == ClassMisconfigured
	if !ownersTurn && policy.ProbeEvery > 0 && at.Sub(a.CheckedAt) > max(outageAfter, 2*policy.ProbeEvery) {
		return
	}
	a.WarnedAt = at.UTC()
	a.tell(at, EventExpiring, a.LastFailure.Code, "")
}

// outageAfter is how long Meta must have been silent about an account before a
// refresh that fails is taken for Meta's own trouble. Where it is asked less often
// than once a day, two probes must have failed.
const outageAfter = 48 * time.Hour

// expiringAfter is how many refreshes in a row fail before the account is shown
// as expiring.
const expiringAfter = 3
