package crash_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"igauth/internal/igauth"
)

// A visitor is a person with a browser.
type visitor struct {
	w       *world
	cookies map[string]string
	// page is where the visitor has to choose an account, once that was asked.
	page *url.URL
}

// click follows the link to connect, consents at Meta, and returns the address to
// which Meta sends the visitor back.
func (v *visitor) click() *url.URL {
	v.page = nil
	link := origin + "/authorize"
	if v.w.viaFacebook {
		link += "?login=facebook"
	}
	p := v.w.process("authorize", apiLife)
	h := must(igauth.NewAuthorizeHandler(p.front(), v.w.instagram()))
	resp, _ := p.serve(h, httptest.NewRequest(http.MethodGet, link, nil))
	v.keep(resp)
	return v.w.consent(must(url.Parse(resp.Header.Get("Location"))))
}

func (v *visitor) keep(resp *http.Response) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	for _, c := range resp.Cookies() {
		v.cookies[c.Name] = c.Value
		v.w.secrets[c.Value] = "a cookie"
	}
}

// What a visitor sees.
type sight int

const (
	seesNothing sight = iota // no answer, or one that says to come again later
	seesWait                 // the page reloads itself
	seesChoice               // there are several accounts to choose from
	seesFailed               // the page, or the site, says to try again
	seesConnected
)

// load loads the callback, or loads it again.
func (v *visitor) load(back *url.URL) sight {
	return v.show(v.open(v.w.process("callback", callbackLife), back))
}

// open has a process answer the visitor's request.
func (v *visitor) open(p *process, back *url.URL) *http.Response {
	return v.send(p, httptest.NewRequest(http.MethodGet, back.String(), nil))
}

// send has a process answer a request of the visitor's browser.
func (v *visitor) send(p *process, r *http.Request) *http.Response {
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, ok := p.callback(r)
	if !ok {
		return nil
	}
	return resp
}

// show reads an answer. When it says that the account is connected, the site's
// backend redeems the claim and reads the token.
func (v *visitor) show(resp *http.Response) sight {
	switch {
	case resp == nil, resp.StatusCode >= http.StatusInternalServerError:
		return seesNothing
	case resp.Header.Get("Refresh") != "":
		return seesWait
	case resp.StatusCode == http.StatusOK:
		return v.showChoice(resp)
	case resp.StatusCode != http.StatusSeeOther:
		return seesFailed
	}
	site := must(url.Parse(resp.Header.Get("Location")))
	if site.Path == choosePath {
		v.w.mu.Lock()
		defer v.w.mu.Unlock()
		v.page = site
		return seesChoice
	}
	if site.Query().Get("status") != "connected" {
		return seesFailed
	}
	claim := site.Query().Get("claim")
	v.w.mu.Lock()
	redeemed := v.w.secrets[claim] != ""
	v.w.secrets[claim] = "a claim"
	v.w.mu.Unlock()
	if redeemed || v.w.scenario.takesAway() {
		return seesConnected
	}
	if a, err := v.w.observer.Redeem(context.Background(), igauth.NewSecret(claim)); err != nil || a.ID != personID {
		v.w.problem("the visitor was told that the account is connected, and the claim is not redeemed: %s, %v", a.ID, err)
	}
	v.w.checkLive("the visitor was told that the account is connected")
	return seesConnected
}

// patience is how long a visitor goes on reloading: until the flow expires, and
// a bit.
const patience = igauth.FlowLifetime + 2*time.Minute

// insist reloads the callback until it says how the flow ended, and returns
// whether the account is connected.
func (v *visitor) insist(back *url.URL) bool {
	began := time.Now()
	for time.Since(began) < patience {
		switch v.load(v.next(back)) {
		case seesConnected:
			return true
		case seesFailed:
			v.w.told = max(v.w.told, time.Since(began))
			return false
		case seesChoice:
			v.show(v.send(v.w.process("choice", callbackLife), v.chosen()))
			time.Sleep(2 * time.Second)
		case seesWait:
			time.Sleep(2 * time.Second)
		case seesNothing:
			time.Sleep(5 * time.Second)
		}
	}
	v.w.problem("the visitor was never told how the flow ended")
	return false
}

// again clicks once more, which must connect the account. Each fault may spoil
// one click.
func (v *visitor) again() {
	for range 1 + len(v.w.faults) {
		if v.insist(v.click()) {
			return
		}
	}
	v.w.problem("the visitor clicked again and again, and the account is not connected")
}
