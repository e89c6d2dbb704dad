package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"igauth/internal/igauth"
)

// indexes say where an account stands in each index, nil for nowhere. The zero
// Account stands nowhere.
var indexes = []struct {
	bucket []byte
	key    func(igauth.Account) []byte
}{
	{dueBucket, func(a igauth.Account) []byte { return timeKey(a.DueAt, string(a.ID)) }},
	{forgetBucket, func(a igauth.Account) []byte { return timeKey(a.ForgetAt, string(a.ID)) }},
	{statusBucket, statusKey},
}

// moveAccount moves an account in all indexes from where a row of it stands to
// where the next one belongs.
func moveAccount(tx *bolt.Tx, from, to igauth.Account) error {
	for _, index := range indexes {
		if err := moveKey(tx.Bucket(index.bucket), index.key(from), index.key(to)); err != nil {
			return err
		}
	}
	return nil
}

// moveKey moves an entry of an index from one key to another, nil for none.
func moveKey(bucket *bolt.Bucket, from, to []byte) error {
	if from != nil {
		if err := bucket.Delete(from); err != nil {
			return err
		}
	}
	if to == nil {
		return nil
	}
	return bucket.Put(to, nil)
}

// fillStatus makes the index by status anew from the accounts, for a file in
// which there was none, or one in which what never ends came first. Rows that
// cannot be read are left out.
func fillStatus(tx *bolt.Tx) error {
	if err := tx.DeleteBucket(statusBucket); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
		return err
	}
	if _, err := tx.CreateBucket(statusBucket); err != nil {
		return err
	}
	return tx.Bucket(accountsBucket).ForEach(func(_, data []byte) error {
		row, err := decode[igauth.Account](data)
		if err != nil {
			return nil
		}
		return tx.Bucket(statusBucket).Put(statusKey(row.Record), nil)
	})
}

// appendTime adds eight bytes that sort as times do, to the nanosecond. A time
// before 1970, and so the zero time, is the beginning.
func appendTime(key []byte, at time.Time) []byte {
	nanos := uint64(0)
	if at.Unix() > 0 {
		nanos = uint64(at.UnixNano())
	}
	return binary.BigEndian.AppendUint64(key, nanos)
}

// timeOf is the inverse of appendTime.
func timeOf(key []byte) time.Time {
	nanos := binary.BigEndian.Uint64(key)
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(nanos)).UTC()
}

// never stands behind all times, for what has no end.
const never = math.MaxUint64

// endOf is the inverse of what statusKey adds.
func endOf(key []byte) time.Time {
	if binary.BigEndian.Uint64(key) == never {
		return time.Time{}
	}
	return timeOf(key)
}

// timeKey sorts by time, then by id. It is nil for the zero time.
func timeKey(at time.Time, id string) []byte {
	if at.IsZero() {
		return nil
	}
	return append(appendTime(nil, at), id...)
}

// statusKey sorts by status, then by the end of the token, then by id. What never
// ends comes last.
func statusKey(a igauth.Account) []byte {
	if a.ID == "" {
		return nil
	}
	key, ends := statusPrefix(a.Status), a.EndsAt()
	if ends.IsZero() {
		key = binary.BigEndian.AppendUint64(key, never)
	} else {
		key = appendTime(key, ends)
	}
	return append(key, a.ID...)
}

// statusPrefix is how the keys of a status begin, and of no other.
func statusPrefix(status igauth.Status) []byte { return append([]byte(status), 0) }

// Shards is one: a single process writes the file.
func (l *Ledger) Shards() int { return 1 }

// Due returns what is due, in order of DueAt and id.
func (l *Ledger) Due(ctx context.Context, q igauth.DueQuery) (due []igauth.Account, next igauth.DueMark, err error) {
	end := appendTime(nil, q.Now)
	var damaged error
	err = l.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(dueBucket).Cursor()
		key, _ := cursor.First()
		if !q.After.IsZero() {
			after := append(appendTime(nil, q.After.At), q.After.ID...)
			if key, _ = cursor.Seek(after); bytes.Equal(key, after) {
				key, _ = cursor.Next()
			}
		}
		// Damaged rows count, too, so that a page is never longer to read than it
		// says, and the mark passes them.
		for read := 0; key != nil && bytes.Compare(key[:8], end) <= 0; read++ {
			if read == q.Limit {
				return nil
			}
			id := key[8:]
			row, err := decode[igauth.Account](tx.Bucket(accountsBucket).Get(id))
			if err != nil {
				damaged = errors.Join(damaged, fmt.Errorf("account %s: %w", id, err))
			} else {
				due = append(due, row.Record)
			}
			next = igauth.DueMark{At: timeOf(key), ID: igauth.AccountID(id)}
			key, _ = cursor.Next()
		}
		next = igauth.DueMark{}
		return nil
	})
	if err != nil {
		return nil, igauth.DueMark{}, err
	}
	return due, next, damaged
}

// Expiries returns the accounts of a status, in order of their end and id.
func (l *Ledger) Expiries(ctx context.Context, status igauth.Status, limit int) ([]igauth.Expiry, error) {
	var expiries []igauth.Expiry
	err := l.eachOf(ctx, status, func(key []byte) bool {
		if len(expiries) == limit {
			return false
		}
		expiries = append(expiries, igauth.Expiry{ID: igauth.AccountID(key[8:]), EndsAt: endOf(key)})
		return true
	})
	return expiries, err
}

// Count returns how many accounts have a status.
func (l *Ledger) Count(ctx context.Context, status igauth.Status) (int, error) {
	n := 0
	err := l.eachOf(ctx, status, func([]byte) bool {
		n++
		return true
	})
	return n, err
}

// eachOf calls do with every account of a status, as the end of its token and its
// id, until it returns false.
func (l *Ledger) eachOf(ctx context.Context, status igauth.Status, do func(key []byte) bool) error {
	prefix := statusPrefix(status)
	return l.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(statusBucket).Cursor()
		for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix) && do(key[len(prefix):]); key, _ = cursor.Next() {
		}
		return nil
	})
}

// Accounts returns a page of accounts in order of id.
func (l *Ledger) Accounts(ctx context.Context, after igauth.AccountID, limit int) ([]igauth.Account, error) {
	var page []igauth.Account
	var damaged error
	err := l.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(accountsBucket).Cursor()
		key, data := cursor.Seek([]byte(after))
		if after != "" && string(key) == string(after) {
			key, data = cursor.Next()
		}
		for ; key != nil && len(page) < limit; key, data = cursor.Next() {
			row, err := decode[igauth.Account](data)
			if err != nil {
				damaged = errors.Join(damaged, fmt.Errorf("account %s: %w", key, err))
				continue
			}
			page = append(page, row.Record)
		}
		return nil
	})
	return page, errors.Join(err, damaged)
}
