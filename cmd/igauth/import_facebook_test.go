package main

import (
	"strings"
	"testing"

	"igauth/internal/app/local"
	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// A system user's token of several accounts is imported for the one that is named.
// Where Facebook Login is off, the answer says how to switch it on.
func TestTokenOfASystemUserIsImported(t *testing.T) {
	dir, sim := folder(t)
	token, err := sim.SystemUserToken("leo.agency", false)
	if err != nil {
		t.Fatal(err)
	}
	code, out, errOut := typed(token, "import", "--data", dir)
	if code != exitFailed || !strings.Contains(out+errOut, "IGAUTH_META_APP_ID") {
		t.Errorf("off: got exit code %d\n%s%s", code, out, errOut)
	}
	withFacebookLogin(t, dir)
	code, out, errOut = typed(token, "import", "--data", dir)
	if code != exitFailed || !strings.Contains(out, "studio_norte (17841400000020223)") || !strings.Contains(out, "--account") {
		t.Errorf("several: got exit code %d\n%s%s", code, out, errOut)
	}
	if code, out, errOut = typed(token, "import", "--data", dir, "--json"); code != exitFailed || !strings.Contains(out, `"code": "`+string(igauth.CodeSeveralAccounts)) || !strings.Contains(out, "17841400000020223") {
		t.Errorf("several, as JSON: got exit code %d\n%s%s", code, out, errOut)
	}
	code, out, errOut = typed(token, "import", "--account", "studio_norte", "--data", dir)
	if code != 0 || !strings.Contains(out, "studio_norte") || !strings.Contains(out, "never") || strings.Contains(out+errOut, token) {
		t.Errorf("named: got exit code %d\n%s%s", code, out, errOut)
	}
	if code, out, errOut = igauthCommand("accounts", "show", "studio_norte", "--data", dir); code != 0 || !strings.Contains(out, "facebook") || !strings.Contains(out, "never") || strings.Contains(out, "36500") {
		t.Errorf("shown: got exit code %d\n%s%s", code, out, errOut)
	}
	if code, out, errOut = igauthCommand("accounts", "list", "--data", dir); code != 0 || !strings.Contains(out, "never") || strings.Contains(out, "36500") {
		t.Errorf("listed: got exit code %d\n%s%s", code, out, errOut)
	}
	if code, out, errOut = igauthCommand("refresh", "--account", "studio_norte", "--data", dir); code != 0 || !strings.Contains(out, "expires never.") {
		t.Errorf("refreshed: got exit code %d\n%s%s", code, out, errOut)
	}
}

// withFacebookLogin switches Facebook Login on in a folder.
func withFacebookLogin(t *testing.T, dir string) {
	t.Helper()
	f, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	record := f.Record
	record.MetaAppID, record.FacebookWWW, record.FacebookGraph = igsim.MetaAppID, record.WWW, record.Graph
	if err := f.Remember(record); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
