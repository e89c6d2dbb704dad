package igauth

import (
	"cmp"
	"time"
)

// Health is what is known of the installation as a whole, as opposed to its
// accounts: one record, which runs write.
type Health struct {
	// Revision counts the saves. It is the ledger's to set.
	Revision int64 `json:"revision"`
	// Incidents are open: what hits the app and not an account.
	Incidents []Incident `json:"incidents,omitempty"`
	// RanAt is when a run last came to its end.
	RanAt time.Time `json:"ran_at,omitempty,omitzero"`
	// CountedAt is when the accounts were counted last, and Counts how many have
	// which status.
	CountedAt time.Time      `json:"counted_at,omitempty,omitzero"`
	Counts    map[Status]int `json:"counts,omitempty"`
	// Outbox holds the events that were not sent yet, oldest first.
	Outbox []Event `json:"outbox,omitempty"`
}

// A Place is where an incident shows.
type Place string

// The places of incidents.
const (
	// PlaceRefresh is the run: while it lasts, one account is tried in each run.
	PlaceRefresh Place = "refresh"
	// PlaceConnect is the callback: nobody can connect.
	PlaceConnect Place = "connect"
)

// An Incident is a failure of the app, of Meta or of a store, and not of an
// account. It is of one login: each has an app of its own at Meta, so that what
// fails for one says nothing about the other.
type Incident struct {
	// ID is 32 hexadecimal digits.
	ID    string `json:"id"`
	Place Place  `json:"place"`
	// Login is the one whose app is hit; empty in records of older versions means
	// Instagram Login.
	Login Login     `json:"login,omitempty"`
	Since time.Time `json:"since"`
	// SeenAt is when it showed last.
	SeenAt time.Time `json:"seen_at"`
	Class  Class     `json:"class"`
	Code   Code      `json:"code"`
	// Trials counts the runs that tried one account and failed.
	Trials int `json:"trials,omitempty"`
	// QuietUntil is till when Meta wants the app not to ask.
	QuietUntil time.Time `json:"quiet_until,omitempty,omitzero"`
}

// Incident returns the open incident of a login at a place.
func (h Health) Incident(place Place, login Login) (Incident, bool) {
	if i := h.incident(place, login); i != nil {
		return *i, true
	}
	return Incident{}, false
}

// incident is Incident, to be changed; nil if there is none.
func (h *Health) incident(place Place, login Login) *Incident {
	for i := range h.Incidents {
		if h.Incidents[i].is(place, login) {
			return &h.Incidents[i]
		}
	}
	return nil
}

// is reports whether the incident is of a login at a place.
func (i Incident) is(place Place, login Login) bool {
	return i.Place == place && cmp.Or(i.Login, LoginInstagram) == login
}
