package instagram_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

func withNow(now func() time.Time) func(*instagram.Config) {
	return func(cfg *instagram.Config) { cfg.Now = now }
}

func withTimeout(d time.Duration) func(*instagram.Config) {
	return func(cfg *instagram.Config) { cfg.Timeout = d }
}

func withTransport(rt http.RoundTripper) func(*instagram.Config) {
	return func(cfg *instagram.Config) { cfg.Transport = rt }
}

func TestNewRefusesHosts(t *testing.T) {
	for _, tt := range []struct{ name, host string }{
		{"no scheme", "graph.instagram.com"},
		{"no host", "https://"},
		{"a port and no host", "https://:443"},
		{"another scheme", "ftp://graph.instagram.com"},
		{"a path", "https://graph.instagram.com/v25.0"},
		{"a slash at the end", "https://graph.instagram.com/"},
		{"a query", "https://graph.instagram.com?x=1"},
		{"an empty query", "https://graph.instagram.com?"},
		{"a fragment", "https://graph.instagram.com#x"},
		{"a password", "https://user:hunter2@graph.instagram.com"},
		{"a user", "https://graph.instagram.com@elsewhere.example"},
		{"opaque", "https:graph.instagram.com"},
		{"a space", " https://graph.instagram.com"},
		{"a line break", "https://graph.instagram.com\n"},
		{"a broken escape", "https://%zz"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for field, cfg := range map[string]instagram.Config{
				"consent": {WWW: tt.host}, "code exchange": {API: tt.host}, "graph": {Graph: tt.host},
				"Facebook dialog": {WWW: tt.host}, "Facebook graph": {Graph: tt.host},
			} {
				_, err := instagram.New(cfg)
				if strings.HasPrefix(field, "Facebook") {
					_, err = instagram.NewFacebook(facebookConfig(cfg))
				}
				if err == nil {
					t.Errorf("%s: got no error for %q", field, tt.host)
					continue
				}
				if !strings.Contains(err.Error(), "the "+field+" host") || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%s: got %q, want the name of the host and no password", field, err)
				}
			}
		})
	}
	t.Run("all of them at once", func(t *testing.T) {
		_, err := instagram.New(instagram.Config{WWW: "x", API: "y", Graph: "z"})
		if err == nil || strings.Count(err.Error(), " host must look like ") != 3 {
			t.Errorf("got %v, want three problems", err)
		}
	})
}

func TestNewTakesHosts(t *testing.T) {
	for _, host := range []string{"", "https://graph.instagram.com", "https://graph.instagram.com:8443", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost"} {
		newClient(t, host)
	}
}

// Meta's own hosts are the default: https and these names.
func TestDefaultHosts(t *testing.T) {
	var got []string
	c := newClient(t, "", withTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
		got = append(got, r.URL.Scheme+"://"+r.URL.Host+r.URL.Path)
		return nil, http.ErrServerClosed
	})))
	for _, q := range questions {
		q.fails(t, c)
	}
	for _, consent := range []igauth.Consent{c, c.Facebook} {
		window, _, _ := strings.Cut(consent.ConsentURL(igauth.ConsentRequest{}).String(), "?")
		got = append(got, window)
	}
	want := []string{
		"https://api.instagram.com/oauth/access_token", // srcLogin
		"https://graph.instagram.com/access_token",     // srcExchange
		"https://graph.instagram.com/refresh_access_token",
		"https://graph.instagram.com/me",
		"https://graph.instagram.com/me/permissions",
		"https://graph.facebook.com/v26.0/oauth/access_token", // srcDialog
		"https://graph.facebook.com/v26.0/oauth/access_token", // srcLongLife
		"https://graph.facebook.com/v26.0/" + pageID,          // srcOnePage
		"https://graph.facebook.com/v26.0/debug_token",        // srcInspect
		"https://graph.facebook.com/v26.0/me/accounts",        // srcPages
		"https://graph.facebook.com/v26.0/" + accountID,
		"https://graph.facebook.com/v26.0/" + personID + "/permissions", // srcRevoke
		"https://www.instagram.com/oauth/authorize",
		"https://www.facebook.com/v26.0/dialog/oauth", // srcDialog
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// secret returns a source of an app secret.
func secret(texts ...string) func(context.Context) ([]igauth.Secret, error) {
	return func(context.Context) ([]igauth.Secret, error) {
		var secrets []igauth.Secret
		for _, text := range texts {
			secrets = append(secrets, igauth.NewSecret(text))
		}
		return secrets, nil
	}
}
