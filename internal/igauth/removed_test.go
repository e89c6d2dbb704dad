package igauth_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// What Meta's callbacks do to an installation that is ours in full, in front of the
// simulator of Instagram.

// steppedLedger lets something come between the steps of whoever saves.
type steppedLedger struct {
	igauth.Ledger
	p *installation
}

func (l steppedLedger) Save(ctx context.Context, change igauth.Change) error {
	if l.p.between == nil {
		return l.Ledger.Save(ctx, change)
	}
	l.p.between("save")
	err := l.Ledger.Save(ctx, change)
	l.p.between("saved")
	return err
}

// damagedRow is the id of an account whose row cannot be read.
const damagedRow igauth.AccountID = "17841400000066666"

func (l steppedLedger) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	if id == damagedRow {
		return igauth.Account{}, igauth.ErrDamaged
	}
	return l.Ledger.Account(ctx, id)
}

// metaAppSecret is that of the Meta app.
const metaAppSecret = "fedcba9876543210fedcba9876543210"

func (p *installation) signing(context.Context) ([]igauth.SigningSecret, error) {
	return []igauth.SigningSecret{
		{Label: igauth.LabelInstagram, Secret: igauth.NewSecret(igsim.DefaultAppSecret)},
		{Label: igauth.LabelMeta, Secret: igauth.NewSecret(metaAppSecret)},
	}, nil
}

// scopedID is by which id Meta names a person.
func (p *installation) scopedID(username string) string {
	for _, person := range p.People() {
		if person.Username == username {
			return person.AppScopedID
		}
	}
	p.t.Fatalf("there is no %s", username)
	return ""
}

