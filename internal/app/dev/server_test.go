package dev_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/dev"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// start runs a server until stop is called, so that a test can restart it.
func start(t *testing.T, opts dev.Options) (w *world, stop func()) {
	t.Helper()
	opts.Listen, opts.SimListen = "127.0.0.1:0", "127.0.0.1:0"
	server, err := dev.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	return &world{t: t, server: server, browser: newBrowser(t)}, func() {
		t.Helper()
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("server: %v", err)
		}
	}
}

// Everything survives a restart: accounts, the simulator's tokens, the key, and
// the clock.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	w, stop := start(t, dev.Options{Data: dir})
	w.connect("studio_norte")
	w.advance(100 * 24 * time.Hour)
	id := w.account("studio_norte").ID
	key := w.server.APIKey()
	stop()

	w, stop = start(t, dev.Options{Data: dir})
	defer stop()
	if !w.server.APIKey().Equal(key) {
		t.Error("the key is another one")
	}
	if status, token := w.token(id); status != http.StatusOK || !w.alive(token) {
		t.Errorf("token: got status %d", status)
	}
	w.advance(40 * 24 * time.Hour)
	if a := w.account("studio_norte"); a.Status != igauth.StatusActive || a.DaysLeft < 25 {
		t.Errorf("got status %s with %d days left", a.Status, a.DaysLeft)
	}
}

// The command works on the folder of a running server, at the server's time.
func TestFolderOfARunningServer(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dev.Options{Data: dir})
	w.connect("maria.bakes")
	w.advance(50 * 24 * time.Hour)
	folder, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	parts := folder.Parts(folder.Now, nil)
	store, err := parts.Store()
	if err != nil {
		t.Fatal(err)
	}
	id := w.account("maria.bakes").ID
	_, token, err := store.Token(t.Context(), id, 0)
	if err != nil || !w.alive(token.Value.Reveal()) {
		t.Fatalf("token: %v", err)
	}
	refresher, err := parts.Refresher()
	if err != nil {
		t.Fatal(err)
	}
	before := w.account("maria.bakes").Generation
	if a, err := refresher.Refresh(t.Context(), id); err != nil || a.Generation != before+1 {
		t.Errorf("refresh: got generation %d, %v", a.Generation, err)
	}
	if a := w.account("maria.bakes"); a.Generation != before+1 {
		t.Errorf("the server sees generation %d, want %d", a.Generation, before+1)
	}
}

func TestFolderWithoutInstallation(t *testing.T) {
	if _, err := local.Open(t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "igauth dev") {
		t.Errorf("got %v, want words that help", err)
	}
}

func TestTokenNeedsTheKey(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dev.Options{Data: dir})
	w.connect("maria.bakes")
	target := w.server.URL() + "/accounts/" + string(w.account("maria.bakes").ID) + "/token"
	for _, header := range []string{"", "Bearer ", "Bearer wrong", "Basic " + w.server.APIKey().Reveal(), w.server.APIKey().Reveal()} {
		req, _ := http.NewRequest(http.MethodGet, target, nil)
		if header != "" {
			req.Header.Set("Authorization", header)
		}
		resp, err := w.browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp, body := w.read(resp); resp.StatusCode != http.StatusUnauthorized || strings.Contains(body, "access_token") {
			t.Errorf("%q: got status %d", header, resp.StatusCode)
		}
	}
	audit, err := os.ReadFile(filepath.Join(dir, local.AuditFile))
	if refused := strings.Count(string(audit), `"result":"unauthorized"`); err != nil || refused != 5 {
		t.Errorf("the audit has %d of 5 who were refused (%v)", refused, err)
	}
	if status, _ := w.token(w.account("maria.bakes").ID); status != http.StatusOK {
		t.Fatalf("got status %d", status)
	}
	audit, _ = os.ReadFile(filepath.Join(dir, local.AuditFile))
	if !strings.Contains(string(audit), `"who":"the API key of igauth dev","accountId":"17841400000010111","result":"read"`) {
		t.Errorf("the reading is not in the audit:\n%s", audit)
	}
}

