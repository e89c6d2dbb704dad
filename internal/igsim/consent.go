package igsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLife is how long a code can be exchanged.
// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
const codeLife = time.Hour

// codeMemory is how long a dead code is remembered for the sake of a precise
// refusal; after that it is as unknown as one never issued.
const codeMemory = 24 * time.Hour

// An authCode is what the window hands out.
type authCode struct {
	Username    string    `json:"username"`
	RedirectURI string    `json:"redirect_uri"`
	Scopes      []string  `json:"scopes"`
	ExpiresAt   time.Time `json:"expires_at"`
	Used        bool      `json:"used,omitempty"`
}

// defaultPerson is who consents when nobody is chosen: the first professional
// account, or the first at all. The caller holds s.mu.
func (s *Simulator) defaultPerson() *person {
	for _, p := range s.people {
		if p.professional() {
			return p
		}
	}
	return s.people[0]
}

// decide takes the window's form. Its fields are those of the request and
//
//	account   a username; absent: the default one
//	offered   the scopes the window offered, with commas
//	scope     once per ticked scope; an unticked one sends nothing
//	decision  approve or deny
//
// Browsers send nothing for an unticked box, so that without offered a form with
// every box unticked could not be told from a form that never had any. A form
// without offered is a script's: its scope is read as the window's URL has it,
// and all of it is granted. The hidden fields are checked as if they came in the
// URL, for whoever writes the form can write anything. The caller holds s.mu.
func (s *Simulator) decide(c *call) answer {
	if c.form == nil {
		return refusalPage(http.StatusBadRequest, "The decision must come as a form", "")
	}
	offered, granted := c.form.Get("offered"), c.form["scope"]
	scripted := !c.form.Has("offered")
	if scripted {
		offered = strings.Join(granted, ",")
	}
	q, refusal := s.readConsent(c.form, offered)
	if refusal != "" {
		return refusalPage(http.StatusBadRequest, refusal, "")
	}
	if scripted {
		granted = q.scopes
	}
	for _, name := range granted {
		if !slices.Contains(q.scopes, name) {
			return refusalPage(http.StatusBadRequest, "Invalid scope field(s): "+name, q.url())
		}
	}
	if !slices.Contains(granted, requiredScope) {
		return refusalPage(http.StatusBadRequest, requiredScope+" cannot be unticked", q.url())
	}
	p := s.person(c.account)
	if p == nil {
		return refusalPage(http.StatusBadRequest, "There is no such test account", q.url())
	}
	switch c.form.Get("decision") {
	case "approve":
		return s.approve(c, q, p, granted)
	case "deny":
		return q.sendBack("error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request", "")
	}
	return refusalPage(http.StatusBadRequest, "Neither approved nor denied", q.url())
}

func (s *Simulator) approve(c *call, q consentRequest, p *person, granted []string) answer {
	if !p.professional() {
		return refusalPage(http.StatusForbidden, "The account must be professional: a business or a creator. "+
			p.Username+" is a personal account. What Instagram itself shows here is not known.", q.url())
	}
	code := "AQ" + randomText(150)
	s.codes[code] = &authCode{
		Username:    p.Username,
		RedirectURI: q.redirectURI,
		Scopes:      slices.Compact(slices.Sorted(slices.Values(granted))),
		ExpiresAt:   c.now.Add(codeLife),
	}
	s.save(c.now)
	// The fragment is Meta's. A browser never sends it to the server, but people
	// paste it and scripts see it.
	return q.sendBack("code="+code, "#_")
}

// sendBack redirects the visitor to the client. The order of the parameters is
// the documented one.
// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
func (q consentRequest) sendBack(params, fragment string) answer {
	to := q.redirectURI
	switch {
	case !strings.Contains(to, "?"):
		to += "?"
	case !strings.HasSuffix(to, "?") && !strings.HasSuffix(to, "&"):
		to += "&"
	}
	to += params
	if q.state != "" {
		to += "&state=" + url.QueryEscape(q.state)
	}
	return answer{status: http.StatusFound, header: windowHeader(http.Header{"Location": {to + fragment}})}
}
