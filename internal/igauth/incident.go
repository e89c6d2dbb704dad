package igauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

const (
	// connectIncident is how long an incident of the callback stays open after it
	// showed last: no run can try whether visitors can connect again.
	connectIncident = 24 * time.Hour
	// believeAfter is how long Meta may call every token dead before that is taken
	// for the truth.
	believeAfter = 18 * time.Hour
	// believeFor is how long after that it is taken for the truth of every token
	// that comes up for a look.
	believeFor = 24 * time.Hour
)

// openIncident opens an incident of a login at a place, or writes down that it
// still lasts. It tells the outside once.
func (h *Health) openIncident(at time.Time, place Place, login Login, class Class, code Code) {
	at = at.UTC()
	h.Incidents = slices.Clone(h.Incidents)
	if open := h.incident(place, login); open != nil {
		open.SeenAt = at
		return
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%d", place, login, h.Revision, at.UnixNano()))
	incident := Incident{
		ID:    hex.EncodeToString(sum[:16]),
		Place: place, Login: login, Since: at, SeenAt: at, Class: class, Code: code,
	}
	h.Incidents = append(h.Incidents, incident)
	h.tell(at, incident, "open")
}

// closeIncident ends the incident of a login at a place, if there is one, and
// tells the outside.
func (h *Health) closeIncident(at time.Time, place Place, login Login) bool {
	incident, open := h.Incident(place, login)
	if !open {
		return false
	}
	h.Incidents = slices.DeleteFunc(slices.Clone(h.Incidents), func(i Incident) bool { return i.is(place, login) })
	h.tell(at.UTC(), incident, "resolved")
	return true
}

// tell adds an event about an incident to the outbox.
func (h *Health) tell(at time.Time, incident Incident, state string) {
	h.Outbox = append(slices.Clone(h.Outbox), Event{
		ID:   eventID("health", h.Revision, EventIncident+EventType(" "+state+" "+incident.ID), at),
		Type: EventIncident, At: at, Code: incident.Code, Detail: state, Incident: &incident,
	})
}

// connectFailed opens an incident of a login if a visitor could not connect
// because of its app.
func (s *Store) connectFailed(ctx context.Context, login Login, code Code) {
	if code != CodeAppSecret && code != CodeAppID {
		return // the other faults can be of a visitor who sent a wrong code
	}
	now := s.now()
	err := s.changeHealth(ctx, func(h *Health) bool {
		if i, open := h.Incident(PlaceConnect, login); open && now.Sub(i.SeenAt) < time.Hour {
			return false // nobody writes more often because many visitors come
		}
		h.openIncident(now, PlaceConnect, login, code.Class(), code)
		return true
	})
	if err != nil {
		s.log.WarnContext(ctx, "incident not written down", "code", code, "err", err)
	}
}
