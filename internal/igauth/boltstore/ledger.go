// Package boltstore is the embedded ledger: one file, one process, nothing to
// install. It serves the development server and the command on a laptop.
//
// The file has four buckets: accounts and flows hold the records as JSON under
// their ids; due holds an empty value under each account's DueAt and id, so that
// what is due is the beginning of the bucket, and forget the same under ForgetAt.
package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
)

var (
	accountsBucket = []byte("accounts")
	flowsBucket    = []byte("flows")
	dueBucket      = []byte("due")
	forgetBucket   = []byte("forget")
	statusBucket   = []byte("status")
	healthBucket   = []byte("health")
)

// A Ledger is a file. It is safe for concurrent use, also by several processes,
// which take turns.
type Ledger struct {
	file file
	now  func() time.Time
}

var _ igauth.Ledger = (*Ledger)(nil)

// Open opens the ledger at path and creates it if it is missing, readable by its
// owner only. A file that another process keeps for longer than 10 seconds is
// ErrInUse, here and in every method. The clock tells which flows may be
// forgotten; nil means time.Now.
func Open(path string, now func() time.Time) (*Ledger, error) {
	if now == nil {
		now = time.Now
	}
	l := &Ledger{file: file{path: path, prepare: createBuckets}, now: now}
	if err := l.view(context.Background(), func(*bolt.Tx) error { return nil }); err != nil {
		return nil, err
	}
	return l, nil
}

// createBuckets writes only to a new file.
func createBuckets(db *bolt.DB) error {
	isNew := false
	err := db.View(func(tx *bolt.Tx) error {
		isNew = tx.Bucket(healthBucket) == nil
		return nil
	})
	if err != nil || !isNew {
		return err
	}
	return db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{accountsBucket, flowsBucket, dueBucket, forgetBucket, statusBucket, healthBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close closes the file when nobody uses it any more.
func (l *Ledger) Close() error { return l.file.close() }

func (l *Ledger) view(ctx context.Context, do func(*bolt.Tx) error) error {
	return l.file.use(ctx, func(db *bolt.DB) error { return db.View(do) })
}

func (l *Ledger) update(ctx context.Context, do func(*bolt.Tx) error) error {
	return l.file.use(ctx, func(db *bolt.DB) error { return db.Update(do) })
}

// stored is a record in the file: the domain's, and the attempt that saved it
// last.
type stored[T any] struct {
	Attempt string `json:"attempt"`
	Record  T      `json:"record"`
}

// Account returns an account's row.
func (l *Ledger) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	return read[igauth.Account](ctx, l, accountsBucket, string(id))
}

// Flow returns a flow's record.
func (l *Ledger) Flow(ctx context.Context, id igauth.FlowID) (igauth.Flow, error) {
	return read[igauth.Flow](ctx, l, flowsBucket, string(id))
}

// Health returns what is known of the installation.
func (l *Ledger) Health(ctx context.Context) (igauth.Health, error) {
	return read[igauth.Health](ctx, l, healthBucket, healthKey)
}

// healthKey is the one key of its bucket.
const healthKey = "health"

func read[T any](ctx context.Context, l *Ledger, bucket []byte, key string) (record T, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		old, err := decode[T](tx.Bucket(bucket).Get([]byte(key)))
		record = old.Record
		return err
	})
	return record, err
}

func decode[T any](data []byte) (stored[T], error) {
	var s stored[T]
	if data == nil {
		return s, igauth.ErrNotFound
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%w: %w", igauth.ErrDamaged, err)
	}
	return s, nil
}

