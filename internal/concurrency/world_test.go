package concurrency

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/sealed"
)

// A world is one installation with one account, and all who work on it.
type world struct {
	s       *scheduler
	meta    *meta
	manager *awsfake.SecretsManager
	ledger  igauth.Ledger
	kept    igauth.Vault
	box     *sealed.Vault
	// seal is where functions that start now put new tokens.
	seal bool
	// troubled says that Meta may not know the app for a while.
	troubled bool

	workers sync.WaitGroup
	started int
	running int

	mu       sync.Mutex
	now      int64 // of the history
	consents int
	imports  int // that are under way
	// asked is what the owner has asked Meta to take away, which Meta tells us
	// at any time, and again.
	asked   []asked
	history []porcupine.Operation
	story   []string
	events  *events
}

func newWorld(ctx context.Context) (*world, error) {
	w := &world{s: &scheduler{}, meta: newMeta(), events: newEvents(), manager: awsfake.NewSecretsManager(awsfake.SecretsManagerConfig{})}
	fake := awsfake.NewTable(awsfake.TableConfig{})
	if err := table.CreateTable(ctx, fake, "ledger"); err != nil {
		return nil, err
	}
	var err error
	if w.ledger, err = table.New(table.Config{Client: fake, Table: "ledger"}); err != nil {
		return nil, err
	}
	if w.kept, err = secrets.NewVault(secrets.Config{Client: w.manager, Prefix: "stack"}); err != nil {
		return nil, err
	}
	keys, err := sealed.NewKeyset(nil)
	if err != nil {
		return nil, err
	}
	w.box, err = sealed.NewVault(keys)
	return w, err
}

// A party is the domain's objects of one worker.
type party struct {
	store     *igauth.Store
	connector *igauth.Connector
	refresher *igauth.Refresher
	relay     *igauth.Relay
}

// party composes what a worker calls. It puts new tokens where the installation
// does at this moment, and goes on to do so.
func (w *world) party(as *worker) party {
	meta := metaPort{as, w.meta}
	vault := &sealed.Beside{Sealed: w.box, Kept: w.kept, Seal: sealed.Always(w.seal)}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: ledgerPort{as, w.ledger, w}, Vault: vaultPort{as, vault}, Random: w.random(as)})
	if err != nil {
		panic(err)
	}
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{Store: store, Meta: meta})
	if err != nil {
		panic(err)
	}
	relay, err := igauth.NewRelay(igauth.RelayConfig{Store: store, Publisher: busPort{as, w}})
	if err != nil {
		panic(err)
	}
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: store, Meta: meta, Relay: relay, PerSecond: -1, Parallel: 1})
	if err != nil {
		panic(err)
	}
	return party{store, connector, refresher, relay}
}

// random returns the source of a worker's attempts, which is the same whenever a
// story is told again.
func (w *world) random(as *worker) io.Reader {
	return rand.NewChaCha8(sha256.Sum256([]byte(as.name)))
}

// tick is the next instant of the history.
func (w *world) tick() int64 {
	w.now++
	return w.now
}

// An input is what somebody asked for, and an output what came of it.
type input struct {
	what string
	// consent is whose token is stored; for an end it is the last one that was
	// given before.
	consent int
}

type output struct {
	// consent is whose token was read, 0 for none.
	consent int
	// unknown says that nobody was told whether it happened.
	unknown bool
}

// do starts an operation in a worker of its own. What it returns goes into the
// history, unless it is nothing that a reader could notice.
func (w *world) do(what string, consent int, work func(context.Context, party) (output, bool)) {
	w.started++
	w.running++
	as := newWorker(w.s, w.started, what)
	p := w.party(as)
	w.mu.Lock()
	operation := porcupine.Operation{ClientId: w.started, Input: input{what, consent}, Call: w.tick()}
	w.mu.Unlock()
	w.workers.Go(func() {
		out, counts := work(context.Background(), p)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.running--
		w.story = append(w.story, fmt.Sprintf("%s %s ends: %+v", time.Now().Format(time.DateTime), as.name, out))
		operation.Output, operation.Return = out, w.tick()
		if out.unknown {
			operation.Return = math.MaxInt64
		}
		if counts {
			w.history = append(w.history, operation)
		}
	})
}

func (w *world) connect() {
	w.consents++
	n := w.consents
	w.do("connect", n, func(ctx context.Context, p party) (output, bool) {
		outcome, err := p.connector.Finish(ctx, igauth.Arrival{
			Flow: igauth.FlowID(fmt.Sprint("flow", n)), FlowExpiresAt: time.Now().Add(igauth.FlowLifetime),
			RequestedScopes: []string{igauth.ScopeBasic}, Code: codeOf(n), ClaimHash: "hash",
		})
		if err == nil && outcome.Code == igauth.CodeDisconnected {
			return output{}, false // it says that nothing was stored
		}
		return output{unknown: err != nil || outcome.Code != igauth.CodeConnected}, true
	})
}

// asked is a removal of the app by the owner, of all that they have consented to
// before.
type asked struct {
	request igauth.RemovalRequest
	consent int
}

// remove is Meta, which tells us what the owner has just asked, or had asked some
// time ago.
func (w *world) remove(kind igauth.RemovalKind) {
	w.mu.Lock()
	importing := w.imports > 0
	w.mu.Unlock()
	if importing {
		return // how old an imported token is nobody knows
	}
	if len(w.asked) == 0 || w.consents > w.asked[len(w.asked)-1].consent {
		w.asked = append(w.asked, asked{igauth.RemovalRequest{
			UserID: owner.AppScopedID, Logins: []igauth.Login{igauth.LoginInstagram}, At: time.Now(),
		}, w.consents})
		w.meta.revoke(w.consents)
		// Meta counts in seconds, and so a consent of the same one would count as
		// older.
		time.Sleep(time.Second)
	}
	a := w.asked[w.started%len(w.asked)]
	a.request.Kind, a.request.Code = kind, fmt.Sprint(kind, a.consent)
	what := map[igauth.RemovalKind]string{igauth.RemovalDeauthorize: "deauthorize", igauth.RemovalErase: "deletion"}[kind]
	w.do(what, a.consent, func(ctx context.Context, p party) (output, bool) {
		_, err := p.store.Remove(ctx, a.request)
		return output{unknown: err != nil}, true
	})
}

