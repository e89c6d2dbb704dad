package scale

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/sealed"
)

const (
	day       = 24 * time.Hour
	tokenLife = 60 * day
	// age is how old the tokens are that are due: past the half of their life,
	// whatever the jitter.
	age = 40 * day
)

// A world is an installation of a size.
type world struct {
	*counter
	ledger igauth.Ledger
	vault  *sealed.Vault
	store  *igauth.Store
	now    time.Time
}

// newWorld returns an installation on a ledger, which counter counts.
func newWorld(ledger igauth.Ledger, counter *counter) (*world, error) {
	keys, err := sealed.NewKeyset(nil)
	if err != nil {
		return nil, err
	}
	vault, err := sealed.NewVault(keys)
	if err != nil {
		return nil, err
	}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: ledger, Vault: vault})
	if err != nil {
		return nil, err
	}
	return &world{counter: counter, ledger: ledger, vault: vault, store: store, now: time.Now().UTC()}, nil
}

// account returns the n-th account's row, as it is after some years: with all the
// history that a row keeps.
func (w *world) account(ctx context.Context, n int, due bool, token igauth.Secret) (igauth.Account, error) {
	id := strconv.Itoa(17841400000000000 + n)
	issued := w.now.Add(-age)
	if !due {
		issued = w.now.Add(-time.Duration(n%20) * day).Add(-time.Hour)
	}
	a := igauth.Account{
		Profile: igauth.Profile{
			ID: igauth.AccountID(id), AppScopedID: strconv.Itoa(27310000000000000 + n), Username: "bakery." + id,
			Name: "The bakery at the corner", AccountType: "BUSINESS",
		},
		Login: igauth.LoginInstagram, Status: igauth.StatusActive, Generation: 1,
		IssuedAt: issued, ExpiresAt: issued.Add(tokenLife),
		Scopes: []string{igauth.ScopeBasic}, RequestedScopes: []string{igauth.ScopeBasic},
		ConnectedAt: issued.Add(-600 * day),
		CheckedAt:   w.now.Add(-time.Duration(n%3600) * time.Second),
	}
	for i := range 20 {
		a.History = append(a.History, igauth.Entry{At: issued.Add(time.Duration(i-19) * 30 * day), What: igauth.EntryRefreshed})
	}
	ref, err := w.vault.Put(ctx, igauth.Slot{Account: a.ID, Generation: a.Generation}, a.Profile, igauth.Token{
		Value: token, IssuedAt: a.IssuedAt, ExpiresAt: a.ExpiresAt, Scopes: a.Scopes,
	})
	a.Ref = ref
	a.DueAt = w.store.Plan(a).At
	return a, err
}

// rows are accounts, from a number up to another.
type rows struct {
	from, to int
	due      bool
	// again is set for accounts that are connected already, and were not due.
	again bool
}

// fill connects accounts, with several saves at a time. Progress is called for
// each.
func (w *world) fill(ctx context.Context, these rows, parallel int, token igauth.Secret, progress func()) error {
	var (
		next    atomic.Int64
		workers sync.WaitGroup
	)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next.Store(int64(these.from))
	for range parallel {
		workers.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1) - 1)
				if n >= these.to {
					return
				}
				a, err := w.account(ctx, n, these.due, token)
				attempt := fmt.Sprintf("%032d", n)
				if these.again {
					a.Revision, attempt = 1, fmt.Sprintf("f%031d", n)
				}
				if err == nil {
					err = w.ledger.Save(ctx, igauth.Change{Account: &a, Attempt: attempt})
				}
				if err != nil {
					cancel(fmt.Errorf("connecting account %d: %w", n, err))
					return
				}
				progress()
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// count has the accounts counted, as a run of today has done.
func (w *world) count(ctx context.Context, accounts int) error {
	h := igauth.Health{CountedAt: w.now, Counts: map[igauth.Status]int{igauth.StatusActive: accounts}}
	return w.ledger.Save(ctx, igauth.Change{Health: &h, Attempt: fmt.Sprintf("%032d", 1)})
}

// run does one run and returns what it asked of the ledger.
func (w *world) run(ctx context.Context, meta igauth.Renewer, parallel, perSecond int) (igauth.Report, figures, error) {
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: w.store, Meta: meta, Parallel: parallel, PerSecond: perSecond})
	if err != nil {
		return igauth.Report{}, figures{}, err
	}
	w.reset()
	report, err := refresher.RunOnce(ctx)
	return report, w.take(), err
}
