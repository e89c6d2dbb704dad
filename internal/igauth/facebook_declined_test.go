package igauth_test

import (
	"net/url"
	"testing"

	"igauth/internal/igauth"
)

// Who declined what is needed and starts again is asked for it again: Facebook's
// dialog leaves out what was declined unless it is told not to.
func TestWhoDeclinedAPermissionCanStillConnect(t *testing.T) {
	p := facebookInstallation(t)
	v := p.visitor()
	consent := func(ticked ...string) string {
		window := v.dialog(viaFacebook)
		return v.get(v.consent(window, "ana.one", url.Values{
			"offered": {window.Query().Get("scope")}, "scope": ticked, "page": {"104857600012347"},
		})).Header().Get("Location")
	}
	p.outcome(consent("business_management", "pages_show_list"), igauth.CodeScopeMissing)
	p.outcome(consent("business_management", "instagram_basic", "pages_show_list"), igauth.CodeConnected)
}
