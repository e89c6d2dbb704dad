package igauth_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// deliver sends what waits in the row of the bench's account.
func (b *bench) deliver() {
	b.t.Helper()
	if err := errors.Join(b.relay.Accounts(b.t.Context(), testProfile.ID), b.relay.Health(b.t.Context())); err != nil {
		b.t.Fatal(err)
	}
}

// messages returns what was sent of a type, in order of time.
func (b *bench) messages(what igauth.EventType) []igauth.Message {
	b.t.Helper()
	b.deliver()
	b.bus.mu.Lock()
	defer b.bus.mu.Unlock()
	var found []igauth.Message
	for _, m := range b.bus.sent {
		if m.Type == what {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(x, y igauth.Message) int { return x.At.Compare(y.At) })
	return found
}

func (b *bench) hours(n int) {
	for range n {
		b.advance(time.Hour)
		_, _ = b.run()
	}
}

// The life of an account, as a consumer of events sees it.
func TestEventsTellTheLifeOfAnAccount(t *testing.T) {
	b := newBench(t)
	if got := b.messages(igauth.EventConnected); len(got) != 1 || got[0].Body.Detail != "connected" || got[0].Body.AccountID != testProfile.ID || got[0].Body.Username != testProfile.Username || got[0].Body.Status != igauth.StatusActive || got[0].Body.Generation != 1 {
		t.Fatalf("connected: got %+v", got)
	}
	b.advance(35 * days)
	b.hours(1)
	if got := b.messages(igauth.EventRefreshed); len(got) != 1 || got[0].Body.Generation != 2 || got[0].Body.ExpiresAt.Sub(b.now()) != 60*days {
		t.Errorf("refreshed: got %+v", got)
	}
	// The owner must do something at Instagram, and does it late.
	b.metaSays(everybody(igauth.CodeCheckpoint))
	b.hours(33 * 24)
	if got := b.messages(igauth.EventFailing); len(got) != 1 || got[0].Body.Code != igauth.CodeCheckpoint || got[0].Body.Status != igauth.StatusExpiring || got[0].Body.Hint == "" {
		t.Errorf("failing: got %+v", got)
	}
	if got := b.messages(igauth.EventExpiring); len(got) != 0 {
		t.Errorf("expiring, with 27 days left: got %+v", got)
	}
	b.hours(18 * 24)
	if got := b.messages(igauth.EventExpiring); len(got) != 1 || got[0].Body.ExpiresAt.Sub(got[0].At) > 10*days {
		t.Errorf("expiring: got %+v", got)
	}
	b.metaSays(nobody)
	b.hours(24)
	if got := b.messages(igauth.EventRecovered); len(got) != 1 || got[0].Body.Status != igauth.StatusActive {
		t.Errorf("recovered: got %+v", got)
	}
	b.metaSays(everybody(igauth.CodeAppRemoved))
	b.hours(26)
	if got := b.messages(igauth.EventReauthRequired); len(got) != 1 || got[0].Body.Code != igauth.CodeAppRemoved {
		t.Errorf("reauth required: got %+v", got)
	}
	b.connect("again")
	if got := b.messages(igauth.EventConnected); len(got) != 2 || got[1].Body.Detail != "reconnected" {
		t.Errorf("reconnected: got %+v", got)
	}
	if _, err := b.store.Disconnect(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.Disconnect(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	if got := b.messages(igauth.EventDisconnected); len(got) != 1 || got[0].Body.Status != igauth.StatusDisconnected {
		t.Errorf("disconnected: got %+v", got)
	}
	for id, m := range b.bus.sent {
		if len(id) != 32 || m.Body.ID != id || !m.At.Equal(m.Body.At) {
			t.Errorf("got %+v under %q", m, id)
		}
	}
}

// Nobody is warned because of an outage: reconnecting would not help.
func TestNobodyIsWarnedInAnOutage(t *testing.T) {
	b := newBench(t)
	b.advance(26 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	b.hours(30 * 24)
	if a := b.account(); a.Status != igauth.StatusExpiring || len(b.messages(igauth.EventExpiring)) != 0 {
		t.Errorf("got %s, %+v", a.Status, b.messages(igauth.EventExpiring))
	}
	// A refresh that fails although Meta answers for the account is another matter.
	b.meta.profile = nil
	b.hours(2 * 24)
	if got := b.messages(igauth.EventExpiring); len(got) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestAccountThatTurnsPersonalIsTold(t *testing.T) {
	b := newBench(t)
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
		p := testProfile
		p.AccountType = "PERSONAL"
		return p, nil
	}
	b.hours(3 * 24)
	if got := b.messages(igauth.EventFailing); len(got) != 1 || got[0].Body.Code != igauth.CodePersonalAccount {
		t.Errorf("got %+v", got)
	}
	if a := b.account(); !a.Status.Live() || a.LastFailure.Code != igauth.CodePersonalAccount {
		t.Errorf("got %s, %+v", a.Status, a.LastFailure)
	}
}

// What the bus does not take stays, and does not keep a token from being
// refreshed; later it is sent under the same id.
func TestEventsWaitForTheBus(t *testing.T) {
	b := newBench(t)
	first := b.account().Outbox[0].ID
	b.bus.fail = errors.New("no answer")
	b.advance(35 * days)
	report, err := b.run()
	if err != nil || report.Refreshed != 1 || report.OutboxSeconds < (35*days).Seconds() {
		t.Fatalf("got %+v, %v", report, err)
	}
	if err := b.relay.Accounts(t.Context(), testProfile.ID); err == nil {
		t.Error("want an error")
	}
	b.bus.fail = nil
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.OutboxSeconds != 0 {
		t.Errorf("got %+v, %v", report, err)
	}
	if _, ok := b.bus.sent[first]; !ok || len(b.bus.sent) != 2 || len(b.account().Outbox) != 0 {
		t.Errorf("sent %v, waiting %v", b.bus.sent, b.account().Outbox)
	}
}

// A process that dies after the bus took an event sends it again, as the same.
func TestEventsAreSentAtLeastOnce(t *testing.T) {
	b := newBench(t)
	b.ledger.interrupt(func(igauth.Change) error { return errors.New("killed") }, nil)
	if err := b.relay.Accounts(t.Context(), testProfile.ID); err == nil {
		t.Error("want an error")
	}
	b.ledger.interrupt(nil, nil)
	b.deliver()
	if b.bus.calls != 2 || len(b.bus.sent) != 1 {
		t.Errorf("%d messages were sent, %d different ones", b.bus.calls, len(b.bus.sent))
	}
}

// Two that send at the same time, while the account moves on, lose nothing.
func TestEventsWrittenMeanwhileStay(t *testing.T) {
	b := newBench(t)
	meanwhile := true
	b.ledger.interrupt(func(c igauth.Change) error {
		if c.Account != nil && len(c.Account.Outbox) == 0 && meanwhile {
			meanwhile = false
			b.advance(35 * days)
			_, _ = b.run()
		}
		return nil
	}, nil)
	b.deliver()
	b.ledger.interrupt(nil, nil)
	if got := b.messages(igauth.EventRefreshed); len(got) != 1 || len(b.account().Outbox) != 0 {
		t.Errorf("got %+v, waiting %+v", got, b.account().Outbox)
	}
}

// What an account had to tell outlives its erasure, without saying who it was.
func TestEventsOutliveAnErasure(t *testing.T) {
	b := newBench(t)
	if _, err := b.store.Erase(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	b.hours(3)
	sent := append(b.messages(igauth.EventConnected), b.messages(igauth.EventDisconnected)...)
	if len(sent) != 2 || sent[1].Body.Detail != "erased" {
		t.Fatalf("got %+v", sent)
	}
	for _, m := range sent {
		if m.Body.Username != "" || m.Body.AppScopedID != "" || m.Body.AccountID != testProfile.ID {
			t.Errorf("got %+v", m.Body)
		}
	}
	if row, err := b.ledger.Account(t.Context(), testProfile.ID); err != nil || row.ForgetAt.IsZero() || !row.DueAt.IsZero() {
		t.Errorf("got %+v, %v", row, err)
	}
}

// fakeLinks makes links until it fails.
type fakeLinks struct{ fail error }

func (l *fakeLinks) ReconnectURL(_ context.Context, a igauth.Account) (string, time.Time, error) {
	return "https://connect.example.com/" + string(a.ID), a.ExpiresAt, l.fail
}

// Who must help gets a link that helps, and is told without one rather than not at
// all.
func TestEventsThatAskForAPersonHaveALink(t *testing.T) {
	for _, fail := range []error{nil, errors.New("the state key cannot be read")} {
		b := newBench(t)
		links := &fakeLinks{fail: fail}
		relay, err := igauth.NewRelay(igauth.RelayConfig{Store: b.store, Publisher: b.bus, Links: links})
		if err != nil {
			t.Fatal(err)
		}
		b.relay = relay
		b.refresherWith(igauth.RefresherConfig{})
		b.metaSays(everybody(igauth.CodeAppRemoved))
		for b.account().Status != igauth.StatusReauthRequired {
			b.hours(1)
		}
		if err := relay.Accounts(t.Context(), testProfile.ID); (err != nil) != (fail != nil) {
			t.Errorf("at once: got %v", err)
		}
		b.hours(2)
		for _, m := range b.messages(igauth.EventReauthRequired) {
			if strings.HasSuffix(m.Body.ReconnectURL, string(testProfile.ID)) != (fail == nil) {
				t.Errorf("got link %q", m.Body.ReconnectURL)
			}
		}
		if n := len(b.messages(igauth.EventReauthRequired)); n != 1 {
			t.Errorf("told %d times", n)
		}
		for _, m := range b.messages(igauth.EventConnected) {
			if m.Body.ReconnectURL != "" {
				t.Errorf("a connection has a link: %q", m.Body.ReconnectURL)
			}
		}
	}
}
