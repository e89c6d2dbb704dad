package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// screenshots is where the pictures go, to be looked at by a person.
const screenshots = "screenshots"

// The windows in which every page must work.
var windows = []struct {
	name          string
	width, height int64
	mobile        bool
}{
	{"phone", 360, 780, true},
	{"desktop", 1280, 900, false},
}

// A devServer is the built command, as a newcomer runs it.
type devServer struct {
	url, sim, key string
}

// startDev runs `igauth dev` with a folder of its own and waits until it is
// ready.
func startDev(t *testing.T, args ...string) devServer {
	t.Helper()
	binary, err := filepath.Abs("../build/igauth")
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"dev", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0", "--data", t.TempDir()}, args...)
	cmd := exec.Command(binary, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make build/igauth first", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("igauth dev: %v", err)
		}
	})
	var s devServer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		for label, to := range map[string]*string{"Home page": &s.url, "Simulator": &s.sim, "API key": &s.key} {
			if value, ok := strings.CutPrefix(line, label); ok {
				*to = strings.TrimSuffix(strings.TrimSpace(value), "/")
			}
		}
		if strings.HasPrefix(line, "Stop with") {
			go func() { // keep the pipe empty
				for lines.Scan() {
				}
			}()
			resp, err := http.Get(s.url + "/healthz")
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("healthz: %v, %v", resp, err)
			}
			_ = resp.Body.Close()
			return s
		}
	}
	t.Fatal("igauth dev did not become ready")
	return s
}

// A tab is a page with cookies of its own: another person's browser.
type tab struct {
	t    *testing.T
	ctx  context.Context
	name string // of its window
}

func newTab(t *testing.T, window int, language string) tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // tests run as root in containers
		chromedp.Flag("force-color-profile", "srgb"),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancelTime := context.WithTimeout(ctx, 60*time.Second)
	t.Cleanup(cancelTime)
	w := windows[window]
	if err := chromedp.Run(ctx,
		emulation.SetDeviceMetricsOverride(w.width, w.height, 2, w.mobile),
		network.Enable(),
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": language}),
	); err != nil {
		t.Fatalf("%v: is Chromium installed (apt-get install chromium)?", err)
	}
	return tab{t, ctx, w.name}
}

func (b tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b tab) open(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url))
}

// click clicks on an element and waits for the page that follows.
func (b tab) click(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery)); err != nil {
		b.t.Fatalf("clicking on %s: %v", selector, err)
	}
}

// choose marks a test account in the consent window.
func (b tab) choose(account string) {
	b.t.Helper()
	b.run(chromedp.Click(fmt.Sprintf(`input[name=account][value=%q]`, account), chromedp.ByQuery))
}

func (b tab) location() string {
	b.t.Helper()
	var location string
	b.run(chromedp.Location(&location))
	return location
}

func (b tab) text() string {
	b.t.Helper()
	var text string
	b.run(chromedp.Text("body", &text, chromedp.ByQuery))
	return text
}

// sees asserts what a person reads.
func (b tab) sees(words string) {
	b.t.Helper()
	if text := b.text(); !strings.Contains(text, words) {
		b.t.Errorf("want %q at %s, got:\n%s", words, b.location(), text)
	}
}

// reaches waits for what a person reads on a page that comes by itself.
func (b tab) reaches(words string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.WaitVisible(fmt.Sprintf(`//body[contains(., %q)]`, words), chromedp.BySearch)); err != nil {
		b.t.Fatalf("waiting for %q at %s: %v", words, b.location(), err)
	}
}

