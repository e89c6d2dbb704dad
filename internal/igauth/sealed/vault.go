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
// its times and its scopes, and with Facebook Login the person's token.
//
// A [Beside] lets an installation change to this vault, or from it, while it is in
// use.
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
	"sync"
	"time"

	"igauth/internal/igauth"
)

const (
	version    = 1
	headerSize = 1 + 4
)

// A Source returns the text of a keyset. It may answer from memory, but when a
// fresh answer is asked for, since a key was not in the last one, from memory of
// the last seconds only. Errors are of the place where the keyset is kept.
type Source func(ctx context.Context, fresh bool) (igauth.Secret, error)

// A Vault seals with the primary key of its keyset, and opens with any of its
// keys. It is safe for concurrent use.
type Vault struct {
	source Source

	mu   sync.Mutex
	text igauth.Secret
	keys *ring
}

var _ igauth.Vault = (*Vault)(nil)

// New returns a vault that follows the keyset of a source. It makes no call. An
// error of the source, or a text that is no keyset, is an error of every method
// that needs a key; it says nothing about any token.
func New(source Source) *Vault { return &Vault{source: source} }

// NewVault returns a vault whose keyset does not change.
func NewVault(keys Keyset) (*Vault, error) {
	if err := keys.check(); err != nil {
		return nil, err
	}
	text := keys.Encode()
	return New(func(context.Context, bool) (igauth.Secret, error) { return text, nil }), nil
}

// ring returns the keys as the source has them.
func (v *Vault) ring(ctx context.Context, fresh bool) (*ring, error) {
	text, err := v.source(ctx, fresh)
	if errors.Is(err, igauth.ErrNotFound) {
		// It is not the token that was not found.
		return nil, fmt.Errorf("the keyset is missing, without which no sealed token opens: %v", err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the keyset: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys != nil && text.Equal(v.text) {
		return v.keys, nil
	}
	keys, err := ParseKeyset(text)
	if err != nil {
		return nil, err
	}
	ring, err := newRing(keys)
	if err != nil {
		return nil, err
	}
	v.text, v.keys = text, ring
	return ring, nil
}

// A ring is a keyset that is ready for use.
type ring struct {
	primary uint32
	keys    map[uint32]cipher.AEAD
}

func newRing(keys Keyset) (*ring, error) {
	r := &ring{primary: keys.Primary, keys: map[uint32]cipher.AEAD{}}
	for _, key := range keys.Keys {
		raw, err := keyBytes(key.Value)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", key.ID, err)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", key.ID, err)
		}
		// A random nonce of 96 bits stays safe for 2^32 tokens under one key
		// (https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf, 8.3).
		if r.keys[key.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("key %d: %w", key.ID, err)
		}
	}
	return r, nil
}

// content is the plaintext of a reference.
type content struct {
	AccessToken     string    `json:"access_token"`
	IssuedAt        time.Time `json:"issued_at"`
	ExpiresAt       time.Time `json:"expires_at,omitzero"`
	DataAccessUntil time.Time `json:"data_access_until,omitzero"`
	UserToken       string    `json:"user_access_token,omitempty"`
	Scopes          []string  `json:"scopes"`
}

// Put seals the token. Nothing is stored.
func (v *Vault) Put(ctx context.Context, slot igauth.Slot, _ igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	plain, err := json.Marshal(content{
		AccessToken:     token.Value.Reveal(),
		IssuedAt:        token.IssuedAt.UTC(),
		ExpiresAt:       token.ExpiresAt.UTC(),
		DataAccessUntil: token.DataAccessUntil.UTC(),
		UserToken:       token.UserToken.Reveal(),
		Scopes:          token.Scopes,
	})
	if err != nil {
		return "", errors.New("encoding the token")
	}
	ring, err := v.ring(ctx, false)
	if err != nil {
		return "", fmt.Errorf("sealing a token: %w", err)
	}
	header := binary.BigEndian.AppendUint32([]byte{version}, ring.primary)
	box := ring.keys[ring.primary].Seal(header, nil, plain, associated(slot))
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
	id, box, err := unpack(ref)
	if err != nil {
		return igauth.Token{}, err
	}
	key, err := v.key(ctx, id)
	if err != nil {
		return igauth.Token{}, fmt.Errorf("opening a sealed token: %w", err)
	}
	plain, err := key.Open(nil, nil, box[headerSize:], associated(slot))
	if err != nil {
		return igauth.Token{}, errors.New("the sealed token does not open: it is damaged or belongs to another row")
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return igauth.Token{}, errors.New("the sealed token has an unknown form")
	}
	token := igauth.Token{
		Value: igauth.NewSecret(c.AccessToken), IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt, DataAccessUntil: c.DataAccessUntil, Scopes: c.Scopes,
	}
	if c.UserToken != "" {
		token.UserToken = igauth.NewSecret(c.UserToken)
	}
	return token, nil
}

// unpack returns the id of the key and the box of a reference.
func unpack(ref igauth.Ref) (id uint32, box []byte, err error) {
	box, err = base64.RawURLEncoding.Strict().DecodeString(string(ref))
	if err != nil || len(box) < headerSize || box[0] != version {
		return 0, nil, errors.New("the sealed token is damaged or was sealed by another vault")
	}
	return binary.BigEndian.Uint32(box[1:]), box, nil
}

// key returns a key of the keyset. One that is not there may have been added
// since the keyset was read.
func (v *Vault) key(ctx context.Context, id uint32) (cipher.AEAD, error) {
	for _, fresh := range []bool{false, true} {
		ring, err := v.ring(ctx, fresh)
		if err != nil {
			return nil, err
		}
		if key, ok := ring.keys[id]; ok {
			return key, nil
		}
	}
	return nil, fmt.Errorf("key %d is not in the keyset", id)
}

// KeyOf returns the id of the key with which a reference was sealed.
func KeyOf(ref igauth.Ref) (uint32, error) {
	id, _, err := unpack(ref)
	return id, err
}

// Outdated reports whether a reference was sealed with another key than the
// keyset's primary one, or is damaged: whoever tries to seal it again finds out.
// It reads the keyset afresh.
func (v *Vault) Outdated(ctx context.Context, ref igauth.Ref) (bool, error) {
	id, _, damaged := unpack(ref)
	if damaged != nil {
		return true, nil
	}
	ring, err := v.ring(ctx, true)
	return err == nil && ring.primary != id, err
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
func (v *Vault) Destroy(ctx context.Context, _ igauth.Slot) error { return ctx.Err() }

// associated binds a token to its account and generation.
func associated(slot igauth.Slot) []byte {
	return fmt.Appendf(nil, "igauth token\x00%s\x00%d", slot.Account, slot.Generation)
}
