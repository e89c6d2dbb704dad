package igauth

import (
	"net/http"
	"strings"
)

// maxFlowCookies is how many unfinished flows a browser keeps. API Gateway
// refuses requests whose line and headers exceed 10,240 bytes
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html),
// so that a visitor who starts very often must not fill them with cookies.
const maxFlowCookies = 8

// flowCookies writes and reads the cookies that bind flows to a browser, one for
// each flow, so that two tabs do not disturb each other.
type flowCookies struct {
	// plain leaves out the __Host- prefix and Secure, which browsers do not
	// accept on plain http. Only the development server may set it.
	plain bool
}

func (c flowCookies) prefix() string {
	if c.plain {
		return "igauth-"
	}
	return "__Host-igauth-"
}

func (c flowCookies) name(id FlowID) string { return c.prefix() + string(id[:16]) }

// set binds a flow to the browser. SameSite is Lax, since the visitor returns
// by a navigation from another site, with which Strict cookies do not travel.
func (c flowCookies) set(w http.ResponseWriter, id FlowID, value Secret) {
	http.SetCookie(w, c.cookie(c.name(id), value.Reveal(), int(FlowLifetime.Seconds())))
}

// prune forgets the oldest flows of a browser that holds too many. Browsers send
// cookies of one path in the order of their making
// (https://www.rfc-editor.org/rfc/rfc6265#section-5.4).
func (c flowCookies) prune(w http.ResponseWriter, r *http.Request) {
	var names []string
	for _, cookie := range r.Cookies() {
		if strings.HasPrefix(cookie.Name, c.prefix()) {
			names = append(names, cookie.Name)
		}
	}
	for len(names) >= maxFlowCookies {
		http.SetCookie(w, c.cookie(names[0], "", -1))
		names = names[1:]
	}
}

// get returns the value of a flow's cookie. Two cookies of the name are refused
// like none: one of them was planted.
func (c flowCookies) get(r *http.Request, id FlowID) (Secret, bool) {
	cookies := r.CookiesNamed(c.name(id))
	if len(cookies) != 1 || cookies[0].Value == "" {
		return Secret{}, false
	}
	return NewSecret(cookies[0].Value), true
}

func (c flowCookies) cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   maxAge,
		Secure:   !c.plain,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}
