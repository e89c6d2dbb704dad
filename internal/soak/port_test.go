package soak_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

var (
	errFault  = errors.New("the call failed")
	errKilled = errors.New("the function is no more")
)

// perSecond is the configured rate of calls to Meta.
const perSecond = 5

// A function is a Lambda function in its sandbox: it is called again and again,
// until it is killed.
type function struct {
	w *world
	// serial is different for every call of a function.
	serial    uint64
	deadly    float64 // the part of its calls at which it dies
	dead      atomic.Bool
	cancel    context.CancelFunc
	refresher *igauth.Refresher
	relay     *igauth.Relay
	connector *igauth.Connector

	mu sync.Mutex
	// calls are the last ones to Meta, paced says that they are counted.
	calls  []time.Time
	pacing bool
}

// newFunction is a cold start.
func newFunction(w *world) *function {
	f := &function{w: w}
	store := must(igauth.NewStore(igauth.StoreConfig{Ledger: ledgerPort{f, w.ledger}, Vault: vaultPort{f, w.vault}, Random: &w.random}))
	client := must(instagram.New(instagram.Config{
		AppID: "1", RedirectURI: "https://example.org/callback", Transport: wire{f},
		AppSecrets: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret("secret")}, nil
		},
	}))
	facebook := must(instagram.NewFacebook(instagram.FacebookConfig{
		AppID: facebookApp, RedirectURI: "https://example.org/callback", Transport: wire{f},
		AppSecrets: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret("other secret")}, nil
		},
	}))
	f.relay = must(igauth.NewRelay(igauth.RelayConfig{Store: store, Publisher: busPort{f}, Log: w.log}))
	f.refresher = must(igauth.NewRefresher(igauth.RefresherConfig{Store: store, Meta: client, Facebook: facebook, PerSecond: perSecond, Relay: f.relay, Log: w.log}))
	f.connector = must(igauth.NewConnector(igauth.ConnectorConfig{Store: store, Meta: client, Facebook: facebook, MetaAppID: facebookApp, Log: w.log}))
	return f
}

