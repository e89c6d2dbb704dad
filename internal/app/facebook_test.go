package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"igauth/internal/app"
	"igauth/internal/igauth"
)

// dialog asks for a flow of Facebook Login, and returns where it leads.
func dialog(t *testing.T, settings app.Settings, query string) (int, *url.URL) {
	t.Helper()
	parts := app.Parts{Settings: settings, StateKeys: func(context.Context) ([]igauth.Secret, error) {
		return []igauth.Secret{igauth.NewSecret(strings.Repeat("k", 43))}, nil
	}}
	h, err := parts.Authorize()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/authorize?login=facebook"+query, nil))
	location, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, location
}

func TestFacebookLoginIsWiredFromTheEnvironment(t *testing.T) {
	base := map[string]string{app.EnvAppID: "990602627938098", app.EnvPublicURL: "https://connect.example"}
	load := func(more map[string]string) app.Settings {
		t.Helper()
		all := map[string]string{}
		for _, m := range []map[string]string{base, more} {
			for name, value := range m {
				all[name] = value
			}
		}
		settings, err := app.Load(env(all))
		if err != nil {
			t.Fatal(err)
		}
		return settings
	}
	t.Run("it is off without settings", func(t *testing.T) {
		if status, location := dialog(t, load(nil), ""); status != http.StatusBadRequest || location.String() != "" {
			t.Errorf("got status %d, location %s", status, location)
		}
	})
	on := map[string]string{app.EnvMetaAppID: "240000000000001", app.EnvMetaAppSecretName: "stack/meta-app"}
	t.Run("it asks for what is needed, at Facebook", func(t *testing.T) {
		status, location := dialog(t, load(on), "")
		query := location.Query()
		if status != http.StatusFound || location.Host != "www.facebook.com" || query.Get("client_id") != "240000000000001" ||
			query.Get("scope") != "business_management,instagram_basic,pages_show_list" || query.Get("redirect_uri") != "https://connect.example/callback" {
			t.Errorf("got status %d, location %s", status, location)
		}
	})
	t.Run("permissions of the environment can be asked for", func(t *testing.T) {
		on := map[string]string{app.EnvMetaAppID: "240000000000001", app.EnvMetaAppSecretName: "x", app.EnvFacebookScopes: "pages_messaging", app.EnvFacebookWWW: "https://elsewhere.example"}
		if _, location := dialog(t, load(on), ""); location.Host != "elsewhere.example" || location.Query().Get("scope") != "instagram_basic,pages_messaging,pages_show_list" {
			t.Errorf("got location %s", location)
		}
		if _, location := dialog(t, load(on), "&scope=instagram_basic,pages_messaging"); location.Query().Get("scope") != "instagram_basic,pages_messaging,pages_show_list" {
			t.Errorf("got location %s", location)
		}
		if status, _ := dialog(t, load(on), "&scope=email"); status != http.StatusBadRequest {
			t.Errorf("another one: got status %d", status)
		}
	})
	t.Run("a configuration takes their place", func(t *testing.T) {
		on := map[string]string{app.EnvMetaAppID: "240000000000001", app.EnvMetaAppSecretName: "x", app.EnvFacebookConfigID: "777"}
		if _, location := dialog(t, load(on), ""); location.Query().Get("config_id") != "777" || location.Query().Has("scope") {
			t.Errorf("got location %s", location)
		}
		if status, _ := dialog(t, load(on), "&scope=instagram_basic"); status != http.StatusBadRequest {
			t.Errorf("with permissions of its own: got status %d", status)
		}
	})
}

// A function without access to the secret of the Meta app starts all the same, and
// an id without a secret is named.
func TestHalfAFacebookLoginIsRefused(t *testing.T) {
	_, err := app.Load(env(map[string]string{app.EnvMetaAppID: "240000000000001"}))
	if err == nil || !strings.Contains(err.Error(), app.EnvMetaAppID) || !strings.Contains(err.Error(), app.EnvMetaAppSecretName) {
		t.Errorf("the id alone: %v", err)
	}
	settings, err := app.Load(env(map[string]string{app.EnvMetaAppSecretName: "stack/meta-app"}))
	if err != nil || settings.FacebookLogin() || settings.MetaAppSecretName == "" {
		t.Errorf("the secret alone is for what Meta signs: got %+v, %v", settings, err)
	}
	if _, err := (app.Parts{Settings: app.Settings{MetaAppID: "240000000000001"}}).FacebookLogin(); err != nil {
		t.Error(err)
	}
}

// An account of Facebook Login is not disconnected at Instagram.
func TestRevocationAsksTheLoginItself(t *testing.T) {
	var asked []string
	meta := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		_, _ = w.Write([]byte(`{"success":true}`))
	}))
	defer meta.Close()
	secret := func(context.Context) ([]igauth.Secret, error) { return []igauth.Secret{igauth.NewSecret("s")}, nil }
	parts := app.Parts{
		Settings:   app.Settings{AppID: "1", MetaAppID: "2", PublicURL: "https://connect.example", Graph: meta.URL, FacebookGraph: meta.URL},
		AppSecrets: secret, MetaAppSecrets: secret,
	}
	revoker, err := parts.Revoker()
	if err != nil {
		t.Fatal(err)
	}
	for _, login := range []igauth.Login{igauth.LoginInstagram, igauth.LoginFacebook} {
		if err := revoker.Revoke(t.Context(), login, "1220", igauth.NewSecret("token")); err != nil {
			t.Errorf("%s: %v", login, err)
		}
	}
	if len(asked) != 2 || asked[0] != "DELETE /me/permissions" || !strings.HasSuffix(asked[1], "/1220/permissions") {
		t.Errorf("asked %q", asked)
	}
	parts.Settings.MetaAppID = ""
	if revoker, err = parts.Revoker(); err != nil {
		t.Fatal(err)
	}
	if err := revoker.Revoke(t.Context(), igauth.LoginFacebook, "1220", igauth.NewSecret("token")); igauth.CodeOf(err) != igauth.CodeLoginOff || len(asked) != 2 {
		t.Errorf("switched off: got %v, asked %q", err, asked)
	}
}
