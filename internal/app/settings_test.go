package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"igauth/internal/app"
	"igauth/internal/igauth"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestLoad(t *testing.T) {
	s, err := app.Load(env(map[string]string{
		app.EnvAppID: "990602627938098", app.EnvPublicURL: "https://connect.example",
		app.EnvReturnURLs: "https://a.example/x, https://b.example/y", app.EnvScopes: "instagram_business_manage_comments,instagram_business_new_thing",
	}), app.EnvAppID)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.CallbackURL(); got != "https://connect.example/callback" {
		t.Errorf("callback URL: got %q", got)
	}
	for _, url := range []string{"https://a.example/x", "https://b.example/y"} {
		if !s.ReturnURLs.Contains(url) {
			t.Errorf("%s is no return URL", url)
		}
	}
	if got := strings.Join(s.Scopes, " "); got != "instagram_business_basic instagram_business_manage_comments instagram_business_new_thing" {
		t.Errorf("scopes: got %q", got)
	}
}

func TestLoadTellsEveryProblem(t *testing.T) {
	_, err := app.Load(env(map[string]string{
		app.EnvAppID: `"123"`, app.EnvPublicURL: "https://connect.example/", app.EnvReturnURLs: "http://a.example/x", app.EnvScopes: "user_profile",
	}), app.EnvTable)
	for _, name := range []string{app.EnvTable, app.EnvAppID, app.EnvPublicURL, app.EnvReturnURLs, app.EnvScopes} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
	for _, bad := range []string{"http://connect.example", "connect.example", "https://connect.example/x", "https://u@connect.example", "https://", "ftp://connect.example"} {
		if _, err := app.Load(env(map[string]string{app.EnvPublicURL: bad})); err == nil {
			t.Errorf("the public URL %q is accepted", bad)
		}
	}
	for _, bad := range []string{"undefined", " 123", "0", "12a"} {
		if _, err := app.Load(env(map[string]string{app.EnvAppID: bad})); err == nil {
			t.Errorf("the app id %q is accepted", bad)
		}
	}
}

func TestLoadOfTheRefresh(t *testing.T) {
	s, err := app.Load(env(map[string]string{
		app.EnvPolicy: "refresh_at=0.4 probe_every=11h", app.EnvRefreshRate: "20", app.EnvRefreshAtOnce: "32", app.EnvEventBus: "shop",
	}))
	if err != nil || s.Policy.RefreshAt != 0.4 || s.Policy.ProbeEvery != 11*time.Hour || s.RefreshRate != 20 || s.RefreshAtOnce != 32 || s.EventBus != "shop" {
		t.Errorf("got %+v, %v", s, err)
	}
	if s, err := app.Load(env(nil)); err != nil || s.RefreshRate != 0 || s.RefreshAtOnce != 0 || s.EventBus != "default" {
		t.Errorf("nothing is set: got %+v, %v", s, err)
	}
	for name, bad := range map[string][]string{
		app.EnvPolicy:        {"refresh_at", "refresh_at=2", "sometimes=1h"},
		app.EnvRefreshRate:   {"0", "-1", "2.5", "1001", "fast"},
		app.EnvRefreshAtOnce: {"0", "-1", "many"},
		app.EnvEventBus:      {"arn:aws:events:eu-central-1:123456789012:event-bus/shop", "a b"},
	} {
		for _, value := range bad {
			if _, err := app.Load(env(map[string]string{name: value})); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%s: got %v", name, value, err)
			}
		}
	}
}

// Only an installation on this machine may send visitors back without TLS.
func TestLoopbackIsPlainHTTP(t *testing.T) {
	for public, ok := range map[string]bool{"http://127.0.0.1:3000": true, "http://localhost:3000": true, "https://connect.example": false} {
		_, err := app.Load(env(map[string]string{app.EnvPublicURL: public, app.EnvReturnURLs: "http://localhost:9999/connected"}))
		if (err == nil) != ok {
			t.Errorf("%s: got %v", public, err)
		}
	}
}

func TestKeys(t *testing.T) {
	read := func(text string, err error) app.SecretText {
		return func(context.Context, string, string) (igauth.Secret, error) { return igauth.NewSecret(text), err }
	}
	if _, err := app.StateKeys(read("too short", nil), "stack/state-key")(t.Context()); err == nil || !strings.Contains(err.Error(), "stack/state-key") || strings.Contains(err.Error(), "too short") {
		t.Errorf("a short state key: got %v", err)
	}
	if keys, err := app.StateKeys(read(strings.Repeat("k", 32), nil), "name")(t.Context()); err != nil || len(keys) != 1 {
		t.Errorf("got %d keys, %v", len(keys), err)
	}
	down := errors.New("down")
	for _, c := range []struct {
		name              string
		current, previous app.SecretText
		want              string
		err               error
	}{
		{"with a line end", read("0123\r\n", nil), read("", nil), "0123", nil},
		{"with the one before", read("0123", nil), read("4567\n", nil), "0123 4567", nil},
		{"twice the same", read("0123", nil), read("0123", nil), "0123", nil},
		{"not readable", read("", down), read("", nil), "", down},
		{"the one before is not readable", read("0123", nil), read("", down), "", down},
	} {
		secrets, err := app.AppSecrets(c.current, c.previous, "name")(t.Context())
		var got []string
		for _, secret := range secrets {
			got = append(got, secret.Reveal())
		}
		if strings.Join(got, " ") != c.want || !errors.Is(err, c.err) {
			t.Errorf("an app secret %s: got %d secrets, %v", c.name, len(got), err)
		}
	}
}
