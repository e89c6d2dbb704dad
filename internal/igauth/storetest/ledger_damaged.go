package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// RunDamagedLedger tests what a ledger does about rows that it cannot read. Each
// call of newLedger returns a ledger without records and a function that makes
// the row of an account unreadable and leaves its place in all lists.
func RunDamagedLedger(t *testing.T, newLedger func(t *testing.T) (l igauth.Ledger, damage func(igauth.AccountID))) {
	for _, size := range []int{1, 2, 3, 100} {
		for _, which := range []struct {
			name    string
			damaged func(n int) bool
		}{
			{"the first", func(n int) bool { return n == 0 }},
			{"every third", func(n int) bool { return n%3 == 2 }},
			{"all but one", func(n int) bool { return n != 7 }},
			{"all", func(int) bool { return true }},
		} {
			t.Run(which.name, func(t *testing.T) { testDamaged(t, newLedger, size, which.damaged) })
		}
	}
}

// testDamaged damages some of the accounts that are due and reads what is left.
func testDamaged(t *testing.T, newLedger func(t *testing.T) (igauth.Ledger, func(igauth.AccountID)), size int, damaged func(n int) bool) {
	l, damage := newLedger(t)
	var good, bad []igauth.AccountID
	for n, id := range saveDue(t, l, 0) {
		if damaged(n) {
			bad = append(bad, id)
			damage(id)
		} else {
			good = append(good, id)
		}
	}
	err := walkAll(t, l, day.Add(time.Minute), size, good, nil)
	mustBe(t, err, igauth.ErrDamaged)
	for _, id := range bad {
		if n := strings.Count(err.Error(), string(id)); n != 1 {
			t.Errorf("pages of %d: the error names account %s %d times, want once:\n%v", size, id, n, err)
		}
	}
	for _, id := range good {
		if strings.Contains(err.Error(), string(id)) {
			t.Errorf("pages of %d: the error names account %s, which is not damaged", size, id)
		}
	}
	listed, err := l.Accounts(t.Context(), "", 100)
	if len(listed) != len(good)+1 || !errors.Is(err, igauth.ErrDamaged) {
		t.Errorf("listing: got %d accounts, %v, want %d", len(listed), err, len(good)+1)
	}
	_, err = l.Account(t.Context(), bad[0])
	if err == nil || errors.Is(err, igauth.ErrNotFound) {
		t.Errorf("account %s: got %v, want that it cannot be read", bad[0], err)
	}
}

// RunDamagedRemovals tests what a ledger does about removals that it cannot read.
// Each call of newLedger returns a ledger without records and a function that
// makes a removal unreadable and leaves its place among the open ones.
func RunDamagedRemovals(t *testing.T, newLedger func(t *testing.T) (l igauth.Ledger, damage func(code string))) {
	for name, bad := range map[string][]int{"the first": {0}, "the last": {4}, "all but one": {0, 1, 3, 4}, "all": {0, 1, 2, 3, 4}} {
		t.Run(name, func(t *testing.T) {
			l, damage := newLedger(t)
			var good []string
			for n := range 5 {
				r := openRemoval(removalCode(n))
				must(t, l.Save(t.Context(), igauth.Change{Removal: &r, Attempt: newAttempt()}))
				if !slices.Contains(bad, n) {
					good = append(good, r.Code)
				}
			}
			eventually(t, func() error { return openCount(t, l, 5) })
			for _, n := range bad {
				damage(removalCode(n))
			}
			listed, err := l.OpenRemovals(t.Context(), 100)
			mustBe(t, err, igauth.ErrDamaged)
			must(t, open(listed, nil)(good...))
			for n := range 5 {
				if named := strings.Contains(err.Error(), removalCode(n)); named != slices.Contains(bad, n) {
					t.Errorf("the error names removal %d: %t", n, named)
				}
			}
			_, err = l.Removal(t.Context(), removalCode(bad[0]))
			if err == nil || errors.Is(err, igauth.ErrNotFound) {
				t.Errorf("removal %d: got %v, want that it cannot be read", bad[0], err)
			}
			if accounts, err := l.Accounts(t.Context(), "", 100); len(accounts) != 0 || err != nil {
				t.Errorf("listing accounts: got %d, %v, want none", len(accounts), err)
			}
		})
	}
}
