package igauth_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A flow's record outlives an erasure. It tells nobody who the visitor was: neither
// what there was to choose from nor who signed in, though the visitor's own browser
// is told again.
func TestFlowsTellNobodysName(t *testing.T) {
	p := emptyInstallation(t)
	v := p.visitor()
	page := v.walk(viaFacebook, "leo.agency", nil)
	if n := len(choicePattern.FindAllString(v.get(page).Body.String(), -1)); n != 3 {
		t.Fatalf("the page has %d choices", n)
	}
	p.connect("maria.bakes")
	other := p.visitor()
	callback := other.consent(other.dialog(p.link(mariaID)), "studio_norte", nil)
	location := other.get(callback).Header().Get("Location")
	if !strings.Contains(location, "wanted=maria.bakes") || !strings.Contains(location, "found=studio_norte") {
		t.Fatalf("got location %s", location)
	}
	if again := other.get(callback).Header().Get("Location"); again != location {
		t.Errorf("the same browser again: got %s, want %s", again, location)
	}
	_, err := p.store.Erase(t.Context(), mariaID)
	p.must(err)
	p.must(p.ledger.Close())
	data, err := os.ReadFile(p.dir + "/ledger.db")
	p.must(err)
	for _, name := range []string{"studio_norte", "old.town.cafe", "casa.verde", "Casa Verde", string(townID), string(casaID), "wanted_name", "choices"} {
		if strings.Contains(string(data), name) {
			t.Errorf("the ledger has %q", name)
		}
	}
}

// An account that somebody else connects is no longer listed with whoever had it
// before: an erasure would not find it there.
func TestWhoHadAnAccountBeforeDoesNotKeepIt(t *testing.T) {
	for name, erase := range map[string]func(p *installation){
		"by hand": func(p *installation) {
			_, err := p.store.Erase(p.t.Context(), mariaID)
			p.must(err)
		},
		"by Meta": func(p *installation) {
			p.erase(metaAppSecret, strings.TrimPrefix(string(p.row(mariaID).ListedAs), "facebook/"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := emptyInstallation(t)
			p.connect("maria.bakes")
			first := p.row(mariaID).ListedAs
			p.clock.Advance(time.Hour)
			if location := p.visitor().walk(viaFacebook, "ana.one", nil); !strings.Contains(location, "status=connected") {
				t.Fatalf("got location %s", location)
			}
			second := p.row(mariaID).ListedAs
			if first == second || second == "" {
				t.Fatalf("listed as %s, then as %s", first, second)
			}
			p.clock.Advance(time.Hour)
			if a := p.row(mariaID); a.Status != igauth.StatusActive || a.Generation != 2 {
				t.Errorf("got %s of generation %d", a.Status, a.Generation)
			}
			erase(p)
			for _, id := range []igauth.PersonID{first, second} {
				if person, err := p.ledger.Person(t.Context(), id); err != nil || len(person.Accounts) > 0 {
					t.Errorf("%s lists %v, %v", id, person.Accounts, err)
				}
			}
		})
	}
}

// Somebody changes the record of whoever had the account before at that very moment.
// The token counts.
func TestATokenIsKeptWhateverBecomesOfWhoHadTheAccountBefore(t *testing.T) {
	moments := int64(1)
	for at := int64(0); at <= moments; at++ {
		p := emptyInstallation(t)
		p.connect("maria.bakes")
		first := p.row(mariaID).ListedAs
		p.clock.Advance(time.Hour)
		v := p.visitor()
		callback := v.consent(v.dialog(viaFacebook), "ana.one", nil)
		steps := p.comeBetween(at, func() {
			person, err := p.ledger.Person(t.Context(), first)
			p.must(err)
			person.EndedAt = p.clock.Now()
			p.must(p.ledger.Save(t.Context(), igauth.Change{Person: &person, Attempt: strings.Repeat("7", 32)}))
		}, func() { v.get(callback) })
		if at == 0 {
			moments = steps
		}
		if a := p.row(mariaID); a.Login != igauth.LoginFacebook || a.Generation != 2 || !strings.HasPrefix(p.token("maria.bakes"), "EAA") {
			t.Errorf("moment %d of %d: got %s, generation %d", at, moments, a.Login, a.Generation)
		}
	}
}
