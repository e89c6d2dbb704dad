package igauth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// spread is a ledger whose index of what is due has four shards.
type spread struct{ igauth.Ledger }

func shardOf(id igauth.AccountID) int { return int(id[len(id)-1]-'0') % 4 }

func (spread) Shards() int { return 4 }

func (l spread) Due(ctx context.Context, q igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	limit := q.Limit
	q.Limit = 100_000
	all, _, err := l.Ledger.Due(ctx, q)
	var due []igauth.Account
	for _, a := range all {
		if shardOf(a.ID) == q.Shard {
			due = append(due, a)
		}
	}
	if len(due) > limit {
		due = due[:limit]
		last := due[limit-1]
		return due, igauth.DueMark{At: last.DueAt, ID: last.ID}, err
	}
	return due, igauth.DueMark{}, err
}

// newSpreadFleet is a fleet with a ledger of four shards.
func newSpreadFleet(t *testing.T, n int) *bench {
	b := newFleet(t, n)
	var err error
	if b.store, err = igauth.NewStore(igauth.StoreConfig{Ledger: spread{b.ledger}, Vault: b.vault, Now: b.now}); err != nil {
		t.Fatal(err)
	}
	if b.relay, err = igauth.NewRelay(igauth.RelayConfig{Store: b.store, Publisher: b.bus}); err != nil {
		t.Fatal(err)
	}
	b.refresherWith(igauth.RefresherConfig{})
	return b
}

// refreshShardZero leaves nothing due in the shard that tries.
func (b *bench) onlyShard(due func(shard int) bool) {
	b.t.Helper()
	accounts, _, err := b.store.Accounts(b.t.Context(), "", 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, a := range accounts {
		if !due(shardOf(a.ID)) {
			a.DueAt, a.CheckedAt, a.IssuedAt, a.ExpiresAt = b.now().Add(20*days), b.now(), b.now(), b.now().Add(60*days)
			a.Outbox = nil
			if err := b.ledger.Save(b.t.Context(), igauth.Change{Account: &a, Attempt: strings.Repeat("e", 31) + string(a.ID[len(a.ID)-1])}); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// The part that tries has nothing due itself: the incident of the other parts is
// not over because of that.
func TestIncidentOfAnotherPartLasts(t *testing.T) {
	b := newSpreadFleet(t, 40)
	b.advance(35 * days)
	b.onlyShard(func(s int) bool { return s != 0 })
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	for range 12 {
		for part := range 4 {
			_, _ = b.refresher.RunShard(t.Context(), part, 4)
		}
		b.advance(time.Hour)
	}
	if told := b.told(); told[igauth.EventIncident] != 1 {
		t.Errorf("told %v, want one incident", told)
	}
}

// Each part says what its own accounts could not send, and that it has tripped.
func TestEveryPartSaysWhatIsWrong(t *testing.T) {
	b := newSpreadFleet(t, 40)
	b.advance(35 * days)
	b.onlyShard(func(s int) bool { return s == 1 })
	b.bus.fail = errors.New("no answer")
	accounts, _, _ := b.store.Accounts(t.Context(), "", 1000)
	waiting := 0
	for _, a := range accounts {
		if shardOf(a.ID) == 1 && len(a.Outbox) > 0 {
			waiting++
		}
	}
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	report, err := b.refresher.RunShard(t.Context(), 1, 4)
	if waiting == 0 || report.OutboxSeconds == 0 {
		t.Errorf("%d wait, got %v seconds", waiting, report.OutboxSeconds)
	}
	if !errors.Is(err, igauth.ErrIncident) {
		t.Errorf("the part that tripped says %v", err)
	}
}
