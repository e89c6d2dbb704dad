package scale

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awstest"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/boltstore"
)

var (
	benchAccounts = flag.Int("accounts", 0, "how many accounts are connected; 0 leaves the measurement out")
	benchDue      = flag.Int("due", 1_000, "how many of them are due")
	benchLedger   = flag.String("ledger", "bolt", "where they are kept: bolt or dynamodb")
	benchParallel = flag.Int("parallel", 32, "how many accounts a run works on at a time")
	benchRate     = flag.Int("rate", -1, "how often Meta may be asked in a second; -1 for as often as possible")
	benchLatency  = flag.Duration("latency", latency, "how long Meta takes for an answer")
	benchSync     = flag.Bool("sync", false, "whether bolt waits for the disk in a run, so that this machine's is measured, too")
	benchJSON     = flag.String("figures", "", "a file for the figures, as JSON")
)

const (
	// compareUpTo is how many due accounts are refreshed once more in an
	// installation that has no others.
	compareUpTo = 10_000
	heapLimit   = 64 * megabyte
)

// A measurement is what one run cost.
type measurement struct {
	Connected      int     `json:"connected"`
	Due            int     `json:"due"`
	FillSeconds    float64 `json:"fill_seconds"`
	RunSeconds     float64 `json:"run_seconds"`
	AccountsSecond float64 `json:"accounts_per_second"`
	// Possible is the part that was reached of parallelism / latency, or of the
	// rate that is allowed.
	Possible float64 `json:"part_of_possible"`
	Meta     stats   `json:"meta"`
	Ledger   figures `json:"ledger"`
	Calls    int     `json:"ledger_reads"`
	Rows     int     `json:"rows_read"`
	PeakHeap uint64  `json:"peak_heap_bytes"`
	Retries  int     `json:"retries"`
}

