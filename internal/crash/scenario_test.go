package crash_test

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"igauth/internal/igauth"
)

// A scenario is something that is done, and what people do afterwards when it
// was disturbed.
type scenario struct {
	name string
	// behaviours are what a refresh may give; nil means that none happens.
	behaviours []string
	// stacks are where it makes sense; nil means on all.
	stacks []string
	// before builds what is there before, without faults.
	before func(w *world)
	// works is what faults strike: one work, or two at the same time.
	works []work
	gate  *gate
	// after is what people do; the hourly runs come by themselves.
	after []func(w *world)
	// ends is the status in which an account ends whose token was taken away.
	ends igauth.Status
	// dies says that Meta has ended the token, so that the owner is to be asked.
	dies bool
	// stock says that the run's look at the whole installation is struck, too.
	stock bool
	// trials says that an account is tried each hour, whatever became of the try
	// before: while an incident is open no account remembers one.
	trials bool
}

// A work is what a process does.
type work struct {
	name string
	life time.Duration
	do   func(w *world, p *process)
	// twin is the first call that belongs to this work alone. Where that is
	// delivered twice, it is the whole work that comes twice at the same time.
	twin string
}

var (
	visit       = work{"visitor", callbackLife, (*world).visit, "meta.ExchangeCode"}
	run         = work{"run", runLife, (*world).run, "ledger.Due"}
	disconnect  = work{"disconnect", apiLife, (*world).disconnect, "ledger.Account"}
	erase       = work{"erase", commandLife, (*world).erase, "ledger.Account"}
	deauthorize = work{"deauthorize", apiLife, func(w *world, p *process) { w.remove(p, igauth.RemovalDeauthorize) }, "ledger.Removal"}
	deletion    = work{"deletion", apiLife, func(w *world, p *process) { w.remove(p, igauth.RemovalErase) }, "ledger.Removal"}
	bring       = work{"import", commandLife, (*world).bring, "meta.Profile"}
	move        = work{"move", commandLife, (*world).move, "ledger.Account"}
)

// isTwin reports whether a fault is that a whole work comes twice.
func (k work) isTwin(f fault) bool { return f.mode == twice && f.op == k.twin && f.first }

// isTwin reports whether a fault is that a whole work of the scenario comes
// twice. In a race, which call is the first of a work is certain only of visits.
func (s *scenario) isTwin(f fault) bool {
	return s.twin(s.works[0], f) || len(s.works) > 1 && s.twin(s.works[1], f)
}

func (s *scenario) twin(k work, f fault) bool {
	return (len(s.works) == 1 || k.twin == visit.twin) && k.isTwin(f)
}

// act does what faults strike.
func (s *scenario) act(w *world) {
	if len(s.works) == 1 {
		w.work(s.works[0], w.begin(s.works[0]))
		return
	}
	first := w.begin(s.works[0])
	first.gate = newGate(*s.gate)
	w.interleave(first, func() { w.work(s.works[0], first) }, func() { w.work(s.works[1], w.begin(s.works[1])) })
}

func (w *world) begin(k work) *process { return w.process(k.name, k.life) }

// work has a process do some work and, if the case is that it comes twice,
// another one at the same time.
func (w *world) work(k work, p *process) {
	processes := []*process{p}
	if slices.ContainsFunc(w.faults, func(f fault) bool { return w.scenario.twin(k, f) }) {
		processes = append(processes, w.begin(k))
	}
	var all sync.WaitGroup
	for _, p := range processes {
		all.Go(func() { k.do(w, p) })
	}
	all.Wait()
}

