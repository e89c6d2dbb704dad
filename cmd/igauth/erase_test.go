package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// Meta's list of whom it wants erased has the ids by which the app knows people.
func TestEraseTakesTheListOfMeta(t *testing.T) {
	dir, _ := folder(t)
	code, out, errOut := igauthCommand("erase", "38281000000004703", "38281000000004799", "--yes", "--json", "--data", dir)
	var answer struct {
		Erased   []string `json:"erased"`
		NotKnown []string `json:"not_known"`
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errOut)
	}
	if strings.Join(answer.Erased, " ") != "17841400000010111" || strings.Join(answer.NotKnown, " ") != "38281000000004799" {
		t.Errorf("got %+v", answer)
	}
	if code, _, _ := igauthCommand("accounts", "show", "17841400000010111", "--data", dir); code == 0 {
		t.Error("the account is still there")
	}
}

// A row of the version before persons is found, too.
func TestEraseFindsRowsOfOlderVersions(t *testing.T) {
	dir, _ := folder(t)
	f, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	ledger := f.Parts(f.Now, nil).Ledger
	a, err := ledger.Account(context.Background(), "17841400000010111")
	if err != nil {
		t.Fatal(err)
	}
	a.ListedAs = ""
	p, err := ledger.Person(context.Background(), igauth.NewPersonID(igauth.LoginInstagram, a.AppScopedID))
	if err != nil {
		t.Fatal(err)
	}
	p.Accounts = nil
	if err := ledger.Save(context.Background(), igauth.Change{Account: &a, Person: &p, Attempt: strings.Repeat("e", 32)}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := igauthCommand("erase", a.AppScopedID, "--yes", "--data", dir); code != 0 || !strings.Contains(out, "1 account erased") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
