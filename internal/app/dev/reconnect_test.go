package dev_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/dev"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// link asks the API for the reconnect link of an account, and returns its query.
func (w *world) link(id igauth.AccountID) string {
	w.t.Helper()
	_, body := w.get(w.server.URL() + "/accounts/" + string(id) + "/reconnect")
	var link igauth.LinkView
	if err := json.Unmarshal([]byte(body), &link); err != nil {
		w.t.Fatalf("%v\n%s", err, body)
	}
	query, ok := strings.CutPrefix(link.URL, w.server.URL()+"/authorize")
	if !ok {
		w.t.Fatalf("got link %s", link.URL)
	}
	return query
}

// The owner of a dead account gets a link, signs in as somebody else first, is
// told so by name, and connects the right account with one more click.
func TestDeadAccountIsReconnectedByItsLink(t *testing.T) {
	const person, other = "maria.bakes", "old.town.cafe"
	dir := t.TempDir()
	w := open(t, dev.Options{Data: dir})
	approve := func(query, account string, scopes ...string) string {
		t.Helper()
		resp, body := w.get(w.consent(query, url.Values{"decision": {"approve"}, "account": {account}, "scope": scopes}))
		if resp.StatusCode != http.StatusSeeOther {
			t.Fatalf("callback: got status %d\n%s", resp.StatusCode, body)
		}
		return resp.Header.Get("Location")
	}
	const comments = "instagram_business_manage_comments"
	approve("?scope="+comments, person, igauth.ScopeBasic, comments)
	id := w.account(person).ID
	w.control("password", url.Values{"account": {person}})
	w.advance(48 * time.Hour)
	if resp, err := w.browser.PostForm(w.server.URL()+"/dev/refresh", url.Values{"id": {string(id)}}); err != nil {
		t.Fatal(err)
	} else {
		w.read(resp)
	}
	dead := w.account(person)
	if dead.Status != igauth.StatusReauthRequired {
		t.Fatalf("got status %s", dead.Status)
	}

	query := w.link(id)
	if _, home := w.get(w.server.URL()); !strings.Contains(home, `class="reconnect" href="`+w.server.URL()+`/authorize?reconnect=`) {
		t.Errorf("the home page has no link:\n%s", home)
	}
	folder, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if got := folder.Record.PublicURL; got != w.server.URL() {
		t.Errorf("the folder says that the server is at %q, want %s", got, w.server.URL())
	}

	refused := approve(query, other, igauth.ScopeBasic)
	if !strings.HasPrefix(refused, "/callback/result?") {
		t.Fatalf("got location %s", refused)
	}
	resp, page := w.get(w.server.URL() + refused)
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(page, "@"+person) || !strings.Contains(page, "@"+other) {
		t.Errorf("got status %d\n%s", resp.StatusCode, page)
	}
	if accounts := w.accounts(); len(accounts) != 1 || !reflect.DeepEqual(accounts[0], dead) {
		t.Errorf("something has changed: %+v", accounts)
	}

	_, rest, _ := strings.Cut(page, `class="again" href="/authorize`)
	again, _, _ := strings.Cut(rest, `"`)
	if location := approve(htmlText(again), person, igauth.ScopeBasic, comments); location != "/callback/result?outcome=connected" {
		t.Fatalf("the second try: got location %s", location)
	}
	alive := w.account(person)
	if alive.Status != igauth.StatusActive || alive.ID != id || len(alive.History) != len(dead.History)+1 || !reflect.DeepEqual(alive.Scopes, dead.Scopes) {
		t.Errorf("got %+v after %+v", alive, dead)
	}
	if status, token := w.token(id); status != http.StatusOK || !w.alive(token) {
		t.Errorf("got status %d, want a live token", status)
	}
	if strings.Contains(w.log.String(), strings.TrimPrefix(query, "?reconnect=")) {
		t.Error("the link is in the log")
	}
	if _, home := w.get(w.server.URL()); strings.Contains(home, `class="reconnect"`) {
		t.Error("a live account has a link on the home page")
	}
}
