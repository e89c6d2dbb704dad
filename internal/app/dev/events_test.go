package dev_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/dev"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// An event as the home page lists it.
type listed struct {
	kind, whom string
	body       igauth.MessageBody
}

var listedEvent = regexp.MustCompile(`(?s)<details class="event"><summary><b>([^<]+)</b>([^<]*)<span.*?<pre>(.*?)</pre>`)

// events reads the list of the home page, newest first.
func (w *world) events() []listed {
	w.t.Helper()
	var events []listed
	for _, found := range listedEvent.FindAllStringSubmatch(w.home(), -1) {
		e := listed{kind: found[1], whom: strings.TrimSpace(found[2])}
		if err := json.Unmarshal([]byte(html.UnescapeString(found[3])), &e.body); err != nil {
			w.t.Fatalf("%s: %v", found[1], err)
		}
		events = append(events, e)
	}
	return events
}

func (w *world) home() string {
	w.t.Helper()
	resp, page := w.get(w.server.URL() + "/")
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("home: got status %d", resp.StatusCode)
	}
	return page
}

// press presses a button of the home page.
func (w *world) press(what string, form url.Values) {
	w.t.Helper()
	resp, err := w.browser.PostForm(w.server.URL()+"/dev/"+what, form)
	if err != nil {
		w.t.Fatal(err)
	}
	if resp, body := w.read(resp); resp.StatusCode != http.StatusSeeOther {
		w.t.Fatalf("%s %v: got status %d\n%s", what, form, resp.StatusCode, body)
	}
}

// What happens to an account is sent at once, once, and in order, and stands on the
// home page; the link that repairs it is among it, and not in the log.
func TestEventsAreSentAndListed(t *testing.T) {
	w := open(t, dev.Options{})
	if page := w.home(); !strings.Contains(page, "None since the server was started") {
		t.Error("an empty list says nothing")
	}
	w.connect("maria.bakes")
	id := w.account("maria.bakes").ID
	if events := w.events(); len(events) != 1 || events[0].kind != "Account Connected" || events[0].body.AccountID != id {
		t.Fatalf("after connecting: got %+v", events)
	}
	w.press("advance", url.Values{"by": {"840h"}}) // 35 days
	w.press("password", url.Values{"id": {string(w.account("maria.bakes").ID)}})
	w.press("advance", url.Values{"by": {"48h"}})
	w.press("disconnect", url.Values{"id": {string(id)}})

	var kinds []string
	ids := map[string]bool{}
	for _, e := range w.events() {
		kinds = append(kinds, e.kind)
		ids[e.body.ID] = true
		if e.body.AccountID != id || e.whom != "maria.bakes" {
			t.Errorf("%s is of %q, %s", e.kind, e.whom, e.body.AccountID)
		}
		if repairs := e.kind == "Reauthorization Required"; repairs != strings.HasPrefix(e.body.ReconnectURL, w.server.URL()+"/authorize?reconnect=") {
			t.Errorf("%s: got the link %q", e.kind, e.body.ReconnectURL)
		}
	}
	want := "Account Disconnected, Reauthorization Required, Token Refreshed, Account Connected"
	if got := strings.Join(kinds, ", "); got != want || len(ids) != 4 {
		t.Errorf("got %s with %d ids, want %s", got, len(ids), want)
	}
	if n := strings.Count(w.log.String(), `msg="event sent"`); n != 4 || strings.Contains(w.log.String(), "reconnect=") {
		t.Errorf("got %d lines in the log, want 4 without a link:\n%s", n, w.log)
	}
}

// The list is bounded, however long the clock is moved.
func TestEventsAreForgotten(t *testing.T) {
	policy, err := igauth.ParsePolicy("refresh_at=0.05 jitter=0.01 probe_every=0")
	if err != nil {
		t.Fatal(err)
	}
	w := open(t, dev.Options{Policy: policy}) // refreshes every three days
	for _, account := range []string{"maria.bakes", "studio_norte", "old.town.cafe"} {
		w.connect(account)
	}
	w.advance(70 * 24 * time.Hour)
	events := w.events()
	if len(events) != 50 {
		t.Errorf("got %d events, want the last 50", len(events))
	}
	for i, e := range events {
		if i > 0 && e.body.At.After(events[i-1].body.At) {
			t.Fatalf("%s stands after %s", e.body.At, events[i-1].body.At)
		}
	}
}

