package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/app"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// The sentinels: a test that finds one of them where it should not be has found
// a leak.
const (
	canarySecret = "5ecre7c4naryc4naryc4naryc4naryc4"
	canaryCode   = "AQCANARYcodeCANARYcodeCANARYcode+/=CANARY"
	canaryShort  = "IGAACANARYshortCANARYshortCANARYshort"
	canaryLong   = "IGAACANARYlongCANARYlongCANARYlongCANARY"
	canaryNew    = "IGAACANARYnewCANARYnewCANARYnewCANARYnew"
)

// forms are the ways in which a sentinel may be written.
func forms(text string) []string {
	all := []string{text, url.QueryEscape(text), url.PathEscape(text), hex.EncodeToString([]byte(text)), fmt.Sprint([]byte(text))}
	// Base64 of a longer text shows the sentinel in one of three shifts; the ends
	// depend on the neighbours and are cut off.
	for shift := range 3 {
		padded := strings.Repeat("x", shift) + text
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			encoded := encoding.EncodeToString([]byte(padded))
			all = append(all, encoded[4:len(encoded)-8])
		}
	}
	return all
}

// A canaryMeta gives sentinels, or fails in the way it is told while quoting all
// that it was sent.
type canaryMeta struct {
	mu   sync.Mutex
	mode string
	path string // where mode applies, "" for everywhere
}

func (m *canaryMeta) set(mode, path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mode, m.path = mode, path
}

func (m *canaryMeta) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	mode, path := m.mode, m.path
	m.mu.Unlock()
	if path != "" && path != r.URL.Path {
		mode = ""
	}
	quoted := fmt.Sprintf("%s %s", r.URL, strings.Join(strings.Fields(string(body)), " "))
	quoted = strings.NewReplacer(`"`, "'", "\\", "").Replace(quoted)
	switch mode {
	case "graph error":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":{"message":"Invalid: %s","type":"%s","code":190,"fbtrace_id":"%s"}}`, quoted, quoted, quoted)
	case "flat error":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error_type":"%s","code":400,"error_message":"Invalid: %s"}`, quoted, quoted)
	case "page":
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprintf(w, "<html>%s</html>", quoted)
	case "half":
		fmt.Fprintf(w, `{"access_token":"%s","expires_in":"%s`, canaryNew, quoted)
	case "redirect":
		w.Header().Set("Location", "https://elsewhere.invalid/?"+url.QueryEscape(quoted))
		w.WriteHeader(http.StatusFound)
	case "break":
		panic(http.ErrAbortHandler)
	default:
		switch r.URL.Path {
		case "/oauth/access_token":
			fmt.Fprintf(w, `{"access_token":"%s","user_id":38281000000004703,"permissions":["instagram_business_basic"]}`, canaryShort)
		case "/access_token":
			fmt.Fprintf(w, `{"access_token":"%s","token_type":"bearer","expires_in":5184000}`, canaryLong)
		case "/refresh_access_token":
			fmt.Fprintf(w, `{"access_token":"%s","token_type":"bearer","expires_in":5184000}`, canaryNew)
		default:
			fmt.Fprint(w, `{"id":"38281000000004703","user_id":"17841400000000001","username":"canary","account_type":"BUSINESS"}`)
		}
	}
}

