package igauth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
)

// fakeVault keeps tokens under the names of their attempts, as Secrets Manager
// does, and fails where it is told to.
type fakeVault struct {
	mu       sync.Mutex
	tokens   map[igauth.AccountID]map[igauth.Ref]igauth.Token
	promoted map[igauth.AccountID]igauth.Ref
	latest   map[igauth.AccountID]int64 // generation
	fail     map[string]error           // by method
}

func newFakeVault() *fakeVault {
	return &fakeVault{tokens: map[igauth.AccountID]map[igauth.Ref]igauth.Token{}, promoted: map[igauth.AccountID]igauth.Ref{}, latest: map[igauth.AccountID]int64{}, fail: map[string]error{}}
}

func (v *fakeVault) Put(_ context.Context, s igauth.Slot, _ igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.fail["Put"]; err != nil {
		return "", err
	}
	if v.tokens[s.Account] == nil {
		v.tokens[s.Account] = map[igauth.Ref]igauth.Token{}
	}
	v.tokens[s.Account][igauth.Ref(s.Attempt)] = token
	v.latest[s.Account] = max(v.latest[s.Account], s.Generation)
	return igauth.Ref(s.Attempt), nil
}

func (v *fakeVault) Get(_ context.Context, s igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.fail["Get"]; err != nil {
		return igauth.Token{}, err
	}
	token, ok := v.tokens[s.Account][ref]
	if !ok {
		return igauth.Token{}, igauth.ErrNotFound
	}
	return token, nil
}

func (v *fakeVault) Find(ctx context.Context, s igauth.Slot) (igauth.Ref, igauth.Token, error) {
	v.mu.Lock()
	err := v.fail["Find"]
	v.mu.Unlock()
	if err != nil {
		return "", igauth.Token{}, err
	}
	token, err := v.Get(ctx, s, igauth.Ref(s.Attempt))
	return igauth.Ref(s.Attempt), token, err
}

func (v *fakeVault) Keeps(ref igauth.Ref) bool { return ref != "" }

func (v *fakeVault) Promote(_ context.Context, s igauth.Slot, ref, _ igauth.Ref) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.fail["Promote"]; err != nil {
		return err
	}
	v.promoted[s.Account] = ref
	return nil
}

func (v *fakeVault) Destroy(_ context.Context, slot igauth.Slot) error {
	id := slot.Account
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.fail["Destroy"]; err != nil {
		return err
	}
	if v.latest[id] > slot.Generation {
		return igauth.ErrConflict
	}
	delete(v.tokens, id)
	delete(v.promoted, id)
	delete(v.latest, id)
	return nil
}

func (v *fakeVault) set(method string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fail[method] = err
}

// fakeRenewer answers refreshes and probes.
type fakeRenewer struct {
	now     func() time.Time
	mu      sync.Mutex
	calls   int
	refresh func(igauth.Secret) (igauth.Token, error)
	profile func(igauth.Secret) (igauth.Profile, error)
}

func (m *fakeRenewer) RefreshToken(_ context.Context, token igauth.Secret) (igauth.Token, error) {
	m.mu.Lock()
	m.calls++
	n := m.calls
	m.mu.Unlock()
	if m.refresh != nil {
		return m.refresh(token)
	}
	return igauth.Token{Value: igauth.NewSecret(fmt.Sprint("token ", n)), IssuedAt: m.now(), ExpiresAt: m.now().Add(60 * 24 * time.Hour)}, nil
}

func (m *fakeRenewer) Profile(_ context.Context, token igauth.Secret) (igauth.Profile, error) {
	if m.profile != nil {
		return m.profile(token)
	}
	return testProfile, nil
}

// interrupted is a ledger that stops answering where a test says so, before or
// after the save was applied.
type interrupted struct {
	igauth.Ledger
	mu     sync.Mutex
	before func(igauth.Change) error
	after  func(igauth.Change) error
}

