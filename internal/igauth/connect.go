package igauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// An Exchanger turns a code into a long-lived token. Each method is one request;
// none repeats it. Errors are of type *Error.
type Exchanger interface {
	// ExchangeCode spends a code. If the error says Sent, the code may be spent.
	ExchangeCode(ctx context.Context, code Secret) (Grant, error)
	// ExtendToken exchanges a short-lived token for a long-lived one. The answer
	// tells no scopes.
	ExtendToken(ctx context.Context, short Secret) (Token, error)
	// Profile returns whose token it is.
	Profile(ctx context.Context, token Secret) (Profile, error)
}

// A Grant is what a code is exchanged for.
type Grant struct {
	// Token is short-lived: an hour.
	Token       Secret
	AppScopedID string
	// Scopes were granted; nil when Meta did not say.
	Scopes []string
}

// ConnectorConfig is what a Connector is made of.
type ConnectorConfig struct {
	Store *Store
	Meta  Exchanger
	// Facebook is asked for the flows of Facebook Login, nil means that it is off;
	// MetaAppID is the id of its app.
	Facebook  FacebookExchanger
	MetaAppID string
	// Timeout bounds one connection, default 24 s: API Gateway gives up after 30
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
	Timeout time.Duration
	// Patience is how long a second delivery of a callback waits for the first,
	// default 8 s.
	Patience time.Duration
	// Log receives how flows end; nil discards it.
	Log *slog.Logger
}

// A Connector finishes flows: it spends the code and stores the account.
type Connector struct {
	store     *Store
	meta      Exchanger
	facebook  FacebookExchanger
	metaAppID string
	timeout   time.Duration
	patience  time.Duration
	log       *slog.Logger
}

// NewConnector returns a Connector, or what is wrong with its configuration.
func NewConnector(cfg ConnectorConfig) (*Connector, error) {
	if cfg.Store == nil || cfg.Meta == nil {
		return nil, errors.New("a connector needs a store and a client of Meta")
	}
	if cfg.Facebook != nil && cfg.MetaAppID == "" {
		return nil, errors.New("a connector needs the Meta app id for Facebook Login")
	}
	defaultTo(&cfg.Timeout, 24*time.Second)
	defaultTo(&cfg.Patience, 8*time.Second)
	if cfg.Patience >= cfg.Timeout {
		return nil, fmt.Errorf("a second delivery waits %s: must be less than the timeout, %s", cfg.Patience, cfg.Timeout)
	}
	return &Connector{
		store: cfg.Store, meta: cfg.Meta, facebook: cfg.Facebook, metaAppID: cfg.MetaAppID,
		timeout: cfg.Timeout, patience: cfg.Patience, log: logOr(cfg.Log),
	}, nil
}

// metaPauses are the pauses between tries of a request that may be repeated.
var metaPauses = []time.Duration{200 * time.Millisecond, 800 * time.Millisecond}

// connect spends the code and stores the account of a visitor who came at a time. On success the flow has its
// outcome, or the accounts to choose from, and is stored with it.
func (c *Connector) connect(ctx context.Context, began time.Time, arrival Arrival, flow *Flow) error {
	if arrival.Login == LoginFacebook {
		return c.connectFacebook(ctx, began, arrival, flow)
	}
	profile, token, err := c.obtain(ctx, arrival)
	if err != nil {
		return err
	}
	return c.keep(ctx, began, arrival, profile, token, flow)
}

// keep stores the account of a visitor who came at a time, with the token that
// Meta gave, and the flow with its outcome.
func (c *Connector) keep(ctx context.Context, began time.Time, arrival Arrival, profile Profile, token Token, flow *Flow) error {
	for try := 0; ; try++ {
		lease := flow.Lease
		lease.RequestedScopes = arrival.RequestedScopes
		lease.Login = arrival.Login
		defaultTo(&lease.Login, LoginInstagram)
		a, err := c.store.intend(ctx, profile, token.IssuedAt, lease, flow, func(a Account) error {
			switch {
			case a.Status.Live() && a.ConnectedAt.After(token.IssuedAt):
				return errNewerConsent
			case a.EndedAt.After(began):
				return newError(CodeDisconnected, nil)
			}
			return nil
		})
		if errors.Is(err, errNewerConsent) {
			flow.Account = profile.ID
			c.connected(arrival, flow, token)
			return c.store.save(ctx, nil, flow)
		}
		if err != nil {
			return err
		}
		before := *flow
		c.connected(arrival, flow, token)
		if _, err = c.store.commit(ctx, a, token, flow); err == nil {
			return nil
		}
		flow.reopen(before)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		done, err := c.yield(ctx, arrival, a, token, flow)
		if done || err != nil {
			return err
		}
		// Another connection of the account has begun after this one. Both are
		// of today; to take turns at random lets one of them finish.
		pause := time.Duration(float64(takeTurns*time.Duration(try+1)) * spread(AccountID(a.Lease.Attempt+fmt.Sprint(try))))
		if err := sleep(ctx, pause); err != nil {
			return newError(CodeUnavailable, err)
		}
	}
}

