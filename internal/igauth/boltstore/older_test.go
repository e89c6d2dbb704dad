package boltstore_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
)

// A file of a program that had no index by status and no health gets both.
func TestOlderFile(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	for n, status := range []igauth.Status{igauth.StatusActive, igauth.StatusExpiring, igauth.StatusActive, igauth.StatusActive} {
		a := igauth.Account{Profile: igauth.Profile{ID: account(n)}, Status: status, ExpiresAt: start.Add(-time.Duration(n))}
		save(t, l, &a)
	}
	change(t, path, func(tx *bolt.Tx) error {
		return errors.Join(
			tx.DeleteBucket([]byte("status")), tx.DeleteBucket([]byte("health")),
			tx.Bucket([]byte("accounts")).Put([]byte(account(3)), []byte("{")),
		)
	})

	got, err := l.Expiries(t.Context(), igauth.StatusActive, 9)
	want := []igauth.Expiry{{ID: account(2), EndsAt: start.Add(-2)}, {ID: account(0), EndsAt: start}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if n, err := l.Count(t.Context(), igauth.StatusExpiring); err != nil || n != 1 {
		t.Errorf("got %d expiring, %v, want 1", n, err)
	}
	if _, err := l.Health(t.Context()); !errors.Is(err, igauth.ErrNotFound) {
		t.Errorf("health: got %v, want %v", err, igauth.ErrNotFound)
	}
	if err := l.Save(t.Context(), igauth.Change{Health: &igauth.Health{}, Attempt: attempt(1)}); err != nil {
		t.Errorf("health: %v", err)
	}
	// What is there is not made again.
	a, err := l.Account(t.Context(), account(0))
	if err != nil {
		t.Fatal(err)
	}
	a.Status = igauth.StatusDisconnected
	save(t, l, &a)
	hold(t, path)() // the ledger has let go of the file
	if n, err := l.Count(t.Context(), igauth.StatusActive); err != nil || n != 1 {
		t.Errorf("got %d active, %v, want 1", n, err)
	}
	if h, err := l.Health(t.Context()); err != nil || h.Revision != 1 {
		t.Errorf("health: got revision %d, %v, want 1", h.Revision, err)
	}
}

// A file of the version before has no persons and no removals, and has what never
// ends at the beginning of the index by status. Nothing stays there when it is
// opened, nor when such an account is saved.
func TestFileOfTheVersionBefore(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	ends := igauth.Account{Profile: igauth.Profile{ID: account(1)}, Status: igauth.StatusActive, ExpiresAt: start}
	never := igauth.Account{Profile: igauth.Profile{ID: account(0)}, Status: igauth.StatusActive}
	save(t, l, &ends)
	save(t, l, &never)
	change(t, path, func(tx *bolt.Tx) error {
		status := tx.Bucket([]byte("status"))
		last, _ := status.Cursor().Last()
		errs := []error{
			status.Delete(bytes.Clone(last)),
			status.Put([]byte("active\x00\x00\x00\x00\x00\x00\x00\x00\x00"+account(0)), nil),
		}
		for _, name := range []string{"persons", "removals", "open_removals", "forget_persons", "forget_removals"} {
			errs = append(errs, tx.DeleteBucket([]byte(name)))
		}
		return errors.Join(errs...)
	})

	want := []igauth.Expiry{{ID: ends.ID, EndsAt: start}, {ID: never.ID}}
	for range 2 {
		if got, err := l.Expiries(t.Context(), igauth.StatusActive, 9); err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
		if n, err := l.Count(t.Context(), igauth.StatusActive); err != nil || n != 2 {
			t.Errorf("got %d active, %v, want 2", n, err)
		}
		save(t, l, &never)
	}
	p := igauth.Person{ID: "instagram/1", Accounts: []igauth.AccountID{ends.ID}}
	r := igauth.Removal{Code: "c"}
	if err := l.Save(t.Context(), igauth.Change{Account: &ends, Person: &p, Removal: &r, Attempt: attempt(1)}); err != nil {
		t.Fatal(err)
	}
	hold(t, path)() // the ledger has let go of the file
	if got, err := l.Person(t.Context(), p.ID); err != nil || len(got.Accounts) != 1 {
		t.Errorf("person: got %+v, %v", got, err)
	}
	if list, err := l.OpenRemovals(t.Context(), 9); err != nil || len(list) != 1 {
		t.Errorf("got %d open removals, %v, want 1", len(list), err)
	}
}
