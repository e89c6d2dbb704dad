package igauth_test

import (
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// Whoever disconnects an account once more learns that it is disconnected, and
// changes nothing that others see.
func TestDisconnectingOnceMoreChangesNothing(t *testing.T) {
	f := newFront(t)
	f.connect("")
	meta := &fakeRevoker{}
	first := f.disconnect(meta)
	f.advance(time.Minute)
	second := f.disconnect(meta)
	if second["revocation"] != "already_disconnected" || second["status"] != "disconnected" || len(meta.asked) != 1 {
		t.Errorf("got %v, %v; Meta was asked %d times", second["revocation"], second["status"], len(meta.asked))
	}
	if second["generation"] != first["generation"] {
		t.Errorf("the generation went from %v to %v", first["generation"], second["generation"])
	}
	if hint, _ := second["hint"].(string); !strings.Contains(hint, "was disconnected before") {
		t.Errorf("got hint %q", hint)
	}
	if before, after := len(first["history"].([]any)), len(second["history"].([]any)); before != after {
		t.Errorf("the history went from %d to %d lines", before, after)
	}
	f.advance(time.Minute)
	f.connect("")
	if a := f.account(testProfile.ID); a.Status != igauth.StatusActive {
		t.Errorf("after connecting again it is %s", a.Status)
	}
}

// A disconnected account is just being connected again when somebody disconnects
// it: then that is no repetition, at whatever moment it comes.
func TestDisconnectingOnceMoreEndsAConnection(t *testing.T) {
	maria := professionals[0]
	moments := int64(1)
	for at := int64(0); at <= moments; at++ {
		p := newInstallation(t)
		disconnect := func() {
			p.clock.Advance(time.Second)
			if _, _, err := p.store.DisconnectAt(t.Context(), &fakeRevoker{}, p.ids[maria]); err != nil {
				t.Error(err)
			}
			p.clock.Advance(time.Second)
		}
		disconnect()
		p.clock.Advance(time.Hour)
		steps := p.comeBetween(at, disconnect, func() { p.visit(maria) })
		if at == 0 {
			moments = steps
			continue
		}
		if at == 1 {
			continue // the consent window: the visitor is not back yet
		}
		if a := p.account(maria); a.Status != igauth.StatusDisconnected {
			t.Errorf("moment %d of %d: it is %s", at, moments, a.Status)
		}
	}
}
