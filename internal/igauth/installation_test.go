package igauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
	"igauth/internal/igauth/instagram"
	"igauth/internal/igauth/sealed"
	"igauth/internal/igsim"
)

// professionals are the simulator's people who can connect, maria first.
var professionals = []string{"maria.bakes", "studio_norte", "old.town.cafe"}

// An installation is ours in front of the simulator.
type installation struct {
	*igsim.Simulator
	t       *testing.T
	clock   *igsim.Clock
	dir     string
	host    string
	urls    []string
	timeout time.Duration
	// noFacebook switches Facebook Login off in processes to come, facebookFixed
	// has a configuration at Meta name its permissions.
	noFacebook, facebookFixed bool
	log                       *bytes.Buffer
	// first is the token that each account got when it was connected.
	first map[string]string
	ids   map[string]igauth.AccountID

	// What a process is made of; restart makes another one.
	ledger    *boltstore.Ledger
	vault     igauth.Vault
	store     *igauth.Store
	authorize http.Handler
	callback  http.Handler
	accounts  http.Handler
	links     *igauth.Links
	meta      *instagram.Facebook
	refresher *igauth.Refresher
	// deauthorize and deletion are what Meta calls.
	deauthorize http.Handler
	deletion    http.Handler
	// between is called before Meta is asked, and before and after each save; nil
	// means that nothing comes between.
	between func(step string)

	mu   sync.Mutex
	told map[igauth.EventType]int
}

const callbackURL = "https://connect.example.com/callback"

// newInstallation connects three accounts by the handlers.
func newInstallation(t *testing.T) *installation {
	t.Helper()
	p := emptyInstallation(t)
	for _, name := range professionals {
		p.connect(name)
		p.first[name] = p.token(name)
	}
	return p
}

// emptyInstallation has no accounts yet.
func emptyInstallation(t *testing.T) *installation {
	t.Helper()
	p := &installation{
		t: t, clock: igsim.NewFrozenClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)),
		dir: t.TempDir(), urls: []string{registered}, timeout: 5 * time.Second, log: &bytes.Buffer{},
		first: map[string]string{}, ids: map[string]igauth.AccountID{}, told: map[igauth.EventType]int{},
	}
	sim, err := igsim.New(igsim.Config{RedirectURIs: []string{callbackURL}, Now: p.clock.Now})
	p.must(err)
	// A refresh gives another text, so that it shows which one is kept.
	p.must(sim.SetBehaviour(igsim.Behaviour{Refresh: "new"}))
	p.Simulator = sim
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.between != nil {
			p.between("Meta")
		}
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.host = server.URL
	keys, err := sealed.NewKeyset(nil)
	p.must(err)
	p.vault, err = sealed.NewVault(keys)
	p.must(err)
	p.start()
	t.Cleanup(func() { _ = p.ledger.Close() })
	for _, person := range sim.People() {
		p.ids[person.Username] = igauth.AccountID(person.UserID)
	}
	return p
}

