package boltstore_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
)

var start = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func newPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "ledger.db")
}

func open(t testing.TB, path string) *boltstore.Ledger {
	t.Helper()
	return openAt(t, path, nil)
}

func openAt(t testing.TB, path string, now func() time.Time) *boltstore.Ledger {
	t.Helper()
	l, err := boltstore.Open(path, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// attempt returns the n-th name of a save.
func attempt(n int) string { return fmt.Sprintf("%032x", n) }

func account(n int) igauth.AccountID { return igauth.AccountID(fmt.Sprintf("178414%011d", n)) }

// save stores an account under a new attempt.
func save(t testing.TB, l *boltstore.Ledger, a *igauth.Account) {
	t.Helper()
	if err := l.Save(t.Context(), igauth.Change{Account: a, Attempt: attempt(rand.Int())}); err != nil {
		t.Fatal(err)
	}
}

// keys returns the keys of a bucket of a file that no ledger keeps open.
func keys(t testing.TB, path, bucket string) []string {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 5 * time.Second, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var found []string
	err = db.View(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bucket)).ForEach(func(key, _ []byte) error {
			found = append(found, string(key))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// model is what a ledger should hold, kept in a map.
type model struct {
	rows     map[igauth.AccountID]igauth.Account
	attempts map[igauth.AccountID]string
}

func (m model) save(a igauth.Account, attempt string) (igauth.Account, error) {
	old := m.rows[a.ID]
	repeated := m.attempts[a.ID] == attempt && old.Revision == a.Revision+1
	if old.Revision != a.Revision && !repeated {
		return a, igauth.ErrConflict
	}
	a.Revision++
	m.rows[a.ID], m.attempts[a.ID] = a, attempt
	return a, nil
}

func (m model) due(now time.Time, limit int) []igauth.Account {
	due := slices.Collect(maps.Values(m.rows))
	due = slices.DeleteFunc(due, func(a igauth.Account) bool { return a.DueAt.IsZero() || a.DueAt.After(now) })
	slices.SortFunc(due, func(a, b igauth.Account) int {
		if c := a.DueAt.Compare(b.DueAt); c != 0 {
			return c
		}
		return compare(a.ID, b.ID)
	})
	return due[:min(limit, len(due))]
}

func (m model) accounts(after igauth.AccountID, limit int) []igauth.Account {
	page := slices.Collect(maps.Values(m.rows))
	page = slices.DeleteFunc(page, func(a igauth.Account) bool { return a.ID <= after })
	slices.SortFunc(page, func(a, b igauth.Account) int { return compare(a.ID, b.ID) })
	return page[:min(limit, len(page))]
}

func compare(a, b igauth.AccountID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Whatever is saved in whatever order, the index of what is due agrees with the
// rows, as does the list of accounts.
func TestRandomOperations(t *testing.T) {
	const seed, operations, accounts = 20261123, 2000, 30
	random := rand.New(rand.NewSource(seed))
	path := newPath(t)
	l := open(t, path)
	m := model{map[igauth.AccountID]igauth.Account{}, map[igauth.AccountID]string{}}
	same := func(n int, what string, got []igauth.Account, err error, want []igauth.Account) {
		t.Helper()
		if err != nil || len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d, operation %d, %s: got %v, %v, want %v", seed, n, what, ids(got), err, ids(want))
		}
	}
	var last igauth.Change // the save that is repeated
	for n := range operations {
		at := start.Add(time.Duration(random.Intn(20)) * time.Hour)
		limit := random.Intn(accounts + 5)
		switch random.Intn(10) {
		case 0:
			got, err := due(t, l, at, limit)
			same(n, "due", got, err, m.due(at, limit))
		case 1:
			after := account(random.Intn(accounts + 2))
			if random.Intn(3) == 0 {
				after = ""
			}
			got, err := l.Accounts(t.Context(), after, limit)
			same(n, "accounts", got, err, m.accounts(after, limit))
		case 2:
			if last.Account == nil {
				continue
			}
			again := *last.Account
			want, wantErr := m.save(again, last.Attempt)
			err := l.Save(t.Context(), igauth.Change{Account: &again, Attempt: last.Attempt})
			if !errors.Is(err, wantErr) || err == nil && again.Revision != want.Revision {
				t.Fatalf("seed %d, operation %d, repeated save: got %v, revision %d, want %v, revision %d", seed, n, err, again.Revision, wantErr, want.Revision)
			}
		default:
			id := account(random.Intn(accounts))
			a := m.rows[id]
			a.ID, a.Status, a.Failures = id, igauth.StatusActive, n
			switch random.Intn(4) {
			case 0:
				a.DueAt = time.Time{}
			case 1: // stays where it is
			default:
				a.DueAt = at
			}
			if random.Intn(8) == 0 {
				a.Revision += int64(random.Intn(3) - 1)
				a.Revision = max(a.Revision, 0)
			}
			last = igauth.Change{Account: new(igauth.Account), Attempt: attempt(n + 1)}
			*last.Account = a
			want, wantErr := m.save(a, last.Attempt)
			err := l.Save(t.Context(), igauth.Change{Account: &a, Attempt: last.Attempt})
			if !errors.Is(err, wantErr) || a.Revision != want.Revision {
				t.Fatalf("seed %d, operation %d, save: got %v, revision %d, want %v, revision %d", seed, n, err, a.Revision, wantErr, want.Revision)
			}
		}
	}
	far := start.Add(1000 * time.Hour)
	got, err := due(t, l, far, accounts+1)
	same(operations, "due", got, err, m.due(far, accounts+1))
	got, err = l.Accounts(t.Context(), "", accounts+1)
	same(operations, "accounts", got, err, m.accounts("", accounts+1))
	for id, want := range m.rows {
		if got, err := l.Account(t.Context(), id); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("account %s: got %+v, %v, want %+v", id, got, err, want)
		}
	}
	// Nothing is left in the index that Due would only pass over.
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := len(keys(t, path, "due")), len(m.due(far, accounts)); got != want {
		t.Errorf("the index has %d entries, want %d", got, want)
	}
}

func ids(rows []igauth.Account) []igauth.AccountID {
	var list []igauth.AccountID
	for _, row := range rows {
		list = append(list, row.ID)
	}
	return list
}

// flowID returns ids in the random order of hashes.
func flowID(random *rand.Rand) igauth.FlowID {
	return igauth.FlowID(fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64()))
}

func saveFlow(t testing.TB, l *boltstore.Ledger, f igauth.Flow) {
	t.Helper()
	if err := l.Save(t.Context(), igauth.Change{Flow: &f, Attempt: attempt(rand.Int())}); err != nil {
		t.Fatal(err)
	}
}

func TestOldFlowsAreForgotten(t *testing.T) {
	t.Run("one that is over, by the next one", func(t *testing.T) {
		now := start
		l := openAt(t, newPath(t), func() time.Time { return now })
		for _, id := range []igauth.FlowID{"b", "d"} {
			saveFlow(t, l, igauth.Flow{ID: id, ExpiresAt: start.Add(time.Minute)})
		}
		now = start.Add(time.Minute)
		saveFlow(t, l, igauth.Flow{ID: "c", ExpiresAt: now.Add(time.Hour)})
		for _, id := range []igauth.FlowID{"b", "c", "d"} {
			if _, err := l.Flow(t.Context(), id); err != nil {
				t.Errorf("flow %s, in its last instant: %v", id, err)
			}
		}
		now = now.Add(time.Second)
		saveFlow(t, l, igauth.Flow{ID: "e", ExpiresAt: now.Add(time.Hour)})
		for id, want := range map[igauth.FlowID]error{"b": igauth.ErrNotFound, "c": nil, "d": igauth.ErrNotFound, "e": nil} {
			if _, err := l.Flow(t.Context(), id); !errors.Is(err, want) {
				t.Errorf("flow %s: got %v, want %v", id, err, want)
			}
		}
	})
	t.Run("with many visitors at all times", func(t *testing.T) {
		// A visitor every six seconds, whose flow is kept for ten minutes: there
		// are always a hundred that count.
		const visitors, alive = 1500, 100
		random := rand.New(rand.NewSource(7))
		now, path := start, newPath(t)
		l := openAt(t, path, func() time.Time { return now })
		for range visitors {
			saveFlow(t, l, igauth.Flow{ID: flowID(random), ExpiresAt: now.Add(10 * time.Minute)})
			now = now.Add(6 * time.Second)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got := len(keys(t, path, "flows")); got > 2*alive {
			t.Errorf("got %d flows in the file, want about %d", got, alive)
		}
	})
	t.Run("accounts are not", func(t *testing.T) {
		now := start
		l := openAt(t, newPath(t), func() time.Time { return now })
		a := igauth.Account{Profile: igauth.Profile{ID: account(1)}, Status: igauth.StatusDisconnected, ExpiresAt: start}
		save(t, l, &a)
		now = start.Add(10 * 365 * 24 * time.Hour)
		saveFlow(t, l, igauth.Flow{ID: "f", ExpiresAt: now.Add(time.Hour)})
		if _, err := l.Account(t.Context(), a.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestAccountsAreForgottenWhenTheirTimeIsOver(t *testing.T) {
	now := start
	l := openAt(t, newPath(t), func() time.Time { return now })
	row := func(n int, forget time.Time) *igauth.Account {
		a := &igauth.Account{Profile: igauth.Profile{ID: account(n)}, Status: igauth.StatusDeleting, ForgetAt: forget, DueAt: forget}
		save(t, l, a)
		return a
	}
	over, kept := row(1, start.Add(time.Minute)), row(2, time.Time{})
	back := row(3, start.Add(time.Minute))
	back.ForgetAt = time.Time{}
	save(t, l, back)
	now = start.Add(time.Hour)
	late := row(4, start.Add(time.Minute)) // forgotten by the next save, not by its own
	for a, want := range map[*igauth.Account]error{over: igauth.ErrNotFound, kept: nil, back: nil, late: nil} {
		if _, err := l.Account(t.Context(), a.ID); !errors.Is(err, want) {
			t.Errorf("account %s: got %v, want %v", a.ID, err, want)
		}
	}
	list, err := due(t, l, now, 10)
	if err != nil || len(list) != 2 || list[0].ID != back.ID {
		t.Errorf("got %d accounts due, %v, want 2", len(list), err)
	}
	if n, err := l.Count(t.Context(), over.Status); err != nil || n != 3 {
		t.Errorf("%d accounts are counted, %v, want 3", n, err)
	}
	if again := row(1, time.Time{}); again.Revision != 1 {
		t.Errorf("the forgotten account begins at revision %d, want 1", again.Revision)
	}
}

// Persons and removals go with any later save, those that are to be kept do not,
// and neither does one that was just saved.
func TestPersonsAndRemovalsAreForgottenWhenTheirTimeIsOver(t *testing.T) {
	now, path := start, newPath(t)
	l := openAt(t, path, func() time.Time { return now })
	person := func(id igauth.PersonID, forget time.Time) *igauth.Person {
		p := &igauth.Person{ID: id, ForgetAt: forget}
		if err := l.Save(t.Context(), igauth.Change{Person: p, Attempt: attempt(rand.Int())}); err != nil {
			t.Fatal(err)
		}
		return p
	}
	removal := func(code string, forget time.Time) *igauth.Removal {
		r := &igauth.Removal{Code: code, ForgetAt: forget}
		if err := l.Save(t.Context(), igauth.Change{Removal: r, Attempt: attempt(rand.Int())}); err != nil {
			t.Fatal(err)
		}
		return r
	}
	soon, later := start.Add(time.Minute), start.Add(24*time.Hour)
	for n := range 40 { // more than one save looks at
		person(igauth.PersonID(fmt.Sprintf("instagram/9%02d", n)), soon)
		removal(fmt.Sprintf("9%02d", n), soon)
	}
	person("instagram/1", soon)
	person("instagram/2", time.Time{})
	person("instagram/3", later)
	back := person("instagram/4", soon)
	back.ForgetAt = time.Time{}
	removal("1", soon)
	removal("2", time.Time{})
	removal("3", later)
	if err := l.Save(t.Context(), igauth.Change{Person: back, Attempt: attempt(1)}); err != nil {
		t.Fatal(err)
	}
	now = start.Add(time.Hour)
	a := igauth.Account{Profile: igauth.Profile{ID: account(1)}}
	for range 4 {
		save(t, l, &a)
	}
	late, lateRemoval := person("instagram/5", soon), removal("5", soon) // by the next save, not by its own
	if _, err := l.Removal(t.Context(), lateRemoval.Code); err != nil {
		t.Errorf("removal %s: %v", lateRemoval.Code, err)
	}
	if again := person("instagram/1", time.Time{}); again.Revision != 1 {
		t.Errorf("the forgotten person begins at revision %d, want 1", again.Revision)
	}
	for id, want := range map[igauth.PersonID]error{
		"instagram/900": igauth.ErrNotFound, "instagram/939": igauth.ErrNotFound, "instagram/2": nil, "instagram/3": nil, "instagram/4": nil, late.ID: igauth.ErrNotFound,
	} {
		if _, err := l.Person(t.Context(), id); !errors.Is(err, want) {
			t.Errorf("person %s: got %v, want %v", id, err, want)
		}
	}
	for code, want := range map[string]error{"900": igauth.ErrNotFound, "939": igauth.ErrNotFound, "1": igauth.ErrNotFound, "2": nil, "3": nil, "5": igauth.ErrNotFound} {
		if _, err := l.Removal(t.Context(), code); !errors.Is(err, want) {
			t.Errorf("removal %s: got %v, want %v", code, err, want)
		}
	}
	if list, err := l.OpenRemovals(t.Context(), 99); err != nil || len(list) != 2 {
		t.Errorf("got %d open removals, %v, want 2", len(list), err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for bucket, want := range map[string]int{"persons": 4, "forget_persons": 1, "removals": 2, "forget_removals": 1, "open_removals": 2} {
		if got := len(keys(t, path, bucket)); got != want {
			t.Errorf("%s has %d keys, want %d", bucket, got, want)
		}
	}
}

// due returns the first accounts that are due.
func due(t *testing.T, l *boltstore.Ledger, now time.Time, limit int) ([]igauth.Account, error) {
	t.Helper()
	list, _, err := l.Due(t.Context(), igauth.DueQuery{Now: now, Limit: limit})
	return list, err
}
