package igsim

import (
	"encoding/json"
	"net/http"
	"strings"
)

// me tells whose token it is. Short-lived and long-lived tokens both work. The
// token comes in the query only: no page documents an Authorization header here.
// Without fields it answers the id alone. The caller holds s.mu.
// https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
func (s *Simulator) me(c *call) answer {
	_, p, e := s.graphGet(c, "")
	if e != nil {
		return c.graphError(*e)
	}
	known := c.behaviour.profile(p.Person)
	body := map[string]any{"id": known["id"]}
	for name := range strings.SplitSeq(c.query.Get("fields"), ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		// A field the account lacks is answered with the same misleading text as
		// an unserved token.
		if name == "user_id" && c.behaviour.NoUserID {
			return c.graphError(unsupported(c.method))
		}
		value, ok := known[name]
		if !ok {
			return c.graphError(graphError{code: 100, kind: "IGApiException", message: "Tried accessing nonexisting field (" + name + ")"})
		}
		body[name] = value
	}
	if c.behaviour.MeShape == "data" {
		return c.graphJSON(map[string]any{"data": []any{body}})
	}
	return c.graphJSON(body)
}

// profile is all that /me can tell of a person.
func (b Behaviour) profile(p Person) map[string]any {
	id := func(text string) any {
		if b.UserIDAs == "number" {
			return json.Number(text)
		}
		return text
	}
	scoped := p.AppScopedID
	if b.NoUserID {
		scoped = p.UserID
	}
	return map[string]any{
		"id":                  id(scoped),
		"user_id":             id(p.UserID),
		"username":            p.Username,
		"name":                p.Name,
		"account_type":        p.AccountType,
		"profile_picture_url": "https://cdn.instagram-simulator.invalid/" + p.UserID + ".jpg",
		"followers_count":     1200,
		"follows_count":       80,
		"media_count":         42,
	}
}

// removePermissions removes the app for the token's owner, which is what
// projects hope it does. Instagram documents no such endpoint, and its real
// answer was never published: nothing should depend on this one. The caller
// holds s.mu.
func (s *Simulator) removePermissions(c *call) answer {
	if c.method != http.MethodDelete {
		return c.graphError(unsupported(c.method))
	}
	_, p, e := s.check(c.query.Get("access_token"), c.now)
	if e != nil {
		return c.graphError(*e)
	}
	s.kill(p.Username, deadRemoved)
	s.save(c.now)
	return c.graphJSON(map[string]any{"success": true})
}
