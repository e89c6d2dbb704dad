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
	"os"
	"strings"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// How Meta's callbacks reach an installation that is ours in full, in front of the
// simulator, and what is left of an account after them.

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
