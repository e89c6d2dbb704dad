package igauth

import (
	"context"
	"time"
)

// A Ledger keeps accounts, flows, persons and removals. It never holds a readable token.
//
// A ledger is a set of records that are read whole and replaced whole, on the
// condition that nobody replaced them in between. All that happens to an
// account is decided by the domain on a copy and becomes true in [Ledger.Save],
// so that every ledger is the same few lines and cannot disagree with another
// about the rules. The suite in storetest states this contract as tests.
//
// All methods may be called concurrently, obey ctx, and return errors that
// carry no secret. An error other than the sentinels means that the ledger
// could not be asked, or that its answer was lost; a Save may then have been
// applied, and saving the same change again is safe.
type Ledger interface {
	// Account returns the row of an account as of every Save that returned
	// before the call (a strongly consistent read), or ErrNotFound. A row whose
	// ForgetAt has passed may be returned or not.
	Account(ctx context.Context, id AccountID) (Account, error)

	// Flow returns the record of a flow in the same way, or ErrNotFound. A flow
	// whose ExpiresAt has passed may be returned or not; callers compare the
	// time themselves.
	Flow(ctx context.Context, id FlowID) (Flow, error)

	// Save stores the records of a change, all or none. Each is stored only if
	// the record in the ledger has the Revision that the given one has (0: there
	// is none), and gets the next Revision, which
	// is set in the given record, too; otherwise the answer is ErrConflict.
	// A Save that is repeated because its answer was lost, by this package or
	// inside a client library, succeeds the second time, too, provided that
	// Change.Attempt is the same.
	Save(ctx context.Context, change Change) error

	// Health returns what is known of the installation as a whole, in the way of
	// Account.
	Health(ctx context.Context) (Health, error)

	// Person and Removal return a person and a removal in the way of Flow; what
	// has passed its ForgetAt may be returned or not.
	Person(ctx context.Context, id PersonID) (Person, error)
	Removal(ctx context.Context, code string) (Removal, error)

	// OpenRemovals returns up to limit removals that are not done, in the order of
	// their codes. Like Due it may be stale and leaves out, beside ErrDamaged, what
	// cannot be read.
	OpenRemovals(ctx context.Context, limit int) ([]Removal, error)

	// Shards is into how many parts the index of what is due is divided, at least
	// one. An account is always in the same.
	Shards() int

	// Due returns accounts of one shard whose DueAt is set and not after
	// query.Now, in order of DueAt, and the mark to go on after, which is zero
	// when there are no more. What it returns may be stale: Save finds out. Rows
	// that cannot be read are left out, and the others are returned beside
	// ErrDamaged: one bad account never stops the others.
	Due(ctx context.Context, query DueQuery) ([]Account, DueMark, error)

	// Expiries returns up to limit accounts of a status in order of EndsAt, those
	// that never end behind all others.
	// Like Due it may be stale.
	Expiries(ctx context.Context, status Status, limit int) ([]Expiry, error)

	// Count returns how many accounts have a status. It may be stale, and costs as
	// much as there are.
	Count(ctx context.Context, status Status) (int, error)

	// Accounts returns up to limit accounts in the order of their ids as text,
	// beginning after the given id ("" begins at the start). Like Due it may be
	// stale and leaves out, beside ErrDamaged, what cannot be read.
	Accounts(ctx context.Context, after AccountID, limit int) ([]Account, error)
}

// A DueQuery asks for what is due.
type DueQuery struct {
	// Shard is from 0 to Ledger.Shards()-1.
	Shard int
	Now   time.Time
	// After is the mark that the page before returned; zero begins at the start.
	After DueMark
	// Limit is how many accounts are returned at most, at least 1.
	Limit int
}

// A DueMark is a place in a shard of the index of what is due.
type DueMark struct {
	At time.Time
	ID AccountID
}

// IsZero reports whether the mark is before everything.
func (m DueMark) IsZero() bool { return m.ID == "" }

// An Expiry is when the token of an account ends; zero means never.
type Expiry struct {
	ID     AccountID
	EndsAt time.Time
}

// A Change is what one Save stores: an account, a flow, a person and a removal,
// any of them; or the health alone.
type Change struct {
	Account *Account
	Flow    *Flow
	Person  *Person
	Removal *Removal
	Health  *Health
	// Attempt names the save, so that a repetition is recognized: 32 hexadecimal
	// digits, a new one for each change.
	Attempt string
}
