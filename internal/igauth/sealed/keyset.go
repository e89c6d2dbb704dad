package sealed

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"igauth/internal/igauth"
)

const keySize = 32

// A Keyset is the keys of a vault: one to seal with, and those that still open.
type Keyset struct {
	Primary uint32
	Keys    []Key
}

// A Key is a key of AES-256.
type Key struct {
	ID uint32
	// Value is the base64 text of 32 bytes.
	Value igauth.Secret
}

// NewKeyset returns a keyset with one new key.
func NewKeyset(random io.Reader) (Keyset, error) {
	if random == nil {
		random = rand.Reader
	}
	var raw [keySize]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return Keyset{}, err
	}
	value := igauth.NewSecret(base64.StdEncoding.EncodeToString(raw[:]))
	return Keyset{Primary: 1, Keys: []Key{{ID: 1, Value: value}}}, nil
}

// keysetJSON is the stored form: {"primary":1,"keys":[{"id":1,"key":"…"}]}.
type keysetJSON struct {
	Primary uint32    `json:"primary"`
	Keys    []keyJSON `json:"keys"`
}

type keyJSON struct {
	ID  uint32 `json:"id"`
	Key string `json:"key"`
}

// ParseKeyset reads what [Keyset.Encode] wrote. Errors do not quote it.
func ParseKeyset(data []byte) (Keyset, error) {
	var stored keysetJSON
	if err := json.Unmarshal(data, &stored); err != nil {
		return Keyset{}, errors.New("the keyset is not the JSON that was expected")
	}
	keys := Keyset{Primary: stored.Primary}
	for _, key := range stored.Keys {
		keys.Keys = append(keys.Keys, Key{ID: key.ID, Value: igauth.NewSecret(key.Key)})
	}
	return keys, keys.check()
}

// Encode returns the keyset with its keys in clear, to be kept where only the
// functions that open tokens can read it.
func (k Keyset) Encode() []byte {
	stored := keysetJSON{Primary: k.Primary}
	for _, key := range k.Keys {
		stored.Keys = append(stored.Keys, keyJSON{ID: key.ID, Key: key.Value.Reveal()})
	}
	data, _ := json.MarshalIndent(stored, "", "  ") // cannot fail for these types
	return data
}

// check says what is wrong with a keyset.
func (k Keyset) check() error {
	seen := map[uint32]bool{}
	for _, key := range k.Keys {
		if raw, err := base64.StdEncoding.DecodeString(key.Value.Reveal()); err != nil || len(raw) != keySize {
			return fmt.Errorf("key %d of the keyset is not %d bytes in base64", key.ID, keySize)
		}
		if seen[key.ID] {
			return fmt.Errorf("key %d stands twice in the keyset", key.ID)
		}
		seen[key.ID] = true
	}
	if !seen[k.Primary] {
		return fmt.Errorf("the primary key %d is not in the keyset", k.Primary)
	}
	return nil
}
