package soak_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// Facebook Login: the person's token, the Page's that is made from it, and the
// clock of data access, which runs from the person's last visit. The app is another
// one than that of Instagram Login; what fails at Meta here fails for both.

const (
	facebookApp = "77"
	// dataAccess is how long Meta shows a person's data after a visit.
	dataAccess = 90 * day
	// warnBefore is how long before its end somebody must be warned.
	warnBefore = 14 * day
)

var facebookScopes = []string{"business_management", "instagram_basic", "pages_show_list"}

// clock is when access to the person's data ends.
func (p *person) clock() time.Time { return p.seenAt.Add(dataAccess) }

func (p *person) pageID() string { return fmt.Sprintf("5%015d", p.n) }

func ofFacebook(req *http.Request) bool { return req.URL.Host == "graph.facebook.com" }

// readFacebook returns the token that a request is about, or the code.
func readFacebook(req *http.Request) (token, code string) {
	query := req.URL.Query()
	for _, name := range []string{"input_token", "fb_exchange_token", "access_token"} {
		if token := query.Get(name); token != "" {
			return token, ""
		}
	}
	return "", query.Get("code")
}

// facebook does what a request asks for, unless a fault keeps it from that.
func (m *meta) facebook(f fault, req *http.Request, token *metaToken, p *person, now time.Time) metaAnswer {
	path := strings.TrimPrefix(req.URL.Path, "/"+instagram.GraphVersion)
	switch f {
	case faultNone, faultLost, faultHalf, faultNoExpiry:
	case faultAllDead, faultBlip, faultCheckpoint:
		if path == "/debug_token" {
			// The question is the app's, and is answered.
			a := m.answer(f, "", token, p, "", now)
			return invalid(p, a.body)
		}
		return m.answer(f, "", token, p, "", now)
	default:
		return m.answer(f, "", token, p, "", now)
	}
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	code := req.URL.Query().Get("code")
	if path == "/oauth/access_token" && code != "" {
		delete(m.codes, code)
		if p == nil {
			return graphError(400, 100, 36009, "This authorization code has been used.")
		}
		p.seenAt, p.roleLost = now, false
		short := m.issueFacebook(p, time.Hour, false, now)
		return metaAnswer{status: 200, body: fmt.Sprintf(`{"access_token":%q,"token_type":"bearer","expires_in":3600}`, short.text)}
	}
	refused := m.refuses(token, now)
	if path == "/debug_token" {
		if refused != nil {
			return invalid(p, refused.body)
		}
		return inspected(token)
	}
	if refused != nil {
		return *refused
	}
	switch {
	case path == "/oauth/access_token":
		m.refreshes++
		if p.n%2 == 0 {
			p.seenAt = now // nobody knows whether that is so
		}
		next := m.issueFacebook(p, longLife, false, now)
		return longAnswer(next, f)
	case path == "/me/accounts":
		return reply(map[string]any{"data": []any{map[string]any{
			"id": p.pageID(), "name": "Shop", "access_token": m.pageToken(p, now).text, "tasks": []string{"MANAGE"},
			"instagram_business_account": map[string]any{"id": p.id, "username": p.username()},
		}}})
	case path == "/"+p.pageID() && p.roleLost:
		return graphError(400, 190, 492, "The user does not have a role on the Page.")
	case path == "/"+p.pageID():
		return reply(map[string]any{"id": p.pageID(), "access_token": m.pageToken(p, now).text})
	case path == "/"+string(p.id) && token.page:
		return reply(map[string]any{"id": p.id, "username": p.username(), "name": "Somebody"})
	}
	return graphError(400, 100, 33, "Unsupported get request.")
}

// refuses returns what Meta answers for a token that it does not accept.
func (m *meta) refuses(token *metaToken, now time.Time) *metaAnswer {
	var a metaAnswer
	switch {
	case token == nil:
		a = graphError(400, 190, 0, "Invalid OAuth access token - Cannot parse access token")
	case token.dead == causePassword:
		a = graphError(400, 190, 460, "The session has been invalidated because the user changed their password.")
	case token.dead == causeRemoved:
		a = graphError(400, 190, 458, "The user has not authorized application 77.")
	case token.dead == causeRole:
		a = graphError(400, 190, 492, "The user does not have a role on the Page.")
	case !now.Before(token.expires):
		a = graphError(400, 190, 463, "Error validating access token: Session has expired.")
	default:
		return nil
	}
	return &a
}

// inspected is what debug_token says of a token that lives.
func inspected(token *metaToken) metaAnswer {
	data := map[string]any{
		"app_id": facebookApp, "type": "USER", "is_valid": true, "user_id": token.of.scoped(), "scopes": facebookScopes,
		"expires_at": token.expires.Unix(), "data_access_expires_at": token.of.clock().Unix(),
	}
	if token.page {
		data["type"], data["expires_at"] = "PAGE", 0
	}
	return reply(map[string]any{"data": data})
}

