package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/app"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// folder makes a data folder with one connected account, and returns it with the
// simulator that the account is at.
func folder(t *testing.T) (string, *igsim.Simulator) {
	t.Helper()
	clock := igsim.NewClock(time.Time{})
	sim, err := igsim.New(igsim.Config{Now: clock.Now, Advance: func(_ context.Context, d time.Duration) error {
		clock.Advance(d)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	f, err := local.Create(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	record := local.Record{AppID: igsim.DefaultAppID, WWW: server.URL, API: server.URL, Graph: server.URL, PublicURL: "https://connect.example", ClockOffset: "0s"}
	if err := f.Remember(record); err != nil {
		t.Fatal(err)
	}
	parts := f.Parts(f.Now, slog.New(slog.DiscardHandler))
	parts.AppSecrets = func(context.Context) ([]igauth.Secret, error) {
		return []igauth.Secret{igauth.NewSecret(igsim.DefaultAppSecret)}, nil
	}
	connect(t, parts, sim)

	// Two days later for both.
	clock.Advance(48 * time.Hour)
	record.ClockOffset = "48h"
	if err := f.Remember(record); err != nil {
		t.Fatal(err)
	}
	return dir, sim
}

// connect walks a visitor through both handlers.
func connect(t *testing.T, parts app.Parts, sim *igsim.Simulator) {
	t.Helper()
	authorize, err := parts.Authorize()
	if err != nil {
		t.Fatal(err)
	}
	callback, err := parts.Callback()
	if err != nil {
		t.Fatal(err)
	}
	begun := httptest.NewRecorder()
	authorize.ServeHTTP(begun, httptest.NewRequest(http.MethodGet, "/authorize", nil))
	window, err := url.Parse(begun.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	form := window.Query()
	form.Set("decision", "approve")
	r := httptest.NewRequest(http.MethodPost, "/oauth/authorize", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	decided := httptest.NewRecorder()
	sim.ServeHTTP(decided, r)
	back := httptest.NewRequest(http.MethodGet, strings.TrimSuffix(decided.Header().Get("Location"), "#_"), nil)
	back.AddCookie(begun.Result().Cookies()[0])
	finished := httptest.NewRecorder()
	callback.ServeHTTP(finished, back)
	if location := finished.Header().Get("Location"); !strings.Contains(location, "outcome=connected") {
		t.Fatalf("got status %d, location %q", finished.Code, location)
	}
}

func igauthCommand(args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestCommands(t *testing.T) {
	dir, sim := folder(t)
	const id, name = "17841400000010111", "maria.bakes"
	must := func(args ...string) string {
		t.Helper()
		code, out, errOut := igauthCommand(append(args, "--data", dir)...)
		if code != 0 || errOut != "" {
			t.Fatalf("igauth %v: got exit code %d, %s", args, code, errOut)
		}
		return out
	}
	if out := must("accounts", "list"); !strings.Contains(out, id) || !strings.Contains(out, "active") || strings.Contains(out, "\x1b") {
		t.Errorf("list:\n%s", out)
	}
	var list struct{ Accounts []igauth.AccountView }
	if err := json.Unmarshal([]byte(must("accounts", "list", "--json")), &list); err != nil || len(list.Accounts) != 1 || list.Accounts[0].Username != name {
		t.Errorf("list --json: got %+v, %v", list, err)
	}
	for _, who := range []string{id, name} {
		if out := must("accounts", "show", who); !strings.Contains(out, "connected") || !strings.Contains(out, "next action") {
			t.Errorf("show %s:\n%s", who, out)
		}
	}
	token := strings.TrimSpace(must("token", name))
	if !sim.TokenAlive(token) {
		t.Error("token prints no live token")
	}
	var view igauth.TokenView
	if err := json.Unmarshal([]byte(must("token", id, "--json")), &view); err != nil || view.AccessToken != token || view.ExpiresIn <= 0 {
		t.Errorf("token --json: got account %s, %d s, %v", view.AccountID, view.ExpiresIn, err)
	}
	if out := must("refresh"); !strings.Contains(out, "due                  1") {
		t.Errorf("refresh: %s", out)
	}
	if out := must("refresh", "--account", name); !strings.Contains(out, "59 days left") {
		t.Errorf("refresh --account: %s", out)
	}
	var link igauth.LinkView
	if err := json.Unmarshal([]byte(must("reconnect", id, "--json")), &link); err != nil || !strings.HasPrefix(link.URL, "https://connect.example/authorize?reconnect=") || link.ExpiresAt.IsZero() {
		t.Errorf("reconnect --json: got %+v, %v", link, err)
	}
	if code, out, errOut := igauthCommand("reconnect", name, "--data", dir); code != 0 || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "https://connect.example/authorize?reconnect=") || !strings.Contains(errOut, name) {
		t.Errorf("reconnect: got exit code %d, %q, %q", code, out, errOut)
	}
	if out := must("disconnect", name); !strings.Contains(out, "disconnected") {
		t.Errorf("disconnect: %s", out)
	}
	// A token that is destroyed has no end.
	if fields := strings.Fields(strings.Split(must("accounts", "list"), "\n")[1]); !slices.Equal(fields[2:5], []string{"disconnected", "-", "-"}) {
		t.Errorf("accounts list: %q", fields)
	}
	if out := must("accounts", "show", name); !regexp.MustCompile(`(?m)^expires +-$`).MatchString(out) {
		t.Errorf("accounts show: %s", out)
	}
	if code, out, errOut := igauthCommand("token", name, "--data", dir); code != exitNoToken || out != "" || !strings.Contains(errOut, "disconnected") {
		t.Errorf("token of a disconnected account: got exit code %d, %q, %q", code, out, errOut)
	}
}

// What is typed wrongly is answered in words that help, on standard error.
func TestMistakes(t *testing.T) {
	dir, _ := folder(t)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no command":          {nil, exitUsage, "igauth --help"},
		"an unknown command":  {[]string{"acounts"}, exitUsage, "accounts"},
		"an unknown flag":     {[]string{"accounts", "list", "--nonsense"}, exitUsage, "--nonsense"},
		"a missing argument":  {[]string{"token"}, exitUsage, "<account>"},
		"an empty folder":     {[]string{"accounts", "list", "--data", t.TempDir()}, exitFailed, "igauth dev"},
		"an unknown username": {[]string{"accounts", "show", "nobody", "--data", dir}, exitFailed, "igauth accounts list"},
		"an unknown id":       {[]string{"token", "17841499999999999", "--data", dir}, exitFailed, "no such account"},
		"a link for nobody":   {[]string{"reconnect", "17841499999999999", "--data", dir}, exitFailed, "no such account"},
		"a link from a flag":  {[]string{"reconnect", "maria.bakes", "--public-url", "https://connect.example", "--data", dir}, exitFailed, "--aws"},
		"a token that long":   {[]string{"token", "maria.bakes", "--min-valid", "9000h", "--data", dir}, exitNoToken, "does not live that long"},
		"an address abroad":   {[]string{"dev", "--listen", "0.0.0.0:8080", "--data", t.TempDir()}, exitFailed, "this machine"},
		"a return URL abroad": {[]string{"dev", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0", "--return-url", "http://shop.example/x", "--data", t.TempDir()}, exitFailed, "https://"},
		"real without an app": {[]string{"dev", "--real", "--data", t.TempDir()}, exitFailed, "--app-id"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, errOut := igauthCommand(c.args...)
			if code != c.code || !strings.Contains(errOut, c.says) {
				t.Errorf("got exit code %d, want %d and %q:\n%s", code, c.code, c.says, errOut)
			}
		})
	}
}

// Programs get errors in the form of the API's.
func TestErrorsAsJSON(t *testing.T) {
	dir, _ := folder(t)
	for name, want := range map[string]string{"17841499999999999": "account_not_found", "nobody": "account_not_found"} {
		code, out, errOut := igauthCommand("token", name, "--json", "--data", dir)
		var answer struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal([]byte(errOut), &answer); err != nil || code != exitFailed || out != "" || answer.Error.Code != want || answer.Error.Message == "" {
			t.Errorf("%s: got exit code %d, %q, %v", name, code, errOut, err)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"dev", "--help"}, {"sim", "--help"}, {"token", "--help"}, {"--version"}} {
		if code, out, _ := igauthCommand(args...); code != 0 || out == "" {
			t.Errorf("igauth %v: got exit code %d, %q", args, code, out)
		}
	}
	_, out, _ := igauthCommand("sim", "--help")
	for _, kind := range igsim.FaultTable() {
		if !strings.Contains(out, kind.Name) {
			t.Errorf("igauth sim --help does not name the fault %s", kind.Name)
		}
	}
}
