package igauth

import "time"

// A RemovalKind says what Meta asks for when a person takes the app's access
// away.
type RemovalKind string

// The kinds of removals.
const (
	// RemovalDeauthorize ends access: POST /deauthorize.
	RemovalDeauthorize RemovalKind = "deauthorize"
	// RemovalErase ends access and erases what is known: POST /data-deletion.
	RemovalErase RemovalKind = "erase"
)

// A Removal is the record of one request of Meta's to take away what a person
// connected, and, of an erasure, its receipt. It holds no id once it is done.
type Removal struct {
	// Code is the confirmation code: 40 hexadecimal digits that nobody can guess,
	// and always the same ones for the same request.
	Code string `json:"code"`
	// Revision counts the saves. It is the ledger's to set.
	Revision int64       `json:"revision"`
	Kind     RemovalKind `json:"asks_for"`
	// RequestedAt is when the person asked Meta, ReceivedAt when Meta asked us,
	// DoneAt when nothing was left to do; zero before.
	RequestedAt time.Time `json:"requested_at"`
	ReceivedAt  time.Time `json:"received_at"`
	DoneAt      time.Time `json:"done_at,omitempty,omitzero"`
	// Logins are those whose app may have sent the request.
	Logins []Login `json:"logins"`
	// Accounts are those that are still to be ended, sorted; none once it is done.
	Accounts []AccountID `json:"accounts,omitempty"`
	// Ended counts the accounts that were ended.
	Ended int `json:"ended,omitempty"`
	// ForgetAt is when the ledger may forget the record.
	ForgetAt time.Time `json:"forget_at"`
}

// Done reports whether nothing is left to do.
func (r Removal) Done() bool { return !r.DoneAt.IsZero() }
