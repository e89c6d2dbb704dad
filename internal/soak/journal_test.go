package soak_test

import (
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"igauth/internal/igauth"
)

// A journal knows what was committed, from the ledger itself, and compares it with
// what the outside is told. It is guarded by the world's lock.
type journal struct {
	w      *world
	events map[string]*told
	// gone holds, by hour, the ids that have left their outbox.
	gone map[int][]string

	accepted   map[igauth.EventType]int
	duplicates int
	slowest    int
	incidents  int
	// digest is the same for the same story.
	digest uint64
}

// A told is an event that was committed.
type told struct {
	igauth.Event
	account  igauth.AccountID
	since    int // good hours
	accepted int
	gone     bool
}

func newJournal(w *world) *journal {
	return &journal{w: w, events: map[string]*told{}, gone: map[int][]string{}, accepted: map[igauth.EventType]int{}}
}

// outboxes compares two states of an outbox. What is new must be new, and what is
// gone must have been accepted.
func (j *journal) outboxes(id igauth.AccountID, before, after []igauth.Event) (added []igauth.EventType) {
	for _, e := range after {
		if contains(before, e.ID) {
			continue
		}
		added = append(added, e.Type)
		if j.events[e.ID] != nil {
			j.w.violationLocked("two events of %s have the id %s", id, e.ID)
		}
		j.events[e.ID] = &told{Event: e, account: id, since: j.w.good}
		h := fnv.New64a()
		_, _ = h.Write([]byte(string(id) + string(e.Type) + strconv.FormatInt(e.At.Unix(), 10)))
		j.digest += h.Sum64()
	}
	for _, e := range before {
		if contains(after, e.ID) {
			continue
		}
		known := j.events[e.ID]
		if known == nil || known.accepted == 0 {
			j.w.violationLocked("the event %q of %s has left the outbox and nobody got it", e.Type, id)
			continue
		}
		known.gone = true
		j.gone[j.w.hour] = append(j.gone[j.w.hour], e.ID)
	}
	return added
}

func contains(events []igauth.Event, id string) bool {
	return slices.ContainsFunc(events, func(e igauth.Event) bool { return e.ID == id })
}

// account checks a commit: each change tells itself, and nothing else is told.
func (j *journal) account(before, after *igauth.Account) {
	added := j.outboxes(after.ID, before.Outbox, after.Outbox)
	want := changes(before, after)
	slices.Sort(added)
	slices.Sort(want)
	if !slices.Equal(added, want) {
		j.w.violationLocked("a change of %s from %s/%d to %s/%d tells %q, want %q",
			after.ID, before.Status, before.Generation, after.Status, after.Generation, added, want)
	}
}

// changes returns what must be told of a change.
func changes(before, after *igauth.Account) (want []igauth.EventType) {
	add := func(is bool, what igauth.EventType) {
		if is {
			want = append(want, what)
		}
	}
	renewed := after.Ref != before.Ref && after.Status.Live()
	consented := !after.ConnectedAt.Equal(before.ConnectedAt)
	revived := before.Status == igauth.StatusReauthRequired && after.Status.Live()
	troubled := before.Status == igauth.StatusExpiring || before.Status == igauth.StatusReauthRequired || !before.WarnedAt.IsZero()
	add(renewed && consented, igauth.EventConnected)
	add(renewed && !consented, igauth.EventRefreshed)
	returned := !before.DataAccessUntil.IsZero() && before.DataWarnedFor.Equal(before.DataAccessUntil) && after.DataAccessUntil.After(before.DataAccessUntil)
	add(renewed && !consented && (troubled || returned) || !renewed && (revived || returned), igauth.EventRecovered)
	became := func(s igauth.Status) bool { return after.Status == s && before.Status != s }
	add(became(igauth.StatusReauthRequired), igauth.EventReauthRequired)
	add(became(igauth.StatusExpiring), igauth.EventFailing)
	add(before.WarnedAt.IsZero() && !after.WarnedAt.IsZero(), igauth.EventExpiring)
	add(!after.DataWarnedFor.Equal(before.DataWarnedFor), igauth.EventExpiring)
	add(before.Connected() && before.Status != igauth.StatusDisconnected && (became(igauth.StatusDisconnected) || became(igauth.StatusDeleting)), igauth.EventDisconnected)
	return want
}

// health checks a commit of the installation's record.
func (j *journal) health(before, after igauth.Health) {
	j.outboxes("", before.Outbox, after.Outbox)
	var got, want []string
	for _, e := range after.Outbox {
		if !contains(before.Outbox, e.ID) {
			got = append(got, e.Incident.ID+" "+e.Detail)
		}
	}
	differ := func(from, to []igauth.Incident, state string) {
		for _, i := range from {
			if !slices.ContainsFunc(to, func(other igauth.Incident) bool { return other.ID == i.ID }) {
				want = append(want, i.ID+" "+state)
			}
		}
	}
	differ(after.Incidents, before.Incidents, "open")
	j.incidents += len(want)
	differ(before.Incidents, after.Incidents, "resolved")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		j.w.violationLocked("incidents tell %q, want %q", got, want)
	}
}

// accept is the outside: it takes messages.
func (w *world) accept(messages []igauth.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range messages {
		known := w.journal.events[m.Body.ID]
		if known == nil {
			w.violationLocked("the event %q of %s is told, and was never committed", m.Type, m.Body.AccountID)
			continue
		}
		e := known.Event
		if m.Type != e.Type || !m.At.Equal(e.At) || !m.Body.At.Equal(e.At) || m.Body.AccountID != known.account || m.Body.Status != e.Status ||
			m.Body.Generation != e.Generation || !m.Body.ExpiresAt.Equal(e.ExpiresAt) || m.Body.Code != e.Code || m.Body.Detail != e.Detail {
			w.violationLocked("the event %s is told as %+v, and was committed as %+v", e.ID, m.Body, e)
		}
		known.accepted++
		if known.accepted > 1 {
			w.journal.duplicates++
			continue
		}
		w.journal.accepted[e.Type]++
		if took := w.good - known.since; took > w.journal.slowest {
			w.journal.slowest = took
			if took > soon {
				w.violationLocked("the event %q of %s is told %d hours later", e.Type, known.account, took)
			}
		}
		if e.Type == igauth.EventReauthRequired {
			w.isTold(w.person(known.account))
		}
		if e.Type == igauth.EventExpiring && e.Code == igauth.CodeDataAccessEnding {
			w.isWarned(w.person(known.account))
		}
	}
}

// soon is in how many good hours an event is told at the latest, if the stream has
// lost it: the next run sends it.
const soon = 6

// forget drops events that nobody can send any more.
func (j *journal) forget(hour int) {
	for _, id := range j.gone[hour] {
		delete(j.events, id)
	}
	delete(j.gone, hour)
}

// silent reports the events that nobody got.
func (j *journal) silent() {
	for _, e := range j.events {
		if e.accepted == 0 {
			j.w.violationLocked("the event %q of %s, of %s, is lost", e.Type, e.account, e.At.Format(time.RFC3339))
		}
	}
}
