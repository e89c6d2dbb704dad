package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"igauth/internal/igauth"
)

// VaultTraits says in which of the allowed ways a vault keeps tokens.
type VaultTraits struct {
	// Finds reports whether Find finds a token that was put and never
	// committed. A vault whose Ref is the token itself cannot.
	Finds bool
	// Forgets reports whether Get fails after Destroy. A vault that keeps
	// nothing itself cannot forget: its tokens are gone with the row.
	Forgets bool
	// Foreign is the error of a Ref that is read in the slot of another account;
	// nil means that any error will do.
	Foreign error
	// Current returns the text that a direct reader of the vault sees, who knows
	// neither row nor Ref. Nil means that the vault has no direct readers.
	Current func(ctx context.Context, v igauth.Vault, account igauth.AccountID) (string, error)
	// Except names sub-tests that are skipped, and why. It is for emulators that
	// are known to differ from the service; a vault of ours has none.
	Except map[string]string
}

// RunVault tests a vault against the contract of [igauth.Vault]. Each call of
// newVault returns a vault without tokens, and cleans up after itself with
// t.Cleanup.
func RunVault(t *testing.T, newVault func(t *testing.T) igauth.Vault, traits VaultTraits) {
	tests := []struct {
		name string
		run  func(t *testing.T, v vault)
	}{
		{"a token is read right after it was put", testGet},
		{"the slot's attempt is not needed to read", testGetWithoutAttempt},
		{"scopes that are not known stay so", testTokenScopes},
		{"times keep their precision", testTokenTimes},
		{"the token of a person, its end and that of access to data are kept", testPersonToken},
		{"any text is kept", testTokenText},
		{"tokens of 4 KiB are kept", testLongToken},
		{"the same token is put twice", testPutTwice},
		{"the same token is put again after it was promoted", testPutAfterPromote},
		{"one attempt puts in a later generation", testPutLaterGeneration},
		{"generations are kept side by side", testGenerations},
		{"accounts are kept apart", testAccountsApart},
		{"the reference does not hold the token", testOpaqueRef},
		{"errors do not hold the token", testSilentErrors},

		{"a token that was put is found by its attempt", testFind},
		{"a token is found after another one was put", testFindOlder},
		{"nothing is found by an attempt that put nothing", testFindNothing},

		{"a vault knows whether it keeps what a reference names", testKeeps},
		{"a token is promoted, and again", testPromote},
		{"a promoted token is readable until it is replaced", testPromoteKeepsEarlier},
		{"direct readers see what was promoted last", testCurrent},
		{"direct readers see the same after a repeated put", testCurrentAfterPut},
		{"direct readers do not see an older generation again", testCurrentStays},

		{"nothing is destroyed", testDestroyNothing},
		{"an account's tokens are destroyed, and again", testDestroy},
		{"an account gets a token after its tokens were destroyed", testPutAfterDestroy},
		{"another account's tokens survive", testDestroyOne},
		{"who destroys too late destroys nothing", testDestroyLate},

		{"a cancelled context is obeyed", testVaultCancelled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if why := traits.Except[test.name]; why != "" {
				t.Skip(why)
			}
			test.run(t, vault{newVault(t), traits})
		})
	}
}

// vault is a vault under test.
type vault struct {
	igauth.Vault
	traits VaultTraits
}

// put keeps a token for the owner of its slot.
func (v vault) put(t *testing.T, slot igauth.Slot, token igauth.Token) igauth.Ref {
	t.Helper()
	ref, err := v.Put(t.Context(), slot, profileOf(slot.Account), token)
	must(t, err)
	if ref == "" {
		t.Fatal("the reference is empty")
	}
	return ref
}

// want reads a token and compares it with the one that was put.
func (v vault) want(t *testing.T, slot igauth.Slot, ref igauth.Ref, want igauth.Token) {
	t.Helper()
	got, err := v.Get(t.Context(), slot, ref)
	must(t, err)
	sameToken(t, got, want)
}

// sameToken compares two tokens. It compares the texts first, as a Secret is a
// pointer.
func sameToken(t *testing.T, got, want igauth.Token) {
	t.Helper()
	for _, text := range []struct {
		of        string
		got, want igauth.Secret
	}{{"token", got.Value, want.Value}, {"person's token", got.UserToken, want.UserToken}} {
		if !text.got.Equal(text.want) {
			t.Fatalf("got another text of %d bytes as the %s than the one of %d", len(text.got.Reveal()), text.of, len(text.want.Reveal()))
		}
	}
	if want.UserToken.IsZero() && got.UserToken != want.UserToken {
		t.Fatal("the person's token is an empty text and not empty")
	}
	got.Value, got.UserToken = want.Value, want.UserToken
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("token\n got %+v\nwant %+v", got, want)
	}
}

// newSlot returns the slot of a new attempt.
func newSlot(account igauth.AccountID, generation int64) igauth.Slot {
	return igauth.Slot{Account: account, Generation: generation, Attempt: newAttempt()}
}

// profileOf returns the owner of an account.
func profileOf(id igauth.AccountID) igauth.Profile {
	return igauth.Profile{ID: id, AppScopedID: "9" + string(id), Username: "owner.of." + string(id), AccountType: "BUSINESS"}
}

func testVaultCancelled(t *testing.T, v vault) {
	if !v.traits.Finds {
		t.Skip("a vault that only computes has nothing to interrupt")
	}
	slot := newSlot(accountID(1), 1)
	ref := v.put(t, slot, newToken())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, call := range []struct {
		name string
		do   func() error
	}{
		{"Put", func() error {
			_, err := v.Put(ctx, newSlot(slot.Account, 2), profileOf(slot.Account), newToken())
			return err
		}},
		{"Get", func() error { _, err := v.Get(ctx, slot, ref); return err }},
		{"Promote", func() error { return v.Promote(ctx, slot, ref, "") }},
		{"Destroy", func() error { return v.Destroy(ctx, slot) }},
		{"Find", func() error { _, _, err := v.Find(ctx, slot); return err }},
	} {
		err := call.do()
		if err == nil || errors.Is(err, igauth.ErrNotFound) {
			t.Errorf("%s: got %v, want an error that says nothing about the token", call.name, err)
		}
	}
}
