package igauth

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// FrontConfig is what the two handlers that visitors meet have in common.
type FrontConfig struct {
	// AppID is the Instagram app id. States of another app are refused.
	AppID string
	// StateKeys returns the keys that authenticate states.
	StateKeys KeySource
	// ReturnURLs are where visitors may be sent back.
	ReturnURLs ReturnURLs
	// Scopes are asked for when a request names none, and are accepted in a
	// request. Nil means ScopeBasic alone.
	Scopes []string
	// Facebook knows where visitors of Facebook Login give their consent; nil means
	// that it is off. FacebookScopes are as Scopes; nil means that a configuration
	// of Facebook Login for Business names them, and no request can.
	Facebook       Consent
	FacebookScopes []string
	// PlainHTTP leaves out what browsers refuse without TLS: the prefix and the
	// flag of cookies. Only the development server on loopback may set it.
	PlainHTTP bool
	// HomeURL is where the link on our own result pages leads; "" leaves it out.
	HomeURL string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Random is the source of randomness; nil means crypto/rand.
	Random io.Reader
	// Log receives one line for every flow; nil discards them.
	Log *slog.Logger
}

// front is the part of a handler that FrontConfig describes.
type front struct {
	FrontConfig
	cookies flowCookies
}

func newFront(cfg FrontConfig) (front, error) {
	if cfg.AppID == "" {
		return front{}, errors.New("the Instagram app id is missing")
	}
	if cfg.StateKeys == nil {
		return front{}, errors.New("the state keys are missing")
	}
	cfg.Scopes = sortedScopes(append(slices.Clone(cfg.Scopes), ScopeBasic))
	if cfg.FacebookScopes != nil {
		cfg.FacebookScopes = sortedScopes(append(slices.Clone(cfg.FacebookScopes), LoginFacebook.requiredScopes()...))
	}
	if !scopesFit(cfg.Scopes) || !scopesFit(cfg.FacebookScopes) {
		return front{}, errors.New("the scopes are too many: some 20 of them fit into a state")
	}
	cfg.Now, cfg.Random, cfg.Log = nowOr(cfg.Now), randomOr(cfg.Random), logOr(cfg.Log)
	return front{FrontConfig: cfg, cookies: flowCookies{plain: cfg.PlainHTTP}}, nil
}

// logOr returns log, or one that discards.
func logOr(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

const (
	// authorizePath is where a flow begins.
	authorizePath = "/authorize"
	// reconnectParameter has a reconnect link's text, at /authorize and on the
	// result page.
	reconnectParameter = "reconnect"
	// loginParameter names the login, at the same places.
	loginParameter = "login"
)

// offers reports whether a login is on.
func (f front) offers(login Login) bool { return login != LoginFacebook || f.Facebook != nil }

// scopes are asked for in a login when a request names none.
func (f front) scopes(login Login) []string {
	if login == LoginFacebook {
		return f.FacebookScopes
	}
	return f.Scopes
}

// againURL returns the link that starts the same kind of flow again. It is made
// from an authenticated state or from nothing.
func (f front) againURL(ctx context.Context, s flowState) string {
	query := url.Values{}
	if returnTo := f.ReturnURLs.byMark(s.returnURL); returnTo != "" && returnTo != f.ReturnURLs.first() {
		query.Set("return_to", returnTo)
	}
	if link := f.link(ctx, s); link != "" {
		query.Set(reconnectParameter, link)
	} else {
		if s.login == LoginFacebook {
			query.Set(loginParameter, string(s.login))
		}
		if s.scopes != nil && !slices.Equal(s.scopes, f.scopes(s.login)) {
			query.Set("scope", strings.Join(s.scopes, ","))
		}
	}
	if len(query) == 0 {
		return authorizePath
	}
	return authorizePath + "?" + query.Encode()
}

// link returns the reconnect link that a flow was started with, "" if it was
// started without. It lasts no longer than before.
func (f front) link(ctx context.Context, s flowState) string {
	if s.reconnect.account == "" {
		return ""
	}
	keys, err := f.StateKeys(ctx)
	if err != nil || len(keys) == 0 {
		f.Log.WarnContext(ctx, "reconnect link not made", "flow", s.id(), "err", err)
		return ""
	}
	return wish{s.login, s.reconnect, s.scopes}.sign(keys[0], f.AppID)
}

// single returns the parameters of a query, or CodeRequestInvalid if one of the
// names stands twice or the query cannot be read. The raw query is parsed, since
// API Gateway's own map joins repetitions with a comma
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
func single(r *http.Request, names ...string) (map[string]string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, newError(CodeRequestInvalid, nil)
	}
	found := map[string]string{}
	for _, name := range names {
		switch len(values[name]) {
		case 0:
		case 1:
			found[name] = values[name][0]
		default:
			return nil, newError(CodeRequestInvalid, nil)
		}
	}
	return found, nil
}

// prefetched reports whether a browser only wants to have the page at hand, in
// which case nothing may be consumed.
func prefetched(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz", "X-Purpose"} {
		value := strings.ToLower(r.Header.Get(name))
		if strings.Contains(value, "prefetch") || strings.Contains(value, "preview") {
			return true
		}
	}
	return false
}

// getOnly passes on GET requests of people. Everything else gets its answer here
// and consumes nothing.
func getOnly(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", http.MethodGet)
			writePage(w, r, CodeMethod, pageOptions{})
		case prefetched(r):
			w.WriteHeader(http.StatusNoContent)
		default:
			next(w, r)
		}
	})
}
