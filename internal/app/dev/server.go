// Package dev composes the development server: every function in one process,
// on the embedded ledger and vault, against the simulator of Instagram or the
// real one, with a home page on which the life of a token can be watched.
package dev

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"igauth/internal/app"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// Options are the flags of `igauth dev`.
type Options struct {
	// Listen and SimListen are addresses on this machine.
	Listen, SimListen string
	// Data is the folder that keeps everything.
	Data string
	// ReturnURLs are registered; http to this machine is allowed.
	ReturnURLs []string
	// AppID and AppSecret are the simulator's if empty.
	AppID     string
	AppSecret igauth.Secret
	// MetaAppID and MetaAppSecret are of the Meta app, for Facebook Login: the
	// simulator's if empty. With Real, Facebook Login is off without them.
	MetaAppID     string
	MetaAppSecret igauth.Secret
	// FacebookConfigID is a configuration of Facebook Login for Business, used in
	// place of FacebookScopes.
	FacebookConfigID string
	FacebookScopes   []string
	// Real talks to Meta instead of the simulator.
	Real bool
	// PublicURL is the origin under which browsers reach this server; "" is
	// Listen. With Real, Meta wants https, so that a tunnel is needed.
	PublicURL string
	// Policy says when accounts are due.
	Policy igauth.Policy
	// Log receives what happens. Scheduled runs are left out of it, unless
	// Verbose: while the clock is moved they are thousands.
	Log     *slog.Logger
	Verbose bool
}

// A Server is the running development server.
type Server struct {
	opts   Options
	folder *local.Folder
	public string
	sim    *igsim.Simulator
	simURL string
	clock  *igsim.Clock
	store  *igauth.Store
	links  *igauth.Links
	// ledger knows which rows have events to tell, relay sends those to sent, one
	// call at a time.
	ledger  *watchedLedger
	relay   *igauth.Relay
	sent    *mailbox
	telling sync.Mutex
	// runs serializes the scheduled runs and the movements of the clock.
	runs      sync.Mutex
	refresher *igauth.Refresher
	revoker   igauth.Revoker
	lastRun   struct {
		sync.Mutex
		at     time.Time
		report igauth.Report
		err    error
	}

	unlock    func()
	listeners []net.Listener
	servers   []server
	log       *slog.Logger
}

// A server is what listens on an address.
type server struct {
	listener net.Listener
	*http.Server
}

