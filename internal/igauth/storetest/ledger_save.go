package storetest

import (
	"errors"
	"sync"
	"testing"

	"igauth/internal/igauth"
)

func testCreateTwice(t *testing.T, l igauth.Ledger) {
	a, f := fullAccount("17841400000000001"), fullFlow("f1")
	saveAccount(t, l, &a)
	saveFlow(t, l, &f)
	secondAccount, secondFlow := plainAccount(a.ID), plainFlow(f.ID)
	mustBe(t, l.Save(t.Context(), igauth.Change{Account: &secondAccount, Attempt: newAttempt()}), igauth.ErrConflict)
	mustBe(t, l.Save(t.Context(), igauth.Change{Flow: &secondFlow, Attempt: newAttempt()}), igauth.ErrConflict)
	if secondAccount.Revision != 0 || secondFlow.Revision != 0 {
		t.Errorf("a conflict advanced a revision: account %d, flow %d", secondAccount.Revision, secondFlow.Revision)
	}
	wantAccount(t, l, a)
	wantFlow(t, l, f)
}

func testRevisionOfNothing(t *testing.T, l igauth.Ledger) {
	a := plainAccount("17841400000000001")
	a.Revision = 1
	mustBe(t, l.Save(t.Context(), igauth.Change{Account: &a, Attempt: newAttempt()}), igauth.ErrConflict)
	_, err := l.Account(t.Context(), a.ID)
	mustBe(t, err, igauth.ErrNotFound)
}

func testStale(t *testing.T, l igauth.Ledger) {
	a := plainAccount("17841400000000001")
	saveAccount(t, l, &a)
	stale := a
	a.Username = "newer"
	saveAccount(t, l, &a)
	for _, revision := range []int64{stale.Revision, a.Revision + 1, 0} {
		stale.Revision, stale.Username, stale.DueAt = revision, "older", day
		mustBe(t, l.Save(t.Context(), igauth.Change{Account: &stale, Attempt: newAttempt()}), igauth.ErrConflict)
		if stale.Revision != revision {
			t.Errorf("a conflict changed the given revision from %d to %d", revision, stale.Revision)
		}
	}
	wantAccount(t, l, a)
	due, err := due(t, l, day, 10)
	must(t, err)
	if len(due) != 0 {
		t.Errorf("a save that conflicted is in the index: %+v", due)
	}
}

func testPair(t *testing.T, l igauth.Ledger) {
	a, f := fullAccount("17841400000000001"), fullFlow("f1")
	for want := int64(1); want <= 2; want++ {
		must(t, l.Save(t.Context(), igauth.Change{Account: &a, Flow: &f, Attempt: newAttempt()}))
		if a.Revision != want || f.Revision != want {
			t.Fatalf("save %d set the revisions %d and %d", want, a.Revision, f.Revision)
		}
		wantAccount(t, l, a)
		wantFlow(t, l, f)
	}
	// One new, the other not, as when an account connects again.
	second := plainFlow("f2")
	must(t, l.Save(t.Context(), igauth.Change{Account: &a, Flow: &second, Attempt: newAttempt()}))
	wantAccount(t, l, a)
	wantFlow(t, l, second)
}

func testStaleFlow(t *testing.T, l igauth.Ledger) {
	a, f := plainAccount("17841400000000001"), plainFlow("f1")
	saveAccount(t, l, &a)
	saveFlow(t, l, &f)
	wantConflict(t, l, a, plainFlow(f.ID), a, f)
}

func testStaleAccount(t *testing.T, l igauth.Ledger) {
	a, f := plainAccount("17841400000000001"), plainFlow("f1")
	saveAccount(t, l, &a)
	saveFlow(t, l, &f)
	stale := a
	saveAccount(t, l, &a)
	wantConflict(t, l, stale, f, a, f)
}

// wantConflict saves a pair of which one is stale, and compares what is in the
// ledger afterwards.
func wantConflict(t *testing.T, l igauth.Ledger, a igauth.Account, f igauth.Flow, wantA igauth.Account, wantF igauth.Flow) {
	t.Helper()
	revisions := [2]int64{a.Revision, f.Revision}
	a.Username, f.Account = "half", a.ID
	mustBe(t, l.Save(t.Context(), igauth.Change{Account: &a, Flow: &f, Attempt: newAttempt()}), igauth.ErrConflict)
	if got := [2]int64{a.Revision, f.Revision}; got != revisions {
		t.Errorf("a conflict changed the given revisions from %d to %d", revisions, got)
	}
	wantAccount(t, l, wantA)
	wantFlow(t, l, wantF)
}

// racers is how many save at once in a test.
const racers = 20

func testConcurrent(t *testing.T, l igauth.Ledger) {
	a := plainAccount("17841400000000001")
	for range 3 {
		winner := race(t, func(n int) (igauth.Account, error) {
			mine := a
			mine.Failures = n
			err := l.Save(t.Context(), igauth.Change{Account: &mine, Attempt: newAttempt()})
			if err != nil && !errors.Is(err, igauth.ErrConflict) {
				t.Errorf("a loser was told %v, want a conflict", err)
			}
			return mine, err
		})
		wantAccount(t, l, winner)
		a = winner
	}
}

// The losers of a pair may be told to try again instead of that they lost.
func testConcurrentPair(t *testing.T, l igauth.Ledger) {
	a, f := plainAccount("17841400000000001"), plainFlow("f1")
	var mu sync.Mutex
	flows := map[int]igauth.Flow{}
	winner := race(t, func(n int) (igauth.Account, error) {
		myAccount, myFlow := a, f
		myAccount.Failures = n
		err := l.Save(t.Context(), igauth.Change{Account: &myAccount, Flow: &myFlow, Attempt: newAttempt()})
		mu.Lock()
		defer mu.Unlock()
		flows[n] = myFlow
		return myAccount, err
	})
	wantAccount(t, l, winner)
	wantFlow(t, l, flows[winner.Failures])
}

// race lets all racers save at once and returns what the only winner saved.
func race[T any](t *testing.T, save func(n int) (T, error)) T {
	t.Helper()
	var mu sync.Mutex
	var winners []T
	var all sync.WaitGroup
	start := make(chan struct{})
	for n := range racers {
		all.Go(func() {
			<-start
			a, err := save(n)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			winners = append(winners, a)
		})
	}
	close(start)
	all.Wait()
	if len(winners) != 1 {
		t.Fatalf("%d of %d concurrent saves succeeded, want 1", len(winners), racers)
	}
	return winners[0]
}
