package igauth_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
)

const graphAppID = "1234567890123456"

// fakeGraph is Meta behind Facebook Login: persons with Pages, who come by now
// and then, and the tokens that they gave.
type fakeGraph struct {
	now func() time.Time

	mu     sync.Mutex
	tokens map[string]*graphToken
	pages  []*graphPage
	calls  map[string]int
	issued int
	// fail may make a call fail, by method and token.
	fail func(method, token string) error
	// extend and inspect change an answer, or leave it as it is.
	extend  func(*igauth.Token)
	inspect func(*igauth.Inspection)
	// renewalCounts says that a renewal moves the clock of data access.
	renewalCounts bool
	pageSize      int
}

type graphPerson struct {
	id string
	// seenAt is the last visit; a person without one is a system user, who has no
	// clock.
	seenAt time.Time
	dead   igauth.Code
	system bool
}

type graphPage struct {
	id       string
	account  igauth.AccountID
	username string
	roles    map[*graphPerson]bool
}

type graphToken struct {
	person  *graphPerson
	page    *graphPage // nil for the person's own
	expires time.Time
	app     string
	dead    igauth.Code
}

func (m *fakeGraph) issue(p *graphPerson, page *graphPage, expires time.Time) string {
	m.issued++
	text := fmt.Sprintf("EAAtoken%d", m.issued)
	m.tokens[text] = &graphToken{person: p, page: page, expires: expires, app: graphAppID}
	return text
}

// problem returns why a token is not accepted.
func (m *fakeGraph) problem(t *graphToken) igauth.Code {
	switch {
	case t == nil:
		return igauth.CodeTokenInvalid
	case t.dead != "":
		return t.dead
	case t.person.dead != "":
		return t.person.dead
	case !t.expires.IsZero() && !m.now().Before(t.expires):
		return igauth.CodeTokenExpired
	case t.page != nil && !t.page.roles[t.person]:
		return igauth.CodePageRoleLost
	}
	return ""
}

// begin counts a call and returns its token, and why the call fails.
func (m *fakeGraph) begin(method string, token igauth.Secret) (*graphToken, error) {
	m.calls[method]++
	if m.fail != nil {
		if err := m.fail(method, token.Reveal()); err != nil {
			return nil, err
		}
	}
	t := m.tokens[token.Reveal()]
	if code := m.problem(t); code != "" && method != "Inspect" {
		return nil, failure(code, true)
	}
	return t, nil
}

func (m *fakeGraph) ExtendToken(_ context.Context, user igauth.Secret) (igauth.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.begin("ExtendToken", user)
	if err != nil {
		return igauth.Token{}, err
	}
	answer := igauth.Token{Value: user, IssuedAt: m.now()}
	if !t.person.system {
		answer.ExpiresAt = m.now().Add(60 * days)
		answer.Value = igauth.NewSecret(m.issue(t.person, nil, answer.ExpiresAt))
		if m.renewalCounts {
			t.person.seenAt = m.now()
		}
	}
	if m.extend != nil {
		m.extend(&answer)
	}
	return answer, nil
}

func (m *fakeGraph) Inspect(_ context.Context, token igauth.Secret) (igauth.Inspection, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.begin("Inspect", token)
	if err != nil {
		return igauth.Inspection{}, err
	}
	known := igauth.Inspection{Failure: m.problem(t)}
	if t != nil && t.app != graphAppID {
		known.Failure = igauth.CodeTokenOtherApp
	}
	known.Valid = known.Failure == ""
	if t != nil {
		known.AppID, known.AppScopedID, known.Type, known.ExpiresAt = t.app, t.person.id, "USER", t.expires
		known.Scopes = []string{"business_management", "instagram_basic", "pages_show_list"}
		if t.page != nil {
			known.Type = "PAGE"
		}
		if t.person.system {
			known.Type = "SYSTEM_USER"
		} else {
			known.DataAccessUntil = t.person.seenAt.Add(90 * days)
		}
	}
	if m.inspect != nil {
		m.inspect(&known)
	}
	return known, nil
}

