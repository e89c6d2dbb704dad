package instagram

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// The hosts of Facebook Login
// (https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow).
const (
	DefaultFacebookWWW   = "https://www.facebook.com"
	DefaultFacebookGraph = "https://graph.facebook.com"
)

// maxPages bounds an answer: a hundred Pages, each with a token whose length Meta
// does not bound.
const maxPages = 1 << 20

// FacebookConfig is what a Facebook is made of.
type FacebookConfig struct {
	// WWW and Graph are the origins of the login dialog and of everything else.
	// Empty means Meta's.
	WWW, Graph string
	// AppID is the Meta app id, which is not the Instagram app id.
	AppID string
	// AppSecrets returns the Meta app secret, and behind it the one before, if
	// there is one. It is asked for every call.
	AppSecrets func(ctx context.Context) ([]igauth.Secret, error)
	// RedirectURI is our callback, byte for byte as it stands in Meta's
	// dashboard (Facebook Login > Settings).
	RedirectURI string
	// ConfigID is a configuration of Facebook Login for Business; the dialog then
	// asks for what it names, and not for scopes. Empty means none.
	ConfigID string
	// Timeout bounds one request, default 10 s.
	Timeout time.Duration
	// Now is the clock from which lifetimes are counted; nil means time.Now.
	Now func() time.Time
	// Transport sends the requests; nil means one of our own.
	Transport http.RoundTripper
}

// A Facebook asks Meta on behalf of accounts that came by Facebook Login. It is
// safe for concurrent use.
//
// A method is one request, and another one when Meta refuses the app secret or the
// proof that is made of it, and there is an earlier secret.
type Facebook struct {
	*caller
	www, graph  *url.URL
	appID       string
	redirectURI string
	configID    string
}

var (
	_ igauth.FacebookExchanger = (*Facebook)(nil)
	_ igauth.FacebookRenewer   = (*Facebook)(nil)
)

// NewFacebook returns a Facebook, or all that is wrong with its configuration.
func NewFacebook(cfg FacebookConfig) (*Facebook, error) {
	var hosts origins
	caller := newCaller(cfg.AppSecrets, cfg.Timeout, cfg.Now, cfg.Transport)
	caller.longest = maxPages
	f := &Facebook{
		caller:      caller,
		www:         hosts.add("Facebook dialog", cfg.WWW, DefaultFacebookWWW),
		graph:       hosts.add("Facebook graph", cfg.Graph, DefaultFacebookGraph),
		appID:       cfg.AppID,
		redirectURI: cfg.RedirectURI,
		configID:    cfg.ConfigID,
	}
	return f, errors.Join(hosts.problems...)
}

// ConsentURL returns the address of the login dialog
// (https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow).
// A configuration takes the place of the scopes
// (https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business).
//
// It always asks again for what was declined before, as the dialog does not by
// itself: who starts again would get nowhere
// (https://developers.facebook.com/documentation/facebook-login/guides/permissions/request-revoke).
// ForceReauth changes nothing.
func (f *Facebook) ConsentURL(r igauth.ConsentRequest) *url.URL {
	u := f.www.JoinPath(GraphVersion, "dialog/oauth")
	query := url.Values{
		"client_id":     {f.appID},
		"redirect_uri":  {f.redirectURI},
		"response_type": {"code"},
		"state":         {r.State.Reveal()},
		"auth_type":     {"rerequest"},
	}
	if f.configID != "" {
		query.Set("config_id", f.configID)
	} else {
		query.Set("scope", strings.Join(r.Scopes, ","))
	}
	u.RawQuery = query.Encode()
	return u
}

// askAs asks with a token and with the proof that whoever holds it has the app
// secret, too.
func (f *Facebook) askAs(ctx context.Context, token igauth.Secret, method, path string, query url.Values) (answer, error) {
	return withAppSecret(ctx, f.caller, func(secret igauth.Secret) (answer, error) {
		return f.askProving(ctx, secret, token, method, path, query)
	})
}

// askProving is askAs with one app secret. The proof stands in the query, also of
// a request that is no GET
// (https://developers.facebook.com/docs/graph-api/guides/secure-requests).
func (f *Facebook) askProving(ctx context.Context, secret, token igauth.Secret, method, path string, query url.Values) (answer, error) {
	proof := hmac.New(sha256.New, []byte(secret.Reveal()))
	_, _ = proof.Write([]byte(token.Reveal()))
	query.Set("access_token", token.Reveal())
	query.Set("appsecret_proof", hex.EncodeToString(proof.Sum(nil)))
	return f.ask(ctx, method, f.graph, "/"+GraphVersion+path, query)
}