func (l *interrupted) Save(ctx context.Context, change igauth.Change) error {
	l.mu.Lock()
	before, after := l.before, l.after
	l.mu.Unlock()
	if before != nil {
		if err := before(change); err != nil {
			return err
		}
	}
	if err := l.Ledger.Save(ctx, change); err != nil {
		return err
	}
	if after != nil {
		return after(change)
	}
	return nil
}

func (l *interrupted) interrupt(before, after func(igauth.Change) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before, l.after = before, after
}

// A bench is a refresher with one connected account.
type bench struct {
	*front
	t         *testing.T
	vault     *fakeVault
	ledger    *interrupted
	meta      *fakeRenewer
	refresher *igauth.Refresher
	store     *igauth.Store
	connector *igauth.Connector
	relay     *igauth.Relay
	bus       *fakeBus
}

// fakeBus keeps what was sent, once for each id.
type fakeBus struct {
	mu   sync.Mutex
	fail error
	sent map[string]igauth.Message
	// calls counts messages, also those that came again.
	calls int
}

func (p *fakeBus) Publish(_ context.Context, messages []igauth.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	if p.sent == nil {
		p.sent = map[string]igauth.Message{}
	}
	for _, m := range messages {
		p.calls++
		p.sent[m.Body.ID] = m
	}
	return nil
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, vault: newFakeVault(), front: &front{t: t, time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	ledger, err := boltstore.OpenNoSync(t.TempDir()+"/ledger.db", b.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	b.ledger = &interrupted{Ledger: ledger}
	b.meta = &fakeRenewer{now: b.now}
	if b.store, err = igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: b.vault, Now: b.now}); err != nil {
		t.Fatal(err)
	}
	b.bus = &fakeBus{}
	if b.relay, err = igauth.NewRelay(igauth.RelayConfig{Store: b.store, Publisher: b.bus}); err != nil {
		t.Fatal(err)
	}
	if b.refresher, err = igauth.NewRefresher(igauth.RefresherConfig{Store: b.store, Meta: b.meta, Relay: b.relay, PerSecond: -1}); err != nil {
		t.Fatal(err)
	}
	if b.connector, err = igauth.NewConnector(igauth.ConnectorConfig{Store: b.store, Meta: &fakeMeta{now: b.now}, Timeout: 3 * time.Second, Patience: time.Second}); err != nil {
		t.Fatal(err)
	}
	b.connect("first")
	return b
}

func (b *bench) connect(flow string) igauth.Outcome {
	b.t.Helper()
	outcome, err := b.connector.Finish(b.t.Context(), b.arrival(flow))
	if err != nil || outcome.Code != igauth.CodeConnected {
		b.t.Fatalf("connecting: got %v, %v", outcome, err)
	}
	return outcome
}

func (b *bench) arrival(flow string) igauth.Arrival {
	return igauth.Arrival{Flow: igauth.FlowID(flow), FlowExpiresAt: b.now().Add(igauth.FlowLifetime), RequestedScopes: []string{igauth.ScopeBasic}, Code: igauth.NewSecret("code"), ClaimHash: "hash"}
}

func (b *bench) run() (igauth.Report, error) { return b.refresher.RunOnce(b.t.Context()) }

