package sealed_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igauth/sealed"
)

// A shelf is where a keyset is kept, and a memory of it.
type shelf struct {
	stored, remembered string
	err                error
	reads              int
}

func (s *shelf) source(_ context.Context, fresh bool) (igauth.Secret, error) {
	if s.err != nil {
		return igauth.Secret{}, s.err
	}
	if fresh || s.remembered == "" {
		s.remembered = s.stored
		s.reads++
	}
	return igauth.NewSecret(s.remembered), nil
}

func (s *shelf) store(keys sealed.Keyset) { s.stored = keys.Encode().Reveal() }

// Functions that remember an older keyset open what others sealed with a new
// key.
func TestVaultFollowsTheKeyset(t *testing.T) {
	one := newKeyset(t)
	two, err := one.Rotate(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{}
	s.store(one)
	v := sealed.New(s.source)
	old := put(t, v)
	if outdated, err := v.Outdated(t.Context(), old); err != nil || outdated {
		t.Errorf("before the rotation: got %t, %v", outdated, err)
	}
	s.store(two)
	newer := put(t, open(t, two))
	s.reads = 0
	if got, err := v.Get(t.Context(), slot, newer); err != nil || !got.Value.Equal(token.Value) || s.reads != 1 {
		t.Errorf("got %v after %d reads", err, s.reads)
	}
	if outdated, err := v.Outdated(t.Context(), old); err != nil || !outdated {
		t.Errorf("after the rotation: got %t, %v", outdated, err)
	}
	if got, err := v.Get(t.Context(), slot, old); err != nil || !got.Value.Equal(token.Value) {
		t.Errorf("the older key does not open: %v", err)
	}
	if outdated, err := v.Outdated(t.Context(), put(t, v)); err != nil || outdated {
		t.Errorf("what is sealed now: got %t, %v", outdated, err)
	}
	if outdated, err := v.Outdated(t.Context(), "AAAA"); err != nil || !outdated {
		t.Errorf("what is no reference: got %t, %v", outdated, err)
	}
}

// A keyset that cannot be read says nothing about tokens.
func TestKeysetIsMissing(t *testing.T) {
	missing := errors.New("no such secret")
	for name, s := range map[string]*shelf{
		"no answer": {err: missing},
		"missing":   {err: fmt.Errorf("secret x: %w", igauth.ErrNotFound)},
		"damaged":   {stored: `{"primary":1}`},
		"empty":     {stored: ``},
	} {
		t.Run(name, func(t *testing.T) {
			v := sealed.New(s.source)
			wantClosed(t, v, slot, put(t, newVault(t)))
			_, err := v.Put(t.Context(), slot, igauth.Profile{}, token)
			if err == nil || errors.Is(err, igauth.ErrNotFound) || s.err == missing && !errors.Is(err, missing) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("for a while", func(t *testing.T) {
		s := &shelf{}
		s.store(newKeyset(t))
		v := sealed.New(s.source)
		ref := put(t, v)
		s.err = missing
		wantClosed(t, v, slot, ref)
		s.err = nil
		if _, err := v.Get(t.Context(), slot, ref); err != nil {
			t.Error(err)
		}
	})
}

// keeping is a vault whose references begin with "kept".
type keeping struct {
	igauth.Vault
	calls []string
}

func (k *keeping) called(name string) { k.calls = append(k.calls, name) }

func (k *keeping) Keeps(ref igauth.Ref) bool { return strings.HasPrefix(string(ref), "kept") }

func (k *keeping) Put(context.Context, igauth.Slot, igauth.Profile, igauth.Token) (igauth.Ref, error) {
	k.called("Put")
	return "kept", nil
}

func (k *keeping) Get(context.Context, igauth.Slot, igauth.Ref) (igauth.Token, error) {
	k.called("Get")
	return token, nil
}

func (k *keeping) Find(context.Context, igauth.Slot) (igauth.Ref, igauth.Token, error) {
	k.called("Find")
	return "kept", token, nil
}

func (k *keeping) Promote(context.Context, igauth.Slot, igauth.Ref, igauth.Ref) error {
	k.called("Promote")
	return nil
}

func (k *keeping) Destroy(context.Context, igauth.Slot) error {
	k.called("Destroy")
	return nil
}

func TestBeside(t *testing.T) {
	for _, c := range []struct {
		name  string
		seal  bool
		calls string
		keeps bool
	}{
		{"new tokens are sealed", true, "Find Destroy", false},
		{"new tokens are kept", false, "Put Get Promote Find Destroy", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept := &keeping{}
			b := &sealed.Beside{Sealed: newVault(t), Kept: kept, Seal: sealed.Always(c.seal)}
			ref, err := b.Put(t.Context(), slot, igauth.Profile{}, token)
			if err != nil || b.Keeps(ref) != c.keeps {
				t.Fatalf("got a reference that is kept: %t, %v", b.Keeps(ref), err)
			}
			if got, err := b.Get(t.Context(), slot, ref); err != nil || !got.Value.Equal(token.Value) {
				t.Error(err)
			}
			if err := b.Promote(t.Context(), slot, ref, ""); err != nil {
				t.Error(err)
			}
			if _, _, err := b.Find(t.Context(), slot); err != nil {
				t.Error(err)
			}
			if err := b.Destroy(t.Context(), slot); err != nil {
				t.Error(err)
			}
			if got := strings.Join(kept.calls, " "); got != c.calls {
				t.Errorf("got the calls %s, want %s", got, c.calls)
			}
			if outdated, err := b.Outdated(t.Context(), ref); err != nil || outdated {
				t.Errorf("a new reference is outdated: %t, %v", outdated, err)
			}
			b.Seal = sealed.Always(!c.seal)
			if outdated, err := b.Outdated(t.Context(), ref); err != nil || !outdated {
				t.Errorf("after the change the reference is outdated: %t, %v", outdated, err)
			}
			if got, err := b.Get(t.Context(), slot, ref); err != nil || !got.Value.Equal(token.Value) {
				t.Errorf("after the change: %v", err)
			}
		})
	}
	t.Run("nobody knows", func(t *testing.T) {
		unknown := errors.New("unknown")
		b := &sealed.Beside{Sealed: newVault(t), Kept: &keeping{}, Seal: func(context.Context) (bool, error) { return false, unknown }}
		if _, err := b.Put(t.Context(), slot, igauth.Profile{}, token); !errors.Is(err, unknown) {
			t.Errorf("got %v", err)
		}
		if _, err := b.Outdated(t.Context(), "kept"); !errors.Is(err, unknown) {
			t.Errorf("got %v", err)
		}
	})
}