// signed is the body of a callback about an id, of this moment.
func (p *installation) signed(secret, id string) string {
	payload := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"user_id":%q,"algorithm":"HMAC-SHA256","issued_at":%d}`, id, p.clock.Now().Unix()))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(payload))
	return "signed_request=" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + "." + payload
}

// post sends a callback.
func (p *installation) post(path, body string) *httptest.ResponseRecorder {
	return p.postIn(p.t.Context(), path, body)
}

func (p *installation) postIn(ctx context.Context, path, body string) *httptest.ResponseRecorder {
	handler := p.deletion
	if path == "/deauthorize" {
		handler = p.deauthorize
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// erase asks for a deletion of a person, and returns the code.
func (p *installation) erase(secret, id string) string {
	p.t.Helper()
	return p.receiptOf(p.post("/data-deletion", p.signed(secret, id)))
}

func (p *installation) receiptOf(w *httptest.ResponseRecorder) string {
	p.t.Helper()
	var answer igauth.DeletionAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || answer.URL != "https://connect.example.com/data-deletion/"+answer.ConfirmationCode {
		p.t.Fatalf("got status %d\n%s", w.Code, w.Body)
	}
	return answer.ConfirmationCode
}

// page is what somebody sees of a receipt.
func (p *installation) page(code, languages string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, "/data-deletion/"+code, nil)
	r.Header.Set("Accept-Language", languages)
	w := httptest.NewRecorder()
	p.deletion.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// wantErased fails unless nothing is left of an account: no read finds it, its row
// says nothing, no person lists it, and the receipt says that it is done.
func (p *installation) wantErased(name, code string) {
	p.t.Helper()
	if got := p.token(name); got != string(igauth.CodeAccountNotFound) {
		p.t.Errorf("the token's reader gets %.30q", got)
	}
	a, err := p.ledger.Account(p.t.Context(), p.ids[name])
	if err != nil && !errors.Is(err, igauth.ErrNotFound) {
		p.t.Fatal(err)
	}
	if a.Status != "" && a.Status != igauth.StatusDeleting || a.Username != "" || a.AppScopedID != "" || a.Ref != "" || len(a.History) > 0 || a.ListedAs != "" {
		p.t.Errorf("the row is %+v", a)
	}
	if person, err := p.ledger.Person(p.t.Context(), igauth.NewPersonID(igauth.LoginInstagram, p.scopedID(name))); err == nil && len(person.Accounts) > 0 {
		p.t.Errorf("the person lists %v", person.Accounts)
	}
	if status, page := p.page(code, "en"); status != http.StatusOK || !strings.Contains(page, "Your data has been erased") && !strings.Contains(page, "Nothing was stored") {
		p.t.Errorf("got status %d\n%s", status, page)
	}
	data, err := os.ReadFile(p.dir + "/ledger.db")
	if err != nil {
		p.t.Fatal(err)
	}
	// What bbolt has freed it has not overwritten; records that are there are named.
	removal, err := p.ledger.Removal(p.t.Context(), code)
	if text, _ := json.Marshal(removal); err != nil || bytes.Contains(text, []byte(p.ids[name])) || bytes.Contains(text, []byte(p.scopedID(name))) || !bytes.Contains(data, []byte(code)) {
		p.t.Errorf("the receipt is %s, %v", text, err)
	}
}

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

func TestAThousandReplaysMakeOneReceipt(t *testing.T) {
	p := newInstallation(t)
	p.clock.Advance(time.Hour)
	maria := professionals[0]
	body := p.signed(igsim.DefaultAppSecret, p.scopedID(maria))
	var saves atomic.Int64
	p.between = func(step string) {
		if step == "saved" {
			saves.Add(1)
		}
	}
	codes := make([]string, 1000)
	var group sync.WaitGroup
	for worker := range 20 {
		group.Go(func() {
			for i := worker; i < len(codes); i += 20 {
				var answer igauth.DeletionAnswer
				w := p.post("/data-deletion", body)
				_ = json.Unmarshal(w.Body.Bytes(), &answer)
				if codes[i] = answer.ConfirmationCode; w.Code != http.StatusOK {
					t.Errorf("got status %d", w.Code)
				}
			}
		})
	}
	group.Wait()
	for _, code := range codes {
		if code != codes[0] {
			t.Fatalf("there are two codes: %s and %s", codes[0], code)
		}
	}
	p.wantErased(maria, codes[0])
	if removal, err := p.ledger.Removal(t.Context(), codes[0]); err != nil || removal.Revision > 2 || removal.Ended != 1 {
		t.Errorf("got %+v, %v", removal, err)
	}
	before := saves.Load()
	p.post("/data-deletion", body)
	if saves.Load() != before {
		t.Error("a request that is done was written once more")
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

// connectsPages connects accounts through Facebook Login, all by one person.
func (p *installation) connectsPages(person string, ids ...igauth.AccountID) {
	p.t.Helper()
	listed := igauth.Person{ID: igauth.NewPersonID(igauth.LoginFacebook, person), Accounts: ids}
	for i, id := range ids {
		slot := igauth.Slot{Account: id, Generation: 1, Attempt: fmt.Sprintf("%032d", i)}
		token := igauth.Token{Value: igauth.NewSecret("EAA" + string(id)), UserToken: igauth.NewSecret("EAA of " + person), IssuedAt: p.clock.Now()}
		profile := igauth.Profile{ID: id, AppScopedID: person, Username: "page_" + string(id)}
		ref, err := p.vault.Put(p.t.Context(), slot, profile, token)
		p.must(err)
		a := igauth.Account{Profile: profile, Login: igauth.LoginFacebook, Status: igauth.StatusActive, ListedAs: listed.ID, Generation: 1, Ref: ref, ConnectedAt: p.clock.Now(), IssuedAt: p.clock.Now()}
		change := igauth.Change{Account: &a, Attempt: fmt.Sprintf("%032d", i)}
		if i == 0 {
			change.Person = &listed
		}
		p.must(p.ledger.Save(p.t.Context(), change))
		p.ids[profile.Username] = id
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

// While the vault cannot be emptied the page says so, and after an hour a run does.
func TestReceiptFollowsTheErasure(t *testing.T) {
	p := newInstallation(t)
	vault := newFakeVault()
	p.vault = vault
	p.restart()
	maria := professionals[0]
	p.clock.Advance(time.Hour)
	p.connect(maria)
	p.clock.Advance(time.Hour + 11*time.Minute)
	vault.set("Destroy", errors.New("Secrets Manager sleeps"))
	code := p.erase(igsim.DefaultAppSecret, p.scopedID(maria))
	if got := p.token(maria); got != string(igauth.CodeAccountNotFound) {
		t.Errorf("the token's reader gets %.30q", got)
	}
	says := func(languages string, want ...string) {
		t.Helper()
		status, page := p.page(code, languages)
		for _, text := range want {
			if status != http.StatusOK || !strings.Contains(page, text) {
				t.Errorf("%s: got status %d without %q\n%s", languages, status, text, page)
			}
		}
		for _, secret := range []string{string(p.ids[maria]), p.scopedID(maria), maria} {
			if strings.Contains(page, secret) {
				t.Errorf("the page names %s", secret)
			}
		}
	}
	says("en", `lang="en"`, "Your data is being erased", "in progress", "1 March 2026, 14:11 UTC", "1 account:")
	says("es-MX, en;q=0.5", `lang="es"`, "Tus datos se están borrando", "en curso", "1 de marzo de 2026, 14:11 UTC", "1 cuenta:")
	p.clock.Advance(2 * time.Hour)
	if report := p.tick(); report.RemovalsLate != 1 || report.RemovalsDone != 0 {
		t.Errorf("got %d late and %d done", report.RemovalsLate, report.RemovalsDone)
	}
	vault.set("Destroy", nil)
	p.pass(2 * time.Hour)
	says("en", "Your data has been erased", "1 March 2026, 17:11 UTC")
	says("es", "Tus datos se han borrado", "1 de marzo de 2026, 17:11 UTC")
	if len(vault.tokens[p.ids[maria]]) > 0 {
		t.Error("the vault has tokens left")
	}
	// After a year nobody can look any more.
	p.clock.Advance(365 * days)
	if status, _ := p.page(code, "en"); status != http.StatusNotFound {
		t.Errorf("got status %d", status)
	}
}

// Whoever tries codes learns nothing, and costs nothing that is not a code.
func TestUnknownReceiptsLookAlike(t *testing.T) {
	p := newInstallation(t)
	p.clock.Advance(time.Hour)
	code := p.erase(igsim.DefaultAppSecret, "1")
	deauthorized := p.signed(igsim.DefaultAppSecret, p.scopedID(professionals[0]))
	p.post("/deauthorize", deauthorized)
	for _, languages := range []string{"en", "es"} {
		status, unknown := p.page(strings.Repeat("0", 40), languages)
		if status != http.StatusNotFound {
			t.Fatalf("got status %d", status)
		}
		tries := []string{code[:39] + "x", code + "0", strings.ToUpper(code) + "A", code[:39], "x", "..%2f", url.PathEscape("<b>"), "0", p.scopedID(professionals[0])}
		for i := range map[string]int{"en": 10000, "es": 100}[languages] {
			tries = append(tries, fmt.Sprintf("%040x", i+1))
		}
		for _, try := range tries {
			if status, page := p.page(try, languages); status != http.StatusNotFound || page != unknown {
				t.Fatalf("%q looks different: status %d\n%s", try, status, page)
			}
		}
	}
	if status, page := p.page(code, "en"); status != http.StatusOK || !strings.Contains(page, "Nothing was stored") {
		t.Errorf("got status %d\n%s", status, page)
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
