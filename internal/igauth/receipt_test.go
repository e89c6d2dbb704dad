package igauth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

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