func (w *world) bring() {
	w.consents++
	n := w.consents
	w.meta.brought(n)
	w.mu.Lock()
	w.imports++
	w.mu.Unlock()
	w.do("import", n, func(ctx context.Context, p party) (output, bool) {
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.imports--
		}()
		_, err := p.refresher.Import(ctx, igauth.Import{Token: tokenOf(n), Replace: true})
		return output{unknown: err != nil}, true
	})
}

func (w *world) disconnect() {
	w.do("disconnect", w.consents, func(ctx context.Context, p party) (output, bool) {
		_, err := p.store.Disconnect(ctx, owner.ID)
		if igauth.CodeOf(err) == igauth.CodeAccountNotFound && err != nil {
			return output{}, false
		}
		return output{unknown: err != nil}, true
	})
}

func (w *world) erase() {
	w.do("erase", w.consents, func(ctx context.Context, p party) (output, bool) {
		_, err := p.store.Erase(ctx, owner.ID)
		return output{unknown: err != nil}, true
	})
}

func (w *world) run() {
	w.do("run", 0, func(ctx context.Context, p party) (output, bool) {
		_, _ = p.refresher.RunOnce(ctx)
		return output{}, false
	})
}

func (w *world) refresh() {
	w.do("refresh", 0, func(ctx context.Context, p party) (output, bool) {
		_, _ = p.refresher.Refresh(ctx, owner.ID)
		return output{}, false
	})
}

func (w *world) move() {
	w.do("move", 0, func(ctx context.Context, p party) (output, bool) {
		_ = p.store.Move(ctx, owner.ID)
		return output{}, false
	})
}

func (w *world) read() {
	w.do("read", 0, func(ctx context.Context, p party) (output, bool) {
		_, token, err := p.store.Token(ctx, owner.ID, 0)
		switch code := igauth.CodeOf(err); {
		case err != nil && (code == igauth.CodeDisconnected || code == igauth.CodeAccountNotFound):
			return output{}, true // there is none
		case err != nil:
			// That nothing was read says nothing: a store may not have answered.
			return output{}, false
		}
		return output{consent: consentOf(token.Value)}, true
	})
}

// lives reports whether Meta accepts the token of a row.
func (w *world) lives(ctx context.Context, a igauth.Account) bool {
	vault := &sealed.Beside{Sealed: w.box, Kept: w.kept, Seal: sealed.Always(w.seal)}
	token, err := vault.Get(ctx, igauth.Slot{Account: a.ID, Generation: a.Generation}, a.Ref)
	if err != nil {
		return false
	}
	_, err = w.meta.issued(token.Value)
	return err == nil
}

// agreement returns what does not fit together when all is quiet.
func (w *world) agreement(ctx context.Context) error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	for _, text := range w.meta.problems {
		problem("at Meta: %s", text)
	}
	for _, text := range w.untold(ctx) {
		problem("events: %s", text)
	}
	secret, exists := w.manager.Secrets()["stack/accounts/"+string(owner.ID)]
	exists = exists && secret.DeletedAt.IsZero()
	a, err := w.ledger.Account(ctx, owner.ID)
	if errors.Is(err, igauth.ErrNotFound) {
		a, err = igauth.Account{}, nil
	}
	if err != nil {
		return err
	}
	if a.Lease.Attempt != "" || a.Unpromoted || !a.SweepAt.IsZero() {
		problem("there is work left: lease %+v, unpromoted %t, sweep at %s", a.Lease, a.Unpromoted, a.SweepAt)
	}
	if kept := w.kept.Keeps(a.Ref); kept != exists {
		problem("the account is %s, its token is kept: %t; a secret exists: %t", a.Status, kept, exists)
	} else if kept && secret.Labelled("AWSCURRENT") != string(a.Ref) {
		problem("direct readers see %s, and the row says %s", secret.Labelled("AWSCURRENT"), a.Ref)
	}
	if open, err := w.ledger.OpenRemovals(ctx, 10); err != nil || len(open) > 0 {
		problem("removals are not done: %+v (%v)", open, err)
	}
	if p, err := w.ledger.Person(ctx, igauth.NewPersonID(igauth.LoginInstagram, owner.AppScopedID)); err == nil {
		if a.Connected() && !slices.Contains(p.Accounts, owner.ID) {
			problem("the account is %s, and no callback finds it", a.Status)
		}
	} else if a.Connected() {
		problem("the account is %s, and its owner is not known: %v", a.Status, err)
	}
	if a.Connected() && a.Status != igauth.StatusDisconnected {
		as := &worker{w.s, "judge"}
		store := w.party(as).store
		_, token, err := store.Token(ctx, owner.ID, 0)
		if a.Status.Live() && err != nil {
			problem("the token of a live account cannot be read: %v", err)
		}
		if err == nil {
			if _, err := w.meta.issued(token.Value); err != nil {
				problem("the token that is stored is dead")
			}
		}
		if !a.Status.Live() && w.lives(ctx, a) && a.ConfirmAt.IsZero() {
			problem("the account is %s, and its token is alive", a.Status)
		}
	} else if a.Ref != "" {
		problem("a row without a token has a reference, as %s", a.Status)
	}
	return errors.Join(problems...)
}
