package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/dev"
	"igauth/internal/app/local"
	"igauth/internal/doctor"
	"igauth/internal/igsim"
)

// shell gives the command these variables and no others.
func shell(t *testing.T, variables ...string) {
	t.Helper()
	before := environ
	environ = func() []string { return variables }
	t.Cleanup(func() { environ = before })
}

// startDev runs igauth dev over a folder until the test is over.
func startDev(t *testing.T, dir string) *dev.Server {
	t.Helper()
	server, err := dev.Open(dev.Options{Listen: "127.0.0.1:0", SimListen: "127.0.0.1:0", Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("igauth dev: %v", err)
		}
	})
	return server
}

// On a development server with its simulator nothing is found, before and after
// an account is connected and the clock moved.
func TestDoctorFindsNothingInDev(t *testing.T) {
	shell(t)
	dir := filepath.Join(t.TempDir(), "data")
	server := startDev(t, dir)
	examine := func() examined {
		t.Helper()
		code, out, errOut := igauthCommand("doctor", "--data", dir, "--json")
		var r examined
		if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 || errOut != "" {
			t.Fatalf("got exit code %d, %v, %s\n%s", code, err, errOut, out)
		}
		return r
	}
	r := examine()
	if r.Summary.Errors+r.Summary.Warnings != 0 || r.Summary.Worst != doctor.Info {
		t.Errorf("got %+v", r)
	}
	for _, id := range []string{"host", "clock", "app-id", "authorize", "callback", "accounts", "meta-callback", "ledger", "removals", "settings", "graph-version"} {
		if !r.says(id, doctor.OK) {
			t.Errorf("%s was not examined: %+v", id, r)
		}
	}
	client := &http.Client{Timeout: time.Minute}
	response, err := client.PostForm(server.SimulatorURL()+"/_sim/clock", url.Values{"advance": {"50h"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("moving the clock: got status %d", response.StatusCode)
	}
	visit(t, server)
	if r = examine(); r.Summary.Errors+r.Summary.Warnings != 0 {
		t.Errorf("with an account, two days later: got %+v", r)
	}
	code, out, _ := igauthCommand("doctor", "--data", dir)
	if code != 0 || !strings.Contains(out, "Nothing is wrong") || strings.Contains(out, "\x1b") || strings.Contains(out, server.APIKey().Reveal()) || strings.Contains(out, igsim.DefaultAppSecret) {
		t.Errorf("got exit code %d:\n%s", code, out)
	}
}

// visit connects an account as a visitor does.
func visit(t *testing.T, server *dev.Server) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	location := func(response *http.Response, err error) *url.URL {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		to, err := response.Location()
		if err != nil {
			t.Fatalf("got status %d, %v", response.StatusCode, err)
		}
		return to
	}
	window := location(client.Get(server.Address() + "/authorize"))
	form := window.Query()
	form.Set("decision", "approve")
	back := location(client.PostForm(server.SimulatorURL()+"/oauth/authorize", form))
	if result := location(client.Get(back.String())); !strings.Contains(result.RawQuery, "outcome=connected") {
		t.Fatalf("got %s", result)
	}
}

type examined struct {
	Examined string
	Findings []doctor.Finding
	Summary  doctor.Summary
}

func (r examined) says(id string, severity doctor.Severity) bool {
	for _, f := range r.Findings {
		if f.ID == id && f.Severity == severity {
			return true
		}
	}
	return false
}

// A folder without its server is examined as far as it goes.
func TestDoctorWithoutTheServer(t *testing.T) {
	shell(t)
	dir, _ := folder(t)
	f, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	record := f.Record
	record.PublicURL, record.WWW, record.API, record.Graph = "http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1"
	if err := f.Remember(record); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, _ := igauthCommand("doctor", "--data", dir)
	if code != 0 || !strings.Contains(out, "development server is not running") || !strings.Contains(out, "1 active") {
		t.Errorf("got exit code %d:\n%s", code, out)
	}
	code, out, _ = igauthCommand("doctor", "--data", dir, "--offline")
	if code != 0 || strings.Contains(out, "not running") || !strings.Contains(out, "1 active") {
		t.Errorf("offline: got exit code %d:\n%s", code, out)
	}
}

// A folder that is used with Meta's Instagram wants what Meta wants, and the app
// secret is looked at where it is.
func TestDoctorOfARealFolder(t *testing.T) {
	const secret = "00112233445566778899aabbccddeeff"
	dir := t.TempDir()
	f, err := local.Create(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	key := f.APIKey.Reveal()
	if err := f.Remember(local.Record{AppID: "990602627938098", Real: true, PublicURL: "http://127.0.0.1:8080", ClockOffset: "0s"}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	shell(t, "IGAUTH_DEV_APP_SECRET='"+secret+"'", "IGAUTH_DEV_META_APP_SECRET="+secret+"\r")
	for _, args := range [][]string{nil, {"--json"}} {
		code, out, errOut := igauthCommand(append([]string{"doctor", "--offline", "--data", dir}, args...)...)
		if code != exitWarnings || !strings.Contains(out, "public-url-local") || strings.Count(out, "app-secret-shape") != 2 {
			t.Errorf("got exit code %d, %s\n%s", code, errOut, out)
		}
		if strings.Contains(out+errOut, secret) || strings.Contains(out+errOut, key) {
			t.Error("a secret is shown")
		}
	}
}

func TestDoctorOfTheShell(t *testing.T) {
	good := []string{
		"IGAUTH_APP_ID=990602627938098", "IGAUTH_APP_SECRET_NAME=igauth/app", "IGAUTH_STATE_KEY_NAME=igauth/state-key", "IGAUTH_TABLE=igauth-ledger",
		"IGAUTH_SECRET_PREFIX=igauth", "IGAUTH_PUBLIC_URL=https://connect.example.com", "HOME=/nowhere",
	}
	for name, c := range map[string]struct {
		more []string
		code int
		says []string
	}{
		"nothing wrong":  {nil, 0, []string{"Nothing is wrong", "https://connect.example.com/callback", "https://connect.example.com/data-deletion"}},
		"a warning":      {[]string{"IGAUTH_RETURN_URL=https://shop.example/x"}, exitWarnings, []string{"IGAUTH_RETURN_URLS is", "0 errors and 1 warning "}},
		"an error":       {[]string{"IGAUTH_SCOPES=business_basic"}, exitFailed, []string{"scope-retired", "→ Write instagram_business_basic.", "1 error and 0 warnings"}},
		"another policy": {[]string{"IGAUTH_POLICY=refresh_at=2"}, exitFailed, []string{"policy"}},
	} {
		t.Run(name, func(t *testing.T) {
			shell(t, append(c.more, good...)...)
			code, out, errOut := igauthCommand("doctor", "--offline")
			if code != c.code || errOut != "" {
				t.Errorf("got exit code %d, want %d; %s", code, c.code, errOut)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("%q is missing:\n%s", want, out)
				}
			}
			code, out, errOut = igauthCommand("doctor", "--offline", "--json")
			var r examined
			if err := json.Unmarshal([]byte(out), &r); err != nil || code != c.code || errOut != "" || len(r.Findings) == 0 || !strings.Contains(r.Examined, "shell") {
				t.Errorf("--json: got exit code %d, %v, %q\n%s", code, err, errOut, out)
			}
		})
	}
}

// Some variables are no installation: a folder is examined where there is one, and
// what was left alone is named.
func TestDoctorWithSomeVariables(t *testing.T) {
	dir, _ := folder(t)
	t.Chdir(filepath.Dir(dir))
	for name, c := range map[string]struct {
		variables []string
		args      []string
		code      int
		says      []string
		not       string
	}{
		"a host and nothing else":    {[]string{"IGAUTH_INSTAGRAM_GRAPH=http://127.0.0.1:1"}, nil, exitFailed, []string{"nothing to examine", "IGAUTH_INSTAGRAM_GRAPH", "neither IGAUTH_APP_ID nor"}, "env-missing"},
		"a host beside a folder":     {[]string{"IGAUTH_INSTAGRAM_GRAPH=http://127.0.0.1:1"}, []string{"--data", dir}, 0, []string{"the folder", "shell-not-examined", "IGAUTH_INSTAGRAM_GRAPH"}, "env-missing"},
		"variables that are unset":   {[]string{"IGAUTH_APP_ID=", "IGAUTH_TABLE="}, nil, exitFailed, []string{"no variable IGAUTH_… is set"}, "env-missing"},
		"a folder's own variables":   {[]string{"IGAUTH_POLICY=jitter=0", "IGAUTH_DEV_APP_SECRET=x"}, []string{"--data", dir}, 0, []string{"the folder"}, "shell-not-examined"},
		"the app id":                 {[]string{"IGAUTH_APP_ID=990602627938098"}, nil, exitFailed, []string{"variables of this shell", "IGAUTH_TABLE is not set"}, "shell-not-examined"},
		"the app id, misspelt":       {[]string{"IGAUTH_APPID=990602627938098"}, nil, exitFailed, []string{"variables of this shell", "IGAUTH_APP_ID is."}, "nothing to examine"},
		"the name of the app secret": {[]string{"IGAUTH_APP_SECRET_NAME=igauth/app"}, nil, exitFailed, []string{"variables of this shell", "IGAUTH_APP_ID is not set"}, "nothing to examine"},
		"the app secret itself":      {[]string{"IGAUTH_APP_SECRET=00112233445566778899aabbccddeeff"}, nil, exitFailed, []string{"variables of this shell", "secret-in-environment"}, "00112233"},
	} {
		t.Run(name, func(t *testing.T) {
			shell(t, c.variables...)
			code, out, errOut := igauthCommand(append([]string{"doctor", "--offline"}, c.args...)...)
			if code != c.code {
				t.Errorf("got exit code %d, want %d", code, c.code)
			}
			for _, want := range c.says {
				if !strings.Contains(out+errOut, want) {
					t.Errorf("%q is missing:\n%s%s", want, out, errOut)
				}
			}
			if strings.Contains(out+errOut, c.not) {
				t.Errorf("%q is said:\n%s%s", c.not, out, errOut)
			}
		})
	}
}

func TestDoctorMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	shell(t, "IGAUTH_POLICY=refresh_at=0.4") // is the command's own, and no installation
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing to examine":    {nil, exitFailed, "nothing to examine"},
		"an empty folder":       {[]string{"--data", t.TempDir()}, exitFailed, "igauth dev"},
		"a stack without --aws": {[]string{"--stack", "x"}, exitUsage, "--aws"},
		"a folder and a stack":  {[]string{"--aws", "--data", "x"}, exitUsage, "--data"},
		"an unknown flag":       {[]string{"--nonsense"}, exitUsage, "--nonsense"},
	} {
		code, _, errOut := igauthCommand(append([]string{"doctor"}, c.args...)...)
		if code != c.code || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: got exit code %d, %s", name, code, errOut)
		}
	}
}
