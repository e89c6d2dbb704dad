package concurrency

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"igauth/internal/igauth"
)

const (
	day  = 24 * time.Hour
	life = 60 * day
)

var owner = igauth.Profile{ID: "17841400000010111", AppScopedID: "9911", Username: "maria.bakes", AccountType: "BUSINESS"}

// meta is what the tests need of Meta: every consent has its tokens, whose texts
// name it. A refreshed token has a new text, and the old one stays valid for its
// time.
type meta struct {
	mu     sync.Mutex
	tokens map[string]time.Time // when each was issued
	spent  map[string]bool
	// curious are imported tokens, which may be refreshed without being a day old,
	// as nobody knows their age.
	curious map[string]bool
	// revoked is up to which consent the owner has taken access away.
	revoked int
	// refuses says that Meta knows the app no more.
	refuses bool
	// problems are what nobody may ask.
	problems []string
}

func newMeta() *meta {
	return &meta{tokens: map[string]time.Time{}, spent: map[string]bool{}, curious: map[string]bool{}}
}

// codeOf is the code of a consent.
func codeOf(consent int) igauth.Secret { return igauth.NewSecret("code-" + strconv.Itoa(consent)) }

// consentOf returns the consent of which a token is.
func consentOf(token igauth.Secret) int {
	_, rest, _ := strings.Cut(token.Reveal(), "-")
	number, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		panic("no token of ours")
	}
	return n
}

func (m *meta) exchange(code igauth.Secret) (igauth.Grant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if consentOf(code) <= m.revoked {
		return igauth.Grant{}, errRevoked
	}
	if m.spent[code.Reveal()] {
		m.problems = append(m.problems, "a code was spent twice")
	}
	m.spent[code.Reveal()] = true
	return igauth.Grant{Token: igauth.NewSecret(fmt.Sprintf("short-%d", consentOf(code))), Scopes: []string{igauth.ScopeBasic}}, nil
}

func (m *meta) extend(short igauth.Secret) (igauth.Token, error) {
	if m.isRevoked(short) {
		return igauth.Token{}, errRevoked
	}
	return m.issue(fmt.Sprintf("long-%d.0", consentOf(short))), nil
}

func (m *meta) issue(text string) igauth.Token {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.tokens[text] = now
	return igauth.Token{Value: igauth.NewSecret(text), IssuedAt: now, ExpiresAt: now.Add(life)}
}

// issued returns when a token was issued, or that it is dead.
func (m *meta) issued(token igauth.Secret) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if consentOf(token) <= m.revoked {
		return time.Time{}, errRevoked
	}
	at, ok := m.tokens[token.Reveal()]
	if strings.HasPrefix(token.Reveal(), "short-") {
		return time.Now(), nil
	}
	if !ok || !time.Now().Before(at.Add(life)) {
		return time.Time{}, &igauth.Error{Code: igauth.CodeTokenExpired, Class: igauth.ClassDead, Sent: true}
	}
	return at, nil
}

// errRevoked is what Meta says of a token whose owner has removed the app.
var errRevoked = &igauth.Error{Code: igauth.CodeAppRemoved, Class: igauth.ClassDead, Sent: true}

func (m *meta) isRevoked(token igauth.Secret) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return consentOf(token) <= m.revoked
}

// revoke is the owner, who takes all access away that they have given so far.
func (m *meta) revoke(consent int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revoked = consent
}

// refusal is what Meta says when it does not know the app.
func (m *meta) refusal() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuses {
		return &igauth.Error{Code: igauth.CodeAppID, Class: igauth.ClassMisconfigured, Sent: true}
	}
	return nil
}

func (m *meta) setRefuses(refuses bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuses = refuses
}

func (m *meta) refresh(token igauth.Secret) (igauth.Token, error) {
	if err := m.refusal(); err != nil {
		return igauth.Token{}, err
	}
	at, err := m.issued(token)
	if err != nil {
		return igauth.Token{}, err
	}
	if time.Since(at) < day {
		m.mu.Lock()
		if !m.curious[token.Reveal()] {
			m.problems = append(m.problems, fmt.Sprintf("a token of %s was refreshed", time.Since(at)))
		}
		m.mu.Unlock()
		return igauth.Token{}, &igauth.Error{Code: igauth.CodeTokenTooYoung, Class: igauth.ClassTooYoung, Sent: true}
	}
	stem, n, _ := strings.Cut(token.Reveal(), ".")
	number, _ := strconv.Atoi(n)
	return m.issue(fmt.Sprintf("%s.%d", stem, number+1)), nil
}

func (m *meta) profile(token igauth.Secret) (igauth.Profile, error) {
	if err := m.refusal(); err != nil {
		return igauth.Profile{}, err
	}
	if _, err := m.issued(token); err != nil {
		return igauth.Profile{}, err
	}
	return owner, nil
}

// tokenOf is the first token of a consent.
func tokenOf(consent int) igauth.Secret { return igauth.NewSecret(fmt.Sprintf("long-%d.0", consent)) }

// brought issues a token that somebody imports. To ask whether it is old enough
// is allowed once.
func (m *meta) brought(consent int) {
	m.issue(tokenOf(consent).Reveal())
	m.curious[tokenOf(consent).Reveal()] = true
}
