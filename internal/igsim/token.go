package igsim

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"
)

// How long tokens live, and how old a long-lived one must be for a refresh. The
// long life is the documented sample, just under sixty days: who wrote sixty
// days into a client is wrong by 56 seconds.
// https://developers.facebook.com/documentation/instagram-platform/reference/access_token
// https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token
const (
	shortLife  = time.Hour
	longLife   = 5183944 * time.Second
	refreshAge = 24 * time.Hour
)

// tokenMemory is how long an expired token is remembered. After that it is
// refused as unknown rather than as expired.
const tokenMemory = 60 * 24 * time.Hour

// What can kill a token before its time.
const (
	deadPassword = "password"
	deadRemoved  = "removed"
	deadRotated  = "rotated"
)

// A token is what the simulator knows about an access token besides its text.
type token struct {
	Username  string    `json:"username"`
	Long      bool      `json:"long,omitempty"`
	IssuedAt  time.Time `json:"issued_at"` // or last refreshed
	ExpiresAt time.Time `json:"expires_at"`
	Dead      string    `json:"dead,omitempty"`
}

// mint issues a token. The caller holds s.mu. Its length varies, because that of
// Meta's does, and goes beyond 255.
func (s *Simulator) mint(username string, long bool, now time.Time) string {
	life := shortLife
	if long {
		life = longLife
	}
	var extra [1]byte
	_, _ = rand.Read(extra[:])
	text := "IGAA" + randomText(135+int(extra[0])/2)
	s.tokens[text] = &token{Username: username, Long: long, IssuedAt: now, ExpiresAt: now.Add(life)}
	return text
}

// check finds a living token and its owner. The caller holds s.mu.
func (s *Simulator) check(text string, now time.Time) (*token, *person, *graphError) {
	var e graphError
	t := s.tokens[text]
	switch {
	case basicDisplay(text):
		e = unsupported(http.MethodGet)
	case t == nil:
		e = errUnknownToken()
	case t.Dead == deadPassword:
		e = errPassword()
	case t.Dead == deadRemoved:
		e = errRemoved(s.cfg.AppID)
	case t.Dead != "":
		e = errRotated()
	case !now.Before(t.ExpiresAt):
		e = errExpired(t.ExpiresAt, now)
	default:
		p := s.person(t.Username)
		if p.professional() {
			return t, p, nil
		}
		e = errNotProfessional()
	}
	return nil, nil, &e
}

// basicDisplay reports whether a text is a token of Basic Display, which was shut
// down on 4 December 2024.
// https://github.com/stevenschobert/instafeed.js/issues/654
func basicDisplay(text string) bool {
	return strings.HasPrefix(text, "IGQV") || strings.HasPrefix(text, "IGQW")
}

// TokenAlive reports whether the simulator accepts the token at this moment, as
// far as the token goes: faults are not considered. One of Facebook whose data
// access lapsed is not accepted.
func (s *Simulator) TokenAlive(token string) bool {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.fb.tokens[token]; t != nil {
		_, e := s.checkFacebook(token, now)
		return e == nil && !s.dataLapsed(t, now)
	}
	_, _, e := s.check(token, now)
	return e == nil
}

// graphGet is what the GET endpoints of graph.instagram.com check first: the
// verb, the query, grant_type where the endpoint has one, and the token. A forged
// token is known to get its 190 before anything about the app is looked at.
func (s *Simulator) graphGet(c *call, grantType string) (*token, *person, *graphError) {
	var e graphError
	switch {
	case c.method != http.MethodGet:
		e = unsupported(c.method)
	case !c.queryOK:
		e = errParameter("Invalid query")
	case grantType != "" && c.query.Get("grant_type") != grantType:
		e = errParameter("Invalid grant_type")
	default:
		return s.check(c.query.Get("access_token"), c.now)
	}
	return nil, nil, &e
}

// exchangeToken trades a short-lived token for a long-lived one, as often as it
// is asked to during the short one's hour. The caller holds s.mu.
// https://developers.facebook.com/documentation/instagram-platform/reference/access_token
func (s *Simulator) exchangeToken(c *call) answer {
	t, p, e := s.graphGet(c, "ig_exchange_token")
	switch {
	case e != nil:
		return c.graphError(*e)
	case c.query.Get("client_secret") != s.cfg.AppSecret:
		return c.graphError(graphError{code: 1, message: "Error validating client secret."})
	case t.Long, p.PendingTester:
		return c.graphError(unsupported(c.method))
	}
	text := s.mint(p.Username, true, c.now)
	s.save(c.now)
	return c.longAnswer(text)
}

// refreshToken gives a long-lived token another sixty days from now. It needs no
// secret: whoever holds the token can prolong it. The caller holds s.mu.
// https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token
func (s *Simulator) refreshToken(c *call) answer {
	t, p, e := s.graphGet(c, "ig_refresh_token")
	switch {
	case e != nil:
		return c.graphError(*e)
	case !t.Long:
		return c.graphError(unsupported(c.method))
	case c.now.Sub(t.IssuedAt) < refreshAge:
		return c.graphError(errParameter("The access token is less than 24 hours old and cannot be refreshed yet"))
	}
	text := c.query.Get("access_token")
	switch c.behaviour.Refresh {
	case "rotate":
		t.Dead = deadRotated
		text = s.mint(p.Username, true, c.now)
	case "new":
		text = s.mint(p.Username, true, c.now)
	default:
		t.IssuedAt, t.ExpiresAt = c.now, c.now.Add(longLife)
	}
	p.noteRefresh(c.now)
	s.save(c.now)
	return c.longAnswer(text)
}

func (c *call) longAnswer(text string) answer {
	return c.graphJSON(map[string]any{
		"access_token": text,
		"token_type":   "bearer",
		"expires_in":   int64(longLife / time.Second),
	})
}

// forgetTokens drops the tokens that expired long ago. The caller holds s.mu.
func (s *Simulator) forgetTokens(now time.Time) {
	s.forgetFacebook(now)
	for text, t := range s.tokens {
		if now.After(t.ExpiresAt.Add(tokenMemory)) {
			delete(s.tokens, text)
		}
	}
}
