// Package boltstore is the embedded ledger: one file and nothing to install. It
// serves the development server and the command on a laptop, which take turns.
//
// The file has buckets of records: accounts, flows, persons and removals hold them
// as JSON under their ids, and health holds the one record of the installation. The
// other buckets are indexes with empty values, so that what is asked for is a row
// of neighbours. Of accounts, due has keys of DueAt and id, and status of status,
// EndsAt and id, where what never ends comes last. Forget, forget_persons and
// forget_removals have keys of ForgetAt and id, and open_removals has the codes of
// the removals that are not done.
package boltstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
)

var (
	accountsBucket = []byte("accounts")
	flowsBucket    = []byte("flows")
	healthBucket   = []byte("health")
	personsBucket  = []byte("persons")
	removalsBucket = []byte("removals")

	dueBucket            = []byte("due")
	statusBucket         = []byte("status")
	openBucket           = []byte("open_removals")
	forgetBucket         = []byte("forget")
	forgetPersonsBucket  = []byte("forget_persons")
	forgetRemovalsBucket = []byte("forget_removals")

	// buckets are all but the one by status, which is made by fillStatus.
	buckets = [][]byte{
		accountsBucket, flowsBucket, healthBucket, personsBucket, removalsBucket,
		dueBucket, openBucket, forgetBucket, forgetPersonsBucket, forgetRemovalsBucket,
	}
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
// ErrInUse, here and in every method. The clock tells which records may
// be forgotten; nil means time.Now.
func Open(path string, now func() time.Time) (*Ledger, error) {
	return open(&Ledger{file: file{path: path}, now: now})
}

// OpenNoSync is Open for tests and measurements: a save does not wait for the
// disk, so that a power cut may cost the whole file.
func OpenNoSync(path string, now func() time.Time) (*Ledger, error) {
	return open(&Ledger{file: file{path: path, noSync: true}, now: now})
}

func open(l *Ledger) (*Ledger, error) {
	l.file.prepare = prepare
	if l.now == nil {
		l.now = time.Now
	}
	if err := l.view(context.Background(), func(*bolt.Tx) error { return nil }); err != nil {
		return nil, err
	}
	return l, nil
}

// prepare writes only to a file that is new, or that was made before there were
// all buckets. The last that came, forget_removals, came with the order of the
// index by status.
func prepare(db *bolt.DB) error {
	complete := true
	err := db.View(func(tx *bolt.Tx) error {
		for _, name := range append([][]byte{statusBucket}, buckets...) {
			complete = complete && tx.Bucket(name) != nil
		}
		return nil
	})
	if err != nil || complete {
		return err
	}
	return db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return fillStatus(tx)
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

// Person returns a person's record.
func (l *Ledger) Person(ctx context.Context, id igauth.PersonID) (igauth.Person, error) {
	return read[igauth.Person](ctx, l, personsBucket, string(id))
}

// Removal returns the record of a removal.
func (l *Ledger) Removal(ctx context.Context, code string) (igauth.Removal, error) {
	return read[igauth.Removal](ctx, l, removalsBucket, code)
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
	var saved []*int64 // the revisions of the given records
	err := l.update(ctx, func(tx *bolt.Tx) error {
		if a := change.Account; a != nil {
			next := *a
			next.Revision++
			old, err := replace(tx.Bucket(accountsBucket), string(a.ID), a.Revision, change.Attempt, next,
				func(a igauth.Account) int64 { return a.Revision })
			if err != nil {
				return err
			}
			if err := moveAccount(tx, old, next); err != nil {
				return err
			}
			saved = append(saved, &a.Revision)
		}
		if f := change.Flow; f != nil {
			next := *f
			next.Revision++
			_, err := replace(tx.Bucket(flowsBucket), string(f.ID), f.Revision, change.Attempt, next,
				func(f igauth.Flow) int64 { return f.Revision })
			if err != nil {
				return err
			}
			if err := l.forgetFlows(tx.Bucket(flowsBucket), f.ID); err != nil {
				return err
			}
			saved = append(saved, &f.Revision)
		}
		if p := change.Person; p != nil {
			next := *p
			next.Revision++
			old, err := replace(tx.Bucket(personsBucket), string(p.ID), p.Revision, change.Attempt, next,
				func(p igauth.Person) int64 { return p.Revision })
			if err != nil {
				return err
			}
			if err := movePerson(tx, old, next); err != nil {
				return err
			}
			saved = append(saved, &p.Revision)
		}
		if r := change.Removal; r != nil {
			next := *r
			next.Revision++
			old, err := replace(tx.Bucket(removalsBucket), r.Code, r.Revision, change.Attempt, next,
				func(r igauth.Removal) int64 { return r.Revision })
			if err != nil {
				return err
			}
			if err := moveRemoval(tx, old, next); err != nil {
				return err
			}
			saved = append(saved, &r.Revision)
		}
		if h := change.Health; h != nil {
			next := *h
			next.Revision++
			_, err := replace(tx.Bucket(healthBucket), healthKey, h.Revision, change.Attempt, next,
				func(h igauth.Health) int64 { return h.Revision })
			if err != nil {
				return err
			}
			saved = append(saved, &h.Revision)
		}
		return l.forget(tx, change)
	})
	if err != nil {
		return err
	}
	for _, revision := range saved {
		*revision++
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