// shoot takes a picture, and asserts that nothing sticks out of the window.
func (b tab) shoot(name string) {
	b.t.Helper()
	var overflow int
	var picture []byte
	b.run(
		chromedp.Evaluate(`document.documentElement.scrollWidth - window.innerWidth`, &overflow),
		chromedp.FullScreenshot(&picture, 90),
	)
	if overflow > 0 {
		b.t.Errorf("%s on a %s is %d pixels too wide", name, b.name, overflow)
	}
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(screenshots, fmt.Sprintf("%s-%s.jpg", name, b.name))
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

const (
	approve = `button[name=decision][value=approve]`
	deny    = `button[name=decision][value=deny]`
)

// eachWindow runs a journey in every window.
func eachWindow(t *testing.T, journey func(t *testing.T, window int)) {
	t.Helper()
	for i, window := range windows {
		t.Run(window.name, func(t *testing.T) { journey(t, i) })
	}
}

// A newcomer connects an account, sees it, and watches two years pass.
func TestBrowserConnect(t *testing.T) {
	eachWindow(t, func(t *testing.T, window int) {
		server := startDev(t)
		b := newTab(t, window, "en")
		b.open(server.url)
		b.sees("None yet")
		b.shoot("home-empty")
		b.click(`a.connect`)
		if !strings.HasPrefix(b.location(), server.sim+"/oauth/authorize") {
			t.Fatalf("got %s, want the consent window", b.location())
		}
		b.shoot("consent")
		b.click(approve)
		b.sees("Your Instagram account is connected")
		if got := b.location(); strings.Contains(got, "code=") || strings.Contains(got, "state=") {
			t.Errorf("the address bar shows %s", got)
		}
		b.shoot("connected")

		// Reloading shows the same page.
		b.run(chromedp.Reload())
		b.sees("Your Instagram account is connected")

		b.click(`a.home`)
		b.sees("maria.bakes")
		b.sees("active")
		b.shoot("home")
		for range 2 {
			b.click(`input[value="9490h"] + button`)
		}
		b.sees("active")
		b.sees("refreshed")
		b.shoot("home-two-years-later")
		b.click(`form[action="/dev/password"] button`)
		b.click(`input[value="24h"] + button`)
		b.sees("reauth_required")
		b.sees("password_changed")
		b.shoot("home-dead")
	})
}

// Meta is down for everybody: the page says that nobody has to do anything, and
// later that it is over. An account in doubt, and the events, are shown as well.
func TestBrowserIncident(t *testing.T) {
	eachWindow(t, func(t *testing.T, window int) {
		server := startDev(t)
		b := newTab(t, window, "en")
		for _, account := range []string{"maria.bakes", "studio_norte", "old.town.cafe"} {
			b.open(server.url + "/authorize")
			b.choose(account)
			b.click(approve)
		}
		b.open(server.url)
		b.click(`input[value="outage"] + button`)
		b.click(`input[value="24h"] + button`)
		b.click(`input[value="24h"] + button`)
		b.sees("Incident: Instagram does not answer")
		b.sees("nobody has to do anything for them")
		b.shoot("home-incident")
		b.click(`input[value="none"] + button`)
		b.click(`input[value="1h"] + button`)
		b.run(chromedp.Click(`details.event summary`, chromedp.ByQuery))
		b.sees(`"detail": "resolved"`)
		b.click(`form[action="/dev/password"] button`)
		for hour := 0; !strings.Contains(b.text(), "Meta said once that the token is dead"); hour++ {
			if hour > 30 {
				t.Fatal("no doubt showed in 30 hours")
			}
			b.click(`input[value="1h"] + button`)
		}
		b.shoot("home-doubt")
		b.click(`input[value="24h"] + button`)
		b.run(chromedp.Click(`#account-17841400000010111 details summary`, chromedp.ByQuery), chromedp.Click(`details.event summary`, chromedp.ByQuery))
		b.sees("Reauthorization Required")
		b.sees(`"reconnect_url"`)
		b.shoot("home-events")
	})
}

// A callback that is delivered twice in one browser connects once and answers
// twice.
func TestBrowserDoubleCallback(t *testing.T) {
	server := startDev(t)
	b := newTab(t, 0, "en")
	var callback string
	var mu sync.Mutex
	chromedp.ListenTarget(b.ctx, func(event any) {
		if request, ok := event.(*network.EventRequestWillBeSent); ok && strings.Contains(request.Request.URL, "/callback?") {
			mu.Lock()
			callback = request.Request.URL
			mu.Unlock()
		}
	})
	b.open(server.url + "/authorize")
	b.click(approve)
	b.sees("Your Instagram account is connected")
	mu.Lock()
	again := callback
	mu.Unlock()
	if again == "" {
		t.Fatal("the callback was not seen")
	}
	b.open(again)
	b.sees("Your Instagram account is connected")

	t.Run("another browser is refused", func(t *testing.T) {
		other := newTab(t, 0, "es-ES,es;q=0.9")
		other.open(again)
		other.sees("Continúa en este navegador")
		other.shoot("other-browser")
		// It can start again by itself.
		other.click(`a.again`)
		other.click(approve)
		other.sees("Tu cuenta de Instagram está conectada")
		other.shoot("connected-spanish")
	})
}

func TestBrowserDenied(t *testing.T) {
	eachWindow(t, func(t *testing.T, window int) {
		server := startDev(t)
		b := newTab(t, window, "en")
		b.open(server.url + "/authorize")
		b.click(deny)
		b.sees("Instagram was not connected")
		b.shoot("denied")
		b.click(`a.again`)
		b.click(approve)
		b.sees("Your Instagram account is connected")
	})
}

// What goes wrong is said in words, on a page that works on a phone.
func TestBrowserErrors(t *testing.T) {
	server := startDev(t)
	eachWindow(t, func(t *testing.T, window int) {
		b := newTab(t, window, "en")
		b.open(server.url + "/authorize?return_to=" + url.QueryEscape("https://evil.example/"))
		b.sees("This link is not set up correctly")
		b.shoot("error-return-url")

		b.open(server.url + "/callback?state=nonsense&code=x")
		b.sees("does not belong to a connection you started")
		b.shoot("error-state")

		b.open(server.url + "/authorize")
		b.choose("juan.personal")
		b.click(approve)
		b.sees("professional")
		b.shoot("simulator-refuses-personal")

		b.open(server.url + "/authorize")
		b.choose("pending.tester")
		b.click(approve)
		b.sees("does not let this account connect yet")
		b.shoot("error-not-eligible")

		resp, err := http.PostForm(server.sim+"/_sim/fault", url.Values{"kind": {"outage"}, "endpoint": {"code"}})
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		b.open(server.url + "/authorize")
		b.click(approve)
		b.sees("We could not finish the connection")
		b.shoot("error-meta-down")
		if resp, err := http.PostForm(server.sim+"/_sim/fault", url.Values{"kind": {"none"}}); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
	})
}

// Who opens a reconnect link and signs in as somebody else is told both names,
// and gets it right with a click.
func TestBrowserWrongAccount(t *testing.T) {
	for language, words := range map[string]struct{ wrong, connected, old string }{
		"en": {"That was another Instagram account", "Your Instagram account is connected", "This link cannot be used"},
		"es": {"Esa era otra cuenta de Instagram", "Tu cuenta de Instagram está conectada", "Este enlace no se puede usar"},
	} {
		t.Run(language, func(t *testing.T) {
			eachWindow(t, func(t *testing.T, window int) {
				server := startDev(t)
				b := newTab(t, window, language)
				b.open(server.url + "/authorize")
				b.click(approve)
				b.open(server.url)
				b.click(`form[action="/dev/disconnect"] button`)
				b.shoot("home-reconnect-link-" + language)
				b.click(`a.reconnect`)
				b.choose("old.town.cafe")
				b.click(approve)
				b.sees(words.wrong)
				b.sees("@maria.bakes")
				b.sees("@old.town.cafe")
				b.shoot("error-wrong-account-" + language)
				b.click(`a.again`)
				if !strings.Contains(b.location(), "force_reauth=true") {
					t.Errorf("got %s, want a question for the account", b.location())
				}
				b.choose("maria.bakes")
				b.click(approve)
				b.sees(words.connected)
				b.open(server.url)
				b.sees("reconnected")

				b.open(server.url + "/authorize?reconnect=damaged")
				b.sees(words.old)
				b.shoot("error-reconnect-link-" + language)
			})
		})
	}
}

// Who has several accounts behind their Facebook login chooses one, on a page that
// works without scripts and on a phone.
func TestBrowserFacebookChoice(t *testing.T) {
	for language, words := range map[string]struct{ choose, none, connected string }{
		"en": {"Which account do you want to connect?", "Your Facebook login has no Page", "Your Instagram account is connected"},
		"es": {"¿Qué cuenta quieres conectar?", "Tu cuenta de Facebook no tiene ninguna página", "Tu cuenta de Instagram está conectada"},
	} {
		t.Run(language, func(t *testing.T) {
			eachWindow(t, func(t *testing.T, window int) {
				server := startDev(t)
				b := newTab(t, window, language)
				b.open(server.url)
				b.click(`a.connect.second`)
				if !strings.HasPrefix(b.location(), server.sim+"/v") {
					t.Fatalf("got %s, want Facebook's dialog", b.location())
				}
				b.choose("leo.agency")
				b.shoot("facebook-dialog")
				b.click(approve)
				b.sees(words.choose)
				b.sees("@casa.verde")
				b.sees("Old Town Café & Bar")
				b.shoot("choose-account-" + language)
				page := b.location()
				b.choose("17841400000060661")
				b.shoot("choose-account-chosen-" + language)
				b.click(`main button`)
				b.reaches(words.connected)

				// The page leads to the same end from now on.
				b.open(page)
				b.sees(words.connected)
				b.open(server.url)
				b.sees("casa.verde")
				if strings.Contains(b.text(), "studio_norte") {
					t.Error("another account is connected")
				}

				b.open(server.url + "/authorize?login=facebook")
				b.choose("nora.none")
				b.click(approve)
				b.sees(words.none)
				b.shoot("error-no-page-" + language)
				b.click(`a.again`)
				if !strings.HasPrefix(b.location(), server.sim+"/v") {
					t.Errorf("got %s, want Facebook's dialog again", b.location())
				}
			})
		})
	}
}

// Browsers hold the policy of a page with a form against every redirect that
// follows the form. The visitor gets to the site all the same, and to where the site
// sends them next.
func TestBrowserChoiceReturnsToTheSite(t *testing.T) {
	next := startSite(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, next+"/account?"+r.URL.RawQuery, http.StatusFound)
	}))
	defer site.Close()
	server := startDev(t, "--return-url", site.URL+"/connected")
	b := newTab(t, 0, "en")
	b.open(server.url + "/authorize?login=facebook")
	b.choose("leo.agency")
	b.click(approve)
	page := b.location()
	b.choose("17841400000020223")
	b.click(`main button`)
	b.reaches("status=connected")
	b.open(page)
	b.sees("status=connected")
}

