package igauth_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// eventfulVault lets something happen around its calls.
type eventfulVault struct {
	igauth.Vault
	put, destroy, destroyed, afterPut func()
}

func (v *eventfulVault) Put(ctx context.Context, s igauth.Slot, p igauth.Profile, tk igauth.Token) (igauth.Ref, error) {
	if v.put != nil {
		v.put()
	}
	r, err := v.Vault.Put(ctx, s, p, tk)
	if v.afterPut != nil {
		v.afterPut()
	}
	return r, err
}
func (v *eventfulVault) Destroy(ctx context.Context, slot igauth.Slot) error {
	if v.destroy != nil {
		v.destroy()
	}
	err := v.Vault.Destroy(ctx, slot)
	if v.destroyed != nil {
		v.destroyed()
	}
	return err
}
func (b *bench) storeOn(v igauth.Vault) *igauth.Store {
	s, err := igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: v, Now: b.now})
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}
func (b *bench) refresherOn(v igauth.Vault) *igauth.Refresher {
	r, err := igauth.NewRefresher(igauth.RefresherConfig{Store: b.storeOn(v), Meta: b.meta, PerSecond: -1})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// A vault that is still being emptied is not given to a new connection because a
// late token asked for another emptying.
func TestEmptyingVaultIsWaitedFor(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	slow := make(chan struct{})
	disc := make(chan struct{})
	started := make(chan struct{})
	dv := &eventfulVault{Vault: b.vault, destroy: func() { close(started); <-slow }}
	var once sync.Once
	rv := &eventfulVault{Vault: b.vault, put: func() {
		once.Do(func() {
			go func() { _, _ = b.storeOn(dv).Disconnect(t.Context(), testProfile.ID); close(disc) }()
			<-started
		})
	}}
	_, _ = b.refresherOn(rv).RunOnce(t.Context())
	o, _ := b.connector.Finish(t.Context(), b.arrival("re"))
	close(slow)
	<-disc
	_, _, err := b.store.Token(t.Context(), testProfile.ID, 0)
	if o.Code == igauth.CodeConnected && err != nil {
		t.Errorf("connected, but status %s token: %v", b.account().Status, err)
	}
}

// A late token is destroyed even if the row changes while that is noted down.
func TestLateTokenIsDestroyedDespiteAConflict(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	release := make(chan struct{})
	disc := make(chan struct{})
	emptied := make(chan struct{})
	dv := &eventfulVault{Vault: b.vault, destroyed: func() { close(emptied); <-release }}
	var once, once2 sync.Once
	rv := &eventfulVault{Vault: b.vault, put: func() {
		once.Do(func() {
			go func() { _, _ = b.storeOn(dv).Disconnect(t.Context(), testProfile.ID); close(disc) }()
			<-emptied
		})
	}}
	b.ledger.interrupt(func(c igauth.Change) error {
		if c.Account != nil && c.Account.Status == igauth.StatusDisconnected && c.Account.Lease.Attempt != "" && !c.Account.Lease.Until.After(b.now()) {
			once2.Do(func() { close(release); <-disc })
		}
		return nil
	}, nil)
	_, _ = b.refresherOn(rv).RunOnce(t.Context())
	b.ledger.interrupt(nil, nil)
	for range 100 {
		b.advance(time.Hour)
		_, _ = b.run()
	}
	if n := len(b.vault.tokens); n != 0 {
		t.Errorf("status %s due %v: %d accounts' tokens left", b.account().Status, b.account().DueAt, n)
	}
}

// A refreshed token that the vault has been given for days is for a generation that
// another run has committed since. It does not count, although it lives longer.
func TestRefreshThatTheVaultKeptForDaysChangesNothing(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		next := b.renewed(igauth.NewSecret("late"))
		next.ExpiresAt = next.ExpiresAt.Add(3 * days)
		return next, nil
	}
	var once sync.Once
	rv := &eventfulVault{Vault: b.vault, put: func() {
		once.Do(func() {
			b.meta.refresh = func(igauth.Secret) (igauth.Token, error) { return b.renewed(igauth.NewSecret("other")), nil }
			b.hours(26)
		})
	}}
	report, _ := b.refresherOn(rv).RunOnce(t.Context())
	if report.Refreshed != 0 || b.token() != "other" || b.account().Generation != 2 {
		t.Errorf("got %+v, token %s, generation %d", report, b.token(), b.account().Generation)
	}
}

// A late token is destroyed even if the worker that put it died.
func TestLateTokenOfADeadWorkerIsDestroyed(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	ctx, cancel := context.WithCancel(t.Context())
	rv := &eventfulVault{Vault: b.vault, put: func() { _, _ = b.store.Disconnect(t.Context(), testProfile.ID) }, afterPut: func() { cancel() }}
	_, _ = b.refresherOn(rv).RunOnce(ctx)
	for range 100 {
		b.advance(time.Hour)
		_, _ = b.run()
	}
	if n := len(b.vault.tokens); n != 0 {
		t.Errorf("status %s due %v: tokens left", b.account().Status, b.account().DueAt)
	}
}

