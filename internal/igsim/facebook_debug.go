package igsim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// appToken answers the app's own token: its id and a text that stands for the
// secret.
// https://developers.facebook.com/documentation/facebook-login/guides/access-tokens
func (s *Simulator) appToken(c *call) answer {
	if e := s.checkApp(c); e != nil {
		return c.graphError(*e)
	}
	return jsonAnswer(http.StatusOK, map[string]string{"access_token": s.ownToken(), "token_type": "bearer"})
}

// ownToken is the app's token, the same each time.
func (s *Simulator) ownToken() string {
	return s.cfg.MetaAppID + "|" + AppSecretProof(s.cfg.MetaAppSecret, "app token")[:27]
}

// isAppToken reports whether a token is one of the two texts that stand for the
// app.
func (s *Simulator) isAppToken(text string) bool {
	return text == s.ownToken() || text == s.cfg.MetaAppID+"|"+s.cfg.MetaAppSecret
}

// debugToken tells what is known of a token. A dead one is no error.
// https://developers.facebook.com/docs/graph-api/reference/debug_token
func (s *Simulator) debugToken(c *call) answer {
	own := c.query.Get("access_token")
	switch {
	case c.method != http.MethodGet:
		return c.graphError(unsupported(c.method))
	case !c.queryOK:
		return c.graphError(errParameter("Invalid query"))
	case !c.query.Has("input_token"):
		return c.graphError(errParameter("The parameter input_token is required."))
	case own == "":
		return c.graphError(graphError{code: 2500, message: "An active access token must be used to query information about the current user."})
	}
	if !s.isAppToken(own) {
		if strings.Contains(own, "|") {
			return c.graphError(graphError{code: 190, message: "Invalid OAuth access token signature."})
		}
		if _, e := s.checkFacebook(own, c.now); e != nil {
			return c.graphError(*e)
		}
		return c.graphError(graphError{code: 100, message: "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app"})
	}
	if e := s.checkProof(c, own); e != nil {
		return c.graphError(*e)
	}
	input := c.query.Get("input_token")
	if s.isAppToken(input) {
		return jsonAnswer(http.StatusOK, map[string]any{"data": map[string]any{
			"app_id": s.cfg.MetaAppID, "type": appToken, "application": "Test app", "expires_at": 0, "is_valid": true, "scopes": []string{},
		}})
	}
	_, e := s.checkFacebook(input, c.now)
	data := map[string]any{"is_valid": e == nil, "scopes": []string{}}
	if e != nil {
		failure := map[string]any{"code": c.number(e.code), "message": e.message}
		if e.hasSub {
			failure["subcode"] = e.subcode
		}
		data["error"] = failure
	}
	if t := s.fb.tokens[input]; t != nil {
		s.describe(t, data)
	}
	return jsonAnswer(http.StatusOK, map[string]any{"data": data})
}

// describe adds what debug_token says of a token that it knows.
func (s *Simulator) describe(t *facebookToken, data map[string]any) {
	p, r := s.facebookPerson(t.Username), s.reachOf(t)
	seconds := func(at time.Time) int64 {
		if at.IsZero() {
			return 0
		}
		return at.Unix()
	}
	data["app_id"] = s.cfg.MetaAppID
	data["application"] = "Test app"
	data["type"] = t.Kind
	data["user_id"] = p.AppScopedID
	if t.Kind == systemToken {
		data["user_id"] = systemUserID(p)
	}
	data["expires_at"] = seconds(t.ExpiresAt)
	data["data_access_expires_at"] = seconds(s.dataAccessEnd(t))
	if t.Long {
		data["issued_at"] = t.IssuedAt.Unix()
	}
	if t.Page != "" {
		data["profile_id"] = t.Page
	}
	if t.Dead == deadRemoved {
		return
	}
	data["scopes"] = slices.Sorted(slices.Values(r.granted))
	granular := []any{}
	for _, scope := range []string{"instagram_basic", "pages_show_list"} {
		if r.has(scope) {
			granular = append(granular, map[string]any{"scope": scope, "target_ids": s.targets(r, scope)})
		}
	}
	data["granular_scopes"] = granular
}

// targets are the Pages, or the Instagram accounts, that a permission is about.
func (s *Simulator) targets(r reach, scope string) []string {
	ids := []string{}
	for _, id := range r.pages {
		switch page := s.page(id); {
		case scope == "pages_show_list":
			ids = append(ids, id)
		case page.Instagram != "":
			ids = append(ids, page.Instagram)
		}
	}
	return ids
}