// A visitor returns to the site with a claim, which its backend redeems.
func TestBrowserReturnsToTheSite(t *testing.T) {
	site := startSite(t)
	server := startDev(t, "--return-url", site+"/connected")
	b := newTab(t, 1, "en")
	b.open(server.url + "/authorize")
	b.click(approve)
	b.sees("status=connected")
	location, err := url.Parse(b.location())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{http.StatusOK, http.StatusNotFound} {
		resp, err := http.Get(server.url + "/claims/" + location.Query().Get("claim"))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("claim, time %d: got status %d, want %d", i+1, resp.StatusCode, want)
		}
	}
	b.open(server.url + "/authorize?return_to=" + url.QueryEscape(site+"/connected"))
	b.click(deny)
	b.sees("status=denied")
}

// startSite serves a website to which visitors return, and which shows what it is
// told.
func startSite(t *testing.T) string {
	t.Helper()
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if referrer := r.Referer(); strings.Contains(referrer, "code=") || strings.Contains(referrer, "state=") {
			t.Errorf("the site is told %s", referrer)
		}
		_, _ = fmt.Fprintf(w, "the site sees %s", r.URL.RawQuery)
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = site.Listener.Close()
	site.Listener = listener
	site.Start()
	t.Cleanup(site.Close)
	return site.URL
}