func TestServerStaysOnThisMachine(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":8080", "192.0.2.1:80", "example.com:80", "nonsense"} {
		if _, err := dev.Open(dev.Options{Listen: address, SimListen: "127.0.0.1:0", Data: t.TempDir()}); err == nil {
			t.Errorf("%s is accepted", address)
		}
	}
	w := open(t, dev.Options{})
	req, _ := http.NewRequest(http.MethodGet, w.server.URL()+"/accounts", nil)
	req.Host = "evil.example"
	resp, err := w.browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp, _ := w.read(resp); resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("another host's name: got status %d", resp.StatusCode)
	}
	req, _ = http.NewRequest(http.MethodPost, w.server.URL()+"/dev/advance", strings.NewReader("by=24h"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if resp, err = w.browser.Do(req); err != nil {
		t.Fatal(err)
	}
	if resp, _ := w.read(resp); resp.StatusCode != http.StatusForbidden {
		t.Errorf("another site's button: got status %d", resp.StatusCode)
	}
}

// Tokens of the simulator are never sent to Meta.
func TestFolderBelongsToOneInstagram(t *testing.T) {
	dir := t.TempDir()
	w, stop := start(t, dev.Options{Data: dir})
	w.connect("maria.bakes")
	stop()
	_, err := dev.Open(dev.Options{Listen: "127.0.0.1:0", Data: dir, Real: true, AppID: "990602627938098", AppSecret: igauth.NewSecret("secret")})
	if err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("got %v", err)
	}
}

