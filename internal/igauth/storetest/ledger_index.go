package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// listed compares the ids of rows, in order. It takes the answer of Due or
// Accounts as it comes.
func listed(rows []igauth.Account, err error) func(want ...igauth.AccountID) error {
	return func(want ...igauth.AccountID) error {
		if err != nil {
			return err
		}
		var got []igauth.AccountID
		for _, a := range rows {
			got = append(got, a.ID)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("got accounts %v, want %v", got, want)
		}
		return nil
	}
}

// due returns the first accounts that are due in all shards, in order.
func due(t *testing.T, l igauth.Ledger, now time.Time, limit int) ([]igauth.Account, error) {
	t.Helper()
	var rows []igauth.Account
	for shard := range l.Shards() {
		err := walk(t, l, igauth.DueQuery{Shard: shard, Now: now, Limit: limit}, func(page []igauth.Account) { rows = append(rows, page...) })
		if err != nil {
			return nil, fmt.Errorf("shard %d: %w", shard, err)
		}
	}
	slices.SortStableFunc(rows, byDueAt)
	return rows[:min(limit, len(rows))], nil
}

func byDueAt(a, b igauth.Account) int { return a.DueAt.Compare(b.DueAt) }

func testDueEmpty(t *testing.T, l igauth.Ledger) {
	must(t, listed(due(t, l, day, 10))())
}

func testDueBoundary(t *testing.T, l igauth.Ledger) {
	for i, at := range []time.Time{day, day.Add(1), day.Add(500 * time.Millisecond), day.Add(time.Hour + 999_999_999)} {
		a := dueAccount(accountID(i), at)
		saveAccount(t, l, &a)
		eventually(t, func() error { return listed(due(t, l, at, 10))(a.ID) })
		must(t, listed(due(t, l, at.Add(-1), 10))())
		eventually(t, func() error { return listed(due(t, l, at.Add(1), 10))(a.ID) })
		a.DueAt = time.Time{}
		saveAccount(t, l, &a)
		eventually(t, func() error { return listed(due(t, l, at, 10))() })
	}
}

func testDueOrder(t *testing.T, l igauth.Ledger) {
	ids := saveDueBackwards(t, l, 30)
	eventually(t, func() error { return listed(due(t, l, day.Add(24*time.Hour), 100))(ids...) })
}

func testDueLimit(t *testing.T, l igauth.Ledger) {
	ids := saveDueBackwards(t, l, 12)
	for _, limit := range []int{1, 3, 11, 12, 13} {
		eventually(t, func() error {
			return listed(due(t, l, day.Add(24*time.Hour), limit))(ids[:min(limit, len(ids))]...)
		})
	}
	// Not everything is due.
	eventually(t, func() error { return listed(due(t, l, day.Add(4*time.Minute), 100))(ids[:5]...) })
}

// saveDueBackwards saves n accounts that are due a minute after one another, the
// last one first, so that neither the order of saves nor that of ids is the
// order of the answer. It returns their ids in order of DueAt.
func saveDueBackwards(t *testing.T, l igauth.Ledger, n int) []igauth.AccountID {
	t.Helper()
	ids := make([]igauth.AccountID, n)
	for i := n - 1; i >= 0; i-- {
		ids[i] = accountID((i * 7) % 31)
		a := dueAccount(ids[i], day.Add(time.Duration(i)*time.Minute))
		saveAccount(t, l, &a)
	}
	return ids
}

func testDueNever(t *testing.T, l igauth.Ledger) {
	never, once := plainAccount(accountID(1)), dueAccount(accountID(2), day)
	saveAccount(t, l, &never)
	saveAccount(t, l, &once)
	eventually(t, func() error { return listed(due(t, l, day.Add(time.Hour), 10))(once.ID) })
}

func testDueMoves(t *testing.T, l igauth.Ledger) {
	a := dueAccount(accountID(1), day)
	saveAccount(t, l, &a)
	eventually(t, func() error { return listed(due(t, l, day, 10))(a.ID) })
	a.DueAt = day.Add(time.Hour)
	saveAccount(t, l, &a)
	eventually(t, func() error { return listed(due(t, l, day.Add(time.Minute), 10))() })
	eventually(t, func() error { return listed(due(t, l, a.DueAt, 10))(a.ID) })
	a.DueAt = day.Add(-time.Hour)
	saveAccount(t, l, &a)
	eventually(t, func() error { return listed(due(t, l, a.DueAt, 10))(a.ID) })
	a.DueAt = time.Time{}
	saveAccount(t, l, &a)
	eventually(t, func() error { return listed(due(t, l, day.Add(24*time.Hour), 10))() })
}

func testDueWhole(t *testing.T, l igauth.Ledger) {
	a := fullAccount(accountID(1))
	saveAccount(t, l, &a)
	eventually(t, func() error { return whole(a)(due(t, l, a.DueAt, 10)) })
}

func testAccountsEmpty(t *testing.T, l igauth.Ledger) {
	must(t, listed(l.Accounts(t.Context(), "", 10))())
}

// The order is that of text, as ids are text.
func testAccountsOrder(t *testing.T, l igauth.Ledger) {
	ids := []igauth.AccountID{"2", "17841400000000003", "9", "17841400000000001", "99", "17841400000000002", "1784140000000000"}
	for _, id := range ids {
		a := plainAccount(id)
		saveAccount(t, l, &a)
		// A second save must not list the account twice.
		saveAccount(t, l, &a)
	}
	slices.Sort(ids)
	eventually(t, func() error { return listed(l.Accounts(t.Context(), "", 100))(ids...) })
}

// There are more accounts than a hundred, which is how many rows DynamoDB gives
// at once.
func testAccountsPages(t *testing.T, l igauth.Ledger) {
	var ids []igauth.AccountID
	for n := range 103 {
		ids = append(ids, accountID(n))
		a := plainAccount(accountID(n))
		saveAccount(t, l, &a)
	}
	eventually(t, func() error { return listed(l.Accounts(t.Context(), "", 1000))(ids...) })
	for _, size := range []int{1, 50, 102, 103} {
		var after igauth.AccountID
		var got []igauth.Account
		for {
			page, err := l.Accounts(t.Context(), after, size)
			must(t, err)
			if len(page) > size {
				t.Fatalf("a page of %d has %d accounts", size, len(page))
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1].ID
		}
		must(t, listed(got, nil)(ids...))
	}
}

func testAccountsAfter(t *testing.T, l igauth.Ledger) {
	for _, n := range []int{1, 3} {
		a := plainAccount(accountID(n))
		saveAccount(t, l, &a)
	}
	eventually(t, func() error { return listed(l.Accounts(t.Context(), accountID(0), 10))(accountID(1), accountID(3)) })
	eventually(t, func() error { return listed(l.Accounts(t.Context(), accountID(2), 10))(accountID(3)) })
	must(t, listed(l.Accounts(t.Context(), accountID(3), 10))())
}

func testAccountsWhole(t *testing.T, l igauth.Ledger) {
	a := fullAccount(accountID(1))
	saveAccount(t, l, &a)
	eventually(t, func() error { return whole(a)(l.Accounts(t.Context(), "", 10)) })
}

// whole compares a single row with the one that was saved.
func whole(want igauth.Account) func([]igauth.Account, error) error {
	return func(rows []igauth.Account, err error) error {
		if err != nil {
			return err
		}
		if len(rows) != 1 || !reflect.DeepEqual(rows[0], want) {
			return fmt.Errorf("got rows %+v, want %+v", rows, want)
		}
		return nil
	}
}
