package instagram_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// ask puts a question to a server that is content, and returns the one request.
func ask(t *testing.T, q question, change ...func(*instagram.Config)) request {
	t.Helper()
	m := newMeta(t, answers(http.StatusOK, q.good, "Set-Cookie", "session=1; Path=/"))
	if _, err := q.ask(t.Context(), newClient(t, m.URL, change...)); err != nil {
		t.Fatal(err)
	}
	seen := m.requests()
	if len(seen) != 1 {
		t.Fatalf("got %d requests, want 1", len(seen))
	}
	return seen[0]
}

// The body is the form that Meta documents, curl -F (srcLogin).
func TestCodeRequest(t *testing.T) {
	for _, uri := range []string{
		redirectURI,
		redirectURI + "/",
		"https://connect.example.com/callback?a=b&c=d%20e",
		"https://connect.example.com/caf%C3%A9/%7Euser",
		"https://connect.example.com/café",
		"http://127.0.0.1:8080/callback",
	} {
		t.Run(strings.ReplaceAll(uri, "/", "|"), func(t *testing.T) {
			r := ask(t, questions[0], func(cfg *instagram.Config) { cfg.RedirectURI = uri })
			if r.method != http.MethodPost || r.path != "/oauth/access_token" || r.rawQuery != "" {
				t.Errorf("got %s %s with %d bytes of query, want POST /oauth/access_token without", r.method, r.path, len(r.rawQuery))
			}
			kind, params, err := mime.ParseMediaType(r.header.Get("Content-Type"))
			if err != nil || kind != "multipart/form-data" {
				t.Fatalf("content type: got %q, want multipart/form-data", kind)
			}
			if r.length != int64(len(r.body)) || r.length == 0 {
				t.Errorf("content length: got %d, want %d, said beforehand", r.length, len(r.body))
			}
			want := [][2]string{
				{"client_id", appID},
				{"client_secret", secretText},
				{"grant_type", "authorization_code"},
				{"redirect_uri", uri},
				{"code", codeText},
			}
			var got [][2]string
			form := multipart.NewReader(bytes.NewReader(r.body), params["boundary"])
			for {
				part, err := form.NextPart()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				value, err := io.ReadAll(part)
				if err != nil {
					t.Fatal(err)
				}
				if part.FileName() != "" || len(part.Header) != 1 {
					t.Errorf("part %s: got a file or more headers than one", part.FormName())
				}
				got = append(got, [2]string{part.FormName(), string(value)})
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got fields other than those wanted, or in other bytes: %d fields, want %d", len(got), len(want))
			}
		})
	}
}

func TestGraphRequests(t *testing.T) {
	for i, tt := range []struct {
		source, path string
		query        url.Values
	}{
		1: {srcExchange, "/access_token", url.Values{"grant_type": {"ig_exchange_token"}, "client_secret": {secretText}, "access_token": {tokenText}}},
		2: {srcRefresh, "/refresh_access_token", url.Values{"grant_type": {"ig_refresh_token"}, "access_token": {tokenText}}},
		3: {srcStart, "/me", url.Values{"fields": {"user_id,id,username,name,account_type"}, "access_token": {tokenText}}},
	} {
		if i == 0 {
			continue
		}
		t.Run(questions[i].name, func(t *testing.T) {
			sourced(t, tt.source)
			r := ask(t, questions[i])
			if r.method != http.MethodGet || r.path != tt.path {
				t.Errorf("got %s %s, want GET %s", r.method, r.path, tt.path)
			}
			if !reflect.DeepEqual(r.query, tt.query) {
				t.Error("the query's parameters are not the documented ones")
			}
			wantNoBody(t, r)
		})
	}
}

// wantNoBody fails unless the request is one without a body, and says so as
// every other client does.
func wantNoBody(t *testing.T, r request) {
	t.Helper()
	if r.length != 0 || len(r.body) != 0 || r.header.Get("Transfer-Encoding") != "" || r.header.Get("Content-Length") != "" {
		t.Errorf("got length %d and %d bytes of body, want none", r.length, len(r.body))
	}
}

