package boltstore_test

import (
	"errors"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
	"igauth/internal/igauth/storetest"
)

func TestConformance(t *testing.T) {
	storetest.RunLedger(t, func(t *testing.T) igauth.Ledger { return open(t, newPath(t)) })
}

func TestConformanceOfDamagedRows(t *testing.T) {
	storetest.RunDamagedLedger(t, func(t *testing.T) (igauth.Ledger, func(igauth.AccountID)) {
		path := newPath(t)
		l := open(t, path)
		return l, func(id igauth.AccountID) {
			change(t, path, func(tx *bolt.Tx) error {
				return tx.Bucket([]byte("accounts")).Put([]byte(id), []byte(`{"record":{"revision":"x"`))
			})
		}
	})
}

func TestConformanceOfDamagedRemovals(t *testing.T) {
	storetest.RunDamagedRemovals(t, func(t *testing.T) (igauth.Ledger, func(code string)) {
		path := newPath(t)
		l := open(t, path)
		return l, func(code string) {
			change(t, path, func(tx *bolt.Tx) error {
				return tx.Bucket([]byte("removals")).Put([]byte(code), []byte(`{"record":{"revision":"x"`))
			})
		}
	})
}

// change writes to a file as another program would, while no ledger uses it.
func change(t *testing.T, path string, do func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 5 * time.Second, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(do), db.Close()); err != nil {
		t.Fatal(err)
	}
}
