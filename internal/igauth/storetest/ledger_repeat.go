package storetest

import (
	"testing"

	"igauth/internal/igauth"
)

// A repetition in these tests is what a client makes whose answer was lost: the
// same records with the revisions that they had before, and the same attempt.

func testRepeatCreate(t *testing.T, l igauth.Ledger) {
	attempt := newAttempt()
	for range 3 {
		a := fullAccount("17841400000000001")
		must(t, l.Save(t.Context(), igauth.Change{Account: &a, Attempt: attempt}))
		if a.Revision != 1 {
			t.Fatalf("the revision is %d, want 1", a.Revision)
		}
		wantAccount(t, l, a)
	}
	attempt = newAttempt()
	for range 3 {
		f := fullFlow("f1")
		must(t, l.Save(t.Context(), igauth.Change{Flow: &f, Attempt: attempt}))
		wantFlow(t, l, f)
	}
}

func testRepeatSave(t *testing.T, l igauth.Ledger) {
	before := plainAccount("17841400000000001")
	saveAccount(t, l, &before)
	attempt := newAttempt()
	for range 3 {
		a := before
		a.Username = "after"
		must(t, l.Save(t.Context(), igauth.Change{Account: &a, Attempt: attempt}))
		if a.Revision != 2 {
			t.Fatalf("the revision is %d, want 2", a.Revision)
		}
		wantAccount(t, l, a)
	}
}

func testRepeatPair(t *testing.T, l igauth.Ledger) {
	account, flow := plainAccount("17841400000000001"), plainFlow("f1")
	saveFlow(t, l, &flow)
	attempt := newAttempt()
	for range 3 {
		a, f := account, flow
		a.Username, f.Account = "after", a.ID
		must(t, l.Save(t.Context(), igauth.Change{Account: &a, Flow: &f, Attempt: attempt}))
		if a.Revision != 1 || f.Revision != 2 {
			t.Fatalf("the revisions are %d and %d, want 1 and 2", a.Revision, f.Revision)
		}
		wantAccount(t, l, a)
		wantFlow(t, l, f)
	}
}

func testRepeatOtherAttempt(t *testing.T, l igauth.Ledger) {
	account, flow := plainAccount("17841400000000001"), plainFlow("f1")
	a, f := account, flow
	must(t, l.Save(t.Context(), igauth.Change{Account: &a, Flow: &f, Attempt: newAttempt()}))
	for _, change := range []igauth.Change{
		{Account: &account},
		{Flow: &flow},
		{Account: &account, Flow: &flow},
	} {
		change.Attempt = newAttempt()
		mustBe(t, l.Save(t.Context(), change), igauth.ErrConflict)
	}
	wantAccount(t, l, a)
	wantFlow(t, l, f)
}

// When somebody else has saved since, nobody can tell a repetition from a stale
// save any more, and a conflict is the safe answer.
func testRepeatTooLate(t *testing.T, l igauth.Ledger) {
	before := plainAccount("17841400000000001")
	attempt := newAttempt()
	a := before
	must(t, l.Save(t.Context(), igauth.Change{Account: &a, Attempt: attempt}))
	a.Username = "later"
	saveAccount(t, l, &a)
	mustBe(t, l.Save(t.Context(), igauth.Change{Account: &before, Attempt: attempt}), igauth.ErrConflict)
	wantAccount(t, l, a)
}
