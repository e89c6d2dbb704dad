package concurrency

import (
	"context"

	"igauth/internal/igauth"
)

// A ledgerPort is the ledger of a worker.
type ledgerPort struct {
	*worker
	igauth.Ledger
	w *world
}

func (p ledgerPort) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	return through(ctx, p.worker, "ledger.Account", func(ctx context.Context) (igauth.Account, error) { return p.Ledger.Account(ctx, id) })
}

func (p ledgerPort) Flow(ctx context.Context, id igauth.FlowID) (igauth.Flow, error) {
	return through(ctx, p.worker, "ledger.Flow", func(ctx context.Context) (igauth.Flow, error) { return p.Ledger.Flow(ctx, id) })
}

func (p ledgerPort) Person(ctx context.Context, id igauth.PersonID) (igauth.Person, error) {
	return through(ctx, p.worker, "ledger.Person", func(ctx context.Context) (igauth.Person, error) { return p.Ledger.Person(ctx, id) })
}

func (p ledgerPort) Removal(ctx context.Context, code string) (igauth.Removal, error) {
	return through(ctx, p.worker, "ledger.Removal", func(ctx context.Context) (igauth.Removal, error) { return p.Ledger.Removal(ctx, code) })
}

func (p ledgerPort) Health(ctx context.Context) (igauth.Health, error) {
	if !p.w.troubled {
		return p.Ledger.Health(ctx) // there is nothing in it to race for
	}
	return through(ctx, p.worker, "ledger.Health", func(ctx context.Context) (igauth.Health, error) { return p.Ledger.Health(ctx) })
}

func (p ledgerPort) Due(ctx context.Context, query igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	type page struct {
		due  []igauth.Account
		next igauth.DueMark
	}
	if due, next, err := p.Ledger.Due(ctx, query); err == nil && len(due) == 0 {
		return due, next, err // nor in a part of the index without the account
	}
	d, err := through(ctx, p.worker, "ledger.Due", func(ctx context.Context) (d page, err error) {
		d.due, d.next, err = p.Ledger.Due(ctx, query)
		return d, err
	})
	return d.due, d.next, err
}

func (p ledgerPort) Save(ctx context.Context, change igauth.Change) error {
	_, err := through(ctx, p.worker, "ledger.Save", func(ctx context.Context) (none struct{}, err error) {
		if err = p.Ledger.Save(ctx, change); err == nil {
			p.w.mu.Lock()
			defer p.w.mu.Unlock()
			p.w.events.saved(change)
		}
		return none, err
	})
	return err
}

// A vaultPort is the vault of a worker.
type vaultPort struct {
	*worker
	igauth.Vault
}

func (p vaultPort) Put(ctx context.Context, slot igauth.Slot, profile igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	// A worker whose machine sleeps just when it puts cannot be fenced: no vault
	// knows leases. Everywhere else it can.
	honest := ctx
	return through(ctx, p.worker, "vault.Put", func(context.Context) (igauth.Ref, error) {
		if err := honest.Err(); err != nil {
			return "", err
		}
		return p.Vault.Put(honest, slot, profile, token)
	})
}

func (p vaultPort) Get(ctx context.Context, slot igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	return through(ctx, p.worker, "vault.Get", func(ctx context.Context) (igauth.Token, error) { return p.Vault.Get(ctx, slot, ref) })
}

func (p vaultPort) Find(ctx context.Context, slot igauth.Slot) (igauth.Ref, igauth.Token, error) {
	type found struct {
		igauth.Ref
		igauth.Token
	}
	f, err := through(ctx, p.worker, "vault.Find", func(ctx context.Context) (f found, err error) {
		f.Ref, f.Token, err = p.Vault.Find(ctx, slot)
		return f, err
	})
	return f.Ref, f.Token, err
}

func (p vaultPort) Promote(ctx context.Context, slot igauth.Slot, ref, replaced igauth.Ref) error {
	_, err := through(ctx, p.worker, "vault.Promote", func(ctx context.Context) (none struct{}, err error) {
		return none, p.Vault.Promote(ctx, slot, ref, replaced)
	})
	return err
}

func (p vaultPort) Destroy(ctx context.Context, slot igauth.Slot) error {
	_, err := through(ctx, p.worker, "vault.Destroy", func(ctx context.Context) (none struct{}, err error) { return none, p.Vault.Destroy(ctx, slot) })
	return err
}

// A metaPort is Meta for a worker.
type metaPort struct {
	*worker
	meta *meta
}

func (p metaPort) ExchangeCode(ctx context.Context, code igauth.Secret) (igauth.Grant, error) {
	return through(ctx, p.worker, "meta.ExchangeCode", func(context.Context) (igauth.Grant, error) { return p.meta.exchange(code) })
}

func (p metaPort) ExtendToken(ctx context.Context, short igauth.Secret) (igauth.Token, error) {
	return through(ctx, p.worker, "meta.ExtendToken", func(context.Context) (igauth.Token, error) { return p.meta.extend(short) })
}

func (p metaPort) RefreshToken(ctx context.Context, token igauth.Secret) (igauth.Token, error) {
	return through(ctx, p.worker, "meta.RefreshToken", func(context.Context) (igauth.Token, error) { return p.meta.refresh(token) })
}

func (p metaPort) Profile(ctx context.Context, token igauth.Secret) (igauth.Profile, error) {
	return through(ctx, p.worker, "meta.Profile", func(context.Context) (igauth.Profile, error) { return p.meta.profile(token) })
}
