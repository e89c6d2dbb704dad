package instagram

import (
	"context"
	"errors"
	"net/http"
	"net/url"
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
	*caller
	www, api, graph *url.URL
	appID           string
	redirectURI     string
}

var (
	_ igauth.Consent   = (*Client)(nil)
	_ igauth.Exchanger = (*Client)(nil)
	_ igauth.Renewer   = (*Client)(nil)
)

// New returns a Client, or all that is wrong with its configuration.
func New(cfg Config) (*Client, error) {
	var hosts origins
	c := &Client{
		caller:      newCaller(cfg.AppSecrets, cfg.Timeout, cfg.Now, cfg.Transport),
		www:         hosts.add("consent", cfg.WWW, DefaultWWW),
		api:         hosts.add("code exchange", cfg.API, DefaultAPI),
		graph:       hosts.add("graph", cfg.Graph, DefaultGraph),
		appID:       cfg.AppID,
		redirectURI: cfg.RedirectURI,
	}
	return c, errors.Join(hosts.problems...)
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