// Save stores the records of a change in one transaction of the file.
func (l *Ledger) Save(ctx context.Context, change igauth.Change) error {
	var account igauth.Account
	var flow igauth.Flow
	var health igauth.Health
	err := l.update(ctx, func(tx *bolt.Tx) error {
		if change.Account != nil {
			account = *change.Account
			account.Revision++
			old, err := replace(tx.Bucket(accountsBucket), string(account.ID), change.Account.Revision, change.Attempt, account,
				func(a igauth.Account) int64 { return a.Revision })
			if err != nil {
				return err
			}
			if err := moveDue(tx.Bucket(dueBucket), account.ID, old.DueAt, account.DueAt); err != nil {
				return err
			}
			if err := moveDue(tx.Bucket(forgetBucket), account.ID, old.ForgetAt, account.ForgetAt); err != nil {
				return err
			}
			if err := moveStatus(tx.Bucket(statusBucket), old, account); err != nil {
				return err
			}
			if err := l.forgetAccounts(tx, account.ID); err != nil {
				return err
			}
		}
		if change.Health != nil {
			health = *change.Health
			health.Revision++
			_, err := replace(tx.Bucket(healthBucket), healthKey, change.Health.Revision, change.Attempt, health,
				func(h igauth.Health) int64 { return h.Revision })
			if err != nil {
				return err
			}
		}
		if change.Flow != nil {
			flow = *change.Flow
			flow.Revision++
			_, err := replace(tx.Bucket(flowsBucket), string(flow.ID), change.Flow.Revision, change.Attempt, flow,
				func(f igauth.Flow) int64 { return f.Revision })
			if err != nil {
				return err
			}
			return l.forgetFlows(tx.Bucket(flowsBucket), flow.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if change.Account != nil {
		change.Account.Revision = account.Revision
	}
	if change.Flow != nil {
		change.Flow.Revision = flow.Revision
	}
	if change.Health != nil {
		change.Health.Revision = health.Revision
	}
	return nil
}

// replace stores a record if the one in the bucket has the revision that was
// read, and returns what was there. The same attempt may come twice.
func replace[T any](bucket *bolt.Bucket, key string, expected int64, attempt string, record T, revision func(T) int64) (T, error) {
	old, err := decode[T](bucket.Get([]byte(key)))
	if err != nil && !errors.Is(err, igauth.ErrNotFound) {
		return old.Record, err
	}
	repeated := attempt != "" && old.Attempt == attempt && revision(old.Record) == expected+1
	if revision(old.Record) != expected && !repeated {
		return old.Record, igauth.ErrConflict
	}
	data, err := json.Marshal(stored[T]{attempt, record})
	if err != nil {
		return old.Record, fmt.Errorf("writing a record of the ledger: %w", err)
	}
	return old.Record, bucket.Put([]byte(key), data)
}

// moveDue keeps an index of accounts by a time of theirs.
func moveDue(bucket *bolt.Bucket, id igauth.AccountID, from, to time.Time) error {
	if !from.IsZero() {
		if err := bucket.Delete(dueKey(from, id)); err != nil {
			return err
		}
	}
	if to.IsZero() {
		return nil
	}
	return bucket.Put(dueKey(to, id), nil)
}

// moveStatus keeps the index of accounts by status.
func moveStatus(bucket *bolt.Bucket, from, to igauth.Account) error {
	if from.ID != "" {
		if err := bucket.Delete(statusKey(from)); err != nil {
			return err
		}
	}
	if to.ID == "" {
		return nil
	}
	return bucket.Put(statusKey(to), nil)
}

// dueKey sorts by time, then by id.
func dueKey(at time.Time, id igauth.AccountID) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(at.UnixNano())), id...)
}

// Shards is one: a single process writes the file.
func (l *Ledger) Shards() int { return 1 }

// Due returns what is due, in order.
func (l *Ledger) Due(ctx context.Context, q igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	var due []igauth.Account
	var next igauth.DueMark
	var damaged error
	end := binary.BigEndian.AppendUint64(nil, uint64(q.Now.UnixNano()))
	err := l.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(dueBucket).Cursor()
		key, _ := cursor.First()
		if !q.After.IsZero() {
			after := dueKey(q.After.At, q.After.ID)
			if key, _ = cursor.Seek(after); bytes.Equal(key, after) {
				key, _ = cursor.Next()
			}
		}
		for read := 0; key != nil && bytes.Compare(key[:8], end) <= 0; key, _ = cursor.Next() {
			if read++; read > q.Limit {
				return damaged
			}
			next = dueMark(key)
			row, err := decode[igauth.Account](tx.Bucket(accountsBucket).Get(key[8:]))
			if err != nil {
				damaged = errors.Join(damaged, fmt.Errorf("account %s: %w", key[8:], err))
				continue
			}
			due = append(due, row.Record)
		}
		next = igauth.DueMark{}
		return damaged
	})
	return due, next, err
}

