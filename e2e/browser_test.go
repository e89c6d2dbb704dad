package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

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