var scenarios = []*scenario{
	{
		name: "connect", before: (*world).click,
		works: []work{visit}, after: []func(*world){(*world).reload},
	},
	{
		// The visitor leaves and never sees how it ended.
		name: "connect and leave", before: (*world).click, works: []work{visit},
	},
	{
		name: "reconnect", before: reconnecting,
		works: []work{visit}, after: []func(*world){(*world).reload},
	},
	{
		name: "reconnect and leave", before: reconnecting, works: []work{visit},
	},
	{
		name: "connect after disconnect", before: func(w *world) { w.connected(10 * day); w.end(disconnect); w.click() },
		works: []work{visit}, after: []func(*world){(*world).reload},
	},
	{
		name: "connect after erase", before: func(w *world) { w.connected(10 * day); w.end(erase); w.click() },
		works: []work{visit}, after: []func(*world){(*world).reload},
	},
	{
		name: "refresh", behaviours: allBehaviours, before: overdue, works: []work{run}, stock: true,
	},
	{
		name: "disconnect", before: func(w *world) { w.connected(10 * day) },
		works: []work{disconnect}, ends: igauth.StatusDisconnected,
	},
	{
		name: "erase", before: func(w *world) { w.connected(10 * day) },
		works: []work{erase}, ends: igauth.StatusDeleting,
	},
	{
		name: "deauthorize", before: func(w *world) { w.connected(10 * day) },
		works: []work{deauthorize}, ends: igauth.StatusDisconnected,
	},
	{
		name: "deletion", before: func(w *world) { w.connected(10 * day) },
		works: []work{deletion}, ends: igauth.StatusDeleting,
	},
	{
		name: "connect after deletion", before: func(w *world) { w.connected(10 * day); w.end(deletion); w.click() },
		works: []work{visit}, after: []func(*world){(*world).reload},
	},
	{
		name: "import", behaviours: allBehaviours, before: func(w *world) { w.generate(20 * day) },
		works: []work{bring}, after: []func(*world){(*world).bringAgain},
	},
	{
		// Meta refuses to refresh a token that is not a day old.
		name: "import, token young", behaviours: allBehaviours, before: func(w *world) { w.generate(time.Hour) },
		works: []work{bring}, after: []func(*world){(*world).bringAgain},
	},
	{
		name: "import over connection", behaviours: allBehaviours, before: replacing,
		works: []work{bring}, after: []func(*world){(*world).bringAgain},
	},
	{
		name: "seal", stacks: keeping, before: sealing,
		works: []work{move}, after: []func(*world){(*world).moveAgain},
	},
	{
		name: "unseal", stacks: keeping, before: func(w *world) {
			w.stack.seal.Store(true)
			w.connected(10 * day)
			w.stack.seal.Store(false)
		},
		works: []work{move}, after: []func(*world){(*world).moveAgain},
	},
}

// keeping are the stacks whose vault keeps something beside the rows.
var keeping = []string{"aws", "aws-forgetful"}

func reconnecting(w *world) { w.connected(10 * day); w.click() }
func overdue(w *world)      { w.connected(34 * day) }
func sealing(w *world)      { w.connected(10 * day); w.stack.seal.Store(true) }
func replacing(w *world)    { w.connected(32 * day); w.replace = true; w.generate(2 * day) }

