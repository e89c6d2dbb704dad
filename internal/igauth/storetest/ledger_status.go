package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// expiring is an active account whose token ends at a time.
func expiring(n int, at time.Time) igauth.Account {
	a := plainAccount(accountID(n))
	a.Status, a.ExpiresAt = igauth.StatusActive, at
	return a
}

// expire waits until the accounts of a status expire as wanted.
func expire(t *testing.T, l igauth.Ledger, status igauth.Status, limit int, want ...igauth.Expiry) {
	t.Helper()
	eventually(t, func() error {
		got, err := l.Expiries(t.Context(), status, limit)
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("of status %q got %v, want %v", status, got, want)
		}
		return err
	})
}

// count waits until as many accounts as wanted have a status.
func count(t *testing.T, l igauth.Ledger, status igauth.Status, want int) {
	t.Helper()
	eventually(t, func() error {
		got, err := l.Count(t.Context(), status)
		if err == nil && got != want {
			err = fmt.Errorf("%d accounts have the status %q, want %d", got, status, want)
		}
		return err
	})
}

// saveExpiring saves n accounts that expire a nanosecond after one another, the
// last one first, and returns when they do.
func saveExpiring(t *testing.T, l igauth.Ledger, n int) []igauth.Expiry {
	t.Helper()
	expiries := make([]igauth.Expiry, n)
	for i := n - 1; i >= 0; i-- {
		a := expiring((i*7)%31, day.Add(time.Duration(i)))
		saveAccount(t, l, &a)
		expiries[i] = igauth.Expiry{ID: a.ID, EndsAt: a.ExpiresAt}
	}
	return expiries
}

func testExpiriesEmpty(t *testing.T, l igauth.Ledger) {
	expire(t, l, igauth.StatusActive, 10)
}

func testExpiriesOrder(t *testing.T, l igauth.Ledger) {
	want := saveExpiring(t, l, 12)
	expire(t, l, igauth.StatusActive, 100, want...)
	// A status is not the beginning of another.
	for _, status := range []igauth.Status{"activ", "active ", igauth.StatusExpiring} {
		expire(t, l, status, 100)
	}
}

func testExpiriesLimit(t *testing.T, l igauth.Ledger) {
	all := saveExpiring(t, l, 5)
	for _, limit := range []int{1, 2, 4, 5, 6} {
		expire(t, l, igauth.StatusActive, limit, all[:min(limit, len(all))]...)
	}
}

// What never ends is behind what ends in two hundred years, and does not get
// between others by its id.
func testExpiriesNever(t *testing.T, l igauth.Ledger) {
	ends, far, never := expiring(3, day), expiring(2, day.Add(200*365*24*time.Hour+999_999_999)), expiring(1, time.Time{})
	for _, a := range []*igauth.Account{&never, &far, &ends} {
		saveAccount(t, l, a)
	}
	first, second, last := igauth.Expiry{ID: ends.ID, EndsAt: day}, igauth.Expiry{ID: far.ID, EndsAt: far.ExpiresAt}, igauth.Expiry{ID: never.ID}
	expire(t, l, igauth.StatusActive, 10, first, second, last)
	never.ExpiresAt = day.Add(time.Second)
	saveAccount(t, l, &never)
	expire(t, l, igauth.StatusActive, 10, first, igauth.Expiry{ID: never.ID, EndsAt: never.ExpiresAt}, second)
	never.ExpiresAt = time.Time{}
	saveAccount(t, l, &never)
	expire(t, l, igauth.StatusActive, 10, first, second, last)
	expire(t, l, igauth.StatusActive, 2, first, second)
	ends.ExpiresAt, far.ExpiresAt = time.Time{}, time.Time{}
	saveAccount(t, l, &ends)
	saveAccount(t, l, &far)
	eventually(t, func() error {
		got, err := l.Expiries(t.Context(), igauth.StatusActive, 10)
		if err == nil && (len(got) != 3 || !got[0].EndsAt.IsZero() || !got[1].EndsAt.IsZero() || !got[2].EndsAt.IsZero()) {
			err = fmt.Errorf("got %v, want three accounts that never end", got)
		}
		return err
	})
	count(t, l, igauth.StatusActive, 3)
}

