package igauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// A Publisher hands events to the outside: an event bus in the cloud, the log on
// a laptop.
type Publisher interface {
	// Publish returns nil when all messages were accepted, of which there are
	// MaxMessages at most. After an error some may have been; all are sent again.
	Publish(ctx context.Context, messages []Message) error
}

// MaxMessages is how many messages a Publisher takes at a time: EventBridge's
// limit (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html).
const MaxMessages = 10

// A Message is an event as the outside gets it. docs/events has a JSON schema of
// Body for each type.
type Message struct {
	Type EventType
	At   time.Time
	Body MessageBody
}

// A MessageBody is what an event says, as JSON. It holds no secret; a reconnect
// link lets whoever has it connect the named account, if they can sign in to it.
type MessageBody struct {
	// ID is the same whenever the event is sent again.
	ID          string    `json:"id"`
	At          time.Time `json:"at"`
	AccountID   AccountID `json:"account_id,omitempty"`
	AppScopedID string    `json:"app_scoped_id,omitempty"`
	Username    string    `json:"username,omitempty"`
	Login       Login     `json:"login,omitempty"`
	Status      Status    `json:"status,omitempty"`
	Generation  int64     `json:"generation,omitempty"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	// Code says why, Message means the same in a sentence, and Hint what helps.
	Code    Code   `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Detail  string `json:"detail,omitempty"`
	// ReconnectURL repairs the account, until ReconnectUntil.
	ReconnectURL   string    `json:"reconnect_url,omitempty"`
	ReconnectUntil time.Time `json:"reconnect_until,omitzero"`
	Incident       *Incident `json:"incident,omitempty"`
}

// A Linker makes links by which an account's owner connects it again.
type Linker interface {
	// ReconnectURL returns a link for an account and until when it works.
	ReconnectURL(ctx context.Context, a Account) (url string, until time.Time, err error)
}

// RelayConfig is what a Relay is made of.
type RelayConfig struct {
	Store     *Store
	Publisher Publisher
	// Links are put into the events that ask for a person; nil leaves them out.
	Links Linker
	// Log receives what could not be sent; nil discards it.
	Log *slog.Logger
}

// A Relay sends the events that wait in the rows of the ledger. An event is sent
// at least once: its row is saved without it only after it was accepted.
type Relay struct {
	store     *Store
	publisher Publisher
	links     Linker
	log       *slog.Logger
}

// NewRelay returns a Relay, or what is wrong with its configuration.
func NewRelay(cfg RelayConfig) (*Relay, error) {
	if cfg.Store == nil || cfg.Publisher == nil {
		return nil, errors.New("a relay needs a store and a publisher")
	}
	return &Relay{store: cfg.Store, publisher: cfg.Publisher, links: cfg.Links, log: logOr(cfg.Log)}, nil
}

// Accounts sends what waits in the rows of some accounts. One that cannot be sent
// does not stop the others; the error joins them all.
func (r *Relay) Accounts(ctx context.Context, ids ...AccountID) error {
	var problems []error
	for _, id := range ids {
		a, err := r.store.row(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue // erased and forgotten meanwhile
		}
		if err == nil {
			_, err = r.account(ctx, a)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("sending the events of account %s: %w", id, err))
		}
	}
	return errors.Join(problems...)
}

// Health sends what waits in the record of the installation.
func (r *Relay) Health(ctx context.Context) error {
	h, err := r.store.health(ctx)
	if err != nil || len(h.Outbox) == 0 {
		return err
	}
	sent := h.Outbox
	messages := make([]Message, len(sent))
	for i, e := range sent {
		messages[i] = e.message()
	}
	if err := r.publish(ctx, messages); err != nil {
		return fmt.Errorf("sending the events of the installation: %w", err)
	}
	return r.store.changeHealth(ctx, func(h *Health) bool {
		h.Outbox = without(h.Outbox, sent)
		return true
	})
}

// account sends what waits in a row and returns the row without it.
func (r *Relay) account(ctx context.Context, a Account) (Account, error) {
	if len(a.Outbox) == 0 {
		return a, nil
	}
	sent := a.Outbox
	messages := make([]Message, len(sent))
	for i, e := range sent {
		m := e.message()
		m.Body.AccountID, m.Body.AppScopedID, m.Body.Username, m.Body.Login = a.ID, a.AppScopedID, a.Username, a.Login
		if r.links != nil && e.asksForPerson() && a.Generation == e.Generation {
			url, until, err := r.links.ReconnectURL(ctx, a)
			switch {
			case err == nil:
				m.Body.ReconnectURL, m.Body.ReconnectUntil = url, until
			case r.store.now().Sub(e.At) < linklessAfter:
				return a, fmt.Errorf("making the reconnect link: %w", err)
			default:
				r.log.WarnContext(ctx, "event sent without its reconnect link", "accountId", a.ID, "err", err)
			}
		}
		messages[i] = m
	}
	if err := r.publish(ctx, messages); err != nil {
		return a, err
	}
	ctx, cancel := afterwards(ctx)
	defer cancel()
	for {
		a.Outbox = without(a.Outbox, sent)
		a.DueAt = r.store.dueAt(a)
		err := r.store.save(ctx, &a, nil)
		if !errors.Is(err, ErrConflict) {
			return a, err
		}
		if a, err = r.store.row(ctx, a.ID); err != nil {
			return a, err
		}
		if len(without(a.Outbox, sent)) == len(a.Outbox) {
			return a, nil // somebody else has sent them, too
		}
	}
}

// linklessAfter is how long an event waits for its reconnect link. Then it is
// better to be told without one.
const linklessAfter = time.Hour

// publish hands messages over, as many at a time as the publisher takes.
func (r *Relay) publish(ctx context.Context, messages []Message) error {
	for part := range slices.Chunk(messages, MaxMessages) {
		if err := r.publisher.Publish(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// message returns the event as it is sent, but for what its row knows.
func (e Event) message() Message {
	body := MessageBody{
		ID: e.ID, At: e.At, Status: e.Status, Generation: e.Generation, ExpiresAt: e.ExpiresAt,
		Code: e.Code, Detail: e.Detail, Incident: e.Incident,
	}
	if e.Code != "" {
		body.Message, body.Hint = e.Code.Message(), e.Code.Hint()
	}
	return Message{Type: e.Type, At: e.At, Body: body}
}

// asksForPerson reports whether the account's owner can help.
func (e Event) asksForPerson() bool {
	return e.Type == EventReauthRequired || e.Type == EventExpiring
}