// Meta is down: one incident shows, nothing happens to the accounts, and it heals by
// itself.
func TestIncidentShowsAndHeals(t *testing.T) {
	w := open(t, dev.Options{})
	people := []string{"maria.bakes", "studio_norte", "old.town.cafe"}
	for _, account := range people {
		w.connect(account)
	}
	w.press("fault", url.Values{"kind": {"outage"}})
	w.press("advance", url.Values{"by": {"72h"}})
	page := w.home()
	for _, want := range []string{"Incident: Instagram does not answer", "nobody has to do anything for them", "One account is tried in every run", "when the incident is over"} {
		if !strings.Contains(page, want) {
			t.Errorf("the home page does not say %q", want)
		}
	}
	for _, account := range people {
		if a := w.account(account); a.Status != igauth.StatusActive || a.Failures != 0 || a.Doubt != nil {
			t.Errorf("%s: got status %s, %d failures, doubt %v", account, a.Status, a.Failures, a.Doubt)
		}
	}
	states := func() (states []string) {
		for _, e := range w.events() {
			if e.kind == "App Incident" {
				states = append(states, e.body.Detail)
			} else if e.kind != "Account Connected" {
				t.Errorf("an outage tells %s", e.kind)
			}
		}
		return states
	}
	if got := states(); len(got) != 1 || got[0] != "open" {
		t.Errorf("got incidents %v, want one that is open", got)
	}

	w.press("fault", url.Values{"kind": {"none"}})
	w.press("advance", url.Values{"by": {"1h"}})
	if page := w.home(); strings.Contains(page, "Incident:") || strings.Contains(page, "an incident is open") {
		t.Error("the incident still shows")
	}
	if got := states(); len(got) != 2 || got[0] != "resolved" {
		t.Errorf("got incidents %v, want it resolved", got)
	}
}

// The faults that the page offers for all accounts show as incidents, whose words
// are for the person who can help.
func TestFaultsForAllAreIncidents(t *testing.T) {
	for kind, says := range map[string]string{
		"rate_limit":   "Incident: ",
		"http429":      "Incident: Meta&#39;s rate limit was reached",
		"app_disabled": "Incident: Meta does not know the app id",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := open(t, dev.Options{})
			for _, account := range []string{"maria.bakes", "studio_norte", "old.town.cafe"} {
				w.connect(account)
			}
			w.press("fault", url.Values{"kind": {kind}})
			for range 30 {
				w.press("advance", url.Values{"by": {"1h"}})
				if strings.Contains(w.home(), says) {
					return
				}
			}
			t.Errorf("the home page never says %q", says)
		})
	}
}

// Between Meta's first word that a token is dead and the second the page says so.
func TestDoubtShows(t *testing.T) {
	w := open(t, dev.Options{})
	w.connect("maria.bakes")
	w.connect("studio_norte") // by whom Meta is believed
	w.press("password", url.Values{"id": {string(w.account("maria.bakes").ID)}})
	for hour := 0; !strings.Contains(w.home(), "Meta said once that the token is dead"); hour++ {
		if hour > 30 {
			t.Fatal("no doubt showed in 30 hours")
		}
		w.press("advance", url.Values{"by": {"1h"}})
	}
	a := w.account("maria.bakes")
	page := w.home()
	said := strings.Contains(page, "It is asked again at "+a.NextAt.UTC().Format("2 Jan 2006, 15:04")) ||
		strings.Contains(page, "It is asked again in the next run") // its time has come meanwhile
	if a.Doubt == nil || !said {
		t.Errorf("when it is asked again (%s) is not said", a.NextAt)
	}
	if w.account("studio_norte").Doubt != nil {
		t.Error("the other account is doubted, too")
	}
	w.press("advance", url.Values{"by": {"1h"}})
	if page := w.home(); strings.Contains(page, "Meta said once") || !strings.Contains(page, "must connect it again") {
		t.Error("the second word is not shown")
	}
}

// The policy of the flag is in force, on the page, and for the command that works on
// the same folder.
func TestPolicyOfTheServer(t *testing.T) {
	policy, err := igauth.ParsePolicy("refresh_at=0.2 jitter=0.01 probe_every=0")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := open(t, dev.Options{Policy: policy, Data: dir})
	w.connect("maria.bakes")
	a := w.account("maria.bakes")
	if age := a.RefreshAt.Sub(a.IssuedAt).Hours() / 24; age < 11.3 || age > 12.7 || a.NextAction != igauth.ActionRefresh {
		t.Errorf("got a refresh after %.1f days, next %s", age, a.NextAction)
	}
	if page := w.home(); !strings.Contains(page, "refresh_at=0.2 jitter=0.01") || !strings.Contains(page, "for 47 days") {
		t.Error("the home page does not show the policy")
	}
	folder, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if kept, err := folder.Policy(); err != nil || kept != policy {
		t.Errorf("the folder keeps %s, %v", kept, err)
	}
}
