package igsim_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"igauth/internal/igsim"
)

const (
	unsupportedGet  = `100/- IGApiException: Unsupported request - method type: get`
	cannotParse     = `190/- OAuthException: Invalid OAuth access token - Cannot parse access token`
	passwordText    = `190/460 OAuthException: Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.`
	removedText     = `190/458 OAuthException: Error validating access token: The user has not authorized application ` + igsim.DefaultAppID + `.`
	metaRemovedText = `190/458 OAuthException: Error validating access token: The user has not authorized application ` + igsim.MetaAppID + `.`
)

func TestExchangeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		do           func(*world) reply
		want         string
	}{
		{"forged token", srcNango, func(w *world) reply { return w.get("/access_token", exchangeQuery("IGAAforged")) }, cannotParse},
		{"forged token and wrong secret", srcNango, func(w *world) reply {
			q := exchangeQuery("IGAAforged")
			q.Set("client_secret", "x")
			return w.get("/access_token", q)
		}, cannotParse},
		{"no token", srcErrors, func(w *world) reply { return w.get("/access_token", exchangeQuery("")) }, cannotParse},
		{"short token of an hour ago", srcExchange, func(w *world) reply {
			q := exchangeQuery(w.short("maria.bakes"))
			w.clock.Advance(time.Hour)
			return w.get("/access_token", q)
		}, `190/0 OAuthException: Error validating access token: Session has expired on Monday, 23-Nov-26 02:30:00 PST. The current time is Monday, 23-Nov-26 02:30:00 PST.`},
		{"long token", srcStart, func(w *world) reply { return w.get("/access_token", exchangeQuery(w.long("maria.bakes"))) }, unsupportedGet},
		{"tester who has not accepted", srcNango, func(w *world) reply { return w.get("/access_token", exchangeQuery(w.short("pending.tester"))) }, unsupportedGet},
		{"wrong secret", srcErrors, func(w *world) reply {
			q := exchangeQuery(w.short("maria.bakes"))
			q.Set("client_secret", "x")
			return w.get("/access_token", q)
		}, `1/- OAuthException: Error validating client secret.`},
		{"grant type of the refresh", srcExchange, func(w *world) reply {
			q := exchangeQuery(w.short("maria.bakes"))
			q.Set("grant_type", "ig_refresh_token")
			return w.get("/access_token", q)
		}, `100/- OAuthException: Invalid grant_type`},
		{"POST with a form", srcExchange, func(w *world) reply { return w.post("/access_token", exchangeQuery(w.short("maria.bakes"))) },
			`100/- IGApiException: Unsupported request - method type: post`},
		{"broken query", srcErrors, func(w *world) reply {
			req := w.request(http.MethodGet, "/access_token", nil)
			req.URL.RawQuery = "access_token=%zz"
			return w.do(req)
		}, `100/- OAuthException: Invalid query`},
		{"account turned personal", srcPostiz, func(w *world) reply {
			token := w.short("maria.bakes")
			w.must(w.SetAccountType("maria.bakes", "personal"))
			return w.get("/access_token", exchangeQuery(token))
		}, `10/- OAuthException: (#10) the user is not an Instagram Business`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			refused(t, tt.do(newWorld(t)), tt.want)
		})
	}
}

func refused(t *testing.T, r reply, want string) {
	t.Helper()
	if got := r.graph(t); r.status != http.StatusBadRequest || got != want {
		t.Errorf("got  %d %s\nwant 400 %s", r.status, got, want)
	}
	if r.header.Get("X-App-Usage") == "" {
		t.Errorf("there is no X-App-Usage")
	}
}

func TestTokens(t *testing.T) {
	t.Run("text", func(t *testing.T) {
		w := newWorld(t)
		shape := regexp.MustCompile(`^IGAA[A-Za-z0-9_-]{180,}$`)
		for _, token := range []string{w.short("maria.bakes"), w.long("studio_norte")} {
			if !shape.MatchString(token) {
				t.Errorf("got a token of %d characters of another shape", len(token))
			}
		}
	})
	t.Run("a short token is exchanged as often as one likes", func(t *testing.T) {
		w := newWorld(t)
		short := w.short("maria.bakes")
		one, two := w.tokenOf(w.get("/access_token", exchangeQuery(short))), w.tokenOf(w.get("/v25.0/access_token", exchangeQuery(short)))
		if one == two || !w.TokenAlive(one) || !w.TokenAlive(two) || !w.TokenAlive(short) {
			t.Errorf("want three different living tokens")
		}
	})
	t.Run("expiry to the second", func(t *testing.T) {
		w := newWorld(t)
		short := w.short("maria.bakes")
		r := w.get("/access_token", exchangeQuery(short))
		long := w.tokenOf(r)
		if got, want := fmt.Sprintf("%v %v", r.json(t)["token_type"], r.json(t)["expires_in"]), "bearer 5183944"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		w.clock.Advance(time.Hour - time.Second)
		if !w.TokenAlive(short) {
			t.Errorf("the short token died early")
		}
		w.clock.Advance(time.Second)
		if w.TokenAlive(short) {
			t.Errorf("the short token outlived its hour")
		}
		w.clock.Advance(longLife - time.Hour - time.Second)
		if !w.TokenAlive(long) {
			t.Errorf("the long token died early")
		}
		w.clock.Advance(time.Second)
		if w.TokenAlive(long) {
			t.Errorf("the long token outlived its sixty days")
		}
	})
	t.Run("the dead stay dead, a new consent lives", func(t *testing.T) {
		w := newWorld(t)
		old, other := w.long("maria.bakes"), w.long("studio_norte")
		w.must(w.ChangePassword("maria.bakes"))
		fresh := w.long("maria.bakes")
		if w.TokenAlive(old) || !w.TokenAlive(fresh) || !w.TokenAlive(other) {
			t.Errorf("alive: old %v, fresh %v, other %v", w.TokenAlive(old), w.TokenAlive(fresh), w.TokenAlive(other))
		}
	})
	t.Run("a personal account's tokens sleep", func(t *testing.T) {
		w := newWorld(t)
		token := w.long("maria.bakes")
		w.must(w.SetAccountType("maria.bakes", "PERSONAL"))
		asleep := w.TokenAlive(token)
		w.must(w.SetAccountType("maria.bakes", "media_creator"))
		if asleep || !w.TokenAlive(token) {
			t.Errorf("want refused while personal and accepted after")
		}
	})
	t.Run("four months after expiry it is unknown", func(t *testing.T) {
		w := newWorld(t)
		token := w.long("maria.bakes")
		w.clock.Advance(longLife + 61*24*time.Hour)
		w.code("maria.bakes") // any change sweeps up
		refused(t, w.refresh(token), cannotParse)
	})
	t.Run("unknown people", func(t *testing.T) {
		w := newWorld(t)
		for _, err := range []error{w.ChangePassword("x"), w.RemoveApp("x"), w.SetAccountType("x", "BUSINESS"), w.SetAccountType("maria.bakes", "robot")} {
			if err == nil {
				t.Errorf("got no error")
			}
		}
		if got := w.Refreshes("x"); got != nil {
			t.Errorf("Refreshes: got %v, want nil", got)
		}
	})
}
