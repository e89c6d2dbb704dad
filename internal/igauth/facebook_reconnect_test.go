package igauth_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

func TestReconnectThroughFacebook(t *testing.T) {
	p := facebookInstallation(t)
	v := p.visitor()
	p.outcome(v.choose(v.walk(viaFacebook, "leo.agency", nil), casaID).Header().Get("Location"), igauth.CodeConnected)
	before := p.row(casaID)
	link := p.link(casaID)
	p.clock.Advance(24 * time.Hour)

	t.Run("the link asks nothing and changes no other account", func(t *testing.T) {
		v := p.visitor()
		if window := v.dialog(link); window.Path != "/v26.0/dialog/oauth" {
			t.Errorf("it leads to %s", window)
		}
		p.outcome(v.walk(link, "leo.agency", nil), igauth.CodeConnected)
		a := p.row(casaID)
		if a.Generation != before.Generation+1 || a.History[len(a.History)-1].What != igauth.EntryReconnected || !a.DataAccessUntil.After(before.DataAccessUntil) {
			t.Errorf("got generation %d, history %v, data access until %s", a.Generation, a.History, a.DataAccessUntil)
		}
		if got := p.accountsNow(); len(got) != 1 {
			t.Errorf("got accounts %v", got)
		}
	})
	t.Run("who has another account is told both names", func(t *testing.T) {
		v := p.visitor()
		location := v.walk(link, "ana.one", nil)
		p.outcome(location, igauth.CodeWrongAccount)
		body := v.get(location).Body.String()
		if !strings.Contains(body, "@casa.verde") || !strings.Contains(body, "@maria.bakes") || !strings.Contains(body, "reconnect=") {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("who has several, but not that one, is told its name", func(t *testing.T) {
		v := p.visitor()
		location := v.walk(link, "leo.agency", url.Values{"page": {"61550000000020129", "61550000000030211"}})
		p.outcome(location, igauth.CodeWrongAccount)
		body := v.get(location).Body.String()
		if !strings.Contains(body, "@casa.verde") || strings.Contains(body, "@studio_norte") {
			t.Errorf("got\n%s", body)
		}
	})
	t.Run("who has none is told that", func(t *testing.T) {
		location := p.visitor().walk(link, "nora.none", nil)
		p.outcome(location, igauth.CodeNoPage)
		if !strings.Contains(location, "reconnect=") || strings.Contains(location, "login=") {
			t.Errorf("got %s, want the link to go on with", location)
		}
	})
	if a := p.row(casaID); a.Generation != before.Generation+1 {
		t.Errorf("got generation %d", a.Generation)
	}
}
