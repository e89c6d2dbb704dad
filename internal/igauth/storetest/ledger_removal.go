package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// open compares the codes of removals, in order. It takes the answer of
// OpenRemovals as it comes.
func open(list []igauth.Removal, err error) func(want ...string) error {
	return func(want ...string) error {
		if err != nil {
			return err
		}
		var got []string
		for _, r := range list {
			got = append(got, r.Code)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("got removals %v, want %v", got, want)
		}
		return nil
	}
}

// openCount compares how many removals are open.
func openCount(t *testing.T, l igauth.Ledger, want int) error {
	t.Helper()
	list, err := l.OpenRemovals(t.Context(), 1000)
	if err == nil && len(list) != want {
		err = fmt.Errorf("%d removals are open, want %d", len(list), want)
	}
	return err
}

// saveRemovals saves open removals, the last one first, and returns their codes
// in order.
func saveRemovals(t *testing.T, l igauth.Ledger, n int) []string {
	t.Helper()
	codes := make([]string, n)
	for i := n - 1; i >= 0; i-- {
		r := openRemoval(removalCode(i))
		// The order is not that of times.
		r.ReceivedAt = day.Add(time.Duration(i*7%31) * time.Second)
		must(t, removals.save(t, l, &r, newAttempt()))
		codes[i] = r.Code
	}
	return codes
}

func testOpenEmpty(t *testing.T, l igauth.Ledger) {
	must(t, open(l.OpenRemovals(t.Context(), 10))())
}

// There are more removals than a hundred, which is how many rows DynamoDB gives
// at once.
func testOpenOrder(t *testing.T, l igauth.Ledger) {
	codes := saveRemovals(t, l, 103)
	eventually(t, func() error { return open(l.OpenRemovals(t.Context(), 1000))(codes...) })
}

func testOpenLimit(t *testing.T, l igauth.Ledger) {
	codes := saveRemovals(t, l, 7)
	for _, limit := range []int{1, 3, 6, 7, 8} {
		eventually(t, func() error { return open(l.OpenRemovals(t.Context(), limit))(codes[:min(limit, len(codes))]...) })
	}
}

func testOpenDone(t *testing.T, l igauth.Ledger) {
	codes := saveRemovals(t, l, 3)
	eventually(t, func() error { return open(l.OpenRemovals(t.Context(), 10))(codes...) })
	// Not done yet, but saved again.
	r, err := l.Removal(t.Context(), codes[1])
	must(t, err)
	r.Ended = 7
	must(t, removals.save(t, l, &r, newAttempt()))
	eventually(t, func() error { return open(l.OpenRemovals(t.Context(), 10))(codes...) })
	// A repetition of what makes it done changes nothing.
	r.DoneAt, r.Accounts = day.Add(time.Minute), nil
	attempt := newAttempt()
	for range 2 {
		done := r
		must(t, removals.save(t, l, &done, attempt))
		eventually(t, func() error { return open(l.OpenRemovals(t.Context(), 10))(codes[0], codes[2]) })
		removals.want(t, l, 1, done)
	}
	// One that is done when it begins is never listed, nor is a stale one that was
	// not saved.
	done := fullRemoval(removalCode(5))
	must(t, removals.save(t, l, &done, newAttempt()))
	stale := openRemoval(codes[1])
	mustBe(t, removals.save(t, l, &stale, newAttempt()), igauth.ErrConflict)
	for range 3 {
		eventually(t, func() error { return open(l.OpenRemovals(t.Context(), 10))(codes[0], codes[2]) })
	}
}

func testOpenWhole(t *testing.T, l igauth.Ledger) {
	r := openRemoval(removalCode(1))
	must(t, removals.save(t, l, &r, newAttempt()))
	eventually(t, func() error {
		list, err := l.OpenRemovals(t.Context(), 10)
		if err == nil && (len(list) != 1 || !reflect.DeepEqual(list[0], r)) {
			err = fmt.Errorf("got %+v, want %+v", list, r)
		}
		return err
	})
}

func testOpenOnlyRemovals(t *testing.T, l igauth.Ledger) {
	f := newFour()
	must(t, f.save(t, l, newAttempt()))
	codes := saveRemovals(t, l, 1)
	eventually(t, func() error { return open(l.OpenRemovals(t.Context(), 10))(codes[0], f.removal.Code) })
	eventually(t, func() error { return listed(l.Accounts(t.Context(), "", 10))(f.account.ID) })
	eventually(t, func() error { return listed(due(t, l, f.account.DueAt, 10))(f.account.ID) })
	count(t, l, f.account.Status, 1)
	expire(t, l, f.account.Status, 10, igauth.Expiry{ID: f.account.ID, EndsAt: f.account.EndsAt()})
}
