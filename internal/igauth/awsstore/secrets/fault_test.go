package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
)

var errLost = errors.New("connection reset by peer")

// before and after have a fault at every call of a fake from now on.
func before(fake *awsfake.SecretsManager, hook awsfake.Hook) {
	fake.Set(func(cfg *awsfake.SecretsManagerConfig) { cfg.Before = hook })
}

func after(fake *awsfake.SecretsManager, hook awsfake.Hook) {
	fake.Set(func(cfg *awsfake.SecretsManagerConfig) { cfg.After = hook })
}

// once returns a fault that happens at the first call of an operation.
func once(operation string, fault error) awsfake.Hook {
	var done atomic.Bool
	return func(_ context.Context, name string) error {
		if name != operation || done.Swap(true) {
			return nil
		}
		return fault
	}
}

// put keeps a token and fails the test if that fails.
func put(t *testing.T, v *Vault, slot igauth.Slot, text string) igauth.Ref {
	t.Helper()
	ref, err := v.Put(t.Context(), slot, profile, tokenOf(text))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// slot returns the slot of another attempt than slotOf's.
func slot(digit string, generation int64) igauth.Slot {
	return igauth.Slot{Account: profile.ID, Generation: generation, Attempt: strings.Repeat(digit, 32)}
}

// TestFailsAndRepeats lets each write fail once, before and after its effect,
// and repeats it as the domain would.
func TestFailsAndRepeats(t *testing.T) {
	for _, operation := range []string{"PutSecretValue", "CreateSecret", "DescribeSecret", "UpdateSecretVersionStage", "DeleteSecret"} {
		for _, when := range []string{"before", "after"} {
			t.Run(operation+" "+when, func(t *testing.T) {
				fake := newFake()
				v := newVault(t, fake, "test")
				if operation == "UpdateSecretVersionStage" {
					put(t, v, slot("f", 1), "IGAA0")
				}
				if when == "before" {
					before(fake, once(operation, awsfake.ErrThrottled))
				} else {
					after(fake, once(operation, errLost))
				}
				failures := 0
				twice := func(do func() error) {
					t.Helper()
					for range 2 {
						err := do()
						if err == nil {
							return
						}
						failures++
						if errors.Is(err, igauth.ErrNotFound) {
							t.Fatalf("a fault was reported as %v", err)
						}
					}
					t.Fatal("the repetition failed, too")
				}
				var ref igauth.Ref
				twice(func() (err error) {
					ref, err = v.Put(t.Context(), slotOf(2), profile, tokenOf("IGAA1"))
					return err
				})
				twice(func() error { return v.Promote(t.Context(), slotOf(2), ref, "") })
				if got := current(fake); got != string(ref) {
					t.Errorf("the current version is %q, want %q", got, ref)
				}
				twice(func() error { return v.Destroy(t.Context(), slotOf(9)) })
				if failures != 1 {
					t.Errorf("%d calls failed, want 1", failures)
				}
			})
		}
	}
}

func TestReadsFail(t *testing.T) {
	fake := newFake()
	v := newVault(t, fake, "test")
	ref := put(t, v, slotOf(1), "IGAA1")
	before(fake, func(context.Context, string) error { return awsfake.ErrThrottled })
	if _, err := v.Get(t.Context(), slotOf(1), ref); !errors.Is(err, awsfake.ErrThrottled) || errors.Is(err, igauth.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if _, _, err := v.Find(t.Context(), slotOf(1)); !errors.Is(err, awsfake.ErrThrottled) || errors.Is(err, igauth.ErrNotFound) {
		t.Errorf("Find: %v", err)
	}
}

// TestGetForeignRef keeps apart what is not in this vault and what cannot be.
func TestGetForeignRef(t *testing.T) {
	fake := newFake()
	v := newVault(t, fake, "test")
	for _, ref := range []igauth.Ref{"", "sealed:v1:AAAA", attempt} {
		if _, err := v.Get(t.Context(), slotOf(1), ref); err == nil || errors.Is(err, igauth.ErrNotFound) {
			t.Errorf("%q: got %v", ref, err)
		}
	}
	if calls := fake.Calls(); len(calls) != 0 {
		t.Errorf("calls %v were made", calls)
	}
}

// TestPutOtherToken has an attempt put two different tokens, which Secrets
// Manager refuses, and the same one with another remark.
func TestPutOtherToken(t *testing.T) {
	v := newVault(t, newFake(), "test")
	ref := put(t, v, slotOf(1), "IGAA1")
	renamed := profile
	renamed.Username = "patisserie"
	if again, err := v.Put(t.Context(), slotOf(1), renamed, tokenOf("IGAA1")); err != nil || again != ref {
		t.Errorf("the same token again: %q, %v", again, err)
	}
	person := tokenOf("IGAA1")
	person.UserToken = igauth.NewSecret("EAAB")
	for _, other := range []igauth.Token{tokenOf("IGAA2"), person} {
		_, err := v.Put(t.Context(), slotOf(1), profile, other)
		if err == nil || strings.Contains(err.Error(), "IGAA") || strings.Contains(err.Error(), "EAAB") {
			t.Errorf("another token: %v", err)
		}
	}
}

// TestPutEchoed has the service repeat a token in its message.
func TestPutEchoed(t *testing.T) {
	token := tokenOf("IGAA1")
	token.UserToken = igauth.NewSecret("EAAB1")
	for _, echoed := range []string{"IGAA1", "EAAB1"} {
		fake := newFake()
		before(fake, func(context.Context, string) error {
			return &types.InvalidParameterException{Message: aws.String("the value " + echoed + " is not allowed")}
		})
		_, err := newVault(t, fake, "test").Put(t.Context(), slotOf(1), profile, token)
		if err == nil || strings.Contains(fmt.Sprintf("%+v", err), echoed) {
			t.Errorf("got %v", err)
		}
	}
	// Without a person's token the message is the service's own.
	fake := newFake()
	before(fake, func(context.Context, string) error {
		return &types.InvalidParameterException{Message: aws.String("the name is not allowed")}
	})
	_, err := newVault(t, fake, "test").Put(t.Context(), slotOf(1), profile, tokenOf("IGAA1"))
	if err == nil || !strings.Contains(err.Error(), "the name is not allowed") {
		t.Errorf("got %v", err)
	}
}

// lingering has the name of a destroyed secret stay taken for some requests.
func lingering(fake *awsfake.SecretsManager, requests int) {
	fake.Set(func(cfg *awsfake.SecretsManagerConfig) { cfg.Deletion.Requests = requests })
}

// TestPutWaits until the name of the earlier secret is free.
func TestPutWaits(t *testing.T) {
	fake := newFake()
	v := newVault(t, fake, "test")
	put(t, v, slotOf(1), "IGAA1")
	lingering(fake, 2)
	if err := v.Destroy(t.Context(), slotOf(9)); err != nil {
		t.Fatal(err)
	}
	put(t, v, slotOf(2), "IGAA2")
}

// TestPutMeetsAnother is told that there is no secret, and then that there is.
func TestPutMeetsAnother(t *testing.T) {
	fake := newFake()
	v := newVault(t, fake, "test")
	first := put(t, v, slot("a", 1), "IGAA1")
	before(fake, once("PutSecretValue", &types.ResourceNotFoundException{}))
	put(t, v, slot("b", 1), "IGAA2")
	if got := current(fake); got != string(first) {
		t.Errorf("the current version is %q, want %q", got, first)
	}
}

// TestPutWhileDying does not wait for longer than it may.
func TestPutWhileDying(t *testing.T) {
	fake := newFake()
	v := newVault(t, fake, "test")
	put(t, v, slotOf(1), "IGAA1")
	lingering(fake, 1000)
	if err := v.Destroy(t.Context(), slotOf(9)); err != nil {
		t.Fatal(err)
	}
	_, err := v.Put(t.Context(), slotOf(2), profile, tokenOf("IGAA2"))
	if _, deleted := errors.AsType[*types.InvalidRequestException](err); !deleted {
		t.Errorf("got %v, want that the secret is being deleted", err)
	}
	if _, err := v.Get(t.Context(), slotOf(1), igauth.Ref(versionID(slotOf(1)))); !errors.Is(err, igauth.ErrNotFound) {
		t.Errorf("got %v, want that the token is gone", err)
	}
	if err := v.Promote(t.Context(), slotOf(1), igauth.Ref(versionID(slotOf(1))), ""); !errors.Is(err, igauth.ErrNotFound) {
		t.Errorf("got %v, want that there is nothing to promote", err)
	}
}

// TestCalls counts what the documentation of Vault says.
func TestCalls(t *testing.T) {
	fake := newFake()
	v := newVault(t, fake, "test")
	var ref, third igauth.Ref
	for _, step := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"the first Put", func() error { put(t, v, slotOf(1), "IGAA1"); return nil }, []string{"PutSecretValue", "CreateSecret"}},
		{"the first Promote", func() error { return v.Promote(t.Context(), slotOf(1), igauth.Ref(versionID(slotOf(1))), "") }, []string{"DescribeSecret"}},
		{"Put", func() error { ref = put(t, v, slot("a", 2), "IGAA2"); return nil }, []string{"PutSecretValue"}},
		{"Promote, without knowing what is replaced", func() error { return v.Promote(t.Context(), slot("a", 2), ref, "") }, []string{"DescribeSecret", "UpdateSecretVersionStage"}},
		{"another Put", func() error { third = put(t, v, slot("b", 3), "IGAA3"); return nil }, []string{"PutSecretValue"}},
		{"Promote", func() error { return v.Promote(t.Context(), slot("b", 3), third, ref) }, []string{"UpdateSecretVersionStage"}},
		{"Promote, again", func() error { return v.Promote(t.Context(), slot("b", 3), third, ref) }, []string{"UpdateSecretVersionStage", "DescribeSecret"}},
		{"a late Promote", func() error { return v.Promote(t.Context(), slot("a", 2), ref, igauth.Ref(versionID(slotOf(1)))) }, []string{"UpdateSecretVersionStage", "DescribeSecret"}},
		{"Get", func() error { _, err := v.Get(t.Context(), slot("a", 2), ref); return err }, []string{"GetSecretValue"}},
		{"Find", func() error { _, _, err := v.Find(t.Context(), slot("a", 2)); return err }, []string{"GetSecretValue"}},
		{"Destroy", func() error { return v.Destroy(t.Context(), slotOf(9)) }, []string{"DescribeSecret", "DeleteSecret"}},
	} {
		fake.ForgetCalls()
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		var calls []string
		for _, call := range fake.Calls() {
			calls = append(calls, call.Operation)
		}
		if !slices.Equal(calls, step.want) {
			t.Errorf("%s made the calls %v, want %v", step.name, calls, step.want)
		}
	}
}

func TestTag(t *testing.T) {
	fake := newFake()
	put(t, newVault(t, fake, "test"), slotOf(1), "IGAA1")
	if got := fake.Secrets()["test/accounts/17841401313574613"].Tags["igauth:stack"]; got != "test" {
		t.Errorf("the tag is %q", got)
	}
}
