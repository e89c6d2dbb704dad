package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
	"igauth/internal/igsim"
)

// How long the functions may live, as the template says.
const (
	callbackLife = 28 * time.Second
	apiLife      = 10 * time.Second
	runLife      = 300 * time.Second
	// commandLife is a person's patience with a command line.
	commandLife = 300 * time.Second
)

// A process is one invocation of a function: its own objects on the stores and
// on Meta that all share. When it is killed nothing that it does has an effect
// any more, and nobody hears of it.
type process struct {
	w      *world
	name   string
	offset time.Duration // see travel
	ctx    context.Context
	timer  *time.Timer
	cancel context.CancelFunc
	random *random
	gate   *gate

	// Guarded by w.mu.
	dead   bool
	killed chan struct{}
	seen   map[string]int // calls by name
	facts  facts
}

// facts are what a process has achieved, from which follows what may be lost
// with it.
type facts struct {
	// claimed: it has noted down that it is going to send the code.
	claimed bool
	// granted: it knows Meta's answer to the code.
	granted bool
	// renewed: Meta has replaced a token for it.
	renewed bool
	// stored: the last token that it got is where it is found again.
	stored bool
}

// A lifetime is a context that ends by the death of its process.
type lifetime struct {
	context.Context
	end time.Time
}

func (l lifetime) Deadline() (time.Time, bool) { return l.end, true }

// process begins a process.
func (w *world) process(name string, life time.Duration) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun++
	p := &process{
		w: w, name: fmt.Sprintf("%s %d", name, w.begun), offset: time.Duration(w.begun%50) * 7 * time.Microsecond,
		killed: make(chan struct{}), seen: map[string]int{},
		random: &random{source: rand.NewChaCha8([32]byte{byte(w.begun), byte(w.begun >> 8)})},
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.ctx, p.cancel = lifetime{ctx, time.Now().Add(life)}, cancel
	p.timer = time.AfterFunc(life, func() {
		p.struck("", outOfTime)
		p.kill()
		cancel()
	})
	return p
}

// do works and reports whether the process lived to the end of it.
func (p *process) do(work func(ctx context.Context)) bool {
	done := make(chan struct{})
	p.w.running.Go(func() {
		defer close(done)
		work(p.ctx)
	})
	select {
	case <-done:
	case <-p.killed:
	}
	p.timer.Stop()
	return !p.isDead()
}

func (p *process) kill() {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if !p.dead {
		p.dead = true
		close(p.killed)
	}
}

// die kills the process from within.
func (p *process) die() error {
	p.kill()
	return p.bury()
}

// bury holds what a dead process still does until the end of the world.
func (p *process) bury() error {
	<-p.w.over
	return errKilled
}

func (p *process) isDead() bool {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	return p.dead
}

// A gate holds a process before one of its calls.
type gate struct {
	op string
	// n is which of the process's calls of that name, from 1.
	n             int
	held, release chan struct{}
}

// newGate returns a gate that stands where another one does.
func newGate(at gate) *gate {
	return &gate{op: at.op, n: at.n, held: make(chan struct{}), release: make(chan struct{})}
}

// stop waits at the process's gate if this is the call.
func (p *process) stop(op string) {
	p.w.mu.Lock()
	p.seen[op]++
	n := p.seen[op]
	p.w.mu.Unlock()
	if g := p.gate; g != nil && g.op == op && g.n == n {
		close(g.held)
		<-g.release
	}
}

// answered notes that a call succeeded and its answer arrived.
func (p *process) answered(op string) {
	if op != "meta.ExchangeCode" {
		return
	}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.facts.granted = true
}

// saved notes what a save has done.
func (p *process) saved(change igauth.Change) {
	if change.Account != nil {
		p.w.checkDeath(*change.Account)
	}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if change.Account != nil {
		p.w.wrote(change.Account.Outbox)
	}
	if change.Health != nil {
		p.w.wrote(change.Health.Outbox)
	}
	if f := change.Flow; f != nil {
		p.savedFlow(*f)
	}
	if a := change.Account; a != nil && p.w.putRefs[a.Ref] == p {
		p.facts.stored = true
	}
	if a := change.Account; a != nil && p.w.scenario.takesAway() && a.Status == p.w.scenario.ends && p.w.takenAfter < 0 {
		p.w.takenAfter = p.w.claims
	}
}

