package dev

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"igauth/internal/igauth"
)

// keptEvents is how many events the home page lists.
const keptEvents = 50

// mailbox is where events are sent to: it logs each and keeps the last ones for
// the home page. It implements igauth.Publisher.
type mailbox struct {
	log *slog.Logger

	mu   sync.Mutex
	kept []igauth.Message // newest last
}

// Publish implements igauth.Publisher.
func (m *mailbox) Publish(ctx context.Context, messages []igauth.Message) error {
	for _, message := range messages {
		// The reconnect link is left out: logs are seen by more people.
		m.log.InfoContext(ctx, "event sent", "type", message.Type, "at", message.At, "id", message.Body.ID,
			"accountId", message.Body.AccountID, "username", message.Body.Username, "code", message.Body.Code, "detail", message.Body.Detail)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = append(m.kept, messages...)
	m.kept = slices.Clone(m.kept[max(0, len(m.kept)-keptEvents):])
	return nil
}

// A sentEvent is an event as the home page shows it.
type sentEvent struct {
	Type igauth.EventType
	At   time.Time
	// Of is the account's username, or its id; of an incident whether it is open.
	Of string
	// JSON is what EventBridge carries as its detail.
	JSON string
}

// newest returns the events that are kept, the newest first.
func (m *mailbox) newest() []sentEvent {
	m.mu.Lock()
	defer m.mu.Unlock()
	var events []sentEvent
	for _, message := range slices.Backward(m.kept) {
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false) // the template does
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(message.Body); err != nil {
			text.WriteString(err.Error())
		}
		of := message.Body.Username
		if of == "" {
			of = string(message.Body.AccountID)
		}
		if message.Body.Incident != nil {
			of = message.Body.Detail
		}
		events = append(events, sentEvent{message.Type, message.At, of, text.String()})
	}
	return events
}

// A watchedLedger remembers which rows have something to tell, as the stream of
// DynamoDB does.
type watchedLedger struct {
	igauth.Ledger

	mu       sync.Mutex
	accounts []igauth.AccountID
	health   bool
}

// Save implements igauth.Ledger.
func (l *watchedLedger) Save(ctx context.Context, change igauth.Change) error {
	err := l.Ledger.Save(ctx, change)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := change.Account; a != nil && len(a.Outbox) > 0 && !slices.Contains(l.accounts, a.ID) {
		l.accounts = append(l.accounts, a.ID)
	}
	if h := change.Health; h != nil && len(h.Outbox) > 0 {
		l.health = true
	}
	return nil
}

// take returns the rows that were saved since, and forgets them.
func (l *watchedLedger) take() (accounts []igauth.AccountID, health bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	accounts, health = l.accounts, l.health
	l.accounts, l.health = nil, false
	return accounts, health
}

// tellFor bounds the sending of what one change has to tell.
const tellFor = 10 * time.Second

// tell sends what the changes since the last call have to tell. What cannot be
// sent a scheduled run sends, ten minutes later.
func (s *Server) tell(ctx context.Context) {
	s.telling.Lock()
	defer s.telling.Unlock()
	accounts, health := s.ledger.take()
	// The visitor who caused it may be gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellFor)
	defer cancel()
	if err := s.relay.Accounts(ctx, accounts...); err != nil {
		s.log.WarnContext(ctx, "events not sent", "err", err)
	}
	if health {
		if err := s.relay.Health(ctx); err != nil {
			s.log.WarnContext(ctx, "events not sent", "err", err)
		}
	}
}
