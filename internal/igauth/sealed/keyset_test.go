package sealed_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"igauth/internal/igauth"
	"igauth/internal/igauth/sealed"
)

// keyText is the base64 text of 32 bytes.
var keyText = base64.StdEncoding.EncodeToString([]byte("sentinel-of-thirty-two-bytes-key"))

func TestNewKeyset(t *testing.T) {
	t.Run("two are different", func(t *testing.T) {
		a, b := newKeyset(t), newKeyset(t)
		if a.Keys[0].Value.Equal(b.Keys[0].Value) {
			t.Error("got the same key twice")
		}
	})
	t.Run("from a given source", func(t *testing.T) {
		raw := bytes.Repeat([]byte{7}, 32)
		keys, err := sealed.NewKeyset(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := keys.Keys[0].Value.Reveal(), base64.StdEncoding.EncodeToString(raw); got != want || keys.Primary != 1 || keys.Keys[0].ID != 1 {
			t.Errorf("got primary %d and another key than the source's", keys.Primary)
		}
	})
	t.Run("the source fails", func(t *testing.T) {
		broken := errors.New("no entropy")
		if _, err := sealed.NewKeyset(iotest.ErrReader(broken)); !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
	})
	t.Run("the source ends", func(t *testing.T) {
		if keys, err := sealed.NewKeyset(bytes.NewReader(make([]byte, 31))); err == nil || keys.Keys != nil {
			t.Errorf("got %v and a key, want an error", err)
		}
	})
}

func TestKeysetReadBack(t *testing.T) {
	keys := sealed.Keyset{Primary: 4294967295, Keys: []sealed.Key{
		{ID: 0, Value: newKeyset(t).Keys[0].Value},
		{ID: 4294967295, Value: newKeyset(t).Keys[0].Value},
	}}
	got, err := sealed.ParseKeyset(keys.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !got.Encode().Equal(keys.Encode()) || !reflect.DeepEqual(got, keys) {
		t.Error("the keyset was read back as another one")
	}
}

func TestKeysetsThatAreNone(t *testing.T) {
	key := func(id int, text string) string { return fmt.Sprintf(`"key_%d":%q`, id, text) }
	set := func(primary int, keys ...string) string {
		return fmt.Sprintf(`{%s}`, strings.Join(append([]string{fmt.Sprintf(`"primary":%d`, primary)}, keys...), ","))
	}
	for name, text := range map[string]string{
		"nothing":                 ``,
		"no JSON":                 keyText,
		"another JSON":            `[]`,
		"an empty object":         `{}`,
		"null":                    `null`,
		"no keys":                 set(1),
		"cut off":                 set(1, key(1, keyText))[:40],
		"a key that is a number":  `{"primary":1,"key_1":17}`,
		"a primary that is text":  `{"primary":"` + keyText + `",` + key(1, keyText) + `}`,
		"an id that is too large": `{"primary":1,"key_1":"` + keyText + `","key_4294967296":"` + keyText + `"}`,
		"an id below zero":        set(-1, key(-1, keyText)),
		"the primary is missing":  set(2, key(1, keyText)),
		"an id in two forms":      set(1, key(1, keyText), `"key_01":"`+keyText+`"`),
		"another member":          set(1, key(1, keyText), `"`+keyText+`":1`),
		"a key of 31 bytes":       set(1, key(1, base64.StdEncoding.EncodeToString([]byte("sentinel-of-thirty-one-bytes-ke")))),
		"a key of 33 bytes":       set(1, key(1, base64.StdEncoding.EncodeToString([]byte("sentinel-of-thirty-three-bytes-ke")))),
		"a key in hexadecimal":    set(1, key(1, strings.Repeat("5e", 32))),
		"a key cut short":         set(1, key(1, keyText[:42])),
		"a key of 44 characters":  set(1, key(1, strings.Repeat("A", 44))),
		"an empty key":            set(1, key(1, "")),
		"a second key is broken":  set(1, key(1, keyText), key(2, keyText+"!")),
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := sealed.ParseKeyset(igauth.NewSecret(text))
			if err == nil {
				t.Fatal("got no error")
			}
			if _, err := sealed.NewVault(keys); err == nil {
				t.Error("a vault was made of it")
			}
			for verb, shown := range map[string]string{
				"the error":  fmt.Sprintf("%v %+v %#v", err, err, err),
				"the keyset": fmt.Sprintf("%v %+v %#v", keys, keys, keys),
			} {
				for _, quoted := range []string{"sentinel", keyText, keyText[:12], strings.Repeat("5e", 8)} {
					if strings.Contains(shown, quoted) {
						t.Errorf("%s quotes a key", verb)
					}
				}
			}
		})
	}
	t.Run("the zero keyset", func(t *testing.T) {
		if _, err := sealed.NewVault(sealed.Keyset{}); err == nil {
			t.Error("a vault was made of it")
		}
	})
	t.Run("a key that is no text", func(t *testing.T) {
		if _, err := sealed.NewVault(sealed.Keyset{Primary: 1, Keys: []sealed.Key{{ID: 1, Value: igauth.Secret{}}}}); err == nil {
			t.Error("a vault was made of it")
		}
	})
}

