package igauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

func TestDeletionAfterDeauthorize(t *testing.T) {
	p := newInstallation(t)
	p.clock.Advance(time.Hour)
	maria := professionals[0]
	p.post("/deauthorize", p.signed(igsim.DefaultAppSecret, p.scopedID(maria)))
	p.clock.Advance(time.Hour)
	code := p.erase(igsim.DefaultAppSecret, p.scopedID(maria))
	p.wantErased(maria, code)
	if _, page := p.page(code, "en"); !strings.Contains(page, "1 account: its access tokens") {
		t.Errorf("the receipt says\n%s", page)
	}
	// Reconnecting works at once.
	p.clock.Advance(time.Second)
	p.connect(maria)
	if !p.TokenAlive(p.token(maria)) {
		t.Error("the owner came back and has no token")
	}
}

// comeBetween calls do once, at a step of what follows. It returns how many steps
// there were in all.
func (p *installation) comeBetween(at int64, do func(), what func()) int64 {
	var steps atomic.Int64
	p.between = func(string) {
		if steps.Add(1) == at {
			do()
		}
	}
	what()
	p.between = nil
	return steps.Load()
}

// A deletion may come at any moment of a refresh, and of a connection: before and
// after each call of Meta, before and after each save. It ends erased each time.
func TestDeletionAtAnyMoment(t *testing.T) {
	maria := professionals[0]
	for name, scene := range map[string]struct{ before, what func(p *installation) }{
		"of a refresh": {
			func(p *installation) { p.pass(29 * days); p.clock.Advance(days) },
			func(p *installation) { p.tick() },
		},
		"of a connection of an account that has a token": {
			func(p *installation) { p.clock.Advance(days) },
			func(p *installation) { p.visit(maria) },
		},
		"of a connection of an account that was erased": {
			func(p *installation) {
				p.clock.Advance(days)
				p.erase(igsim.DefaultAppSecret, p.scopedID(maria))
				p.clock.Advance(days)
			},
			func(p *installation) { p.visit(maria) },
		},
		"of the first connection": {
			func(p *installation) {
				p.must(p.ledger.Close())
				p.must(os.Remove(p.dir + "/ledger.db"))
				p.start()
			},
			func(p *installation) { p.visit(maria) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			moments := int64(1)
			for at := int64(0); at <= moments; at++ {
				p := newInstallation(t)
				scene.before(p)
				var code string
				steps := p.comeBetween(at, func() { code = p.erase(igsim.DefaultAppSecret, p.scopedID(maria)) }, func() { scene.what(p) })
				if at == 0 {
					if moments = steps; moments < 5 {
						t.Fatalf("only %d moments", moments)
					}
					if !p.TokenAlive(p.token(maria)) {
						t.Fatal("without a deletion there is no token")
					}
					continue
				}
				if code == "" {
					continue // two calls at a time come in any order, so that there may be less
				}
				p.wantErased(maria, code)
				p.pass(3 * time.Hour)
				p.wantErased(maria, code)
				if t.Failed() {
					t.Fatalf("at moment %d of %d\n%s", at, moments, p.log)
				}
			}
		})
	}
}

func TestDeletionOfAPersonWithTwoFacebookAccounts(t *testing.T) {
	p := newInstallation(t)
	p.connectsPages("1000000001", "17841400000077001", "17841400000077002")
	p.connectsPages("1000000002", "17841400000077003")
	p.clock.Advance(time.Hour)
	// The Instagram app knows nobody of Facebook Login.
	code := p.erase(igsim.DefaultAppSecret, "1000000001")
	if _, page := p.page(code, "en"); !strings.Contains(page, "Nothing was stored") || p.token("page_17841400000077001") != "EAA17841400000077001" {
		t.Errorf("the Instagram app erased an account of Facebook Login\n%s", page)
	}
	code = p.erase(metaAppSecret, "1000000001")
	if _, page := p.page(code, "es"); !strings.Contains(page, "2 cuentas: sus tokens de acceso") {
		t.Errorf("the receipt says\n%s", page)
	}
	for id, want := range map[string]string{
		"page_17841400000077001": string(igauth.CodeAccountNotFound), "page_17841400000077002": string(igauth.CodeAccountNotFound),
		"page_17841400000077003": "EAA17841400000077003",
	} {
		if got := p.token(id); got != want {
			t.Errorf("%s: got %.30q, want %.30q", id, got, want)
		}
	}
}

// A function that ends between two accounts has not answered. Its next run, or
// Meta's next call, ends the others.
func TestCrashBetweenTwoAccounts(t *testing.T) {
	ids := []igauth.AccountID{"17841400000077001", "17841400000077002", "17841400000077003"}
	for _, again := range []string{"the next run", "Meta"} {
		moments := int64(1)
		for at := int64(0); at <= moments; at++ {
			p := newInstallation(t)
			p.connectsPages("1000000001", ids...)
			p.clock.Advance(time.Hour)
			body := p.signed(metaAppSecret, "1000000001")
			ctx, kill := context.WithCancel(t.Context())
			var w *httptest.ResponseRecorder
			steps := p.comeBetween(at, kill, func() { w = p.postIn(ctx, "/data-deletion", body) })
			kill()
			if at == 0 {
				moments = steps
				continue
			}
			ended := 0
			for _, id := range ids {
				if p.token("page_"+string(id)) == string(igauth.CodeAccountNotFound) {
					ended++
				}
			}
			if w.Code == http.StatusOK && ended < len(ids) {
				t.Errorf("moment %d: Meta was told that it is done, and %d of %d are", at, ended, len(ids))
			}
			p.restart()
			p.clock.Advance(6 * time.Minute)
			if begun := ended > 0; again == "Meta" || !begun {
				p.post("/data-deletion", body)
			} else if report := p.tick(); report.RemovalsDone != 1 && w.Code != http.StatusOK {
				t.Errorf("moment %d: the run finished %d removals", at, report.RemovalsDone)
			}
			for _, id := range ids {
				if got := p.token("page_" + string(id)); got != string(igauth.CodeAccountNotFound) {
					t.Errorf("moment %d of %d, finished by %s: the token's reader gets %.30q", at, moments, again, got)
				}
			}
			if open, err := p.ledger.OpenRemovals(t.Context(), 10); err != nil || len(open) > 0 {
				t.Errorf("moment %d of %d, finished by %s: still open: %+v, %v", at, moments, again, open, err)
			}
		}
	}
}