// The end of access to data is an end like that of the token.
func testExpiriesOfData(t *testing.T, l igauth.Ledger) {
	token, data, system := expiring(1, day.Add(2*time.Hour)), expiring(2, day.Add(3*time.Hour)), expiring(3, time.Time{})
	token.DataAccessUntil, data.DataAccessUntil, system.DataAccessUntil = day.Add(4*time.Hour), day.Add(time.Hour), day.Add(5*time.Hour)
	for _, a := range []*igauth.Account{&token, &data, &system} {
		saveAccount(t, l, a)
	}
	expire(t, l, igauth.StatusActive, 10,
		igauth.Expiry{ID: data.ID, EndsAt: day.Add(time.Hour)}, igauth.Expiry{ID: token.ID, EndsAt: day.Add(2 * time.Hour)},
		igauth.Expiry{ID: system.ID, EndsAt: day.Add(5 * time.Hour)})
	data.DataAccessUntil = day.Add(90 * 24 * time.Hour)
	saveAccount(t, l, &data)
	expire(t, l, igauth.StatusActive, 10,
		igauth.Expiry{ID: token.ID, EndsAt: day.Add(2 * time.Hour)}, igauth.Expiry{ID: data.ID, EndsAt: day.Add(3 * time.Hour)},
		igauth.Expiry{ID: system.ID, EndsAt: day.Add(5 * time.Hour)})
}

func testExpiriesMove(t *testing.T, l igauth.Ledger) {
	a, b := expiring(1, day), expiring(2, day.Add(time.Hour))
	saveAccount(t, l, &a)
	saveAccount(t, l, &b)
	first, second := igauth.Expiry{ID: a.ID, EndsAt: a.ExpiresAt}, igauth.Expiry{ID: b.ID, EndsAt: b.ExpiresAt}
	expire(t, l, igauth.StatusActive, 10, first, second)
	a.ExpiresAt = day.Add(2 * time.Hour)
	first.EndsAt = a.ExpiresAt
	saveAccount(t, l, &a)
	expire(t, l, igauth.StatusActive, 10, second, first)
	a.Status = igauth.StatusExpiring
	saveAccount(t, l, &a)
	expire(t, l, igauth.StatusActive, 10, second)
	expire(t, l, igauth.StatusExpiring, 10, first)
	a.Status = igauth.StatusActive
	saveAccount(t, l, &a)
	expire(t, l, igauth.StatusActive, 10, second, first)
	expire(t, l, igauth.StatusExpiring, 10)
}

func testCount(t *testing.T, l igauth.Ledger) {
	count(t, l, igauth.StatusActive, 0)
	want := map[igauth.Status]int{
		igauth.StatusConnecting: 1, igauth.StatusActive: 5, igauth.StatusExpiring: 2,
		igauth.StatusReauthRequired: 3, igauth.StatusDisconnected: 1, igauth.StatusDeleting: 1,
	}
	saved := 0
	for status, n := range want {
		for range n {
			a := plainAccount(accountID(saved))
			a.Status, a.ExpiresAt = status, day // All end at the same time.
			saveAccount(t, l, &a)
			saved++
		}
	}
	for status, n := range want {
		count(t, l, status, n)
	}
}

func testCountMoves(t *testing.T, l igauth.Ledger) {
	a := expiring(1, day)
	saveAccount(t, l, &a)
	saveAccount(t, l, &a)
	count(t, l, igauth.StatusActive, 1)
	a.Status = igauth.StatusReauthRequired
	saveAccount(t, l, &a)
	count(t, l, igauth.StatusActive, 0)
	count(t, l, igauth.StatusReauthRequired, 1)
}

func testCountOnlyAccounts(t *testing.T, l igauth.Ledger) {
	a, f, h := fullAccount(accountID(1)), fullFlow("f1"), fullHealth()
	must(t, l.Save(t.Context(), igauth.Change{Account: &a, Flow: &f, Attempt: newAttempt()}))
	saveHealth(t, l, &h)
	p, r := fullPerson("instagram/1"), openRemoval(removalCode(1))
	must(t, l.Save(t.Context(), igauth.Change{Person: &p, Removal: &r, Attempt: newAttempt()}))
	eventually(t, func() error { return open(l.OpenRemovals(t.Context(), 10))(r.Code) })
	count(t, l, a.Status, 1)
	eventually(t, func() error { return listed(l.Accounts(t.Context(), "", 10))(a.ID) })
	eventually(t, func() error { return listed(due(t, l, a.DueAt, 10))(a.ID) })
}
