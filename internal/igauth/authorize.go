package igauth

import (
	"errors"
	"net/http"
	"net/url"
)

// Consent knows where visitors give their consent.
type Consent interface {
	// ConsentURL returns the address of Meta's consent window for a flow.
	ConsentURL(request ConsentRequest) *url.URL
}

// A ConsentRequest is what the consent window is asked.
type ConsentRequest struct {
	State Secret
	// Scopes are asked for; nil if a configuration at Meta names them.
	Scopes []string
	// ForceReauth asks for the visitor's credentials even in a browser that is
	// logged in, so that another account can be chosen.
	ForceReauth bool
}

// AuthorizeHandler answers GET /authorize: it checks where the visitor wants to
// return to, binds a new flow to the browser by a cookie, and sends the visitor
// to Instagram, or to Facebook if the request says so. It makes no remote call once the state key is known, and stores
// nothing.
type AuthorizeHandler struct {
	front
	consent Consent
}

// NewAuthorizeHandler returns the handler.
func NewAuthorizeHandler(cfg FrontConfig, consent Consent) (http.Handler, error) {
	front, err := newFront(cfg)
	if err != nil {
		return nil, err
	}
	if consent == nil {
		return nil, errors.New("the consent window is missing")
	}
	h := &AuthorizeHandler{front: front, consent: consent}
	return secured(cfg.PlainHTTP, getOnly(h.serve)), nil
}

func (h *AuthorizeHandler) serve(w http.ResponseWriter, r *http.Request) {
	location, err := h.begin(w, r)
	if err != nil {
		code := CodeOf(err)
		h.Log.WarnContext(r.Context(), "flow refused", "code", code, "err", err)
		writePage(w, r, code, pageOptions{})
		return
	}
	w.Header().Set("Location", location.String())
	w.WriteHeader(http.StatusFound)
}

// begin makes the flow and returns the address to send the visitor to.
func (h *AuthorizeHandler) begin(w http.ResponseWriter, r *http.Request) (*url.URL, error) {
	query, err := single(r, "return_to", "scope", "force_reauth", loginParameter, reconnectParameter)
	if err != nil {
		return nil, err
	}
	returnTo, given := query["return_to"]
	if !given {
		returnTo = h.ReturnURLs.first()
	} else if !h.ReturnURLs.Contains(returnTo) {
		return nil, newError(CodeReturnURLUnknown, nil)
	}
	wish, err := h.wish(query)
	if err != nil {
		return nil, err
	}
	force, err := parseFlag(query["force_reauth"])
	if err != nil {
		return nil, err
	}
	keys, err := h.StateKeys(r.Context())
	if err != nil {
		return nil, err
	}
	if text, given := query[reconnectParameter]; given {
		if wish, err = openLink(text, keys, h.AppID, h.Now()); err != nil {
			return nil, err
		}
	}
	if !h.offers(wish.login) {
		return nil, newError(CodeLoginOff, nil)
	}
	if usual := h.scopes(wish.login); wish.scopes == nil || usual == nil {
		wish.scopes = usual
	}
	if !scopesFit(wish.scopes) {
		return nil, newError(CodeRequestInvalid, nil)
	}
	state, cookie, err := newFlowState(h.Random, h.Now(), h.ReturnURLs.mark(returnTo), wish)
	if err != nil {
		return nil, err
	}
	h.cookies.prune(w, r)
	h.cookies.set(w, state.id(), cookie)
	log := h.Log.With("flow", state.id(), "login", wish.login)
	if wish.account != "" {
		log = log.With("accountId", wish.account)
	}
	log.InfoContext(r.Context(), "flow started")
	consent := h.consent
	if wish.login == LoginFacebook {
		consent = h.Facebook
	}
	return consent.ConsentURL(ConsentRequest{
		State:       state.seal(keys[0], h.AppID),
		Scopes:      wish.scopes,
		ForceReauth: force,
	}), nil
}

// wish reads what a request asks for, but for a reconnect link, which says all of
// that itself.
func (h *AuthorizeHandler) wish(query map[string]string) (wish, error) {
	w := wish{login: LoginInstagram}
	name, named := query[loginParameter]
	list, listed := query["scope"]
	if _, linked := query[reconnectParameter]; linked && (named || listed) {
		return wish{}, newError(CodeRequestInvalid, nil)
	}
	if named {
		w.login = Login(name)
	}
	switch {
	case w.login != LoginInstagram && w.login != LoginFacebook:
		return wish{}, newError(CodeLoginUnknown, nil)
	case !h.offers(w.login):
		return wish{}, newError(CodeLoginOff, nil)
	case list == "":
		return w, nil
	case h.scopes(w.login) == nil:
		return wish{}, newError(CodeRequestInvalid, nil) // Meta would not look at them
	}
	var err error
	w.scopes, err = w.login.parseScopes(list, h.scopes(w.login))
	return w, err
}

// parseFlag reads a boolean parameter; an absent one is false.
func parseFlag(text string) (bool, error) {
	switch text {
	case "", "false", "0":
		return false, nil
	case "true", "1":
		return true, nil
	}
	return false, newError(CodeRequestInvalid, nil)
}
