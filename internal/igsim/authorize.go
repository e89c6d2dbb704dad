package igsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// requiredScope is the one scope nobody can leave out or untick.
const requiredScope = "instagram_business_basic"

// scopes are the permissions Instagram Login knows, with what the window calls
// them. The names without "instagram_" died on 27 January 2025, user_profile and
// user_media on 4 December 2024, basic on 29 June 2020.
// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
var scopes = map[string]string{
	requiredScope:                        "See your profile and your media",
	"instagram_business_content_publish": "Publish content for you",
	"instagram_business_manage_comments": "Read and manage your comments",
	"instagram_business_manage_messages": "Read and manage your messages",
	"instagram_business_manage_insights": "See your insights",
}

// A consentRequest is what a client asks the window for.
type consentRequest struct {
	clientID, redirectURI, state string
	scopes                       []string
	switches                     url.Values // force_reauth and its relatives, as sent
}

// switches of the window and the values they may have. force_authentication and
// the digits are older spellings that public code still sends. What Meta does
// with any other value is not documented; here it is an error, because it is one
// in the client.
// https://developers.facebook.com/documentation/instagram-platform/reference/oauth-authorize
var switches = []struct {
	name   string
	values []string
}{
	{"force_reauth", []string{"true", "false"}},
	{"enable_fb_login", []string{"true", "false", "1", "0"}},
	{"force_authentication", []string{"1", "0"}},
}

// readConsent checks a request for consent. Its second result is the text of the
// page that refuses it, empty when all is well. The scopes come apart from the
// other values because the form carries them in another field than the URL.
func (s *Simulator) readConsent(v url.Values, scopeList string) (consentRequest, string) {
	q := consentRequest{
		clientID:    v.Get("client_id"),
		redirectURI: v.Get("redirect_uri"),
		state:       v.Get("state"),
		switches:    url.Values{},
	}
	if q.clientID != s.cfg.AppID {
		return q, "Invalid Request: Request parameters are invalid: " + msgPlatformApp
	}
	if !s.redirectAllowed(q.redirectURI) {
		return q, "Invalid redirect_uri"
	}
	if v.Get("response_type") != "code" {
		return q, "Invalid response_type: only code is supported"
	}
	// A scope list has commas or spaces between the names; both are documented.
	var dead []string
	for _, name := range strings.FieldsFunc(scopeList, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch {
		case scopes[name] == "":
			dead = append(dead, name)
		case !slices.Contains(q.scopes, name):
			q.scopes = append(q.scopes, name)
		}
	}
	if len(dead) > 0 {
		return q, "Invalid scope field(s): " + strings.Join(dead, ", ")
	}
	if !slices.Contains(q.scopes, requiredScope) {
		return q, "The scope must contain " + requiredScope
	}
	for _, sw := range switches {
		if !v.Has(sw.name) {
			continue
		}
		if !slices.Contains(sw.values, v.Get(sw.name)) {
			return q, "Invalid value of " + sw.name
		}
		q.switches.Set(sw.name, v.Get(sw.name))
	}
	return q, ""
}

// params is the request without its scopes, as the window's query or form had
// it.
func (q consentRequest) params() url.Values {
	v := url.Values{
		"client_id":     {q.clientID},
		"redirect_uri":  {q.redirectURI},
		"response_type": {"code"},
	}
	if q.state != "" {
		v.Set("state", q.state)
	}
	for name, values := range q.switches {
		v[name] = values
	}
	return v
}

// url is the window's address for this request.
func (q consentRequest) url() string {
	v := q.params()
	v.Set("scope", strings.Join(q.scopes, ","))
	return "/oauth/authorize?" + v.Encode()
}

func (s *Simulator) redirectAllowed(uri string) bool {
	if len(s.cfg.RedirectURIs) > 0 {
		return slices.Contains(s.cfg.RedirectURIs, uri)
	}
	return usableRedirect(uri)
}

// usableRedirect reports whether a visitor can be sent to the URI with a code in
// its query: absolute, http or https, no fragment.
func usableRedirect(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") &&
		u.Hostname() != "" && !strings.Contains(uri, "#")
}

// authorize serves the consent window and takes its form. Whatever is wrong with
// the request's parameters ends on a page here: Meta too sends nobody to an
// address it has no reason to trust. The caller holds s.mu.
func (s *Simulator) authorize(c *call) answer {
	switch c.method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		return s.decide(c)
	default:
		a := refusalPage(http.StatusMethodNotAllowed, "The window is opened with GET", "")
		a.header.Set("Allow", "GET, HEAD, POST")
		return a
	}
	if !c.queryOK {
		return refusalPage(http.StatusBadRequest, "Sorry, this page isn't available", "")
	}
	q, refusal := s.readConsent(c.query, c.query.Get("scope"))
	if refusal != "" {
		return refusalPage(http.StatusBadRequest, refusal, "")
	}
	return s.consentPage(q)
}
