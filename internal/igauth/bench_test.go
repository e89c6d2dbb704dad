package igauth_test

import (
	"fmt"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
)

// A bench is a refresher with one connected account.
type bench struct {
	*front
	t         *testing.T
	vault     *fakeVault
	ledger    *interrupted
	meta      *fakeRenewer
	refresher *igauth.Refresher
	store     *igauth.Store
	connector *igauth.Connector
	relay     *igauth.Relay
	bus       *fakeBus
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, vault: newFakeVault(), front: &front{t: t, time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	ledger, err := boltstore.OpenNoSync(t.TempDir()+"/ledger.db", b.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	b.ledger = &interrupted{Ledger: ledger}
	b.meta = &fakeRenewer{now: b.now}
	if b.store, err = igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: b.vault, Now: b.now}); err != nil {
		t.Fatal(err)
	}
	b.bus = &fakeBus{}
	if b.relay, err = igauth.NewRelay(igauth.RelayConfig{Store: b.store, Publisher: b.bus}); err != nil {
		t.Fatal(err)
	}
	if b.refresher, err = igauth.NewRefresher(igauth.RefresherConfig{Store: b.store, Meta: b.meta, Relay: b.relay, PerSecond: -1}); err != nil {
		t.Fatal(err)
	}
	if b.connector, err = igauth.NewConnector(igauth.ConnectorConfig{Store: b.store, Meta: &fakeMeta{now: b.now}, Timeout: 3 * time.Second, Patience: time.Second}); err != nil {
		t.Fatal(err)
	}
	b.connect("first")
	return b
}

func (b *bench) connect(flow string) igauth.Outcome {
	b.t.Helper()
	outcome, err := b.connector.Finish(b.t.Context(), b.arrival(flow))
	if err != nil || outcome.Code != igauth.CodeConnected {
		b.t.Fatalf("connecting: got %v, %v", outcome, err)
	}
	return outcome
}

func (b *bench) arrival(flow string) igauth.Arrival {
	return igauth.Arrival{Flow: igauth.FlowID(flow), FlowExpiresAt: b.now().Add(igauth.FlowLifetime), RequestedScopes: []string{igauth.ScopeBasic}, Code: igauth.NewSecret("code"), ClaimHash: "hash"}
}

func (b *bench) run() (igauth.Report, error) { return b.refresher.RunOnce(b.t.Context()) }

func (b *bench) account() igauth.Account {
	b.t.Helper()
	a, err := b.store.Account(b.t.Context(), testProfile.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// token is what a backend would get.
func (b *bench) token() string {
	b.t.Helper()
	_, token, err := b.store.Token(b.t.Context(), testProfile.ID, 0)
	if err != nil {
		return string(igauth.CodeOf(err))
	}
	return token.Value.Reveal()
}

const days = 24 * time.Hour

// add stores more accounts beside the first, each with a token of its own.
func (b *bench) add(n int) {
	b.t.Helper()
	for i := range n {
		a := b.account()
		a.ID = igauth.AccountID(fmt.Sprintf("1784150000000%04d", i))
		a.Revision = 0
		slot := igauth.Slot{Account: a.ID, Generation: 1, Attempt: fmt.Sprint("attempt ", i)}
		ref, err := b.vault.Put(b.t.Context(), slot, a.Profile, igauth.Token{Value: igauth.NewSecret(fmt.Sprint("old ", i)), IssuedAt: a.IssuedAt, ExpiresAt: a.ExpiresAt})
		if err != nil {
			b.t.Fatal(err)
		}
		a.Ref = ref
		if err := b.ledger.Save(b.t.Context(), igauth.Change{Account: &a, Attempt: slot.Attempt}); err != nil {
			b.t.Fatal(err)
		}
	}
}