// savedFlow notes what a save of a flow has done. The caller holds w.mu.
func (p *process) savedFlow(f igauth.Flow) {
	p.w.checkFlow(f)
	switch {
	case f.Revision == 1 && !f.Done() && !p.facts.claimed:
		p.facts.claimed = true
		p.w.claims++
	case f.SealedToken != "" && f.Lease.Attempt == "":
		// It waits for the visitor's choice.
		p.facts.stored = true
	}
}

// put notes that a token is in the vault.
func (p *process) put(slot igauth.Slot, ref igauth.Ref, kept bool) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.putRefs[ref] = p
	if kept {
		p.facts.stored = true
	}
	if _, again := w.puts[slot]; !again {
		w.puts[slot] = put{at: time.Now(), byRun: strings.HasPrefix(p.name, run.name)}
	}
}

// struck notes which loss a fault excuses.
func (p *process) struck(op string, m mode) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	f := p.facts
	switch {
	case f.stored:
	case op == "meta.ExchangeCode" && (m == failedAfter || m == refused || m.hangs()):
		w.excuses[lossC2b] = true
	case op == "meta.RefreshToken" && f.renewed && (m == failedAfter || m == hungAfter || m == twice):
		w.excuses[lossR3] = true
	case m.kills(), m.hangs() && !isMeta(op):
		switch {
		case f.renewed:
			w.excuses[lossR3] = true
		case f.granted:
			w.excuses[lossC3] = true
		case f.claimed:
			w.excuses[lossC2b] = true
		}
	}
}

// random is a source that is the same in every run.
type random struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

func (r *random) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(b)
}

const (
	origin    = "https://auth.example.com"
	returnURL = "https://shop.example.com/connected"
)

func (p *process) store() *igauth.Store {
	return must(igauth.NewStore(igauth.StoreConfig{
		Ledger: ledgerPort{p, p.w.stack.ledger}, Vault: vaultPort{p, p.w.stack.vault},
		Random: p.random, Log: p.w.log,
	}))
}

func (p *process) meta() metaPort { return metaPort{p, p.w.instagram()} }

// instagram returns a client of the simulator.
func (w *world) instagram() *instagram.Client {
	return must(instagram.New(instagram.Config{
		AppID: igsim.DefaultAppID,
		AppSecrets: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret(igsim.DefaultAppSecret)}, nil
		},
		RedirectURI: origin + "/callback",
		Transport:   wire{w},
	}))
}

func (p *process) front() igauth.FrontConfig {
	return igauth.FrontConfig{
		AppID: igsim.DefaultAppID,
		StateKeys: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret(stateKey)}, nil
		},
		Facebook:       p.w.facebookClient(),
		FacebookScopes: []string{igauth.ScopeBusiness},
		ReturnURLs:     must(igauth.ParseReturnURLs([]string{returnURL}, false)),
		Random:         p.random,
		Log:            p.w.log,
	}
}

// callback handles a request to /callback.
func (p *process) callback(r *http.Request) (*http.Response, bool) {
	connector := must(igauth.NewConnector(igauth.ConnectorConfig{
		Store: p.store(), Meta: p.meta(), Facebook: p.facebook(), MetaAppID: igsim.MetaAppID, Log: p.w.log,
	}))
	return p.serve(must(igauth.NewCallbackHandler(p.front(), connector)), r)
}

// api handles a request of the site's backend.
func (p *process) api(method, path string) (*http.Response, bool) {
	return p.serve(must(igauth.NewAccountsHandler(igauth.AccountsConfig{Store: p.store(), Log: p.w.log})),
		httptest.NewRequest(method, origin+path, nil))
}

// serve returns the answer to a request, unless the process dies over it.
func (p *process) serve(h http.Handler, r *http.Request) (*http.Response, bool) {
	recorder := httptest.NewRecorder()
	if !p.do(func(ctx context.Context) { h.ServeHTTP(recorder, r.WithContext(ctx)) }) {
		return nil, false
	}
	return recorder.Result(), true
}

func (p *process) refresher() *igauth.Refresher {
	return must(igauth.NewRefresher(igauth.RefresherConfig{
		Store: p.store(), Meta: p.meta(), Facebook: p.facebook(), Relay: p.relay(), Log: p.w.log,
	}))
}

func (p *process) relay() *igauth.Relay {
	return must(igauth.NewRelay(igauth.RelayConfig{Store: p.store(), Publisher: busPort{p}, Log: p.w.log}))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
