package secrets

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
)

// current returns the version that direct readers of the vault see.
func current(fake *awsfake.SecretsManager) string {
	return fake.Secrets()["test/accounts/17841401313574613"].Labelled(labelCurrent)
}

// TestCurrent follows what direct readers see.
func TestCurrent(t *testing.T) {
	fake := newFake()
	v := newVault(t, fake, "test")
	want := func(when string, ref igauth.Ref) {
		t.Helper()
		if got := current(fake); got != string(ref) {
			t.Errorf("%s the current version is %q, want %q", when, got, ref)
		}
	}
	promote := func(slot igauth.Slot, ref igauth.Ref) {
		t.Helper()
		if err := v.Promote(t.Context(), slot, ref, ""); err != nil {
			t.Fatal(err)
		}
	}
	first := put(t, v, slotOf(1), "IGAA1")
	want("after the first token", first)
	loser := put(t, v, slot("a", 2), "IGAA2a")
	second := put(t, v, slot("b", 2), "IGAA2b")
	want("before a promotion", first)
	promote(slot("b", 2), second)
	want("after a promotion", second)
	third := put(t, v, slot("c", 3), "IGAA3")
	promote(slot("b", 2), second)
	want("after a promotion was repeated", second)
	promote(slot("c", 3), third)
	promote(slot("b", 2), second)
	promote(slot("a", 2), loser)
	promote(slotOf(1), first)
	want("after late promotions", third)
}

// TestCurrentByHand promotes over a version that somebody put with the console.
func TestCurrentByHand(t *testing.T) {
	fake := newFake()
	v := newVault(t, fake, "test")
	put(t, v, slotOf(1), "IGAA1")
	_, err := fake.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId:           aws.String("test/accounts/17841401313574613"),
		ClientRequestToken: aws.String("EXAMPLE1-90ab-cdef-fedc-ba987SECRET1"),
		SecretString:       aws.String("{}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ref := put(t, v, slot("a", 2), "IGAA2")
	if err := v.Promote(t.Context(), slot("a", 2), ref, ""); err != nil {
		t.Fatal(err)
	}
	if got := current(fake); got != string(ref) {
		t.Errorf("the current version is %q", got)
	}
}
