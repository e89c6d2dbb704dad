package igsim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"
)

// The app a simulator without other instructions knows.
const (
	// DefaultAppID is the default Instagram app id, 17 digits of text.
	DefaultAppID = "10203040506070809"
	// DefaultAppSecret is the default Instagram app secret, 32 hexadecimal
	// digits as the real ones. It is public, and a secret of nothing.
	DefaultAppSecret = "0123456789abcdef0123456789abcdef"
	// MetaAppID is the default id of the Meta app around the Instagram app: the
	// other id on the same dashboard, and the most frequent mistake. Who sends it
	// to Instagram learns "Invalid platform app", in the window and at the code
	// exchange. Facebook Login takes no other.
	MetaAppID = "90807060504030201"
)

// Config says how a Simulator is set up. The zero value works.
type Config struct {
	AppID     string // the Instagram app id; empty: DefaultAppID
	AppSecret string // its secret; empty: DefaultAppSecret
	// RedirectURIs is the registered list, compared byte for byte at the consent
	// window. Each is an absolute http or https URI without a fragment. An empty
	// list accepts every such URI there. The code exchange compares with the URI
	// of the window in any case.
	// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
	RedirectURIs []string
	// MetaAppID and MetaAppSecret are those of the Meta app, for Facebook Login;
	// empty: the constant MetaAppID and DefaultMetaAppSecret.
	MetaAppID     string
	MetaAppSecret string
	// FacebookRedirectURIs is the list of Facebook Login, which is apart from the
	// other. The same rules hold.
	FacebookRedirectURIs []string
	// FacebookConfigID is the configuration that gives a person's token; empty:
	// the constant FacebookConfigID. SystemUserConfigID always exists too.
	FacebookConfigID string
	// DeauthorizeURL and DeletionURL are where the callbacks of the dashboard go;
	// empty: SendCallback refuses.
	DeauthorizeURL string
	DeletionURL    string
	// Now is the clock; nil: a running Clock of the simulator's own. It is never
	// called while the simulator holds a lock.
	Now func() time.Time
	// Advance is what POST /_sim/clock calls to move the time on; nil: the own
	// Clock moves. With Now set and Advance nil the clock belongs to somebody
	// else, and the control says so. Advance without Now is an error.
	Advance func(ctx context.Context, d time.Duration) error
	// StateFile is where account types, codes, tokens, the history of refreshes,
	// and what people at Facebook granted are kept across restarts, readable by the owner only. It holds
	// the simulator's tokens in clear. Empty: memory only. Faults and behaviour
	// are never kept.
	StateFile string
	// Log takes one line per request, without tokens, codes or queries; nil:
	// nothing is logged.
	Log *slog.Logger
}

// A Simulator answers for Instagram. Make one with [New]; it is safe for
// concurrent use.
type Simulator struct {
	cfg     Config
	log     *slog.Logger
	clock   *Clock // nil when Config.Now rules
	control http.Handler

	// mu guards what follows. It is held for the length of one map access or
	// one write of the state file, never while a client is waited for.
	mu        sync.Mutex
	people    []*person
	codes     map[string]*authCode
	tokens    map[string]*token
	faults    []Fault
	behaviour Behaviour
	usage     Usage
	calls     map[string]int
	prunedAt  time.Time
	fb        facebook
}