// No token, code or secret gets into a log line, an error, an answer or a file,
// whatever path a request takes.
func TestNothingLeaks(t *testing.T) {
	meta := &canaryMeta{}
	server := httptest.NewUnstartedServer(meta)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	defer server.Close()

	dir := t.TempDir()
	folder, err := local.Create(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	var offset time.Duration
	now := func() time.Time { return time.Now().Add(offset) }
	var seen bytes.Buffer // everything that came out
	urls, err := igauth.ParseReturnURLs([]string{"https://shop.example/connected"}, false)
	if err != nil {
		t.Fatal(err)
	}
	parts := folder.Parts(now, slog.New(slog.NewJSONHandler(&seen, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})))
	parts.Settings = app.Settings{AppID: "990602627938098", PublicURL: "https://connect.example", ReturnURLs: urls, WWW: server.URL, API: server.URL, Graph: server.URL}
	parts.AppSecrets = func(context.Context) ([]igauth.Secret, error) {
		return []igauth.Secret{igauth.NewSecret(canarySecret)}, nil
	}
	handlers := map[string]http.Handler{}
	for path, build := range map[string]func() (http.Handler, error){"/authorize": parts.Authorize, "/callback": parts.Callback, "/accounts": parts.Accounts} {
		if handlers[path], err = build(); err != nil {
			t.Fatal(err)
		}
	}
	refresher, err := parts.Refresher()
	if err != nil {
		t.Fatal(err)
	}
	serve := func(path string, r *http.Request) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handlers[path].ServeHTTP(w, r)
		return w
	}
	show := func(w *httptest.ResponseRecorder) {
		fmt.Fprintf(&seen, "%d %v\n%s\n", w.Code, w.Header(), w.Body)
	}
	connect := func(extra string) {
		w := serve("/authorize", httptest.NewRequest(http.MethodGet, "/authorize", nil))
		location, _ := url.Parse(w.Header().Get("Location"))
		query := url.Values{"state": {location.Query().Get("state")}, "code": {canaryCode}}
		r := httptest.NewRequest(http.MethodGet, "/callback?"+query.Encode()+extra, nil)
		r.AddCookie(w.Result().Cookies()[0])
		show(serve("/callback", r))
		// And without the cookie.
		show(serve("/callback", httptest.NewRequest(http.MethodGet, "/callback?"+query.Encode()+extra, nil)))
	}
	run := func() {
		offset += 35 * 24 * time.Hour
		report, err := refresher.RunOnce(t.Context())
		fmt.Fprintf(&seen, "%+v %v %+v %#v\n", report, err, err, err)
		_, err = refresher.Refresh(t.Context(), "17841400000000001")
		fmt.Fprintf(&seen, "%v %+v %#v\n", err, err, err)
	}

	modes := []string{"graph error", "flat error", "page", "half", "redirect", "break"}
	for _, path := range []string{"/oauth/access_token", "/access_token", "/me"} {
		for _, mode := range modes {
			meta.set(mode, path)
			connect("")
		}
	}
	meta.set("", "")
	connect("&code=" + url.QueryEscape(canaryCode)) // twice: refused
	connect("&error=x&error_description=" + url.QueryEscape(canaryCode))
	connect("")
	for _, mode := range modes {
		for _, path := range []string{"/refresh_access_token", "/me"} {
			meta.set(mode, path)
			run()
			meta.set("", "")
			connect("")
		}
	}
	run()
	for _, target := range []string{"/accounts", "/accounts/17841400000000001", "/accounts/" + canaryLong, "/accounts/" + canaryLong + "/token", "/claims/" + canaryLong, "/accounts?after=" + canaryLong} {
		show(serve("/accounts", httptest.NewRequest(http.MethodGet, target, nil)))
	}
	// The key that signs states and links, seen in neither.
	stateKey, err := os.ReadFile(filepath.Join(dir, "state-key"))
	if err != nil {
		t.Fatal(err)
	}
	link := serve("/accounts", httptest.NewRequest(http.MethodGet, "/accounts/17841400000000001/reconnect", nil))
	if !strings.Contains(link.Body.String(), "https://connect.example/authorize?reconnect=") {
		t.Fatalf("there is no reconnect link: %s", link.Body)
	}
	show(link)
	show(serve("/authorize", httptest.NewRequest(http.MethodGet, "/authorize?reconnect="+canaryLong, nil)))
	token := serve("/accounts", httptest.NewRequest(http.MethodGet, "/accounts/17841400000000001/token", nil))
	if !strings.Contains(token.Body.String(), "CANARY") {
		t.Fatalf("the token is not handed out where it should be: the sentinels did not travel\n%s", token.Body)
	}
	seen.WriteString(fmt.Sprint(token.Header()))
	show(serve("/accounts", httptest.NewRequest(http.MethodDelete, "/accounts/17841400000000001", nil)))
	show(serve("/accounts", httptest.NewRequest(http.MethodGet, "/accounts/17841400000000001/token", nil)))

	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "state-key" {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&seen, "%s\n%s\n", path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(seen.Bytes(), []byte("flow ended")) || !bytes.Contains(seen.Bytes(), []byte("17841400000000001")) {
		t.Fatal("nothing was seen")
	}
	for name, sentinel := range map[string]string{"app secret": canarySecret, "code": canaryCode, "short-lived token": canaryShort, "long-lived token": canaryLong, "refreshed token": canaryNew, "state key": strings.TrimSpace(string(stateKey))} {
		for _, form := range forms(sentinel) {
			if i := bytes.Index(seen.Bytes(), []byte(form)); i >= 0 {
				t.Errorf("the %s leaks as %q:\n…%s…", name, form, seen.Bytes()[max(0, i-200):min(seen.Len(), i+200)])
				break
			}
		}
	}
}
