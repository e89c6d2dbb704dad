package main

import (
	"encoding/json"
	"strings"
	"testing"

	"igauth/internal/app"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// remember changes what a folder says of the server that used it last.
func remember(t *testing.T, dir string, change func(*local.Record)) {
	t.Helper()
	f, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	record := f.Record
	change(&record)
	if err := f.Remember(record); err != nil {
		t.Fatal(err)
	}
}

// A policy comes from the flag, the environment, or the server of the folder, and
// decides when an account is due.
func TestPolicyReachesTheAccounts(t *testing.T) {
	dir, _ := folder(t)
	age := func() float64 {
		t.Helper()
		code, out, errOut := igauthCommand("accounts", "show", "maria.bakes", "--json", "--data", dir)
		var view igauth.AccountView
		if err := json.Unmarshal([]byte(out), &view); err != nil || code != 0 {
			t.Fatalf("got exit code %d, %v, %s", code, err, errOut)
		}
		return view.RefreshAt.Sub(view.IssuedAt).Hours() / 24
	}
	if got := age(); got < 27 || got > 33 {
		t.Errorf("default: got a refresh after %.1f days", got)
	}
	remember(t, dir, func(r *local.Record) { r.Policy = "refresh_at=0.4 jitter=0.01" })
	if got := age(); got < 23.4 || got > 24.6 {
		t.Errorf("of the folder: got a refresh after %.1f days", got)
	}
	if _, out, _ := igauthCommand("accounts", "show", "maria.bakes", "--data", dir); !strings.Contains(out, "refresh_at=0.4 jitter=0.01") {
		t.Errorf("the policy is not shown:\n%s", out)
	}
	t.Setenv(app.EnvPolicy, "refresh_at=0.2 jitter=0")
	if got := age(); got < 11.9 || got > 12.1 {
		t.Errorf("of the environment: got a refresh after %.1f days", got)
	}
}

// What is wrong with a policy is said with the name of where it stands.
func TestWrongPolicy(t *testing.T) {
	dir, _ := folder(t)
	for name, c := range map[string]struct {
		env, recorded string
		args          []string
		says          []string
	}{
		"dev, by the flag":           {"", "", []string{"dev", "--policy", "refresh_at=2", "--data", t.TempDir()}, []string{"--policy: refresh_at=2: must be"}},
		"dev, by the environment":    {"min_age=2", "", []string{"dev", "--data", t.TempDir()}, []string{"IGAUTH_POLICY: min_age=2: must be a time"}},
		"a folder":                   {"min_age=2h", "", []string{"accounts", "list", "--data", dir}, []string{"IGAUTH_POLICY: ", "younger than 24h"}},
		"a run in a folder":          {"x=1 y=2", "", []string{"refresh", "--data", dir}, []string{"IGAUTH_POLICY: ", `"x=1"`, `"y=2"`}},
		"what a folder remembers":    {"", "refresh_at=3", []string{"accounts", "list", "--data", dir}, []string{"installation.json: refresh_at=3"}},
		"igauth policy":              {"", "", []string{"policy", "retry_every=10d"}, []string{"retry_every=10d", "3 tries"}},
		"igauth policy, environment": {"warn_within=40d", "", []string{"policy", "--data", t.TempDir()}, []string{"IGAUTH_POLICY: warn_within=40d"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(app.EnvPolicy, c.env)
			remember(t, dir, func(r *local.Record) { r.Policy = c.recorded })
			code, out, errOut := igauthCommand(c.args...)
			if code != exitFailed || out != "" {
				t.Errorf("got exit code %d, %q", code, out)
			}
			for _, want := range c.says {
				if !strings.Contains(errOut, want) {
					t.Errorf("got %q, want %q in it", errOut, want)
				}
			}
		})
	}
}

func TestPolicyIsExplained(t *testing.T) {
	code, out, errOut := igauthCommand("policy", "refresh_at=0.4, probe_every=0")
	if code != 0 || errOut != "" {
		t.Fatalf("got exit code %d, %s", code, errOut)
	}
	for _, part := range igauth.PolicyParts() {
		if !strings.Contains(out, part.Name) || !strings.Contains(out, part.Does) {
			t.Errorf("%s is not explained:\n%s", part.Name, out)
		}
	}
	if !strings.Contains(out, "for 33 days") {
		t.Errorf("the longest outage is not told:\n%s", out)
	}
	t.Setenv(app.EnvPolicy, "warn_within=5d")
	for args, want := range map[string]struct{ from, policy string }{
		"":                       {app.EnvPolicy, "warn_within=5d"},
		"probe_every=11h":        {"the command line", "probe_every=11h"},
		"probe_every=0 jitter=0": {"the command line", "probe_every=0"},
	} {
		line := []string{"policy", "--json", "--data", t.TempDir()}
		if args != "" {
			line = append(line, args)
		}
		_, out, _ := igauthCommand(line...)
		var answer struct {
			From, Policy string
			Parts        map[string]string
			OutageDays   int `json:"outage_days"`
		}
		if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.From != want.from || !strings.Contains(answer.Policy, want.policy) || len(answer.Parts) != 10 || answer.OutageDays < 27 {
			t.Errorf("%q: got %+v, %v", args, answer, err)
		}
	}
}