func TestRequestHeaders(t *testing.T) {
	for _, q := range questions {
		t.Run(q.name, func(t *testing.T) {
			r := ask(t, q)
			known := []string{"Accept", "Accept-Encoding", "Content-Length", "Content-Type", "User-Agent"}
			for name := range r.header {
				if !slices.Contains(known, name) {
					t.Errorf("the header %s was sent", name)
				}
			}
			if got := r.header.Get("Accept"); got != "application/json" {
				t.Errorf("accept: got %q, want application/json", got)
			}
		})
	}
	t.Run("cookies are not kept", func(t *testing.T) {
		m := newMeta(t, answers(http.StatusOK, goodLong, "Set-Cookie", "session=1; Path=/"))
		c := newClient(t, m.URL)
		for range 2 {
			if _, err := questions[2].ask(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range m.requests() {
			if r.header.Get("Cookie") != "" {
				t.Error("a cookie was sent back")
			}
		}
	})
}

// Meta's hosts speak TLS, and what a request looks like there depends on the
// version of HTTP that is agreed on.
func TestRequestsOverTLS(t *testing.T) {
	for _, q := range questions {
		t.Run(q.name, func(t *testing.T) {
			m := unstarted(answers(http.StatusOK, q.good))
			m.EnableHTTP2 = true
			m.StartTLS()
			defer m.Close()
			if _, err := q.ask(t.Context(), newClient(t, m.URL)); err != nil {
				t.Fatal(err)
			}
			seen := m.requests()
			if len(seen) != 1 {
				t.Fatalf("got %d requests, want 1", len(seen))
			}
			t.Logf("over %s", seen[0].proto)
			if seen[0].method == http.MethodGet {
				wantNoBody(t, seen[0])
			}
		})
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	m := unstarted(answers(http.StatusOK, goodLong))
	m.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	m.StartTLS()
	defer m.Close()
	for _, q := range questions {
		if e := q.fails(t, newClient(t, m.URL)); e.Code != igauth.CodeMetaUnavailable || e.Sent {
			t.Errorf("%s: got %s, sent %v, want %s, not sent", q.name, e.Code, e.Sent, igauth.CodeMetaUnavailable)
		}
	}
	if n := m.count(); n != 0 {
		t.Errorf("got %d requests, want none", n)
	}
}

func TestConsentURL(t *testing.T) {
	scopes := []string{"instagram_business_basic", "instagram_business_manage_messages"}
	base := url.Values{
		"client_id": {appID}, "redirect_uri": {redirectURI}, "response_type": {"code"},
		"scope": {"instagram_business_basic,instagram_business_manage_messages"}, "state": {"st/4+te="},
		"enable_fb_login": {"true"},
	}
	again := url.Values{"force_reauth": {"true"}}
	for name, values := range base {
		again[name] = values
	}
	for _, tt := range []struct {
		name, source string
		force        bool
		want         url.Values
	}{
		{"connect", srcLogin, false, base},
		{"connect another account", srcLogin, true, again},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			c := newClient(t, "https://www.instagram.example")
			u := c.ConsentURL(igauth.ConsentRequest{State: igauth.NewSecret("st/4+te="), Scopes: scopes, ForceReauth: tt.force})
			window, query, _ := strings.Cut(u.String(), "?")
			if window != "https://www.instagram.example/oauth/authorize" {
				t.Errorf("got %s, want the consent window", window)
			}
			got, err := url.ParseQuery(query)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
			if strings.ContainsAny(query, " +;#") {
				t.Errorf("the query has characters that are read in two ways: %s", query)
			}
		})
	}
	t.Run("two addresses of one client do not share anything", func(t *testing.T) {
		c := newClient(t, "https://www.instagram.example")
		first := c.ConsentURL(igauth.ConsentRequest{State: igauth.NewSecret("1")})
		text := first.String()
		c.ConsentURL(igauth.ConsentRequest{State: igauth.NewSecret("2")})
		if got := first.String(); got != text {
			t.Error("the second request changed the first address")
		}
	})
}

// The redirect URI of the exchange must be the one of the window, byte for byte
// (srcLogin).
func TestRedirectURIIsTheSameTwice(t *testing.T) {
	const uri = "https://connect.example.com/caf%C3%A9/?a=b%20c"
	change := func(cfg *instagram.Config) { cfg.RedirectURI = uri }
	window := newClient(t, "https://www.instagram.example", change).ConsentURL(igauth.ConsentRequest{}).Query().Get("redirect_uri")
	r := ask(t, questions[0], change)
	if window != uri || !bytes.Contains(r.body, []byte("\r\n\r\n"+uri+"\r\n")) {
		t.Errorf("got %q at the window, want %q there and at the exchange", window, uri)
	}
}
