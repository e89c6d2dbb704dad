package igauth_test

import (
	"context"
	"sync"

	"igauth/internal/igauth"
)

// fakeBus keeps what was sent, once for each id.
type fakeBus struct {
	mu   sync.Mutex
	fail error
	sent map[string]igauth.Message
	// calls counts messages, also those that came again.
	calls int
}

func (p *fakeBus) Publish(_ context.Context, messages []igauth.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	if p.sent == nil {
		p.sent = map[string]igauth.Message{}
	}
	for _, m := range messages {
		p.calls++
		p.sent[m.Body.ID] = m
	}
	return nil
}
