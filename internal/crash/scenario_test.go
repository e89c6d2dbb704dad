package crash_test

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"igauth/internal/igauth"
)

// A scenario is something that is done, and what its people do afterwards when
// it was disturbed.
type scenario struct {
	name string
	// behaviours are what a refresh may give; nil means that none happens.
	behaviours []string
	// before builds what is there before, without faults.
	before func(w *world)
	// act is what faults strike.
	act func(w *world)
	// after is what people do; the hourly runs come by themselves.
	after func(w *world)
	// twin names the call at which, delivered twice means that the whole comes
	// twice at the same time.
	twin string
	// ends are the statuses besides a live one in which the account may end.
	ends []igauth.Status
}

func (s *scenario) mayEnd(status igauth.Status) bool { return slices.Contains(s.ends, status) }

// isTwin reports whether a fault is that the whole scenario comes twice.
func (s *scenario) isTwin(f fault) bool {
	return f.mode == twice && f.op == s.twin && f.first
}

// both does something in a process and, if the case is that it comes twice, in
// another one at the same time.
func (w *world) both(p *process, again func() *process, do func(p *process)) {
	processes := []*process{p}
	if slices.ContainsFunc(w.faults, w.scenario.isTwin) {
		processes = append(processes, again())
	}
	var all sync.WaitGroup
	for _, p := range processes {
		all.Go(func() { do(p) })
	}
	all.Wait()
}

func (w *world) callbackProcess() *process { return w.process("callback", callbackLife) }
func (w *world) runProcess() *process      { return w.process("run", runLife) }
func (w *world) apiProcess() *process      { return w.process("api", apiLife) }

var scenarios = []*scenario{
	{
		name: "connect", twin: "meta.ExchangeCode",
		before: (*world).clicked, act: (*world).returned, after: (*world).reloaded,
	},
	{
		// The visitor leaves and never sees how it ended.
		name: "connect and leave", twin: "meta.ExchangeCode",
		before: (*world).clicked, act: (*world).returned,
	},
	{
		name: "reconnect", twin: "meta.ExchangeCode",
		before: func(w *world) { w.connected(10 * day); w.clicked() },
		act:    (*world).returned, after: (*world).reloaded,
	},
	{
		name: "reconnect and leave", twin: "meta.ExchangeCode",
		before: func(w *world) { w.connected(10 * day); w.clicked() },
		act:    (*world).returned,
	},
	{
		name: "refresh", behaviours: allBehaviours, twin: "ledger.Due",
		before: func(w *world) { w.connected(34 * day) },
		act:    func(w *world) { w.both(w.runProcess(), w.runProcess, func(p *process) { p.run() }) },
	},
	{
		name: "disconnect", twin: "ledger.Account",
		before: func(w *world) { w.connected(10 * day) },
		act:    (*world).disconnected,
		ends:   []igauth.Status{igauth.StatusDisconnected},
	},
}

// Races: the first process stops before one of its calls until the second has
// done its work.
func init() {
	for _, r := range []struct {
		name  string
		first string
		gate  gate
	}{
		{"race, run claimed", "run", gate{op: "vault.Get", n: 1}},
		{"race, run refreshed", "run", gate{op: "vault.Put", n: 1}},
		{"race, run kept", "run", gate{op: "ledger.Save", n: 2}},
		{"race, run committed", "run", gate{op: "vault.Promote", n: 1}},
		{"race, visitor granted", "callback", gate{op: "ledger.Account", n: 1}},
		{"race, visitor noted", "callback", gate{op: "vault.Put", n: 1}},
		{"race, visitor committed", "callback", gate{op: "vault.Promote", n: 1}},
	} {
		scenarios = append(scenarios, &scenario{
			name: r.name, behaviours: allBehaviours, twin: "meta.ExchangeCode",
			before: func(w *world) { w.connected(34 * day); w.clicked() },
			act: func(w *world) {
				run := func(p *process) { p.run() }
				g := newGate(r.gate.op, r.gate.n)
				if r.first == "run" {
					w.interleave(g, w.runProcess(), run, w.callbackProcess(), w.visit)
				} else {
					w.interleave(g, w.callbackProcess(), w.visit, w.runProcess(), run)
				}
			},
			after: (*world).reloaded,
		})
	}
}

// interleave begins the first process, has the second do its work when the first
// has come to the gate, and lets the first go on when the second is done, or to
// its grave if it dies before.
func (w *world) interleave(g *gate, first *process, begin func(*process), second *process, between func(*process)) {
	first.gate = g
	done := make(chan struct{})
	w.running.Go(func() {
		defer close(done)
		begin(first)
	})
	select {
	case <-g.held:
	case <-done:
	}
	passed := make(chan struct{})
	w.running.Go(func() {
		defer close(passed)
		between(second)
	})
	select {
	case <-passed:
	case <-first.killed:
	}
	close(g.release)
	<-done
}

// connected has the account connected for a time, with a run at the end of it.
func (w *world) connected(ago time.Duration) {
	w.connect()
	w.ticks(3 * time.Hour)
	time.Sleep(ago)
	if ago < 30*day {
		w.tick()
		w.ticks(3 * time.Hour)
	}
	untilNextHour()
}

// clicked has the visitor at Instagram's window, about to come back.
func (w *world) clicked() { w.back = w.visitor.click() }

// returned has the visitor come back.
func (w *world) returned() { w.visit(w.callbackProcess()) }

// visit has a process answer the visitor who comes back.
func (w *world) visit(p *process) {
	w.both(p, w.callbackProcess, func(p *process) {
		seen := w.visitor.show(w.visitor.open(p, w.back))
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen = max(w.seen, seen)
	})
}

// reloaded has the visitor go on until the account is connected.
func (w *world) reloaded() {
	if w.seen == seesConnected || w.seen != seesFailed && w.visitor.insist(w.back) {
		return
	}
	w.lose("the visitor is told to try again", lossC2b, lossC3)
	w.checkEarlier()
	w.visitor.again()
}

// checkEarlier makes sure that a connection that failed has taken nothing away.
func (w *world) checkEarlier() {
	if !w.live() {
		return
	}
	text, err := w.token()
	if err != nil {
		w.problem("the earlier token is not readable any more: %v", err)
	} else if !w.sim.TokenAlive(text) {
		w.lose("the earlier token is dead", lossR3)
	}
}

// disconnected has the site's backend disconnect the account.
func (w *world) disconnected() {
	w.both(w.apiProcess(), w.apiProcess, func(p *process) {
		if resp, ok := p.api(http.MethodDelete, "/accounts/"+string(personID)); ok && resp.StatusCode == http.StatusOK {
			w.gone = true
			w.checkGone()
		}
	})
}

// A journey is where the visitor has come.
type journey struct {
	back *url.URL
	seen sight
}