func (b *bench) account() igauth.Account {
	b.t.Helper()
	a, err := b.store.Account(b.t.Context(), testProfile.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// token is what a backend would get.
func (b *bench) token() string {
	b.t.Helper()
	_, token, err := b.store.Token(b.t.Context(), testProfile.ID, 0)
	if err != nil {
		return string(igauth.CodeOf(err))
	}
	return token.Value.Reveal()
}

const days = 24 * time.Hour

func TestRefreshReplacesTheToken(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	report, err := b.run()
	if err != nil || report.Refreshed != 1 || report.Due != 1 {
		t.Fatalf("got %+v, %v", report, err)
	}
	a := b.account()
	if a.Generation != 2 || a.ExpiresAt.Sub(b.now()) != 60*days || b.token() != "token 1" || b.vault.promoted[a.ID] != a.Ref {
		t.Errorf("got generation %d, expires %s, token %s, promoted %s, ref %s", a.Generation, a.ExpiresAt, b.token(), b.vault.promoted[a.ID], a.Ref)
	}
	if report, err := b.run(); err != nil || report.Due != 0 {
		t.Errorf("a second run at once: got %+v, %v", report, err)
	}
}

// A good token is replaced by nothing but a newer valid one, and nobody is asked
// to reconnect because of a failure that is not Meta saying "dead".
func TestFailuresKeepTheToken(t *testing.T) {
	for _, code := range []igauth.Code{
		igauth.CodeMetaUnavailable, igauth.CodeMetaUnreadable, igauth.CodeRateLimited, igauth.CodeAppMisconfigured, igauth.CodeAppSecret,
		igauth.CodeNotEligible, igauth.CodeCheckpoint, igauth.CodePermissionGone, igauth.CodeTokenTooYoung, igauth.CodeMetaRefused,
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			before := b.token()
			b.meta.refresh = func(igauth.Secret) (igauth.Token, error) { return igauth.Token{}, failure(code, true) }
			b.meta.profile = func(igauth.Secret) (igauth.Profile, error) { return igauth.Profile{}, failure(code, true) }
			b.advance(28 * days)
			for range 20 * 24 {
				b.advance(time.Hour)
				_, _ = b.run()
			}
			a := b.account()
			if b.token() != before || a.Generation != 1 || !a.Status.Live() {
				t.Errorf("got token %s, generation %d, status %s", b.token(), a.Generation, a.Status)
			}
			// A fault of the app is no failure of the account.
			ofTheApp := code == igauth.CodeAppMisconfigured || code == igauth.CodeAppSecret
			if ofTheApp && (a.Status != igauth.StatusActive || a.Failures != 0 || len(b.health().Incidents) != 1) {
				t.Errorf("got status %s, %d failures, incidents %v", a.Status, a.Failures, b.health().Incidents)
			}
			if code != igauth.CodeTokenTooYoung && !ofTheApp && (a.Status != igauth.StatusExpiring || a.LastFailure.Code != code) {
				t.Errorf("got status %s after failure %s", a.Status, a.LastFailure.Code)
			}
			b.meta.refresh = nil
			b.meta.profile = nil
			for range 72 {
				b.advance(time.Hour)
				_, _ = b.run()
			}
			if a := b.account(); a.Status != igauth.StatusActive || a.Generation != 2 || a.Failures != 0 {
				t.Errorf("after the outage: got status %s, generation %d, failures %d", a.Status, a.Generation, a.Failures)
			}
		})
	}
	for name, refresh := range map[string]func(*bench) (igauth.Token, error){
		"an empty token": func(b *bench) (igauth.Token, error) { return igauth.Token{ExpiresAt: b.now().Add(90 * days)}, nil },
		"a token that lives shorter": func(b *bench) (igauth.Token, error) {
			return igauth.Token{Value: igauth.NewSecret("short"), IssuedAt: b.now(), ExpiresAt: b.now().Add(days)}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.meta.refresh = func(igauth.Secret) (igauth.Token, error) { return refresh(b) }
			b.advance(35 * days)
			if report, err := b.run(); err == nil || report.Failed[igauth.ClassTransient] != 1 {
				t.Errorf("got %+v, %v", report, err)
			}
			if got := b.token(); got != "long" {
				t.Errorf("got token %q, want the old one", got)
			}
		})
	}
}

func TestDeadTokenIsReported(t *testing.T) {
	b := newBench(t)
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
		return igauth.Profile{}, failure(igauth.CodePasswordChanged, true)
	}
	b.advance(23 * time.Hour)
	_, _ = b.run()
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.ReauthNeeded != 1 {
		t.Fatalf("got %+v, %v", report, err)
	}
	a := b.account()
	if a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != igauth.CodePasswordChanged {
		t.Errorf("got status %s, failure %s", a.Status, a.LastFailure.Code)
	}
	if got := b.token(); got != string(igauth.CodeReauthRequired) {
		t.Errorf("got token %q", got)
	}
}

