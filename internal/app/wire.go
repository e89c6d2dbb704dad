package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// Parts are what handlers are wired from. Which of them a handler needs its
// function says; the others may stay empty.
type Parts struct {
	Settings Settings
	// StateKeys and AppSecrets return keys that are read when they are needed.
	StateKeys  igauth.KeySource
	AppSecrets func(ctx context.Context) ([]igauth.Secret, error)
	// MetaAppSecrets returns those of the Meta app; nil means that there is none.
	MetaAppSecrets func(ctx context.Context) ([]igauth.Secret, error)
	// Meta asks Meta; nil means a client of the settings' own. Who warms its
	// connections sets it, so that the handlers use those.
	Meta *instagram.Client
	// Facebook is the same for Facebook Login, which is off without settings.
	Facebook *instagram.Facebook
	Ledger   igauth.Ledger
	Vault    igauth.Vault
	// Keyset is for those who look after the keys of sealed tokens.
	Keyset Keyset
	// Publisher takes the events; without one they stay in their rows, for another
	// program to send.
	Publisher igauth.Publisher
	// Caller names who sends a request to the backend's API, and Audit takes a line
	// for each token that somebody reads; nil means that nobody knows, and the log.
	Caller func(*http.Request) string
	Audit  igauth.Auditor
	// Signed is told with which app secret Meta has signed a call of its own; nil
	// means that nobody wants to know.
	Signed func(igauth.SecretLabel)
	// PlainHTTP is only for the development server on loopback.
	PlainHTTP bool
	// HomeURL is where the link on result pages leads.
	HomeURL string
	// PerSecond bounds a refresh run; 0 means what the settings say. See
	// igauth.RefresherConfig.
	PerSecond int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// A Keyset is where the keys of sealed tokens are kept, as the text of the
// package sealed.
type Keyset interface {
	// Text returns the keyset as it is now, or igauth.ErrNotFound.
	Text(ctx context.Context) (igauth.Secret, error)
	// Change replaces the text by what change makes of it; an empty one means
	// that there was none. If somebody else changes it at the same time, the
	// answer is igauth.ErrConflict, and nothing was changed.
	Change(ctx context.Context, change func(old igauth.Secret) (igauth.Secret, error)) error
}

// Authorize returns the handler of GET /authorize.
func (p Parts) Authorize() (http.Handler, error) {
	meta, err := p.Instagram()
	if err != nil {
		return nil, err
	}
	front, err := p.front()
	if err != nil {
		return nil, err
	}
	return igauth.NewAuthorizeHandler(front, meta)
}

// Callback returns the handler of GET /callback and its result page.
func (p Parts) Callback() (http.Handler, error) {
	meta, err := p.Instagram()
	if err != nil {
		return nil, err
	}
	store, err := p.Store()
	if err != nil {
		return nil, err
	}
	front, err := p.front()
	if err != nil {
		return nil, err
	}
	cfg := igauth.ConnectorConfig{Store: store, Meta: meta, MetaAppID: p.Settings.MetaAppID, Log: p.Log}
	if facebook, err := p.FacebookLogin(); err != nil {
		return nil, err
	} else if facebook != nil {
		cfg.Facebook = facebook
	}
	connector, err := igauth.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return igauth.NewCallbackHandler(front, connector)
}

// Accounts returns the handler of /accounts and /claims. Without a public URL it
// has no reconnect links.
func (p Parts) Accounts() (http.Handler, error) {
	store, err := p.Store()
	if err != nil {
		return nil, err
	}
	cfg := igauth.AccountsConfig{Store: store, Caller: p.Caller, Audit: p.Audit, Now: p.Now, PlainHTTP: p.PlainHTTP, Log: p.Log}
	if cfg.Meta, err = p.Revoker(); err != nil {
		return nil, err
	}
	if p.Settings.PublicURL != "" {
		if cfg.Links, err = p.Links(); err != nil {
			return nil, err
		}
	}
	return igauth.NewAccountsHandler(cfg)
}

// Revoker returns what asks Meta to take the app's access away.
func (p Parts) Revoker() (igauth.Revoker, error) {
	meta, err := p.Instagram()
	if err != nil {
		return nil, err
	}
	facebook, err := p.FacebookLogin()
	if err != nil {
		return nil, err
	}
	return revoker{meta, facebook}, nil
}

// A revoker asks the login's own API.
type revoker struct {
	instagram *instagram.Client
	facebook  *instagram.Facebook
}

func (r revoker) Revoke(ctx context.Context, login igauth.Login, person string, token igauth.Secret) error {
	switch {
	case login != igauth.LoginFacebook:
		return r.instagram.Revoke(ctx, token)
	case r.facebook == nil:
		return &igauth.Error{Code: igauth.CodeLoginOff, Class: igauth.CodeLoginOff.Class()}
	}
	return r.facebook.Revoke(ctx, person, token)
}

// Links returns what makes reconnect links. It needs the public URL, the app id
// and the state keys.
func (p Parts) Links() (*igauth.Links, error) {
	return igauth.NewLinks(igauth.LinksConfig{
		Origin:    p.Settings.PublicURL,
		AppID:     p.Settings.AppID,
		StateKeys: p.StateKeys,
		Now:       p.Now,
	})
}

// Refresher returns what a scheduled run calls.
func (p Parts) Refresher() (*igauth.Refresher, error) {
	meta, err := p.Instagram()
	if err != nil {
		return nil, err
	}
	store, err := p.Store()
	if err != nil {
		return nil, err
	}
	cfg := igauth.RefresherConfig{
		Store: store, Meta: meta, Log: p.Log,
		PerSecond: cmp.Or(p.PerSecond, p.Settings.RefreshRate), Parallel: p.Settings.RefreshAtOnce,
	}
	if facebook, err := p.FacebookLogin(); err != nil {
		return nil, err
	} else if facebook != nil {
		cfg.Facebook = facebook
	}
	if p.Publisher != nil {
		if cfg.Relay, err = p.relay(store); err != nil {
			return nil, err
		}
	}
	return igauth.NewRefresher(cfg)
}

// Relay returns what sends events.
func (p Parts) Relay() (*igauth.Relay, error) {
	store, err := p.Store()
	if err != nil {
		return nil, err
	}
	return p.relay(store)
}

func (p Parts) relay(store *igauth.Store) (*igauth.Relay, error) {
	cfg := igauth.RelayConfig{Store: store, Publisher: p.Publisher, Log: p.Log}
	if p.StateKeys != nil && p.Settings.PublicURL != "" && p.Settings.AppID != "" {
		links, err := p.Links()
		if err != nil {
			return nil, err
		}
		cfg.Links = links
	}
	return igauth.NewRelay(cfg)
}

// Store returns the accounts and their tokens.
func (p Parts) Store() (*igauth.Store, error) {
	return igauth.NewStore(igauth.StoreConfig{Ledger: p.Ledger, Vault: p.Vault, Policy: p.Settings.Policy, Now: p.Now, Log: p.Log})
}

// Instagram returns the client of Meta's API.
func (p Parts) Instagram() (*instagram.Client, error) {
	if p.Meta != nil {
		return p.Meta, nil
	}
	appSecrets := p.AppSecrets
	if appSecrets == nil {
		appSecrets = func(context.Context) ([]igauth.Secret, error) {
			return nil, errors.New("this function has no access to the app secret")
		}
	}
	return instagram.New(instagram.Config{
		WWW: p.Settings.WWW, API: p.Settings.API, Graph: p.Settings.Graph,
		AppID:       p.Settings.AppID,
		AppSecrets:  appSecrets,
		RedirectURI: p.Settings.CallbackURL(),
		Now:         p.Now,
	})
}

// FacebookLogin returns the client of Meta's API behind Facebook Login, nil if that
// is off.
func (p Parts) FacebookLogin() (*instagram.Facebook, error) {
	if p.Facebook != nil || !p.Settings.FacebookLogin() {
		return p.Facebook, nil
	}
	appSecrets := p.MetaAppSecrets
	if appSecrets == nil {
		appSecrets = func(context.Context) ([]igauth.Secret, error) {
			return nil, errors.New("this function has no access to the secret of the Meta app")
		}
	}
	return instagram.NewFacebook(instagram.FacebookConfig{
		WWW: p.Settings.FacebookWWW, Graph: p.Settings.FacebookGraph,
		AppID:       p.Settings.MetaAppID,
		AppSecrets:  appSecrets,
		RedirectURI: p.Settings.CallbackURL(),
		ConfigID:    p.Settings.FacebookConfigID,
		Now:         p.Now,
	})
}

func (p Parts) front() (igauth.FrontConfig, error) {
	cfg := igauth.FrontConfig{
		AppID:      p.Settings.AppID,
		StateKeys:  p.StateKeys,
		ReturnURLs: p.Settings.ReturnURLs,
		Scopes:     p.Settings.Scopes,
		PlainHTTP:  p.PlainHTTP,
		HomeURL:    p.HomeURL,
		Now:        p.Now,
		Log:        p.Log,
	}
	facebook, err := p.FacebookLogin()
	if err != nil || facebook == nil {
		return cfg, err
	}
	cfg.Facebook = facebook
	if p.Settings.FacebookConfigID == "" {
		cfg.FacebookScopes = p.Settings.FacebookScopes
		if len(cfg.FacebookScopes) == 0 {
			cfg.FacebookScopes = DefaultFacebookScopes
		}
	}
	return cfg, nil
}

// WarmKeyset reads the keyset if tokens are sealed.
func (p Parts) WarmKeyset(ctx context.Context) {
	if p.Settings.Vault == VaultSealed {
		_, _ = p.Keyset.Text(ctx)
	}
}

// WarmLedger opens a connection to the ledger, by reading a flow that never is.
func (p Parts) WarmLedger(ctx context.Context) { _, _ = p.Ledger.Flow(ctx, "none") }

const (
	// warmFor is how long a function's start waits for its connections. It is
	// billed like everything else, and a visitor may be waiting.
	warmFor = 150 * time.Millisecond
	// warmCall bounds each of them.
	warmCall = 3 * time.Second
)

// Warm opens connections and fills caches while the function starts, when its
// processor is fastest. It waits a little and forgets failures: what was not
// reached is reached when it is needed.
func Warm(calls ...func(ctx context.Context)) {
	var group sync.WaitGroup
	for _, call := range calls {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), warmCall)
			defer cancel()
			call(ctx)
		})
	}
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(warmFor):
	}
}
