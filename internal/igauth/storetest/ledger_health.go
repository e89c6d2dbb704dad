package storetest

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// saveHealth saves a health under a new attempt.
func saveHealth(t *testing.T, l igauth.Ledger, h *igauth.Health) {
	t.Helper()
	must(t, l.Save(t.Context(), igauth.Change{Health: h, Attempt: newAttempt()}))
}

// wantHealth compares the ledger's health with the given one.
func wantHealth(t *testing.T, l igauth.Ledger, want igauth.Health) {
	t.Helper()
	got, err := l.Health(t.Context())
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("health\n got %+v\nwant %+v", got, want)
	}
}

func testHealthNotFound(t *testing.T, l igauth.Ledger) {
	_, err := l.Health(t.Context())
	mustBe(t, err, igauth.ErrNotFound)
	a, f := fullAccount("17841400000000001"), fullFlow("f1")
	must(t, l.Save(t.Context(), igauth.Change{Account: &a, Flow: &f, Attempt: newAttempt()}))
	_, err = l.Health(t.Context())
	mustBe(t, err, igauth.ErrNotFound)
}

func testHealthReadBack(t *testing.T, l igauth.Ledger) {
	h := fullHealth()
	saveHealth(t, l, &h)
	want := fullHealth()
	want.Revision = 1
	wantHealth(t, l, want)
}

func testHealthZero(t *testing.T, l igauth.Ledger) {
	saveHealth(t, l, &igauth.Health{})
	wantHealth(t, l, igauth.Health{Revision: 1})
}

func testHealthReplaced(t *testing.T, l igauth.Ledger) {
	h := fullHealth()
	saveHealth(t, l, &h)
	h.Incidents, h.RanAt, h.Outbox = h.Incidents[1:], time.Time{}, nil
	h.Counts = map[igauth.Status]int{igauth.StatusDisconnected: 2}
	saveHealth(t, l, &h)
	if h.Revision != 2 {
		t.Errorf("the second save set the revision %d, want 2", h.Revision)
	}
	wantHealth(t, l, h)
}

func testHealthStale(t *testing.T, l igauth.Ledger) {
	early := igauth.Health{Revision: 1}
	mustBe(t, l.Save(t.Context(), igauth.Change{Health: &early, Attempt: newAttempt()}), igauth.ErrConflict)
	h := fullHealth()
	saveHealth(t, l, &h)
	stale := h
	saveHealth(t, l, &h)
	for _, revision := range []int64{stale.Revision, h.Revision + 1, 0} {
		stale.Revision, stale.Outbox = revision, nil
		mustBe(t, l.Save(t.Context(), igauth.Change{Health: &stale, Attempt: newAttempt()}), igauth.ErrConflict)
		if stale.Revision != revision {
			t.Errorf("a conflict changed the given revision from %d to %d", revision, stale.Revision)
		}
	}
	wantHealth(t, l, h)
}

func testHealthConcurrent(t *testing.T, l igauth.Ledger) {
	h := fullHealth()
	saveHealth(t, l, &h)
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			mine := h
			mine.RanAt = day.Add(time.Duration(i+1) * time.Minute)
			errs[i] = l.Save(t.Context(), igauth.Change{Health: &mine, Attempt: newAttempt()})
		})
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			h.RanAt = day.Add(time.Duration(i+1) * time.Minute)
		} else if !errors.Is(err, igauth.ErrConflict) {
			t.Errorf("got %v, want a success or a conflict", err)
		}
	}
	if won != 1 {
		t.Fatalf("%d saves won, want one", won)
	}
	h.Revision = 2
	wantHealth(t, l, h)
}

func testHealthRepeated(t *testing.T, l igauth.Ledger) {
	for want := int64(1); want <= 2; want++ {
		h := fullHealth()
		h.Revision, h.RanAt = want-1, day.Add(time.Duration(want)*time.Minute)
		attempt := newAttempt()
		for range 3 {
			again := h
			must(t, l.Save(t.Context(), igauth.Change{Health: &again, Attempt: attempt}))
			if again.Revision != want {
				t.Fatalf("the save set the revision %d, want %d", again.Revision, want)
			}
		}
		h.Revision = want
		wantHealth(t, l, h)
	}
}

func testHealthRepeatedOtherAttempt(t *testing.T, l igauth.Ledger) {
	h := fullHealth()
	again := h
	saveHealth(t, l, &h)
	mustBe(t, l.Save(t.Context(), igauth.Change{Health: &again, Attempt: newAttempt()}), igauth.ErrConflict)
	wantHealth(t, l, h)
}