// Open opens the folder and the addresses. Run then serves them.
func Open(opts Options) (*Server, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Real && (opts.AppID == "" || opts.AppSecret.IsZero()) {
		return nil, errors.New("--real needs --app-id and --app-secret: the Instagram app id and secret from Meta's dashboard (Instagram > API setup with Instagram login)")
	}
	if opts.Real && !igauth.AccountID(opts.AppID).Valid() {
		return nil, errors.New("--app-id must be the Instagram app id: digits only, without quotes or spaces")
	}
	if opts.Real && (opts.MetaAppID == "") != opts.MetaAppSecret.IsZero() {
		return nil, errors.New("for Facebook Login give --meta-app-id and --meta-app-secret: the id and the secret of the Meta app, at the top of Meta's dashboard and under App settings > Basic")
	}
	if opts.AppID == "" {
		opts.AppID = igsim.DefaultAppID
	}
	if opts.AppSecret.IsZero() {
		opts.AppSecret = igauth.NewSecret(igsim.DefaultAppSecret)
	}
	if opts.MetaAppID == "" && !opts.Real {
		opts.MetaAppID = igsim.MetaAppID
	}
	if opts.MetaAppSecret.IsZero() && !opts.Real {
		opts.MetaAppSecret = igauth.NewSecret(igsim.DefaultMetaAppSecret)
	}
	if opts.MetaAppID != "" && opts.MetaAppID == opts.AppID {
		return nil, errors.New("--meta-app-id is the same as --app-id: Meta's dashboard has two ids, that of the Meta app at its top and that of the Instagram app")
	}
	s := &Server{opts: opts, log: opts.Log, clock: igsim.NewClock(time.Time{})}
	if err := s.open(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open() error {
	front, err := s.listen(s.opts.Listen)
	if err != nil {
		return err
	}
	s.public = s.opts.PublicURL
	if s.public == "" {
		s.public = "http://" + front.Addr().String()
	}
	if _, err := app.CheckOrigin(s.public); err != nil {
		return fmt.Errorf("--public-url %s: %w", s.public, err)
	}
	if s.folder, err = local.Create(s.opts.Data, s.clock.Now); err != nil {
		return err
	}
	if s.unlock, err = s.folder.Lock(); err != nil {
		return err
	}
	if err := s.refuseOtherInstagram(); err != nil {
		return err
	}
	s.clock.Advance(s.folder.Offset)
	if !s.opts.Real {
		if err := s.openSimulator(); err != nil {
			return err
		}
	}
	if err := s.remember(); err != nil {
		return err
	}
	handler, err := s.handler()
	if err != nil {
		return err
	}
	s.serve(front, handler)
	return nil
}

// refuseOtherInstagram keeps tokens of the simulator from being sent to Meta,
// and the reverse.
func (s *Server) refuseOtherInstagram() error {
	record := s.folder.Record
	if record.AppID == "" || record.Real == s.opts.Real && record.AppID == s.opts.AppID {
		return nil
	}
	if empty, err := s.folder.Empty(context.Background()); err != nil || empty {
		return err
	}
	return fmt.Errorf("the folder %s holds accounts of another app or another Instagram (app id %s, real: %t); choose another folder with --data", s.opts.Data, record.AppID, record.Real)
}

func (s *Server) openSimulator() error {
	listener, err := s.listen(s.opts.SimListen)
	if err != nil {
		return err
	}
	s.simURL = "http://" + listener.Addr().String()
	s.sim, err = igsim.New(igsim.Config{
		AppID:        s.opts.AppID,
		AppSecret:    s.opts.AppSecret.Reveal(),
		RedirectURIs: []string{s.CallbackURL()},

		MetaAppID:            s.opts.MetaAppID,
		MetaAppSecret:        s.opts.MetaAppSecret.Reveal(),
		FacebookRedirectURIs: []string{s.CallbackURL()},
		FacebookConfigID:     s.opts.FacebookConfigID,

		DeauthorizeURL: s.Address() + "/deauthorize",
		DeletionURL:    s.Address() + "/data-deletion",

		Now:       s.clock.Now,
		Advance:   s.advance,
		StateFile: s.folder.Path(local.SimulatorFile),
		Log:       s.log,
	})
	if err != nil {
		return err
	}
	s.serve(listener, s.sim)
	return nil
}

// listen opens an address on this machine and no other.
func (s *Server) listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address %q must look like 127.0.0.1:8080", address)
	}
	if !igauth.IsLoopback(host) {
		return nil, fmt.Errorf("the address %q is not on this machine: the development server hands out tokens and speaks plain http, so it listens on 127.0.0.1, [::1] or localhost only", address)
	}
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listening on %s: the port is in use; choose another with --listen or --sim-listen", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	s.listeners = append(s.listeners, listener)
	return listener, nil
}

func (s *Server) serve(listener net.Listener, handler http.Handler) {
	s.servers = append(s.servers, server{listener, &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}})
}

// handler wires every function into one.
func (s *Server) handler() (http.Handler, error) {
	loopback := strings.HasPrefix(s.public, "http://")
	returnURLs, err := igauth.ParseReturnURLs(s.opts.ReturnURLs, true)
	if err != nil {
		return nil, err
	}
	parts := s.folder.Parts(s.clock.Now, s.log)
	parts.Settings.PublicURL = s.public
	parts.Settings.ReturnURLs = returnURLs
	parts.Settings.FacebookConfigID, parts.Settings.FacebookScopes = s.opts.FacebookConfigID, s.opts.FacebookScopes
	parts.AppSecrets = func(context.Context) ([]igauth.Secret, error) { return []igauth.Secret{s.opts.AppSecret}, nil }
	parts.MetaAppSecrets = func(context.Context) ([]igauth.Secret, error) { return []igauth.Secret{s.opts.MetaAppSecret}, nil }
	parts.Settings.Policy = s.opts.Policy
	s.ledger, s.sent = &watchedLedger{Ledger: parts.Ledger}, &mailbox{log: s.log}
	parts.Ledger, parts.Publisher = s.ledger, s.sent
	parts.Caller = caller
	parts.PlainHTTP = loopback
	parts.HomeURL = "/"
	authorize, err := parts.Authorize()
	if err != nil {
		return nil, err
	}
	callback, err := parts.Callback()
	if err != nil {
		return nil, err
	}
	accounts, err := parts.Accounts()
	if err != nil {
		return nil, err
	}
	deauthorize, err := parts.Deauthorize()
	if err != nil {
		return nil, err
	}
	deletion, err := parts.Deletion()
	if err != nil {
		return nil, err
	}
	if s.revoker, err = parts.Revoker(); err != nil {
		return nil, err
	}
	if s.links, err = parts.Links(); err != nil {
		return nil, err
	}
	if s.relay, err = parts.Relay(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", callback) // which has a page for what does not exist
	if !s.opts.Verbose {
		parts.Log = slog.New(slog.DiscardHandler)
	}
	if s.refresher, err = parts.Refresher(); err != nil {
		return nil, err
	}
	if s.store, err = parts.Store(); err != nil {
		return nil, err
	}
	mux.Handle("/authorize", authorize)
	mux.Handle("/accounts", accounts)
	mux.Handle("/accounts/", accounts)
	mux.Handle("/accounts/{id}/token", s.audited(parts.Audit, s.keyed(accounts)))
	mux.Handle("/claims/", accounts)
	mux.Handle("/deauthorize", deauthorize)
	mux.Handle("/data-deletion", deletion)
	mux.Handle("/data-deletion/", deletion)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	s.routes(mux)
	return s.thenTell(s.ownHost(mux)), nil
}

// thenTell sends what a request has to tell before its answer is complete, so that
// the next page shows it.
func (s *Server) thenTell(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.tell(r.Context())
		next.ServeHTTP(w, r)
	})
}

