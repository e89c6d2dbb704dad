package dictionary

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/app"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

const (
	origin = "https://connect.example.com"
	// maria is who connects unless another is named, and ana manages the Page of
	// maria's account.
	maria = "maria.bakes"
	ana   = "ana.one"
)

// A world is an installation in front of the simulator, and one visitor.
type world struct {
	t       *testing.T
	sim     *igsim.Simulator
	clock   *igsim.Clock
	parts   app.Parts
	site    *http.ServeMux
	refresh *igauth.Refresher
	store   *igauth.Store
	log     *bytes.Buffer
	// told are the events, which several workers send.
	mu   sync.Mutex
	told []igauth.Message
	// language is the visitor's, cookies what the visitor's browser keeps.
	language string
	cookies  map[string]*http.Cookie
}

// newWorld returns an installation with both logins, changed by a case.
func newWorld(t *testing.T, change func(*world)) *world {
	t.Helper()
	w := &world{
		t: t, clock: igsim.NewFrozenClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)),
		log: &bytes.Buffer{}, language: "en", cookies: map[string]*http.Cookie{},
	}
	callbacks := []string{origin + "/callback"}
	sim, err := igsim.New(igsim.Config{RedirectURIs: callbacks, FacebookRedirectURIs: callbacks, Now: w.clock.Now})
	w.must(err)
	w.sim = sim
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	folder, err := local.Create(t.TempDir(), w.clock.Now)
	w.must(err)
	t.Cleanup(func() { _ = folder.Close() })
	w.parts = folder.Parts(w.clock.Now, slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	w.parts.Settings = app.Settings{
		AppID: igsim.DefaultAppID, PublicURL: origin, WWW: server.URL, API: server.URL, Graph: server.URL,
		MetaAppID: igsim.MetaAppID, MetaAppSecretName: "meta", FacebookWWW: server.URL, FacebookGraph: server.URL,
	}
	w.parts.Publisher = w
	w.parts.AppSecrets = secret(igsim.DefaultAppSecret)
	w.parts.MetaAppSecrets = secret(igsim.DefaultMetaAppSecret)
	if change != nil {
		change(w)
	}
	w.open()
	return w
}

func secret(text string) func(context.Context) ([]igauth.Secret, error) {
	return func(context.Context) ([]igauth.Secret, error) { return []igauth.Secret{igauth.NewSecret(text)}, nil }
}

// Publish takes the events.
func (w *world) Publish(_ context.Context, messages []igauth.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, messages...)
	return nil
}

// open wires the handlers.
func (w *world) open() {
	w.t.Helper()
	w.site = http.NewServeMux()
	for path, handler := range map[string]func() (http.Handler, error){
		"/": w.parts.Callback, "/authorize": w.parts.Authorize, "/accounts": w.parts.Accounts, "/accounts/": w.parts.Accounts,
		"/claims/": w.parts.Accounts, "/deauthorize": w.parts.Deauthorize, "/data-deletion": w.parts.Deletion, "/data-deletion/": w.parts.Deletion,
	} {
		h, err := handler()
		w.must(err)
		w.site.Handle(path, h)
	}
	var err error
	w.refresh, err = w.parts.Refresher()
	w.must(err)
	w.store, err = w.parts.Store()
	w.must(err)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// do sends a request of the visitor's browser.
func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	r.Header.Set("Accept-Language", w.language)
	for _, cookie := range w.cookies {
		r.AddCookie(cookie)
	}
	recorder := httptest.NewRecorder()
	w.site.ServeHTTP(recorder, r)
	for _, cookie := range recorder.Result().Cookies() {
		w.cookies[cookie.Name] = cookie
		if cookie.MaxAge < 0 {
			delete(w.cookies, cookie.Name)
		}
	}
	return recorder
}

func (w *world) get(path string) *httptest.ResponseRecorder {
	return w.do(httptest.NewRequest(http.MethodGet, path, nil))
}

