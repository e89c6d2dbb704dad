package igauth

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// An EventType says what an event tells: the detail-type of EventBridge.
type EventType string

// What the outside is told. Each has a JSON schema in docs/events.
const (
	EventConnected      EventType = "Account Connected"
	EventRefreshed      EventType = "Token Refreshed"
	EventFailing        EventType = "Refresh Failing"
	EventExpiring       EventType = "Token Expiring"
	EventReauthRequired EventType = "Reauthorization Required"
	EventRecovered      EventType = "Account Recovered"
	EventDisconnected   EventType = "Account Disconnected"
	EventIncident       EventType = "App Incident"
)

// An Event is something that a consumer may care about. It is written into the
// row that it tells of, in the same save as the change itself, and stays there
// until it was sent: so that no crash loses it, and none is sent of what did not
// happen. It may be sent more than once, always under the same id.
type Event struct {
	// ID is 32 hexadecimal digits, unique among all events.
	ID   string    `json:"id"`
	Type EventType `json:"type"`
	At   time.Time `json:"at"`
	// Code says why, where there is a reason.
	Code Code `json:"code,omitempty"`
	// Detail is a remark: see the schema of the type.
	Detail string `json:"detail,omitempty"`
	// Status, Generation and ExpiresAt are the account's after the change, ExpiresAt
	// when the token ends: zero means never.
	Status     Status    `json:"status,omitempty"`
	Generation int64     `json:"generation,omitempty"`
	ExpiresAt  time.Time `json:"expires_at,omitempty,omitzero"`
	// Incident is set in an EventIncident, whose Detail is "open" or "resolved".
	Incident *Incident `json:"incident,omitempty"`
}

// tell adds an event to the account's outbox, as of a time.
func (a *Account) tell(at time.Time, what EventType, code Code, detail string) {
	at = at.UTC()
	a.Outbox = append(slices.Clone(a.Outbox), Event{
		ID:   eventID(string(a.ID), a.Revision, what, at),
		Type: what, At: at, Code: code, Detail: detail,
		Status: a.Status, Generation: a.Generation, ExpiresAt: a.EndsAt(),
	})
}

// eventID returns the id of an event in the row of a subject. A row does not tell
// the same twice in one revision.
func eventID(subject string, revision int64, what EventType, at time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s\x00%d", subject, revision, what, at.UnixNano()))
	return hex.EncodeToString(sum[:16])
}

// tellWithin is how long after a change its events are sent by whoever is called
// for that. What is still there later, a run sends.
const tellWithin = 10 * time.Minute

// outboxDue returns when a run has to send what is in an outbox; zero if it is
// empty.
func outboxDue(outbox []Event) time.Time {
	if len(outbox) == 0 {
		return time.Time{}
	}
	return outbox[0].At.Add(tellWithin)
}

// without returns the events of an outbox that are not among those sent.
func without(outbox, sent []Event) []Event {
	var left []Event
	for _, e := range outbox {
		if !slices.ContainsFunc(sent, func(s Event) bool { return s.ID == e.ID }) {
			left = append(left, e)
		}
	}
	return left
}