func (p *installation) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// start begins a process on what the folder holds.
func (p *installation) start() {
	p.t.Helper()
	log := slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	secrets := func(context.Context) ([]igauth.Secret, error) {
		return []igauth.Secret{igauth.NewSecret(igsim.DefaultAppSecret)}, nil
	}
	meta, err := instagram.New(instagram.Config{
		WWW: p.host, API: p.host, Graph: p.host, AppID: igsim.DefaultAppID, AppSecrets: secrets,
		RedirectURI: callbackURL, Timeout: p.timeout, Now: p.clock.Now,
	})
	p.must(err)
	facebook, err := instagram.NewFacebook(instagram.FacebookConfig{
		WWW: p.host, Graph: p.host, AppID: igsim.MetaAppID, AppSecrets: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret(igsim.DefaultMetaAppSecret)}, nil
		},
		RedirectURI: callbackURL, Timeout: p.timeout, Now: p.clock.Now,
	})
	p.must(err)
	p.meta = facebook
	ledger, err := boltstore.Open(p.dir+"/ledger.db", p.clock.Now)
	p.must(err)
	p.ledger = ledger
	p.store, err = igauth.NewStore(igauth.StoreConfig{Ledger: steppedLedger{ledger, p}, Vault: p.vault, Now: p.clock.Now})
	p.must(err)
	calls := igauth.MetaCallConfig{Store: p.store, Secrets: p.signing, PublicURL: "https://connect.example.com", Now: p.clock.Now, Log: log}
	p.deauthorize, err = igauth.NewDeauthorizeHandler(calls)
	p.must(err)
	p.deletion, err = igauth.NewDeletionHandler(calls)
	p.must(err)
	connecting := igauth.ConnectorConfig{Store: p.store, Meta: meta, MetaAppID: igsim.MetaAppID, Timeout: 10 * time.Second, Patience: time.Second, Log: log}
	cfg := igauth.FrontConfig{AppID: igsim.DefaultAppID, StateKeys: testKeys, ReturnURLs: returnURLs(p.t, p.urls...), Now: p.clock.Now, Log: log}
	if !p.noFacebook {
		connecting.Facebook, cfg.Facebook = facebook, facebook
	}
	if !p.facebookFixed {
		cfg.FacebookScopes = []string{igauth.ScopeBusiness}
	}
	connector, err := igauth.NewConnector(connecting)
	p.must(err)
	p.authorize, err = igauth.NewAuthorizeHandler(cfg, meta)
	p.must(err)
	p.callback, err = igauth.NewCallbackHandler(cfg, connector)
	p.must(err)
	p.links, err = igauth.NewLinks(igauth.LinksConfig{Origin: "https://connect.example.com", AppID: igsim.DefaultAppID, StateKeys: testKeys, Now: p.clock.Now})
	p.must(err)
	p.accounts, err = igauth.NewAccountsHandler(igauth.AccountsConfig{Store: p.store, Links: p.links, Now: p.clock.Now, Log: log})
	p.must(err)
	relay, err := igauth.NewRelay(igauth.RelayConfig{Store: p.store, Publisher: p, Log: log})
	p.must(err)
	p.refresher, err = igauth.NewRefresher(igauth.RefresherConfig{Store: p.store, Meta: meta, Facebook: facebook, PerSecond: -1, Relay: relay, Log: log})
	p.must(err)
}

// restart ends the process and begins another one.
func (p *installation) restart() {
	p.t.Helper()
	p.must(p.ledger.Close())
	p.start()
}

// Publish counts what the outside is told.
func (p *installation) Publish(_ context.Context, messages []igauth.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range messages {
		p.told[m.Type]++
	}
	return nil
}

// connect is a visitor who consents, and is connected.
func (p *installation) connect(person string) {
	p.t.Helper()
	w := p.visit(person)
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.Contains(to, "status=connected") {
		p.t.Fatalf("connecting %s: got status %d, location %q", person, w.Code, to)
	}
}

// visit is a visitor who consents: /authorize, the consent window, /callback.
func (p *installation) visit(person string) *httptest.ResponseRecorder {
	p.t.Helper()
	w := httptest.NewRecorder()
	p.authorize.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/authorize", nil))
	window, err := url.Parse(w.Header().Get("Location"))
	p.must(err)
	form := window.Query()
	form.Set("account", person)
	form.Set("decision", "approve")
	window.RawQuery = ""
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	consent, err := browser.PostForm(window.String(), form)
	p.must(err)
	p.must(consent.Body.Close())
	back, err := url.Parse(consent.Header.Get("Location"))
	p.must(err)
	r := httptest.NewRequest(http.MethodGet, "/callback?"+back.RawQuery, nil)
	for _, cookie := range w.Result().Cookies() {
		r.AddCookie(cookie)
	}
	w = httptest.NewRecorder()
	p.callback.ServeHTTP(w, r)
	return w
}

