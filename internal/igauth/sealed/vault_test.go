package sealed_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/sealed"
)

// tokenText has the length of the longest token that somebody counted, and a bit
// more.
var tokenText = "IGAAsentinel" + strings.Repeat("Zk3_x-9Q", 24)[:188]

var (
	slot  = igauth.Slot{Account: "17841400000010111", Generation: 7, Attempt: strings.Repeat("a", 32)}
	token = igauth.Token{
		Value:     igauth.NewSecret(tokenText),
		IssuedAt:  time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC),
		ExpiresAt: time.Date(2027, 1, 22, 9, 29, 4, 0, time.UTC),
		Scopes:    []string{"instagram_business_basic", "instagram_business_manage_messages"},
	}
)

func newKeyset(t testing.TB) sealed.Keyset {
	t.Helper()
	keys, err := sealed.NewKeyset(nil)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func open(t testing.TB, keys sealed.Keyset) *sealed.Vault {
	t.Helper()
	v, err := sealed.NewVault(keys)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newVault(t testing.TB) *sealed.Vault { return open(t, newKeyset(t)) }

func put(t testing.TB, v *sealed.Vault) igauth.Ref {
	t.Helper()
	ref, err := v.Put(t.Context(), slot, igauth.Profile{}, token)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// wantClosed fails if a reference opens, and if the error says that there is no
// token: only the ledger knows that.
func wantClosed(t *testing.T, v *sealed.Vault, slot igauth.Slot, ref igauth.Ref) {
	t.Helper()
	got, err := v.Get(t.Context(), slot, ref)
	if err == nil || errors.Is(err, igauth.ErrNotFound) {
		t.Fatalf("got error %v, want one other than ErrNotFound", err)
	}
	if !got.Value.IsZero() {
		t.Fatal("got a token next to the error")
	}
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "sentinel") || strings.Contains(text, string(ref)) && len(ref) > 8 {
		t.Fatal("the error quotes the reference or the token")
	}
}

// A row's reference is worth nothing in another row, and nothing in its own
// after the token changed.
func TestBoundToItsRow(t *testing.T) {
	v := newVault(t)
	ref := put(t, v)
	for name, other := range map[string]igauth.Slot{
		"another account":               {Account: "17841400000010112", Generation: 7},
		"no account":                    {Generation: 7},
		"the next generation":           {Account: slot.Account, Generation: 8},
		"the generation before":         {Account: slot.Account, Generation: 6},
		"no generation":                 {Account: slot.Account},
		"digits moved between the two":  {Account: "1784140000001011", Generation: 17},
		"a generation of more than all": {Account: slot.Account, Generation: -7},
	} {
		t.Run(name, func(t *testing.T) { wantClosed(t, v, other, ref) })
	}
	t.Run("another attempt of the same row", func(t *testing.T) {
		got, err := v.Get(t.Context(), igauth.Slot{Account: slot.Account, Generation: 7, Attempt: "other"}, ref)
		if err != nil || !got.Value.Equal(token.Value) {
			t.Errorf("got %v, want the token", err)
		}
	})
}

func TestTampering(t *testing.T) {
	v := newVault(t)
	ref := put(t, v)
	box, err := base64.RawURLEncoding.DecodeString(string(ref))
	if err != nil {
		t.Fatal(err)
	}
	encode := func(box []byte) igauth.Ref { return igauth.Ref(base64.RawURLEncoding.EncodeToString(box)) }
	t.Run("any bit of any byte", func(t *testing.T) {
		for i := range box {
			for bit := range 8 {
				changed := bytes.Clone(box)
				changed[i] ^= 1 << bit
				wantClosed(t, v, slot, encode(changed))
			}
		}
	})
	t.Run("any character", func(t *testing.T) {
		for i := range ref {
			for _, c := range []byte("A_-9=+/ \x00\n\xff") {
				if ref[i] == c {
					continue
				}
				changed := []byte(ref)
				changed[i] = c
				wantClosed(t, v, slot, igauth.Ref(changed))
			}
		}
	})
	t.Run("the last character, of which some bits are spare", func(t *testing.T) {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		last := len(ref) - 1
		for _, c := range alphabet {
			if changed := ref[:last] + igauth.Ref(c); changed != ref {
				wantClosed(t, v, slot, changed)
			}
		}
	})
	t.Run("cut off", func(t *testing.T) {
		for n := 1; n < len(ref); n++ {
			wantClosed(t, v, slot, ref[:n])
			wantClosed(t, v, slot, ref[n:])
		}
	})
	t.Run("lengthened", func(t *testing.T) {
		wantClosed(t, v, slot, ref+"A")
		wantClosed(t, v, slot, ref+ref)
		wantClosed(t, v, slot, encode(append(bytes.Clone(box), 0)))
	})
	t.Run("the key id of another key", func(t *testing.T) {
		keys := newKeyset(t)
		both := open(t, sealed.Keyset{Primary: 1, Keys: append(keys.Keys, sealed.Key{ID: 2, Value: newKeyset(t).Keys[0].Value})})
		ref := put(t, both)
		box, _ := base64.RawURLEncoding.DecodeString(string(ref))
		binary.BigEndian.PutUint32(box[1:], 2)
		wantClosed(t, both, slot, encode(box))
	})
	t.Run("something else altogether", func(t *testing.T) {
		for _, other := range []igauth.Ref{"x", "igauth/17841400000010111", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x", igauth.Ref(tokenText), "AQAAAAE", "AQAAAAEA", "____"} {
			wantClosed(t, v, slot, other)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		if _, err := v.Get(t.Context(), slot, ""); !errors.Is(err, igauth.ErrNotFound) {
			t.Errorf("got %v, want %v", err, igauth.ErrNotFound)
		}
	})
}

func TestKeysOfOthers(t *testing.T) {
	ref := put(t, newVault(t))
	t.Run("another key of the same id", func(t *testing.T) { wantClosed(t, newVault(t), slot, ref) })
	t.Run("an unknown key id", func(t *testing.T) {
		other := newKeyset(t)
		other.Primary, other.Keys[0].ID = 9, 9
		v := open(t, other)
		wantClosed(t, v, slot, ref)
		if _, err := v.Get(t.Context(), slot, ref); !strings.Contains(err.Error(), "key 1 ") {
			t.Errorf("got %v, want the number of the missing key", err)
		}
	})
}

// Rotation: the new key is added and made primary; the old one opens for as long
// as it is kept.
func TestRotation(t *testing.T) {
	old := newKeyset(t)
	oldRef := put(t, open(t, old))

	rotated := sealed.Keyset{Primary: 2, Keys: append(old.Keys, sealed.Key{ID: 2, Value: newKeyset(t).Keys[0].Value})}
	rotated, err := sealed.ParseKeyset(rotated.Encode())
	if err != nil {
		t.Fatal(err)
	}
	v := open(t, rotated)
	newRef := put(t, v)
	for name, ref := range map[string]igauth.Ref{"sealed before": oldRef, "sealed after": newRef} {
		got, err := v.Get(t.Context(), slot, ref)
		if err != nil || !got.Value.Equal(token.Value) {
			t.Errorf("%s: got %v, want the token", name, err)
		}
	}
	wantClosed(t, open(t, old), slot, newRef)

	without := sealed.Keyset{Primary: 2, Keys: rotated.Keys[1:]}
	wantClosed(t, open(t, without), slot, oldRef)
	if _, err := open(t, without).Get(t.Context(), slot, newRef); err != nil {
		t.Errorf("sealed after, without the old key: %v", err)
	}
}

func TestReference(t *testing.T) {
	v := newVault(t)
	ref := put(t, v)
	if strings.Contains(string(ref), "sentinel") || strings.Contains(string(ref), tokenText[:20]) {
		t.Error("the reference holds the token")
	}
	box, err := base64.RawURLEncoding.DecodeString(string(ref))
	if err != nil {
		t.Fatal(err)
	}
	for _, clear := range []string{tokenText[:8], "access_token", string(slot.Account), "instagram_business_basic"} {
		if bytes.Contains(box, []byte(clear)) {
			t.Errorf("the reference holds %q in clear", clear)
		}
	}
	if again := put(t, v); again == ref {
		t.Error("the same token was sealed twice to the same text: the nonce repeats")
	}
	// DynamoDB counts the size of an item in steps of 1 KiB:
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
	t.Logf("a token of %d characters becomes a reference of %d", len(tokenText), len(ref))
	if len(ref) > 768 {
		t.Errorf("got a reference of %d characters, want at most 768", len(ref))
	}
}

func TestConcurrentUse(t *testing.T) {
	v := newVault(t)
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			own := igauth.Slot{Account: "17841400000010111", Generation: int64(n)}
			for range 50 {
				ref, err := v.Put(t.Context(), own, igauth.Profile{}, token)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := v.Get(t.Context(), own, ref); err != nil || !got.Value.Equal(token.Value) {
					t.Errorf("got %v, want the token", err)
					return
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkPut(b *testing.B) {
	v := newVault(b)
	for b.Loop() {
		put(b, v)
	}
}

func BenchmarkGet(b *testing.B) {
	v := newVault(b)
	ref := put(b, v)
	for b.Loop() {
		if _, err := v.Get(b.Context(), slot, ref); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzGet looks for a reference that opens and was never sealed.
func FuzzGet(f *testing.F) {
	v := newVault(f)
	ref := put(f, v)
	f.Add(string(ref))
	f.Add(string(ref[:len(ref)-1]))
	f.Add("")
	f.Add("AQAAAAE")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := v.Get(t.Context(), slot, igauth.Ref(text))
		// The decoder skips line breaks.
		same := strings.NewReplacer("\r", "", "\n", "").Replace(text) == string(ref)
		if err == nil != same || err != nil && !got.Value.IsZero() {
			t.Errorf("got %v, opened %v, want opened %v", err, err == nil, same)
		}
	})
}

func TestCancelled(t *testing.T) {
	v := newVault(t)
	ref := put(t, v)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, putErr := v.Put(ctx, slot, igauth.Profile{}, token)
	_, getErr := v.Get(ctx, slot, ref)
	_, _, findErr := v.Find(ctx, slot)
	for name, err := range map[string]error{
		"Put": putErr, "Get": getErr, "Find": findErr,
		"Promote": v.Promote(ctx, slot, ref, ""), "Destroy": v.Destroy(ctx, slot),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
	}
}