func TestTokenExpiresWhenNothingHelps(t *testing.T) {
	b := newBench(t)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
	}
	end := b.account().ExpiresAt
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
		if b.now().Before(end) {
			return testProfile, nil
		}
		return igauth.Profile{}, failure(igauth.CodeTokenExpired, true)
	}
	for range 61 * 4 {
		b.advance(6 * time.Hour)
		_, _ = b.run()
	}
	if a := b.account(); a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != igauth.CodeTokenExpired {
		t.Errorf("got status %s, failure %s", a.Status, a.LastFailure.Code)
	}
	if n := b.meta.calls; n < 20+28-2 || n > 26+28+2 {
		t.Errorf("got %d tries, want about one a day and four a day at the end", n)
	}
}

// A refresh whose answer was lost on the last day has given the token a new life, of
// which nobody knows. Meta is asked before anybody is told that it ended.
func TestTokenThatLivesLongerThanBelieved(t *testing.T) {
	b := newBench(t)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
	}
	b.advance(26 * days)
	b.hours(34 * 24)
	b.meta.refresh = func(token igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, failure(igauth.CodeTokenTooYoung, true)
	}
	b.hours(12)
	if a := b.account(); !a.Status.Live() || b.token() != "long" || b.told()[igauth.EventReauthRequired] != 0 {
		t.Fatalf("got %s, token %s, told %v", a.Status, b.token(), b.told())
	}
	b.meta.refresh = nil
	b.hours(48)
	if a := b.account(); a.Status != igauth.StatusActive || a.ExpiresAt.Sub(b.now()) < 57*days {
		t.Errorf("got %s, expires %s", a.Status, a.ExpiresAt)
	}
}

