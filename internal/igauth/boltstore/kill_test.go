package boltstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
)

// killedFile names the file, in the environment of the process that is killed.
const killedFile = "IGAUTH_TEST_KILLED_FILE"

// The process has as many writers as this, each with accounts of its own.
const (
	killedWriters = 3
	killedRows    = 8 // of each writer
)

// killedAccount and killedFlow are what is saved as a revision of the n-th row:
// all of it follows from both numbers, so that a row can be told from a mixture
// of two. Even rows have a flow that is saved with them.
func killedAccount(n int, revision int64) igauth.Account {
	a := igauth.Account{
		Profile:  igauth.Profile{ID: account(n), Name: fmt.Sprintf("%0*d", 20+(n*31+int(revision)*17)%400, revision)},
		Status:   igauth.StatusActive,
		Failures: int(revision),
		Revision: revision,
	}
	if hours := (int64(n)*7 + revision*13) % 40; hours >= 10 {
		a.DueAt = start.Add(time.Duration(hours) * time.Hour)
	}
	return a
}

func killedFlow(n int, revision int64) igauth.Flow {
	return igauth.Flow{
		ID:        igauth.FlowID(fmt.Sprintf("flow-%d", n)),
		Account:   account(n),
		ClaimHash: strconv.FormatInt(revision, 10),
		ExpiresAt: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC),
		Revision:  revision,
	}
}

// killedSave saves the revision after the given one. Its attempt follows from
// both numbers, too, so that anybody can repeat it.
func killedSave(ctx context.Context, l *boltstore.Ledger, n int, revision int64) error {
	a, f := killedAccount(n, revision+1), killedFlow(n, revision+1)
	a.Revision, f.Revision = revision, revision
	change := igauth.Change{Account: &a, Attempt: attempt(n<<32 | int(revision+1))}
	if n%2 == 0 {
		change.Flow = &f
	}
	return l.Save(ctx, change)
}

// TestSavesUntilKilled is the process that is killed. It saves as fast as it can
// and reports each row and revision that is committed.
func TestSavesUntilKilled(t *testing.T) {
	path := os.Getenv(killedFile)
	if path == "" {
		t.Skip("it is a part of TestKilled")
	}
	l := open(t, path)
	var all sync.WaitGroup
	for writer := range killedWriters {
		all.Go(func() {
			random := rand.New(rand.NewSource(time.Now().UnixNano() + int64(writer)))
			for t.Context().Err() == nil {
				n := random.Intn(killedRows)*killedWriters + writer
				row, err := l.Account(t.Context(), account(n))
				if err != nil && !errors.Is(err, igauth.ErrNotFound) {
					t.Errorf("reading: %v", err)
					return
				}
				if err := killedSave(t.Context(), l, n, row.Revision); err != nil {
					t.Errorf("saving: %v", err)
					return
				}
				fmt.Printf("%d %d\n", n, row.Revision+1)
				litter(t, l, random.Int())
			}
		})
	}
	all.Wait()
}

// litter saves a flow or an account that the ledger forgets in one of the next
// saves, so that pages of the file become free and are used again.
func litter(t *testing.T, l *boltstore.Ledger, number int) {
	over := start.Add(-time.Hour)
	change := igauth.Change{Attempt: attempt(number)}
	switch number % 3 {
	case 0:
		change.Flow = &igauth.Flow{ID: igauth.FlowID(attempt(number)), ExpiresAt: over}
	case 1:
		change.Account = &igauth.Account{
			Profile: igauth.Profile{ID: account(1000 + number%1000)}, Status: igauth.StatusDeleting, DueAt: start, ForgetAt: over,
		}
	default:
		return
	}
	if err := l.Save(t.Context(), change); err != nil && !errors.Is(err, igauth.ErrConflict) {
		t.Errorf("saving what is forgotten: %v", err)
	}
}

// A process that is killed at any moment leaves a file with all that it had
// committed, whole, and an index that agrees with it. Nothing is said here about a
// machine that loses its power: the system has what the process wrote.
func TestKilled(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 20
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewSource(seed))
	path := newPath(t)
	committed := map[int]int64{}
	for kill := range kills {
		reports, after := random.Intn(12), 4*time.Millisecond
		if random.Intn(8) == 0 {
			// It may be killed before its first save, while it opens the file.
			reports, after = 0, 40*time.Millisecond
		}
		saveAndKill(t, path, reports, time.Duration(random.Int63n(int64(after))), committed)
		checkKilled(t, path, random, committed)
		if t.Failed() {
			t.Fatalf("after kill %d, seed %d", kill+1, seed)
		}
	}
	var saves int64
	for _, revision := range committed {
		saves += revision
	}
	t.Logf("%d saves of %d rows were committed and %d processes killed", saves, len(committed), kills)
	if len(committed) < killedWriters*killedRows && !testing.Short() {
		t.Errorf("%d rows were saved, want all %d", len(committed), killedWriters*killedRows)
	}
}

