package app_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"igauth/internal/apigw"
	"igauth/internal/app"
	"igauth/internal/app/local"
	"igauth/internal/app/refresh"
	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// eventAccount is the account of the events, which is the first person of the
// simulator.
const eventAccount = "17841400000010111"

// functions are the handlers as Lambda calls them, on an embedded store and the
// simulator.
func functions(t *testing.T) (map[string]lambda.Handler, *igsim.Simulator, string, *outside) {
	t.Helper()
	sim, err := igsim.New(igsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	folder, err := local.Create(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	settings, err := app.Load(func(name string) string {
		return map[string]string{
			app.EnvAppID: igsim.DefaultAppID, app.EnvPublicURL: "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
			app.EnvReturnURLs: "https://shop.example/connected", app.EnvInstagramWWW: server.URL, app.EnvInstagramAPI: server.URL, app.EnvInstagramGraph: server.URL,
		}[name]
	}, app.EnvAppID, app.EnvPublicURL)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	parts := folder.Parts(nil, log)
	parts.Settings = settings
	parts.AppSecrets = func(context.Context) ([]igauth.Secret, error) {
		return []igauth.Secret{igauth.NewSecret(igsim.DefaultAppSecret)}, nil
	}
	wrapped := map[string]lambda.Handler{}
	for name, build := range map[string]func() (http.Handler, error){"authorize": parts.Authorize, "callback": parts.Callback, "accounts": parts.Accounts, "deauthorize": parts.Deauthorize, "deletion": parts.Deletion} {
		handler, err := build()
		if err != nil {
			t.Fatal(err)
		}
		wrapped[name] = lambda.NewHandler(apigw.Wrap(handler, igauth.Unavailable(), log))
	}
	wrapped["claims"] = wrapped["accounts"]
	sent := &outside{}
	parts.Publisher, parts.Settings.SecretPrefix = sent, "igauth"
	function, err := refresh.Compose(parts, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	wrapped["refresh"] = lambda.NewHandler(function)
	return wrapped, sim, server.URL, sent
}

// outside takes every event.
type outside struct{ messages []igauth.Message }

func (o *outside) Publish(_ context.Context, messages []igauth.Message) error {
	o.messages = append(o.messages, messages...)
	return nil
}

func readEvent(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// invoke replays an event that is a request.
func invoke(t *testing.T, handler lambda.Handler, event []byte) events.APIGatewayV2HTTPResponse {
	t.Helper()
	out, err := handler.Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(out, &response); err != nil {
		t.Fatal(err)
	}
	if response.Headers["cache-control"] != "no-store" {
		t.Errorf("the answer may be cached: %v", response.Headers)
	}
	return response
}

// Every event that users replay with `sam local invoke` goes through the real
// handler here, too.
func TestEvents(t *testing.T) {
	handlers, sim, simURL, sent := functions(t)

	// Connect the account with the events themselves: the state and the cookie of
	// authorize.json's answer take the place of those in callback-approved.json.
	begun := invoke(t, handlers["authorize"], readEvent(t, "authorize"))
	window, err := url.Parse(begun.Headers["location"])
	if err != nil || begun.StatusCode != http.StatusFound || !strings.HasPrefix(window.String(), simURL) || len(begun.Cookies) != 1 {
		t.Fatalf("authorize: got %+v", begun)
	}
	var approved events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(readEvent(t, "callback-approved"), &approved); err != nil {
		t.Fatal(err)
	}
	approved.RawQueryString = approve(t, sim, window)
	approved.Cookies = []string{strings.SplitN(begun.Cookies[0], ";", 2)[0]}
	event, err := json.Marshal(approved)
	if err != nil {
		t.Fatal(err)
	}
	finished := invoke(t, handlers["callback"], event)
	site, err := url.Parse(finished.Headers["location"])
	if err != nil || finished.StatusCode != http.StatusSeeOther || !strings.HasPrefix(site.String(), "https://shop.example/connected?") || site.Query().Get("status") != "connected" {
		t.Fatalf("callback: got %+v", finished)
	}

	for _, c := range []struct {
		event  string
		status int
		says   string
	}{
		{"authorize", 302, ""},
		{"authorize-return-url-unknown", 400, "return_url_unknown"},
		{"callback-approved", 400, "state_invalid"}, // made under another key
		{"callback-denied", 200, "denied"},          // without a state, as in Meta's sample
		{"callback-no-cookie", 400, "state_invalid"},
		{"claims-redeem", 404, "claim_invalid"},
		{"accounts-list", 200, eventAccount},
		{"accounts-show", 200, `"status": "active"`},
		{"accounts-token", 200, `"access_token": "IGAA`},
		{"accounts-reconnect", 200, `"url": "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/authorize?reconnect=`},
		{"accounts-disconnect", 200, `"status": "disconnected"`},
		{"accounts-token", 409, "account_disconnected"},
		{"deletion-receipt", 404, "receipt_unknown"},
		{"deauthorize", 200, ""},
		{"deletion", 200, `"confirmation_code": "32507fc43dfa25331e547762fd86160b8ef7ca3c"`},
		{"deletion-receipt", 200, "Nothing was stored"},
	} {
		function, _, _ := strings.Cut(c.event, "-")
		response := invoke(t, handlers[function], readEvent(t, c.event))
		if response.StatusCode != c.status || !strings.Contains(response.Body, c.says) {
			t.Errorf("%s: got status %d, want %d with %q:\n%s", c.event, response.StatusCode, c.status, c.says, response.Body)
		}
	}

	t.Run("refresh", func(t *testing.T) {
		out, err := handlers["refresh"].Invoke(t.Context(), readEvent(t, "refresh"))
		var report igauth.Report
		if err != nil || json.Unmarshal(out, &report) != nil || report.StartedAt.IsZero() {
			t.Errorf("got %s, %v", out, err)
		}
	})
	t.Run("refresh-part", func(t *testing.T) {
		if out, err := handlers["refresh"].Invoke(t.Context(), readEvent(t, "refresh-part")); err != nil || string(out) != "null" {
			t.Errorf("got %s, %v", out, err)
		}
	})
	t.Run("refresh-tell", func(t *testing.T) {
		out, err := handlers["refresh"].Invoke(t.Context(), readEvent(t, "refresh-tell"))
		if err != nil || string(out) != `{"batchItemFailures":[]}` {
			t.Errorf("got %s, %v", out, err)
		}
		var told []igauth.EventType
		for _, m := range sent.messages {
			if m.Body.AccountID != eventAccount {
				t.Errorf("told of %+v", m.Body)
			}
			told = append(told, m.Type)
		}
		if !slices.Equal(told, []igauth.EventType{igauth.EventConnected, igauth.EventDisconnected}) {
			t.Errorf("told %q", told)
		}
	})
	t.Run("none is left out", func(t *testing.T) {
		files, err := filepath.Glob("../../events/*.json")
		if err != nil || len(files) != 17 {
			t.Errorf("got %d events: replay the new one above", len(files))
		}
	})
}

// What asks for a person has a link for that person, in AWS as anywhere.
func TestEventsCarryReconnectLinks(t *testing.T) {
	folder, err := local.Create(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = folder.Close() }()
	parts, sent := folder.Parts(nil, discard), &outside{}
	parts.Publisher, parts.Settings = sent, app.Settings{AppID: igsim.DefaultAppID, PublicURL: "https://connect.example"}
	at := time.Date(2026, time.March, 5, 6, 7, 8, 0, time.UTC)
	dead := igauth.Account{
		Profile: igauth.Profile{ID: eventAccount, Username: "maria.bakes"}, Status: igauth.StatusReauthRequired, Generation: 3,
		Outbox: []igauth.Event{{ID: strings.Repeat("1", 32), Type: igauth.EventReauthRequired, At: at, Generation: 3}},
	}
	if err := parts.Ledger.Save(t.Context(), igauth.Change{Account: &dead, Attempt: strings.Repeat("a", 32)}); err != nil {
		t.Fatal(err)
	}
	function, err := refresh.Compose(parts, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := function(t.Context(), readEvent(t, "refresh-tell")); err != nil || len(sent.messages) != 1 {
		t.Fatalf("got %+v, %v and %d events", out, err, len(sent.messages))
	}
	if body := sent.messages[0].Body; !strings.HasPrefix(body.ReconnectURL, "https://connect.example/authorize?reconnect=") || body.ReconnectUntil.IsZero() {
		t.Errorf("got %+v", body)
	}
}

// approve decides in the simulator's consent window and returns the raw query of
// the callback.
func approve(t *testing.T, sim *igsim.Simulator, window *url.URL) string {
	t.Helper()
	form := window.Query()
	form.Set("decision", "approve")
	r := httptest.NewRequest(http.MethodPost, "/oauth/authorize", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	location, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusFound {
		t.Fatalf("consent: got status %d\n%s", w.Code, w.Body)
	}
	return location.RawQuery
}
