package igsim

import (
	"fmt"
	"slices"
	"time"
)

// dataAccessLife is how long after a person's last login an app sees their data,
// whatever the tokens say.
// https://developers.facebook.com/documentation/facebook-login/auth-vs-data
const dataAccessLife = 90 * 24 * time.Hour

// A FacebookPerson is one of the people who can log in with Facebook.
type FacebookPerson struct {
	// Username names the person to the controls and in the dialog. Facebook has
	// no such names.
	Username    string `json:"username"`
	AppScopedID string `json:"app_scoped_id"` // what /me calls id, and callbacks user_id
	Name        string `json:"name"`
	// Pages are the ids of the Pages on which the person has a role.
	Pages []string `json:"pages"`
}

// A FacebookPage is a Page, with or without an Instagram account.
type FacebookPage struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Portfolio says that a business portfolio owns the Page: it is hidden from
	// an app that was not granted business_management.
	Portfolio bool `json:"portfolio,omitempty"`
	// Instagram is the user_id of the linked professional account, "" for none.
	Instagram string `json:"instagram,omitempty"`
}

// An instagramAccount is what Facebook tells of a linked account.
type instagramAccount struct{ userID, username, name string }

// facebookPerson is a FacebookPerson with what happened to it.
type facebookPerson struct {
	FacebookPerson
	// granted and declined are permissions that the person was asked for, shown the
	// Pages chosen in the last consent. All belong to the person and the app, not to
	// a token.
	granted, declined, shown []string
	// dataAccessUntil is when the app stops to see the person's data.
	dataAccessUntil time.Time
}

// testFacebook returns the people and Pages every simulator starts with. Three
// of the accounts can also connect through Instagram Login.
func testFacebook() facebook {
	return facebook{
		codes:  map[string]*facebookCode{},
		tokens: map[string]*facebookToken{},
		pages: []*FacebookPage{
			{ID: "104857600012347", Name: "Maria's Bakery", Instagram: "17841400000010111"},
			{ID: "61550000000020129", Name: "Studio Norte", Instagram: "17841400000020223"},
			{ID: "61550000000030211", Name: "Old Town Café & Bar", Instagram: "17841400000030337"},
			{ID: "61550000000040387", Name: "Casa Verde", Instagram: "17841400000060661"},
			{ID: "61550000000050459", Name: "Ideas of Leo"},
			{ID: "61550000000060577", Name: "Harbor Gallery", Instagram: "17841400000070773", Portfolio: true},
			{ID: "61550000000070609", Name: "Tom's Garage"},
		},
		people: []*facebookPerson{
			{FacebookPerson: FacebookPerson{Username: "ana.one", AppScopedID: "10224000000010007", Name: "Ana Torres", Pages: []string{"104857600012347"}}},
			{FacebookPerson: FacebookPerson{Username: "leo.agency", AppScopedID: "122096000000020021", Name: "Leo Park", Pages: []string{"61550000000020129", "61550000000030211", "61550000000040387", "61550000000050459"}}},
			{FacebookPerson: FacebookPerson{Username: "nora.none", AppScopedID: "122096000000030033", Name: "Nora Lind", Pages: []string{}}},
			{FacebookPerson: FacebookPerson{Username: "ines.hidden", AppScopedID: "122096000000040041", Name: "Inés Vega", Pages: []string{"61550000000060577"}}},
			{FacebookPerson: FacebookPerson{Username: "tom.plain", AppScopedID: "122096000000050053", Name: "Tom Reyes", Pages: []string{"61550000000070609"}}},
		},
	}
}

// onlyFacebook are the linked accounts that nobody connects through Instagram
// Login.
var onlyFacebook = []instagramAccount{
	{"17841400000060661", "casa.verde", "Casa Verde"},
	{"17841400000070773", "harbor.gallery", "Harbor Gallery"},
}

// instagramOf returns the account with that user_id or username, if it is
// professional. A personal account has no link to a Page. The caller holds s.mu.
func (s *Simulator) instagramOf(name string) (instagramAccount, bool) {
	for _, a := range onlyFacebook {
		if name == a.userID || name == a.username {
			return a, true
		}
	}
	for _, p := range s.people {
		if (name == p.UserID || name == p.Username) && p.professional() {
			return instagramAccount{p.UserID, p.Username, p.Name}, true
		}
	}
	return instagramAccount{}, false
}

// facebookPerson returns the person with that username, or nil. The caller holds
// s.mu.
func (s *Simulator) facebookPerson(username string) *facebookPerson {
	i := slices.IndexFunc(s.fb.people, func(p *facebookPerson) bool { return p.Username == username })
	if i < 0 {
		return nil
	}
	return s.fb.people[i]
}

