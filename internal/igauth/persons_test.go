package igauth_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// What a connection changes that does not, or not yet, come to its end.

// An account that came through Instagram Login once, and has moved to Facebook
// Login, is just coming back. A removal that the person asks for at any moment of
// that finds either the account, or a consent that it keeps from being stored.
func TestRemovalAtAnyMomentOfAReturnToALogin(t *testing.T) {
	maria := professionals[0]
	moments := int64(1)
	for at := int64(0); at <= moments; at++ {
		p := newInstallation(t)
		p.clock.Advance(time.Hour)
		row := p.row(p.ids[maria])
		row.Login, row.AppScopedID, row.PageID = igauth.LoginFacebook, "1000000001", "104450000000301"
		row.ListedAs = igauth.NewPersonID(row.Login, row.AppScopedID)
		agency := igauth.Person{ID: row.ListedAs, Accounts: []igauth.AccountID{row.ID}}
		p.must(p.ledger.Save(t.Context(), igauth.Change{Account: &row, Person: &agency, Attempt: strings.Repeat("7", 32)}))
		p.clock.Advance(time.Hour)
		asked := false
		steps := p.comeBetween(at, func() {
			asked = true
			if w := p.post("/deauthorize", p.signed(igsim.DefaultAppSecret, p.scopedID(maria))); w.Code != 200 {
				t.Errorf("moment %d: got status %d", at, w.Code)
			}
		}, func() { p.visit(maria) })
		if at == 0 {
			moments = steps
			continue
		}
		if !asked {
			continue
		}
		p.pass(3 * time.Hour)
		if a := p.row(p.ids[maria]); a.Login == igauth.LoginInstagram && a.Status.Live() {
			t.Errorf("moment %d of %d: the token of a consent that was taken back is in use", at, moments)
		}
	}
}

// Whoever begins to connect somebody else's account, and does not come to the end
// of it, has nothing to do with its token.
func TestAttemptThatFailsDoesNotChangeWhoseAccountItIs(t *testing.T) {
	stranger := testProfile
	stranger.AppScopedID = "38281000000009999"
	attempted := func(t *testing.T) *bench {
		b := newBench(t)
		b.advance(time.Hour)
		meta := b.metaGiving("stranger's")
		meta.profile = func() (igauth.Profile, error) { return stranger, nil }
		b.vault.set("Put", errors.New("killed"))
		if outcome, err := b.connectorOn(b.vault, meta).Finish(t.Context(), b.arrival("second")); err == nil && outcome.Code == igauth.CodeConnected {
			t.Fatalf("got %v", outcome)
		}
		b.vault.set("Put", nil)
		b.advance(time.Hour)
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		b.advance(time.Hour)
		return b
	}
	for kind, status := range map[igauth.RemovalKind]igauth.Status{igauth.RemovalDeauthorize: igauth.StatusDisconnected, igauth.RemovalErase: igauth.StatusDeleting} {
		row := func(b *bench) igauth.Account {
			b.t.Helper()
			a, err := b.ledger.Account(b.t.Context(), testProfile.ID)
			if err != nil {
				b.t.Fatal(err)
			}
			return a
		}
		remove := func(b *bench, id string) igauth.Removal {
			b.t.Helper()
			r, err := b.store.Remove(b.t.Context(), igauth.RemovalRequest{Kind: kind, Code: strings.Repeat(id[len(id)-1:], 40), UserID: id, Logins: []igauth.Login{igauth.LoginInstagram}, At: b.now()})
			if err != nil {
				b.t.Fatal(err)
			}
			return r
		}
		t.Run(string(kind)+" of the stranger", func(t *testing.T) {
			b := attempted(t)
			if r := remove(b, stranger.AppScopedID); r.Ended != 0 || !row(b).Status.Live() {
				t.Errorf("%d accounts ended, and the account is %s", r.Ended, row(b).Status)
			}
		})
		t.Run(string(kind)+" of the owner", func(t *testing.T) {
			b := attempted(t)
			if r := remove(b, testProfile.AppScopedID); r.Ended != 1 || row(b).Status != status {
				t.Errorf("%d accounts ended, and the account is %s", r.Ended, row(b).Status)
			}
		})
	}
}

// The version before this one wrote into a lease neither the login nor the person,
// who stood in the row. A token that it left in the vault is committed all the same,
// and the person's callbacks find the account.
func TestAttemptOfTheVersionBeforeKeepsThePerson(t *testing.T) {
	b := newBench(t)
	b.advance(time.Hour)
	a := b.account()
	a.Lease = igauth.Lease{Attempt: strings.Repeat("b", 32), Until: b.now().Add(time.Minute), Work: igauth.WorkConnect, Generation: a.Generation + 1}
	a.ListedAs, a.DueAt = "", a.Lease.Until
	slot := igauth.Slot{Account: a.ID, Generation: a.Lease.Generation, Attempt: a.Lease.Attempt}
	if _, err := b.vault.Put(t.Context(), slot, a.Profile, igauth.Token{Value: igauth.NewSecret("left"), IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}); err != nil {
		t.Fatal(err)
	}
	if err := b.ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: strings.Repeat("c", 32)}); err != nil {
		t.Fatal(err)
	}
	b.advance(time.Hour)
	if _, err := b.run(); err != nil || b.token() != "left" {
		t.Fatalf("got %v, token %s", err, b.token())
	}
	if a := b.account(); a.AppScopedID != testProfile.AppScopedID || a.Login != igauth.LoginInstagram {
		t.Errorf("the account came through %q, by %q", a.Login, a.AppScopedID)
	}
}

