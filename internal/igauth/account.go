package igauth

import (
	"strings"
	"time"
)

// An AccountID is the id of an Instagram professional account (`user_id`, such
// as 17841401313574613), as text: it exceeds 2^53, so that a float would turn it
// into somebody else's.
type AccountID string

// Valid reports whether id is 1 to 20 ASCII digits without a leading zero.
func (id AccountID) Valid() bool {
	if len(id) == 0 || len(id) > 20 || id[0] == '0' {
		return false
	}
	for _, c := range []byte(id) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// A Login says through which of Meta's doors an account came.
type Login string

// LoginInstagram is Business Login for Instagram.
const LoginInstagram Login = "instagram"

// A Status says what a consumer may expect of an account.
type Status string

// The statuses of an account.
const (
	// StatusConnecting is a row whose first token is not committed yet. Nobody
	// is shown such an account.
	StatusConnecting Status = "connecting"
	// StatusActive has a live token.
	StatusActive Status = "active"
	// StatusExpiring has a live token whose refresh keeps failing.
	StatusExpiring Status = "expiring"
	// StatusReauthRequired has none: Meta said it is dead, or it expired.
	StatusReauthRequired Status = "reauth_required"
	// StatusDisconnected was disconnected by its owner or by us.
	StatusDisconnected Status = "disconnected"
	// StatusDeleting was erased: nothing is left of the account but its id, and
	// that only for as long as a late writer must be recognized. Nobody is shown
	// such an account.
	StatusDeleting Status = "deleting"
)

// Live reports whether an account of this status has a token that is worth
// refreshing.
func (s Status) Live() bool {
	return s == StatusActive || s == StatusExpiring
}

// A Profile is who Meta says an account is.
type Profile struct {
	ID AccountID `json:"id"`
	// AppScopedID is the id by which the app knows who connected the account,
	// different in every app; Meta uses it in its callbacks. With Instagram Login
	// it is the account's, with Facebook Login the person's.
	AppScopedID string `json:"app_scoped_id"`
	Username    string `json:"username,omitempty"`
	Name        string `json:"name,omitempty"`
	// AccountType is upper case: BUSINESS or MEDIA_CREATOR.
	AccountType string `json:"account_type,omitempty"`
	// PageID is the Facebook Page that the account is reached through; empty with
	// Instagram Login.
	PageID string `json:"page_id,omitempty"`
}

// A Token is an access token and what is known of it.
type Token struct {
	Value    Secret
	IssuedAt time.Time
	// ExpiresAt is when the token ends; zero means never, which only tokens of
	// Facebook Login do.
	ExpiresAt time.Time
	// UserToken is, with Facebook Login, the person's token, from which Value is
	// made and by which it is renewed; empty with Instagram Login.
	UserToken Secret
	// DataAccessUntil is when Meta stops to show the account's data to the token
	// unless its owner comes back; zero means that there is no such clock
	// (https://developers.facebook.com/documentation/facebook-login/auth-vs-data).
	DataAccessUntil time.Time
	// Scopes are the permissions that the person granted, sorted. Nil when Meta
	// did not say.
	Scopes []string
}

// A Failure is what happened the last time that something failed.
type Failure struct {
	At    time.Time `json:"at,omitempty,omitzero"`
	Class Class     `json:"class,omitempty"`
	Code  Code      `json:"code,omitempty"`
}

// An Account is the row of one Instagram account in the [Ledger]. The JSON names
// are the names of the row's attributes in every ledger.
//
// It is a value: the methods that change it are called on a copy, and the copy
// is saved on the condition that nobody saved another since it was read.
type Account struct {
	Profile
	Login  Login  `json:"login"`
	Status Status `json:"status"`
	// ListedAs is the [Person] that lists the account; "" if none does yet.
	ListedAs PersonID `json:"listed_as,omitempty"`

	// Revision counts the saves of the row. It is the ledger's to set.
	Revision int64 `json:"revision"`
	// Generation counts the committed changes of the token.
	Generation int64 `json:"generation"`
	// Ref says where the vault keeps the token of this generation.
	Ref Ref `json:"ref,omitempty"`

	IssuedAt time.Time `json:"issued_at,omitempty,omitzero"`
	// ExpiresAt and DataAccessUntil are the [Token]'s. DataWarnedFor is the
	// DataAccessUntil of which the outside was warned last.
	ExpiresAt       time.Time `json:"expires_at,omitempty,omitzero"`
	DataAccessUntil time.Time `json:"data_access_until,omitempty,omitzero"`
	DataWarnedFor   time.Time `json:"data_warned_for,omitempty,omitzero"`
	// Scopes were granted, nil when Meta did not say. RequestedScopes were asked for by the flow that
	// connected the account last.
	Scopes          []string `json:"scopes"`
	RequestedScopes []string `json:"requested_scopes,omitempty"`

	// ConfirmAt is set while ExpiresAt is an assumption, as nobody knows how old
	// an imported token is: a refresh at that time tells.
	ConfirmAt time.Time `json:"confirm_at,omitempty,omitzero"`

	// ConnectedAt is when the owner consented or a token was imported last,
	// CheckedAt when Meta last accepted the token, EndedAt when somebody last
	// wanted the account disconnected or erased.
	ConnectedAt time.Time `json:"connected_at,omitempty,omitzero"`
	CheckedAt   time.Time `json:"checked_at,omitempty,omitzero"`
	EndedAt     time.Time `json:"ended_at,omitempty,omitzero"`
	// TriedAt is when a refresh of the present token was last tried; zero if none
	// was.
	TriedAt time.Time `json:"tried_at,omitempty,omitzero"`
	// Failures counts the failed refreshes since the last good one. LastFailure
	// is of a refresh or of a look at the account, whichever came last.
	Failures    int     `json:"failures,omitempty"`
	LastFailure Failure `json:"last_failure,omitempty,omitzero"`
	// Doubt is set while Meta has said once that the token is dead. It is asked
	// again before anybody is told.
	Doubt Failure `json:"doubt,omitempty,omitzero"`
	// WaitUntil is till when Meta wants not to be asked about the account.
	WaitUntil time.Time `json:"wait_until,omitempty,omitzero"`
	// WarnedAt is when the outside was told that the present token is going to
	// end without having been refreshed.
	WarnedAt time.Time `json:"warned_at,omitempty,omitzero"`

	// DueAt is when a run must look at the account again; zero means never.
	// The ledger keeps an index of it.
	DueAt time.Time `json:"due_at,omitempty,omitzero"`
	Lease Lease     `json:"lease,omitempty,omitzero"`
	// Unpromoted says that the vault may not have promoted Ref yet. Every commit
	// to a vault with direct readers sets it, since the process may end before
	// the promotion; the promotion clears it.
	Unpromoted bool `json:"unpromoted,omitempty"`
	// SweepAt is when the vault must be emptied of what no row points to; zero
	// means that nothing is left there. It is emptied at once, and once more, when
	// nobody can come late any more; Swept says that the first was done.
	SweepAt time.Time `json:"sweep_at,omitempty,omitzero"`
	Swept   bool      `json:"swept,omitempty"`
	// ForgetAt is when the ledger may forget the row; zero means never.
	ForgetAt time.Time `json:"forget_at,omitempty,omitzero"`

	// Outbox holds the events that were not sent yet, oldest first.
	Outbox []Event `json:"outbox,omitempty"`
	// History holds the last 20 entries, oldest first.
	History []Entry `json:"history,omitempty"`
}

// Connected reports whether the account was ever connected and may be shown.
func (a Account) Connected() bool {
	return a.Status != StatusConnecting && a.Status != StatusDeleting && a.Status != ""
}

// EndsAt returns when the account's token is of no more use if nobody renews it:
// when it expires or when access to data ends, whichever comes first. Zero means
// never.
func (a Account) EndsAt() time.Time { return firstOf(a.ExpiresAt, a.DataAccessUntil) }

// firstOf returns the first of two times, of which zero means never.
func firstOf(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// endsLater reports whether one end, of which zero means never, comes after
// another.
func endsLater(end, than time.Time) bool {
	return !than.IsZero() && (end.IsZero() || end.After(than))
}

// MissingScopes returns the scopes that were asked for and not granted. It is
// empty when Meta did not say what was granted.
func (a Account) MissingScopes() []string {
	return missingScopes(a.RequestedScopes, a.Scopes)
}

// slot returns where the vault keeps the account's token.
func (a Account) slot() Slot {
	return Slot{Account: a.ID, Generation: a.Generation}
}

// nextSlot returns where the token goes that the account's attempt obtains.
func (a Account) nextSlot() Slot {
	return Slot{Account: a.ID, Generation: a.Lease.Generation, Attempt: a.Lease.Attempt}
}

// sweepFrom has the vault emptied from a time on.
func (a *Account) sweepFrom(at time.Time) { a.SweepAt, a.Swept = at.UTC(), false }

// swept writes down that the vault was emptied.
func (a *Account) swept(at time.Time) {
	if a.Swept {
		a.SweepAt, a.Swept = time.Time{}, false
	} else {
		a.SweepAt, a.Swept = at.Add(sweepAgain).UTC(), true
	}
}

// sweepAgain is how long after the vault was emptied it is emptied once more. A
// worker that lost the account may still have put a token till its lease ended,
// and no function lives longer than 15 minutes.
const sweepAgain = time.Hour

// setProfile takes over what Meta says about the account now.
func (a *Account) setProfile(p Profile, at time.Time) {
	p.ID = a.ID
	// What Meta leaves out this time has not changed.
	defaultTo(&p.AppScopedID, a.AppScopedID)
	defaultTo(&p.Username, a.Username)
	defaultTo(&p.Name, a.Name)
	defaultTo(&p.AccountType, a.AccountType)
	defaultTo(&p.PageID, a.PageID)
	if a.Username != "" && p.Username != a.Username {
		a.record(at, EntryProfileChanged, "now "+p.Username)
	}
	personal := strings.EqualFold(p.AccountType, "PERSONAL")
	if personal && !strings.EqualFold(a.AccountType, "PERSONAL") && a.Status.Live() {
		a.record(at, EntryProfileChanged, "now personal")
		a.tell(at, EventFailing, CodePersonalAccount, "")
	}
	if personal && a.Failures == 0 {
		a.LastFailure = Failure{At: at.UTC(), Class: ClassNeedsUser, Code: CodePersonalAccount}
	}
	a.Profile = p
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
