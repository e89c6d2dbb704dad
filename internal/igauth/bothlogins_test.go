package igauth_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// An account may come by one login and then by the other. It stays one account,
// and what happens in the login that it left does not touch it.
func TestAccountMovesBetweenTheLogins(t *testing.T) {
	p := facebookInstallation(t)
	listed := func(person igauth.PersonID) []igauth.AccountID {
		t.Helper()
		record, err := p.ledger.Person(t.Context(), person)
		p.must(err)
		return record.Accounts
	}
	remove := func(code, user string, logins ...igauth.Login) {
		t.Helper()
		p.clock.Advance(time.Minute)
		_, err := p.store.Remove(t.Context(), igauth.RemovalRequest{
			Kind: igauth.RemovalDeauthorize, Code: strings.Repeat(code, 40), UserID: user, Logins: logins, At: p.clock.Now(),
		})
		p.must(err)
		p.clock.Advance(time.Minute)
	}
	// What is signed with the Meta app's secret may be of either login.
	either := []igauth.Login{igauth.LoginFacebook, igauth.LoginInstagram}
	v := p.visitor()
	p.outcome(v.walk("", "studio_norte", nil), igauth.CodeConnected)
	first := p.row(studioID)
	if first.Login != igauth.LoginInstagram || igauth.NewPersonID(first.Login, first.AppScopedID) != first.ListedAs || len(listed(first.ListedAs)) != 1 {
		t.Fatalf("got %+v", first)
	}
	old := p.token("studio_norte")
	p.clock.Advance(time.Hour)
	p.outcome(v.choose(v.walk(viaFacebook, "leo.agency", nil), studioID).Header().Get("Location"), igauth.CodeConnected)
	second := p.row(studioID)
	if second.Login != igauth.LoginFacebook || second.PageID == "" || second.AppScopedID == first.AppScopedID || second.ListedAs != leoPerson ||
		second.Generation != first.Generation+1 || !second.ConnectedAt.After(first.ConnectedAt) || second.DataAccessUntil.IsZero() {
		t.Fatalf("got %+v", second)
	}
	if got := listed(leoPerson); !slices.Equal(got, []igauth.AccountID{studioID}) {
		t.Errorf("the person has %v", got)
	}
	if now := p.token("studio_norte"); now == old || !strings.HasPrefix(now, "EAA") {
		t.Error("the token is the old one")
	}
	remove("a", first.AppScopedID, igauth.LoginInstagram)
	remove("b", first.AppScopedID, either...)
	if a := p.row(studioID); a.Status != igauth.StatusActive || a.Generation != second.Generation {
		t.Fatalf("the login that was left ended the account: %s", a.Status)
	}
	p.outcome(v.walk("", "studio_norte", nil), igauth.CodeConnected)
	third := p.row(studioID)
	if third.Login != igauth.LoginInstagram || third.PageID != "" || third.AppScopedID != first.AppScopedID || !third.DataAccessUntil.IsZero() || third.Generation != second.Generation+1 {
		t.Fatalf("got %+v", third)
	}
	if !strings.HasPrefix(p.token("studio_norte"), "IGAA") {
		t.Error("the token is Facebook's")
	}
	remove("c", second.AppScopedID, either...)
	if a := p.row(studioID); a.Status != igauth.StatusActive {
		t.Fatalf("the login that was left ended the account: %s", a.Status)
	}
	remove("d", first.AppScopedID, either...)
	if a := p.row(studioID); a.Status != igauth.StatusDisconnected {
		t.Fatalf("the login of the account does not end it: %s", a.Status)
	}
}

// A code of one login is worth nothing in a flow of the other.
func TestCodeOfTheOtherLogin(t *testing.T) {
	p := facebookInstallation(t)
	code := func(v *visitor, query, person string) (state, code string) {
		t.Helper()
		back, err := url.Parse(v.consent(v.dialog(query), person, nil))
		p.must(err)
		return url.QueryEscape(back.Query().Get("state")), url.QueryEscape(back.Query().Get("code"))
	}
	v := p.visitor()
	fbState, fbCode := code(v, viaFacebook, "ana.one")
	igState, igCode := code(v, "", "maria.bakes")
	for _, target := range []string{"/callback?state=" + fbState + "&code=" + igCode, "/callback?state=" + igState + "&code=" + fbCode} {
		w := v.get(target)
		location := w.Header().Get("Location")
		if refused := strings.Contains(location, "outcome=code_invalid") || strings.Contains(location, "outcome=meta_refused"); w.Code != http.StatusSeeOther || !refused {
			t.Errorf("got status %d, location %q", w.Code, location)
		}
	}
	if len(p.accountsNow()) != 0 {
		t.Errorf("got accounts %v", p.accountsNow())
	}
}