// Each stop below is a process that died there: the save is refused or applied,
// and nothing after it happens. A later run ends what was begun, without asking
// Meta again where the vault has the token.
func TestRefreshSurvivesACrash(t *testing.T) {
	killed := errors.New("killed")
	isCommit := func(c igauth.Change) bool { return c.Account.Generation == 2 }
	stop := func(when func(igauth.Change) bool) func(igauth.Change) error {
		return func(c igauth.Change) error {
			if c.Account != nil && when(c) {
				return killed
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		prepare   func(*bench)
		token     string // after a day
		asked     int    // refreshes at Meta
		committed bool   // already by the run that died
	}{
		"before the claim":      {func(b *bench) { b.ledger.interrupt(stop(func(igauth.Change) bool { return true }), nil) }, "token 1", 1, false},
		"after the claim":       {func(b *bench) { b.ledger.interrupt(nil, stop(func(c igauth.Change) bool { return !isCommit(c) })) }, "token 1", 1, false},
		"while the vault fails": {func(b *bench) { b.vault.set("Put", killed) }, "token 2", 2, false},
		"before the commit":     {func(b *bench) { b.ledger.interrupt(stop(isCommit), nil) }, "token 1", 1, false},
		"after the commit":      {func(b *bench) { b.ledger.interrupt(nil, stop(isCommit)) }, "token 1", 1, true},
		"before the promotion":  {func(b *bench) { b.vault.set("Promote", killed) }, "token 1", 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.advance(35 * days)
			c.prepare(b)
			_, _ = b.run()
			b.ledger.interrupt(nil, nil)
			b.vault.set("Put", nil)
			b.vault.set("Promote", nil)
			if got := b.token(); (got == "token 1") != c.committed {
				t.Errorf("after the crash: got token %s", got)
			}
			for range 26 {
				b.advance(time.Hour)
				_, _ = b.run()
			}
			a := b.account()
			if got := b.token(); got != c.token || a.Status != igauth.StatusActive || b.meta.calls != c.asked || b.vault.promoted[a.ID] != a.Ref {
				t.Errorf("after recovery: got token %s, status %s, %d calls, promoted %t", got, a.Status, b.meta.calls, b.vault.promoted[a.ID] == a.Ref)
			}
		})
	}
}

// A connection that died after the vault answered is ended by the visitor's next
// request, or by a run.
func TestConnectSurvivesACrash(t *testing.T) {
	killed := errors.New("killed")
	crash := func(b *bench) {
		b.advance(days)
		b.ledger.interrupt(func(c igauth.Change) error {
			if c.Account != nil && c.Account.Generation == 2 {
				return killed
			}
			return nil
		}, nil)
		if outcome, err := b.connector.Finish(b.t.Context(), b.arrival("second")); err == nil {
			b.t.Fatalf("got %v, want an error", outcome)
		}
		b.ledger.interrupt(nil, nil)
	}
	t.Run("the visitor asks again", func(t *testing.T) {
		b := newBench(t)
		crash(b)
		b.advance(time.Minute)
		outcome, err := b.connector.Finish(t.Context(), b.arrival("second"))
		if err != nil || outcome.Code != igauth.CodeConnected || b.account().Generation != 2 {
			t.Errorf("got %v, %v, generation %d", outcome, err, b.account().Generation)
		}
	})
	t.Run("a run comes first", func(t *testing.T) {
		b := newBench(t)
		arrival := b.arrival("second")
		crash(b)
		b.advance(time.Minute)
		if report, err := b.run(); err != nil || report.Recovered != 1 {
			t.Fatalf("got %+v, %v", report, err)
		}
		a := b.account()
		if last := a.History[len(a.History)-1]; a.Generation != 2 || last.What != igauth.EntryReconnected {
			t.Errorf("got generation %d, last event %s", a.Generation, last.What)
		}
		if outcome, err := b.connector.Finish(t.Context(), arrival); err != nil || outcome.Code != igauth.CodeConnected {
			t.Errorf("the visitor afterwards: got %v, %v", outcome, err)
		}
	})
	t.Run("nothing was stored", func(t *testing.T) {
		b := newBench(t)
		b.vault.set("Put", killed)
		if _, err := b.connector.Finish(t.Context(), b.arrival("second")); err == nil {
			t.Fatal("want an error")
		}
		b.vault.set("Put", nil)
		b.advance(time.Minute)
		if outcome, err := b.connector.Finish(t.Context(), b.arrival("second")); err != nil || outcome.Code != igauth.CodeOutcomeUnknown {
			t.Errorf("got %v, %v", outcome, err)
		}
		if got := b.token(); got != "long" {
			t.Errorf("the old token: got %s", got)
		}
	})
}

// A refresh that was overtaken by a reconnection, a disconnection or another run
// changes nothing.
func TestLateRefreshChangesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*bench)
		want      func(*bench) bool
	}{
		"a reconnection": {func(b *bench) { b.connect("second") }, func(b *bench) bool {
			return b.token() == "long" && b.account().Generation == 2 && b.account().Status == igauth.StatusActive
		}},
		"a disconnection": {func(b *bench) {
			if _, err := b.store.Disconnect(b.t.Context(), testProfile.ID); err != nil {
				b.t.Fatal(err)
			}
		}, func(b *bench) bool { return b.token() == string(igauth.CodeDisconnected) && b.account().Ref == "" }},
	} {
		for _, answer := range []error{nil, failure(igauth.CodeTokenInvalid, true), failure(igauth.CodeMetaUnavailable, true)} {
			t.Run(fmt.Sprint(name, ", Meta says ", answer), func(t *testing.T) {
				b := newBench(t)
				b.advance(35 * days)
				b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
					c.meanwhile(b)
					return igauth.Token{Value: igauth.NewSecret("late"), IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}, answer
				}
				report, _ := b.run()
				if report.Refreshed != 0 || report.ReauthNeeded != 0 || !c.want(b) {
					t.Errorf("got %+v, token %s, %+v", report, b.token(), b.account().Status)
				}
			})
		}
	}
}

