package igauth_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

const (
	anaPage = "104857600012347"
	ana     = "ana.one"
)

// connectedByFacebook is an installation with ana's account.
func connectedByFacebook(t *testing.T, b igsim.Behaviour) *installation {
	t.Helper()
	p := facebookInstallation(t)
	b.Refresh = "new"
	p.must(p.SetBehaviour(b))
	p.visitor().walk("?login=facebook", ana, nil)
	if a := p.owned(mariaID); a.Login != igauth.LoginFacebook || !a.Status.Live() {
		t.Fatalf("got %+v", a)
	}
	return p
}

func (p *installation) owned(id igauth.AccountID) igauth.Account {
	p.t.Helper()
	a, err := p.store.Account(p.t.Context(), id)
	p.must(err)
	return a
}

// reaches reports whether what the backend gets reaches the account at Meta.
func (p *installation) reaches(id igauth.AccountID) bool {
	p.t.Helper()
	_, token, err := p.store.Token(p.t.Context(), id, 0)
	if err != nil {
		return false
	}
	_, err = p.meta.Profile(p.t.Context(), id, token.Value)
	return err == nil
}

func (p *installation) tells() map[igauth.EventType]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told
}

// A person's account is renewed for more than a year, where an exchange counts as a
// visit.
func TestJourneyOfFacebookRenewals(t *testing.T) {
	for _, extend := range []string{"same", "new"} {
		t.Run(extend, func(t *testing.T) {
			t.Parallel()
			p := connectedByFacebook(t, igsim.Behaviour{DataAccess: "exchange", Extend: extend})
			for day := range 400 {
				p.pass(days)
				if !p.reaches(mariaID) {
					t.Fatalf("day %d: %+v", day, p.owned(mariaID))
				}
			}
			told := p.tells()
			if a := p.owned(mariaID); a.Generation < 10 || a.Status != igauth.StatusActive || told[igauth.EventExpiring]+told[igauth.EventReauthRequired]+told[igauth.EventFailing] != 0 {
				t.Errorf("got generation %d, %s, told %v", a.Generation, a.Status, told)
			}
		})
	}
}

// Where only a login counts, the owner is warned and asked, and connects again.
func TestJourneyOfDataAccess(t *testing.T) {
	t.Parallel()
	p := connectedByFacebook(t, igsim.Behaviour{DataAccess: "login"})
	p.pass(75 * days)
	if told := p.tells(); told[igauth.EventExpiring] != 0 || !p.reaches(mariaID) {
		t.Errorf("on day 75: told %v", told)
	}
	p.pass(2 * days)
	if told := p.tells(); told[igauth.EventExpiring] != 1 {
		t.Errorf("on day 77: told %v", told)
	}
	p.pass(12 * days)
	if told := p.tells(); told[igauth.EventExpiring] != 1 || told[igauth.EventReauthRequired] != 0 || !p.reaches(mariaID) {
		t.Errorf("on day 89: told %v", told)
	}
	p.pass(2 * days)
	if a := p.owned(mariaID); a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != igauth.CodeDataAccessExpired {
		t.Errorf("on day 91: got %s, %s", a.Status, a.LastFailure.Code)
	}
	p.visitor().walk("?login=facebook", ana, nil)
	if a := p.owned(mariaID); a.Status != igauth.StatusActive || !p.reaches(mariaID) || a.DataAccessUntil.Sub(p.clock.Now()) < 89*days {
		t.Errorf("connected again: got %s until %s", a.Status, a.DataAccessUntil)
	}
}

// What ends an account at Facebook is told within a day.
func TestJourneyOfFacebookEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(p *installation) error
		code igauth.Code
	}{
		"role lost":         {func(p *installation) error { return p.SetRole(ana, anaPage, false) }, igauth.CodePageRoleLost},
		"data access ended": {func(p *installation) error { return p.LapseDataAccess(ana) }, igauth.CodeDataAccessExpired},
		"password changed":  {func(p *installation) error { return p.ChangePassword(ana) }, igauth.CodePasswordChanged},
		"app removed":       {func(p *installation) error { return p.RemoveApp(ana) }, igauth.CodeAppRemoved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := connectedByFacebook(t, igsim.Behaviour{})
			p.pass(20 * days)
			p.must(c.end(p))
			for range 26 {
				p.pass(time.Hour)
			}
			if a := p.owned(mariaID); a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != c.code || p.tells()[igauth.EventReauthRequired] != 1 {
				t.Errorf("got %s, %s, told %v", a.Status, a.LastFailure.Code, p.tells())
			}
		})
	}
}

// An account that was taken off its Page is told of, and goes on when it is back.
func TestJourneyOfAnUnlinkedAccount(t *testing.T) {
	t.Parallel()
	p := connectedByFacebook(t, igsim.Behaviour{})
	p.pass(3 * days)
	p.must(p.LinkInstagram(anaPage, ""))
	p.pass(2 * days)
	if a := p.owned(mariaID); a.Status != igauth.StatusActive || a.LastFailure.Class != igauth.ClassNeedsUser || p.tells()[igauth.EventFailing] == 0 {
		t.Errorf("got %s, %+v, told %v", a.Status, a.LastFailure, p.tells())
	}
	p.must(p.LinkInstagram(anaPage, string(mariaID)))
	p.pass(2 * days)
	if a := p.owned(mariaID); a.Status != igauth.StatusActive || a.LastFailure.Code != "" || !p.reaches(mariaID) {
		t.Errorf("linked again: got %s, %+v", a.Status, a.LastFailure)
	}
}

// Tokens of a system user, one that never ends and one of sixty days, are imported
// and live for more than a year; so does a person's.
func TestJourneyOfImportedFacebookTokens(t *testing.T) {
	for name, c := range map[string]struct {
		expires bool
		token   func(p *installation) (string, error)
	}{
		"never ends": {false, func(p *installation) (string, error) { return p.SystemUserToken("leo.agency", false) }},
		"sixty days": {true, func(p *installation) (string, error) { return p.SystemUserToken("leo.agency", true) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := facebookInstallation(t)
			text, err := c.token(p)
			p.must(err)
			_, err = p.refresher.Import(t.Context(), igauth.Import{Token: igauth.NewSecret(text)})
			if igauth.CodeOf(err) != igauth.CodeSeveralAccounts || !strings.Contains(err.Error(), string(townID)) || !strings.Contains(err.Error(), string(casaID)) {
				t.Fatalf("of several accounts: got %v", err)
			}
			a, err := p.refresher.Import(t.Context(), igauth.Import{Token: igauth.NewSecret(text), Account: string(casaID)})
			if err != nil || a.ID != casaID || a.ExpiresAt.IsZero() == c.expires || !a.DataAccessUntil.IsZero() {
				t.Fatalf("got %+v, %v", a, err)
			}
			person, err := p.ledger.Person(t.Context(), igauth.NewPersonID(igauth.LoginFacebook, a.AppScopedID))
			if err != nil || !slices.Contains(person.Accounts, casaID) {
				t.Errorf("the system user is not listed: %+v, %v", person, err)
			}
			for day := range 400 {
				p.pass(days)
				if !p.reaches(casaID) {
					t.Fatalf("day %d: %+v", day, p.owned(casaID))
				}
			}
			a = p.owned(casaID)
			if renewed := a.Generation > 1; a.Status != igauth.StatusActive || renewed != c.expires || p.tells()[igauth.EventExpiring] != 0 {
				t.Errorf("got %s, generation %d, told %v", a.Status, a.Generation, p.tells())
			}
		})
	}
}
