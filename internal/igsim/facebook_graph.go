package igsim

import (
	"net/url"
	"slices"
	"strconv"
)

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
	next := facebookToken{Kind: pageToken, Username: t.Username, Page: page.ID, Scopes: t.Scopes, Long: t.Long, IssuedAt: c.now}
	if t.Kind != userToken || !t.Long {
		next.ExpiresAt = t.ExpiresAt
	}
	if t.Kind == pageToken {
		return c.query.Get("access_token")
	}
	if c.behaviour.PageToken != "new" {
		for text, old := range s.fb.tokens {
			if old.Kind == pageToken && old.Username == t.Username && old.Page == page.ID && old.Dead == "" && old.ofSystem() == next.ofSystem() &&
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
