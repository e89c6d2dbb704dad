package instagram_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
	"igauth/internal/igsim"
)

const (
	day = 24 * time.Hour
	// simulatedLife is what the simulator's tokens live, Meta's documented sample.
	simulatedLife = 5183944 * time.Second
)

// world is the simulator, its clock, and a client in front of it.
type world struct {
	*igsim.Simulator
	t      *testing.T
	clock  *igsim.Clock
	client *clients
	host   string
}

func newWorld(t *testing.T, change ...func(*instagram.Config)) *world {
	t.Helper()
	clock := igsim.NewFrozenClock(start)
	sim, err := igsim.New(igsim.Config{RedirectURIs: []string{redirectURI}, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	w := &world{Simulator: sim, t: t, clock: clock, host: server.URL}
	w.client = w.newClient(change...)
	return w
}

// newClient returns a client of the simulator's app.
func (w *world) newClient(change ...func(*instagram.Config)) *clients {
	app := func(cfg *instagram.Config) {
		cfg.AppID, cfg.AppSecrets, cfg.Now = igsim.DefaultAppID, secret(igsim.DefaultAppSecret), w.clock.Now
	}
	return newClient(w.t, w.host, append([]func(*instagram.Config){app}, change...)...)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// consent is the visitor's part: it opens the consent window at the client's
// address, agrees as that person, and returns the code.
func (w *world) consent(person string) igauth.Secret {
	w.t.Helper()
	window := w.client.ConsentURL(igauth.ConsentRequest{
		State:  igauth.NewSecret("st4te"),
		Scopes: []string{"instagram_business_basic", "instagram_business_manage_messages"},
	})
	form := window.Query()
	form.Set("account", person)
	form.Set("decision", "approve")
	window.RawQuery = ""
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.PostForm(window.String(), form)
	w.must(err)
	w.must(resp.Body.Close())
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" || to.Query().Get("state") != "st4te" {
		w.t.Fatalf("consenting as %s: got status %d and no code", person, resp.StatusCode)
	}
	return igauth.NewSecret(to.Query().Get("code"))
}

func (w *world) short(person string) igauth.Secret {
	w.t.Helper()
	grant, err := w.client.ExchangeCode(w.t.Context(), w.consent(person))
	w.must(err)
	return grant.Token
}

func (w *world) long(person string) igauth.Token {
	w.t.Helper()
	token, err := w.client.ExtendToken(w.t.Context(), w.short(person))
	w.must(err)
	return token
}

// wantCode fails unless err is one of ours with that code.
func wantCode(t *testing.T, err error, want igauth.Code) {
	t.Helper()
	if err == nil {
		t.Errorf("got no error, want %s", want)
		return
	}
	if e := asError(t, err); e.Code != want {
		t.Errorf("got %v, want %s", e, want)
	}
}

// The life of a token, in every shape in which Meta may tell it.
func TestJourney(t *testing.T) {
	for _, b := range []igsim.Behaviour{
		{},
		{CodeShape: "wrapped", MeShape: "data"},
		{CodeShape: "captured", MeShape: "data", UserIDAs: "number"},
		{Permissions: "text", UserIDAs: "number", Refresh: "new"},
		{Permissions: "absent", Refresh: "rotate"},
		{CodeShape: "wrapped", Permissions: "list", NoUserID: true, CodesAsText: true},
		{NoUserID: true, UserIDAs: "number", MeShape: "data"},
	} {
		t.Run(fmt.Sprintf("%+v", b), func(t *testing.T) {
			w := newWorld(t)
			w.must(w.SetBehaviour(b))
			maria := w.People()[0]

			grant, err := w.client.ExchangeCode(t.Context(), w.consent(maria.Username))
			w.must(err)
			if grant.AppScopedID != maria.AppScopedID {
				t.Errorf("app-scoped id: got %q, want %q", grant.AppScopedID, maria.AppScopedID)
			}
			granted := []string{"instagram_business_basic", "instagram_business_manage_messages"}
			if b.Permissions == "absent" {
				granted = nil
			}
			if !slices.Equal(grant.Scopes, granted) || (grant.Scopes == nil) != (granted == nil) {
				t.Errorf("scopes: got %v, want %v", grant.Scopes, granted)
			}

			token, err := w.client.ExtendToken(t.Context(), grant.Token)
			w.must(err)
			if got := token.ExpiresAt.Sub(token.IssuedAt); got != simulatedLife || !token.IssuedAt.Equal(start.Truncate(time.Second)) {
				t.Errorf("got a life of %v from %v", got, token.IssuedAt)
			}

			want := igauth.Profile{ID: igauth.AccountID(maria.UserID), AppScopedID: maria.AppScopedID,
				Username: maria.Username, Name: maria.Name, AccountType: "BUSINESS"}
			if b.NoUserID {
				want.AppScopedID = maria.UserID
			}
			for _, secret := range []igauth.Secret{grant.Token, token.Value} {
				profile, err := w.client.Profile(t.Context(), secret)
				w.must(err)
				if profile != want {
					t.Errorf("profile: got %+v, want %+v", profile, want)
				}
			}

			for range 3 {
				w.clock.Advance(50 * day)
				refreshed, err := w.client.RefreshToken(t.Context(), token.Value)
				w.must(err)
				same := b.Refresh == "" || b.Refresh == "same"
				if refreshed.Value.Equal(token.Value) != same {
					t.Errorf("the token stayed the same: got %v, want %v", !same, same)
				}
				if !refreshed.ExpiresAt.Equal(w.clock.Now().Truncate(time.Second).Add(simulatedLife)) {
					t.Errorf("expires at %v, %v from now", refreshed.ExpiresAt, refreshed.ExpiresAt.Sub(w.clock.Now()))
				}
				token = refreshed
			}
			if !w.TokenAlive(token.Value.Reveal()) {
				t.Error("the token is dead after three refreshes")
			}
		})
	}
}

// What the simulator refuses for the reasons for which Meta does.
func TestRefusals(t *testing.T) {
	const maria = "maria.bakes"
	extend := func(w *world, c *clients) error {
		_, err := c.ExtendToken(w.t.Context(), w.short(maria))
		return err
	}
	exchange := func(w *world, c *clients) error {
		_, err := c.ExchangeCode(w.t.Context(), w.consent(maria))
		return err
	}
	refreshAfter := func(d time.Duration, happens func(w *world)) func(w *world, c *clients) error {
		return func(w *world, c *clients) error {
			token := w.long(maria)
			w.clock.Advance(d)
			if happens != nil {
				happens(w)
			}
			_, err := c.RefreshToken(w.t.Context(), token.Value)
			return err
		}
	}
	for _, tt := range []struct {
		name, source string
		change       func(*instagram.Config)
		do           func(w *world, c *clients) error
		want         igauth.Code
	}{
		{"the id of the Meta app", srcProbes, func(cfg *instagram.Config) { cfg.AppID = igsim.MetaAppID }, exchange, igauth.CodeAppID},
		{"an unknown app id", srcProbes, func(cfg *instagram.Config) { cfg.AppID = "1" }, exchange, igauth.CodeAppID},
		{"a wrong secret at the code exchange", srcProbes, func(cfg *instagram.Config) { cfg.AppSecrets = secret("x") }, exchange, igauth.CodeAppSecret},
		{"a secret with a line end", srcNango, func(cfg *instagram.Config) { cfg.AppSecrets = secret(igsim.DefaultAppSecret + "\r") }, exchange, igauth.CodeAppSecret},
		{"a wrong secret at the extension", srcErrors, func(cfg *instagram.Config) { cfg.AppSecrets = secret("x") }, extend, igauth.CodeAppSecret},
		{"two wrong secrets", srcErrors, func(cfg *instagram.Config) { cfg.AppSecrets = secret("x", "y") }, exchange, igauth.CodeAppSecret},
		{"another redirect URI", srcMessages, func(cfg *instagram.Config) { cfg.RedirectURI += "/" }, exchange, igauth.CodeRedirectURI},
		{"a made-up code", srcProbes, nil, func(w *world, c *clients) error {
			_, err := c.ExchangeCode(w.t.Context(), igauth.NewSecret(codeText))
			return err
		}, igauth.CodeCodeInvalid},
		{"a code for the second time", srcLogin, nil, func(w *world, c *clients) error {
			code := w.consent(maria)
			_, err := c.ExchangeCode(w.t.Context(), code)
			w.must(err)
			_, err = c.ExchangeCode(w.t.Context(), code)
			return err
		}, igauth.CodeCodeUsed},
		{"a code of an hour ago", srcLogin, nil, func(w *world, c *clients) error {
			code := w.consent(maria)
			w.clock.Advance(time.Hour)
			_, err := c.ExchangeCode(w.t.Context(), code)
			return err
		}, igauth.CodeRedirectURI},
		{"an account whose invitation is pending", srcNango, nil, func(w *world, c *clients) error {
			_, err := c.ExtendToken(w.t.Context(), w.short("pending.tester"))
			return err
		}, igauth.CodeNotEligible},
		{"a short-lived token of an hour ago", srcExchange, nil, func(w *world, c *clients) error {
			short := w.short(maria)
			w.clock.Advance(time.Hour)
			_, err := c.ExtendToken(w.t.Context(), short)
			return err
		}, igauth.CodeTokenExpired},
		{"a made-up token", srcErrors, nil, func(w *world, c *clients) error {
			_, err := c.RefreshToken(w.t.Context(), igauth.NewSecret(tokenText))
			return err
		}, igauth.CodeTokenUnparsable},
		{"a refresh within a day", srcRefresh, nil, refreshAfter(day-time.Second, nil), igauth.CodeTokenTooYoung},
		{"a refresh after its life", srcRefresh, nil, refreshAfter(simulatedLife, nil), igauth.CodeTokenExpired},
		{"a password was changed", srcFeed, nil, refreshAfter(2*day, func(w *world) { w.must(w.ChangePassword(maria)) }), igauth.CodePasswordChanged},
		{"the app was removed", srcErrors, nil, refreshAfter(2*day, func(w *world) { w.must(w.RemoveApp(maria)) }), igauth.CodeAppRemoved},
		{"the account became personal", srcErrors, nil, refreshAfter(2*day, func(w *world) { w.must(w.SetAccountType(maria, "PERSONAL")) }), igauth.CodePersonalAccount},
	} {
		for _, b := range []igsim.Behaviour{{}, {CodesAsText: true}} {
			t.Run(fmt.Sprintf("%s, codes as text %v", tt.name, b.CodesAsText), func(t *testing.T) {
				sourced(t, tt.source)
				w := newWorld(t)
				w.must(w.SetBehaviour(b))
				c := w.client
				if tt.change != nil {
					c = w.newClient(tt.change)
				}
				wantCode(t, tt.do(w, c), tt.want)
			})
		}
	}
	t.Run("a refresh after exactly a day", func(t *testing.T) {
		w := newWorld(t)
		if err := refreshAfter(day, nil)(w, w.client); err != nil {
			t.Error(err)
		}
	})
}

// Every fault of the simulator at every endpoint: one request, the right code,
// and nothing that outlives the fault.
func TestFaults(t *testing.T) {
	codes := map[string]igauth.Code{
		"outage": igauth.CodeMetaUnavailable, "http500": igauth.CodeMetaUnavailable,
		"hang": igauth.CodeMetaUnavailable, "broken": igauth.CodeMetaUnavailable,
		"applied": igauth.CodeMetaUnavailable,
		"html":    igauth.CodeMetaUnreadable, "empty": igauth.CodeMetaUnreadable,
		"truncated": igauth.CodeMetaUnreadable, "huge": igauth.CodeMetaUnreadable,
		"redirect": igauth.CodeMetaUnreadable, "garbage": igauth.CodeMetaUnreadable,
		"rate_limit": igauth.CodeRateLimited, "rate_limit_business": igauth.CodeRateLimited, "http429": igauth.CodeRateLimited,
		"checkpoint": igauth.CodeCheckpoint, "code_text": igauth.CodeTokenInvalid, "app_disabled": igauth.CodeAppID,
	}
	for _, kind := range igsim.FaultKinds() {
		if kind == "used_up" {
			continue // which is no failure: TestUsageOfTheSimulator
		}
		want, ok := codes[kind]
		if !ok {
			t.Errorf("nobody wrote down what the fault %s should become", kind)
			continue
		}
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			code, short, long := w.consent("maria.bakes"), w.short("maria.bakes"), w.long("maria.bakes")
			w.clock.Advance(30 * time.Minute)
			impatient := w.newClient()
			if kind == "hang" {
				impatient = w.newClient(withTimeout(60 * time.Millisecond))
			}
			for _, call := range []struct {
				endpoint string
				do       func(c *clients) error
			}{
				{"code", func(c *clients) error {
					_, err := c.ExchangeCode(t.Context(), code)
					return err
				}},
				{"exchange", func(c *clients) error {
					_, err := c.ExtendToken(t.Context(), short)
					return err
				}},
				{"me", func(c *clients) error {
					_, err := c.Profile(t.Context(), long.Value)
					return err
				}},
				{"refresh", func(c *clients) error {
					w.clock.Advance(day)
					_, err := c.RefreshToken(t.Context(), long.Value)
					return err
				}},
			} {
				w.must(w.SetFault(igsim.Fault{Endpoint: call.endpoint, Kind: kind, Count: 1}))
				before := w.Calls()[call.endpoint]
				err := call.do(impatient)
				wantCode(t, err, want)
				if err != nil && !asError(t, err).Sent {
					t.Errorf("%s: got not sent, want sent", call.endpoint)
				}
				if wait := asError(t, err).RetryAfter; kind == "rate_limit_business" && wait != 17*time.Minute {
					t.Errorf("%s: got %v to wait, want 17m", call.endpoint, wait)
				}
				if n := w.Calls()[call.endpoint] - before; n != 1 {
					t.Errorf("%s: got %d requests, want 1", call.endpoint, n)
				}
				if len(w.Faults()) != 0 {
					t.Fatalf("%s: the fault hit nothing", call.endpoint)
				}

				// Afterwards the fault is over. What did happen shows now.
				err = call.do(w.client)
				if call.endpoint == "code" && (kind == "applied" || kind == "truncated") {
					wantCode(t, err, igauth.CodeCodeUsed)
					continue
				}
				if err != nil {
					t.Errorf("%s after the fault: %v", call.endpoint, err)
				}
			}
		})
	}
}

// While the app secret is being changed, the order in which the owner changes it
// at Meta and here does not matter.
func TestAppSecretIsChanged(t *testing.T) {
	for name, secrets := range map[string][]string{
		"first at Meta": {igsim.DefaultAppSecret, "old"},
		"first here":    {"new", igsim.DefaultAppSecret},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.newClient(func(cfg *instagram.Config) { cfg.AppSecrets = secret(secrets...) })
			grant, err := c.ExchangeCode(t.Context(), w.consent("maria.bakes"))
			if err != nil {
				t.Fatal(err)
			}
			if token, err := c.ExtendToken(t.Context(), grant.Token); err != nil || token.Value.IsZero() {
				t.Errorf("got %v", err)
			}
		})
	}
}
