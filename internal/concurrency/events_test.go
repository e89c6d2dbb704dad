package concurrency

import (
	"context"
	"encoding/json"
	"fmt"

	"igauth/internal/igauth"
)

// events are what committed records have told, and what the bus took.
type events struct {
	// rows counts the rows that the account has had: one that was forgotten begins
	// anew.
	rows int
	// written are the events by id, as they are to be sent.
	written map[string]string
	// happened is by which id something is told that happens once.
	happened map[string]string
	accepted map[string]bool
	problems []string
}

func newEvents() *events {
	return &events{written: map[string]string{}, happened: map[string]string{}, accepted: map[string]bool{}}
}

func (e *events) problem(format string, values ...any) {
	e.problems = append(e.problems, fmt.Sprintf(format, values...))
}

// saved notes what a change that was committed tells.
func (e *events) saved(c igauth.Change) {
	if c.Account != nil {
		if c.Account.Revision <= 1 {
			e.rows++
		}
		for _, one := range c.Account.Outbox {
			if _, known := e.written[one.ID]; known {
				continue
			}
			e.written[one.ID] = words(igauth.Message{Type: one.Type, At: one.At, Body: igauth.MessageBody{
				ID: one.ID, At: one.At, Status: one.Status, Generation: one.Generation, ExpiresAt: one.ExpiresAt, Code: one.Code, Detail: one.Detail,
			}})
			e.once(one, fmt.Sprintf("row %d, generation %d", e.rows, one.Generation))
		}
	}
	if c.Health != nil {
		for _, one := range c.Health.Outbox {
			if _, known := e.written[one.ID]; known {
				continue
			}
			e.written[one.ID] = words(igauth.Message{Type: one.Type, At: one.At, Body: igauth.MessageBody{
				ID: one.ID, At: one.At, Code: one.Code, Detail: one.Detail, Incident: one.Incident,
			}})
			e.once(one, one.Incident.ID+" is "+one.Detail)
		}
	}
}

// once fails if something that happens once is told twice, under different ids.
func (e *events) once(one igauth.Event, subject string) {
	switch one.Type {
	case igauth.EventConnected, igauth.EventRefreshed:
		subject = "a token of " + subject
	case igauth.EventDisconnected, igauth.EventIncident:
		subject = string(one.Type) + ": " + subject
	default:
		return
	}
	if before, told := e.happened[subject]; told {
		e.problem("%s is told twice: %s and %s", subject, e.written[before], e.written[one.ID])
	}
	e.happened[subject] = one.ID
}

// words are what a message says, but for who the account is and for the sentences
// that its code stands for.
func words(m igauth.Message) string {
	m.Body.AccountID, m.Body.AppScopedID, m.Body.Username, m.Body.Login = "", "", "", ""
	m.Body.Message, m.Body.Hint = "", ""
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// A busPort is the event bus of a worker.
type busPort struct {
	*worker
	w *world
}

func (p busPort) Publish(ctx context.Context, messages []igauth.Message) error {
	_, err := through(ctx, p.worker, "bus.Publish", func(context.Context) (none struct{}, err error) {
		p.w.mu.Lock()
		defer p.w.mu.Unlock()
		for _, m := range messages {
			if want := p.w.events.written[m.Body.ID]; want != words(m) {
				p.w.events.problem("sent was %s, and written %q", words(m), want)
			}
			p.w.events.accepted[m.Body.ID] = true
		}
		return none, nil
	})
	return err
}

// relay sends what waits.
func (w *world) relay() {
	w.do("relay", 0, func(ctx context.Context, p party) (output, bool) {
		_ = p.relay.Accounts(ctx, owner.ID)
		_ = p.relay.Health(ctx)
		return output{}, false
	})
}

// untold returns what is wrong with the events when all is quiet.
func (w *world) untold(ctx context.Context) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	problems := w.events.problems
	for id, text := range w.events.written {
		if !w.events.accepted[id] {
			problems = append(problems, "never sent: "+text)
		}
	}
	if a, err := w.ledger.Account(ctx, owner.ID); err == nil && len(a.Outbox) > 0 {
		problems = append(problems, fmt.Sprintf("%d events wait in the row", len(a.Outbox)))
	}
	if h, err := w.ledger.Health(ctx); err == nil && len(h.Outbox)+len(h.Incidents) > 0 {
		problems = append(problems, fmt.Sprintf("%d events of the installation wait, and %d incidents are open", len(h.Outbox), len(h.Incidents)))
	}
	return problems
}
