package igauth_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"igauth/internal/igauth"
)

// stuckVault empties nothing of some accounts: it fails, or hangs until nobody
// waits any more.
type stuckVault struct {
	*fakeVault
	hangs bool

	mu    sync.Mutex
	stuck map[igauth.AccountID]bool
	asked map[igauth.AccountID]int
}

func (v *stuckVault) Destroy(ctx context.Context, slot igauth.Slot) error {
	v.mu.Lock()
	v.asked[slot.Account]++
	stuck := v.stuck[slot.Account]
	v.mu.Unlock()
	switch {
	case stuck && v.hangs:
		<-ctx.Done()
		return ctx.Err()
	case stuck:
		return errors.New("Secrets Manager sleeps")
	}
	return v.fakeVault.Destroy(ctx, slot)
}

// tried is how many of the stuck accounts the vault was asked to empty.
func (v *stuckVault) tried() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for id := range v.stuck {
		if v.asked[id] > 0 {
			n++
		}
	}
	return n
}

// newStuck is a bench with an account to probe, many removals that cannot be
// finished and one that can. The vault of each removal has an account to empty.
func newStuck(t *testing.T, many int, hangs bool) (b *bench, vault *stuckVault) {
	t.Helper()
	b = newBench(t)
	vault = &stuckVault{fakeVault: b.vault, hangs: hangs, stuck: map[igauth.AccountID]bool{}, asked: map[igauth.AccountID]int{}}
	for n := range many + 1 {
		id := igauth.AccountID(fmt.Sprint(17841400000500000 + n))
		vault.stuck[id] = n < many
		a := igauth.Account{Profile: igauth.Profile{ID: id}, Login: igauth.LoginInstagram, Status: igauth.StatusDeleting, Generation: 2, EndedAt: b.now(), SweepAt: b.now(), DueAt: b.now()}
		r := igauth.Removal{
			Code: fmt.Sprintf("%x", sha256.Sum256([]byte(id)))[:40], Kind: igauth.RemovalErase, Logins: []igauth.Login{igauth.LoginInstagram},
			RequestedAt: b.now(), ReceivedAt: b.now(), Accounts: []igauth.AccountID{id}, Ended: 1, ForgetAt: b.now().Add(365 * days),
		}
		if err := b.ledger.Save(t.Context(), igauth.Change{Account: &a, Removal: &r, Attempt: fmt.Sprintf("%032d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	delete(vault.stuck, igauth.AccountID(fmt.Sprint(17841400000500000+many)))
	return b, vault
}

// run is one run with a vault, in so much time.
func (b *bench) runWith(vault igauth.Vault, call, within time.Duration) igauth.Report {
	b.t.Helper()
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: vault, Now: b.now})
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := igauth.NewRefresher(igauth.RefresherConfig{Store: store, Meta: b.meta, PerSecond: -1, CallTimeout: call})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), within)
	defer cancel()
	report, _ := r.RunOnce(ctx)
	return report
}

// Removals that cannot be finished hide no other, however many they are.
func TestStuckRemovalsHideNoOther(t *testing.T) {
	b, vault := newStuck(t, 150, false)
	b.advance(2 * time.Hour)
	report := b.runWith(vault, 30*time.Second, time.Minute)
	if report.RemovalsDone != 1 || report.RemovalsLate != 150 || vault.tried() != 150 {
		t.Errorf("%d removals were finished and %d are late; the vault was asked for %d accounts", report.RemovalsDone, report.RemovalsLate, vault.tried())
	}
	if open, err := b.ledger.OpenRemovals(t.Context(), 1000); err != nil || len(open) != 150 {
		t.Errorf("got %d open, %v", len(open), err)
	}
}

// A vault that hangs while it is emptied costs a run a part of its time: one
// removal does not wait for another, the tokens that live are seen to, and what
// there was no time for begins the next hours.
func TestAVaultThatHangsLeavesTimeForTheRest(t *testing.T) {
	const call, within = 30 * time.Second, 15 * time.Minute
	for name, c := range map[string]struct{ many, runs int }{
		"as many as a run can try": {150, 1},
		"more than that":           {600, 8},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, vault := newStuck(t, c.many, true)
				b.advance(23 * time.Hour)
				probed, done := 0, 0
				for range c.runs {
					began := time.Now()
					report := b.runWith(vault, call, within)
					if took := time.Since(began); took > within/3+3*call {
						t.Errorf("the run took %s", took)
					}
					probed, done = probed+report.Probed, done+report.RemovalsDone
					if report.RemovalsLate+done != c.many+1 {
						t.Errorf("%d removals are late, and %d of %d done", report.RemovalsLate, done, c.many+1)
					}
					b.advance(time.Hour)
				}
				if probed == 0 || done != 1 || vault.tried() != c.many {
					t.Errorf("%d accounts were probed, %d removals finished, and the vault asked for %d of %d accounts", probed, done, vault.tried(), c.many)
				}
			})
		})
	}
}
