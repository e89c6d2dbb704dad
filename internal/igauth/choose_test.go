package igauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

var choicePattern = regexp.MustCompile(`name="account" value="(\d+)" required><span translate="no"><b>@([^<]+)</b><small>([^<]+)</small>`)

func TestSeveralPagesAreTheVisitorsToChooseFrom(t *testing.T) {
	p := emptyInstallation(t)
	p.must(p.SetBehaviour(igsim.Behaviour{PagesAtOnce: 1}))
	v := p.visitor()
	callback := v.consent(v.dialog(viaFacebook), "leo.agency", nil)
	w := v.get(callback)
	page := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(page, "/callback/choose?state=") {
		t.Fatalf("got status %d, location %q", w.Code, page)
	}
	if len(p.accountsNow()) != 0 {
		t.Error("something is connected already")
	}
	t.Run("the page shows them", func(t *testing.T) {
		w := v.get(page)
		var got []string
		for _, m := range choicePattern.FindAllStringSubmatch(w.Body.String(), -1) {
			got = append(got, strings.Join(m[1:], " "))
		}
		want := []string{
			string(casaID) + " casa.verde Casa Verde",
			string(townID) + " old.town.cafe Old Town Café &amp; Bar",
			string(studioID) + " studio_norte Studio Norte",
		}
		if w.Code != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("got status %d, choices %q, want %q\n%s", w.Code, got, want, words(w))
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self';") {
			t.Errorf("got policy %q", csp)
		}
		if body := w.Body.String(); strings.Contains(body, "<script") || !strings.Contains(body, `href="/authorize?login=facebook"`) || !strings.Contains(body, `lang="en"`) {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("it speaks Spanish", func(t *testing.T) {
		v := &visitor{p: p, cookies: v.cookies, language: "es"}
		if body := v.get(page).Body.String(); !strings.Contains(body, `lang="es"`) || !strings.Contains(body, "¿Qué cuenta quieres conectar?") || !strings.Contains(body, "Conectar esta cuenta") {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("asking again spends nothing", func(t *testing.T) {
		calls := p.Calls()["facebook_code"]
		if got := v.get(callback).Header().Get("Location"); got != page || p.Calls()["facebook_code"] != calls {
			t.Errorf("got location %q and %d more exchanges", got, p.Calls()["facebook_code"]-calls)
		}
	})
	t.Run("a wrong choice shows the page again", func(t *testing.T) {
		for name, form := range map[string]string{
			"none": "", "somebody else's": "account=" + string(mariaID), "nonsense": "account=%3Cscript%3E", "in another case": "ACCOUNT=" + string(studioID),
		} {
			w := v.post(page, form)
			if body := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(body, `role="alert"`) || len(choicePattern.FindAllString(body, -1)) != 3 || strings.Contains(body, "<script") {
				t.Errorf("%s: got status %d\n%s", name, w.Code, body)
			}
		}
		for name, form := range map[string]string{"two": "account=" + string(studioID) + "&account=" + string(casaID), "too much": "account=" + strings.Repeat("1", 4096)} {
			if w := v.post(page, form); w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
				t.Errorf("%s: got status %d, location %q", name, w.Code, w.Header().Get("Location"))
			}
		}
	})
	t.Run("the ledger alone does not open the token", func(t *testing.T) {
		data, err := os.ReadFile(p.dir + "/ledger.db")
		p.must(err)
		if strings.Contains(string(data), "EAA") || !strings.Contains(string(data), `"sealed_token":"`) {
			t.Error("the token stands in the ledger, or no token does")
		}
	})
	w = v.choose(page, studioID)
	after := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(after, registered+"?claim=") || !strings.HasSuffix(after, "&status=connected") {
		t.Fatalf("got status %d, location %q\n%s", w.Code, after, p.log)
	}
	t.Run("whatever comes afterwards has the same outcome", func(t *testing.T) {
		for name, w := range map[string]*httptest.ResponseRecorder{
			"the same choice": v.choose(page, studioID), "another choice": v.choose(page, casaID), "no choice": v.post(page, ""),
			"the page": v.get(page), "the callback": v.get(callback),
		} {
			if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != after {
				t.Errorf("%s: got status %d, location %q", name, w.Code, got)
			}
		}
		if got := p.accountsNow(); !slices.Equal(got, []igauth.AccountID{studioID}) || p.row(studioID).Generation != 1 {
			t.Errorf("got accounts %v", got)
		}
	})
	t.Run("the flow keeps neither choices nor token", func(t *testing.T) {
		claim, _ := url.Parse(after)
		id, _, _ := strings.Cut(claim.Query().Get("claim"), ".")
		f, err := p.ledger.Flow(t.Context(), igauth.FlowID(id))
		if err != nil || f.SealedToken != "" || f.Account != studioID || f.Outcome.Code != igauth.CodeConnected {
			t.Errorf("got %+v, %v", f, err)
		}
	})
	t.Run("the person has one account", func(t *testing.T) {
		person, err := p.ledger.Person(t.Context(), leoPerson)
		if err != nil || !slices.Equal(person.Accounts, []igauth.AccountID{studioID}) {
			t.Errorf("got %v, %v", person.Accounts, err)
		}
	})
}

// Two tabs, a double click: whatever was chosen, one account is connected, and all
// see the same.
func TestChoicesThatComeTogetherConnectOnce(t *testing.T) {
	p := emptyInstallation(t)
	v := p.visitor()
	page := v.walk(viaFacebook, "leo.agency", nil)
	var mu sync.Mutex
	answers := map[string]int{}
	var group sync.WaitGroup
	for i := range 30 {
		group.Go(func() {
			tab := &visitor{p: p, cookies: v.cookies}
			w := tab.choose(page, []igauth.AccountID{studioID, townID, casaID}[i%3])
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprint(w.Code, w.Header().Get("Location"))]++
		})
	}
	group.Wait()
	if len(answers) != 1 {
		t.Errorf("got %v", answers)
	}
	if got := p.accountsNow(); len(got) != 1 || p.row(got[0]).Generation != 1 {
		t.Errorf("got accounts %v", got)
	}
}

func TestChoiceIsTheBrowsersOwn(t *testing.T) {
	p := emptyInstallation(t)
	v := p.visitor()
	page := v.walk(viaFacebook, "leo.agency", nil)
	stranger := p.visitor()
	stranger.dialog(viaFacebook)
	planted := &visitor{p: p, cookies: append(slices.Clone(v.cookies), &http.Cookie{Name: v.cookies[0].Name, Value: "planted"})}
	renamed := &visitor{p: p, cookies: []*http.Cookie{{Name: v.cookies[0].Name, Value: stranger.cookies[0].Value}}}
	changed := strings.Replace(page, "state=A", "state=B", 1)
	for name, c := range map[string]struct {
		v    *visitor
		page string
		code igauth.Code
	}{
		"no cookie":                {p.visitor(), page, igauth.CodeCookieMissing},
		"another flow's cookie":    {stranger, page, igauth.CodeCookieMissing},
		"another value":            {renamed, page, igauth.CodeStateInvalid},
		"two cookies of the name":  {planted, page, igauth.CodeCookieMissing},
		"changed state":            {v, changed, igauth.CodeStateInvalid},
		"no state":                 {v, "/callback/choose", igauth.CodeStateInvalid},
		"two states":               {v, page + "&" + strings.SplitN(page, "?", 2)[1], igauth.CodeRequestInvalid},
		"a flow not yet come back": {stranger, "/callback/choose?state=" + url.QueryEscape(stranger.dialog(viaFacebook).Query().Get("state")), igauth.CodeRequestInvalid},
	} {
		for _, w := range []*httptest.ResponseRecorder{c.v.get(c.page), c.v.choose(c.page, studioID)} {
			if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || !strings.Contains(w.Body.String(), string(c.code)) || strings.Contains(w.Body.String(), "studio_norte") {
				t.Errorf("%s: got status %d, want %s\n%s", name, w.Code, c.code, words(w))
			}
		}
	}
	t.Run("methods and prefetches", func(t *testing.T) {
		for _, c := range []struct {
			method, header string
			status         int
		}{
			{http.MethodHead, "", 405}, {http.MethodPut, "", 405}, {http.MethodDelete, "", 405}, {http.MethodOptions, "", 405},
			{http.MethodGet, "Sec-Purpose", 204}, {http.MethodPost, "Sec-Purpose", 204},
		} {
			r := httptest.NewRequest(c.method, page, strings.NewReader("account="+string(studioID)))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if c.header != "" {
				r.Header.Set(c.header, "prefetch")
			}
			if w := v.serve(p.callback, r); w.Code != c.status {
				t.Errorf("%s %s: got status %d, want %d", c.method, c.header, w.Code, c.status)
			}
		}
	})
	if len(p.accountsNow()) != 0 {
		t.Fatalf("got accounts %v", p.accountsNow())
	}
	t.Run("after ten minutes it is over", func(t *testing.T) {
		p.clock.Advance(igauth.FlowLifetime + time.Second)
		for _, w := range []*httptest.ResponseRecorder{v.get(page), v.choose(page, studioID)} {
			if body := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(body, "state_expired") || !strings.Contains(body, `href="/authorize?login=facebook"`) {
				t.Errorf("got status %d\n%s", w.Code, body)
			}
		}
		if len(p.accountsNow()) != 0 {
			t.Errorf("got accounts %v", p.accountsNow())
		}
	})
}

// What was taken away between the consent and the choice is not connected by it.
func TestEndBetweenConsentAndChoice(t *testing.T) {
	for name, end := range map[string]func(*installation) error{
		"disconnected": func(p *installation) error {
			_, err := p.store.Disconnect(p.t.Context(), studioID)
			return err
		},
		"erased": func(p *installation) error {
			_, err := p.store.Erase(p.t.Context(), studioID)
			return err
		},
		"removed by the person": func(p *installation) error {
			_, err := p.store.Remove(p.t.Context(), igauth.RemovalRequest{
				Kind: igauth.RemovalDeauthorize, Code: strings.Repeat("a", 40), UserID: strings.TrimPrefix(leoPerson, "facebook/"),
				Logins: []igauth.Login{igauth.LoginFacebook}, At: p.clock.Now(),
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := facebookInstallation(t)
			v := p.visitor()
			p.outcome(v.walk("", "studio_norte", nil), igauth.CodeConnected)
			p.clock.Advance(time.Minute)
			page := v.walk(viaFacebook, "leo.agency", nil)
			p.clock.Advance(time.Minute)
			p.must(end(p))
			p.clock.Advance(time.Minute)
			p.outcome(v.choose(page, studioID).Header().Get("Location"), igauth.CodeDisconnected)
			if a, err := p.ledger.Account(t.Context(), studioID); err != nil || a.Login == igauth.LoginFacebook {
				t.Errorf("got %s, %v", a.Login, err)
			}
		})
	}
}

// A vault that is away loses nothing: the choice can be sent again when the request
// that held it is certainly over.
func TestChoiceSurvivesADeadRequest(t *testing.T) {
	p := facebookInstallation(t)
	broken := &brokenVault{Vault: p.vault}
	p.vault = broken
	p.restart()
	v := p.visitor()
	page := v.walk(viaFacebook, "leo.agency", nil)
	broken.away.Store(true)
	if w := v.choose(page, studioID); w.Code != http.StatusInternalServerError {
		t.Fatalf("got status %d, location %q", w.Code, w.Header().Get("Location"))
	}
	broken.away.Store(false)
	w := v.choose(page, studioID)
	if w.Code != http.StatusAccepted || !strings.HasPrefix(w.Header().Get("Refresh"), "2;url=/callback/choose?state=") {
		t.Errorf("while the lease lasts: got status %d, refresh %q", w.Code, w.Header().Get("Refresh"))
	}
	if w := v.get(page); w.Code != http.StatusAccepted || w.Header().Get("Refresh") != "2" {
		t.Errorf("while the lease lasts: got status %d, refresh %q", w.Code, w.Header().Get("Refresh"))
	}
	p.clock.Advance(time.Minute)
	if w := v.get(page); w.Code != http.StatusOK {
		t.Fatalf("afterwards: got status %d\n%s", w.Code, words(w))
	}
	p.outcome(v.choose(page, townID).Header().Get("Location"), igauth.CodeConnected)
	if got := p.accountsNow(); !slices.Equal(got, []igauth.AccountID{townID}) {
		t.Errorf("got accounts %v", got)
	}
}

// A brokenVault can be away.
type brokenVault struct {
	igauth.Vault
	away atomic.Bool
}

func (v *brokenVault) Put(ctx context.Context, slot igauth.Slot, profile igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	if v.away.Load() {
		return "", errors.New("the vault is away")
	}
	return v.Vault.Put(ctx, slot, profile, token)
}
