package boltstore

import (
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
)

// moveRemoval keeps the index of the removals that are not done.
func moveRemoval(tx *bolt.Tx, r igauth.Removal) error {
	if r.Done() {
		return tx.Bucket(openBucket).Delete([]byte(r.Code))
	}
	return tx.Bucket(openBucket).Put([]byte(r.Code), nil)
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