// An account that cannot be read stays open, and the others end all the same. Meta
// is told to ask again.
func TestOneDamagedAccountStopsNoOther(t *testing.T) {
	for path, only := range map[string]bool{"/deauthorize": true, "/data-deletion": false} {
		p := newInstallation(t)
		ids := []igauth.AccountID{"17841400000055555", damagedRow, "17841400000077777"}
		if only {
			ids = ids[1:2]
		}
		p.connectsPages("1000000001", ids...)
		p.clock.Advance(time.Hour)
		if w := p.post(path, p.signed(metaAppSecret, "1000000001")); w.Code != http.StatusInternalServerError {
			t.Errorf("%s: got status %d", path, w.Code)
		}
		for _, id := range ids {
			if got := p.token("page_" + string(id)); id != damagedRow && strings.HasPrefix(got, "EAA") {
				t.Errorf("%s left %s its token", path, id)
			}
		}
		p.clock.Advance(2 * time.Hour)
		if report := p.tick(); report.RemovalsLate != 1 {
			t.Errorf("%s: %d removals are late", path, report.RemovalsLate)
		}
	}
}

// Through two persons an account may have come, one after the other. It goes with
// the one whose token it has.
func TestAnAccountGoesWithItsOwnPerson(t *testing.T) {
	p := newInstallation(t)
	maria := professionals[0]
	agency := igauth.Person{ID: igauth.NewPersonID(igauth.LoginFacebook, "1000000001"), Accounts: []igauth.AccountID{p.ids[maria]}}
	p.must(p.ledger.Save(t.Context(), igauth.Change{Person: &agency, Attempt: strings.Repeat("1", 32)}))
	p.clock.Advance(time.Hour)
	for _, path := range []string{"/deauthorize", "/data-deletion"} {
		if w := p.post(path, p.signed(metaAppSecret, "1000000001")); w.Code != http.StatusOK || p.token(maria) != p.first[maria] {
			t.Errorf("%s of somebody who connected it once: got status %d, token %.30q", path, w.Code, p.token(maria))
		}
	}
	if agency, err := p.ledger.Person(t.Context(), agency.ID); err != nil || len(agency.Accounts) > 0 {
		t.Errorf("who was erased lists %v, %v", agency.Accounts, err)
	}
	p.clock.Advance(time.Hour)
	p.wantErased(maria, p.erase(metaAppSecret, p.scopedID(maria)))
}

// A deletion that comes late leaves a newer consent alone, and does not keep the
// next one from finding the account.
func TestALateDeletionForgetsNoNewConsent(t *testing.T) {
	p := newInstallation(t)
	maria := professionals[0]
	p.clock.Advance(time.Hour)
	late := p.signed(igsim.DefaultAppSecret, p.scopedID(maria))
	p.clock.Advance(time.Hour)
	p.connect(maria)
	p.receiptOf(p.post("/data-deletion", late))
	if !p.TokenAlive(p.token(maria)) {
		t.Error("the newer consent was taken away")
	}
	p.clock.Advance(time.Hour)
	p.wantErased(maria, p.erase(igsim.DefaultAppSecret, p.scopedID(maria)))
}

// An account of Facebook Login is just being connected through Instagram Login, by
// somebody who asks to be forgotten at any moment of that. Whatever comes first,
// nobody gets a token of that consent, and the account of Facebook Login goes only
// if the connection had replaced it.
func TestDeletionAtAnyMomentOfAConnectionThroughTheOtherLogin(t *testing.T) {
	maria := professionals[0]
	moments := int64(1)
	for at := int64(0); at <= moments; at++ {
		p := newInstallation(t)
		p.must(p.ledger.Close())
		p.must(os.Remove(p.dir + "/ledger.db"))
		p.start()
		p.connectsPages("1000000001", p.ids[maria])
		p.clock.Advance(time.Hour)
		var code string
		steps := p.comeBetween(at, func() { code = p.erase(igsim.DefaultAppSecret, p.scopedID(maria)) }, func() { p.visit(maria) })
		if at == 0 {
			moments = steps
			continue
		}
		if code == "" {
			continue
		}
		p.pass(3 * time.Hour)
		switch got := p.token(maria); got {
		case "EAA" + string(p.ids[maria]):
		case string(igauth.CodeAccountNotFound):
		default:
			t.Errorf("moment %d of %d: the token's reader gets %.30q", at, moments, got)
		}
		if person, err := p.ledger.Person(t.Context(), igauth.NewPersonID(igauth.LoginInstagram, p.scopedID(maria))); err == nil && len(person.Accounts) > 0 {
			t.Errorf("moment %d of %d: who was erased lists %v", at, moments, person.Accounts)
		}
	}
}
