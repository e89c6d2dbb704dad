package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// walk reads what is due in one shard page by page and calls each with every
// page. It returns how the pages break the contract. What the ledger cannot read
// is not asked for again; its error comes beside the others' rows.
func walk(t *testing.T, l igauth.Ledger, query igauth.DueQuery, each func(page []igauth.Account)) error {
	t.Helper()
	var damaged error
	var last time.Time
	// A shard has no more than a few dozen rows here.
	for range 200 {
		page, next, err := l.Due(t.Context(), query)
		if err != nil && !errors.Is(err, igauth.ErrDamaged) {
			return err
		}
		damaged = errors.Join(damaged, err)
		if len(page) > query.Limit {
			return fmt.Errorf("a page of %d has %d accounts", query.Limit, len(page))
		}
		for _, a := range page {
			if a.DueAt.Before(last) || a.DueAt.After(query.Now) {
				return fmt.Errorf("account %s is due at %v, after one of %v and asked for until %v", a.ID, a.DueAt, last, query.Now)
			}
			last = a.DueAt
		}
		each(page)
		if next.IsZero() {
			return damaged
		}
		query.After = next
	}
	return errors.New("the pages do not end")
}

// walkAll reads all shards in pages of a size and compares the accounts, each of
// which may come once, with the wanted ones in any order.
func walkAll(t *testing.T, l igauth.Ledger, now time.Time, size int, want []igauth.AccountID, each func(igauth.Account)) error {
	t.Helper()
	var got []igauth.AccountID
	var damaged error
	for shard := range l.Shards() {
		err := walk(t, l, igauth.DueQuery{Shard: shard, Now: now, Limit: size}, func(page []igauth.Account) {
			for _, a := range page {
				got = append(got, a.ID)
				if each != nil {
					each(a)
				}
			}
		})
		if err != nil && !errors.Is(err, igauth.ErrDamaged) {
			return fmt.Errorf("shard %d in pages of %d: %w", shard, size, err)
		}
		damaged = errors.Join(damaged, err)
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		return fmt.Errorf("in pages of %d got accounts %v, want %v", size, got, want)
	}
	return damaged
}

// saveDue saves 20 accounts with ids from the first-th on, some of which are due at the same time and some a
// nanosecond after one another, and one that is not due before an hour after
// day. It waits until the ledger's lists show them, and returns the 20.
func saveDue(t *testing.T, l igauth.Ledger, first int) []igauth.AccountID {
	t.Helper()
	var ids []igauth.AccountID
	for n := range 20 {
		a := dueAccount(accountID(first+n), day.Add(time.Duration(n/3)))
		saveAccount(t, l, &a)
		ids = append(ids, a.ID)
	}
	later := dueAccount(accountID(first+20), day.Add(time.Hour))
	saveAccount(t, l, &later)
	eventually(t, func() error { return walkAll(t, l, day.Add(time.Minute), 100, ids, nil) })
	return ids
}

func testShards(t *testing.T, l igauth.Ledger) {
	shards := l.Shards()
	if shards < 1 {
		t.Fatalf("the ledger has %d shards", shards)
	}
	saveDue(t, l, 0)
	if again := l.Shards(); again != shards {
		t.Errorf("the ledger had %d shards and has %d", shards, again)
	}
}

func testDueShard(t *testing.T, l igauth.Ledger) {
	ids := saveDue(t, l, 0)
	shardOf := func(now time.Time) map[igauth.AccountID]int {
		of := map[igauth.AccountID]int{}
		for shard := range l.Shards() {
			must(t, walk(t, l, igauth.DueQuery{Shard: shard, Now: now, Limit: 100}, func(page []igauth.Account) {
				for _, a := range page {
					if other, twice := of[a.ID]; twice {
						t.Errorf("account %s is in the shards %d and %d", a.ID, other, shard)
					}
					of[a.ID] = shard
				}
			}))
		}
		return of
	}
	before := shardOf(day.Add(time.Minute))
	for _, id := range ids {
		a, err := l.Account(t.Context(), id)
		must(t, err)
		a.DueAt, a.Status = a.DueAt.Add(2*time.Hour), igauth.StatusExpiring
		saveAccount(t, l, &a)
	}
	eventually(t, func() error { return walkAll(t, l, day.Add(24*time.Hour), 100, append(ids, accountID(20)), nil) })
	after := shardOf(day.Add(24 * time.Hour))
	for _, id := range ids {
		if before[id] != after[id] {
			t.Errorf("account %s was in shard %d and is in %d", id, before[id], after[id])
		}
	}
}

func testDuePages(t *testing.T, l igauth.Ledger) {
	ids := saveDue(t, l, 0)
	for _, size := range []int{1, 2, 3, 5, 19, 20, 21} {
		must(t, walkAll(t, l, day.Add(time.Minute), size, ids, nil))
	}
}

// A run saves what it reads: each row is then due later, or never again.
func testDueSavedMeanwhile(t *testing.T, l igauth.Ledger) {
	now := day.Add(time.Minute)
	for i, size := range []int{1, 2, 3} {
		ids := saveDue(t, l, 100*i)
		n := 0
		must(t, walkAll(t, l, now, size, ids, func(a igauth.Account) {
			a.DueAt = time.Time{}
			if n++; n%2 == 0 {
				a.DueAt = now.Add(time.Minute)
			}
			saveAccount(t, l, &a)
		}))
		eventually(t, func() error { return walkAll(t, l, now, 100, nil, nil) })
	}
}

// Whether a row that comes or goes is seen is not promised; but none comes twice,
// and the others come.
func testDueChangedMeanwhile(t *testing.T, l igauth.Ledger) {
	ids := saveDue(t, l, 0)
	now := day.Add(time.Minute)
	gone, fresh := ids[10], accountID(50)
	times := map[igauth.AccountID]int{}
	changed := false
	for shard := range l.Shards() {
		must(t, walk(t, l, igauth.DueQuery{Shard: shard, Now: now, Limit: 1}, func(page []igauth.Account) {
			for _, a := range page {
				times[a.ID]++
			}
			if changed || len(page) == 0 {
				return
			}
			changed = true
			a, err := l.Account(t.Context(), gone)
			must(t, err)
			a.DueAt = time.Time{}
			saveAccount(t, l, &a)
			b := dueAccount(fresh, page[0].DueAt.Add(1))
			saveAccount(t, l, &b)
		}))
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("account %s came %d times", id, n)
		}
	}
	for _, id := range ids {
		if times[id] == 0 && id != gone {
			t.Errorf("account %s did not come", id)
		}
	}
}

func testDueAfterNow(t *testing.T, l igauth.Ledger) {
	saveDue(t, l, 0)
	for shard := range l.Shards() {
		page, next, err := l.Due(t.Context(), igauth.DueQuery{
			Shard: shard, Now: day, After: igauth.DueMark{At: day.Add(time.Second), ID: accountID(1)}, Limit: 10,
		})
		must(t, err)
		if len(page) != 0 || !next.IsZero() {
			t.Errorf("shard %d: got %d accounts and the mark %v, want none", shard, len(page), next)
		}
	}
}
