package igauth_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// hookedVault lets something happen before a token is put.
type hookedVault struct {
	igauth.Vault
	put func()
}

func (v *hookedVault) Put(ctx context.Context, s igauth.Slot, p igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	v.put()
	return v.Vault.Put(ctx, s, p, token)
}

// metaGiving returns a Meta whose long-lived token has a text, for scopes.
func (b *bench) metaGiving(text string, scopes ...string) *fakeMeta {
	return &fakeMeta{
		now: b.now,
		exchange: func() (igauth.Grant, error) {
			return igauth.Grant{Token: igauth.NewSecret("short"), Scopes: append([]string{igauth.ScopeBasic}, scopes...)}, nil
		},
		extend: func() (igauth.Token, error) {
			return igauth.Token{Value: igauth.NewSecret(text), IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}, nil
		},
	}
}

// connectorOn returns a connector on another vault and Meta.
func (b *bench) connectorOn(vault igauth.Vault, meta igauth.Exchanger) *igauth.Connector {
	b.t.Helper()
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: vault, Now: b.now})
	if err != nil {
		b.t.Fatal(err)
	}
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{Store: store, Meta: meta, Timeout: 3 * time.Second, Patience: time.Second})
	if err != nil {
		b.t.Fatal(err)
	}
	return connector
}

// A disconnected account that is connected again survives a crash as any other:
// the run must not take the attempt for work of the disconnection.
func TestReconnectAfterDisconnectSurvivesACrash(t *testing.T) {
	killed := errors.New("killed")
	disconnected := func(t *testing.T) *bench {
		b := newBench(t)
		if _, err := b.store.Disconnect(t.Context(), testProfile.ID); err != nil {
			t.Fatal(err)
		}
		b.advance(time.Minute)
		return b
	}
	t.Run("after the vault", func(t *testing.T) {
		b := disconnected(t)
		arrival := b.arrival("second")
		b.ledger.interrupt(func(c igauth.Change) error {
			if c.Account != nil && c.Account.Status == igauth.StatusActive {
				return killed
			}
			return nil
		}, nil)
		if _, err := b.connector.Finish(t.Context(), arrival); err == nil {
			t.Fatal("want an error")
		}
		b.ledger.interrupt(nil, nil)
		b.advance(time.Minute)
		report, err := b.run()
		if err != nil || report.Recovered != 1 || report.Destroyed != 0 || b.token() != "long" {
			t.Errorf("got %+v, %v, token %s", report, err, b.token())
		}
		if outcome, err := b.connector.Finish(t.Context(), arrival); err != nil || outcome.Code != igauth.CodeConnected {
			t.Errorf("the visitor again: got %v, %v", outcome, err)
		}
	})
	t.Run("before the vault, and the visitor tries again at once", func(t *testing.T) {
		b := disconnected(t)
		b.vault.set("Put", killed)
		if _, err := b.connector.Finish(t.Context(), b.arrival("second")); err == nil {
			t.Fatal("want an error")
		}
		b.vault.set("Put", nil)
		b.connect("third")
	})
	t.Run("before the vault, and nobody tries again", func(t *testing.T) {
		b := disconnected(t)
		b.vault.set("Put", killed)
		_, _ = b.connector.Finish(t.Context(), b.arrival("second"))
		b.vault.set("Put", nil)
		b.advance(time.Hour)
		report, err := b.run()
		if a := b.account(); err != nil || len(report.Failed) != 0 || a.Status != igauth.StatusDisconnected || a.Lease.Attempt != "" || !a.DueAt.IsZero() {
			t.Errorf("got %+v, %v, status %s, due %s", report, err, a.Status, a.DueAt)
		}
	})
}

// Of two consents the newer one counts, whichever is stored first.
func TestOlderConsentDoesNotReplaceANewerOne(t *testing.T) {
	b := newBench(t)
	var once sync.Once
	vault := &hookedVault{Vault: b.vault, put: func() {
		once.Do(func() {
			b.advance(10 * time.Second)
			newer := b.connectorOn(b.vault, b.metaGiving("newer", "instagram_business_manage_comments"))
			if outcome, err := newer.Finish(t.Context(), b.arrival("newer")); err != nil || outcome.Code != igauth.CodeConnected {
				t.Errorf("newer: got %v, %v", outcome, err)
			}
		})
	}}
	outcome, err := b.connectorOn(vault, b.metaGiving("older")).Finish(t.Context(), b.arrival("older"))
	if err != nil || outcome.Code != igauth.CodeConnected || b.token() != "newer" || len(b.account().Scopes) != 2 {
		t.Errorf("got %v, %v, token %s with %v", outcome, err, b.token(), b.account().Scopes)
	}
}

