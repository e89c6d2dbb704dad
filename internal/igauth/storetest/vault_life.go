package storetest

import (
	"errors"
	"fmt"
	"testing"

	"igauth/internal/igauth"
)

func testFind(t *testing.T, v vault) {
	for generation := range int64(2) {
		slot, token := newSlot(accountID(1), generation+1), newToken()
		v.put(t, slot, token)
		v.wantFound(t, slot, token)
	}
}

func testFindOlder(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), newToken()
	v.put(t, slot, token)
	other, otherToken := newSlot(accountID(1), 1), newToken()
	must(t, v.Promote(t.Context(), other, v.put(t, other, otherToken), ""))
	v.wantFound(t, slot, token)
	v.wantFound(t, other, otherToken)
}

// wantFound finds a token by its slot, and reads it by the reference that came
// with it.
func (v vault) wantFound(t *testing.T, slot igauth.Slot, want igauth.Token) {
	t.Helper()
	if !v.traits.Finds {
		_, _, err := v.Find(t.Context(), slot)
		mustBe(t, err, igauth.ErrNotFound)
		return
	}
	var ref igauth.Ref
	var token igauth.Token
	eventually(t, func() (err error) {
		ref, token, err = v.Find(t.Context(), slot)
		return err
	})
	sameToken(t, token, want)
	v.want(t, slot, ref, want)
}

func testFindNothing(t *testing.T, v vault) {
	_, _, err := v.Find(t.Context(), newSlot(accountID(1), 1))
	mustBe(t, err, igauth.ErrNotFound)
	v.put(t, newSlot(accountID(1), 1), newToken())
	_, _, err = v.Find(t.Context(), newSlot(accountID(1), 1))
	mustBe(t, err, igauth.ErrNotFound)
	_, _, err = v.Find(t.Context(), igauth.Slot{Account: accountID(1), Generation: 1})
	mustBe(t, err, igauth.ErrNotFound)
}

func testKeeps(t *testing.T, v vault) {
	slot := newSlot(accountID(1), 1)
	if ref := v.put(t, slot, newToken()); v.Keeps(ref) != v.traits.Finds {
		t.Errorf("got %t of a reference that was just put", v.Keeps(ref))
	}
	for _, ref := range []igauth.Ref{"", "elsewhere"} {
		if v.Keeps(ref) {
			t.Errorf("got true of the reference %q, which it did not make", ref)
		}
	}
}

func testPromote(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), newToken()
	ref := v.put(t, slot, token)
	for range 3 {
		must(t, v.Promote(t.Context(), slot, ref, ""))
	}
	v.want(t, slot, ref, token)
}

func testPromoteKeepsEarlier(t *testing.T, v vault) {
	first, firstToken := newSlot(accountID(1), 1), newToken()
	firstRef := v.put(t, first, firstToken)
	must(t, v.Promote(t.Context(), first, firstRef, ""))

	second, secondToken := newSlot(accountID(1), 2), newToken()
	secondRef := v.put(t, second, secondToken)
	v.want(t, first, firstRef, firstToken)

	for range 2 {
		must(t, v.Promote(t.Context(), second, secondRef, ""))
		v.want(t, second, secondRef, secondToken)
		// Somebody who read the row a moment ago still comes with the old one.
		v.want(t, first, firstRef, firstToken)
	}
}

// wantCurrent waits until direct readers of the vault see a token.
func (v vault) wantCurrent(t *testing.T, want igauth.Token) {
	t.Helper()
	eventually(t, func() error {
		got, err := v.traits.Current(t.Context(), v.Vault, accountID(1))
		if err == nil && got != want.Value.Reveal() {
			err = errors.New("direct readers see another token")
		}
		return err
	})
}

// Before the first promotion direct readers may see the first token or nothing.
func testCurrent(t *testing.T, v vault) {
	if v.traits.Current == nil {
		t.Skip("this vault has no direct readers")
	}
	first, firstToken := newSlot(accountID(1), 1), newToken()
	firstRef := v.put(t, first, firstToken)
	must(t, v.Promote(t.Context(), first, firstRef, ""))
	v.wantCurrent(t, firstToken)

	v.put(t, newSlot(accountID(1), 2), newToken())
	second, secondToken := newSlot(accountID(1), 2), newToken()
	secondRef := v.put(t, second, secondToken)
	v.wantCurrent(t, firstToken)
	for range 2 {
		must(t, v.Promote(t.Context(), second, secondRef, firstRef))
		v.wantCurrent(t, secondToken)
	}
	third, thirdToken := newSlot(accountID(1), 3), newToken()
	must(t, v.Promote(t.Context(), third, v.put(t, third, thirdToken), ""))
	v.wantCurrent(t, thirdToken)
}

