package boltstore

import (
	"bytes"
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
)

// forgetAtATime bounds how many old records of a kind one Save looks at.
const forgetAtATime = 16

// forget removes records whose ForgetAt has passed, as DynamoDB's TTL does in the
// cloud, but for those of the change that was just saved.
func (l *Ledger) forget(tx *bolt.Tx, change igauth.Change) error {
	var account, person, removal string
	if change.Account != nil {
		account = string(change.Account.ID)
	}
	if change.Person != nil {
		person = string(change.Person.ID)
	}
	if change.Removal != nil {
		removal = change.Removal.Code
	}
	return errors.Join(
		forgetOld(tx, l.now(), forgetBucket, accountsBucket, account, func(a igauth.Account) error { return moveAccount(tx, a, igauth.Account{}) }),
		forgetOld(tx, l.now(), forgetPersonsBucket, personsBucket, person, func(p igauth.Person) error { return movePerson(tx, p, igauth.Person{}) }),
		forgetOld(tx, l.now(), forgetRemovalsBucket, removalsBucket, removal, func(r igauth.Removal) error { return moveRemoval(tx, r, igauth.Removal{}) }),
	)
}

// forgetOld removes old records of a kind, but for the one with the key saved, and
// takes them out of all indexes.
func forgetOld[T any](tx *bolt.Tx, now time.Time, index, records []byte, saved string, moveOut func(T) error) error {
	end := appendTime(nil, now)
	cursor := tx.Bucket(index).Cursor()
	var old [][]byte
	for key, _ := cursor.First(); key != nil && len(old) < forgetAtATime && bytes.Compare(key[:8], end) <= 0; key, _ = cursor.Next() {
		if string(key[8:]) != saved {
			old = append(old, bytes.Clone(key))
		}
	}
	for _, key := range old {
		row, err := decode[T](tx.Bucket(records).Get(key[8:]))
		if err == nil {
			err = moveOut(row.Record)
		}
		if err == nil {
			err = tx.Bucket(records).Delete(key[8:])
		}
		if err != nil && !errors.Is(err, igauth.ErrNotFound) && !errors.Is(err, igauth.ErrDamaged) {
			return err
		}
		if err := tx.Bucket(index).Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// forgetFlows removes flows whose time is over, of those that follow a given one.
// Each new flow makes room for itself in this way, as DynamoDB's TTL does in the
// cloud; ids are hashes, so that every flow's turn comes.
func (l *Ledger) forgetFlows(bucket *bolt.Bucket, from igauth.FlowID) error {
	now := l.now()
	cursor := bucket.Cursor()
	var old [][]byte
	key, data := cursor.Seek([]byte(from))
	for range forgetAtATime {
		if flow, err := decode[igauth.Flow](data); err == nil && now.After(flow.Record.ExpiresAt) {
			old = append(old, bytes.Clone(key))
		}
		if key, data = cursor.Next(); key == nil {
			key, data = cursor.First()
		}
	}
	for _, key := range old {
		if err := bucket.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
