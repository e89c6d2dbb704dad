package scale

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/boltstore"
)

const (
	// due is how many accounts are due; few and many are how many are connected.
	due  = 1_000
	few  = due
	many = 20_000
)

var anyToken = igauth.NewSecret("IGAA-any")

// ledgers make installations of each kind. A ledger on DynamoDB is counted by its
// requests.
var ledgers = []struct {
	name string
	// due, status and removals are what a question to an index is called.
	due, status, removals string
	open                  func(t *testing.T) *world
}{
	{"bolt", "Due", "Expiries", "OpenRemovals", newBolt},
	{"DynamoDB", "Query due", "Query status", "Query accounts", newFake},
}

func newBolt(t *testing.T) *world { return openBolt(t) }

func openBolt(t testing.TB) *world {
	t.Helper()
	ledger, err := boltstore.OpenNoSync(filepath.Join(t.TempDir(), "ledger.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	c := newCounter()
	return mustWorld(t, counted{ledger, c}, c)
}

func newFake(t *testing.T) *world {
	t.Helper()
	fake := awsfake.NewTable(awsfake.TableConfig{})
	if err := table.CreateTable(t.Context(), fake, "ledger"); err != nil {
		t.Fatal(err)
	}
	c := newCounter()
	ledger, err := table.New(table.Config{Client: countedClient{fake, c}, Table: "ledger"})
	if err != nil {
		t.Fatal(err)
	}
	return mustWorld(t, ledger, c)
}

func mustWorld(t testing.TB, ledger igauth.Ledger, c *counter) *world {
	t.Helper()
	w, err := newWorld(ledger, c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) mustFill(t *testing.T, accounts, due int) {
	t.Helper()
	w.mustFillWith(t, anyToken, rows{to: due, due: true})
	w.mustFillWith(t, anyToken, rows{from: due, to: accounts})
}

func (w *world) mustFillWith(t testing.TB, token igauth.Secret, these rows) {
	t.Helper()
	if err := w.fill(t.Context(), these, 4, token, func() {}); err != nil {
		t.Fatal(err)
	}
}

// mustRun does a run that refreshes so many accounts.
func (w *world) mustRun(t *testing.T, refreshed int) figures {
	t.Helper()
	report, asked, err := w.run(t.Context(), generous{}, 8, -1)
	if err != nil {
		t.Fatal(err)
	}
	if report.Due != refreshed || report.Refreshed != refreshed || asked.Failed > 0 {
		t.Fatalf("got %d due, %d refreshed and %d failed calls, want %d, %d and 0", report.Due, report.Refreshed, asked.Failed, refreshed, refreshed)
	}
	return asked
}

// A run costs what is due. An installation of a thousand accounts is counted in
// every run, and one of many once a day, so that the count is looked at by itself.
func TestRunReadsWhatIsDueAndNotWhatIsConnected(t *testing.T) {
	for _, kind := range ledgers {
		t.Run(kind.name, func(t *testing.T) {
			small := kind.open(t)
			small.mustFill(t, few, due)
			large := kind.open(t)
			large.mustFill(t, many, due)
			if err := large.count(t.Context(), many); err != nil {
				t.Fatal(err)
			}
			ofFew, ofMany := small.mustRun(t, due), large.mustRun(t, due)
			t.Logf("%d due of %d: %v", due, few, ofFew)
			t.Logf("%d due of %d: %v", due, many, ofMany)
			sameReads(t, ofFew, ofMany)

			// All is done, so that the next run finds nothing.
			idle := large.mustRun(t, 0)
			t.Logf("nothing due of %d: %v", many, idle)
			idleReads(t, idle, kind.due, kind.status, kind.removals, large.ledger.Shards())
		})
	}
}

func sameReads(t *testing.T, ofFew, ofMany figures) {
	t.Helper()
	fewCalls, fewRows := ofFew.reads(counting...)
	manyCalls, manyRows := ofMany.reads(counting...)
	if !near(fewCalls, manyCalls) || !near(fewRows, manyRows) {
		t.Errorf("%d connected: %d reads of %d rows; %d connected: %d reads of %d rows; they must be within 5 %%",
			few, fewCalls, fewRows, many, manyCalls, manyRows)
	}
	if !near(manyRows, due) {
		t.Errorf("%d rows read for %d accounts", manyRows, due)
	}
	fewCalls, fewRows = ofFew.reads()
	if manyCalls, manyRows = ofMany.reads(); manyCalls > fewCalls || manyRows > fewRows {
		t.Errorf("with all counts: %d reads of %d rows, more than the %d of %d of a small installation", manyCalls, manyRows, fewCalls, fewRows)
	}
	saves := func(f figures) int { return f.Calls["Save"] + f.Calls["PutItem"] }
	if saves(ofFew) != 2*due+1 || saves(ofMany) != 2*due+1 {
		t.Errorf("%d and %d saves, want two for each account, its claim and its commit, and the health", saves(ofFew), saves(ofMany))
	}
}

// counting are the calls that count the accounts.
var counting = []string{"Count", "Query status count"}

// idleReads checks that a run with nothing to do asks each part of an index once.
func idleReads(t *testing.T, idle figures, due, status, removals string, shards int) {
	t.Helper()
	calls, rows := idle.reads()
	// Besides, it reads the health.
	if idle.Calls[due] != shards || idle.Calls[status] != 2 || idle.Calls[removals] != 1 || calls != shards+2+1+1 {
		t.Errorf("got %v, want %d times %s, 2 times %s, once %s, and the health", idle.Calls, shards, due, status, removals)
	}
	if rows > 3 {
		t.Errorf("%d rows were read", rows)
	}
	if saves := idle.Calls["Save"] + idle.Calls["PutItem"]; saves != 1 {
		t.Errorf("%d saves, want that of the health", saves)
	}
}

// near reports whether two numbers differ by less than 5 %.
func near(a, b int) bool { return 20*max(a-b, b-a) < max(a, b) }

// The count costs as much as there is, and is therefore due once a day.
func TestLargeInstallationIsCountedOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake(t)
		// Nobody is due for a look.
		var err error
		w.store, err = igauth.NewStore(igauth.StoreConfig{Ledger: w.ledger, Vault: w.vault, Policy: igauth.Policy{ProbeEvery: -1}})
		if err != nil {
			t.Fatal(err)
		}
		w.mustFill(t, 10_500, 0)
		counts := 0
		for range 3 * 4 {
			counts += w.mustRun(t, 0).Calls["Query status count"]
			time.Sleep(6 * time.Hour)
		}
		if want := 3 * 4; counts != want {
			t.Errorf("%d counts in three days, want %d: one a day for each of four statuses", counts, want)
		}
	})
}
