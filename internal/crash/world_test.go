package crash_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// The person whose account it is, as the simulator knows her.
const (
	person   = "maria.bakes"
	personID = igauth.AccountID("17841400000010111")
	// instagramScopedID is she as the app of Instagram Login knows her.
	instagramScopedID = "38281000000004703"
)

// stateKey authenticates the states of the flows.
const stateKey = "a-key-for-states-of-32-characters"

// A loss is what may be lost when a fault strikes at the wrong moment.
type loss string

const (
	lossC2b loss = "C2b"
	lossC3  loss = "C3"
	lossR3  loss = "R3"
)

// A put is a token that was brought to the vault.
type put struct {
	at time.Time
	// byRun: not by a person's consent.
	byRun bool
}

// A world is everything that exists in one case.
type world struct {
	// strayed: see outcome.
	strayed bool

	scenario  *scenario
	behaviour string
	stack     *stack
	sim       *igsim.Simulator
	log       *slog.Logger
	// observer reads what is there, without faults.
	observer *igauth.Store
	visitor  *visitor
	running  sync.WaitGroup
	over     chan struct{}

	// mu guards what follows. Nothing is waited for while it is held.
	mu       sync.Mutex
	text     bytes.Buffer // the log
	armed    bool
	faults   []fault
	calls    []call
	begun    int // processes
	books    metaBooks
	events   eventBooks
	putRefs  map[igauth.Ref]*process
	puts     map[igauth.Slot]put
	secrets  map[string]string // what must not be in the log, and what it is
	excuses  map[loss]bool     // what the faults allow to be lost
	losses   map[loss]int      // what was lost
	claims   int               // how many processes were going to send a code
	problems []string

	journey
	// gone says that a disconnection was confirmed, and that nobody may read the
	// token any more.
	gone atomic.Bool
	// claimsBefore is how many processes were going to send a code before that, and
	// takenAfter how many when the row was written that ends the account, or -1.
	claimsBefore, takenAfter int
	// told is how long the visitor waited to be told how the flow ended.
	told time.Duration
	// began is when the faults were armed, and spent how many codes were spent
	// before.
	began time.Time
	spent int
}

func newWorld(s *scenario, behaviour string, build func() *stack, faults []fault) *world {
	w := &world{
		scenario: s, behaviour: behaviour, faults: faults, over: make(chan struct{}),
		books:   metaBooks{codes: map[string]int{}, since: map[string]time.Time{}},
		events:  eventBooks{written: map[string]string{}, accepted: map[string]bool{}},
		putRefs: map[igauth.Ref]*process{}, puts: map[igauth.Slot]put{},
		secrets: map[string]string{igsim.DefaultAppSecret: "the app secret", igsim.DefaultMetaAppSecret: "the Meta app's secret", stateKey: "a key"},
		excuses: map[loss]bool{}, losses: map[loss]int{}, takenAfter: -1,
	}
	w.log = slog.New(slog.NewTextHandler(lockedWriter{w}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.sim = must(igsim.New(igsim.Config{Now: time.Now}))
	if err := w.sim.SetBehaviour(behaviours[behaviour]); err != nil {
		panic(err)
	}
	w.stack = build()
	w.observer = must(igauth.NewStore(igauth.StoreConfig{Ledger: w.stack.ledger, Vault: w.stack.vault}))
	w.visitor = &visitor{w: w, cookies: map[string]string{}}
	return w
}

// behaviours are the simulator's words for what a refresh gives. At Facebook
// nothing dies of it.
var behaviours = map[string]igsim.Behaviour{
	"same":          {Refresh: "same", Extend: "same"},
	"new-old-lives": {Refresh: "new", Extend: "new", PageToken: "new"},
	"new-old-dies":  {Refresh: "rotate"},
}

var allBehaviours = []string{"same", "new-old-lives", "new-old-dies"}

type lockedWriter struct{ w *world }

func (l lockedWriter) Write(b []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.text.Write(b)
}

// problem notes that an invariant does not hold.
func (w *world) problem(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problemLocked(format, args...)
}

func (w *world) problemLocked(format string, args ...any) {
	if len(w.problems) < 20 {
		w.problems = append(w.problems, fmt.Sprintf(format, args...))
	}
}

// arm lets faults strike from now on.
func (w *world) arm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.began, w.spent, w.claims, w.takenAfter = true, time.Now(), w.books.spent, 0, -1
}

func (w *world) callsSoFar() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.calls)
}

// lose notes that something was lost, which one of the given excuses must allow.
func (w *world) lose(what string, allowed ...loss) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range allowed {
		if w.excuses[l] {
			w.losses[l]++
			return
		}
	}
	w.problemLocked("%s, and no fault excuses it", what)
}

func (w *world) row() (igauth.Account, bool) {
	a, err := w.stack.ledger.Account(context.Background(), personID)
	return a, err == nil
}

// live reports whether the account has a token that is worth something to its
// readers.
func (w *world) live() bool {
	a, ok := w.row()
	return ok && a.Status.Live()
}

// until sleeps until the time of day is a full hour again.
func untilNextHour() {
	now := time.Now()
	time.Sleep(now.Truncate(time.Hour).Add(time.Hour).Sub(now))
}

// day is how long a day is.
const day = 24 * time.Hour

// ticks has the hourly runs go on for a time, and looks after each whether what
// must hold at any time does. When two have found nothing due, the next ones that
// would not either are left out: there are very many of those.
func (w *world) ticks(long time.Duration) {
	idle := 0
	for end := time.Now().Add(long); time.Now().Before(end); {
		if a, _ := w.row(); idle >= 2 && (a.DueAt.IsZero() || a.DueAt.After(time.Now())) {
			next := a.DueAt
			if next.IsZero() || next.After(end) {
				next = end
			}
			// To the last full hour before the one at which something is due.
			time.Sleep(time.Until(next.Add(-time.Nanosecond).Truncate(time.Hour)))
			idle = 0
		}
		untilNextHour()
		if a, ok := w.row(); ok && !a.DueAt.IsZero() && !a.DueAt.After(time.Now()) || w.waiting() {
			idle = 0
		} else {
			idle++
		}
		w.tick()
		if w.gone.Load() {
			w.checkGone()
		}
	}
}

func (w *world) tick() { w.run(w.begin(run)) }

// finish waits for everything that still runs.
func (w *world) finish() {
	close(w.over)
	w.running.Wait()
	w.stack.close()
}
