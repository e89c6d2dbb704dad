package igsim

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// exchangeCode trades a code for a short-lived token. Only POST with a form body
// is documented, so a GET is refused and nothing is read from the query or from
// a body of JSON. The order of the checks is the one seen live: app, code,
// secret; a made-up code can therefore not be used to test a secret. Only
// success spends the code. The caller holds s.mu, which makes the code single
// use however many come at once.
// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
func (s *Simulator) exchangeCode(c *call) answer {
	if c.method != http.MethodPost {
		return c.flatError(unsupported(c.method).message)
	}
	switch c.form.Get("client_id") {
	case s.cfg.AppID:
	case s.cfg.MetaAppID:
		return c.flatError(msgPlatformApp)
	default:
		return c.flatError(msgMissingClientID)
	}
	code := s.codes[c.form.Get("code")]
	switch {
	case code == nil:
		return c.flatError(msgInvalidCode)
	case code.Used:
		return c.flatError(msgUsedCode)
	case !c.now.Before(code.ExpiresAt), c.form.Get("redirect_uri") != code.RedirectURI:
		return c.flatError(msgVerificationCode)
	case c.form.Get("client_secret") != s.cfg.AppSecret:
		return c.flatError(msgClientSecret)
	case c.form.Get("grant_type") != "authorization_code":
		return c.flatError(msgGrantType)
	}
	code.Used = true
	text := s.mint(code.Username, false, c.now)
	s.save(c.now)
	return jsonAnswer(http.StatusOK, c.behaviour.codeBody(text, s.person(code.Username).AppScopedID, code.Scopes))
}

// codeBody is the answer in the chosen shape. None of them has an expiry.
func (b Behaviour) codeBody(text, appScopedID string, granted []string) any {
	body := map[string]any{"access_token": text, "user_id": json.Number(appScopedID)}
	permissions := b.Permissions
	if b.CodeShape == "wrapped" {
		body["user_id"] = appScopedID
		if permissions == "" {
			permissions = "text"
		}
	}
	switch permissions {
	case "absent":
	case "text":
		body["permissions"] = strings.Join(granted, ",")
	default:
		body["permissions"] = granted
	}
	if b.CodeShape == "wrapped" || b.CodeShape == "captured" {
		return map[string]any{"data": []any{body}}
	}
	return body
}

// forgetCodes drops the codes nobody can be asking about any more. The caller
// holds s.mu.
func (s *Simulator) forgetCodes(now time.Time) {
	for text, code := range s.codes {
		if now.After(code.ExpiresAt.Add(codeMemory)) {
			delete(s.codes, text)
		}
	}
}