// An attempt through one login died before it had a token, and another one, through
// the other, is under way when the person asks to be forgotten. Nothing is left of
// the account, which never had a token.
func TestErasureOfAnAttemptAfterOneThroughTheOtherLogin(t *testing.T) {
	p := newInstallation(t)
	maria := professionals[0]
	p.must(p.ledger.Close())
	p.must(os.Remove(p.dir + "/ledger.db"))
	p.start()
	died := igauth.Account{
		Profile: igauth.Profile{ID: p.ids[maria], AppScopedID: "1000000001", Username: maria}, Login: igauth.LoginFacebook,
		Status: igauth.StatusConnecting, ListedAs: igauth.NewPersonID(igauth.LoginFacebook, "1000000001"),
		Lease: igauth.Lease{Attempt: strings.Repeat("d", 32), Until: p.clock.Now().Add(time.Minute), Work: igauth.WorkConnect, Generation: 1, Login: igauth.LoginFacebook},
	}
	died.DueAt = died.Lease.Until
	p.must(p.ledger.Save(t.Context(), igauth.Change{Account: &died, Attempt: strings.Repeat("e", 32)}))
	asked := false
	p.between = func(string) {
		if a, err := p.ledger.Account(t.Context(), p.ids[maria]); !asked && err == nil && a.Lease.Login == igauth.LoginInstagram {
			asked = true
			p.erase(igsim.DefaultAppSecret, p.scopedID(maria))
		}
	}
	p.visit(maria)
	p.between = nil
	p.pass(3 * time.Hour)
	if a, err := p.ledger.Account(t.Context(), p.ids[maria]); err != nil || !asked || a.Status != igauth.StatusDeleting || a.Username != "" {
		t.Errorf("asked %v, and the row is %s of %q, %v", asked, a.Status, a.Username, err)
	}
}

// What was erased, or is only just being connected, is no account. A deauthorization
// that finds it, such as one that comes late or names the account itself, does not
// make one of it, and tells of none.
func TestDeauthorizeMakesNoAccountOfWhatIsNone(t *testing.T) {
	maria := professionals[0]
	lease := func(p *installation) igauth.Lease {
		return igauth.Lease{Attempt: strings.Repeat("d", 32), Until: p.clock.Now().Add(time.Minute), Work: igauth.WorkConnect, Generation: 9, Login: igauth.LoginInstagram, AppScopedID: p.scopedID(maria)}
	}
	rowOf := func(p *installation) igauth.Account {
		p.t.Helper()
		a, err := p.ledger.Account(p.t.Context(), p.ids[maria])
		p.must(err)
		return a
	}
	for name, change := range map[string]func(p *installation, a *igauth.Account){
		"erased":                            func(*installation, *igauth.Account) {},
		"erased, and being connected again": func(p *installation, a *igauth.Account) { a.Lease, a.Username = lease(p), maria },
		"being connected for the first time": func(p *installation, a *igauth.Account) {
			a.Lease, a.Username, a.Status = lease(p), maria, igauth.StatusConnecting
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newInstallation(t)
			p.clock.Advance(time.Hour)
			p.erase(igsim.DefaultAppSecret, p.scopedID(maria))
			p.pass(3 * time.Hour)
			row := rowOf(p)
			change(p, &row)
			p.must(p.ledger.Save(t.Context(), igauth.Change{Account: &row, Attempt: strings.Repeat("8", 32)}))
			if w := p.post("/deauthorize", p.signed(igsim.DefaultAppSecret, string(p.ids[maria]))); w.Code != 200 {
				t.Fatalf("got status %d", w.Code)
			}
			if a := rowOf(p); a.Connected() || a.Username != "" || a.Lease.Work == igauth.WorkConnect || len(a.Outbox) != len(row.Outbox) {
				t.Errorf("the row is %s of %q, working on %q, with %d events", a.Status, a.Username, a.Lease.Work, len(a.Outbox))
			}
		})
	}
}

// Somebody connected an account once, and its owner of today is just connecting it
// again. What the first one takes away is not the owner's.
func TestAStrangersRemovalDoesNotEndAnAttempt(t *testing.T) {
	maria := professionals[0]
	for _, path := range []string{"/deauthorize", "/data-deletion"} {
		p := newInstallation(t)
		p.clock.Advance(time.Hour)
		agency := igauth.Person{ID: igauth.NewPersonID(igauth.LoginInstagram, "1000000001"), Accounts: []igauth.AccountID{p.ids[maria]}}
		row := p.row(p.ids[maria])
		row.Lease = igauth.Lease{Attempt: strings.Repeat("d", 32), Until: p.clock.Now().Add(time.Minute), Work: igauth.WorkConnect, Generation: row.Generation + 1, Login: igauth.LoginInstagram, AppScopedID: p.scopedID(maria)}
		p.must(p.ledger.Save(t.Context(), igauth.Change{Account: &row, Person: &agency, Attempt: strings.Repeat("9", 32)}))
		if w := p.post(path, p.signed(igsim.DefaultAppSecret, "1000000001")); w.Code != 200 || p.token(maria) != p.first[maria] || p.row(p.ids[maria]).Lease.Attempt != row.Lease.Attempt {
			t.Errorf("%s of somebody who connected it once: got status %d, token %.30q, attempt %q", path, w.Code, p.token(maria), p.row(p.ids[maria]).Lease.Attempt)
		}
	}
}
