package igsim

import (
	"net/http"
	"slices"
)

// facebookPermissions lists what was granted, or takes one permission back, or
// all of them, which removes the app. The caller holds s.mu.
// https://developers.facebook.com/docs/graph-api/reference/user/permissions/
func (s *Simulator) facebookPermissions(c *call, who, name string) answer {
	text := c.query.Get("access_token")
	var p *facebookPerson
	if s.isAppToken(text) {
		if i := slices.IndexFunc(s.fb.people, func(p *facebookPerson) bool { return p.AppScopedID == who }); i >= 0 {
			p = s.fb.people[i]
		}
	} else {
		t, e := s.checkFacebook(text, c.now)
		if e != nil {
			return c.graphError(*e)
		}
		if t.Kind == userToken && (who == "me" || who == s.ownerID(t)) {
			p = s.facebookPerson(t.Username)
		}
	}
	if e := s.checkProof(c, text); e != nil {
		return c.graphError(*e)
	}
	if p == nil {
		return c.graphError(errNoObject(who))
	}
	switch {
	case c.method == http.MethodGet && name == "":
		data := []any{}
		for _, permission := range p.granted {
			data = append(data, map[string]string{"permission": permission, "status": "granted"})
		}
		return c.graphJSON(map[string]any{"data": data})
	case c.method != http.MethodDelete:
		e := unsupported(c.method)
		e.kind = "GraphMethodException"
		return c.graphError(e)
	case name == "":
		s.killFacebook(p, deadRemoved)
	default:
		p.granted = slices.DeleteFunc(p.granted, func(granted string) bool { return granted == name })
	}
	s.save(c.now)
	return c.graphJSON(map[string]any{"success": true})
}

// killFacebook kills the tokens of a person, those of their Pages with them. A
// system user's live on when the person's password changes or the person leaves;
// they belong to the portfolio. The caller holds s.mu.
func (s *Simulator) killFacebook(p *facebookPerson, cause string) {
	for _, t := range s.fb.tokens {
		if t.Username == p.Username && !t.ofSystem() && t.Dead == "" {
			t.Dead = cause
		}
	}
	if cause == deadRemoved {
		p.granted, p.declined, p.shown = nil, nil, nil
	}
}
