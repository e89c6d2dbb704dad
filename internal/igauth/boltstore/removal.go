package boltstore

import (
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
)

// movePerson moves a person in the index from where a record of it stands to where
// the next one belongs. The zero Person stands nowhere, and so does the zero
// Removal.
func movePerson(tx *bolt.Tx, from, to igauth.Person) error {
	return moveKey(tx.Bucket(forgetPersonsBucket), timeKey(from.ForgetAt, string(from.ID)), timeKey(to.ForgetAt, string(to.ID)))
}

// moveRemoval moves a removal in both indexes in the same way.
func moveRemoval(tx *bolt.Tx, from, to igauth.Removal) error {
	return errors.Join(
		moveKey(tx.Bucket(openBucket), openKey(from), openKey(to)),
		moveKey(tx.Bucket(forgetRemovalsBucket), timeKey(from.ForgetAt, from.Code), timeKey(to.ForgetAt, to.Code)),
	)
}

// openKey is where a removal stands among those that are not done.
func openKey(r igauth.Removal) []byte {
	if r.Code == "" || r.Done() {
		return nil
	}
	return []byte(r.Code)
}

// OpenRemovals returns the removals that are not done, in the order of their
// codes.
func (l *Ledger) OpenRemovals(ctx context.Context, limit int) (open []igauth.Removal, err error) {
	var damaged error
	err = l.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(openBucket).Cursor()
		for key, _ := cursor.First(); key != nil && len(open) < limit; key, _ = cursor.Next() {
			row, err := decode[igauth.Removal](tx.Bucket(removalsBucket).Get(key))
			if err != nil {
				damaged = errors.Join(damaged, fmt.Errorf("removal %s: %w", key, err))
				continue
			}
			open = append(open, row.Record)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return open, damaged
}