// saveAndKill kills a process some time after it reported some commits, and notes
// all that it reported.
func saveAndKill(t *testing.T, path string, reports int, after time.Duration, committed map[int]int64) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.run=^TestSavesUntilKilled$")
	cmd.Env = append(os.Environ(), killedFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	note := func() {
		var n int
		var revision int64
		if count, _ := fmt.Sscanf(lines.Text(), "%d %d", &n, &revision); count != 2 {
			t.Errorf("the process says %q", lines.Text())
		}
		committed[n] = revision
	}
	for seen := 0; seen < reports && lines.Scan(); seen++ {
		note()
	}
	time.Sleep(after) // It is the random moment of the kill.
	_ = cmd.Process.Kill()
	for lines.Scan() {
		note()
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Errorf("the process has ended by itself: %v", err)
	}
}

// checkKilled opens the file after a kill and compares it with what is known to
// be committed.
func checkKilled(t *testing.T, path string, random *rand.Rand, committed map[int]int64) {
	t.Helper()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && len(committed) == 0 {
		return // The process had not begun.
	}
	l, err := boltstore.Open(path, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	for n := range killedWriters * killedRows {
		checkKilledRow(t, l, n, committed)
	}
	checkKilledIndex(t, l)
	if len(committed) > 0 {
		n := random.Intn(killedWriters * killedRows)
		checkKilledSaves(t, l, n, committed)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	checkKilledPages(t, path)
}

// checkKilledRow finds the last revision that was reported or, as the kill may
// have come before the report, the one after it.
func checkKilledRow(t *testing.T, l *boltstore.Ledger, n int, committed map[int]int64) {
	t.Helper()
	row, err := l.Account(t.Context(), account(n))
	if err != nil && !errors.Is(err, igauth.ErrNotFound) {
		t.Fatalf("row %d: %v", n, err)
	}
	if last := committed[n]; row.Revision != last && row.Revision != last+1 {
		t.Errorf("row %d is at revision %d, and %d was committed", n, row.Revision, last)
	}
	committed[n] = row.Revision
	if row.Revision == 0 {
		delete(committed, n)
		return
	}
	if want := killedAccount(n, row.Revision); !reflect.DeepEqual(row, want) {
		t.Errorf("row %d is %+v, want %+v", n, row, want)
	}
	if n%2 == 0 {
		if flow, err := l.Flow(t.Context(), killedFlow(n, 0).ID); err != nil || !reflect.DeepEqual(flow, killedFlow(n, row.Revision)) {
			t.Errorf("the flow beside revision %d of row %d is %+v, %v", row.Revision, n, flow, err)
		}
	}
}

// checkKilledIndex compares Due at several times with the rows.
func checkKilledIndex(t *testing.T, l *boltstore.Ledger) {
	t.Helper()
	const all = 1 << 20
	rows, err := l.Accounts(t.Context(), "", all)
	if err != nil {
		t.Fatal(err)
	}
	m := model{rows: map[igauth.AccountID]igauth.Account{}}
	for _, row := range rows {
		m.rows[row.ID] = row
	}
	for hours := time.Duration(0); hours <= 40; hours += 8 {
		at := start.Add(hours * time.Hour)
		got, err := due(t, l, at, all)
		if want := m.due(at, all); err != nil || !slices.Equal(ids(got), ids(want)) {
			t.Errorf("due after %d hours are %v, %v, want %v", hours, ids(got), err, ids(want))
		}
	}
}

// checkKilledSaves repeats a save of which the answer may have been lost by the
// kill, which succeeds, and makes one that is stale, which conflicts.
func checkKilledSaves(t *testing.T, l *boltstore.Ledger, n int, committed map[int]int64) {
	t.Helper()
	revision := committed[n]
	if err := killedSave(t.Context(), l, n, max(0, revision-1)); err != nil {
		t.Errorf("row %d: repeating the save of revision %d: %v", n, max(1, revision), err)
	}
	committed[n] = max(1, revision)
	stale := killedAccount(n, committed[n]-1)
	err := l.Save(t.Context(), igauth.Change{Account: &stale, Attempt: attempt(0)})
	if !errors.Is(err, igauth.ErrConflict) {
		t.Errorf("row %d: a stale save: got %v, want %v", n, err, igauth.ErrConflict)
	}
	checkKilledRow(t, l, n, committed)
}

// checkKilledPages has bbolt compare every page of the file with its list of
// free ones.
func checkKilledPages(t *testing.T, path string) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bolt.Tx) error {
		var problems []error
		for problem := range tx.Check() {
			problems = append(problems, problem)
		}
		return errors.Join(problems...)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Errorf("the file is damaged: %v", err)
	}
}