// dueMark is the inverse of dueKey.
func dueMark(key []byte) igauth.DueMark {
	return igauth.DueMark{
		At: time.Unix(0, int64(binary.BigEndian.Uint64(key))).UTC(),
		ID: igauth.AccountID(key[8:]),
	}
}

// Expiries returns the accounts of a status, in order of their end.
func (l *Ledger) Expiries(ctx context.Context, status igauth.Status, limit int) ([]igauth.Expiry, error) {
	var expiries []igauth.Expiry
	err := l.ofStatus(ctx, status, func(key []byte) bool {
		mark := dueMark(key)
		expiry := igauth.Expiry{ID: mark.ID, ExpiresAt: mark.At}
		if expiry.ExpiresAt.Equal(time.Unix(0, 0)) {
			expiry.ExpiresAt = time.Time{}
		}
		expiries = append(expiries, expiry)
		return len(expiries) < limit
	})
	return expiries, err
}

// Count returns how many accounts have a status.
func (l *Ledger) Count(ctx context.Context, status igauth.Status) (int, error) {
	n := 0
	err := l.ofStatus(ctx, status, func([]byte) bool {
		n++
		return true
	})
	return n, err
}

// ofStatus calls each with the due key of every account of a status, until it
// returns false.
func (l *Ledger) ofStatus(ctx context.Context, status igauth.Status, each func(key []byte) bool) error {
	prefix := append([]byte(status), 0)
	return l.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(statusBucket).Cursor()
		for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
			if !each(key[len(prefix):]) {
				break
			}
		}
		return nil
	})
}

// statusKey sorts by status, then by the end of the token, then by id.
func statusKey(a igauth.Account) []byte {
	at := a.ExpiresAt
	if at.IsZero() {
		at = time.Unix(0, 0)
	}
	return slices.Concat([]byte(a.Status), []byte{0}, dueKey(at, a.ID))
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
				damaged = fmt.Errorf("account %s: %w", key, err)
				continue
			}
			page = append(page, row.Record)
		}
		return damaged
	})
	return page, err
}

// forgetAccounts removes accounts whose ForgetAt has passed, but for the one that
// was just saved.
func (l *Ledger) forgetAccounts(tx *bolt.Tx, saved igauth.AccountID) error {
	end := dueKey(l.now(), "")
	cursor := tx.Bucket(forgetBucket).Cursor()
	var old [][]byte
	for key, _ := cursor.First(); key != nil && len(old) < forgetAtATime && bytes.Compare(key[:8], end) <= 0; key, _ = cursor.Next() {
		if string(key[8:]) != string(saved) {
			old = append(old, bytes.Clone(key))
		}
	}
	for _, key := range old {
		row, err := decode[igauth.Account](tx.Bucket(accountsBucket).Get(key[8:]))
		if err == nil {
			err = moveDue(tx.Bucket(dueBucket), row.Record.ID, row.Record.DueAt, time.Time{})
		}
		if err == nil {
			err = moveStatus(tx.Bucket(statusBucket), row.Record, igauth.Account{})
		}
		if err == nil {
			err = tx.Bucket(accountsBucket).Delete(key[8:])
		}
		if err != nil && !errors.Is(err, igauth.ErrNotFound) && !errors.Is(err, igauth.ErrDamaged) {
			return err
		}
		if err := tx.Bucket(forgetBucket).Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// forgetAtATime bounds how many old records one Save looks at.
const forgetAtATime = 16

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
