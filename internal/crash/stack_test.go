package crash_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
	"igauth/internal/igauth/sealed"
)

// A stack is a ledger and a vault.
type stack struct {
	ledger igauth.Ledger
	vault  igauth.Vault
	// held returns what direct readers of the vault see.
	held  func() map[igauth.AccountID]string
	close func()
	// seal says whether a vault that can do both seals new tokens.
	seal atomic.Bool
}

func nothingHeld() map[igauth.AccountID]string { return nil }

// stacks are the builders of stacks by name. They are given a new folder.
var stacks = map[string]func(o *outside, dir string) *stack{
	"bolt-sealed": func(o *outside, dir string) *stack {
		b := &boltLedger{o: o}
		o.do(func() { b.to = must(boltstore.Open(dir+"/ledger.db", func() time.Time { return b.now })) })
		return &stack{
			ledger: b, vault: newSealed(), held: nothingHeld,
			close: func() { o.do(func() { _ = b.to.Close() }) },
		}
	},
}

// keys is one keyset for all worlds.
var keys = sync.OnceValue(func() sealed.Keyset { return must(sealed.NewKeyset(nil)) })

func newSealed() *sealed.Vault { return must(sealed.NewVault(keys())) }

// An outside is a goroutine that lives in real time, for what does not get along
// with the virtual one: the embedded ledger closes its file when it was idle for
// a while, and virtually it would be idle all the time.
type outside struct {
	mu   sync.Mutex
	jobs chan func()
	done chan struct{}
}

func newOutside() *outside {
	o := &outside{jobs: make(chan func()), done: make(chan struct{})}
	go func() {
		for job := range o.jobs {
			job()
			o.done <- struct{}{}
		}
	}()
	return o
}

func (o *outside) do(job func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.jobs <- job
	<-o.done
}

func (o *outside) close() { close(o.jobs) }

// A boltLedger is the embedded ledger, asked from outside of the virtual time
// but with its clock.
type boltLedger struct {
	o   *outside
	to  *boltstore.Ledger
	now time.Time
}

func (b *boltLedger) do(ctx context.Context, ask func(ctx context.Context)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := time.Now()
	b.o.do(func() {
		b.now = now
		ask(context.Background())
	})
	return nil
}

func (b *boltLedger) Account(ctx context.Context, id igauth.AccountID) (a igauth.Account, err error) {
	late := b.do(ctx, func(ctx context.Context) { a, err = b.to.Account(ctx, id) })
	return a, first(late, err)
}

func (b *boltLedger) Flow(ctx context.Context, id igauth.FlowID) (f igauth.Flow, err error) {
	late := b.do(ctx, func(ctx context.Context) { f, err = b.to.Flow(ctx, id) })
	return f, first(late, err)
}

func (b *boltLedger) Save(ctx context.Context, change igauth.Change) (err error) {
	late := b.do(ctx, func(ctx context.Context) { err = b.to.Save(ctx, change) })
	return first(late, err)
}

func (b *boltLedger) Health(ctx context.Context) (h igauth.Health, err error) {
	late := b.do(ctx, func(ctx context.Context) { h, err = b.to.Health(ctx) })
	return h, first(late, err)
}

func (b *boltLedger) Person(ctx context.Context, id igauth.PersonID) (p igauth.Person, err error) {
	late := b.do(ctx, func(ctx context.Context) { p, err = b.to.Person(ctx, id) })
	return p, first(late, err)
}

func (b *boltLedger) Removal(ctx context.Context, code string) (r igauth.Removal, err error) {
	late := b.do(ctx, func(ctx context.Context) { r, err = b.to.Removal(ctx, code) })
	return r, first(late, err)
}

func (b *boltLedger) OpenRemovals(ctx context.Context, limit int) (open []igauth.Removal, err error) {
	late := b.do(ctx, func(ctx context.Context) { open, err = b.to.OpenRemovals(ctx, limit) })
	return open, first(late, err)
}

func (b *boltLedger) Shards() int { return b.to.Shards() }

func (b *boltLedger) Due(ctx context.Context, query igauth.DueQuery) (due []igauth.Account, next igauth.DueMark, err error) {
	late := b.do(ctx, func(ctx context.Context) { due, next, err = b.to.Due(ctx, query) })
	return due, next, first(late, err)
}

func (b *boltLedger) Expiries(ctx context.Context, status igauth.Status, limit int) (expiries []igauth.Expiry, err error) {
	late := b.do(ctx, func(ctx context.Context) { expiries, err = b.to.Expiries(ctx, status, limit) })
	return expiries, first(late, err)
}

func (b *boltLedger) Count(ctx context.Context, status igauth.Status) (n int, err error) {
	late := b.do(ctx, func(ctx context.Context) { n, err = b.to.Count(ctx, status) })
	return n, first(late, err)
}

func (b *boltLedger) Accounts(ctx context.Context, after igauth.AccountID, limit int) (list []igauth.Account, err error) {
	late := b.do(ctx, func(ctx context.Context) { list, err = b.to.Accounts(ctx, after, limit) })
	return list, first(late, err)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