// The newer consent counts, too, when it is stored before the older one is noted
// down.
func TestOlderConsentComesTooLate(t *testing.T) {
	b := newBench(t)
	older := b.metaGiving("older")
	var once sync.Once
	older.profile = nil
	ext := older.extend
	older.extend = func() (igauth.Token, error) {
		tk, err := ext()
		once.Do(func() {
			b.advance(10 * time.Second)
			_, _ = b.connectorOn(b.vault, b.metaGiving("newer", "instagram_business_manage_comments")).Finish(t.Context(), b.arrival("newer"))
		})
		return tk, err
	}
	o, err := b.connectorOn(b.vault, older).Finish(t.Context(), b.arrival("older"))
	if b.token() != "newer" {
		t.Errorf("got %v %v token %s scopes %v", o, err, b.token(), b.account().Scopes)
	}
}

// And when it is stored while the older one waits for its turn.
func TestOlderConsentLosesItsTurn(t *testing.T) {
	bad := 0
	for i := range 6 {
		b := newBench(t)
		intended := make(chan struct{})
		goOn := make(chan struct{})
		done := make(chan struct{})
		var once, onceNewer sync.Once
		nv := &eventfulVault{Vault: b.vault, put: func() {
			onceNewer.Do(func() { close(intended); <-goOn })
		}}
		ov := &eventfulVault{Vault: b.vault, put: func() {
			once.Do(func() {
				b.advance(10 * time.Second)
				go func() {
					_, _ = b.connectorOn(nv, b.metaGiving("newer")).Finish(t.Context(), b.arrival(fmt.Sprint("newer", i)))
					close(done)
				}()
				<-intended
				time.AfterFunc(40*time.Millisecond, func() { close(goOn) })
			})
		}}
		_, _ = b.connectorOn(ov, b.metaGiving("older")).Finish(t.Context(), b.arrival("older"))
		<-done
		if b.token() != "newer" {
			bad++
		}
	}
	if bad > 0 {
		t.Errorf("%d of 6: older consent replaced the newer", bad)
	}
}

// After a crash the visitor is told what this consent lacks, not the one before.
func TestResumedFlowTellsItsOwnScopes(t *testing.T) {
	b := newBench(t)
	b.ledger.interrupt(func(c igauth.Change) error {
		if c.Account != nil && c.Account.Status == igauth.StatusActive && c.Account.Lease.Attempt == "" {
			return errors.New("x")
		}
		return nil
	}, nil)
	ar := b.arrival("second")
	ar.RequestedScopes = []string{igauth.ScopeBasic, "instagram_business_manage_comments"}
	c := b.connectorOn(b.vault, b.metaGiving("new", "instagram_business_manage_comments"))
	_, _ = c.Finish(t.Context(), ar)
	b.ledger.interrupt(nil, nil)
	b.advance(time.Minute)
	o, err := c.Finish(t.Context(), ar)
	if len(o.MissingScopes) != 0 {
		t.Errorf("told missing %v; account has %v (%v)", o.MissingScopes, b.account().Scopes, err)
	}
}

// Accounts that fail in every run do not hide the others behind them.
func TestFailingAccountsDoNotHideOthers(t *testing.T) {
	b := newBench(t)
	b.vault.set("Promote", errors.New("AccessDenied"))
	var g sync.WaitGroup
	conn := func(id igauth.AccountID) {
		m := b.metaGiving("x")
		m.profile = func() (igauth.Profile, error) {
			return igauth.Profile{ID: id, Username: "u", AccountType: "BUSINESS"}, nil
		}
		if o, err := b.connectorOn(b.vault, m).Finish(t.Context(), b.arrival("f"+string(id))); err != nil || o.Code != igauth.CodeConnected {
			t.Error(o, err)
		}
	}
	for i := range 100 {
		g.Go(func() { conn(igauth.AccountID(fmt.Sprint(17841400000001000 + i))) })
	}
	g.Wait()
	b.advance(time.Second)
	late := igauth.AccountID("17841400000009999")
	conn(late)
	r, _ := igauth.NewRefresher(igauth.RefresherConfig{Store: b.store, Meta: b.meta, PerSecond: -1, Parallel: 100})
	for range 5 {
		b.advance(12 * time.Hour)
		_, _ = r.RunOnce(t.Context())
	}
	a, _ := b.store.Account(t.Context(), late)
	if b.now().Sub(a.CheckedAt) > 48*time.Hour {
		t.Errorf("60 h later the 101st was never looked at: checked %s now %s due %s", a.CheckedAt, b.now(), a.DueAt)
	}
}
