package instagram

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"igauth/internal/igauth"
)

// The hosts of Instagram Login
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login).
const (
	DefaultWWW   = "https://www.instagram.com"
	DefaultAPI   = "https://api.instagram.com"
	DefaultGraph = "https://graph.instagram.com"
)

const (
	// defaultTimeout bounds one request.
	defaultTimeout = 10 * time.Second
	// maxAnswer bounds an answer; a real one has less than 1 KiB.
	maxAnswer = 64 << 10
	// idleTimeout drops connections before the far side does: a request that
	// meets a dead one fails, and a code cannot be sent twice.
	idleTimeout = 50 * time.Second
	// idleConns is how many connections wait for the next request. A run has as
	// many as it works on accounts at a time; what does not find room here is
	// closed and opened anew for every other request.
	idleConns = 1000
)

// Config is what a Client is made of.
type Config struct {
	// WWW, API and Graph are the origins of the consent window, of the code
	// exchange, and of everything else. Empty means Meta's.
	WWW, API, Graph string
	// AppID is the Instagram app id, which is not the Meta app id.
	AppID string
	// AppSecrets returns the Instagram app secret, and behind it the one before,
	// if there is one: while the secret is being changed, Meta may know the other
	// one of both. It is asked when it is needed,
	// which is only when an account is connected.
	AppSecrets func(ctx context.Context) ([]igauth.Secret, error)
	// RedirectURI is our callback, byte for byte as it stands in Meta's
	// dashboard.
	RedirectURI string
	// Timeout bounds one request, default 10 s.
	Timeout time.Duration
	// Now is the clock from which lifetimes are counted; nil means time.Now.
	Now func() time.Time
	// Transport sends the requests; nil means one of our own.
	Transport http.RoundTripper
}

// A Client asks Meta. It is safe for concurrent use.
type Client struct {
	www, api, graph *url.URL
	appID           string
	appSecrets      func(ctx context.Context) ([]igauth.Secret, error)
	redirectURI     string
	timeout         time.Duration
	now             func() time.Time
	http            *http.Client
	usage           usage
}

var (
	_ igauth.Consent   = (*Client)(nil)
	_ igauth.Exchanger = (*Client)(nil)
	_ igauth.Renewer   = (*Client)(nil)
)

// New returns a Client, or all that is wrong with its configuration.
func New(cfg Config) (*Client, error) {
	var problems []error
	origin := func(name, text, byDefault string) *url.URL {
		if text == "" {
			text = byDefault
		}
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != text {
			problems = append(problems, fmt.Errorf("the %s host must look like %s, without a path", name, byDefault))
			return &url.URL{}
		}
		return u
	}
	c := &Client{
		www:         origin("consent", cfg.WWW, DefaultWWW),
		api:         origin("code exchange", cfg.API, DefaultAPI),
		graph:       origin("graph", cfg.Graph, DefaultGraph),
		appID:       cfg.AppID,
		appSecrets:  cfg.AppSecrets,
		redirectURI: cfg.RedirectURI,
		timeout:     cfg.Timeout,
		now:         cfg.Now,
	}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	if c.now == nil {
		c.now = time.Now
	}
	transport := cfg.Transport
	if transport == nil {
		transport = newTransport()
	}
	c.http = &http.Client{
		Transport: transport,
		// A redirect would carry the token to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, errors.Join(problems...)
}

// newTransport returns a transport with which a frozen Lambda sandbox does not
// wake up with dead connections. It speaks HTTP/1.1 only: in HTTP/2 the guard
// against repetition in get would announce a body to follow a GET.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		Protocols:           protocols,
		MaxIdleConnsPerHost: idleConns,
		IdleConnTimeout:     idleTimeout,
		TLSHandshakeTimeout: 5 * time.Second,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: tls.NewLRUClientSessionCache(8),
		},
	}
}

// Warm opens a connection to each host, so that the first visitor does not wait
// for it. Failures do not matter.
func (c *Client) Warm(ctx context.Context) {
	done := make(chan struct{}, 2)
	for _, host := range []*url.URL{c.api, c.graph} {
		go func() {
			defer func() { done <- struct{}{} }()
			req, err := http.NewRequestWithContext(ctx, http.MethodHead, host.JoinPath("/").String(), nil)
			if err != nil {
				return
			}
			if resp, err := c.http.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}()
	}
	<-done
	<-done
}

// An answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends one request and returns its answer if that is a success.
func (c *Client) do(ctx context.Context, req *http.Request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Store(true) },
	})
	req = req.WithContext(ctx)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "igauth")
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, unreachable(err, sent.Load())
	}
	defer func() { _ = resp.Body.Close() }()
	c.usage.note(resp.Header, c.now())
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, unreachable(err, true)
	}
	if len(body) > maxAnswer {
		return answer{}, unreadable(resp.StatusCode, "the answer is longer than 64 KiB")
	}
	a := answer{resp.StatusCode, resp.Header, body}
	if e := classify(a); e != nil {
		return answer{}, e
	}
	return a, nil
}

// get asks the graph host.
func (c *Client) get(ctx context.Context, path string, query url.Values) (answer, error) {
	u := c.graph.JoinPath(path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return answer{}, unreachable(errors.New("the request could not be made"), false)
	}
	// net/http repeats a GET by itself when a connection that was kept open
	// breaks, even if Meta has already acted on the request. A body that cannot
	// be read twice, though it is empty and not sent, keeps it from that.
	req.Body = io.NopCloser(strings.NewReader(""))
	return c.do(ctx, req)
}

// unreachable reports that no answer came. The URL goes no further: it may hold
// a token.
func unreachable(err error, sent bool) *igauth.Error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	// The cause below may be of any package; only what is known to print no URL
	// is kept.
	var cause error
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		cause = context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		cause = context.Canceled
	case errors.As(err, &op):
		cause = op
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		cause = io.ErrUnexpectedEOF
	default:
		cause = fmt.Errorf("the connection failed (%T)", err)
	}
	return &igauth.Error{Code: igauth.CodeMetaUnavailable, Class: igauth.ClassTransient, Sent: sent, Err: cause}
}

// unreadable reports an answer that makes no sense. It is discarded.
func unreadable(status int, why string) *igauth.Error {
	return &igauth.Error{
		Code:   igauth.CodeMetaUnreadable,
		Class:  igauth.ClassTransient,
		Detail: fmt.Sprintf("status %d: %s", status, why),
		Sent:   true,
	}
}