// Through a tunnel visitors can connect, and nobody without the key can do more.
func TestTunnel(t *testing.T) {
	w := open(t, dev.Options{PublicURL: "https://tunnel.example"})
	ask := func(method, path, host string, header map[string]string) int {
		t.Helper()
		req, err := http.NewRequest(method, w.server.Address()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		for name, value := range header {
			req.Header.Set(name, value)
		}
		resp, err := w.browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp, _ = w.read(resp)
		return resp.StatusCode
	}
	key := map[string]string{"Authorization": "Bearer " + w.server.APIKey().Reveal()}
	for _, c := range []struct {
		method, path, host string
		header             map[string]string
		want               int
	}{
		{http.MethodGet, "/authorize", "tunnel.example", nil, http.StatusFound},
		{http.MethodGet, "/healthz", "tunnel.example", nil, http.StatusOK},
		{http.MethodGet, "/", "tunnel.example", nil, http.StatusUnauthorized},
		{http.MethodGet, "/accounts", "tunnel.example", nil, http.StatusUnauthorized},
		{http.MethodGet, "/accounts", "tunnel.example", key, http.StatusOK},
		{http.MethodPost, "/dev/disconnect", "tunnel.example", nil, http.StatusUnauthorized},
		{http.MethodGet, "/accounts", "localhost", map[string]string{"X-Forwarded-For": "203.0.113.7"}, http.StatusUnauthorized},
		{http.MethodGet, "/accounts", "localhost", nil, http.StatusOK},
		{http.MethodGet, "/accounts", "other.example", key, http.StatusMisdirectedRequest},
	} {
		if got := ask(c.method, c.path, c.host, c.header); got != c.want {
			t.Errorf("%s %s at %s with %v: got status %d, want %d", c.method, c.path, c.host, c.header, got, c.want)
		}
	}
}

func TestPublicURLIsChecked(t *testing.T) {
	for _, bad := range []string{"http://shop.example", "https://shop.example/", "shop.example"} {
		if _, err := dev.Open(dev.Options{Listen: "127.0.0.1:0", SimListen: "127.0.0.1:0", Data: t.TempDir(), PublicURL: bad}); err == nil || !strings.Contains(err.Error(), "--public-url") {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

// Two servers would have two clocks and two simulators over one ledger.
func TestFolderHasOneServer(t *testing.T) {
	dir := t.TempDir()
	open(t, dev.Options{Data: dir})
	_, err := dev.Open(dev.Options{Listen: "127.0.0.1:0", SimListen: "127.0.0.1:0", Data: dir})
	if err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("got %v, want words that help", err)
	}
}

func TestAddressInUse(t *testing.T) {
	w := open(t, dev.Options{})
	_, err := dev.Open(dev.Options{Listen: strings.TrimPrefix(w.server.Address(), "http://"), SimListen: "127.0.0.1:0", Data: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("got %v, want words that help", err)
	}
}

// Nobody can ask about an account for days: that is shown.
func TestSilenceIsShown(t *testing.T) {
	w := open(t, dev.Options{})
	w.connect("maria.bakes")
	w.control("fault", url.Values{"endpoint": {"all"}, "kind": {"outage"}})
	w.advance(4 * 24 * time.Hour)
	a := w.account("maria.bakes")
	if a.LastFailure == nil || a.LastFailure.Code != igauth.CodeMetaUnavailable || a.Status != igauth.StatusActive || len(a.History) != 1 {
		t.Errorf("got last failure %+v, status %s, history %v", a.LastFailure, a.Status, a.History)
	}
	w.control("fault", url.Values{"kind": {"none"}})
	w.advance(13 * time.Hour) // the longest pause between looks that fail
	if a := w.account("maria.bakes"); a.LastFailure != nil {
		t.Errorf("afterwards: got last failure %+v", a.LastFailure)
	}
}

func TestUnknownPathIsAPage(t *testing.T) {
	w := open(t, dev.Options{})
	if resp, page := w.get(w.server.URL() + "/nope"); resp.StatusCode != http.StatusNotFound || !strings.Contains(page, "There is nothing here") {
		t.Errorf("got status %d\n%s", resp.StatusCode, page)
	}
}

func TestRealNeedsAnApp(t *testing.T) {
	if _, err := dev.Open(dev.Options{Listen: "127.0.0.1:0", Data: t.TempDir(), Real: true}); err == nil || !strings.Contains(err.Error(), "--app-id") {
		t.Errorf("got %v", err)
	}
}

func TestDeniedAndReturn(t *testing.T) {
	w := open(t, dev.Options{ReturnURLs: []string{"http://localhost:3000/connected"}})
	for decision, want := range map[string]string{"deny": "status=denied", "approve": "status=connected"} {
		resp, _ := w.get(w.consent("", url.Values{"decision": {decision}}))
		if location := resp.Header.Get("Location"); !strings.HasPrefix(location, "http://localhost:3000/connected?") || !strings.Contains(location, want) {
			t.Errorf("%s: got %s", decision, location)
		}
	}
	w.control("fault", url.Values{"endpoint": {"exchange"}, "kind": {"rate_limit"}})
	resp, _ := w.get(w.consent("", url.Values{"decision": {"approve"}}))
	if got := resp.Header.Get("Location"); got != "http://localhost:3000/connected?status=error" {
		t.Errorf("when Meta fails: got %s", got)
	}
}

func TestPartialGrant(t *testing.T) {
	w := open(t, dev.Options{})
	// The box of the optional permission is not ticked.
	w.get(w.consent("?scope=instagram_business_basic,instagram_business_manage_comments", url.Values{"decision": {"approve"}}))
	a := w.account("maria.bakes")
	if len(a.MissingScopes) != 1 || a.MissingScopes[0] != "instagram_business_manage_comments" || a.Status != igauth.StatusActive {
		t.Errorf("got scopes %v, missing %v, status %s", a.Scopes, a.MissingScopes, a.Status)
	}
}

// What other tools do when Meta answers strangely, ours does not. Each fault
// lasts for 20 days from the day on which the token is due, in which the token
// stays, nobody is asked to reconnect, and the next good answer mends all.
func TestMistakesOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		fault  string
		source string
	}{
		"a good token is overwritten after a 500":        {"http500", "https://github.com/companionstudio/instagram-token-agent"},
		"after a rate limit":                             {"rate_limit", "https://github.com/companionstudio/instagram-token-agent"},
		"a 200 without a token is stored as a token":     {"empty", "https://github.com/jasper-clarke/instatoken-refreshers"},
		"a web page is stored as a token":                {"html", "https://github.com/samyerkes/aws-instagram-token-manager"},
		"an outage asks for a new connection":            {"outage", "https://github.com/gitroomhq/postiz-app/pull/1822"},
		"a broken connection asks for a new connection":  {"broken", "https://github.com/gitroomhq/postiz-app/pull/1822"},
		"a disabled app marks every account dead":        {"app_disabled", "https://github.com/codingbadger/instant-tokens.com/issues/14"},
		"a checkpoint is taken for the end of the token": {"checkpoint", "https://github.com/gitroomhq/postiz-app/pull/2054"},
		"half of an answer is stored":                    {"truncated", "https://github.com/jasper-clarke/instatoken-refreshers"},
		"an answer that was lost is a dead token":        {"applied", "https://github.com/gitroomhq/postiz-app/pull/1822"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, dev.Options{})
			w.connect("maria.bakes")
			id := w.account("maria.bakes").ID
			w.advance(26 * 24 * time.Hour)
			_, before := w.token(id)
			w.control("fault", url.Values{"endpoint": {"all"}, "kind": {c.fault}})
			w.advance(20 * 24 * time.Hour)
			if status, token := w.token(id); status != http.StatusOK || token != before || !w.alive(token) {
				t.Errorf("during the fault: got status %d, the same token: %t (%s)", status, token == before, c.source)
			}
			if a := w.account("maria.bakes"); a.Status != igauth.StatusExpiring && a.Status != igauth.StatusActive {
				t.Errorf("during the fault: got status %s (%s)", a.Status, c.source)
			}
			w.control("fault", url.Values{"kind": {"none"}})
			w.advance(3 * 24 * time.Hour)
			if a := w.account("maria.bakes"); a.Status != igauth.StatusActive || a.DaysLeft < 55 || a.Failures != 0 {
				t.Errorf("afterwards: got status %s, %d days left, %d failures (%s)", a.Status, a.DaysLeft, a.Failures, c.source)
			}
		})
	}
}

