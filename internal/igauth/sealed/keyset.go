package sealed

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

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

// Rotate returns the keyset with a new primary key. The others still open.
func (k Keyset) Rotate(random io.Reader) (Keyset, error) {
	next, err := NewKeyset(random)
	if err != nil {
		return Keyset{}, err
	}
	id := uint32(0)
	for _, key := range k.Keys {
		id = max(id, key.ID)
	}
	if id == math.MaxUint32 {
		return Keyset{}, errors.New("the keyset has no room for another key")
	}
	next.Primary = id + 1
	next.Keys[0].ID = next.Primary
	next.Keys = append(slices.Clone(k.Keys), next.Keys...)
	return next, nil
}

// The members of a stored keyset: {"primary":2,"key_1":"…","key_2":"…"}. It is
// flat so that CloudFormation can generate the first key, which then has 43
// random letters and digits
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html).
const (
	primaryMember = "primary"
	keyMember     = "key_"
)

// ParseKeyset reads what [Keyset.Encode] wrote. Errors do not quote it.
func ParseKeyset(text igauth.Secret) (Keyset, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text.Reveal()), &members); err != nil {
		return Keyset{}, errors.New("the keyset is not the JSON object that was expected")
	}
	var keys Keyset
	for name, value := range members {
		if name == primaryMember {
			if err := json.Unmarshal(value, &keys.Primary); err != nil {
				return Keyset{}, errors.New("the keyset's primary is not the number of a key")
			}
			continue
		}
		number, isKey := strings.CutPrefix(name, keyMember)
		id, err := strconv.ParseUint(number, 10, 32)
		if !isKey || err != nil || number != strconv.FormatUint(id, 10) {
			return Keyset{}, errors.New("the keyset has a member that is neither primary nor key_ with a number")
		}
		var key string
		if err := json.Unmarshal(value, &key); err != nil {
			return Keyset{}, fmt.Errorf("key %d of the keyset is not text", id)
		}
		keys.Keys = append(keys.Keys, Key{ID: uint32(id), Value: igauth.NewSecret(key)})
	}
	slices.SortFunc(keys.Keys, func(a, b Key) int { return cmp.Compare(a.ID, b.ID) })
	return keys, keys.check()
}

// Encode returns the text of a keyset, to be kept where only the functions that
// open tokens can read it.
func (k Keyset) Encode() igauth.Secret {
	members := map[string]any{primaryMember: k.Primary}
	for _, key := range k.Keys {
		members[keyMember+strconv.FormatUint(uint64(key.ID), 10)] = key.Value.Reveal()
	}
	data, _ := json.MarshalIndent(members, "", "  ") // cannot fail for these types
	return igauth.NewSecret(string(data))
}

// keyBytes returns the 32 bytes of a key: from base64 text with padding or
// without. The two bits that 43 characters have too many do not count.
func keyBytes(value igauth.Secret) ([]byte, error) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimSuffix(value.Reveal(), "="))
	if err != nil || len(raw) != keySize {
		return nil, fmt.Errorf("it is not %d bytes in base64", keySize)
	}
	return raw, nil
}

// check says what is wrong with a keyset.
func (k Keyset) check() error {
	seen := map[uint32]bool{}
	for _, key := range k.Keys {
		if _, err := keyBytes(key.Value); err != nil {
			return fmt.Errorf("key %d of the keyset: %w", key.ID, err)
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
