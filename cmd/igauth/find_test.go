package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// A program tells an unknown account by one code, whether it gave an id or a name.
func TestUnknownAccountHasOneCode(t *testing.T) {
	dir, _ := folder(t)
	for _, who := range []string{"nobody", "@nobody", "17841499999999999"} {
		for _, command := range [][]string{{"accounts", "show"}, {"token"}, {"reconnect"}, {"disconnect"}, {"refresh", "--account"}} {
			code, out, errOut := igauthCommand(append(slices.Clone(command), who, "--json", "--data", dir)...)
			var said struct{ Error igauth.Explanation }
			if err := json.Unmarshal([]byte(errOut), &said); err != nil || code != exitFailed || out != "" || said.Error.Code != igauth.CodeAccountNotFound {
				t.Errorf("%v %s: got exit code %d, %v, %s%s", command, who, code, err, out, errOut)
			}
		}
	}
}

// Of two accounts with one username, as after a change of names that only one was
// asked about, the id must be said; the answer has both.
func TestUsernameOfTwoAccounts(t *testing.T) {
	dir, _ := folder(t)
	f, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	ledger := f.Parts(f.Now, nil).Ledger
	a, err := ledger.Account(t.Context(), "17841400000010111")
	if err != nil {
		t.Fatal(err)
	}
	a.ID, a.Revision, a.AppScopedID = "17841400000077777", 0, "1"
	if err := ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: strings.Repeat("1", 32)}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"token", "reconnect", "disconnect"} {
		code, out, errOut := igauthCommand(command, "Maria.Bakes", "--data", dir)
		if code != exitFailed || out != "" || !strings.Contains(errOut, "17841400000010111 or 17841400000077777") {
			t.Errorf("%s: got exit code %d, %s%s", command, code, out, errOut)
		}
	}
	if code, out, _ := igauthCommand("accounts", "show", "17841400000077777", "--data", dir); code != 0 || !strings.Contains(out, "maria.bakes") {
		t.Errorf("by its id: got exit code %d, %s", code, out)
	}
}