func TestOneBadAccountDoesNotStopTheOthers(t *testing.T) {
	b := newBench(t)
	b.add(20)
	b.meta.refresh = func(token igauth.Secret) (igauth.Token, error) {
		switch text := token.Reveal(); {
		case strings.HasSuffix(text, "3"):
			return igauth.Token{}, failure(igauth.CodeTokenInvalid, true)
		case strings.HasSuffix(text, "7"):
			return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
		}
		return igauth.Token{Value: token, IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}, nil
	}
	b.advance(35 * days)
	report, err := b.run()
	if err == nil || report.Due != 21 || report.Refreshed != 17 || report.Doubted != 2 || report.Failed[igauth.ClassTransient] != 2 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestRunStopsBeforeTheDeadline(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	report, err := b.refresher.RunOnce(ctx)
	if err != nil || !report.Unfinished || report.Due != 0 || b.meta.calls != 0 {
		t.Errorf("with less time than one account may take: got %+v, %v, %d calls", report, err, b.meta.calls)
	}
}

func TestRunsThatOverlapRefreshOnce(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { _, _ = b.run() })
	}
	group.Wait()
	if a := b.account(); b.meta.calls != 1 || a.Generation != 2 {
		t.Errorf("got %d calls, generation %d; want one refresh", b.meta.calls, a.Generation)
	}
}

func TestDisconnect(t *testing.T) {
	b := newBench(t)
	b.vault.set("Destroy", errors.New("no answer"))
	a, err := b.store.Disconnect(t.Context(), testProfile.ID)
	if err != nil || a.Status != igauth.StatusDisconnected || b.token() != string(igauth.CodeDisconnected) {
		t.Fatalf("got %v, %s, token %s", err, a.Status, b.token())
	}
	if len(b.vault.tokens) != 1 {
		t.Fatal("the vault was emptied although it did not answer")
	}
	b.vault.set("Destroy", nil)
	b.advance(3 * time.Minute)
	if report, err := b.run(); err != nil || report.Destroyed != 1 || len(b.vault.tokens) != 0 {
		t.Errorf("got %+v, %v, %d tokens left", report, err, len(b.vault.tokens))
	}
	if _, err := b.store.Disconnect(t.Context(), testProfile.ID); err != nil {
		t.Errorf("again: %v", err)
	}
	b.connect("again")
	if a := b.account(); a.Status != igauth.StatusActive || b.token() != "long" || len(a.History) < 3 {
		t.Errorf("connected again: got status %s, token %s, history %v", a.Status, b.token(), a.History)
	}
}

func TestProbeLearnsWhoTheAccountIs(t *testing.T) {
	b := newBench(t)
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
		p := testProfile
		p.Username, p.AccountType = "maria.bakes.bread", "MEDIA_CREATOR"
		return p, nil
	}
	b.vault.set("Promote", nil)
	b.advance(23 * time.Hour)
	if report, err := b.run(); err != nil || report.Probed != 1 {
		t.Fatalf("got %+v, %v", report, err)
	}
	a := b.account()
	if a.Username != "maria.bakes.bread" || a.AccountType != "MEDIA_CREATOR" || a.History[len(a.History)-1].What != igauth.EntryProfileChanged || !a.CheckedAt.Equal(b.now()) {
		t.Errorf("got %+v, checked %s", a.Profile, a.CheckedAt)
	}
}