// Races: the first work stops before one of its calls until the second is done.
func init() {
	const (
		get     = "vault.Get"
		obtain  = "ledger.Account" // the visitor's token is there, and the row is looked at
		put     = "vault.Put"
		commit  = "ledger.Save"
		promote = "vault.Promote"
		destroy = "vault.Destroy"
	)
	clickOverdue := func(w *world) { w.connected(34 * day); w.click() }
	for _, r := range []struct {
		first, second work
		op            string
		n             int
		before        func(w *world)
		after         func(w *world)
		ends          igauth.Status
		stacks        []string
	}{
		{deliver, run, "bus.Publish", 1, (*world).untold, nil, "", nil},
		{deliver, run, commit, 1, (*world).untold, nil, "", nil},
		{run, deliver, put, 1, (*world).untold, nil, "", nil},
		{deliver, erase, commit, 1, (*world).justConnected, nil, igauth.StatusDeleting, nil},
		{deliver, visit, commit, 1, func(w *world) { w.justConnected(); w.click() }, (*world).reload, "", nil},

		{run, visit, get, 1, clickOverdue, (*world).reload, "", nil},
		{run, visit, put, 1, clickOverdue, (*world).reload, "", nil},
		{run, visit, commit, 2, clickOverdue, (*world).reload, "", nil},
		{run, visit, promote, 1, clickOverdue, (*world).reload, "", keeping},
		{visit, run, obtain, 1, clickOverdue, (*world).reload, "", nil},
		{visit, run, put, 1, clickOverdue, (*world).reload, "", nil},
		{visit, run, promote, 1, clickOverdue, (*world).reload, "", keeping},

		{run, disconnect, put, 1, overdue, nil, igauth.StatusDisconnected, nil},
		{run, disconnect, commit, 2, overdue, nil, igauth.StatusDisconnected, nil},
		{run, disconnect, promote, 1, overdue, nil, igauth.StatusDisconnected, keeping},
		{run, erase, put, 1, overdue, nil, igauth.StatusDeleting, nil},
		{disconnect, run, destroy, 1, overdue, nil, igauth.StatusDisconnected, nil},

		{visit, disconnect, obtain, 1, reconnecting, (*world).reload, igauth.StatusDisconnected, nil},
		{visit, disconnect, put, 1, reconnecting, (*world).reload, igauth.StatusDisconnected, nil},
		{visit, disconnect, commit, 3, reconnecting, (*world).reload, igauth.StatusDisconnected, nil},
		{visit, disconnect, promote, 1, reconnecting, (*world).reload, igauth.StatusDisconnected, keeping},
		{visit, erase, put, 1, (*world).click, (*world).reload, igauth.StatusDeleting, nil},
		{visit, erase, commit, 3, reconnecting, (*world).reload, igauth.StatusDeleting, nil},

		{run, deauthorize, put, 1, overdue, nil, igauth.StatusDisconnected, nil},
		{run, deletion, put, 1, overdue, nil, igauth.StatusDeleting, nil},
		{deletion, run, destroy, 1, overdue, nil, igauth.StatusDeleting, nil},
		{visit, deauthorize, obtain, 1, (*world).click, (*world).reload, igauth.StatusDisconnected, nil},
		{visit, deletion, obtain, 1, reconnecting, (*world).reload, igauth.StatusDeleting, nil},
		{visit, deletion, put, 1, (*world).click, (*world).reload, igauth.StatusDeleting, nil},
		{visit, deauthorize, commit, 3, reconnecting, (*world).reload, igauth.StatusDisconnected, nil},
		{bring, deletion, put, 1, func(w *world) { w.generate(20 * day) }, nil, igauth.StatusDeleting, nil},

		{run, bring, put, 1, replacing, (*world).bringAgain, "", nil},
		{bring, run, put, 1, replacing, (*world).bringAgain, "", nil},
		{bring, visit, put, 1, func(w *world) { replacing(w); w.click() }, (*world).reload, "", nil},
		{bring, erase, put, 1, func(w *world) { w.generate(20 * day) }, nil, igauth.StatusDeleting, nil},

		{run, move, put, 1, func(w *world) { overdue(w); w.stack.seal.Store(true) }, (*world).moveAgain, "", keeping},
		{move, run, put, 1, func(w *world) { overdue(w); w.stack.seal.Store(true) }, (*world).moveAgain, "", keeping},
		{move, visit, put, 1, func(w *world) { sealing(w); w.click() }, (*world).reload, "", keeping},
		{move, disconnect, put, 1, sealing, nil, igauth.StatusDisconnected, keeping},
	} {
		s := &scenario{
			name:   fmt.Sprintf("%s during %s at %s", r.second.name, r.first.name, r.op),
			before: r.before, works: []work{r.first, r.second}, gate: &gate{op: r.op, n: r.n}, ends: r.ends, stacks: r.stacks,
			behaviours: allBehaviours,
		}
		switch {
		case r.ends != "", r.first.name == deliver.name, r.second.name == deliver.name, r.first.name == move.name, r.second.name == move.name:
			s.behaviours = []string{"new-old-dies"}
		case r.first.name == bring.name, r.second.name == bring.name:
			s.behaviours = []string{"new-old-lives", "new-old-dies"}
		}
		if r.after != nil {
			s.after = append(s.after, r.after)
		}
		scenarios = append(scenarios, s)
	}
}

// interleave begins the first work, has the second be done when the first has
// come to the gate, and lets the first go on when the second is done, or to its
// grave if it dies before.
func (w *world) interleave(first *process, one, two func()) {
	done := make(chan struct{})
	w.running.Go(func() {
		defer close(done)
		one()
	})
	select {
	case <-first.gate.held:
	case <-done:
	}
	visiting := w.scenario.works[0].byVisitor()
	died := first.killed
	var tired <-chan time.Time
	if first.isDead() {
		died = nil
		if visiting {
			tired = time.After(patienceWithOthers)
		}
	}
	passed := make(chan struct{})
	w.running.Go(func() {
		defer close(passed)
		two()
	})
	select {
	case <-passed:
	case <-died:
	case <-tired:
	}
	close(first.gate.release)
	select {
	case <-done:
	case <-time.After(patienceWithOthers):
		if visiting {
			<-done
		}
	}
}

// patienceWithOthers is how long a visitor's part waits for the end of somebody
// else's work, which goes on.
const patienceWithOthers = 5 * time.Second