// A disconnection that comes while a visitor is being connected is newer than
// the visitor's consent, and leaves no token behind.
func TestDisconnectDuringAConnection(t *testing.T) {
	b := newBench(t)
	var once sync.Once
	vault := &hookedVault{Vault: b.vault, put: func() {
		once.Do(func() {
			if _, err := b.store.Disconnect(t.Context(), testProfile.ID); err != nil {
				t.Error(err)
			}
		})
	}}
	outcome, err := b.connectorOn(vault, b.metaGiving("late")).Finish(t.Context(), b.arrival("second"))
	if err != nil || outcome.Code != igauth.CodeDisconnected || b.token() != string(igauth.CodeDisconnected) {
		t.Errorf("got %v, %v, token %s", outcome, err, b.token())
	}
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Destroyed != 1 || len(b.vault.tokens) != 0 {
		t.Errorf("got %+v, %v, %d tokens left", report, err, len(b.vault.tokens))
	}
	b.connect("third")
}

// Connections of one account that come at the same time all end as connected.
func TestConnectionsAtTheSameTime(t *testing.T) {
	b := newBench(t)
	var puts atomic.Int32
	vault := &hookedVault{Vault: b.vault, put: func() {
		puts.Add(1)
		<-time.After(30 * time.Millisecond)
	}}
	connector := b.connectorOn(vault, b.metaGiving("long"))
	var group sync.WaitGroup
	for _, name := range []string{"one", "two", "three", "four"} {
		group.Go(func() {
			if outcome, err := connector.Finish(t.Context(), b.arrival(name)); err != nil || outcome.Code != igauth.CodeConnected {
				t.Errorf("%s: got %v, %v", name, outcome, err)
			}
		})
	}
	group.Wait()
	if n := puts.Load(); n > 40 {
		t.Errorf("%d tokens were put for 4 connections", n)
	}
	if a := b.account(); a.Status != igauth.StatusActive || b.token() != "long" {
		t.Errorf("got status %s, token %s", a.Status, b.token())
	}
}

// A refusal that is not in the dictionary is told as a refusal, and when Meta
// hangs for too long, every reload gets the same answer.
func TestOutcomesAreTrue(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		b := newBench(t)
		meta := b.metaGiving("x")
		meta.exchange = func() (igauth.Grant, error) { return igauth.Grant{}, failure(igauth.CodeMetaRefused, true) }
		if outcome, err := b.connectorOn(b.vault, meta).Finish(t.Context(), b.arrival("x")); err != nil || outcome.Code != igauth.CodeMetaRefused || meta.exchanges() != 1 {
			t.Errorf("got %v, %v after %d exchanges", outcome, err, meta.exchanges())
		}
	})
	t.Run("Meta hangs", func(t *testing.T) {
		b := newBench(t)
		meta := &hangingMeta{b.metaGiving("x")}
		connector := b.connectorOn(b.vault, meta)
		first, err := connector.Finish(t.Context(), b.arrival("x"))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := connector.Finish(t.Context(), b.arrival("x")); err != nil || again.Code != first.Code {
			t.Errorf("got %v, %v; then %v", first, err, again)
		}
	})
	t.Run("the process ends sooner", func(t *testing.T) {
		b := newBench(t)
		meta := &hangingMeta{b.metaGiving("x")}
		ctx, cancel := context.WithTimeout(t.Context(), 2200*time.Millisecond)
		defer cancel()
		if outcome, err := b.connectorOn(b.vault, meta).Finish(ctx, b.arrival("x")); err != nil || ctx.Err() != nil {
			t.Errorf("got %v, %v; the process is already dead: %v", outcome, err, ctx.Err())
		}
	})
}

// hangingMeta never answers the request for the long-lived token.
type hangingMeta struct{ *fakeMeta }

func (m *hangingMeta) ExtendToken(ctx context.Context, _ igauth.Secret) (igauth.Token, error) {
	<-ctx.Done()
	return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
}

// A ledger that does not answer one read costs the visitor nothing.
func TestReadsAreRepeatedWithATokenInHand(t *testing.T) {
	b := newBench(t)
	ledger := &forgetfulLedger{Ledger: b.ledger}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: ledger, Vault: b.vault, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{Store: store, Meta: b.metaGiving("long"), Timeout: 3 * time.Second, Patience: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if outcome, err := connector.Finish(t.Context(), b.arrival("second")); err != nil || outcome.Code != igauth.CodeConnected {
		t.Errorf("got %v, %v", outcome, err)
	}
}

// forgetfulLedger fails the first read of an account.
type forgetfulLedger struct {
	igauth.Ledger
	failed atomic.Bool
}

func (l *forgetfulLedger) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	if l.failed.CompareAndSwap(false, true) {
		return igauth.Account{}, errors.New("no answer")
	}
	return l.Ledger.Account(ctx, id)
}

// What a failed reconnection asked for is not what the account lacks.
func TestFailedReconnectionChangesNothingThatIsShown(t *testing.T) {
	b := newBench(t)
	b.vault.set("Put", errors.New("no answer"))
	arrival := b.arrival("second")
	arrival.RequestedScopes = []string{igauth.ScopeBasic, "instagram_business_manage_comments"}
	if _, err := b.connector.Finish(t.Context(), arrival); err == nil {
		t.Fatal("want an error")
	}
	if missing := b.account().MissingScopes(); len(missing) != 0 {
		t.Errorf("got missing scopes %v", missing)
	}
}
