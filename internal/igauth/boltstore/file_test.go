package boltstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
)

func TestFileMode(t *testing.T) {
	path := newPath(t)
	open(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
}

func TestReopen(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	a := igauth.Account{Profile: igauth.Profile{ID: account(1), Username: "maria.bakes"}, Status: igauth.StatusActive, DueAt: start, Ref: "AQAAAAE"}
	save(t, l, &a)
	f := igauth.Flow{ID: "f", ExpiresAt: time.Now().Add(time.Hour)}
	saveFlow(t, l, f)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	l = open(t, path)
	got, err := l.Account(t.Context(), a.ID)
	if err != nil || got.Username != "maria.bakes" || got.Revision != 1 || got.Ref != a.Ref {
		t.Errorf("got %+v, %v, want the account", got, err)
	}
	if _, err := l.Flow(t.Context(), f.ID); err != nil {
		t.Errorf("flow: %v", err)
	}
	if list, err := due(t, l, start, 9); err != nil || len(list) != 1 {
		t.Errorf("got %d due, %v, want 1", len(list), err)
	}
	got.Name = "changed"
	save(t, l, &got)
}

func TestOpenFails(t *testing.T) {
	t.Run("no folder", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "missing", "ledger.db")
		_, err := boltstore.Open(path, nil)
		if want := "opening the ledger: the folder of " + path + " does not exist"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
	t.Run("a folder in its place", func(t *testing.T) {
		if _, err := boltstore.Open(t.TempDir(), nil); err == nil || !strings.HasPrefix(err.Error(), "opening the ledger: ") {
			t.Errorf("got %v, want an error of opening", err)
		}
	})
	t.Run("another file in its place", func(t *testing.T) {
		path := newPath(t)
		if err := os.WriteFile(path, []byte(strings.Repeat("not a ledger\n", 2000)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := boltstore.Open(path, nil); err == nil || !strings.HasPrefix(err.Error(), "opening the ledger: ") {
			t.Errorf("got %v, want an error of opening", err)
		}
	})
}

func TestClosed(t *testing.T) {
	l := open(t, newPath(t))
	a := igauth.Account{Profile: igauth.Profile{ID: account(1)}}
	save(t, l, &a)
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, accountErr := l.Account(t.Context(), a.ID)
	_, flowErr := l.Flow(t.Context(), "f")
	_, dueErr := due(t, l, start, 1)
	_, pageErr := l.Accounts(t.Context(), "", 1)
	for name, err := range map[string]error{
		"Account": accountErr, "Flow": flowErr, "Due": dueErr, "Accounts": pageErr,
		"Save": l.Save(t.Context(), igauth.Change{Account: &a, Attempt: attempt(1)}),
	} {
		if err == nil || err.Error() != "the ledger is closed" {
			t.Errorf("%s: got %v, want that it is closed", name, err)
		}
	}
	if a.Revision != 1 {
		t.Errorf("got revision %d, want 1, as nothing was saved", a.Revision)
	}
}

// Close waits for nobody and breaks nothing: who is at work finishes.
func TestCloseWhileInUse(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	var group sync.WaitGroup
	begun := make(chan struct{}, 8)
	saved := make([]int, 8)
	for n := range saved {
		group.Go(func() {
			a := igauth.Account{Profile: igauth.Profile{ID: account(n)}}
			for i := 0; ; i++ {
				err := l.Save(t.Context(), igauth.Change{Account: &a, Attempt: attempt(i)})
				if err != nil {
					if err.Error() != "the ledger is closed" {
						t.Error(err)
					}
					return
				}
				saved[n]++
				if i == 0 {
					begun <- struct{}{}
				}
			}
		})
	}
	for range saved {
		<-begun
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
	l = open(t, path)
	for n, want := range saved {
		if got, err := l.Account(t.Context(), account(n)); err != nil || got.Revision != int64(want) {
			t.Errorf("account %d: got revision %d, %v, want %d", n, got.Revision, err, want)
		}
	}
}

// A file that is open is locked, also against another handle of the same
// process, so that two handles are as good as two processes.
func TestTwoHandles(t *testing.T) {
	t.Run("each sees what the other saved", func(t *testing.T) {
		path := newPath(t)
		first, second := open(t, path), open(t, path)
		a := igauth.Account{Profile: igauth.Profile{ID: account(1)}}
		save(t, first, &a)
		b, err := second.Account(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		save(t, second, &b)
		err = first.Save(t.Context(), igauth.Change{Account: &a, Attempt: attempt(1)})
		if !errors.Is(err, igauth.ErrConflict) {
			t.Errorf("got %v, want %v", err, igauth.ErrConflict)
		}
	})
	t.Run("no save of two busy ones is lost", func(t *testing.T) {
		const each = 25
		path := newPath(t)
		var group sync.WaitGroup
		for h, l := range []*boltstore.Ledger{open(t, path), open(t, path)} {
			group.Go(func() {
				for n := 0; n < each; {
					a, err := l.Account(t.Context(), account(1))
					if err != nil && !errors.Is(err, igauth.ErrNotFound) {
						t.Error(err)
						return
					}
					a.ID = account(1)
					a.Failures++
					err = l.Save(t.Context(), igauth.Change{Account: &a, Attempt: attempt(h*each + n)})
					switch {
					case err == nil:
						n++
					case !errors.Is(err, igauth.ErrConflict):
						t.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		got, err := open(t, path).Account(t.Context(), account(1))
		if err != nil || got.Failures != 2*each || got.Revision != 2*each {
			t.Errorf("got %d and revision %d, %v, want %d", got.Failures, got.Revision, err, 2*each)
		}
	})
	t.Run("one waits for the other to let go", func(t *testing.T) {
		path := newPath(t)
		l := open(t, path)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		release := hold(t, path)
		opened := make(chan error)
		go func() {
			l, err := boltstore.Open(path, nil)
			if err == nil {
				err = l.Close()
			}
			opened <- err
		}()
		release()
		if err := <-opened; err != nil {
			t.Error(err)
		}
	})
}

// hold keeps the file, as another process would, until it is released.
func hold(t testing.TB, path string) (release func()) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	return release
}

// Who has less time than the 10 seconds for which a file is waited for is told
// so in time.
func TestFileInUse(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	release := hold(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := l.Account(ctx, account(1))
	if !errors.Is(err, boltstore.ErrInUse) {
		t.Errorf("got %v, want %v", err, boltstore.ErrInUse)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v, want what the context allows", took)
	}
	release()
	if _, err := l.Account(t.Context(), account(1)); !errors.Is(err, igauth.ErrNotFound) {
		t.Errorf("afterwards: got %v, want %v", err, igauth.ErrNotFound)
	}
}

// Somebody who wants to begin anew deletes the file under a running server.
func TestFileDeletedMeanwhile(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	a := igauth.Account{Profile: igauth.Profile{ID: account(1)}, DueAt: start}
	save(t, l, &a)
	hold(t, path)() // the ledger has let go of the file
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Account(t.Context(), a.ID); !errors.Is(err, igauth.ErrNotFound) {
		t.Errorf("got %v, want %v", err, igauth.ErrNotFound)
	}
	if list, err := due(t, l, start, 9); err != nil || len(list) != 0 {
		t.Errorf("got %d due, %v, want none", len(list), err)
	}
	a.Revision = 0
	save(t, l, &a)
	saveFlow(t, l, igauth.Flow{ID: "f", ExpiresAt: time.Now().Add(time.Hour)})
}

// A row that cannot be read, say after an older program met a newer file, does
// not hide the others.
func TestDamagedRow(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	for n := range 3 {
		a := igauth.Account{Profile: igauth.Profile{ID: account(n)}, DueAt: start.Add(time.Duration(n) * time.Second)}
		save(t, l, &a)
	}
	change(t, path, func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("accounts")).Put([]byte(account(1)), []byte(`{"record":{"revision":"x"`))
	})

	if _, err := l.Account(t.Context(), account(1)); !errors.Is(err, igauth.ErrDamaged) || errors.Is(err, igauth.ErrNotFound) {
		t.Errorf("Account: got %v, want %v", err, igauth.ErrDamaged)
	}
	if err := l.Save(t.Context(), igauth.Change{Account: &igauth.Account{Profile: igauth.Profile{ID: account(1)}}, Attempt: attempt(1)}); !errors.Is(err, igauth.ErrDamaged) {
		t.Errorf("Save: got %v, want %v", err, igauth.ErrDamaged)
	}
	list, dueErr := due(t, l, start.Add(time.Hour), 9)
	page, pageErr := l.Accounts(t.Context(), "", 9)
	for name, got := range map[string]struct {
		rows []igauth.Account
		err  error
	}{"Due": {list, dueErr}, "Accounts": {page, pageErr}} {
		if len(got.rows) != 2 || !errors.Is(got.err, igauth.ErrDamaged) || !strings.Contains(got.err.Error(), string(account(1))) {
			t.Errorf("%s: got %d rows, %v, want 2 and the name of the damaged one", name, len(got.rows), got.err)
		}
	}
}

// Not to wait for the disk changes nothing that another handle sees.
func TestNoSync(t *testing.T) {
	path := newPath(t)
	l, err := boltstore.OpenNoSync(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := igauth.Account{Profile: igauth.Profile{ID: account(1)}, DueAt: start}
	save(t, l, &a)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	other := open(t, path)
	if got, err := other.Account(t.Context(), a.ID); err != nil || got.Revision != 1 {
		t.Errorf("got revision %d, %v, want 1", got.Revision, err)
	}
	save(t, other, &a)
}