func (w *world) post(path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

// follow goes where an answer sends the visitor, if it does.
func (w *world) follow(answer *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	for answer.Code == http.StatusSeeOther {
		answer = w.get(answer.Header().Get("Location"))
	}
	return answer
}

// consent opens a link to /authorize and decides at Meta. It returns where Meta
// sends the visitor back to, as a path of ours.
func (w *world) consent(link string, decision url.Values) string {
	w.t.Helper()
	begun := w.get(link)
	if begun.Code != http.StatusFound {
		w.t.Fatalf("%s: got status %d, want the way to Meta\n%s", link, begun.Code, words(begun))
	}
	window, err := url.Parse(begun.Header().Get("Location"))
	w.must(err)
	form := window.Query()
	form.Set("decision", "approve")
	for name, values := range decision {
		form[name] = values
	}
	window.RawQuery = ""
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.PostForm(window.String(), form)
	w.must(err)
	page, err := io.ReadAll(answer.Body)
	w.must(err)
	w.must(answer.Body.Close())
	back, err := url.Parse(answer.Header.Get("Location"))
	w.must(err)
	if answer.StatusCode != http.StatusFound || back.Path != "/callback" {
		w.t.Fatalf("Meta keeps the visitor: status %d\n%s", answer.StatusCode, page)
	}
	return back.Path + "?" + back.RawQuery
}

// words are what a person reads of a page.
func words(page *httptest.ResponseRecorder) string {
	_, main, _ := strings.Cut(page.Body.String(), "<main")
	return html.UnescapeString("<main" + main)
}

// visit goes through a whole flow of Instagram Login, to the page on which it
// ends.
func (w *world) visit() *httptest.ResponseRecorder {
	w.t.Helper()
	return w.follow(w.get(w.consent("/authorize", url.Values{"account": {maria}})))
}

// visitFacebook is the same with Facebook Login, as somebody.
func (w *world) visitFacebook(person string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.follow(w.get(w.consent("/authorize?login=facebook", url.Values{"account": {person}})))
}

// connect connects an account and returns its id.
func (w *world) connect(account string) igauth.AccountID {
	w.t.Helper()
	page := w.follow(w.get(w.consent("/authorize", url.Values{"account": {account}})))
	if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), `<main class="good">`) {
		w.t.Fatalf("connecting %s: status %d\n%s\n%s", account, page.Code, words(page), w.log)
	}
	for _, p := range w.sim.People() {
		if p.Username == account {
			return igauth.AccountID(p.UserID)
		}
	}
	w.t.Fatalf("no account %s", account)
	return ""
}

// connectFacebook connects the account of a person's only Page.
func (w *world) connectFacebook(person string) igauth.AccountID {
	w.t.Helper()
	if page := w.visitFacebook(person); !strings.Contains(page.Body.String(), `<main class="good">`) {
		w.t.Fatalf("connecting as %s: status %d\n%s\n%s", person, page.Code, words(page), w.log)
	}
	accounts, _, err := w.store.Accounts(w.t.Context(), "", 10)
	w.must(err)
	for _, a := range accounts {
		if a.Login == igauth.LoginFacebook {
			return a.ID
		}
	}
	w.t.Fatal("no account of Facebook Login")
	return ""
}

// fault makes Meta fail at an endpoint, for somebody or for all.
func (w *world) fault(endpoint, kind, account string) {
	w.t.Helper()
	w.must(w.sim.SetFault(igsim.Fault{Endpoint: endpoint, Kind: kind, Account: account}))
}

// pass lets time pass, with a run every three hours.
func (w *world) pass(d time.Duration) {
	for ; d > 0; d -= 3 * time.Hour {
		w.clock.Advance(3 * time.Hour)
		_, _ = w.refresh.RunOnce(w.t.Context())
	}
}

// token returns the live token of an account.
func (w *world) token(id igauth.AccountID) igauth.Secret {
	w.t.Helper()
	_, token, err := w.store.Token(w.t.Context(), id, 0)
	w.must(err)
	return token.Value
}

// view is an account as the API shows it.
func (w *world) view(id igauth.AccountID) (view igauth.AccountView) {
	w.t.Helper()
	answer := w.get("/accounts/" + string(id))
	w.must(json.Unmarshal(answer.Body.Bytes(), &view))
	return view
}

// read returns what a person reads at an address of Meta's.
func (w *world) read(address string) string {
	w.t.Helper()
	answer, err := http.Get(address)
	w.must(err)
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	w.must(err)
	_, text, _ := strings.Cut(string(page), "<body")
	return html.UnescapeString(text)
}
