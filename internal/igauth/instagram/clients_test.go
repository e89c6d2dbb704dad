package instagram_test

import (
	"errors"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

const (
	appID       = "10203040506070809"
	redirectURI = "https://connect.example.com/callback"
	// What must not show anywhere. The characters are such that every encoding
	// looks different from the text.
	codeText   = "AQB/sentinel+code=one?for&all~0001"
	tokenText  = "IGAAsentinel/token+that=nobody?may&read~0002"
	secretText = "0f1e2d3c/sentinel+secret=4b5a?69&78~0003"
	// goodLong is the documented answer of the graph host, and goodMe and
	// goodCode the ones that are seen.
	goodLong = `{"access_token":"IGAAnew","token_type":"bearer","expires_in":5183944}`
	goodCode = `{"access_token":"IGAAshort","user_id":38281000000004703,"permissions":["instagram_business_basic"]}`
	goodMe   = `{"id":"38281000000004703","user_id":"17841400000010111","username":"maria.bakes","name":"Maria's Bakery","account_type":"BUSINESS"}`
)

// start is not a whole second on purpose.
var start = time.Date(2026, 11, 23, 9, 30, 0, 250e6, time.UTC)

// clients are those of both logins, made of the same settings.
type clients struct {
	*instagram.Client
	Facebook *instagram.Facebook
}

// newClient returns clients whose hosts are one.
func newClient(t testing.TB, host string, change ...func(*instagram.Config)) *clients {
	t.Helper()
	cfg := instagram.Config{
		WWW: host, API: host, Graph: host,
		AppID: appID, AppSecrets: secret(secretText), RedirectURI: redirectURI,
		Now: func() time.Time { return start },
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := instagram.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	f, err := instagram.NewFacebook(facebookConfig(cfg))
	if err != nil {
		t.Fatalf("NewFacebook: %v", err)
	}
	return &clients{c, f}
}

func facebookConfig(cfg instagram.Config) instagram.FacebookConfig {
	return instagram.FacebookConfig{
		WWW: cfg.WWW, Graph: cfg.Graph, AppID: cfg.AppID, AppSecrets: cfg.AppSecrets, RedirectURI: cfg.RedirectURI,
		Timeout: cfg.Timeout, Now: cfg.Now, Transport: cfg.Transport,
	}
}

func asError(t testing.TB, err error) *igauth.Error {
	t.Helper()
	e, ok := errors.AsType[*igauth.Error](err)
	if !ok {
		t.Fatalf("got an error of type %T, want *igauth.Error", err)
	}
	if want := e.Code.Class(); e.Class != want {
		t.Errorf("class of %s: got %s, want %s, as in the dictionary", e.Code, e.Class, want)
	}
	return e
}