// invalid is what debug_token says of one that does not.
func invalid(p *person, failure string) metaAnswer {
	var answer struct {
		Error map[string]any `json:"error"`
	}
	_ = json.Unmarshal([]byte(failure), &answer)
	data := map[string]any{"app_id": facebookApp, "is_valid": false, "scopes": []string{}, "error": map[string]any{
		"code": answer.Error["code"], "subcode": answer.Error["error_subcode"], "message": answer.Error["message"],
	}}
	if p != nil {
		data["data_access_expires_at"] = p.clock().Unix()
	}
	return reply(map[string]any{"data": data})
}

func reply(value any) metaAnswer {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return metaAnswer{status: 200, body: string(body)}
}

// issueFacebook makes a token of a person. The caller holds m.w.mu.
func (m *meta) issueFacebook(p *person, life time.Duration, page bool, now time.Time) *metaToken {
	token := m.issue(p, false, now)
	delete(m.tokens, token.text)
	token.text = "EAA" + strings.TrimPrefix(token.text, "IGAA")
	m.tokens[token.text] = token
	token.page, token.expires = page, now.Add(life)
	return token
}

// pageToken returns the Page's token: with some the one that lives, with others a
// new one each time.
func (m *meta) pageToken(p *person, now time.Time) *metaToken {
	for _, token := range p.tokens {
		if token.page && token.dead == "" && p.mode == sameText {
			return token
		}
	}
	return m.issueFacebook(p, 100*year, true, now)
}

// visits has a person come by from time to time. Some stay away for so long that
// Meta stops to show their data.
func (w *world) visits(p *person) {
	if !p.facebook {
		return
	}
	this := p.connections
	var again func(n uint64)
	again = func(n uint64) {
		w.in(w.exponential(visitsAYear, askVisit, uint64(p.n), this, n), func() {
			if p.connections == this {
				w.visit(p)
				again(n + 1)
			}
		})
	}
	again(0)
}

// visit moves the person's clock, unless it has run out: then it takes a consent.
func (w *world) visit(p *person) {
	if now := time.Now(); !p.ended && now.Before(p.clock()) {
		p.seenAt = now
	}
}

// isWarned is a person who was asked to come back before the clock runs out. Half
// of them do.
func (w *world) isWarned(p *person) {
	this := p.connections
	if w.chance.of(askVisit, uint64(p.n), this, uint64(p.clock().Unix())) < 0.5 {
		w.in(w.chance.pick(10*24, askVisit, uint64(p.n), this, uint64(p.clock().Unix()), 1), func() {
			if p.connections == this {
				w.visit(p)
			}
		})
	}
}

// believedLocked compares what is committed with what Meta knows.
func (w *world) believedLocked(p *person, after *igauth.Account, user *metaToken) {
	switch {
	case user == nil || user.page:
		w.violationLocked("of %s no person's token is kept", after.ID)
	case after.ExpiresAt.After(user.expires.Add(time.Second)):
		w.violationLocked("the person's token of %s is believed to live till %s, and lives till %s", after.ID, after.ExpiresAt, user.expires)
	case after.DataAccessUntil.After(p.clock().Add(time.Second)):
		w.violationLocked("data access of %s is believed to last till %s, and lasts till %s", after.ID, after.DataAccessUntil, p.clock())
	case !p.stored.page:
		w.violationLocked("the token of %s is not its Page's", after.ID)
	}
}

// warnedLocked compares a warning with the clock.
func (w *world) warnedLocked(p *person, before, after *igauth.Account) {
	now := time.Now()
	if after.DataWarnedFor.Equal(before.DataWarnedFor) {
		return
	}
	p.warned = after.DataWarnedFor
	if left := after.DataWarnedFor.Sub(now); left > warnBefore || left < 0 {
		w.violationLocked("%s is warned %s before the end of its data access", after.ID, left)
	}
	moved := p.clock().Sub(after.DataWarnedFor) > time.Second
	if _, out := w.calendar.at(now, ofMeta); moved && !out && now.Sub(p.struck) > 2*day && now.Sub(p.troubleUntil) > 2*day && !p.ended {
		w.violationLocked("%s is warned of the end of its data access in vain: its owner was there", after.ID)
	}
}

// lapsedLocked reports whether Meta shows a person's data no more, and counts that
// as an end.
func (w *world) lapsedLocked(p *person, now time.Time) bool {
	if now.Before(p.clock()) {
		return false
	}
	p.ended = true
	w.deaths++
	w.lapses++
	if p.status.Live() {
		w.awaited[p] = true
	} else {
		w.reported++ // a run was there in the same hour
	}
	return true
}

// countUnwarned counts the good hours since the warning of an end of data access was
// due. Who has visited since is known to nobody before Meta is asked.
func (w *world) countUnwarned(began time.Time) {
	for _, p := range w.persons {
		switch {
		case !p.facebook || p.stored == nil || p.ended || began.Before(p.clock().Add(-warnBefore)) || !p.status.Live() || p.warned.Sub(p.clock()).Abs() < time.Minute:
			p.unwarned = 0
		case p.struck.Before(began) && p.troubleUntil.Before(began):
			if p.unwarned++; p.unwarned == within+1 {
				w.violationLocked("nobody was warned of the end of data access of account %d, at %s", p.n, p.clock().Format(time.RFC3339))
			}
		}
	}
}