// A probe that Meta throttles does not bring the refresh forward.
func TestThrottledProbeIsObeyed(t *testing.T) {
	b := newBench(t)
	b.advance(26 * days)
	throttled := func() error {
		return &igauth.Error{Code: igauth.CodeRateLimited, Class: igauth.ClassThrottled, RetryAfter: 48 * time.Hour}
	}
	asked := 0
	b.meta.profile = func(igauth.Secret) (igauth.Profile, error) { asked++; return igauth.Profile{}, throttled() }
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) { asked++; return igauth.Token{}, throttled() }
	for range 24 * 20 {
		before := asked
		_, _ = b.run()
		if asked == before {
			b.advance(time.Hour)
			continue
		}
		for range 47 {
			b.advance(time.Hour)
			_, _ = b.run()
		}
		if asked != before+1 {
			t.Fatalf("asked %d times within the time that Meta named", asked-before)
		}
	}
	if asked == 0 {
		t.Error("never asked")
	}
}

func TestThrottlingIsObeyed(t *testing.T) {
	b := newBench(t)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, &igauth.Error{Code: igauth.CodeRateLimited, Class: igauth.ClassThrottled, RetryAfter: 40 * time.Hour}
	}
	b.advance(35 * days)
	_, _ = b.run()
	for range 39 {
		b.advance(time.Hour)
		_, _ = b.run()
	}
	if b.meta.calls != 1 {
		t.Errorf("got %d calls within the time that Meta named, want 1", b.meta.calls)
	}
	b.advance(time.Hour)
	_, _ = b.run()
	if b.meta.calls != 2 {
		t.Errorf("got %d calls after it, want 2", b.meta.calls)
	}
}

// A row that cannot be read is reported, and the others are refreshed.
func TestDamagedRowDoesNotStopTheOthers(t *testing.T) {
	b := newBench(t)
	damaged := fmt.Errorf("account 17841999: %w", igauth.ErrDamaged)
	ledger := &damagedLedger{Ledger: b.ledger, err: damaged}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: ledger, Vault: b.vault, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: store, Meta: b.meta, PerSecond: -1})
	if err != nil {
		t.Fatal(err)
	}
	b.advance(35 * days)
	if report, err := refresher.RunOnce(t.Context()); report.Refreshed != 1 || !errors.Is(err, igauth.ErrDamaged) {
		t.Errorf("got %+v, %v", report, err)
	}
	if accounts, _, err := store.Accounts(t.Context(), "", 10); err != nil || len(accounts) != 1 {
		t.Errorf("listing: got %d accounts, %v", len(accounts), err)
	}
}

// damagedLedger leaves something out of every list.
type damagedLedger struct {
	igauth.Ledger
	err error
}

func (l *damagedLedger) Due(ctx context.Context, query igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	due, next, err := l.Ledger.Due(ctx, query)
	return due, next, errors.Join(err, l.err)
}

func (l *damagedLedger) Accounts(ctx context.Context, after igauth.AccountID, limit int) ([]igauth.Account, error) {
	page, err := l.Ledger.Accounts(ctx, after, limit)
	return page, errors.Join(err, l.err)
}

// A refresh that was under way when the account was disconnected puts its token
// into a vault that was already emptied. The next run empties it again.
func TestDisconnectDuringARefreshLeavesNoToken(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		if _, err := b.store.Disconnect(t.Context(), testProfile.ID); err != nil {
			t.Error(err)
		}
		if len(b.vault.tokens) != 0 {
			t.Error("the vault was not emptied")
		}
		return igauth.Token{Value: igauth.NewSecret("late"), IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}, nil
	}
	_, _ = b.run()
	if got := b.token(); got != string(igauth.CodeDisconnected) {
		t.Errorf("got token %q", got)
	}
	for _, want := range []int{1, 1, 0} {
		b.advance(time.Hour)
		if report, err := b.run(); err != nil || report.Destroyed != want {
			t.Errorf("got %+v, %v", report, err)
		}
	}
	report, err := b.run()
	if a := b.account(); err != nil || len(b.vault.tokens) != 0 || a.Lease.Attempt != "" || !a.DueAt.IsZero() {
		t.Errorf("got %+v, %v, %d tokens left, lease %+v", report, err, len(b.vault.tokens), a.Lease)
	}
}

