package igsim_test

import (
	"strings"
	"testing"
	"time"

	"igauth/internal/igsim"
)

func TestRefreshRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		do           func(*world) reply
		want         string
	}{
		{"a second short of 24 hours", srcRefresh, func(w *world) reply {
			token := w.long("maria.bakes")
			w.clock.Advance(24*time.Hour - time.Second)
			return w.refresh(token)
		}, `100/- OAuthException: The access token is less than 24 hours old and cannot be refreshed yet`},
		{"a second short of 24 hours since the last refresh", srcRefresh, func(w *world) reply {
			token := w.long("maria.bakes")
			w.clock.Advance(40 * 24 * time.Hour)
			w.tokenOf(w.refresh(token))
			w.clock.Advance(24*time.Hour - time.Second)
			return w.refresh(token)
		}, `100/- OAuthException: The access token is less than 24 hours old and cannot be refreshed yet`},
		{"expired", srcExpired, func(w *world) reply {
			token := w.long("maria.bakes")
			w.clock.Advance(longLife)
			return w.refresh(token)
		}, `190/0 OAuthException: Error validating access token: Session has expired on Friday, 22-Jan-27 01:29:04 PST. The current time is Friday, 22-Jan-27 01:29:04 PST.`},
		{"short token", srcRefresh, func(w *world) reply { return w.refresh(w.short("maria.bakes")) }, unsupportedGet},
		{"unknown token", srcErrors, func(w *world) reply { return w.refresh("EAAB") }, cannotParse},
		{"password changed", srcFeed, func(w *world) reply {
			token := w.long("maria.bakes")
			w.must(w.ChangePassword("maria.bakes"))
			return w.refresh(token)
		}, passwordText},
		{"app removed", srcErrors, func(w *world) reply {
			token := w.long("maria.bakes")
			w.must(w.RemoveApp("maria.bakes"))
			return w.refresh(token)
		}, removedText},
		{"grant type of the exchange", srcRefresh, func(w *world) reply {
			q := exchangeQuery(w.long("maria.bakes"))
			return w.get("/refresh_access_token", q)
		}, `100/- OAuthException: Invalid grant_type`},
		{"POST", srcRefresh, func(w *world) reply { return w.post("/refresh_access_token", refreshQuery(w.long("maria.bakes"))) },
			`100/- IGApiException: Unsupported request - method type: post`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			w := newWorld(t)
			refused(t, tt.do(w), tt.want)
		})
	}
}

func TestRefresh(t *testing.T) {
	t.Run("a token kept alive for five years", func(t *testing.T) {
		w := newWorld(t)
		token := w.long("maria.bakes")
		const steps = 5 * 365 / 50
		for range steps {
			w.clock.Advance(50 * 24 * time.Hour)
			token = w.tokenOf(w.refresh(token))
		}
		if got := len(w.Refreshes("maria.bakes")); got != steps {
			t.Errorf("refreshes: got %d, want %d", got, steps)
		}
		if got, want := w.Refreshes("maria.bakes")[0], start.Add(50*24*time.Hour); !got.Equal(want) {
			t.Errorf("the first: got %v, want %v", got, want)
		}
	})
	t.Run("at 24 hours exactly, under a version", func(t *testing.T) {
		w := newWorld(t)
		token := w.long("maria.bakes")
		w.clock.Advance(24 * time.Hour)
		w.tokenOf(w.get("/v25.0/refresh_access_token", refreshQuery(token)))
	})
	for mode, want := range map[string]struct{ same, oldAlive bool }{
		"":       {same: true, oldAlive: true},
		"same":   {same: true, oldAlive: true},
		"new":    {oldAlive: true},
		"rotate": {},
	} {
		t.Run("behaviour "+mode, func(t *testing.T) {
			w := newWorld(t)
			w.must(w.SetBehaviour(igsim.Behaviour{Refresh: mode}))
			old := w.long("maria.bakes")
			w.clock.Advance(30 * 24 * time.Hour)
			fresh := w.tokenOf(w.refresh(old))
			if got := fresh == old; got != want.same {
				t.Errorf("same text: got %v, want %v", got, want.same)
			}
			if got := w.TokenAlive(old); got != want.oldAlive {
				t.Errorf("old token alive: got %v, want %v", got, want.oldAlive)
			}
			w.clock.Advance(40 * 24 * time.Hour)
			if !w.TokenAlive(fresh) {
				t.Errorf("the refresh did not prolong")
			}
			if got := w.TokenAlive(old); got != want.same {
				t.Errorf("old token alive after its own expiry: got %v, want %v", got, want.same)
			}
		})
	}
	t.Run("a rotated token's successor is the only one that works", func(t *testing.T) {
		w := newWorld(t)
		w.must(w.SetBehaviour(igsim.Behaviour{Refresh: "rotate"}))
		old := w.long("maria.bakes")
		w.clock.Advance(25 * time.Hour)
		w.tokenOf(w.refresh(old))
		if got := w.refresh(old).graph(t); !strings.HasPrefix(got, "190/- ") {
			t.Errorf("got %s, want 190 without subcode", got)
		}
	})
}