// invoke calls the function, as long as it may take.
func (w *world) invoke(limit time.Duration, deadly float64, do func(context.Context, *function)) (killed bool) {
	w.mu.Lock()
	var f *function
	if last := len(w.idle) - 1; last >= 0 {
		f, w.idle = w.idle[last], w.idle[:last]
	}
	w.invocations++
	serial := w.invocations
	w.mu.Unlock()
	if f == nil {
		f = newFunction(w)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	f.serial, f.deadly, f.cancel, f.pacing = serial, deadly, cancel, false
	do(ctx, f)
	if f.dead.Load() {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = append(w.idle, f)
	return false
}

// travel is the time that a call takes to arrive: another one for each account
// and function, so that which of two comes first is the same in every run.
func (f *function) travel(n uint64) {
	time.Sleep(f.w.chance.between(0, 100*time.Microsecond, askTravel, f.serial, n))
}

// alive returns why a call cannot be made.
func (f *function) alive(ctx context.Context) error {
	if f.dead.Load() {
		return errKilled
	}
	return ctx.Err()
}

func (f *function) die() error {
	f.dead.Store(true)
	f.cancel()
	return errKilled
}

// lateKill reports whether the function dies when the n-th subject's call has
// been made, and kills it.
func (f *function) lateKill(n, count uint64) bool {
	if f.deadly == 0 || f.w.chance.of(askKill, f.serial, n, count, 1) >= f.deadly {
		return false
	}
	_ = f.die()
	return true
}

// paced compares the calls to Meta of this run with the configured rate.
func (f *function) paced() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.pacing {
		return
	}
	now := time.Now()
	f.calls = append(f.calls, now)
	f.calls = f.calls[max(0, len(f.calls)-perSecond-2):]
	if len(f.calls) == perSecond+2 && now.Sub(f.calls[0]) < time.Second {
		f.w.once.Do(func() { f.w.violation("Meta sees %d calls of one run within %s", perSecond+2, now.Sub(f.calls[0])) })
	}
}

// call makes a call to a store on behalf of a subject, unless something is wrong.
func (f *function) call(ctx context.Context, what string, rate float64, n uint64, do func() error) error {
	f.travel(n)
	if err := f.alive(ctx); err != nil {
		return err
	}
	w, now := f.w, time.Now()
	count, out := w.storeCall(n, what, now)
	if out {
		return errFault
	}
	u := w.chance.of(askCall, uint64(what[0]), n, count)
	kill := 1.0
	if f.deadly > 0 {
		kill = w.chance.of(askKill, f.serial, n, count)
	}
	switch {
	case w.calm.Load():
	case kill < f.deadly/2:
		return f.die()
	case u < rate/4:
		w.strike(n)
		return errFault
	case u < rate/2:
		w.strike(n)
		_ = do()
		return errFault
	case u < rate:
		// It is slow, so that others overtake it.
		w.strike(n)
		if err := sleep(ctx, w.chance.between(100*time.Millisecond, 20*time.Second, askLatency, n, count)); err != nil {
			return err
		}
	}
	err := do()
	if kill < f.deadly {
		return f.die()
	}
	return err
}

// subject returns the number of an account's owner.
func subject(id igauth.AccountID) uint64 {
	n := uint64(0)
	for _, digit := range []byte(id[min(len(id), 5):]) {
		n = n*10 + uint64(digit-'0')
	}
	return n
}

// A ledgerPort is the ledger of a function.
type ledgerPort struct {
	f  *function
	to *memoryLedger
}

func ask[T any](ctx context.Context, f *function, what string, n uint64, do func() (T, error)) (result T, err error) {
	err = f.call(ctx, what, storeFails, n, func() (err error) {
		result, err = do()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

func (l ledgerPort) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	return ask(ctx, l.f, outLedger, subject(id), func() (igauth.Account, error) { return l.to.Account(ctx, id) })
}

func (l ledgerPort) Flow(ctx context.Context, id igauth.FlowID) (igauth.Flow, error) {
	return ask(ctx, l.f, outLedger, 0, func() (igauth.Flow, error) { return l.to.Flow(ctx, id) })
}

func (l ledgerPort) Health(ctx context.Context) (igauth.Health, error) {
	return ask(ctx, l.f, outLedger, 0, func() (igauth.Health, error) { return l.to.Health(ctx) })
}

func (l ledgerPort) Save(ctx context.Context, change igauth.Change) error {
	// Who gets no answer has the records as they were.
	copied := change
	n := uint64(0)
	if change.Account != nil {
		a := *change.Account
		copied.Account = &a
		n = subject(a.ID)
	}
	if change.Flow != nil {
		flow := *change.Flow
		copied.Flow = &flow
	}
	if change.Health != nil {
		h := *change.Health
		copied.Health = &h
	}
	l.f.w.writes.Add(1)
	if err := l.f.call(ctx, outLedger, storeFails, n, func() error { return l.to.Save(ctx, copied) }); err != nil {
		return err
	}
	if change.Account != nil {
		change.Account.Revision = copied.Account.Revision
	}
	if change.Flow != nil {
		change.Flow.Revision = copied.Flow.Revision
	}
	if change.Health != nil {
		change.Health.Revision = copied.Health.Revision
	}
	return nil
}

func (l ledgerPort) Person(ctx context.Context, id igauth.PersonID) (igauth.Person, error) {
	return ask(ctx, l.f, outLedger, 0, func() (igauth.Person, error) { return l.to.Person(ctx, id) })
}

func (l ledgerPort) Removal(ctx context.Context, code string) (igauth.Removal, error) {
	return ask(ctx, l.f, outLedger, 0, func() (igauth.Removal, error) { return l.to.Removal(ctx, code) })
}

func (l ledgerPort) OpenRemovals(ctx context.Context, limit int) ([]igauth.Removal, error) {
	return ask(ctx, l.f, outLedger, 0, func() ([]igauth.Removal, error) { return l.to.OpenRemovals(ctx, limit) })
}

func (l ledgerPort) Shards() int { return l.to.Shards() }

func (l ledgerPort) Due(ctx context.Context, q igauth.DueQuery) (due []igauth.Account, next igauth.DueMark, err error) {
	err = l.f.call(ctx, outLedger, storeFails, 0, func() (err error) {
		due, next, err = l.to.Due(ctx, q)
		return err
	})
	if err != nil {
		return nil, igauth.DueMark{}, err
	}
	return due, next, nil
}

func (l ledgerPort) Expiries(ctx context.Context, status igauth.Status, limit int) ([]igauth.Expiry, error) {
	return ask(ctx, l.f, outLedger, 0, func() ([]igauth.Expiry, error) { return l.to.Expiries(ctx, status, limit) })
}

func (l ledgerPort) Count(ctx context.Context, status igauth.Status) (int, error) {
	return ask(ctx, l.f, outLedger, 0, func() (int, error) { return l.to.Count(ctx, status) })
}

func (l ledgerPort) Accounts(ctx context.Context, after igauth.AccountID, limit int) ([]igauth.Account, error) {
	return ask(ctx, l.f, outLedger, 0, func() ([]igauth.Account, error) { return l.to.Accounts(ctx, after, limit) })
}

// A vaultPort is the vault of a function.
type vaultPort struct {
	f  *function
	to *memoryVault
}

func (v vaultPort) Put(ctx context.Context, slot igauth.Slot, profile igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	return ask(ctx, v.f, outVault, subject(slot.Account), func() (igauth.Ref, error) { return v.to.Put(ctx, slot, profile, token) })
}

func (v vaultPort) Get(ctx context.Context, slot igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	return ask(ctx, v.f, outVault, subject(slot.Account), func() (igauth.Token, error) { return v.to.Get(ctx, slot, ref) })
}

func (v vaultPort) Find(ctx context.Context, slot igauth.Slot) (ref igauth.Ref, token igauth.Token, err error) {
	err = v.f.call(ctx, outVault, storeFails, subject(slot.Account), func() (err error) {
		ref, token, err = v.to.Find(ctx, slot)
		return err
	})
	if err != nil {
		return "", igauth.Token{}, err
	}
	return ref, token, nil
}

func (v vaultPort) Keeps(ref igauth.Ref) bool { return v.to.Keeps(ref) }

func (v vaultPort) Promote(ctx context.Context, slot igauth.Slot, ref, replaced igauth.Ref) error {
	return v.f.call(ctx, outVault, storeFails, subject(slot.Account), func() error { return v.to.Promote(ctx, slot, ref, replaced) })
}

func (v vaultPort) Destroy(ctx context.Context, slot igauth.Slot) error {
	return v.f.call(ctx, outVault, storeFails, subject(slot.Account), func() error { return v.to.Destroy(ctx, slot) })
}

// A busPort is the event bus of a function.
type busPort struct{ f *function }

func (b busPort) Publish(ctx context.Context, messages []igauth.Message) error {
	n := uint64(0)
	if id := messages[0].Body.AccountID; id != "" {
		n = subject(id)
	}
	return b.f.call(ctx, outBus, busFails, n, func() error {
		// Sometimes only some of them are taken.
		taken := len(messages)
		partly := taken > 1 && b.f.w.chance.of(askBus, n, uint64(time.Now().UnixNano())) < busFails
		if partly {
			taken /= 2
		}
		b.f.w.accept(slices.Clone(messages[:taken]))
		if partly {
			return errFault
		}
		return nil
	})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