// New returns a simulator, with the state of Config.StateFile when there is
// one. It fails on a redirect URI that could never match, on a callback URL
// that could never be called, on a state file that cannot be read, understood or
// written, and on Advance without Now.
func New(cfg Config) (*Simulator, error) {
	if cfg.AppID == "" {
		cfg.AppID = DefaultAppID
	}
	if cfg.AppSecret == "" {
		cfg.AppSecret = DefaultAppSecret
	}
	if cfg.MetaAppID == "" {
		cfg.MetaAppID = MetaAppID
	}
	if cfg.MetaAppSecret == "" {
		cfg.MetaAppSecret = DefaultMetaAppSecret
	}
	if cfg.FacebookConfigID == "" {
		cfg.FacebookConfigID = FacebookConfigID
	}
	for _, uri := range slices.Concat(cfg.RedirectURIs, cfg.FacebookRedirectURIs) {
		if !usableRedirect(uri) {
			return nil, fmt.Errorf("redirect URI %q is not an absolute http or https URI without a fragment", uri)
		}
	}
	for _, uri := range []string{cfg.DeauthorizeURL, cfg.DeletionURL} {
		if uri != "" && !usableRedirect(uri) {
			return nil, fmt.Errorf("callback URL %q is not an absolute http or https URL without a fragment", uri)
		}
	}
	s := &Simulator{
		cfg:    cfg,
		log:    cfg.Log,
		people: testPeople(),
		codes:  map[string]*authCode{},
		tokens: map[string]*token{},
		fb:     testFacebook(),
		calls:  map[string]int{},
		usage:  defaultUsage,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	switch {
	case cfg.Now == nil && cfg.Advance != nil:
		return nil, errors.New("Config.Advance moves a clock that Config.Now does not show: set both")
	case cfg.Now == nil:
		s.clock = NewClock(time.Time{})
	}
	s.control = s.newControl()
	if err := s.load(); err != nil {
		return nil, err
	}
	return s, nil
}

// now returns the simulated time in UTC. The caller must not hold s.mu: a clock
// given from outside may well call back.
func (s *Simulator) now() time.Time {
	if s.clock != nil {
		return s.clock.Now()
	}
	return s.cfg.Now().UTC()
}

// Calls returns how many requests each endpoint got since New, refused and
// failed ones included. Of Instagram: authorize (the window and its form), code,
// exchange, refresh, me and permissions. Of Facebook: dialog (with its form),
// facebook_code, facebook_exchange, facebook_app_token, debug_token, facebook_me,
// accounts (the list of Pages), object (a Page or an Instagram account) and
// facebook_permissions.
func (s *Simulator) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// The endpoints by the names that Calls and Fault use.
const (
	endpointAuthorize   = "authorize"
	endpointCode        = "code"
	endpointExchange    = "exchange"
	endpointRefresh     = "refresh"
	endpointMe          = "me"
	endpointPermissions = "permissions"
)

// version is the optional prefix of the paths on graph.instagram.com.
var version = regexp.MustCompile(`^/v[0-9]{1,3}\.[0-9]/`)

// route finds the endpoint of a request, or returns an empty name.
func (s *Simulator) route(r *http.Request) (string, func(*call) answer) {
	if name, serve := s.facebookRoute(r); name != "" {
		return name, func(c *call) answer { return s.withVersion(c, serve) }
	}
	path := r.URL.Path
	switch path {
	case "/oauth/authorize":
		return endpointAuthorize, s.authorize
	case "/oauth/access_token":
		return endpointCode, s.exchangeCode
	}
	if prefix := version.FindString(path); prefix != "" {
		path = path[len(prefix)-1:]
	}
	switch path {
	case "/access_token":
		return endpointExchange, s.exchangeToken
	case "/refresh_access_token":
		return endpointRefresh, s.refreshToken
	case "/me":
		return endpointMe, s.me
	case "/me/permissions":
		return endpointPermissions, s.removePermissions
	}
	return "", nil
}

// ServeHTTP answers a request to any of Meta's hosts, and the simulator's own.
// Some faults end with a panic of [http.ErrAbortHandler], which a server takes
// as the order to close the connection without an answer; who calls ServeHTTP
// without a server sees the panic.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, serve := s.route(r)
	if name == "" {
		s.serveOwn(w, r)
		return
	}
	c := s.newCall(w, r, name)
	fault := s.takeFault(c)
	if fault != "" && !happensAfter(fault) {
		s.logCall(c, 0, fault)
		if e, ok := metaError(fault); ok {
			s.errorAnswer(c, e).write(w)
			return
		}
		misbehave(w, r, c, fault)
		return
	}
	a := s.locked(serve, c)
	s.logCall(c, a.status, fault)
	switch fault {
	case "applied":
		panic(http.ErrAbortHandler)
	case "truncated":
		a.body = a.body[:len(a.body)/2]
	case "used_up":
		a.header.Set("X-App-Usage", appUsage(max(100, c.usage.App)))
	}
	a.write(w)
}

// locked runs an endpoint under the lock, and gives it back even when a mistake
// in here panics: one broken request must not become a hanging simulator.
func (s *Simulator) locked(serve func(*call) answer, c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return serve(c)
}

// logCall names the endpoint instead of the URL, whose query holds tokens.
func (s *Simulator) logCall(c *call, status int, fault string) {
	s.log.Info("request served", "endpoint", c.endpoint, "method", c.method, "status", status, "fault", fault)
}
