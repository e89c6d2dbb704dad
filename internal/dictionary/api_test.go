package dictionary

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"igauth/internal/app/dev"
	"igauth/internal/igauth"
)

// apiCases are the errors of the API of the site's backend, and of Meta's calls.
var apiCases = []produced{
	{code: igauth.CodeParameterInvalid, place: inAPI, visit: at("/accounts?limit=many")},
	{code: igauth.CodeAccountNotFound, place: inAPI, visit: at("/accounts/17841400000000001")},
	{code: igauth.CodeReauthRequired, place: inAPI, visit: func(w *world) *httptest.ResponseRecorder {
		id := w.connect(maria)
		w.must(w.sim.ChangePassword(maria))
		w.pass(6 * days)
		return w.get("/accounts/" + string(id) + "/token")
	}},
	{code: igauth.CodeDisconnected, place: inAPI, visit: func(w *world) *httptest.ResponseRecorder {
		id := w.connect(maria)
		_, err := w.store.Disconnect(w.t.Context(), id)
		w.must(err)
		return w.get("/accounts/" + string(id) + "/token")
	}},
	{code: igauth.CodeValidityShort, place: inAPI, visit: func(w *world) *httptest.ResponseRecorder {
		id := w.connect(maria)
		w.clock.Advance(time.Hour)
		return w.get("/accounts/" + string(id) + "/token?min_valid_seconds=5184000")
	}},
	{code: igauth.CodeClaimInvalid, place: inAPI, visit: at("/claims/never-given")},
	{code: igauth.CodeRouteNotFound, place: inAPI, visit: at("/accounts/17841400000000001/nothing")},
	{code: igauth.CodeMethod, place: inAPI, visit: func(w *world) *httptest.ResponseRecorder { return w.post("/accounts", nil) }},
	{code: igauth.CodeUnavailable, place: inAPI, visit: at("/accounts"), change: func(w *world) { w.parts.Ledger = brokenLedger{w.parts.Ledger} }},
	{code: igauth.CodeUnauthorized, place: inAPI, visit: withoutKey},

	{code: igauth.CodeSignedRequest, place: inAPI, how: "not one", visit: signed("/deauthorize", "nonsense")},
	{code: igauth.CodeSignedRequest, place: inAPI, how: "forged", visit: signed("/data-deletion", "c2ln.eyJ1c2VyX2lkIjoiMSJ9")},
	{code: igauth.CodeBodyTooLarge, place: inAPI, visit: signed("/deauthorize", strings.Repeat("x", 9<<10))},
	{code: igauth.CodeReceiptUnknown, place: onPage, visit: at("/data-deletion/" + strings.Repeat("0", 40))},
}

func signed(path, text string) func(*world) *httptest.ResponseRecorder {
	return func(w *world) *httptest.ResponseRecorder { return w.post(path, url.Values{"signed_request": {text}}) }
}

// brokenLedger cannot list.
type brokenLedger struct{ igauth.Ledger }

func (brokenLedger) Accounts(context.Context, igauth.AccountID, int) ([]igauth.Account, error) {
	return nil, io.ErrUnexpectedEOF
}

// withoutKey asks the development server for a token.
func withoutKey(w *world) *httptest.ResponseRecorder {
	w.t.Helper()
	server, err := dev.Open(dev.Options{Listen: "127.0.0.1:0", SimListen: "127.0.0.1:0", Data: w.t.TempDir()})
	w.must(err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	defer func() {
		stop()
		w.must(<-ended)
	}()
	answer, err := http.Get(server.URL() + "/accounts/17841400000010111/token")
	w.must(err)
	defer answer.Body.Close()
	recorder := httptest.NewRecorder()
	recorder.WriteHeader(answer.StatusCode)
	_, err = io.Copy(recorder, answer.Body)
	w.must(err)
	return recorder
}

// bring imports a text as a token.
func bring(text string) func(*world) error {
	return func(w *world) error {
		_, err := w.refresh.Import(w.t.Context(), igauth.Import{Token: igauth.NewSecret(text)})
		return err
	}
}

// systemUser returns the token of a system user, as Meta's business settings make
// it.
func (w *world) systemUser(person string) igauth.Secret {
	w.t.Helper()
	text, err := w.sim.SystemUserToken(person, false)
	w.must(err)
	return igauth.NewSecret(text)
}

// commandCases are the errors that only the command shows, and some of Meta's that
// it shows, too.
var commandCases = []produced{
	{code: igauth.CodeTokenMissing, command: bring("")},
	{code: igauth.CodeTokenDamaged, command: bring("IGAA one two")},
	{code: igauth.CodeTokenPlaceholder, command: bring("YOUR_ACCESS_TOKEN")},
	{code: igauth.CodeTokenBasicDisplay, command: bring("IGQVJ" + strings.Repeat("a", 150))},
	{code: igauth.CodeTokenLegacy, command: bring("1527925940.ac27022.0123456789abcdef0123456789abcdee")},
	{code: igauth.CodeTokenIsAppSecret, command: bring("abcdef0123456789abcdef0123456789")},
	{code: igauth.CodeTokenIsAppToken, command: bring("990602627938098|abc")},
	{code: igauth.CodeTokenIsCode, command: bring("AQ" + strings.Repeat("b", 150))},
	{code: igauth.CodeTokenIsLink, command: bring("https://graph.instagram.com/me?access_token=x")},
	{code: igauth.CodeTokenIsJSON, command: bring(`{"access_token":"x"}`)},
	{code: igauth.CodeTokenFacebook, command: bring("EAA" + strings.Repeat("c", 150)), change: func(w *world) { w.parts.Settings.MetaAppID = "" }},
	{code: igauth.CodeTokenUnparsable, command: bring("IGAA" + strings.Repeat("d", 150))},
	{code: igauth.CodeAlreadyConnected, command: func(w *world) error {
		token := w.token(w.connect(maria))
		w.clock.Advance(time.Minute)
		_, err := w.refresh.Import(w.t.Context(), igauth.Import{Token: token})
		return err
	}},
	{code: igauth.CodeTokenTooYoung, command: func(w *world) error {
		// It was made an hour ago, whatever the account believes.
		id := w.connect(maria)
		w.fault("refresh", "graph_100_too_young", "")
		w.clock.Advance(2 * days)
		_, err := w.refresh.Refresh(w.t.Context(), id)
		return err
	}},
	{code: igauth.CodeTokenIsPage, command: func(w *world) error {
		_, err := w.refresh.Import(w.t.Context(), igauth.Import{Token: w.token(w.connectFacebook(ana))})
		return err
	}},
	{code: igauth.CodeSeveralAccounts, command: func(w *world) error {
		_, err := w.refresh.Import(w.t.Context(), igauth.Import{Token: w.systemUser("leo.agency")})
		return err
	}},
	{code: igauth.CodeAccountNotShown, command: func(w *world) error {
		_, err := w.refresh.Import(w.t.Context(), igauth.Import{Token: w.systemUser("leo.agency"), Account: "somebody.else"})
		return err
	}},
	{code: igauth.CodeTokenOtherApp, command: func(w *world) error {
		w.fault("debug_token", "graph_100_other_app", "")
		_, err := w.refresh.Import(w.t.Context(), igauth.Import{Token: w.systemUser(ana)})
		return err
	}},
}

func init() {
	for i := range commandCases {
		commandCases[i].place = inCommand
	}
}
