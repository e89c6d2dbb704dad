package igauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// CallbackHandler answers GET /callback, where Instagram sends the visitor back,
// and GET /callback/result, the page on which a flow without a return URL ends.
// It spends a code at most once, only in the browser that started the flow.
type CallbackHandler struct {
	front
	connector *Connector
}

const (
	callbackPath = "/callback"
	resultPath   = "/callback/result"
	// maxCodeLength bounds the code, which Meta documents as opaque.
	maxCodeLength = 1024
)

// NewCallbackHandler returns the handler.
func NewCallbackHandler(cfg FrontConfig, connector *Connector) (http.Handler, error) {
	front, err := newFront(cfg)
	if err != nil {
		return nil, err
	}
	if connector == nil {
		return nil, errors.New("the connector is missing")
	}
	h := &CallbackHandler{front: front, connector: connector}
	mux := http.NewServeMux()
	mux.Handle(callbackPath, getOnly(h.serve))
	mux.Handle(resultPath, getOnly(h.result))
	mux.HandleFunc("/", notFound)
	return secured(cfg.PlainHTTP, mux), nil
}

// A visit is a callback whose state and cookie prove that it belongs to a flow
// of this browser.
type visit struct {
	state  flowState
	cookie Secret
	// code is what Instagram gave, empty if it reports a failure instead.
	code Secret
	// failure is CodeDenied or what else Instagram reports.
	failure Code
}

func (h *CallbackHandler) serve(w http.ResponseWriter, r *http.Request) {
	v, err := h.receive(r)
	if err != nil {
		code := CodeOf(err)
		h.Log.WarnContext(r.Context(), "callback refused", "code", code, "err", err)
		writePage(w, r, code, pageOptions{Again: h.againURL(r.Context(), v.state)})
		return
	}
	claim := v.state.claim(v.cookie)
	outcome, err := h.connector.Finish(r.Context(), Arrival{
		Flow:            v.state.id(),
		FlowExpiresAt:   v.state.issuedAt.Add(FlowLifetime),
		RequestedScopes: v.state.scopes,
		Only:            v.state.reconnect.account,
		Code:            v.code,
		Failure:         v.failure,
		ClaimHash:       claimHash(claim),
	})
	if err != nil {
		h.Log.ErrorContext(r.Context(), "flow not finished", "flow", v.state.id(), "code", CodeOf(err), "err", err)
		writePage(w, r, CodeOf(err), pageOptions{Again: h.againURL(r.Context(), v.state)})
		return
	}
	if outcome.Code == CodeInProgress {
		// The other request is slow. The browser asks again by itself.
		w.Header().Set("Refresh", "2")
		writePage(w, r, CodeInProgress, pageOptions{})
		return
	}
	w.Header().Set("Location", h.leave(r.Context(), v.state, outcome, claim))
	w.WriteHeader(http.StatusSeeOther)
}

// receive checks everything that can be checked without a remote call. On an
// error the state is set if it was authentic.
func (h *CallbackHandler) receive(r *http.Request) (visit, error) {
	query, err := single(r, "state", "code", "error", "error_reason", "error_description")
	if err != nil {
		return visit{}, err
	}
	if query["state"] == "" && query["error"] == "access_denied" {
		// Meta's own example of a refusal has no state
		// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login).
		return visit{}, newError(CodeDenied, nil)
	}
	keys, err := h.StateKeys(r.Context())
	if err != nil {
		return visit{}, err
	}
	state, err := openState(NewSecret(query["state"]), keys, h.AppID, h.Now())
	v := visit{state: state}
	if err != nil {
		return v, err
	}
	cookie, ok := h.cookies.get(r, state.id())
	if !ok {
		return v, newError(CodeCookieMissing, nil)
	}
	if !state.boundTo(cookie) {
		return v, newError(CodeStateInvalid, nil)
	}
	v.cookie = cookie
	_, failed := query["error"]
	// Instagram ends the address with #_, which some software turns into a part
	// of the query.
	code := strings.TrimSuffix(query["code"], "#_")
	switch {
	case failed && code != "":
		return v, newError(CodeRequestInvalid, nil)
	case failed:
		v.failure = refusal(query)
	case code == "" || len(code) > maxCodeLength || !visible(code):
		return v, newError(CodeRequestInvalid, nil)
	default:
		v.code = NewSecret(code)
	}
	return v, nil
}

// refusal names the failure that Instagram reports to the callback. A missing
// tester role is told apart only by its text, which one public project's tests
// expect here; most reports say that it never comes back.
func refusal(query map[string]string) Code {
	switch {
	case strings.Contains(strings.ToLower(query["error_description"]), "developer role"):
		return CodeDeveloperRole
	case query["error"] == "access_denied":
		return CodeDenied
	}
	return CodeMetaRefused
}

// visible reports whether text is printable ASCII without spaces.
func visible(text string) bool {
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// leave returns where the visitor goes when the flow has ended. To a site nothing
// travels but the status and the claim. Who signed in as the wrong account stays
// with us even then: we can say which one is wanted, and a click mends it.
func (h *CallbackHandler) leave(ctx context.Context, s flowState, outcome Outcome, claim Secret) string {
	returnTo := h.ReturnURLs.byMark(s.returnURL)
	if returnTo == "" || outcome.Code == CodeWrongAccount {
		return resultPath + "?" + h.resultQuery(ctx, s, outcome, returnTo).Encode()
	}
	query := url.Values{}
	switch outcome.Code {
	case CodeConnected:
		query.Set("status", "connected")
		query.Set("claim", claim.Reveal())
	case CodeDenied:
		query.Set("status", "denied")
	default:
		query.Set("status", "error")
	}
	return returnTo + "?" + query.Encode()
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writePage(w, r, CodeRouteNotFound, pageOptions{})
}

// sleep waits, or returns early with the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
