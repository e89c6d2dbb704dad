package igauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

func TestDeauthorizeTakesTheTokenAway(t *testing.T) {
	p := newInstallation(t)
	p.clock.Advance(time.Hour)
	maria := professionals[0]
	if w := p.post("/deauthorize", p.signed(igsim.DefaultAppSecret, p.scopedID(maria))); w.Code != http.StatusOK {
		t.Fatalf("got status %d\n%s", w.Code, w.Body)
	}
	if got := p.token(maria); got != string(igauth.CodeDisconnected) {
		t.Errorf("the token's reader gets %.30q", got)
	}
	for _, other := range professionals[1:] {
		if p.token(other) != p.first[other] {
			t.Errorf("%s was touched", other)
		}
	}
	p.tick()
	if p.told[igauth.EventDisconnected] != 1 {
		t.Errorf("the outside was told %v", p.told)
	}
}

// The account may be named by its own id, too: nobody has documented that it is
// not.
func TestDeauthorizeMayNameTheAccountItself(t *testing.T) {
	p := newInstallation(t)
	p.clock.Advance(time.Hour)
	maria := professionals[0]
	p.post("/deauthorize", p.signed(igsim.DefaultAppSecret, string(p.ids[maria])))
	if got := p.token(maria); got != string(igauth.CodeDisconnected) {
		t.Errorf("the token's reader gets %.30q", got)
	}
}

// Neighbours that a float takes for the same are not.
func TestNobodyElseIsRemoved(t *testing.T) {
	p := newInstallation(t)
	p.clock.Advance(time.Hour)
	for _, path := range []string{"/deauthorize", "/data-deletion"} {
		for _, id := range []string{"0", "1", p.scopedID(professionals[0]) + "0", p.scopedID(professionals[0])[:16], "17841400000010112", "17841400000010110"} {
			if w := p.post(path, p.signed(igsim.DefaultAppSecret, id)); w.Code != http.StatusOK {
				t.Errorf("%s for %s: got status %d", path, id, w.Code)
			}
		}
	}
	p.wantUnharmed()
}

func TestReplayAfterAReconnectChangesNothing(t *testing.T) {
	p := newInstallation(t)
	p.clock.Advance(time.Hour)
	maria := professionals[0]
	before := map[string]string{"/deauthorize": p.signed(igsim.DefaultAppSecret, p.scopedID(maria)), "/data-deletion": p.signed(igsim.DefaultAppSecret, p.scopedID(maria))}
	for _, path := range []string{"/deauthorize", "/data-deletion"} {
		p.post(path, before[path])
		if token := p.token(maria); token != string(igauth.CodeDisconnected) && token != string(igauth.CodeAccountNotFound) {
			t.Fatalf("%s took nothing away", path)
		}
		p.clock.Advance(time.Hour)
		p.connect(maria)
		token, row := p.token(maria), p.account(maria)
		for _, replayed := range []string{"/deauthorize", "/data-deletion"} {
			for range 3 {
				if w := p.post(replayed, before[replayed]); w.Code != http.StatusOK {
					t.Errorf("%s again: got status %d", replayed, w.Code)
				}
			}
		}
		// One that was signed before and comes for the first time, too.
		late := map[string]string{"/deauthorize": "/data-deletion", "/data-deletion": "/deauthorize"}[path]
		p.post(late, before[path])
		if after := p.account(maria); p.token(maria) != token || after.Revision != row.Revision || !p.TokenAlive(token) {
			t.Errorf("after %s the account went from revision %d to %d", path, row.Revision, after.Revision)
		}
		p.clock.Advance(time.Hour)
		before["/data-deletion"] = p.signed(igsim.DefaultAppSecret, p.scopedID(maria))
	}
}

// A removal of the second in which an account was connected counts.
func TestTheSameSecondCounts(t *testing.T) {
	p := newInstallation(t)
	p.clock.Advance(time.Hour + 700*time.Millisecond)
	p.connectsPages("1000000001", "17841400000077001")
	p.clock.Advance(200 * time.Millisecond)
	p.post("/deauthorize", p.signed(metaAppSecret, "1000000001"))
	if got := p.token("page_17841400000077001"); got != string(igauth.CodeDisconnected) {
		t.Errorf("the token's reader gets %.30q", got)
	}
}

// Of several accounts, one was disconnected and is just being connected again. That
// attempt loses the account, too.
func TestDeauthorizeEndsAttemptsAtEveryAccount(t *testing.T) {
	p := newInstallation(t)
	p.connectsPages("1000000001", "17841400000077001", "17841400000077002")
	_, err := p.store.Disconnect(t.Context(), "17841400000077002")
	p.must(err)
	row, err := p.ledger.Account(t.Context(), "17841400000077002")
	p.must(err)
	row.Lease = igauth.Lease{Attempt: strings.Repeat("b", 32), Until: p.clock.Now().Add(2 * time.Hour), Work: igauth.WorkConnect, Generation: row.Generation + 1, Login: igauth.LoginFacebook, AppScopedID: "1000000001"}
	p.must(p.ledger.Save(t.Context(), igauth.Change{Account: &row, Attempt: strings.Repeat("c", 32)}))
	p.clock.Advance(time.Hour)
	p.post("/deauthorize", p.signed(metaAppSecret, "1000000001"))
	if after, err := p.ledger.Account(t.Context(), row.ID); err != nil || after.Lease.Work == igauth.WorkConnect || after.Generation == row.Generation {
		t.Errorf("the attempt still has the account: %+v, %v", after.Lease, err)
	}
}