func TestHomeButtons(t *testing.T) {
	w := open(t, dev.Options{})
	w.connect("maria.bakes")
	id := string(w.account("maria.bakes").ID)
	press := func(what string, form url.Values) (int, string) {
		t.Helper()
		resp, err := w.browser.PostForm(w.server.URL()+"/dev/"+what, form)
		if err != nil {
			t.Fatal(err)
		}
		resp, body := w.read(resp)
		return resp.StatusCode, body
	}
	if status, body := press("refresh", url.Values{"id": {id}}); status != http.StatusConflict || !strings.Contains(body, "too young") {
		t.Errorf("refreshing a young token: got status %d", status)
	}
	if status, body := press("advance", url.Values{"by": {"soon"}}); status != http.StatusConflict || !strings.Contains(body, "720h") {
		t.Errorf("a clock that is moved nowhere: got status %d", status)
	}
	for what, form := range map[string]url.Values{"advance": {"by": {"48h"}}, "fault": {"kind": {"outage"}}} {
		if status, _ := press(what, form); status != http.StatusSeeOther {
			t.Errorf("%s: got status %d", what, status)
		}
	}
	if _, page := w.get(w.server.URL() + "/"); !strings.Contains(page, "Now: outage") || !strings.Contains(page, "maria.bakes") {
		t.Errorf("the home page does not show the fault:\n%s", page)
	}
	press("fault", url.Values{"kind": {"none"}})
	if status, _ := press("refresh", url.Values{"id": {id}}); status != http.StatusSeeOther || w.account("maria.bakes").Generation != 2 {
		t.Errorf("refresh: got status %d, generation %d", status, w.account("maria.bakes").Generation)
	}
	if status, _ := press("disconnect", url.Values{"id": {id}}); status != http.StatusSeeOther || w.account("maria.bakes").Status != igauth.StatusDisconnected {
		t.Errorf("disconnect: got status %d", status)
	}
}
