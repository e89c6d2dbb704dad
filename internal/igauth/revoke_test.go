package igauth_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A fakeRevoker is asked to take access away.
type fakeRevoker struct {
	err   error
	asked []string
	// during is called while it is asked.
	during func()
}

func (r *fakeRevoker) Revoke(_ context.Context, login igauth.Login, person string, token igauth.Secret) error {
	r.asked = append(r.asked, string(login)+" "+person+" "+token.Reveal())
	if r.during != nil {
		r.during()
	}
	return r.err
}

func (f *front) disconnect(meta igauth.Revoker) map[string]any {
	f.t.Helper()
	handler, err := igauth.NewAccountsHandler(igauth.AccountsConfig{Store: f.store, Meta: meta, Now: f.now})
	if err != nil {
		f.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/accounts/"+string(testProfile.ID), nil))
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		f.t.Fatalf("got status %d: %s (%v)", w.Code, w.Body, err)
	}
	return answer
}

// Our token is gone before Meta is asked, whatever Meta says, and the owner is
// told what is left to do.
func TestDisconnectAsksMetaAfterwards(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want igauth.Revocation
		hint bool
	}{
		"Meta does it":         {nil, igauth.Revoked, false},
		"Meta does not answer": {&igauth.Error{Code: igauth.CodeMetaUnavailable, Class: igauth.ClassTransient}, igauth.RevocationFailed, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t)
			f.connect("")
			meta := &fakeRevoker{err: test.err}
			meta.during = func() {
				if _, _, err := f.store.Token(t.Context(), testProfile.ID, 0); igauth.CodeOf(err) != igauth.CodeDisconnected {
					t.Errorf("while Meta is asked a read answers %v", err)
				}
			}
			answer := f.disconnect(meta)
			if answer["status"] != "disconnected" || answer["revocation"] != string(test.want) {
				t.Errorf("got %v, %v", answer["status"], answer["revocation"])
			}
			if hint, _ := answer["hint"].(string); strings.Contains(hint, "Apps and websites") != test.hint {
				t.Errorf("got hint %q", hint)
			}
			if len(meta.asked) != 1 || meta.asked[0] != "instagram "+testProfile.AppScopedID+" long" {
				t.Errorf("Meta was asked %q", meta.asked)
			}
			// Once more there is nothing to ask with.
			if answer := f.disconnect(meta); answer["revocation"] != string(igauth.RevocationRepeated) || len(meta.asked) != 1 {
				t.Errorf("the second time: got %v, Meta asked %d times", answer["revocation"], len(meta.asked))
			}
			// Meta may tell us now that the access has ended. The owner has come
			// back meanwhile, and stays.
			f.advance(time.Minute)
			f.connect("")
			_, err := f.store.Remove(t.Context(), igauth.RemovalRequest{
				Kind: igauth.RemovalDeauthorize, Code: "c", UserID: testProfile.AppScopedID,
				Logins: []igauth.Login{igauth.LoginInstagram}, At: f.now().Add(-30 * time.Second),
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := f.store.Token(t.Context(), testProfile.ID, 0); err != nil {
				t.Errorf("after connecting again: %v", err)
			}
		})
	}
}

// Facebook takes back all that a person has allowed. It is asked for that only if
// nothing else here lives by it: another account of the same person does, and one
// that somebody else has connected since does not.
func TestFacebookIsAskedForAPersonsLastAccount(t *testing.T) {
	const first, second igauth.AccountID = "17841400000055555", "17841400000077777"
	for name, test := range map[string]struct {
		other func(*igauth.Account)
		want  igauth.Revocation
	}{
		"the other lives":                        {func(*igauth.Account) {}, igauth.RevocationKept},
		"the other was disconnected":             {func(a *igauth.Account) { a.Status = igauth.StatusDisconnected }, igauth.Revoked},
		"the other is somebody else's by now":    {func(a *igauth.Account) { a.AppScopedID = "1000000002" }, igauth.Revoked},
		"the other has moved to the other login": {func(a *igauth.Account) { a.Login = igauth.LoginInstagram }, igauth.Revoked},
	} {
		t.Run(name, func(t *testing.T) {
			p := newInstallation(t)
			p.connectsPages("1000000001", first, second)
			other := p.row(second)
			test.other(&other)
			p.must(p.ledger.Save(t.Context(), igauth.Change{Account: &other, Attempt: strings.Repeat("5", 32)}))
			store, err := igauth.NewStore(igauth.StoreConfig{Ledger: p.ledger, Vault: p.vault, Now: p.clock.Now})
			p.must(err)
			meta := &fakeRevoker{}
			if _, got, err := store.DisconnectAt(t.Context(), meta, first); err != nil || got != test.want || (len(meta.asked) > 0) != (got == igauth.Revoked) {
				t.Errorf("got %s, %v, want %s; Meta was asked %d times", got, err, test.want, len(meta.asked))
			}
		})
	}
}

// Meta takes a person's access away from all accounts at once. It is not asked
// before the last one goes, and then with the person's own token.
func TestDisconnectLeavesThePersonsOtherAccounts(t *testing.T) {
	p := newInstallation(t)
	p.connectsPages("1000000001", "17841400000077001", "17841400000077002")
	p.connectsPages("1000000002", "17841400000077003")
	meta := &fakeRevoker{}
	for _, step := range []struct {
		id    igauth.AccountID
		want  igauth.Revocation
		asked int
	}{
		{"17841400000077001", igauth.RevocationKept, 0},
		{"17841400000077002", igauth.Revoked, 1},
	} {
		if _, got, err := p.store.DisconnectAt(t.Context(), meta, step.id); err != nil || got != step.want || len(meta.asked) != step.asked {
			t.Errorf("%s: got %s, %v, and Meta was asked %q", step.id, got, err, meta.asked)
		}
		if got := p.token("page_" + string(step.id)); got != string(igauth.CodeDisconnected) {
			t.Errorf("%s: the token's reader gets %.30q", step.id, got)
		}
	}
	if len(meta.asked) == 0 || meta.asked[0] != "facebook 1000000001 EAA of 1000000001" {
		t.Errorf("Meta was asked %q", meta.asked)
	}
}
