package igauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// CallbackHandler answers GET /callback, where Meta sends the visitor back, GET
// /callback/result, the page on which a flow without a return URL ends, and GET and
// POST /callback/choose, where a visitor with several accounts chooses one. It spends a code at most once, only in the browser that started the flow.
type CallbackHandler struct {
	front
	connector *Connector
}

const (
	callbackPath = "/callback"
	resultPath   = "/callback/result"
	choosePath   = "/callback/choose"
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
	mux.HandleFunc(choosePath, h.choose)
	mux.HandleFunc("/", notFound)
	return secured(cfg.PlainHTTP, mux), nil
}

// A visit is a callback whose state and cookie prove that it belongs to a flow
// of this browser.
type visit struct {
	state flowState
	// text is the state as it came.
	text   string
	cookie Secret
	// seal is the flow's in this browser.
	seal FlowSeal
	// code is what Meta gave, empty if it reports a failure instead.
	code Secret
	// failure is CodeDenied or what else Meta reports.
	failure Code
}

// claim is what the visitor takes along.
func (v visit) claim() Secret { return v.state.claim(v.cookie) }

// arrival is the visit as the connector sees it.
func (v visit) arrival() Arrival {
	return Arrival{
		Flow:            v.state.id(),
		FlowExpiresAt:   v.state.issuedAt.Add(FlowLifetime),
		Login:           v.state.login,
		RequestedScopes: v.state.scopes,
		Only:            v.state.reconnect.account,
		Code:            v.code,
		Failure:         v.failure,
		Seal:            v.seal,
		ClaimHash:       claimHash(v.claim()),
	}
}

func (h *CallbackHandler) serve(w http.ResponseWriter, r *http.Request) {
	v, err := h.receive(r)
	if err != nil {
		h.refuse(w, r, v, err)
		return
	}
	outcome, err := h.connector.Finish(r.Context(), v.arrival())
	h.answer(w, r, v, outcome, err)
}

// refuse answers a request that does not belong to a flow of this browser, or not
// any more.
func (h *CallbackHandler) refuse(w http.ResponseWriter, r *http.Request, v visit, err error) {
	code := CodeOf(err)
	h.Log.WarnContext(r.Context(), "callback refused", "code", code, "err", err)
	writePage(w, r, code, pageOptions{Again: h.againURL(r.Context(), v.state)})
}

// answer sends the visitor on from a flow that has ended, has to wait, or needs
// their choice.
func (h *CallbackHandler) answer(w http.ResponseWriter, r *http.Request, v visit, outcome Outcome, err error) {
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
	location := chooseURL(v.text)
	if outcome.Code != CodeChoose {
		location = h.leave(r.Context(), v.state, outcome, v.claim())
	}
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
}

// receive checks everything that can be checked without a remote call. On an
// error the state is set if it was authentic.
func (h *CallbackHandler) receive(r *http.Request) (visit, error) {
	query, err := single(r, "state", "code", "error", "error_code", "error_reason", "error_description", "error_message")
	if err != nil {
		return visit{}, err
	}
	if query["state"] == "" && query["error"] == "access_denied" {
		// Meta's own example of a refusal has no state
		// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login).
		return visit{}, newError(CodeDenied, nil)
	}
	v, err := h.recognize(r, query["state"])
	if err != nil {
		return v, err
	}
	_, failed := query["error"]
	if _, numbered := query["error_code"]; numbered {
		failed = true // all that Facebook tells of some errors
	}
	// Instagram ends the address with #_ and Facebook with #_=_, which some software
	// turns into a part of the query.
	code := strings.TrimSuffix(strings.TrimSuffix(query["code"], "#_=_"), "#_")
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

// recognize returns the visit of a state, if it is authentic, not too old, and
// bound to this browser. On an error the state is set if it was authentic.
func (h *CallbackHandler) recognize(r *http.Request, text string) (visit, error) {
	keys, err := h.StateKeys(r.Context())
	if err != nil {
		return visit{}, err
	}
	state, err := openState(NewSecret(text), keys, h.AppID, h.Now())
	v := visit{state: state, text: text}
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
	if !h.offers(state.login) {
		return v, newError(CodeLoginOff, nil)
	}
	v.cookie = cookie
	v.seal, err = newFlowSeal(state.id(), cookie, keys)
	return v, err
}

// refusal names the failure that Instagram or Facebook reports to the callback. A
// missing role is told apart only by its text, which one public project's tests
// expect here; most reports say that it never comes back. So do dead scopes.
func refusal(query map[string]string) Code {
	text := strings.ToLower(query["error_description"] + " " + query["error_message"])
	switch {
	case strings.Contains(text, "developer role"), strings.Contains(text, "development mode"):
		return CodeDeveloperRole
	case strings.Contains(text, "invalid scope"):
		return CodeScopeRefused
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