// The same when the vault was emptied, but the row does not say so yet.
func TestTokenThatArrivesBehindADestruction(t *testing.T) {
	b := newBench(t)
	emptied, resume := make(chan struct{}), make(chan struct{})
	vault := &slowDestroyer{fakeVault: b.vault, emptied: emptied, resume: resume}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: vault, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	b.advance(35 * days)
	var disconnected sync.WaitGroup
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		disconnected.Go(func() {
			if _, err := store.Disconnect(t.Context(), testProfile.ID); err != nil {
				t.Error(err)
			}
		})
		<-emptied
		return igauth.Token{Value: igauth.NewSecret("late"), IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}, nil
	}
	_, _ = b.run()
	close(resume)
	disconnected.Wait()
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Destroyed != 1 || len(b.vault.tokens) != 0 {
		t.Errorf("got %+v, %v, %d tokens left", report, err, len(b.vault.tokens))
	}
}

// slowDestroyer empties the vault at once and says so late.
type slowDestroyer struct {
	*fakeVault
	emptied, resume chan struct{}
}

func (v *slowDestroyer) Destroy(ctx context.Context, slot igauth.Slot) error {
	err := v.fakeVault.Destroy(ctx, slot)
	close(v.emptied)
	<-v.resume
	return err
}

// A promotion that fails is made up for within hours, however often it fails.
func TestPromotionIsMadeUpFor(t *testing.T) {
	b := newBench(t)
	b.vault.set("Promote", errors.New("throttled"))
	b.advance(35 * days)
	for range 4 {
		_, _ = b.run()
		b.advance(time.Hour)
	}
	b.vault.set("Promote", nil)
	_, _ = b.run()
	if a := b.account(); b.vault.promoted[a.ID] != a.Ref || a.Unpromoted {
		t.Errorf("promoted %s, want %s; unpromoted %t", b.vault.promoted[a.ID], a.Ref, a.Unpromoted)
	}
}

// An account that waited behind a slow one is left to the next run.
func TestNoAccountIsBegunTooLate(t *testing.T) {
	b := newBench(t)
	b.add(4)
	b.advance(35 * days)
	meta := &slowRenewer{fakeRenewer: b.meta}
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: b.store, Meta: meta, PerSecond: -1, Parallel: 1, CallTimeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	report, _ := refresher.RunOnce(ctx)
	if !report.Unfinished || report.Due == 0 || report.Due == 5 {
		t.Errorf("got %+v, want some of 5 and the rest left", report)
	}
	if meta.late > 0 {
		t.Errorf("%d accounts were begun with less time than one may take", meta.late)
	}
}

// slowRenewer answers just before it would be too late.
type slowRenewer struct {
	*fakeRenewer
	late int
}

func (m *slowRenewer) RefreshToken(ctx context.Context, _ igauth.Secret) (igauth.Token, error) {
	// The context ends at the account's own deadline or at the run's.
	if end, _ := ctx.Deadline(); time.Until(end) < 150*time.Millisecond {
		m.late++
	}
	<-time.After(150 * time.Millisecond)
	return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
}

// add stores more accounts beside the first, each with a token of its own.
func (b *bench) add(n int) {
	b.t.Helper()
	for i := range n {
		a := b.account()
		a.ID = igauth.AccountID(fmt.Sprintf("1784150000000%04d", i))
		a.Revision = 0
		slot := igauth.Slot{Account: a.ID, Generation: 1, Attempt: fmt.Sprint("attempt ", i)}
		ref, err := b.vault.Put(b.t.Context(), slot, a.Profile, igauth.Token{Value: igauth.NewSecret(fmt.Sprint("old ", i)), IssuedAt: a.IssuedAt, ExpiresAt: a.ExpiresAt})
		if err != nil {
			b.t.Fatal(err)
		}
		a.Ref = ref
		if err := b.ledger.Save(b.t.Context(), igauth.Change{Account: &a, Attempt: slot.Attempt}); err != nil {
			b.t.Fatal(err)
		}
	}
}
