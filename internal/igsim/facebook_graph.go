package igsim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A selection is the parameter fields, taken apart: a field's name, and the
// selection inside its braces.
type selection []struct {
	name   string
	inside selection
}

// readFields takes the parameter fields apart. It reports whether the braces
// match.
func readFields(text string) (selection, bool) {
	var fields selection
	for text != "" {
		end := strings.IndexAny(text, ",{")
		if end < 0 {
			end = len(text)
		}
		name := strings.TrimSpace(text[:end])
		text = text[end:]
		var inside selection
		if strings.HasPrefix(text, "{") {
			depth, last := 0, -1
			for i, r := range text {
				switch r {
				case '{':
					depth++
				case '}':
					depth--
				}
				if depth == 0 {
					last = i
					break
				}
			}
			var ok bool
			if last < 0 {
				return nil, false
			}
			if inside, ok = readFields(text[1:last]); !ok {
				return nil, false
			}
			text = text[last+1:]
		}
		text = strings.TrimPrefix(text, ",")
		if strings.Contains(name, "}") {
			return nil, false
		}
		if name != "" {
			fields = append(fields, struct {
				name   string
				inside selection
			}{name, inside})
		}
	}
	return fields, true
}

// A node is what can be read of one object: the kind for the errors, and each
// field. A nil value is a field that exists and has nothing to say: Meta leaves
// it out of the answer.
type node struct {
	kind     string
	fields   map[string]func(inside selection) (any, *graphError)
	standard []string // fields of an answer without the parameter
}

// read answers the chosen fields of a node, id always with them.
func (n node) read(fields selection) (map[string]any, *graphError) {
	if len(fields) == 0 {
		for _, name := range n.standard {
			fields = append(fields, selection{{name: name}}...)
		}
	}
	body := map[string]any{}
	for _, f := range append(fields, selection{{name: "id"}}...) {
		read, ok := n.fields[f.name]
		if !ok {
			return nil, &graphError{code: 100, message: "(#100) Tried accessing nonexisting field (" + f.name + ") on node type (" + n.kind + ")"}
		}
		value, e := read(f.inside)
		if e != nil {
			return nil, e
		}
		if value != nil {
			body[f.name] = value
		}
	}
	return body, nil
}

// always is a field with a value that depends on nothing.
func always(v any) func(selection) (any, *graphError) {
	return func(selection) (any, *graphError) { return v, nil }
}

// pageNode is a Page as the owner of a token sees it. The caller holds s.mu.
func (s *Simulator) pageNode(c *call, t *facebookToken, page *FacebookPage) node {
	r := s.reachOf(t)
	return node{
		kind:     "Page",
		standard: []string{"name", "id"},
		fields: map[string]func(selection) (any, *graphError){
			"id":       always(page.ID),
			"name":     always(page.Name),
			"category": always("Local business"),
			"tasks":    always([]string{"ANALYZE", "ADVERTISE", "MODERATE", "CREATE_CONTENT", "MANAGE"}),
			"access_token": func(selection) (any, *graphError) {
				return s.pageTokenFor(c, t, page), nil
			},
			"instagram_business_account": func(inside selection) (any, *graphError) {
				a, ok := s.instagramOf(page.Instagram)
				if !ok || page.Instagram == "" || !r.has("instagram_basic") {
					return nil, nil
				}
				if len(inside) == 0 {
					return map[string]any{"id": a.userID}, nil
				}
				v, e := accountNode(a).read(inside)
				return v, e
			},
		},
	}
}

// accountNode is a professional account as Facebook shows it. It has no field
// account_type: that is Instagram Login's.
func accountNode(a instagramAccount) node {
	return node{
		kind:     "ShadowIGUser",
		standard: []string{"id"},
		fields: map[string]func(selection) (any, *graphError){
			"id":                  always(a.userID),
			"username":            always(a.username),
			"name":                always(a.name),
			"profile_picture_url": always("https://cdn.instagram-simulator.invalid/" + a.userID + ".jpg"),
			"biography":           always("An account of the simulator."),
			"followers_count":     always(1200),
			"follows_count":       always(80),
			"media_count":         always(42),
		},
	}
}

// pageTokenFor returns the token of a Page for a person: without an end when the
// person's is long, otherwise with the person's end. The same is given again
// while it lives. The caller holds s.mu.
// https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived
func (s *Simulator) pageTokenFor(c *call, t *facebookToken, page *FacebookPage) string {
	next := facebookToken{Kind: pageToken, Username: t.Username, Page: page.ID, Long: t.Long, IssuedAt: c.now}
	if t.Kind != userToken || !t.Long {
		next.ExpiresAt = t.ExpiresAt
	}
	if t.Kind == pageToken {
		return c.query.Get("access_token")
	}
	if c.behaviour.PageToken != "new" {
		for text, old := range s.fb.tokens {
			if old.Kind == pageToken && old.Username == t.Username && old.Page == page.ID && old.Dead == "" &&
				old.ExpiresAt.Equal(next.ExpiresAt) {
				return text
			}
		}
	}
	text := s.keep(next)
	s.save(c.now)
	return text
}

