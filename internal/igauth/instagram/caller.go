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

const (
	// defaultTimeout bounds one request.
	defaultTimeout = 10 * time.Second
	// maxAnswer bounds an answer; a real one that is no list has less than 1 KiB.
	maxAnswer = 64 << 10
	// idleTimeout drops connections before the far side does: a request that
	// meets a dead one fails, and a code cannot be sent twice.
	idleTimeout = 50 * time.Second
	// idleConns is how many connections wait for the next request. A run has as
	// many as it works on accounts at a time; what does not find room here is
	// closed and opened anew for every other request.
	idleConns = 1000
)

// A caller sends what either login asks of Meta.
type caller struct {
	appSecrets func(ctx context.Context) ([]igauth.Secret, error)
	timeout    time.Duration
	now        func() time.Time
	// longest bounds an answer, in bytes.
	longest int
	http    *http.Client
	usage   usage
}

// newCaller returns a caller with its defaults filled in.
func newCaller(appSecrets func(context.Context) ([]igauth.Secret, error), timeout time.Duration, now func() time.Time, transport http.RoundTripper) *caller {
	c := &caller{appSecrets: appSecrets, timeout: timeout, now: now, longest: maxAnswer}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	if c.now == nil {
		c.now = time.Now
	}
	if transport == nil {
		transport = newTransport()
	}
	c.http = &http.Client{
		Transport: transport,
		// A redirect would carry the token to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// origins collects what is wrong with the hosts of a configuration.
type origins struct{ problems []error }

// add returns the origin that a text names; an empty one is the default.
func (o *origins) add(name, text, byDefault string) *url.URL {
	if text == "" {
		text = byDefault
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != text {
		o.problems = append(o.problems, fmt.Errorf("the %s host must look like %s, without a path", name, byDefault))
		return &url.URL{}
	}
	return u
}

// newTransport returns a transport with which a frozen Lambda sandbox does not
// wake up with dead connections. It speaks HTTP/1.1 only: in HTTP/2 the guard
// against repetition in ask would announce a body to follow a GET.
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

// An answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends one request and returns its answer if that is a success.
func (c *caller) do(ctx context.Context, req *http.Request) (answer, error) {
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
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(c.longest)+1))
	if err != nil {
		return answer{}, unreachable(err, true)
	}
	if len(body) > c.longest {
		return answer{}, unreadable(resp.StatusCode, fmt.Sprintf("the answer is longer than %d KiB", c.longest>>10))
	}
	a := answer{resp.StatusCode, resp.Header, body}
	if e := classify(a); e != nil {
		return answer{}, e
	}
	return a, nil
}

// ask sends a request that has no body, such as every one to a graph host.
func (c *caller) ask(ctx context.Context, method string, host *url.URL, path string, query url.Values) (answer, error) {
	u := host.JoinPath(path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequest(method, u.String(), nil)
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
