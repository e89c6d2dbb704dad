package igauth

import (
	"errors"
	"net/http"
	"net/url"
)

// Consent knows where visitors give their consent.
type Consent interface {
	// ConsentURL returns the address of Instagram's consent window for a flow.
	ConsentURL(request ConsentRequest) *url.URL
}

// A ConsentRequest is what the consent window is asked.
type ConsentRequest struct {
	State  Secret
	Scopes []string
	// ForceReauth asks for Instagram's credentials even in a browser that is
	// logged in, so that another account can be chosen.
	ForceReauth bool
}

// AuthorizeHandler answers GET /authorize: it checks where the visitor wants to
// return to, binds a new flow to the browser by a cookie, and sends the visitor
// to Instagram. It makes no remote call once the state key is known, and stores
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
	query, err := single(r, "return_to", "scope", "force_reauth", reconnectParameter)
	if err != nil {
		return nil, err
	}
	returnTo, given := query["return_to"]
	if !given {
		returnTo = h.ReturnURLs.first()
	} else if !h.ReturnURLs.Contains(returnTo) {
		return nil, newError(CodeReturnURLUnknown, nil)
	}
	scopes := h.Scopes
	if list := query["scope"]; list != "" {
		if scopes, err = ParseScopes(list, h.Scopes); err != nil {
			return nil, err
		}
	}
	force, err := parseFlag(query["force_reauth"])
	if err != nil {
		return nil, err
	}
	keys, err := h.StateKeys(r.Context())
	if err != nil {
		return nil, err
	}
	var only errand
	if text, given := query[reconnectParameter]; given {
		if _, both := query["scope"]; both {
			return nil, newError(CodeRequestInvalid, nil) // the link has the scopes
		}
		link, err := openLink(text, keys, h.AppID, h.Now())
		if err != nil {
			return nil, err
		}
		only = link.errand
		if link.scopes != nil {
			scopes = link.scopes
		}
	}
	state, cookie, err := newFlowState(h.Random, h.Now(), h.ReturnURLs.mark(returnTo), only, scopes)
	if err != nil {
		return nil, err
	}
	h.cookies.prune(w, r)
	h.cookies.set(w, state.id(), cookie)
	if only.account == "" {
		h.Log.InfoContext(r.Context(), "flow started", "flow", state.id())
	} else {
		h.Log.InfoContext(r.Context(), "flow started", "flow", state.id(), "accountId", only.account)
	}
	return h.consent.ConsentURL(ConsentRequest{
		State:       state.seal(keys[0], h.AppID),
		Scopes:      scopes,
		ForceReauth: force,
	}), nil
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
