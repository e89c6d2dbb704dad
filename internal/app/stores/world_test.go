package stores

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/instagram"
	"igauth/internal/igauth/sealed"
)

const (
	stack   = "igauth"
	account = "17841401313574613"
	// appScopedID is whom Meta names in its callbacks.
	appScopedID = "24999999999999999"
)

// A meta grants every wish, except that it may find every token too young.
type meta struct {
	tokens int
	young  bool
}

// RoundTrip implements [http.RoundTripper].
func (m *meta) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	switch r.URL.Path {
	case "/oauth/access_token":
		_, _ = fmt.Fprint(w, `{"access_token":"IGAAshort","user_id":24999999999999999,"permissions":["instagram_business_basic"]}`)
	case "/access_token", "/refresh_access_token":
		if m.young {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"error":{"message":"The access token is less than 24 hours old","type":"OAuthException","code":100}}`)
			break
		}
		m.tokens++
		_, _ = fmt.Fprintf(w, `{"access_token":"IGAAlong%d","token_type":"bearer","expires_in":5184000}`, m.tokens)
	default:
		_, _ = fmt.Fprintf(w, `{"id":"24999999999999999","user_id":"%s","username":"bakery","account_type":"BUSINESS"}`, account)
	}
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// A world is an installation, composed as the functions compose it, on fakes of
// the two services that count the requests.
type world struct {
	start   time.Time
	now     time.Time
	table   *awsfake.Table
	manager *awsfake.SecretsManager
	meta    meta
	seal    bool

	parts     app.Parts
	vault     *sealed.Beside
	keyset    *keyset
	store     *igauth.Store
	refresher *igauth.Refresher
	relay     *igauth.Relay
	handlers  map[string]http.Handler
}

func newWorld(t *testing.T, kind app.VaultKind) *world {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	start := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	w := &world{start: start, now: start, seal: kind == app.VaultSealed, handlers: map[string]http.Handler{}}
	now := func() time.Time { return w.now }
	w.table = awsfake.NewTable(awsfake.TableConfig{Now: now})
	w.manager = awsfake.NewSecretsManager(awsfake.SecretsManagerConfig{Now: now})
	must(table.CreateTable(t.Context(), w.table, "ledger"))
	keys, err := sealed.NewKeyset(nil)
	must(err)
	for name, text := range map[string]string{
		"/app": `{"app_secret":"0123456789abcdef0123456789abcdef"}`, "/state-key": strings.Repeat("k", 64), "/keyset": keys.Encode().Reveal(),
	} {
		w.create(t, stack+name, text)
	}

	urls, err := igauth.ParseReturnURLs([]string{"https://shop.example/connected"}, false)
	must(err)
	settings := app.Settings{AppID: "990602627938098", PublicURL: "https://connect.example", ReturnURLs: urls, Scopes: []string{igauth.ScopeBasic}, Vault: kind}
	reader, states := secrets.NewReader(w.manager, 0, now), secrets.NewReader(w.manager, app.StateKeyTTL, now)
	w.keyset = &keyset{
		reader: secrets.NewReader(w.manager, 0, now),
		writer: secrets.NewWriter(w.manager, stack, ""),
		name:   stack + "/keyset",
	}
	kept, err := secrets.NewVault(secrets.Config{Client: w.manager, Prefix: stack})
	must(err)
	w.vault = &sealed.Beside{
		Sealed: sealed.New(w.keyset.source), Kept: kept,
		Seal: func(context.Context) (bool, error) { return w.seal, nil },
	}
	w.parts = app.Parts{Settings: settings, Vault: w.vault, Keyset: w.keyset, Now: now, PerSecond: -1}
	w.parts.StateKeys = app.StateKeys(states.Text, stack+"/state-key")
	w.parts.AppSecrets = app.AppSecrets(reader.Text, reader.Optional, stack+"/app")
	w.parts.Ledger, err = table.New(table.Config{Client: w.table, Table: "ledger"})
	must(err)
	w.parts.Meta, err = instagram.New(instagram.Config{
		AppID: settings.AppID, AppSecrets: w.parts.AppSecrets, RedirectURI: settings.CallbackURL(), Now: now, Transport: &w.meta,
	})
	must(err)
	for path, build := range map[string]func() (http.Handler, error){"authorize": w.parts.Authorize, "callback": w.parts.Callback, "accounts": w.parts.Accounts} {
		w.handlers[path], err = build()
		must(err)
	}
	w.store, err = w.parts.Store()
	must(err)
	w.refresher, err = w.parts.Refresher()
	must(err)
	w.relay, err = igauth.NewRelay(igauth.RelayConfig{Store: w.store, Publisher: bus{}})
	must(err)
	return w
}

// A bus takes every event.
type bus struct{}

func (bus) Publish(context.Context, []igauth.Message) error { return nil }

// tell sends what waits in the account's row, as the table's stream has it done
// after every change.
func (w *world) tell(t *testing.T) {
	t.Helper()
	if err := w.relay.Accounts(t.Context(), account); err != nil {
		t.Fatal(err)
	}
}

// create makes a fixed secret.
func (w *world) create(t *testing.T, name, text string) {
	t.Helper()
	id := strings.Repeat("0", 32)
	_, err := w.manager.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &text, ClientRequestToken: &id})
	if err != nil {
		t.Fatal(err)
	}
}

// get asks one of the functions and returns its answer.
func (w *world) get(t *testing.T, function string, r *http.Request, status int) *http.Response {
	t.Helper()
	answer := httptest.NewRecorder()
	w.handlers[function].ServeHTTP(answer, r)
	if answer.Code != status {
		t.Fatalf("%s answers %d, want %d:\n%s", r.URL.Path, answer.Code, status, answer.Body)
	}
	return answer.Result()
}

// authorize sends a visitor to Instagram.
func (w *world) authorize(t *testing.T) *http.Response {
	t.Helper()
	return w.get(t, "authorize", httptest.NewRequest(http.MethodGet, "/authorize", nil), http.StatusFound)
}

// callback lets the visitor of an authorization come back, and returns the claim.
func (w *world) callback(t *testing.T, authorized *http.Response) string {
	t.Helper()
	to, err := authorized.Location()
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"state": {to.Query().Get("state")}, "code": {"AQcode"}}
	r := httptest.NewRequest(http.MethodGet, "/callback?"+query.Encode(), nil)
	r.AddCookie(authorized.Cookies()[0])
	back, err := w.get(t, "callback", r, http.StatusSeeOther).Location()
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Query().Get("status"); got != "connected" {
		t.Fatalf("the visitor comes back as %q", got)
	}
	return back.Query().Get("claim")
}

// connect is the whole way of a visitor.
func (w *world) connect(t *testing.T) string {
	t.Helper()
	claim := w.callback(t, w.authorize(t))
	w.tell(t)
	return claim
}

// backend calls the API as the site's backend does.
func (w *world) backend(t *testing.T, method, path string) {
	t.Helper()
	w.get(t, "accounts", httptest.NewRequest(method, path, nil), http.StatusOK)
}

// run is one run of the refresh, of whose report what was done is known.
func (w *world) run(t *testing.T, want igauth.Report) {
	t.Helper()
	got, err := w.refresher.RunOnce(t.Context())
	want.StartedAt, want.Failed = w.now, map[igauth.Class]int{}
	want.Counts, want.MinDaysToExpiry = got.Counts, got.MinDaysToExpiry
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("the run reports %+v, %v; want %+v", got, err, want)
	}
}

// row returns the account's row.
func (w *world) row(t *testing.T) igauth.Account {
	t.Helper()
	a, err := w.parts.Ledger.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// bring imports a token of an account that is not known yet.
func (w *world) bring(t *testing.T) {
	t.Helper()
	a, err := w.refresher.Import(t.Context(), igauth.Import{Token: igauth.NewSecret("IGAAbrought")})
	if err != nil || !a.Status.Live() {
		t.Fatalf("got %+v, %v", a, err)
	}
}

// rotate adds a key to the keyset. The functions have noticed.
func (w *world) rotate(t *testing.T) {
	t.Helper()
	err := w.keyset.Change(t.Context(), func(old igauth.Secret) (igauth.Secret, error) {
		keys, err := sealed.ParseKeyset(old)
		if err != nil {
			return igauth.Secret{}, err
		}
		keys, err = keys.Rotate(nil)
		return keys.Encode(), err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(10 * time.Minute)
}
