package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

const (
	// openFor is how long the file stays open after its last use. bbolt locks an
	// open file, so that the command could not look at the accounts of a running
	// server if the server kept it; opening it for every transaction would cost a
	// run over many accounts too much.
	openFor = 150 * time.Millisecond
	// lockWait is how long another process may keep the file.
	lockWait = 10 * time.Second
)

// ErrInUse says that another process keeps the file.
var ErrInUse = errors.New("the ledger is in use by another process")

// file opens the database when it is needed and closes it when it is not.
type file struct {
	path string
	// prepare is called with a file that was just opened. It may be a new one
	// every time: somebody who wants to begin anew deletes it.
	prepare func(*bolt.DB) error

	mu     sync.Mutex
	db     *bolt.DB
	users  int
	closer *time.Timer
	closed bool
	// noSync is what bbolt calls so.
	noSync bool
}

// use calls do with the open database.
func (f *file) use(ctx context.Context, do func(*bolt.DB) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db, err := f.acquire(ctx)
	if err != nil {
		return err
	}
	defer f.release()
	return do(db)
}

func (f *file) acquire(ctx context.Context) (*bolt.DB, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errors.New("the ledger is closed")
	}
	if f.db == nil {
		db, err := f.open(ctx)
		if err != nil {
			return nil, err
		}
		f.db = db
	}
	if f.closer != nil {
		f.closer.Stop()
		f.closer = nil
	}
	f.users++
	return f.db, nil
}

// open waits for the file no longer than ctx allows.
func (f *file) open(ctx context.Context) (*bolt.DB, error) {
	wait := lockWait
	if deadline, ok := ctx.Deadline(); ok {
		// To bbolt, no time at all means forever.
		wait = max(time.Nanosecond, min(wait, time.Until(deadline)))
	}
	db, err := bolt.Open(f.path, 0o600, &bolt.Options{Timeout: wait, NoSync: f.noSync})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, ErrInUse
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("opening the ledger: the folder of %s does not exist", f.path)
	case err != nil:
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	if err := f.prepare(db); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	return db, nil
}

func (f *file) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users--
	if f.users > 0 {
		return
	}
	if f.closed {
		_ = f.shut()
		return
	}
	f.closer = time.AfterFunc(openFor, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.users == 0 {
			_ = f.shut()
		}
	})
}

// close closes the file, or has the last user close it.
func (f *file) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.users > 0 {
		return nil
	}
	return f.shut()
}

func (f *file) shut() error {
	if f.db == nil {
		return nil
	}
	db := f.db
	f.db = nil
	return db.Close()
}
