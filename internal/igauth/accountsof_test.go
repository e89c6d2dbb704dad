package igauth_test

import (
	"slices"
	"testing"

	"igauth/internal/igauth"
)

// An id of Meta's means an account, or all that a person has connected and nobody
// else since.
func TestAccountsOf(t *testing.T) {
	p := newInstallation(t)
	p.connectsPages("1000000001", "17841400000077001", "17841400000077002")
	p.connectsPages("1000000002", "17841400000077003")
	first, err := p.ledger.Person(t.Context(), igauth.NewPersonID(igauth.LoginFacebook, "1000000001"))
	p.must(err)
	first.Accounts = append(first.Accounts, "17841400000077003") // which the second has taken over
	p.must(p.ledger.Save(t.Context(), igauth.Change{Person: &first, Attempt: "00000000000000000000000000000077"}))
	if _, err := p.store.Erase(t.Context(), "17841400000077002"); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string][]igauth.AccountID{
		"1000000001":        {"17841400000077001"},
		"1000000002":        {"17841400000077003"},
		"17841400000077001": {"17841400000077001"},
		"17841400000077002": nil,
		"1000000003":        nil,
		"0":                 nil,
	} {
		if got, err := p.store.AccountsOf(t.Context(), id); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v (%v), want %v", id, got, err, want)
		}
	}
}