// generated returns a keyset as CloudFormation generates it by the lines of
// template.yaml: the template with one more member, of random characters
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html).
func generated(t *testing.T) igauth.Secret {
	t.Helper()
	text, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, keyset, _ := strings.Cut(string(text), "\n  Keyset:\n")
	_, block, found := strings.Cut(keyset, "\n      GenerateSecretString:\n")
	if !found {
		t.Fatal("the template generates no keyset")
	}
	options := map[string]string{}
	for line := range strings.Lines(block) {
		option, deeper := strings.CutPrefix(line, "        ")
		if !deeper {
			break
		}
		name, value, _ := strings.Cut(option, ":")
		options[name] = strings.Trim(strings.TrimSpace(value), "'")
	}
	if len(options) != 4 {
		t.Fatalf("this test does not know all of %v", options)
	}
	characters := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	if options["ExcludePunctuation"] != "true" {
		characters += "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	}
	length, err := strconv.Atoi(options["PasswordLength"])
	if err != nil {
		t.Fatal(err)
	}
	var password []byte
	for range length {
		password = append(password, characters[rand.IntN(len(characters))])
	}
	members := map[string]any{}
	if err := json.Unmarshal([]byte(options["SecretStringTemplate"]), &members); err != nil {
		t.Fatal(err)
	}
	members[options["GenerateStringKey"]] = string(password)
	value, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return igauth.NewSecret(string(value))
}

// It has no padding, and the last of its characters may be any.
func TestKeysetAsCloudFormationGeneratesIt(t *testing.T) {
	for range 100 {
		roundTrip(t, generated(t))
	}
}

// roundTrip seals and opens a token under a keyset that was read from its text.
func roundTrip(t *testing.T, text igauth.Secret) {
	t.Helper()
	keys, err := sealed.ParseKeyset(text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := sealed.NewVault(keys)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := v.Put(t.Context(), slot, igauth.Profile{}, token)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.Get(t.Context(), slot, ref); err != nil || !got.Value.Equal(token.Value) {
		t.Errorf("got another token, %v", err)
	}
}

func TestRotate(t *testing.T) {
	one := newKeyset(t)
	two, err := one.Rotate(nil)
	if err != nil || two.Primary != 2 || len(two.Keys) != 2 || !two.Keys[0].Value.Equal(one.Keys[0].Value) || two.Keys[1].Value.Equal(one.Keys[0].Value) {
		t.Fatalf("got primary %d of %d keys, %v", two.Primary, len(two.Keys), err)
	}
	if len(one.Keys) != 1 || one.Primary != 1 {
		t.Error("the keyset that was rotated has changed")
	}
	first, err := (sealed.Keyset{}).Rotate(nil)
	if err != nil || first.Primary != 1 {
		t.Errorf("got primary %d of an empty keyset, %v", first.Primary, err)
	}
	full := sealed.Keyset{Primary: 4294967295, Keys: []sealed.Key{{ID: 4294967295, Value: one.Keys[0].Value}}}
	if _, err := full.Rotate(nil); err == nil {
		t.Error("a keyset without room was rotated")
	}
}
