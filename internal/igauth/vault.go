package igauth

import "context"

// A Ref says where a [Vault] keeps a token. It is opaque to everybody but the
// vault that made it, and holds no readable token.
type Ref string

// A Slot is the place of one token: whose it is, for which generation of the
// account's row it is meant, and which attempt obtained it.
type Slot struct {
	Account    AccountID
	Generation int64
	// Attempt is the Lease's.
	Attempt string
}

// A Vault keeps the text of tokens.
//
// All methods may be called concurrently, and obey ctx where they wait for
// anything. Errors carry no secret; other than ErrNotFound they mean that the
// vault could not be asked, which says nothing about any token. The suite in
// storetest states this contract as tests.
type Vault interface {
	// Put keeps a token and returns its Ref. The token that was promoted before
	// stays what direct readers of the vault see. Putting the same token into
	// the same slot again is allowed and returns a Ref that serves as well. After
	// Destroy it may wait, some seconds, until the name is free again.
	Put(ctx context.Context, slot Slot, profile Profile, token Token) (Ref, error)

	// Get returns the token at ref in the slot for which it was put, as soon as
	// Put has returned. The slot's Attempt is not used. ErrNotFound means that
	// the vault was asked and has no such token.
	Get(ctx context.Context, slot Slot, ref Ref) (Token, error)

	// Find returns the token that an attempt put and did not live to commit, or
	// ErrNotFound. A vault for which the commit of the row is the commit of the
	// token always answers ErrNotFound.
	Find(ctx context.Context, slot Slot) (Ref, Token, error)

	// Keeps reports whether the vault keeps something for a Ref that it made: a
	// token that must be promoted, and destroyed when no row points to it any
	// more. A vault whose Ref is the token itself keeps nothing.
	Keeps(ref Ref) bool

	// Promote makes ref what direct readers of the vault see, after the row that
	// points to it was committed. It may be repeated, and does nothing when a
	// later generation was promoted already. Replaced is the Ref that the row had
	// before, or "" where that is not known; to know it saves the vault a look.
	Promote(ctx context.Context, slot Slot, ref, replaced Ref) error

	// Destroy forgets every token of the account, up to the slot's generation. It
	// may be repeated, also when there is none. If a token of a later generation
	// is there, nothing happens, and the answer is ErrConflict: who destroys was
	// held up, and the account belongs to somebody else now. The slot's Attempt is
	// not used.
	Destroy(ctx context.Context, slot Slot) error
}
