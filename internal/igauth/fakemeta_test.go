package igauth_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"igauth/internal/igauth"
)

// fakeConsent is a consent window that is never opened.
type fakeConsent struct{}

func (fakeConsent) ConsentURL(r igauth.ConsentRequest) *url.URL {
	u, _ := url.Parse(consentOrigin + "oauth/authorize")
	query := url.Values{"state": {r.State.Reveal()}, "scope": {strings.Join(r.Scopes, ",")}}
	if r.ForceReauth {
		query.Set("force_reauth", "true")
	}
	u.RawQuery = query.Encode()
	return u
}

// fakeMeta answers like Meta to whoever asks well, and counts.
type fakeMeta struct {
	now func() time.Time

	mu       sync.Mutex
	codes    int
	exchange func() (igauth.Grant, error)
	extend   func() (igauth.Token, error)
	profile  func() (igauth.Profile, error)
}

var testProfile = igauth.Profile{ID: "17841400000000001", AppScopedID: "38281000000004703", Username: "maria", AccountType: "BUSINESS"}

func (m *fakeMeta) ExchangeCode(context.Context, igauth.Secret) (igauth.Grant, error) {
	m.mu.Lock()
	m.codes++
	m.mu.Unlock()
	if m.exchange != nil {
		return m.exchange()
	}
	return igauth.Grant{Token: igauth.NewSecret("short"), AppScopedID: testProfile.AppScopedID, Scopes: []string{igauth.ScopeBasic}}, nil
}

func (m *fakeMeta) ExtendToken(context.Context, igauth.Secret) (igauth.Token, error) {
	if m.extend != nil {
		return m.extend()
	}
	return igauth.Token{Value: igauth.NewSecret("long"), IssuedAt: m.now(), ExpiresAt: m.now().Add(60 * 24 * time.Hour)}, nil
}

func (m *fakeMeta) Profile(context.Context, igauth.Secret) (igauth.Profile, error) {
	if m.profile != nil {
		return m.profile()
	}
	return testProfile, nil
}

func (m *fakeMeta) exchanges() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.codes
}

// failure is what the client of Meta returns.
func failure(code igauth.Code, sent bool) error {
	return &igauth.Error{Code: code, Class: code.Class(), Sent: sent}
}