// TestBenchRefresh is `make bench-refresh`.
func TestBenchRefresh(t *testing.T) {
	accounts, due := *benchAccounts, *benchDue
	if accounts == 0 {
		t.Skip("it is the measurement of make bench-refresh")
	}
	if due < 0 || due > accounts {
		t.Fatalf("DUE=%d of ACCOUNTS=%d: must be at least 0 and not more than there are", due, accounts)
	}
	meta := startMeta(t, *benchLatency)
	var all []measurement
	if due > 0 && due < accounts && due <= compareUpTo {
		small := openBench(t, "small")
		m := measurement{Connected: due, Due: due}
		small.measureFill(t, &m, meta.token, rows{to: due, due: true})
		small.measureRun(t, &m, meta)
		all = append(all, m)
	}
	large := openBench(t, "large")
	idle, full := measurement{Connected: accounts}, measurement{Connected: accounts, Due: due}
	large.measureFill(t, &idle, meta.token, rows{to: accounts})
	if err := large.count(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	large.measureRun(t, &idle, meta)
	if due > 0 {
		large.measureFill(t, &full, meta.token, rows{to: due, due: true, again: true})
		large.measureRun(t, &full, meta)
		all = append(all, full)
	}
	all = append(all, idle)
	fmt.Printf("\nRefresh with the ledger %s, %d accounts at a time, and Meta %v away\n\n%s\n",
		*benchLedger, *benchParallel, *benchLatency, tableOf(all))
	large.verdicts(t, all)
	if *benchJSON != "" {
		text, err := json.MarshalIndent(all, "", "  ")
		if err == nil {
			err = os.WriteFile(*benchJSON, append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// A bench is an installation that is measured.
type bench struct {
	*world
	// parallel is how many saves at a time fill the ledger best.
	parallel int
	// settle is called before the first run that writes.
	settle func(t *testing.T)
	// wire counts requests on the wire, nil without any.
	wire *attempts
}

func openBench(t *testing.T, name string) *bench {
	t.Helper()
	switch *benchLedger {
	case "bolt":
		return openBenchBolt(t, filepath.Join(t.TempDir(), name+".db"))
	case "dynamodb":
		return openBenchDynamoDB(t)
	}
	t.Fatalf("LEDGER=%s: must be bolt or dynamodb", *benchLedger)
	return nil
}

// A swapped ledger may be replaced by another view of the same.
type swapped struct{ igauth.Ledger }

// openBenchBolt opens a file that does not wait for the disk, but if wanted in the
// runs: one writer at a time waits, and the ledger in AWS has no such queue.
func openBenchBolt(t *testing.T, path string) *bench {
	t.Helper()
	quick, err := boltstore.OpenNoSync(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = quick.Close() })
	current := &swapped{quick}
	c := newCounter()
	b := &bench{world: mustWorld(t, counted{current, c}, c), parallel: 2}
	b.settle = func(t *testing.T) {
		if !*benchSync {
			return
		}
		if err := quick.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		safe, err := boltstore.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		current.Ledger = safe
		t.Cleanup(func() { _ = safe.Close() })
	}
	return b
}

// openBenchDynamoDB makes a table at the endpoint of the environment; of several,
// DynamoDB Local is the one that bears many rows.
func openBenchDynamoDB(t *testing.T) *bench {
	t.Helper()
	targets := awstest.DynamoDB(t)
	cfg := targets[0].Config
	for _, target := range targets {
		if target.Kind == awstest.DynamoDBLocal {
			cfg = target.Config
		}
	}
	wire := &attempts{client: cfg.HTTPClient}
	cfg.HTTPClient = wire
	client := dynamodb.NewFromConfig(cfg)
	name := awstest.NewTable(t, client, func(ctx context.Context, name string) error { return table.CreateTable(ctx, client, name) })
	c := newCounter()
	ledger, err := table.New(table.Config{Client: countedClient{client, c}, Table: name})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{world: mustWorld(t, ledger, c), parallel: 32, settle: func(*testing.T) {}, wire: wire}
}

// measureFill connects accounts and says how far it has come.
func (b *bench) measureFill(t *testing.T, m *measurement, token igauth.Secret, these rows) {
	t.Helper()
	began := time.Now()
	var done atomic.Int64
	total := these.to - these.from
	step := max(1_000, int64(total)/20)
	err := b.fill(t.Context(), these, b.parallel, token, func() {
		if n := done.Add(1); n%step == 0 {
			fmt.Fprintf(os.Stderr, "  %s of %s accounts, %.0f s\n", grouped(int(n)), grouped(total), time.Since(began).Seconds())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if these.due {
		b.settle(t) // what follows writes
	}
	m.FillSeconds = time.Since(began).Seconds()
}

// measureRun does a run.
func (b *bench) measureRun(t *testing.T, m *measurement, meta process) {
	t.Helper()
	client, err := newClient(meta.host, nil)
	if err != nil {
		t.Fatal(err)
	}
	meta.stats(t)
	before := b.wireAttempts()
	fmt.Fprintf(os.Stderr, "  a run with %s due of %s\n", grouped(m.Due), grouped(m.Connected))
	var report igauth.Report
	m.PeakHeap = peakHeap(func() {
		began := time.Now()
		report, m.Ledger, err = b.run(t.Context(), client, *benchParallel, *benchRate)
		m.RunSeconds = time.Since(began).Seconds()
	})
	if err != nil || report.Due != m.Due || report.Refreshed != m.Due {
		t.Fatalf("got %+v, %v; want %d refreshed", report, err, m.Due)
	}
	m.Meta = meta.stats(t)
	m.Calls, m.Rows = m.Ledger.reads()
	m.Retries = m.Meta.Calls - m.Due + m.Ledger.Failed
	if b.wire != nil {
		m.Retries += b.wireAttempts() - before - m.Ledger.all()
	}
	m.AccountsSecond = float64(m.Due) / m.RunSeconds
	m.Possible = m.AccountsSecond / possible()
}

func (b *bench) wireAttempts() int {
	if b.wire == nil {
		return 0
	}
	return int(b.wire.n.Load())
}

// possible is how many accounts a second a run could refresh.
func possible() float64 {
	most := float64(*benchParallel) / benchLatency.Seconds()
	if *benchRate > 0 {
		most = min(most, float64(*benchRate))
	}
	return most
}
