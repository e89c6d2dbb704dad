package igauth

import "time"

// A Lease is the right to work on an account until a time, and the name under
// which that work can be found when the worker does not come back.
type Lease struct {
	// Attempt is 32 hexadecimal digits, unique for each try.
	Attempt string    `json:"attempt,omitempty"`
	Until   time.Time `json:"until,omitempty,omitzero"`
	Work    Work      `json:"work,omitempty"`
	// Generation is for which one the attempt obtains a token.
	Generation int64 `json:"generation,omitempty"`
	// RequestedScopes are what a connection asked for.
	RequestedScopes []string `json:"requested_scopes,omitempty"`
	// Login, AppScopedID and PageID become the account's with the token that a
	// person brings.
	Login       Login  `json:"login,omitempty"`
	AppScopedID string `json:"app_scoped_id,omitempty"`
	PageID      string `json:"page_id,omitempty"`
	// ConsentedAt is when the person did: a request of Meta's from before leaves the
	// attempt alone. Zero if the account had a token of the same login, which no
	// request takes away without the attempt, and in leases of older versions.
	ConsentedAt time.Time `json:"consented_at,omitempty,omitzero"`
}

// Work is what an attempt does.
type Work string

// The kinds of work.
const (
	// WorkRefresh obtains the next token of an account.
	WorkRefresh Work = "refresh"
	// WorkConnect stores the token of a person's consent, WorkImport one that a
	// person brought.
	WorkConnect Work = "connect"
	WorkImport  Work = "import"
	// WorkMove keeps the same token in another way.
	WorkMove Work = "move"
	// WorkEmpty removes from the vault what no row points to. Nobody may put a
	// token there meanwhile.
	WorkEmpty Work = "empty"
)

// byPerson reports whether a person brings the token, before whom a refresh
// stands back.
func (w Work) byPerson() bool { return w == WorkConnect || w == WorkImport }

// outlives reports whether a token that such work obtained may be committed
// although the account was taken by somebody else: a person's always, a refreshed
// one if it is better than what a live account has. A move has obtained nothing.
func (w Work) outlives(a Account, token Token) bool {
	return w.byPerson() || w == WorkRefresh && a.Status.Live() && endsLater(token.ExpiresAt, a.ExpiresAt)
}

// improves reports whether a token that such work had put into the vault before it
// ended is better than what the account has by now.
func (w Work) improves(a Account, token Token) bool {
	if w.byPerson() {
		return !token.IssuedAt.Before(a.ConnectedAt)
	}
	return w == WorkRefresh && endsLater(token.ExpiresAt, a.ExpiresAt)
}

// leased reports whether another worker holds the account at now.
func (a Account) leased(now time.Time) bool {
	return a.Lease.Attempt != "" && now.Before(a.Lease.Until)
}

// claim gives the account to an attempt. Until the lease ends no run looks at
// the row; when it ends without a release, one does, and finds the attempt.
func (a *Account) claim(lease Lease) {
	a.Lease = lease
	a.Lease.Generation = a.Generation + 1
	a.DueAt = lease.Until
}

// release takes the account back from an attempt.
func (a *Account) release() { a.Lease = Lease{} }

// emptying reports whether somebody is emptying the vault of the account at now.
func (a Account) emptying(now time.Time) bool {
	return a.leased(now) && a.Lease.Work == WorkEmpty
}
