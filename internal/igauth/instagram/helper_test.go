package instagram_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// Where the facts about Meta come from: its own pages, and reports from the
// field where it documents nothing.
const (
	srcLogin    = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login"
	srcExchange = "https://developers.facebook.com/documentation/instagram-platform/reference/access_token"
	srcRefresh  = "https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token"
	srcStart    = "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started"
	srcErrors   = "https://developers.facebook.com/docs/graph-api/guides/error-handling"
	srcLimits   = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting"
	srcProbes   = "https://github.com/TN-Figueiredo/bythiagofigueiredo/blob/main/docs/ops/instagram-token-alert-runbook.md"
	srcScopes   = "https://github.com/TerribleDev/OwinOAuthProviders/issues/276"
	srcMessages = "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/2"
	srcExpired  = "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/8"
	srcFeed     = "https://github.com/stevenschobert/instafeed.js/issues/654"
	srcNango    = "https://github.com/NangoHQ/nango/issues/5531"
	srcNoUserID = "https://github.com/nneessen/commissionTracker"
	srcRestFB   = "https://github.com/restfb/restfb"
	srcPostiz   = "https://github.com/gitroomhq/postiz-app"
	srcChatwoot = "https://github.com/chatwoot/chatwoot/blob/develop/app/controllers/instagram/callbacks_controller.rb"
	srcLegacy   = "https://github.com/python-social-auth/social-app-django/issues/643"
	srcUnified  = "https://docs.unified.to/skills/instagram-oauth-app/SKILL.md"
	srcThreads  = "https://github.com/fbsamples/threads_api/issues/9"
	srcDialog   = "https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow"
	srcBusiness = "https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business"
	srcLongLife = "https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived"
	srcPages    = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/business-login-for-instagram"
	srcOnePage  = "https://developers.facebook.com/docs/pages/access-tokens"
	srcInspect  = "https://developers.facebook.com/docs/graph-api/reference/debug_token"
	srcRevoke   = "https://developers.facebook.com/docs/graph-api/reference/user/permissions/"
	srcProof    = "https://developers.facebook.com/docs/graph-api/guides/secure-requests"
	srcProofs   = "https://github.com/facebook/facebook-python-business-sdk/issues/528"
	srcOtherApp = "https://github.com/facebook/facebook-sdk-for-unity/issues/551"
	srcAppToken = "https://github.com/invertase/react-native-firebase/issues/1621"
	srcBlocked  = "https://github.com/BlackPool25/Whatsapp-Bot/blob/main/docs/FIX_API_BLOCKED.md"
	srcInactive = "https://github.com/rupeshtiwari/youtube-automation-suite/blob/main/docs/FIX_FACEBOOK_APP_DEACTIVATED.md"
	srcDevMode  = "https://github.com/facebookarchive/php-graph-sdk/issues/413"
	srcNoURI    = "https://github.com/facebookarchive/php-graph-sdk/issues/274"
	srcVersions = "https://github.com/facebook/facebook-python-business-sdk/issues/356"
	srcCut      = "https://github.com/TiagoGrosso/instagram-graph-api-lib/issues/240"
	srcNinety   = "https://github.com/MrSwitch/hello.js/issues/548"
	srcFormat   = "https://github.com/arsduo/koala/issues/606"
	srcDomains  = "https://github.com/omniauth/omniauth/issues/1055"
	srcInactApp = "https://github.com/thebergamo/react-native-fbsdk-next/issues/303"
	srcNoPage   = "https://github.com/burkeholland/InstaSharp/issues/56"
	srcMDNRetry = "https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Retry-After"
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

// TestMain makes the certificate of httptest's servers a trusted one, so that
// the client's own transport can be tested over TLS.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		server := httptest.NewTLSServer(nil)
		defer server.Close()
		dir, err := os.MkdirTemp("", "instagram")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		file := filepath.Join(dir, "ca.pem")
		data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		if err := os.WriteFile(file, data, 0o600); err != nil {
			panic(err)
		}
		_ = os.Setenv("SSL_CERT_FILE", file)
		return m.Run()
	}())
}

// A request is what arrived at the server, read to its end.
type request struct {
	method, path, rawQuery string
	proto, remote          string
	query                  url.Values
	header                 http.Header
	length                 int64
	body                   []byte
}

// meta is a server in the place of Meta's three hosts.
type meta struct {
	*httptest.Server
	mu   sync.Mutex
	seen []request
}

// newMeta starts a server that answers with the handler. Requests are written
// down, and their bodies read, before the handler is called.
func newMeta(t testing.TB, handle http.HandlerFunc) *meta {
	t.Helper()
	m := unstarted(handle)
	m.Start()
	t.Cleanup(m.Close)
	return m
}

func unstarted(handle http.HandlerFunc) *meta {
	m := &meta{}
	m.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		m.seen = append(m.seen, request{
			method: r.Method, path: r.URL.Path, rawQuery: r.URL.RawQuery, query: r.URL.Query(),
			proto: r.Proto, remote: r.RemoteAddr,
			header: r.Header.Clone(), length: r.ContentLength, body: body,
		})
		m.mu.Unlock()
		handle(w, r)
	}))
	m.Config.ErrorLog = log.New(io.Discard, "", 0)
	return m
}

func (m *meta) requests() []request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]request(nil), m.seen...)
}

// count returns how many requests came since it was last called.
func (m *meta) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.seen)
	m.seen = nil
	return n
}

// answers returns a handler that gives one answer to everything.
func answers(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

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

// A question is one of the things that a client asks Meta.
type question struct {
	name string
	// good is an answer that it is content with.
	good string
	ask  func(ctx context.Context, c *clients) (any, error)
}

var questions = slices.Concat([]question{
	{"exchanging a code", goodCode, func(ctx context.Context, c *clients) (any, error) {
		return c.ExchangeCode(ctx, igauth.NewSecret(codeText))
	}},
	{"extending a token", goodLong, func(ctx context.Context, c *clients) (any, error) {
		return c.ExtendToken(ctx, igauth.NewSecret(tokenText))
	}},
	{"refreshing a token", goodLong, func(ctx context.Context, c *clients) (any, error) {
		return c.RefreshToken(ctx, igauth.NewSecret(tokenText))
	}},
	{"reading the profile", goodMe, func(ctx context.Context, c *clients) (any, error) {
		return c.Profile(ctx, igauth.NewSecret(tokenText))
	}},
	{"revoking a token", goodDone, func(ctx context.Context, c *clients) (any, error) {
		return nothing{}, c.Revoke(ctx, igauth.NewSecret(tokenText))
	}},
}, facebookQuestions)

// fails asks and returns the error, which must be one of ours and come without
// any result.
func (q question) fails(t testing.TB, c *clients) *igauth.Error {
	t.Helper()
	got, err := q.ask(t.Context(), c)
	if err == nil {
		t.Fatalf("%s: got a result, want an error", q.name)
	}
	if !reflect.ValueOf(got).IsZero() {
		t.Errorf("%s: got a result next to the error", q.name)
	}
	return asError(t, err)
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

// sourced fails for a row that does not say where its fact comes from.
func sourced(t testing.TB, source string) {
	t.Helper()
	if !strings.HasPrefix(source, "https://") {
		t.Error("the row has no source")
	}
}

// roundTrip is a transport without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// fixed is a transport with one answer to everything.
func fixed(status int, header http.Header, body string) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		h := header.Clone()
		if h == nil {
			h = http.Header{}
		}
		return &http.Response{
			StatusCode: status, Header: h, Request: r,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	})
}
