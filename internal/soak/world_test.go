package soak_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// rules say which story is told.
type rules struct {
	accounts int
	life     time.Duration
	seed     uint64
	// rotating is the part of accounts whose tokens are replaced in the hard way.
	rotating float64
	// only leaves out everything but this outage of Meta, that begins a time after
	// the story. All accounts are then connected in the first hours.
	only *trial
}

// A trial is an outage of which it is asked whether it is survived.
type trial struct{ after, length time.Duration }

// A world is a story: Meta, the stores, the owners and the functions.
type world struct {
	t *testing.T
	rules
	chance chance
	log    *slog.Logger
	began  time.Time
	plan   plan
	// calm ends all faults, for the last hours.
	calm atomic.Bool

	meta    *meta
	ledger  *memoryLedger
	vault   *memoryVault
	random  noise
	persons []*person
	writes  atomic.Int64

	// once keeps a rate that is too high from hiding everything else.
	once sync.Once

	mu          sync.Mutex
	journal     *journal
	calendar    calendar
	idle        []*function
	invocations uint64
	hour        int
	agenda      map[int][]func()
	awaited     map[*person]bool
	stream      []igauth.AccountID
	streaming   chan struct{}
	ran         bool      // a run of this hour came to its end
	bad         time.Time // what hits everybody
	good        int       // hours in which there were runs and everybody answered
	failures    int
	// lastFirst is when the last of all accounts was refreshed for the first time.
	lastFirst time.Time
	// what is counted
	deaths, reported, slowest, revived, allowed, connections, lapses int
}

// noise is a source of names that is the same for the same seed.
type noise struct {
	mu sync.Mutex
	*rand.ChaCha8
}

func (n *noise) Read(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ChaCha8.Read(b)
}

func newWorld(t *testing.T, r rules) *world {
	w := &world{
		t: t, rules: r, chance: chance(mix(r.seed)), began: time.Now(),
		log:    slog.New(slog.DiscardHandler),
		ledger: newMemoryLedger(), vault: newMemoryVault(),
		agenda: map[int][]func(){}, awaited: map[*person]bool{}, streaming: make(chan struct{}, 1),
	}
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(mix(r.seed+uint64(i)) >> 8)
	}
	w.random.ChaCha8 = rand.NewChaCha8(seed)
	w.meta, w.journal = newMeta(w), newJournal(w)
	w.ledger.committed, w.ledger.changed = w.committed, w.changed
	end := w.began.Add(r.life)
	if r.only != nil {
		w.plan.long = outage{string(faultUnavailable), w.began.Add(r.only.after), w.began.Add(r.only.after + r.only.length), 1}
		w.plan.outages = []outage{w.plan.long}
	} else {
		w.plan = newPlan(w.chance, w.began, end)
	}
	w.calendar.outages = w.plan.outages
	for n := range r.accounts {
		p := &person{n: n + 1, id: igauth.AccountID(fmt.Sprintf("17841%012d", n+1))}
		switch u := w.chance.of(askMode, uint64(n)); {
		case u < r.rotating:
			p.mode = rotating
		case u < 0.5:
			p.mode = newText
		}
		if r.only == nil && w.chance.of(askMode, uint64(n), 1) < *facebook {
			p.facebook = true
		}
		w.persons = append(w.persons, p)
	}
	return w
}

func (w *world) person(id igauth.AccountID) *person { return w.persons[subject(id)-1] }

// violation reports that a property does not hold.
func (w *world) violation(format string, values ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violationLocked(format, values...)
}

func (w *world) violationLocked(format string, values ...any) {
	if w.failures++; w.failures <= *enough && w.only == nil {
		now := time.Now()
		text := ""
		if o, found := w.calendar.at(now, func(outage) bool { return true }); found {
			text = " (during " + o.String() + ")"
		}
		w.t.Errorf("%s, hour %d: %s%s", now.Format("2006-01-02 15:04:05"), w.hour, fmt.Sprintf(format, values...), text)
	}
}

// strike notes that a fault hit a call of a person, or 0 for everybody.
func (w *world) strike(n uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.strikeLocked(n)
}

func (w *world) strikeLocked(n uint64) {
	if n == 0 {
		w.bad = later(w.bad, time.Now())
		return
	}
	p := w.persons[n-1]
	p.struck = later(p.struck, time.Now())
}