// accounts lists the Pages that the token shows, some at a time. Without the
// permission the list is empty, and nothing says why.
// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/business-login-for-instagram
func (s *Simulator) accounts(c *call, who string) answer {
	t, e := s.facebookData(c)
	if e != nil {
		return c.graphError(*e)
	}
	if t.Kind == pageToken || who != "me" && who != s.ownerID(t) {
		return c.graphError(errNoObject(who))
	}
	fields, ok := readFields(c.query.Get("fields"))
	if !ok {
		return c.graphError(graphError{code: 2500, message: "Syntax error \"Expected end of string\" in the parameter fields"})
	}
	if len(fields) == 0 {
		fields, _ = readFields("access_token,category,name,id,tasks")
	}
	limit := 25
	if text := c.query.Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 {
			return c.graphError(errParameter("(#100) param limit must be a positive number"))
		}
	}
	limit = min(limit, 100)
	if c.behaviour.PagesAtOnce > 0 {
		limit = min(limit, c.behaviour.PagesAtOnce)
	}
	var seen []*FacebookPage
	r := s.reachOf(t)
	for _, page := range s.fb.pages {
		if r.sees(page) {
			seen = append(seen, page)
		}
	}
	from := 0
	if after := c.query.Get("after"); after != "" {
		i := slices.IndexFunc(seen, func(p *FacebookPage) bool { return cursor(p) == after })
		if i < 0 {
			return c.graphError(errParameter("(#100) Invalid cursors values"))
		}
		from = i + 1
	}
	part := seen[from:min(from+limit, len(seen))]
	data := []any{}
	for _, page := range part {
		v, e := s.pageNode(c, t, page).read(fields)
		if e != nil {
			return c.graphError(*e)
		}
		data = append(data, v)
	}
	body := map[string]any{"data": data}
	if len(part) > 0 {
		last := cursor(part[len(part)-1])
		paging := map[string]any{"cursors": map[string]string{"before": cursor(part[0]), "after": last}}
		if from+len(part) < len(seen) {
			paging["next"] = c.next(last, limit)
		}
		body["paging"] = paging
	}
	return c.graphJSON(body)
}

// cursor is opaque to clients.
func cursor(p *FacebookPage) string { return "QVFI" + AppSecretProof("cursor", p.ID)[:24] }

// next is the address of the next part. Like Meta's it holds the token.
func (c *call) next(after string, limit int) string {
	query := url.Values{"access_token": {c.query.Get("access_token")}, "limit": {strconv.Itoa(limit)}, "after": {after}}
	if fields := c.query.Get("fields"); fields != "" {
		query.Set("fields", fields)
	}
	return "http://" + c.host + c.path + "?" + query.Encode()
}

// ownerID is the id of whose token it is. The caller holds s.mu.
func (s *Simulator) ownerID(t *facebookToken) string {
	p := s.facebookPerson(t.Username)
	switch t.Kind {
	case pageToken:
		return t.Page
	case systemToken:
		return systemUserID(p)
	}
	return p.AppScopedID
}

// errNoObject is the answer about an object that is not there or not to be seen:
// Meta does not tell the two apart.
func errNoObject(id string) graphError {
	return graphError{code: 100, kind: "GraphMethodException", subcode: 33, hasSub: true, message: "Unsupported get request. Object with ID '" + id +
		"' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"}
}

// facebookObject reads one object: the owner of the token, a Page, or an
// Instagram account. The caller holds s.mu.
func (s *Simulator) facebookObject(c *call, id string) answer {
	t, e := s.facebookData(c)
	if e != nil {
		return c.graphError(*e)
	}
	fields, ok := readFields(c.query.Get("fields"))
	if !ok {
		return c.graphError(graphError{code: 2500, message: "Syntax error \"Expected end of string\" in the parameter fields"})
	}
	if id == "me" {
		id = s.ownerID(t)
	}
	n, e := s.nodeOf(c, t, id)
	if e != nil {
		return c.graphError(*e)
	}
	body, e := n.read(fields)
	if e != nil {
		return c.graphError(*e)
	}
	return c.graphJSON(body)
}

// nodeOf finds what an id means to the owner of a token. The caller holds s.mu.
func (s *Simulator) nodeOf(c *call, t *facebookToken, id string) (node, *graphError) {
	r := s.reachOf(t)
	if t.Kind != pageToken && id == s.ownerID(t) {
		p := s.facebookPerson(t.Username)
		n := node{kind: "User", standard: []string{"name", "id"}, fields: map[string]func(selection) (any, *graphError){
			"id": always(id), "name": always(p.Name),
		}}
		if t.Kind == systemToken {
			n.fields["client_business_id"] = always(p.AppScopedID[:len(p.AppScopedID)-2] + "83")
			n.fields["name"] = always("System user of " + p.Name)
		}
		return n, nil
	}
	for _, page := range s.fb.pages {
		seen := r.sees(page) || t.Page == page.ID
		if t.Kind == pageToken && t.Page != page.ID {
			seen = false
		}
		switch {
		case !seen:
		case page.ID == id:
			return s.pageNode(c, t, page), nil
		case page.Instagram == id:
			a, ok := s.instagramOf(id)
			if !ok {
				continue
			}
			if !r.has("instagram_basic") {
				return node{}, &graphError{code: 10, message: "(#10) Application does not have permission for this action"}
			}
			return accountNode(a), nil
		}
	}
	e := errNoObject(id)
	return node{}, &e
}

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
		if t.Username == p.Username && t.Kind != systemToken && t.Dead == "" {
			t.Dead = cause
		}
	}
	if cause == deadRemoved {
		p.granted, p.shown = nil, nil
	}
}
