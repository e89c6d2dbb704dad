package igauth

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// resultQuery is what the result page of a flow is told. With a return URL the
// page leads there; "" is none.
func (h *CallbackHandler) resultQuery(ctx context.Context, s flowState, outcome Outcome, returnTo string) url.Values {
	query := url.Values{"outcome": {string(outcome.Code)}}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("missing", strings.Join(outcome.MissingScopes, ","))
	if outcome.Code != CodeConnected {
		// Whoever starts again has the same account to connect.
		set(reconnectParameter, h.link(ctx, s))
		if s.login == LoginFacebook && !query.Has(reconnectParameter) {
			set(loginParameter, string(s.login))
		}
	}
	set("wanted", shownName(outcome.WantedName))
	set("found", shownName(outcome.FoundName))
	set("return_to", returnTo)
	return query
}

// result shows how a flow ended. It holds nothing but a fixed text chosen by the
// code, so that reloading or forwarding it does no harm. Anybody can write its
// address, so that of what stands there only usernames are shown, and the links
// are signed or registered ones.
func (h *CallbackHandler) result(w http.ResponseWriter, r *http.Request) {
	query, err := single(r, "outcome", "missing", "wanted", "found", "return_to", loginParameter, reconnectParameter)
	code := Code(query["outcome"])
	if entry, ok := dictionary[code]; err != nil || !ok || entry.en.title == "" {
		notFound(w, r)
		return
	}
	options := pageOptions{Again: authorizePath, Home: h.HomeURL, Missing: h.shownScopes(query["missing"])}
	if query[loginParameter] == string(LoginFacebook) {
		options.Again += "?" + loginParameter + "=" + string(LoginFacebook)
	}
	returnTo := query["return_to"]
	if !h.ReturnURLs.Contains(returnTo) {
		returnTo = ""
	}
	if link, given := query[reconnectParameter]; given || code == CodeWrongAccount {
		options.Again = h.reconnectAgain(r.Context(), link, returnTo, code == CodeWrongAccount)
	}
	if code == CodeWrongAccount {
		options.Wanted, options.Found = shownName(query["wanted"]), shownName(query["found"])
		if returnTo != "" {
			options.Home = returnTo + "?status=error"
		}
	}
	writePage(w, r, code, options)
}

// reconnectAgain returns the address that uses a reconnect link again, "" if it
// is not ours. One that has expired leads to the page that says so.
func (h *CallbackHandler) reconnectAgain(ctx context.Context, link, returnTo string, force bool) string {
	keys, err := h.StateKeys(ctx)
	if err != nil {
		h.Log.WarnContext(ctx, "reconnect link not checked", "err", err)
		return ""
	}
	if _, err := openLink(link, keys, h.AppID, h.Now()); CodeOf(err) == CodeLinkInvalid {
		return ""
	}
	query := url.Values{reconnectParameter: {link}}
	if returnTo != "" {
		query.Set("return_to", returnTo)
	}
	if force {
		query.Set("force_reauth", "true")
	}
	return authorizePath + "?" + query.Encode()
}

// shownScopes returns the scopes of a list if all of them are permissions of one
// login, and are not those without which it connects nothing.
func (h *CallbackHandler) shownScopes(list string) []string {
	if list == "" {
		return nil
	}
	for _, login := range []Login{LoginInstagram, LoginFacebook} {
		if scopes, err := login.parseScopes(list, h.scopes(login)); err == nil {
			return missingScopes(scopes, login.requiredScopes())
		}
	}
	return nil
}

// usernamePattern is what a username at Instagram looks like.
var usernamePattern = regexp.MustCompile(`^[A-Za-z0-9._]{1,30}$`)

// shownName returns a text if it can be a username, else "".
func shownName(text string) string {
	if !usernamePattern.MatchString(text) {
		return ""
	}
	return text
}
