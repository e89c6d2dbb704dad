package igauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/boltstore"
	"igauth/internal/igauth/sealed"
)

// A life is the calls to the stores that a process makes before it dies, from
// which on it reaches nothing any more.
type life struct {
	mu    sync.Mutex
	calls int
	// last is the call at which it dies, 0 for never; done says that the call was
	// carried out all the same, and its answer lost.
	last int
	done bool
	dead bool
}

var errDead = errors.New("nothing is reached any more")

func (l *life) call(do func() error) error {
	l.mu.Lock()
	if l.dead {
		l.mu.Unlock()
		return errDead
	}
	l.calls++
	l.dead = l.calls == l.last
	dead := l.dead
	l.mu.Unlock()
	if !dead {
		return do()
	}
	if l.done {
		_ = do()
	}
	return errDead
}

// begin begins another life, which dies at a call.
func (l *life) begin(last int, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls, l.last, l.done, l.dead = 0, last, done, false
}

// mortalLedger and mortalVault are stores as a process that may die sees them.
type mortalLedger struct {
	igauth.Ledger
	*life
}

func (m mortalLedger) Save(ctx context.Context, change igauth.Change) error {
	return m.call(func() error { return m.Ledger.Save(ctx, change) })
}

func (m mortalLedger) Account(ctx context.Context, id igauth.AccountID) (a igauth.Account, err error) {
	err = m.call(func() (err error) { a, err = m.Ledger.Account(ctx, id); return err })
	return a, err
}

func (m mortalLedger) Flow(ctx context.Context, id igauth.FlowID) (f igauth.Flow, err error) {
	err = m.call(func() (err error) { f, err = m.Ledger.Flow(ctx, id); return err })
	return f, err
}

func (m mortalLedger) Person(ctx context.Context, id igauth.PersonID) (p igauth.Person, err error) {
	err = m.call(func() (err error) { p, err = m.Ledger.Person(ctx, id); return err })
	return p, err
}

type mortalVault struct {
	igauth.Vault
	*life
}

func (m mortalVault) Put(ctx context.Context, slot igauth.Slot, profile igauth.Profile, token igauth.Token) (ref igauth.Ref, err error) {
	err = m.call(func() (err error) { ref, err = m.Vault.Put(ctx, slot, profile, token); return err })
	return ref, err
}

func (m mortalVault) Promote(ctx context.Context, slot igauth.Slot, ref, replaced igauth.Ref) error {
	return m.call(func() error { return m.Vault.Promote(ctx, slot, ref, replaced) })
}

func (m mortalVault) Find(ctx context.Context, slot igauth.Slot) (ref igauth.Ref, token igauth.Token, err error) {
	err = m.call(func() (err error) { ref, token, err = m.Vault.Find(ctx, slot); return err })
	return ref, token, err
}

// vaults are one that keeps tokens in itself, and one that keeps them elsewhere.
var vaults = map[string]func(t *testing.T) igauth.Vault{
	"sealed": func(t *testing.T) igauth.Vault {
		keys, err := sealed.NewKeyset(nil)
		if err != nil {
			t.Fatal(err)
		}
		v, err := sealed.NewVault(keys)
		if err != nil {
			t.Fatal(err)
		}
		return v
	},
	"kept": func(t *testing.T) igauth.Vault {
		v, err := secrets.NewVault(secrets.Config{Client: awsfake.NewSecretsManager(awsfake.SecretsManagerConfig{}), Prefix: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return v
	},
}

// At whichever call to a store the request with the choice dies, the visitor who
// comes back when it is certainly over gets connected, by the same consent, once.
func TestChoiceSurvivesADeathAtEveryCall(t *testing.T) {
	for name, vault := range vaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := dieWhileChoosing(t, vault(t), 0, false)
			if calls < 6 {
				t.Fatalf("a choice makes %d calls only", calls)
			}
			for last := 1; last <= calls; last++ {
				for _, done := range []bool{false, true} {
					t.Run(fmt.Sprintf("call %d, carried out %t", last, done), func(t *testing.T) {
						t.Parallel()
						dieWhileChoosing(t, vault(t), last, done)
					})
				}
			}
		})
	}
}

// dieWhileChoosing connects the second of two accounts, in a request that dies at
// a call, and returns how many calls it made.
func dieWhileChoosing(t *testing.T, vault igauth.Vault, last int, done bool) int {
	t.Helper()
	f := newFront(t)
	f.facebook.pages = append(f.facebook.pages, fakePage(2))
	ledger, err := boltstore.Open(t.TempDir()+"/ledger.db", f.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	l := &life{}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: mortalLedger{ledger, l}, Vault: mortalVault{vault, l}, Now: f.now})
	if err != nil {
		t.Fatal(err)
	}
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{
		Store: store, Meta: f.meta, Facebook: f.facebook, MetaAppID: testMetaAppID, Timeout: 10 * time.Second, Patience: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.callback, err = igauth.NewCallbackHandler(igauth.FrontConfig{AppID: testAppID, StateKeys: testKeys, Facebook: f.facebook, Now: f.now}, connector)
	if err != nil {
		t.Fatal(err)
	}
	page, fl := f.viaFacebook("")
	if !strings.HasPrefix(page, "/callback/choose") {
		t.Fatalf("got location %q", page)
	}
	l.begin(last, done)
	account := fakePage(2).Account
	f.choose(page, fl, account)
	calls := l.calls
	l.begin(0, false)
	f.advance(time.Minute) // the lease is over
	const connected = "/callback/result?outcome=connected"
	var w *httptest.ResponseRecorder
	for range 3 {
		if w = f.choose(page, fl, account); w.Code != http.StatusAccepted {
			break
		}
		f.advance(time.Minute)
	}
	if got := w.Header().Get("Location"); got != connected {
		t.Fatalf("got status %d, location %q", w.Code, got)
	}
	a, token, err := store.Token(t.Context(), account, 0)
	if err != nil || a.Generation != 1 || a.Status != igauth.StatusActive || token.Value.Reveal() != "asked-for-"+fakePage(2).ID || token.UserToken.Reveal() != "long-user-token" {
		t.Errorf("got %s of generation %d, %v", a.Status, a.Generation, err)
	}
	if n := f.facebook.count("code"); n != 1 {
		t.Errorf("%d codes were spent", n)
	}
	accounts, err := ledger.Accounts(t.Context(), "", 10)
	if err != nil || len(accounts) != 1 {
		t.Errorf("got %d accounts, %v", len(accounts), err)
	}
	return calls
}
