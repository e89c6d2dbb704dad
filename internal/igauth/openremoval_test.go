package igauth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// openRemoval is an installation in which a removal of maria's account is not done
// yet, since the vault could not be emptied.
func openRemoval(t *testing.T, path string) (p *installation, vault *fakeVault) {
	t.Helper()
	p, vault = newInstallation(t), newFakeVault()
	p.vault = vault
	p.restart()
	maria := professionals[0]
	p.clock.Advance(time.Hour)
	p.connect(maria)
	p.clock.Advance(time.Hour)
	vault.set("Destroy", errors.New("Secrets Manager sleeps"))
	p.post(path, p.signed(igsim.DefaultAppSecret, p.scopedID(maria)))
	if open, err := p.ledger.OpenRemovals(t.Context(), 10); err != nil || len(open) != 1 {
		t.Fatalf("got %v, %v", open, err)
	}
	p.clock.Advance(10 * time.Minute)
	return p, vault
}

// Whoever connects again while a removal is not done is not ended by it, at whatever
// moment a run, or Meta's repetition, comes to finish it.
func TestAnOpenRemovalLeavesANewConnectionAlone(t *testing.T) {
	maria := professionals[0]
	for _, path := range []string{"/deauthorize", "/data-deletion"} {
		for _, state := range []string{"sleeps", "is awake"} {
			t.Run(path+" while the vault "+state, func(t *testing.T) {
				t.Parallel()
				moments := int64(1)
				for at := int64(0); at <= moments; at++ {
					p, vault := openRemoval(t, path)
					if state == "is awake" {
						vault.set("Destroy", nil)
					}
					came := false
					steps := p.comeBetween(at, func() {
						a, err := p.ledger.Account(t.Context(), p.ids[maria])
						p.must(err)
						if state == "sleeps" && a.Lease.Work != igauth.WorkConnect {
							return // the run would try to empty it, and the visitor wait for that
						}
						p.tick()
						came = true
					}, func() { p.visit(maria) })
					if at == 0 {
						moments = steps
					} else if !came {
						continue
					}
					if got := p.token(maria); !p.TokenAlive(got) {
						t.Errorf("moment %d of %d: the token's reader gets %.30q\n%s", at, moments, got, p.log)
					}
					vault.set("Destroy", nil)
					p.pass(3 * time.Hour)
					if got := p.token(maria); !p.TokenAlive(got) {
						t.Errorf("moment %d of %d: hours later the token's reader gets %.30q", at, moments, got)
					}
					if open, err := p.ledger.OpenRemovals(t.Context(), 10); err != nil || len(open) > 0 {
						t.Errorf("moment %d of %d: still open: %+v, %v", at, moments, open, err)
					}
				}
			})
		}
	}
}

// A new connection that comes to nothing holds an erasure up no longer than it
// lasts.
func TestAnOpenRemovalEndsWhenANewConnectionFails(t *testing.T) {
	maria := professionals[0]
	p, vault := openRemoval(t, "/data-deletion")
	vault.set("Put", errors.New("Secrets Manager sleeps"))
	p.visit(maria)
	if a, err := p.ledger.Account(t.Context(), p.ids[maria]); err != nil || a.Lease.Work != igauth.WorkConnect {
		t.Fatalf("the attempt has left %+v, %v", a, err)
	}
	vault.set("Put", nil)
	vault.set("Destroy", nil)
	p.tick()
	if open, err := p.ledger.OpenRemovals(t.Context(), 10); err != nil || len(open) != 1 {
		t.Errorf("while the attempt lasts: %v, %v; want it open", open, err)
	}
	p.pass(3 * time.Hour)
	a, err := p.ledger.Account(t.Context(), p.ids[maria])
	if err != nil || a.Status != igauth.StatusDeleting || a.Username != "" || len(vault.tokens[p.ids[maria]]) > 0 {
		t.Errorf("got %+v, %v, and the vault has %d tokens", a, err, len(vault.tokens[p.ids[maria]]))
	}
	if open, err := p.ledger.OpenRemovals(t.Context(), 10); err != nil || len(open) > 0 {
		t.Errorf("still open: %+v, %v", open, err)
	}
}

// A request that comes late meets an attempt of a newer consent. What it takes away
// is what was there before; the attempt goes on.
func TestALateRemovalLeavesANewerAttemptAlone(t *testing.T) {
	maria := professionals[0]
	for name, c := range map[string]struct {
		path         string
		disconnected bool
	}{
		"deauthorization of a disconnected account": {"/deauthorize", true},
		"deletion of a disconnected account":        {"/data-deletion", true},
		"deauthorization of a new account":          {"/deauthorize", false},
		"deletion of a new account":                 {"/data-deletion", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			moments := int64(1)
			for at := int64(0); at <= moments; at++ {
				p := emptyInstallation(t)
				if c.disconnected {
					p.connect(maria)
					_, err := p.store.Disconnect(t.Context(), p.ids[maria])
					p.must(err)
				}
				p.clock.Advance(time.Hour)
				late := p.signed(igsim.DefaultAppSecret, p.scopedID(maria))
				p.clock.Advance(time.Hour)
				var answer *httptest.ResponseRecorder
				steps := p.comeBetween(at, func() { answer = p.post(c.path, late) }, func() { p.visit(maria) })
				if at == 0 {
					moments = steps
					continue
				}
				if answer == nil {
					continue
				}
				if got := p.token(maria); answer.Code != http.StatusOK || !p.TokenAlive(got) {
					t.Errorf("moment %d of %d: Meta gets status %d, and the token's reader %.30q", at, moments, answer.Code, got)
				}
				p.clock.Advance(10 * time.Minute)
				p.tick()
				if open, err := p.ledger.OpenRemovals(t.Context(), 10); err != nil || len(open) > 0 {
					t.Errorf("moment %d of %d: still open: %+v, %v", at, moments, open, err)
				}
				if c.disconnected || c.path != "/data-deletion" {
					continue
				}
				if _, page := p.page(p.receiptOf(answer), "en"); !strings.Contains(page, "Nothing was stored") {
					t.Errorf("moment %d of %d: the receipt says\n%s", at, moments, page)
				}
			}
		})
	}
}