// storeCall counts a call to a store and reports whether the store is out.
func (w *world) storeCall(n uint64, what string, now time.Time) (count uint64, out bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > 0 {
		p := w.persons[n-1]
		p.storeCalls++
		count = p.storeCalls
	} else {
		count = uint64(now.UnixNano())
	}
	_, out = w.calendar.at(now, func(o outage) bool { return o.what == what })
	return count, out
}

// metaFault returns how Meta fails at a call.
func (w *world) metaFault(p *person, count uint64, now time.Time) fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := uint64(0)
	if p != nil {
		n = uint64(p.n)
	}
	if o, out := w.calendar.at(now, ofMeta); out && (o.share == 1 || w.chance.of(askCall, 'o', n, count) < o.share) {
		if f := fault(o.what); f == faultThrottle && now.Sub(o.from) > o.to.Sub(o.from)/2 {
			return faultThrottleFor
		}
		return fault(o.what)
	}
	if p == nil || w.calm.Load() || w.only != nil {
		return faultNone
	}
	if now.Before(p.troubleUntil) {
		return p.trouble
	}
	if w.chance.of(askCall, 'b', n, count) < blips && now.Sub(p.blipped) > 3*day {
		p.blipped = now
		w.strikeLocked(n)
		return faultBlip
	}
	if u := w.chance.of(askCall, 'm', n, count); u < metaFails {
		w.strikeLocked(n)
		return singly[w.chance.pick(len(singly), askCall, 'k', n, count)]
	}
	return faultNone
}

// committed sees every save of an account.
func (w *world) committed(before, after *igauth.Account) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, now := w.person(after.ID), time.Now()
	if after.Ref != before.Ref && after.Ref != "" {
		token, _ := w.vault.peek(after.ID, after.Ref)
		p.stored = w.meta.tokens[token.Value.Reveal()]
		switch {
		case p.stored == nil:
			w.violationLocked("a token of %s is committed that Meta does not know", after.ID)
		case !p.facebook && after.ExpiresAt.After(p.stored.expires.Add(time.Second)):
			w.violationLocked("the token of %s is believed to live till %s, and lives till %s", after.ID, after.ExpiresAt, p.stored.expires)
		case p.facebook:
			w.believedLocked(p, after, w.meta.tokens[token.UserToken.Reveal()])
		}
		if p.stored.accepted(now) {
			p.ended, p.lost, p.asked, p.waited = false, false, false, 0
			delete(w.awaited, p)
		}
	}
	p.status, p.issued = after.Status, after.IssuedAt
	w.warnedLocked(p, before, after)
	w.journal.account(before, after)
	if after.Status == igauth.StatusReauthRequired && before.Status != after.Status && p.stored.accepted(now) {
		w.violationLocked("%s is asked to connect again in vain: %s", after.ID, after.LastFailure.Code)
	}
	if before.Status == igauth.StatusReauthRequired && after.Status.Live() && after.Ref == before.Ref {
		w.revived++
	}
	if before.WarnedAt.IsZero() && !after.WarnedAt.IsZero() && now.Sub(p.troubleUntil) > 2*day && !p.ended {
		w.violationLocked("%s is warned of its end in vain: %s", after.ID, after.LastFailure.Code)
	}
	if o, out := w.calendar.at(now, ofMeta); out && after.Status == igauth.StatusExpiring && before.Status != after.Status && o.from.Before(now.Add(-time.Hour)) &&
		now.Sub(p.troubleUntil) > 4*day && now.Sub(p.struck) > 4*day && !p.ended {
		w.violationLocked("%s is called failing, and it is Meta that fails: %s", after.ID, after.LastFailure.Code)
	}
	if !after.ConnectedAt.Equal(before.ConnectedAt) {
		w.connections++
		p.connections++
		w.fates(p)
		w.visits(p)
	}
	if p.connections == 1 && after.Generation == 2 && before.Generation == 1 {
		w.lastFirst = later(w.lastFirst, now)
	}
	if len(after.Outbox) > 0 {
		w.flow(after.ID)
	}
}

// changed sees every save of the installation's record.
func (w *world) changed(before, after igauth.Health) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.journal.health(before, after)
	if len(after.Outbox) > 0 {
		w.flow("")
	}
}

// in has something happen in so many hours. The caller holds w.mu, and what
// happens does, too.
func (w *world) in(hours int, what func()) {
	at := w.hour + 1 + hours
	w.agenda[at] = append(w.agenda[at], what)
}

// flow puts an account, or "" for the installation, into the ledger's stream.
func (w *world) flow(id igauth.AccountID) {
	w.stream = append(w.stream, id)
	select {
	case w.streaming <- struct{}{}:
	default:
	}
}