func testCurrentAfterPut(t *testing.T, v vault) {
	if v.traits.Current == nil {
		t.Skip("this vault has no direct readers")
	}
	for generation := range int64(2) {
		slot, token := newSlot(accountID(1), generation+1), newToken()
		must(t, v.Promote(t.Context(), slot, v.put(t, slot, token), ""))
		v.put(t, slot, token)
		v.wantCurrent(t, token)
	}
}

// A writer that is held up between its commit and its promotion promotes when
// the next generation may be promoted already.
func testCurrentStays(t *testing.T, v vault) {
	if v.traits.Current == nil {
		t.Skip("this vault has no direct readers")
	}
	first, second := newSlot(accountID(1), 1), newSlot(accountID(1), 2)
	firstRef := v.put(t, first, newToken())
	must(t, v.Promote(t.Context(), first, firstRef, ""))
	lateRef := v.put(t, second, newToken())
	third, token := newSlot(accountID(1), 3), newToken()
	must(t, v.Promote(t.Context(), third, v.put(t, third, token), ""))
	v.wantCurrent(t, token)
	must(t, v.Promote(t.Context(), second, lateRef, ""))
	must(t, v.Promote(t.Context(), second, lateRef, firstRef))
	must(t, v.Promote(t.Context(), first, firstRef, ""))
	v.wantCurrent(t, token)
}

func testDestroyNothing(t *testing.T, v vault) {
	for range 2 {
		must(t, v.Destroy(t.Context(), igauth.Slot{Account: accountID(1), Generation: 2}))
	}
}

func testDestroy(t *testing.T, v vault) {
	promoted, pending := newSlot(accountID(1), 1), newSlot(accountID(1), 2)
	promotedRef := v.put(t, promoted, newToken())
	must(t, v.Promote(t.Context(), promoted, promotedRef, ""))
	pendingRef := v.put(t, pending, newToken())
	for range 2 {
		must(t, v.Destroy(t.Context(), igauth.Slot{Account: accountID(1), Generation: 2}))
	}
	if !v.traits.Forgets {
		return
	}
	v.wantGone(t, promoted, promotedRef)
	v.wantGone(t, pending, pendingRef)
	_, _, err := v.Find(t.Context(), pending)
	mustBe(t, err, igauth.ErrNotFound)
	must(t, v.Destroy(t.Context(), igauth.Slot{Account: accountID(1), Generation: 2}))
}

// wantGone waits until a token is no longer found.
func (v vault) wantGone(t *testing.T, slot igauth.Slot, ref igauth.Ref) {
	t.Helper()
	eventually(t, func() error {
		_, err := v.Get(t.Context(), slot, ref)
		switch {
		case errors.Is(err, igauth.ErrNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("reading a destroyed token: %w", err)
		default:
			return errors.New("a destroyed token is still there")
		}
	})
}

// A worker that was held up between its claim and the destruction wakes up when
// the owner has connected again.
func testDestroyLate(t *testing.T, v vault) {
	old := newSlot(accountID(1), 1)
	must(t, v.Promote(t.Context(), old, v.put(t, old, newToken()), ""))
	slot, token := newSlot(accountID(1), 3), newToken()
	ref := v.put(t, slot, token)
	late := func() {
		t.Helper()
		v.want(t, slot, ref, token) // reads lag by less than a worker that is held up
		err := v.Destroy(t.Context(), igauth.Slot{Account: accountID(1), Generation: 2})
		if v.traits.Forgets && !errors.Is(err, igauth.ErrConflict) || !v.traits.Forgets && err != nil {
			t.Errorf("got %v", err)
		}
		v.want(t, slot, ref, token)
	}
	late()
	must(t, v.Promote(t.Context(), slot, ref, ""))
	late()
}

// The owner may connect again at once, while a service is still deleting.
func testPutAfterDestroy(t *testing.T, v vault) {
	old := newSlot(accountID(1), 1)
	oldRef := v.put(t, old, newToken())
	must(t, v.Promote(t.Context(), old, oldRef, ""))
	must(t, v.Destroy(t.Context(), igauth.Slot{Account: accountID(1), Generation: 2}))

	slot, token := newSlot(accountID(1), 3), newToken()
	var ref igauth.Ref
	eventually(t, func() (err error) {
		ref, err = v.Put(t.Context(), slot, profileOf(slot.Account), token)
		return err
	})
	v.want(t, slot, ref, token)
	must(t, v.Promote(t.Context(), slot, ref, ""))
	v.want(t, slot, ref, token)
	if v.traits.Forgets {
		v.wantGone(t, old, oldRef)
	}
}

func testDestroyOne(t *testing.T, v vault) {
	slot, token := newSlot(accountID(2), 1), newToken()
	ref := v.put(t, slot, token)
	v.put(t, newSlot(accountID(1), 1), newToken())
	must(t, v.Destroy(t.Context(), igauth.Slot{Account: accountID(1), Generation: 2}))
	v.want(t, slot, ref, token)
}