// keyed lets through who has the key that was printed at start.
func (s *Server) keyed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hasKey(r) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			w.Header().Set("Cache-Control", "no-store")
			igauth.WriteError(w, igauth.CodeUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hasKey reports whether a request brings the key.
func (s *Server) hasKey(r *http.Request) bool {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(strings.TrimSpace(key)), []byte(s.folder.APIKey.Reveal())) == 1
}

// ownHost lets the people at this machine do everything. Through a tunnel, which
// a public URL needs, visitors can connect their accounts; everything else wants
// the key. Requests that name any other host are refused: a web page that has its
// name point to this machine could otherwise read what this server shows.
func (s *Server) ownHost(next http.Handler) http.Handler {
	public, _ := url.Parse(s.public) // was checked
	keyed := s.keyed(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		local := igauth.IsLoopback(strings.Trim(host, "[]"))
		switch {
		case !local && r.Host != public.Host:
			http.Error(w, "this server answers to its own address only", http.StatusMisdirectedRequest)
		case local && !forwarded(r) || forVisitors(r.URL.Path):
			next.ServeHTTP(w, r)
		default:
			keyed.ServeHTTP(w, r)
		}
	})
}

// forwarded reports whether a tunnel passed the request on. Some of them rewrite
// the host to this machine's.
func forwarded(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Cf-Connecting-Ip"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

// forVisitors reports whether a path is one that visitors come to, or Meta.
func forVisitors(path string) bool {
	switch path {
	case "/authorize", "/callback", "/callback/result", "/callback/choose", "/deauthorize", "/data-deletion", "/healthz":
		return true
	}
	return strings.HasPrefix(path, "/data-deletion/")
}

// URL is where the home page is.
func (s *Server) URL() string { return s.public }

// Address is where the server listens, which differs from URL behind a tunnel.
func (s *Server) Address() string { return "http://" + s.listeners[0].Addr().String() }

// FacebookLogin reports whether Facebook Login is on.
func (s *Server) FacebookLogin() bool { return s.opts.MetaAppID != "" }

// CallbackURL is the redirect URI.
func (s *Server) CallbackURL() string { return s.public + "/callback" }

// SimulatorURL is where the simulator is, "" if there is none.
func (s *Server) SimulatorURL() string { return s.simURL }

// APIKey opens the token path.
func (s *Server) APIKey() igauth.Secret { return s.folder.APIKey }

// Run serves until the context ends, running the refresher every hour.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, len(s.servers))
	for _, server := range s.servers {
		go func() { failed <- server.Serve(server.listener) }()
	}
	go s.schedule(ctx)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stopping, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, server := range s.servers {
		if server.Shutdown(stopping) != nil {
			_ = server.Close()
		}
	}
	s.Close()
	return err
}

// Close closes what Open opened.
func (s *Server) Close() {
	for _, listener := range s.listeners {
		_ = listener.Close()
	}
	if s.folder != nil {
		_ = s.folder.Close()
	}
	if s.unlock != nil {
		s.unlock()
	}
}

// remember writes down where this server's Instagram and clock are.
func (s *Server) remember() error {
	record := local.Record{AppID: s.opts.AppID, MetaAppID: s.opts.MetaAppID, Real: s.opts.Real, PublicURL: s.public, Policy: s.opts.Policy.String(), ClockOffset: s.clock.Offset().String()}
	if !s.opts.Real {
		record.WWW, record.API, record.Graph = s.simURL, s.simURL, s.simURL
		record.FacebookWWW, record.FacebookGraph = s.simURL, s.simURL
	}
	return s.folder.Remember(record)
}
