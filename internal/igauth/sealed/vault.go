// Package sealed is a vault that seals a token into its own reference, so that
// the ledger's row is the only place where anything is stored and the commit of
// the row is the commit of the token.
//
// A reference is the base64url text of
//
//	version (1 byte, 1) | key id (4 bytes) | nonce and AES-256-GCM ciphertext
//
// with the account's id and the row's generation as associated data: a reference
// that is copied into another row, or back into the same one after the token
// changed, does not open. The plaintext is a small JSON object with the token,
// its times and its scopes.
package sealed

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"igauth/internal/igauth"
)

const (
	version    = 1
	headerSize = 1 + 4
)

// A Vault seals and opens tokens. It is safe for concurrent use.
type Vault struct {
	primary uint32
	keys    map[uint32]cipher.AEAD
}

var _ igauth.Vault = (*Vault)(nil)

// NewVault returns a vault that seals with the keyset's primary key and opens
// with any of its keys.
func NewVault(keys Keyset) (*Vault, error) {
	if err := keys.check(); err != nil {
		return nil, err
	}
	v := &Vault{primary: keys.Primary, keys: map[uint32]cipher.AEAD{}}
	for _, key := range keys.Keys {
		raw, err := base64.StdEncoding.DecodeString(key.Value.Reveal())
		if err != nil {
			return nil, fmt.Errorf("key %d: not base64", key.ID)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", key.ID, err)
		}
		// A random nonce of 96 bits stays safe for 2^32 tokens under one key
		// (https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf, 8.3).
		if v.keys[key.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("key %d: %w", key.ID, err)
		}
	}
	return v, nil
}

// content is the plaintext of a reference.
type content struct {
	AccessToken string    `json:"access_token"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	Scopes      []string  `json:"scopes"`
}

// Put seals the token. Nothing is stored.
func (v *Vault) Put(ctx context.Context, slot igauth.Slot, _ igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	plain, err := json.Marshal(content{
		AccessToken: token.Value.Reveal(),
		IssuedAt:    token.IssuedAt.UTC(),
		ExpiresAt:   token.ExpiresAt.UTC(),
		Scopes:      token.Scopes,
	})
	if err != nil {
		return "", errors.New("encoding the token")
	}
	header := binary.BigEndian.AppendUint32([]byte{version}, v.primary)
	box := v.keys[v.primary].Seal(header, nil, plain, associated(slot))
	return igauth.Ref(base64.RawURLEncoding.EncodeToString(box)), nil
}

// Get opens a reference. What does not open, because a key is missing or the
// text is damaged, is an error other than ErrNotFound: it says nothing about the
// token.
func (v *Vault) Get(ctx context.Context, slot igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	if err := ctx.Err(); err != nil {
		return igauth.Token{}, err
	}
	if ref == "" {
		return igauth.Token{}, igauth.ErrNotFound
	}
	box, err := base64.RawURLEncoding.Strict().DecodeString(string(ref))
	if err != nil || len(box) < headerSize || box[0] != version {
		return igauth.Token{}, errors.New("the sealed token is damaged or was sealed by another vault")
	}
	id := binary.BigEndian.Uint32(box[1:])
	key, ok := v.keys[id]
	if !ok {
		return igauth.Token{}, fmt.Errorf("key %d is not in the keyset", id)
	}
	plain, err := key.Open(nil, nil, box[headerSize:], associated(slot))
	if err != nil {
		return igauth.Token{}, errors.New("the sealed token does not open: it is damaged or belongs to another row")
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return igauth.Token{}, errors.New("the sealed token has an unknown form")
	}
	return igauth.Token{Value: igauth.NewSecret(c.AccessToken), IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt, Scopes: c.Scopes}, nil
}

// Find never finds anything: what was not committed was not stored.
func (v *Vault) Find(ctx context.Context, _ igauth.Slot) (igauth.Ref, igauth.Token, error) {
	if err := ctx.Err(); err != nil {
		return "", igauth.Token{}, err
	}
	return "", igauth.Token{}, igauth.ErrNotFound
}

// Promote does nothing: nobody reads this vault but through the row.
func (v *Vault) Promote(ctx context.Context, _ igauth.Slot, _, _ igauth.Ref) error { return ctx.Err() }

// Keeps implements [igauth.Vault]: nothing is kept.
func (v *Vault) Keeps(igauth.Ref) bool { return false }

// Destroy does nothing: the row that holds the reference was already saved
// without it.
func (v *Vault) Destroy(ctx context.Context, _ igauth.AccountID) error { return ctx.Err() }

// associated binds a token to its account and generation.
func associated(slot igauth.Slot) []byte {
	return fmt.Appendf(nil, "igauth token\x00%s\x00%d", slot.Account, slot.Generation)
}
