package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"

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
	if got := strings.Join(s.ReturnURLs.List(), " "); got != "https://a.example/x https://b.example/y" {
		t.Errorf("return URLs: got %q", got)
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
	if secret, err := app.AppSecret(read("0123\r\n", nil), "name")(t.Context()); err != nil || secret.Reveal() != "0123" {
		t.Errorf("an app secret with a line end: got %d characters, %v", len(secret.Reveal()), err)
	}
	down := errors.New("down")
	if _, err := app.AppSecret(read("", down), "name")(t.Context()); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
}