func (m *fakeGraph) Pages(_ context.Context, user igauth.Secret, after string) (pages []igauth.Page, next string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.begin("Pages", user)
	if err != nil {
		return nil, "", err
	}
	for _, p := range m.pages {
		if !p.roles[t.person] || p.id <= after {
			continue
		}
		if m.pageSize > 0 && len(pages) == m.pageSize {
			return pages, pages[len(pages)-1].ID, nil
		}
		pages = append(pages, igauth.Page{ID: p.id, Name: p.username, Account: p.account, Username: p.username, Token: igauth.NewSecret(m.issue(t.person, p, time.Time{}))})
	}
	return pages, "", nil
}

func (m *fakeGraph) PageToken(_ context.Context, page string, user igauth.Secret) (igauth.Secret, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.begin("PageToken", user)
	if err != nil {
		return igauth.Secret{}, err
	}
	for _, p := range m.pages {
		if p.id == page && p.roles[t.person] {
			return igauth.NewSecret(m.issue(t.person, p, time.Time{})), nil
		}
	}
	return igauth.Secret{}, failure(igauth.CodePageRoleLost, true)
}

func (m *fakeGraph) Profile(_ context.Context, account igauth.AccountID, token igauth.Secret) (igauth.Profile, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.begin("Profile", token)
	switch {
	case err != nil:
		return igauth.Profile{}, err
	case t.page == nil || t.page.account != account:
		return igauth.Profile{}, failure(igauth.CodePageWithoutInstagram, true)
	}
	return igauth.Profile{ID: account, Username: t.page.username}, nil
}

// A graphBench is a bench whose accounts came through Facebook Login, beside
// those of Instagram Login if it is made with any.
type graphBench struct {
	*bench
	facebook *fakeGraph
	person   *graphPerson
	id       igauth.AccountID
}

func newGraphBench(t *testing.T) *graphBench {
	t.Helper()
	b := emptyGraphBench(t)
	b.id = b.join(b.person, 0)
	return b
}

// emptyGraphBench has Facebook Login and no account yet.
func emptyGraphBench(t *testing.T) *graphBench {
	t.Helper()
	b := &graphBench{bench: newBench(t)}
	if _, err := b.store.Erase(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	b.advance(time.Minute)
	b.addFacebook()
	return b
}

// addFacebook switches Facebook Login on.
func (b *graphBench) addFacebook() {
	b.facebook = &fakeGraph{now: b.now, tokens: map[string]*graphToken{}, calls: map[string]int{}}
	b.person = &graphPerson{id: "9001", seenAt: b.now()}
	b.refresherWith(igauth.RefresherConfig{Facebook: b.facebook})
}

// link gives a person a Page with an account.
func (b *graphBench) link(p *graphPerson, n int) *graphPage {
	page := &graphPage{
		id: fmt.Sprintf("55%04d", n), account: igauth.AccountID(fmt.Sprintf("1784160000000%04d", n)), username: fmt.Sprintf("page.%d", n),
		roles: map[*graphPerson]bool{p: true},
	}
	b.facebook.pages = append(b.facebook.pages, page)
	return page
}

// gives returns a long-lived token of a person, and of a system user one that
// never ends.
func (b *graphBench) gives(p *graphPerson) igauth.Secret {
	if p.system {
		return igauth.NewSecret(b.facebook.issue(p, nil, time.Time{}))
	}
	p.seenAt = b.now()
	return igauth.NewSecret(b.facebook.issue(p, nil, b.now().Add(60*days)))
}

// join imports an account of a person with a new Page.
func (b *graphBench) join(p *graphPerson, n int) igauth.AccountID {
	b.t.Helper()
	page := b.link(p, n)
	a, err := b.refresher.Import(b.t.Context(), igauth.Import{Token: b.gives(p), Account: string(page.account)})
	if err != nil {
		b.t.Fatal(err)
	}
	return a.ID
}

func (b *graphBench) account() igauth.Account {
	b.t.Helper()
	a, err := b.store.Account(b.t.Context(), b.id)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// alive reports whether what a backend gets is accepted by Meta.
func (b *graphBench) alive() bool {
	b.t.Helper()
	_, token, err := b.store.Token(b.t.Context(), b.id, 0)
	return err == nil && b.facebook.problem(b.facebook.tokens[token.Value.Reveal()]) == ""
}
