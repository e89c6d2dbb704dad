package igsim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The kinds of account, spelled as the live API spells them; Meta's page writes
// Business and Media_Creator.
// https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
const (
	accountBusiness = "BUSINESS"
	accountCreator  = "MEDIA_CREATOR"
	accountPersonal = "PERSONAL"
)

// maxRefreshes bounds the history of one person, about fourteen years of daily
// refreshes, so that neither memory nor the state file grows for ever.
const maxRefreshes = 5000

// A Person is one of the simulator's test accounts.
//
// The three ids are the source of much confusion: UserID is what /me calls
// user_id and webhooks call id; AppScopedID is what /me calls id and the code
// exchange calls user_id. Both have 17 digits and do not survive a float64.
type Person struct {
	Username    string `json:"username"`
	UserID      string `json:"user_id"`       // the professional account's id, 17841…
	AppScopedID string `json:"app_scoped_id"` // the same person as this one app sees them
	Name        string `json:"name"`
	AccountType string `json:"account_type"` // BUSINESS, MEDIA_CREATOR or PERSONAL
	// PendingTester reports whether the person has not accepted the app's tester
	// invitation: consent works, but the exchange to a long-lived token answers
	// code 100, "Unsupported request - method type: get".
	PendingTester bool `json:"pending_tester,omitempty"`
}

// professional reports whether Instagram Login serves the account.
func (p Person) professional() bool { return p.AccountType != accountPersonal }

// person is a Person with what happened to it.
type person struct {
	Person
	refreshes []time.Time
}

// testPeople returns the accounts every simulator starts with. The ids are made
// up and odd, so that a client which reads them as float64 gets other ones.
func testPeople() []*person {
	return []*person{
		{Person: Person{Username: "maria.bakes", UserID: "17841400000010111", AppScopedID: "38281000000004703", Name: "Maria's Bakery", AccountType: accountBusiness}},
		{Person: Person{Username: "studio_norte", UserID: "17841400000020223", AppScopedID: "27310000000051927", Name: "Studio Norte ☀", AccountType: accountCreator}},
		{Person: Person{Username: "old.town.cafe", UserID: "17841400000030337", AppScopedID: "31950000000070309", Name: "Old Town Café & Bar", AccountType: accountBusiness}},
		{Person: Person{Username: "juan.personal", UserID: "17841400000040441", AppScopedID: "29440000000093113", Name: "Juan", AccountType: accountPersonal}},
		{Person: Person{Username: "pending.tester", UserID: "17841400000050559", AppScopedID: "33070000000011519", Name: "Pending Tester", AccountType: accountBusiness, PendingTester: true}},
	}
}

// person returns the account with that username, or nil. The caller holds s.mu.
func (s *Simulator) person(username string) *person {
	i := slices.IndexFunc(s.people, func(p *person) bool { return p.Username == username })
	if i < 0 {
		return nil
	}
	return s.people[i]
}

// People returns the test accounts, the consent window's default first.
func (s *Simulator) People() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	people := make([]Person, len(s.people))
	for i, p := range s.people {
		people[i] = p.Person
	}
	return people
}

// ChangePassword does what a password change at Instagram or Facebook does: every
// token of that person dies and is from now on refused with code 190, subcode 460. A new
// consent brings new tokens. It fails only for an unknown username.
// https://developers.facebook.com/docs/graph-api/guides/error-handling
func (s *Simulator) ChangePassword(username string) error {
	return s.killTokens(username, deadPassword)
}

// RemoveApp does what removing the app in the settings does: every token
// of that person dies and is from now on refused with code 190, subcode 458. With
// Behaviour.DeauthorizeOnRemove it then sends the callback, and returns once that
// is answered; a callback that fails is logged. It fails only for an unknown
// username.
// https://developers.facebook.com/docs/graph-api/guides/error-handling
func (s *Simulator) RemoveApp(username string) error {
	if err := s.killTokens(username, deadRemoved); err != nil {
		return err
	}
	if s.behaviourNow().DeauthorizeOnRemove && s.cfg.DeauthorizeURL != "" {
		if _, err := s.SendCallback(context.Background(), username, Deauthorize); err != nil {
			s.log.Error("callback not sent", "err", err)
		}
	}
	return nil
}

func (s *Simulator) killTokens(username, cause string) error {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch p := s.facebookPerson(username); {
	case s.person(username) != nil:
		s.kill(username, cause)
	case p != nil:
		s.killFacebook(p, cause)
	default:
		return unknownAccount(username)
	}
	s.save(now)
	return nil
}

// kill marks the living tokens of a person as dead. The caller holds s.mu.
func (s *Simulator) kill(username, cause string) {
	for _, t := range s.tokens {
		if t.Username == username && t.Dead == "" {
			t.Dead = cause
		}
	}
}

// SetAccountType changes what kind of account a person has: BUSINESS,
// MEDIA_CREATOR or PERSONAL, in any case. Tokens of a personal account are
// refused until it is professional again; what Meta does is not documented.
func (s *Simulator) SetAccountType(username, accountType string) error {
	kind := strings.ToUpper(accountType)
	if !slices.Contains([]string{accountBusiness, accountCreator, accountPersonal}, kind) {
		return fmt.Errorf("unknown account type %q: use BUSINESS, MEDIA_CREATOR or PERSONAL", accountType)
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(username)
	if p == nil {
		return unknownAccount(username)
	}
	p.AccountType = kind
	s.save(now)
	return nil
}

// Refreshes returns when each successful refresh of that person's tokens
// happened, oldest first: the last 5000 of them, nothing for an unknown
// username.
func (s *Simulator) Refreshes(username string) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(username)
	if p == nil {
		return nil
	}
	return slices.Clone(p.refreshes)
}

func (p *person) noteRefresh(now time.Time) {
	p.refreshes = append(p.refreshes, now)
	if extra := len(p.refreshes) - maxRefreshes; extra > 0 {
		p.refreshes = slices.Delete(p.refreshes, 0, extra)
	}
}

func unknownAccount(username string) error {
	return fmt.Errorf("no test account is called %q: see People", username)
}
