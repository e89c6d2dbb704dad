package igauth_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"igauth/internal/igauth"
)

// fakeRenewer answers refreshes and probes.
type fakeRenewer struct {
	now     func() time.Time
	mu      sync.Mutex
	calls   int
	refresh func(igauth.Secret) (igauth.Token, error)
	profile func(igauth.Secret) (igauth.Profile, error)
}

func (m *fakeRenewer) RefreshToken(_ context.Context, token igauth.Secret) (igauth.Token, error) {
	m.mu.Lock()
	m.calls++
	n := m.calls
	m.mu.Unlock()
	if m.refresh != nil {
		return m.refresh(token)
	}
	return igauth.Token{Value: igauth.NewSecret(fmt.Sprint("token ", n)), IssuedAt: m.now(), ExpiresAt: m.now().Add(60 * 24 * time.Hour)}, nil
}

func (m *fakeRenewer) Profile(_ context.Context, token igauth.Secret) (igauth.Profile, error) {
	if m.profile != nil {
		return m.profile(token)
	}
	return testProfile, nil
}

// slowRenewer answers just before it would be too late.
type slowRenewer struct {
	*fakeRenewer
	late int
}

func (m *slowRenewer) RefreshToken(ctx context.Context, _ igauth.Secret) (igauth.Token, error) {
	// The context ends at the account's own deadline or at the run's.
	if end, _ := ctx.Deadline(); time.Until(end) < 150*time.Millisecond {
		m.late++
	}
	<-time.After(150 * time.Millisecond)
	return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
}
