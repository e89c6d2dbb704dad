package dictionary

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	"igauth/internal/igauth"
)

// at is a visitor who opens an address.
func at(path string) func(*world) *httptest.ResponseRecorder {
	return func(w *world) *httptest.ResponseRecorder { return w.get(path) }
}

// visitCases are the errors of a visit that Meta has no part in.
var visitCases = []produced{
	{code: igauth.CodeConnected, place: onPage, visit: (*world).visit},
	{code: igauth.CodeDenied, place: onPage, how: "the visitor presses Cancel", visit: func(w *world) *httptest.ResponseRecorder {
		return w.follow(w.get(w.consent("/authorize", url.Values{"decision": {"deny"}})))
	}},
	{code: igauth.CodeDenied, place: onPage, how: "without a state", visit: func(w *world) *httptest.ResponseRecorder {
		w.fault("authorize", "redirect_denied_stateless", "")
		return w.follow(w.get(w.consent("/authorize", nil)))
	}},
	{code: igauth.CodeDenied, place: onPage, how: "at Facebook", visit: func(w *world) *httptest.ResponseRecorder {
		return w.follow(w.get(w.consent("/authorize?login=facebook", url.Values{"decision": {"deny"}})))
	}},
	{code: igauth.CodeReturnURLUnknown, place: onPage, visit: at("/authorize?return_to=https://evil.example/")},
	{code: igauth.CodeScopeUnknown, place: onPage, how: "dead", visit: at("/authorize?scope=user_profile")},
	{code: igauth.CodeScopeUnknown, place: onPage, how: "of the other login", visit: at("/authorize?scope=instagram_basic")},
	{code: igauth.CodeRequestInvalid, place: onPage, visit: at("/callback?state=a&state=b&code=c")},
	{code: igauth.CodeStateInvalid, place: onPage, visit: at("/callback?state=nonsense&code=c")},
	{code: igauth.CodeStateExpired, place: onPage, visit: func(w *world) *httptest.ResponseRecorder {
		back := w.consent("/authorize", url.Values{"account": {maria}})
		w.clock.Advance(igauth.FlowLifetime + time.Second)
		return w.get(back)
	}},
	{code: igauth.CodeCookieMissing, place: onPage, visit: func(w *world) *httptest.ResponseRecorder {
		back := w.consent("/authorize", url.Values{"account": {maria}})
		clear(w.cookies)
		return w.get(back)
	}},
	{code: igauth.CodeInProgress, place: onPage, visit: twice},
	{code: igauth.CodeOutcomeUnknown, place: onPage, visit: func(w *world) *httptest.ResponseRecorder {
		w.fault("code", "applied", "")
		return w.visit()
	}},
	{code: igauth.CodeLinkInvalid, place: onPage, visit: at("/authorize?reconnect=damaged")},
	{code: igauth.CodeLinkExpired, place: onPage, visit: func(w *world) *httptest.ResponseRecorder {
		link := w.reconnectLink(w.connect(maria))
		w.clock.Advance(31 * 24 * time.Hour)
		return w.get(link)
	}},
	{code: igauth.CodeWrongAccount, place: onPage, visit: func(w *world) *httptest.ResponseRecorder {
		link := w.reconnectLink(w.connect(maria))
		return w.follow(w.get(w.consent(link, url.Values{"account": {"studio_norte"}})))
	}},
	{code: igauth.CodeLoginUnknown, place: onPage, visit: at("/authorize?login=myspace")},
	{code: igauth.CodeLoginOff, place: onPage, visit: at("/authorize?login=facebook"), change: func(w *world) { w.parts.Settings.MetaAppID = "" }},
	{code: igauth.CodeRouteNotFound, place: onPage, visit: at("/nowhere")},
	{code: igauth.CodeMethod, place: onPage, visit: func(w *world) *httptest.ResponseRecorder { return w.post("/authorize", nil) }},
	{code: igauth.CodeUnavailable, place: onPage, visit: at("/authorize"), change: func(w *world) {
		w.parts.StateKeys = func(context.Context) ([]igauth.Secret, error) { return nil, errors.New("the secret is gone") }
	}},
	{code: igauth.CodeDisconnected, place: onPage, how: "while the visitor connects", visit: func(w *world) *httptest.ResponseRecorder {
		id := w.connect(maria)
		back := w.consent("/authorize", url.Values{"account": {maria}})
		meta := w.parts
		meta.Ledger = &disconnecting{Ledger: w.parts.Ledger, world: w, id: id}
		handler, err := meta.Callback()
		w.must(err)
		w.site = http.NewServeMux()
		w.site.Handle("/", handler)
		return w.follow(w.get(back))
	}},
}

// reconnectLink returns the path of an account's reconnect link.
func (w *world) reconnectLink(id igauth.AccountID) string {
	links, err := w.parts.Links()
	w.must(err)
	a, err := w.store.Account(w.t.Context(), id)
	w.must(err)
	text, _, err := links.ReconnectURL(w.t.Context(), a)
	w.must(err)
	link, err := url.Parse(text)
	w.must(err)
	return link.RequestURI()
}

// twice is a callback that is delivered again while Meta is slow with the first
// delivery, to a site of little patience.
func twice(w *world) *httptest.ResponseRecorder {
	back := w.consent("/authorize", url.Values{"account": {maria}})
	slow := &slowMeta{asked: make(chan struct{}), answer: make(chan struct{})}
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{Store: w.store, Meta: slow, Patience: time.Millisecond})
	w.must(err)
	callback, err := igauth.NewCallbackHandler(igauth.FrontConfig{AppID: w.parts.Settings.AppID, StateKeys: w.parts.StateKeys, Now: w.clock.Now}, connector)
	w.must(err)
	w.site = http.NewServeMux()
	w.site.Handle("/", callback)
	first := httptest.NewRequest(http.MethodGet, back, nil)
	for _, cookie := range w.cookies {
		first.AddCookie(cookie)
	}
	var group sync.WaitGroup
	group.Go(func() { callback.ServeHTTP(httptest.NewRecorder(), first) })
	<-slow.asked
	defer group.Wait()
	defer close(slow.answer)
	return w.get(back)
}

// slowMeta answers the exchange of a code when it is told to.
type slowMeta struct {
	igauth.Exchanger
	asked, answer chan struct{}
}

func (m *slowMeta) ExchangeCode(context.Context, igauth.Secret) (igauth.Grant, error) {
	close(m.asked)
	<-m.answer
	return igauth.Grant{}, &igauth.Error{Code: igauth.CodeCodeInvalid, Class: igauth.ClassRefused}
}

// disconnecting lets somebody disconnect the account once the flow has begun.
type disconnecting struct {
	igauth.Ledger
	world *world
	id    igauth.AccountID
	once  sync.Once
}

func (l *disconnecting) Save(ctx context.Context, change igauth.Change) error {
	err := l.Ledger.Save(ctx, change)
	l.once.Do(func() {
		l.world.clock.Advance(time.Second)
		_, problem := l.world.store.Disconnect(ctx, l.id)
		l.world.must(problem)
	})
	return err
}
