package crash_test

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// eventBooks is what the harness keeps of events, by their ids.
type eventBooks struct {
	// written are those that a committed record has held, as they are to be sent.
	written map[string]string
	// accepted are those that the bus took.
	accepted map[string]bool
}

// A busPort is the event bus as a process sees it.
type busPort struct{ p *process }

func (b busPort) Publish(ctx context.Context, messages []igauth.Message) error {
	_, err := port(ctx, b.p, "bus.Publish", func(context.Context) (struct{}, error) {
		b.p.w.accept(messages)
		return struct{}{}, nil
	})
	return err
}

var _ igauth.Publisher = busPort{}

// accept is the bus. It fails if it is told what no committed record says, or the
// same event in other words.
func (w *world) accept(messages []igauth.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(messages) == 0 || len(messages) > igauth.MaxMessages {
		w.problemLocked("%d messages were sent at a time", len(messages))
	}
	for _, m := range messages {
		id := m.Body.ID
		switch want, ok := w.events.written[id]; {
		case !ok:
			w.problemLocked("an event was sent that no committed record has held: %+v", m)
		case want != words(m):
			w.problemLocked("an event was sent as %s and written as %s", words(m), want)
		}
		if who := m.Body.AccountID; (m.Type == igauth.EventIncident) != (who == "") || who != "" && who != personID {
			w.problemLocked("an event %q is of account %q", m.Type, who)
		}
		w.events.accepted[id] = true
	}
}

// wrote notes the events in a record that was committed.
func (w *world) wrote(outbox []igauth.Event) {
	for _, e := range outbox {
		body := igauth.MessageBody{
			ID: e.ID, At: e.At, Status: e.Status, Generation: e.Generation, ExpiresAt: e.ExpiresAt,
			Code: e.Code, Detail: e.Detail, Incident: e.Incident,
		}
		if e.Code != "" {
			body.Message, body.Hint = e.Code.Message(), e.Code.Hint()
		}
		text := words(igauth.Message{Type: e.Type, At: e.At, Body: body})
		if before, known := w.events.written[e.ID]; known && before != text {
			w.problemLocked("two events have one id: %s and %s", before, text)
		}
		w.events.written[e.ID] = text
	}
}

// words are what a message says, but for who the account is: of one that was
// erased meanwhile nobody is told that.
func words(m igauth.Message) string {
	m.Body.AccountID, m.Body.AppScopedID, m.Body.Username, m.Body.Login = "", "", "", ""
	return string(must(json.Marshal(m)))
}

// checkDeath fails if the row that is committed tells that an account is dead
// whose token lives.
func (w *world) checkDeath(a igauth.Account) {
	dead := slices.IndexFunc(a.Outbox, func(e igauth.Event) bool {
		return e.Type == igauth.EventReauthRequired && e.Generation == a.Generation
	})
	if dead < 0 || a.Status != igauth.StatusReauthRequired {
		return
	}
	w.mu.Lock()
	_, known := w.events.written[a.Outbox[dead].ID]
	w.mu.Unlock()
	if known {
		return
	}
	token, err := w.stack.vault.Get(context.Background(), igauth.Slot{Account: a.ID, Generation: a.Generation}, a.Ref)
	if err == nil && w.sim.TokenAlive(token.Value.Reveal()) {
		w.problem("the outside is told that the owner must connect again, and the token is alive")
	}
}

// checkEvents fails if an event was written and never sent, or still waits.
func (w *world) checkEvents() {
	if a, ok := w.row(); ok && len(a.Outbox) > 0 {
		w.problem("%d events wait in the row", len(a.Outbox))
	}
	if h, err := w.stack.ledger.Health(context.Background()); err == nil && (len(h.Outbox) > 0 || len(h.Incidents) > 0) {
		w.problem("the installation has %d events that wait and %d incidents", len(h.Outbox), len(h.Incidents))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, text := range w.events.written {
		if !w.events.accepted[id] {
			w.problemLocked("an event was never sent: %s", text)
		}
	}
}

// waiting reports whether the installation has something to tell.
func (w *world) waiting() bool {
	h, err := w.stack.ledger.Health(context.Background())
	return err == nil && (len(h.Outbox) > 0 || len(h.Incidents) > 0)
}

// deliver is what the stream of changes calls.
func (w *world) deliver(p *process) {
	p.do(func(ctx context.Context) {
		w.logError("events not sent", p.relay().Accounts(ctx, personID))
		w.logError("events not sent", p.relay().Health(ctx))
	})
}

// justConnected has the account connected, and nobody was told yet.
func (w *world) justConnected() {
	if !w.visitor.insist(w.visitor.click()) {
		w.problem("the first connection failed")
	}
}

// untold has an overdue account that nobody has sent events of.
func (w *world) untold() {
	w.justConnected()
	time.Sleep(34 * day)
	untilNextHour()
}

// probed has an account that Meta is asked about in the next run.
func (w *world) probed() {
	w.connected(10 * day)
	time.Sleep(day)
	untilNextHour()
}

// metaFails lets Meta fail for so many requests about the account.
func (w *world) metaFails(kind string, count int) {
	if err := w.sim.SetFault(igsim.Fault{Endpoint: "all", Kind: kind, Count: count, Account: w.whoConsents()}); err != nil {
		panic(err)
	}
}

// removed has the owner remove the app at Meta, so that the token is dead.
func (w *world) removed() {
	w.probed()
	if err := w.sim.RemoveApp(w.whoConsents()); err != nil {
		panic(err)
	}
}

var deliver = work{"relay", runLife, (*world).deliver, "ledger.Account"}

func init() {
	scenarios = append(scenarios,
		&scenario{name: "deliver events", before: (*world).justConnected, works: []work{deliver}},
		&scenario{
			name:   "first dead verdict, then alive",
			before: func(w *world) { w.probed(); w.metaFails("code_text", 1) }, works: []work{run},
		},
		&scenario{name: "first dead verdict", before: (*world).removed, works: []work{run}, dies: true},
		&scenario{
			name:   "second dead verdict",
			before: func(w *world) { w.removed(); w.tick(); untilNextHour() }, works: []work{run}, dies: true,
		},
		&scenario{
			name: "incident opens", behaviours: []string{"same", "new-old-dies"},
			before: func(w *world) { overdue(w); w.metaFails("app_disabled", 1) }, works: []work{run}, trials: true, stock: true,
		},
		&scenario{
			name: "trial heals", behaviours: []string{"same", "new-old-dies"},
			before: func(w *world) { overdue(w); w.metaFails("app_disabled", 1); w.tick(); untilNextHour() }, works: []work{run}, trials: true,
		},
	)
}