// token is what the site's backend gets, or the code of the refusal.
func (p *installation) token(person string) string {
	p.t.Helper()
	w := httptest.NewRecorder()
	p.accounts.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/accounts/"+string(p.ids[person])+"/token", nil))
	var answer struct {
		AccessToken string `json:"access_token"`
		Error       struct{ Code string }
	}
	p.must(json.Unmarshal(w.Body.Bytes(), &answer))
	if answer.AccessToken == "" {
		return answer.Error.Code
	}
	return answer.AccessToken
}

func (p *installation) account(person string) igauth.Account {
	p.t.Helper()
	a, err := p.store.Account(p.t.Context(), p.ids[person])
	p.must(err)
	return a
}

// tick is one run of the schedule.
func (p *installation) tick() igauth.Report {
	report, _ := p.refresher.RunOnce(p.t.Context())
	return report
}

// pass lets time pass, with a run in each hour, and where whole days pass in
// every third: a schedule may miss some.
func (p *installation) pass(d time.Duration) {
	step := time.Hour
	if d%days == 0 {
		step = 3 * time.Hour
	}
	for ; d > 0; d -= step {
		p.clock.Advance(step)
		p.tick()
	}
}

func (p *installation) fault(endpoint, kind, person string, count int) {
	p.t.Helper()
	p.must(p.SetFault(igsim.Fault{Endpoint: endpoint, Kind: kind, Account: person, Count: count}))
}

// facebookInstallation has no return URL, so that a flow's outcome is shown.
func facebookInstallation(t *testing.T) *installation {
	t.Helper()
	p := emptyInstallation(t)
	p.urls = nil
	p.restart()
	return p
}

// outcome asserts how a flow ended.
func (p *installation) outcome(location string, want igauth.Code) {
	p.t.Helper()
	if u, err := url.Parse(location); err != nil || u.Path != "/callback/result" || u.Query().Get("outcome") != string(want) {
		p.t.Fatalf("got location %q, want outcome %s\n%s", location, want, p.log)
	}
}

func (p *installation) row(id igauth.AccountID) igauth.Account {
	p.t.Helper()
	a, err := p.store.Account(p.t.Context(), id)
	p.must(err)
	return a
}

// accountsNow returns the ids of all accounts.
func (p *installation) accountsNow() []igauth.AccountID {
	p.t.Helper()
	accounts, _, err := p.store.Accounts(p.t.Context(), "", 100)
	p.must(err)
	var ids []igauth.AccountID
	for _, a := range accounts {
		ids = append(ids, a.ID)
	}
	return ids
}

// link returns the query of an account's reconnect link.
func (p *installation) link(id igauth.AccountID) string {
	p.t.Helper()
	link, _, err := p.links.ReconnectURL(p.t.Context(), p.row(id))
	p.must(err)
	return strings.TrimPrefix(link, "https://connect.example.com/authorize")
}

// connectsPages connects accounts through Facebook Login, all by one person.
func (p *installation) connectsPages(person string, ids ...igauth.AccountID) {
	p.t.Helper()
	listed := igauth.Person{ID: igauth.NewPersonID(igauth.LoginFacebook, person), Accounts: ids}
	for i, id := range ids {
		slot := igauth.Slot{Account: id, Generation: 1, Attempt: fmt.Sprintf("%032d", i)}
		token := igauth.Token{Value: igauth.NewSecret("EAA" + string(id)), UserToken: igauth.NewSecret("EAA of " + person), IssuedAt: p.clock.Now()}
		profile := igauth.Profile{ID: id, AppScopedID: person, Username: "page_" + string(id)}
		ref, err := p.vault.Put(p.t.Context(), slot, profile, token)
		p.must(err)
		a := igauth.Account{Profile: profile, Login: igauth.LoginFacebook, Status: igauth.StatusActive, ListedAs: listed.ID, Generation: 1, Ref: ref, ConnectedAt: p.clock.Now(), IssuedAt: p.clock.Now()}
		change := igauth.Change{Account: &a, Attempt: fmt.Sprintf("%032d", i)}
		if i == 0 {
			change.Person = &listed
		}
		p.must(p.ledger.Save(p.t.Context(), change))
		p.ids[profile.Username] = id
	}
}