// page returns the Page with that id, or nil. The caller holds s.mu.
func (s *Simulator) page(id string) *FacebookPage {
	i := slices.IndexFunc(s.fb.pages, func(p *FacebookPage) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return s.fb.pages[i]
}

// FacebookPeople returns the people who can log in with Facebook, the dialog's
// default first.
func (s *Simulator) FacebookPeople() []FacebookPerson {
	s.mu.Lock()
	defer s.mu.Unlock()
	people := make([]FacebookPerson, len(s.fb.people))
	for i, p := range s.fb.people {
		people[i] = p.FacebookPerson
		people[i].Pages = slices.Clone(p.Pages)
	}
	return people
}

// FacebookPages returns the Pages.
func (s *Simulator) FacebookPages() []FacebookPage {
	s.mu.Lock()
	defer s.mu.Unlock()
	pages := make([]FacebookPage, len(s.fb.pages))
	for i, p := range s.fb.pages {
		pages[i] = *p
	}
	return pages
}

// change does something to a person and a Page, either of which may be left out
// with "", and keeps it.
func (s *Simulator) change(username, pageID string, do func(p *facebookPerson, page *FacebookPage, now time.Time) error) error {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p, page := s.facebookPerson(username), s.page(pageID)
	if username != "" && p == nil {
		return fmt.Errorf("nobody at Facebook is called %q: see FacebookPeople", username)
	}
	if pageID != "" && page == nil {
		return fmt.Errorf("no Page has the id %q: see FacebookPages", pageID)
	}
	if err := do(p, page, now); err != nil {
		return err
	}
	s.save(now)
	return nil
}

// SetRole gives a person a role on a Page, or takes it. Without it the Page is no
// longer listed, and the person's tokens of that Page die: code 190, subcode 492.
// https://developers.facebook.com/docs/graph-api/guides/error-handling
func (s *Simulator) SetRole(username, pageID string, has bool) error {
	if username == "" || pageID == "" {
		return fmt.Errorf("a role needs a person and a Page")
	}
	return s.change(username, pageID, func(p *facebookPerson, page *FacebookPage, _ time.Time) error {
		p.Pages = slices.DeleteFunc(p.Pages, func(id string) bool { return id == page.ID })
		if has {
			p.Pages = append(p.Pages, page.ID)
			return nil
		}
		for _, t := range s.fb.tokens {
			if t.Username == username && t.Page == page.ID && t.Dead == "" {
				t.Dead = deadRole
			}
		}
		return nil
	})
}

// LinkInstagram links an account, named by user_id or username, to a Page, or
// unlinks what is linked, with "". Of an account that is not linked, Facebook
// does not say that it exists.
func (s *Simulator) LinkInstagram(pageID, account string) error {
	if pageID == "" {
		return fmt.Errorf("a link needs a Page")
	}
	return s.change("", pageID, func(_ *facebookPerson, page *FacebookPage, _ time.Time) error {
		if account == "" {
			page.Instagram = ""
			return nil
		}
		a, ok := s.instagramOf(account)
		if !ok {
			return fmt.Errorf("no professional account is called %q", account)
		}
		page.Instagram = a.userID
		return nil
	})
}

// HidePage moves a Page into a business portfolio, where only business_management
// shows it, or out of one.
// https://github.com/fbsamples/reels_publishing_apis/pull/38
func (s *Simulator) HidePage(pageID string, hidden bool) error {
	if pageID == "" {
		return fmt.Errorf("hiding needs a Page")
	}
	return s.change("", pageID, func(_ *facebookPerson, page *FacebookPage, _ time.Time) error {
		page.Portfolio = hidden
		return nil
	})
}

// LapseDataAccess ends the app's access to a person's data now, as ninety days
// without a login do. Tokens stay valid, and calls with them are refused.
// https://developers.facebook.com/documentation/facebook-login/auth-vs-data
func (s *Simulator) LapseDataAccess(username string) error {
	if username == "" {
		return fmt.Errorf("data access needs a person")
	}
	return s.change(username, "", func(p *facebookPerson, _ *FacebookPage, now time.Time) error {
		p.dataAccessUntil = now
		return nil
	})
}

// A reach is what a token shows of its owner.
type reach struct {
	granted []string
	pages   []string // on which the owner has a role, and which were chosen
}

// reachOf returns what a token shows. A system user sees all Pages of the
// portfolio, which here are those of the person who installed it. The caller
// holds s.mu.
func (s *Simulator) reachOf(t *facebookToken) reach {
	p := s.facebookPerson(t.Username)
	if t.ofSystem() {
		return reach{granted: t.Scopes, pages: p.Pages}
	}
	r := reach{granted: p.granted}
	for _, id := range p.Pages {
		if slices.Contains(p.shown, id) {
			r.pages = append(r.pages, id)
		}
	}
	return r
}

func (r reach) has(permission string) bool { return slices.Contains(r.granted, permission) }

// sees reports whether the app sees a Page through the token.
func (r reach) sees(page *FacebookPage) bool {
	return slices.Contains(r.pages, page.ID) && r.has("pages_show_list") &&
		(!page.Portfolio || r.has("business_management"))
}