// errNewerConsent says that the account's owner has connected it again meanwhile.
var errNewerConsent = errors.New("a newer consent is stored")

// takeTurns is the longest pause between tries of connections of one account
// that disturb each other, growing with each.
const takeTurns = 400 * time.Millisecond

// connected gives the flow the outcome of a connection.
func (c *Connector) connected(arrival Arrival, flow *Flow, token Token) {
	flow.end(Outcome{Code: CodeConnected, MissingScopes: missingScopes(arrival.RequestedScopes, token.Scopes)})
	flow.ClaimHash = arrival.ClaimHash
	flow.ClaimUntil = c.store.now().Add(claimLifetime).UTC()
}

// yield decides what becomes of a connection whose account has moved on. If a
// newer consent was stored meanwhile, that is what the visitor wanted, and the
// flow ends as connected; if the account was disconnected meanwhile, the consent
// is older than that. Otherwise the connection goes on.
func (c *Connector) yield(ctx context.Context, arrival Arrival, a Account, token Token, flow *Flow) (done bool, err error) {
	fresh, err := c.store.row(ctx, a.ID)
	switch {
	case err != nil:
		return false, fmt.Errorf("reading the account again: %w", err)
	case fresh.ended() && fresh.Generation > a.Generation:
		return false, newError(CodeDisconnected, nil)
	case fresh.Status.Live() && fresh.Generation > a.Generation && !fresh.ConnectedAt.Before(token.IssuedAt):
		c.connected(arrival, flow, token)
		return true, c.store.save(ctx, nil, flow)
	}
	return false, nil
}

// obtain asks Meta for everything. The answer is complete and plausible.
func (c *Connector) obtain(ctx context.Context, arrival Arrival) (Profile, Token, error) {
	grant, err := exchange(ctx, c.meta.ExchangeCode, arrival.Code)
	if err != nil {
		return Profile{}, Token{}, err
	}
	asked := meanwhile(ctx, func() (Profile, error) { return c.meta.Profile(ctx, grant.Token) })
	var token Token
	err = insistently(ctx, func() (err error) {
		token, err = c.meta.ExtendToken(ctx, grant.Token)
		return err
	})
	profile, unknown := asked()
	if unknown == nil && arrival.Only != "" && profile.ID != arrival.Only {
		// Whatever else is wrong with that account, it is not the one.
		return Profile{}, Token{}, c.refuse(ctx, arrival.Only, profile)
	}
	if err != nil {
		return Profile{}, Token{}, err
	}
	if unknown != nil {
		return Profile{}, Token{}, unknown
	}
	if profile.AppScopedID == "" {
		profile.AppScopedID = grant.AppScopedID
	}
	if strings.EqualFold(profile.AccountType, "PERSONAL") {
		return Profile{}, Token{}, newError(CodePersonalAccount, nil)
	}
	if grant.Scopes != nil {
		token.Scopes = sortedScopes(grant.Scopes)
		if !slices.Contains(token.Scopes, ScopeBasic) {
			return Profile{}, Token{}, newError(CodeScopeMissing, nil)
		}
	}
	return profile, token, nil
}

// exchange spends the code. It is tried again only while nothing was sent; when
// the answer to what was sent is lost, the code may be spent.
func exchange(ctx context.Context, spend func(context.Context, Secret) (Grant, error), code Secret) (Grant, error) {
	for try := 0; ; try++ {
		grant, err := spend(ctx, code)
		e, ok := errors.AsType[*Error](err)
		switch {
		case err == nil:
			return grant, nil
		case ok && e.Code == CodeMetaRefused:
			return Grant{}, err // a clear no, though we do not know the reason
		case ok && e.Class == ClassTransient && e.Sent:
			return Grant{}, newError(CodeOutcomeUnknown, err)
		case !ok || e.Class != ClassTransient || try == len(metaPauses) || sleep(ctx, metaPauses[try]) != nil:
			return Grant{}, err
		}
	}
}

// insistently repeats a request that may be repeated while its failure is
// transient.
func insistently(ctx context.Context, do func() error) error {
	err := do()
	for _, pause := range metaPauses {
		if err == nil || ClassOf(err) != ClassTransient || sleep(ctx, pause) != nil {
			return err
		}
		err = do()
	}
	return err
}

// meanwhile asks for something insistently while its caller does something else.
// The function that it returns waits for the answer.
func meanwhile[T any](ctx context.Context, ask func() (T, error)) func() (T, error) {
	var answer T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = insistently(ctx, func() (err error) {
			answer, err = ask()
			return err
		})
	}()
	return func() (T, error) {
		<-done
		return answer, err
	}
}
