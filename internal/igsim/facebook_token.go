package igsim

import (
	"crypto/rand"
	"net/http"
	"time"
)

// facebookCodeLife is how long a code of the dialog can be exchanged, which Meta
// does not tell.
const facebookCodeLife = 10 * time.Minute

// deadRole is what kills a Page's token when its person loses the role.
const deadRole = "role"

// The kinds of token, as debug_token spells them.
const (
	userToken   = "USER"
	pageToken   = "PAGE"
	systemToken = "SYSTEM_USER"
	appToken    = "APP"
)

// A facebookCode is what the dialog hands out.
type facebookCode struct {
	Username string `json:"username"`
	// RedirectURI has to come again, "" for a code of the popup of the
	// JavaScript SDK, with which none may come.
	RedirectURI string `json:"redirect_uri,omitempty"`
	// Config is the configuration of the dialog, "" if it was opened with scopes.
	Config    string    `json:"config,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
	Used      bool      `json:"used,omitempty"`
}

// A facebookToken is what the simulator knows about a token of Facebook besides
// its text.
type facebookToken struct {
	Kind     string    `json:"kind"`
	Username string    `json:"username"`
	Page     string    `json:"page,omitempty"`
	Scopes   []string  `json:"scopes,omitempty"` // of a system user, and of the Pages' tokens made from theirs
	Long     bool      `json:"long,omitempty"`
	IssuedAt time.Time `json:"issued_at"`
	// ExpiresAt is zero for a token without an end.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Dead      string    `json:"dead,omitempty"`
}

// ofSystem reports whether the token is a system user's, or was made from one.
func (t *facebookToken) ofSystem() bool { return t.Kind == systemToken || t.Scopes != nil }

// keep stores a token under a new text. Facebook's are about as long as
// Instagram's. The caller holds s.mu.
func (s *Simulator) keep(t facebookToken) string {
	var extra [1]byte
	_, _ = rand.Read(extra[:])
	text := "EAA" + randomText(140+int(extra[0])/2)
	s.fb.tokens[text] = &t
	return text
}

// shortEnd is the end of a person's short token: an hour or two, on the hour.
// https://developers.facebook.com/documentation/facebook-login/guides/access-tokens
func shortEnd(now time.Time) time.Time { return now.Add(2 * time.Hour).Truncate(time.Hour) }

// checkFacebook finds a living token, whether or not the app may still see data.
// The caller holds s.mu.
func (s *Simulator) checkFacebook(text string, now time.Time) (*facebookToken, *graphError) {
	var e graphError
	t := s.fb.tokens[text]
	switch {
	case t == nil:
		e = errUnknownToken()
	case t.Dead == deadPassword:
		e = errPassword()
	case t.Dead == deadRemoved:
		e = errRemoved(s.cfg.MetaAppID)
	case t.Dead != "":
		e = errRoleLost()
	case !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt):
		e = errExpired(t.ExpiresAt, now)
		e.subcode = 463
	default:
		return t, nil
	}
	return nil, &e
}

// errRoleLost is the answer to a Page's token whose person lost the role.
// https://developers.facebook.com/docs/graph-api/guides/error-handling
func errRoleLost() graphError {
	return graphError{code: 190, subcode: 492, hasSub: true, message: "Error validating access token: The user must be an administrator, editor, or moderator of the page in order to impersonate it. If the page business requires Two Factor Authentication, the user also needs to enable Two Factor Authentication."}
}

// errDataAccess is the answer once ninety days passed since the last login.
// https://github.com/MrSwitch/hello.js/issues/548
func errDataAccess() graphError {
	return graphError{code: 190, subcode: 493, hasSub: true, message: "Error validating access token: The access token is invalid since the user hasn't engaged the app in longer than 90 days."}
}

// dataAccessEnd is the end of the data access behind a token, zero for a system
// user, who has no such clock. The caller holds s.mu.
func (s *Simulator) dataAccessEnd(t *facebookToken) time.Time {
	if t.ofSystem() {
		return time.Time{}
	}
	return s.facebookPerson(t.Username).dataAccessUntil
}

func (s *Simulator) dataLapsed(t *facebookToken, now time.Time) bool {
	end := s.dataAccessEnd(t)
	return !end.IsZero() && !now.Before(end)
}

// facebookData is what calls for data check first: the verb, the query, the
// token, its proof, and the ninety days. The caller holds s.mu.
func (s *Simulator) facebookData(c *call) (*facebookToken, *graphError) {
	text := c.query.Get("access_token")
	if c.method != http.MethodGet {
		e := unsupported(c.method)
		e.kind = "GraphMethodException"
		return nil, &e
	}
	if !c.queryOK {
		e := errParameter("Invalid query")
		return nil, &e
	}
	if text == "" {
		return nil, &graphError{code: 2500, message: "An active access token must be used to query information about the current user."}
	}
	t, e := s.checkFacebook(text, c.now)
	if e != nil {
		return nil, e
	}
	if e := s.checkProof(c, text); e != nil {
		return nil, e
	}
	if s.dataLapsed(t, c.now) {
		e := errDataAccess()
		return nil, &e
	}
	return t, nil
}

// checkApp looks at the id and secret of the app. An id that is not known comes
// first.
func (s *Simulator) checkApp(c *call) *graphError {
	switch {
	case c.method != http.MethodGet:
		e := unsupported(c.method)
		e.kind = "GraphMethodException"
		return &e
	case !c.queryOK:
		e := errParameter("Invalid query")
		return &e
	case c.query.Get("client_id") == "":
		e := errParameter("Missing client_id parameter.")
		return &e
	case c.query.Get("client_id") != s.cfg.MetaAppID:
		return &graphError{code: 101, message: "Error validating application. Invalid application ID."}
	case c.query.Get("client_secret") == "":
		e := errParameter("Missing client_secret parameter.")
		return &e
	case c.query.Get("client_secret") != s.cfg.MetaAppSecret:
		return &graphError{code: 1, message: "Error validating client secret."}
	}
	return nil
}

// exchangeFacebookCode trades a code for a person's token of an hour or two, or
// a system user's without an end. The caller holds s.mu.
// https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow
func (s *Simulator) exchangeFacebookCode(c *call) answer {
	if e := s.checkApp(c); e != nil {
		return c.graphError(*e)
	}
	if !c.query.Has("code") {
		return c.graphError(errParameter("Missing authorization code"))
	}
	code := s.fb.codes[c.query.Get("code")]
	refuse := func(subcode int, message string) answer {
		a := c.graphError(graphError{code: 100, subcode: subcode, hasSub: subcode != 0, message: message})
		a.header.Set("WWW-Authenticate", `OAuth "Facebook Platform" "invalid_code" "`+message+`"`)
		return a
	}
	switch {
	case code == nil:
		return refuse(0, "Invalid verification code format.")
	case code.Used:
		return refuse(36009, "This authorization code has been used.")
	case !c.now.Before(code.ExpiresAt):
		return refuse(36007, "This authorization code has expired.")
	case !code.returnsTo(c):
		return refuse(36008, msgVerificationCode)
	}
	code.Used = true
	p := s.facebookPerson(code.Username)
	t := facebookToken{Kind: userToken, Username: p.Username, IssuedAt: c.now, ExpiresAt: shortEnd(c.now)}
	if code.Config == SystemUserConfigID {
		t = s.systemUser(p, false, c.now)
	}
	text := s.keep(t)
	s.save(c.now)
	return c.facebookTokenAnswer(text, t)
}

// returnsTo compares the redirect URI. A code of a configuration can also be
// exchanged without one, as Meta's sample for them does.
// https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business
func (code *facebookCode) returnsTo(c *call) bool {
	if code.Config != "" && !c.query.Has("redirect_uri") {
		return true
	}
	return c.query.Get("redirect_uri") == code.RedirectURI
}

func (c *call) facebookTokenAnswer(text string, t facebookToken) answer {
	body := map[string]any{"access_token": text, "token_type": "bearer"}
	if !t.ExpiresAt.IsZero() && c.behaviour.ExpiresIn != "absent" {
		body["expires_in"] = int64(t.ExpiresAt.Sub(c.now) / time.Second)
	}
	return jsonAnswer(http.StatusOK, body)
}

// extendFacebookToken trades a person's living token, short or long, for a long
// one. The caller holds s.mu.
// https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived
func (s *Simulator) extendFacebookToken(c *call) answer {
	if e := s.checkApp(c); e != nil {
		return c.graphError(*e)
	}
	text := c.query.Get("fb_exchange_token")
	t, e := s.checkFacebook(text, c.now)
	if e != nil {
		return c.graphError(*e)
	}
	if t.Kind == pageToken {
		return c.graphError(errParameter("Only the token of a person or of a system user can be exchanged"))
	}
	if t.Long && c.behaviour.Extend == "kept" {
		return c.facebookTokenAnswer(text, *t)
	}
	if c.behaviour.DataAccess == "exchange" && t.Kind == userToken {
		s.facebookPerson(t.Username).dataAccessUntil = c.now.Add(dataAccessLife)
	}
	next := *t
	next.Long, next.IssuedAt = true, c.now
	if !t.ExpiresAt.IsZero() {
		next.ExpiresAt = c.now.Add(longLife)
	}
	if t.Long && c.behaviour.Extend == "same" {
		*t = next
	} else {
		text = s.keep(next)
	}
	s.save(c.now)
	return c.facebookTokenAnswer(text, next)
}

// forgetFacebook drops the codes and tokens that nobody can be asking about any
// more, and keeps a Page's tokens without an end. The caller holds s.mu.
func (s *Simulator) forgetFacebook(now time.Time) {
	for text, code := range s.fb.codes {
		if now.After(code.ExpiresAt.Add(codeMemory)) {
			delete(s.fb.codes, text)
		}
	}
	for text, t := range s.fb.tokens {
		old := !t.ExpiresAt.IsZero() && now.After(t.ExpiresAt.Add(tokenMemory))
		if old || t.Dead != "" && now.After(t.IssuedAt.Add(deadMemory)) {
			delete(s.fb.tokens, text)
		}
	}
}

// deadMemory is how long after its issue a dead token is remembered, counted
// from there because a Page's has no end.
const deadMemory = 400 * 24 * time.Hour
