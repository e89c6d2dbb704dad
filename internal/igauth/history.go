package igauth

import (
	"slices"
	"time"
)

// An Entry is a line of an account's history.
type Entry struct {
	At time.Time `json:"at"`
	// What is one of the Entry constants.
	What string `json:"what"`
	// Detail is a code or a short remark, never a secret.
	Detail string `json:"detail,omitempty"`
}

// What can stand in an account's history.
const (
	EntryConnected      = "connected"
	EntryReconnected    = "reconnected"
	EntryRefreshed      = "refreshed"
	EntryRefreshFailed  = "refresh_failed"
	EntryReauthRequired = "reauth_required"
	EntryImported       = "imported"
	EntryDisconnected   = "disconnected"
	EntryProfileChanged = "profile_changed"
	// EntryRecovered follows failures, or a token that was taken for dead.
	EntryRecovered = "recovered"
)

// historyLength is how many entries a row keeps.
const historyLength = 20

// record appends to the history and forgets the oldest entries beyond 20. The
// slice is copied, so that an older copy of the account keeps its own.
func (a *Account) record(at time.Time, what, detail string) {
	history := append(slices.Clone(a.History), Entry{At: at.UTC(), What: what, Detail: detail})
	a.History = history[max(0, len(history)-historyLength):]
}
