package soak_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"igauth/internal/igauth"
)

// A memoryVault is a vault in memory that keeps versions as Secrets Manager does:
// a version without a label is forgotten when it is a day old
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html).
type memoryVault struct {
	mu      sync.Mutex
	secrets map[igauth.AccountID]*memorySecret
	made    int
}

type memorySecret struct {
	versions                   []memoryVersion
	current, previous, pending igauth.Ref
}

type memoryVersion struct {
	ref     igauth.Ref
	slot    igauth.Slot
	token   igauth.Token
	written time.Time
}

const unlabelledFor = 24 * time.Hour

func newMemoryVault() *memoryVault {
	return &memoryVault{secrets: map[igauth.AccountID]*memorySecret{}}
}

func (s *memorySecret) find(ref igauth.Ref) *memoryVersion {
	for i := range s.versions {
		if s.versions[i].ref == ref {
			return &s.versions[i]
		}
	}
	return nil
}

func (v *memoryVault) Put(ctx context.Context, slot igauth.Slot, _ igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.secrets[slot.Account]
	if s == nil {
		s = &memorySecret{}
		v.secrets[slot.Account] = s
	}
	for _, old := range s.versions {
		if old.slot == slot && old.token.Value.Equal(token.Value) {
			return old.ref, nil
		}
	}
	now := time.Now()
	v.made++
	ref := igauth.Ref(fmt.Sprintf("version-%d", v.made))
	token.Scopes = slices.Clone(token.Scopes)
	s.versions, s.pending = append(s.versions, memoryVersion{ref, slot, token, now}), ref
	s.versions = slices.DeleteFunc(s.versions, func(old memoryVersion) bool {
		return old.ref != s.current && old.ref != s.previous && old.ref != s.pending && now.Sub(old.written) > unlabelledFor
	})
	return ref, nil
}

func (v *memoryVault) Get(ctx context.Context, slot igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	if err := ctx.Err(); err != nil {
		return igauth.Token{}, err
	}
	if token, found := v.peek(slot.Account, ref); found {
		token.Scopes = slices.Clone(token.Scopes)
		return token, nil
	}
	return igauth.Token{}, igauth.ErrNotFound
}

// peek returns a token without any fault.
func (v *memoryVault) peek(id igauth.AccountID, ref igauth.Ref) (igauth.Token, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.secrets[id]
	if s == nil {
		return igauth.Token{}, false
	}
	version := s.find(ref)
	if version == nil {
		return igauth.Token{}, false
	}
	return version.token, true
}

func (v *memoryVault) Find(ctx context.Context, slot igauth.Slot) (igauth.Ref, igauth.Token, error) {
	if err := ctx.Err(); err != nil {
		return "", igauth.Token{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if s := v.secrets[slot.Account]; s != nil && slot.Attempt != "" {
		for _, version := range s.versions {
			if version.slot == slot {
				return version.ref, version.token, nil
			}
		}
	}
	return "", igauth.Token{}, igauth.ErrNotFound
}

func (v *memoryVault) Keeps(ref igauth.Ref) bool { return strings.HasPrefix(string(ref), "version-") }

func (v *memoryVault) Promote(ctx context.Context, slot igauth.Slot, ref, _ igauth.Ref) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.secrets[slot.Account]
	if s == nil || s.find(ref) == nil {
		return igauth.ErrNotFound
	}
	if ref == s.current {
		return nil
	}
	if current := s.find(s.current); current != nil && current.slot.Generation > slot.Generation {
		return nil
	}
	s.current, s.previous = ref, s.current
	return nil
}

func (v *memoryVault) Destroy(ctx context.Context, slot igauth.Slot) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.secrets[slot.Account]
	if s == nil {
		return nil
	}
	for _, version := range s.versions {
		if version.slot.Generation > slot.Generation {
			return igauth.ErrConflict
		}
	}
	delete(v.secrets, slot.Account)
	return nil
}

// current returns what direct readers of the vault see.
func (v *memoryVault) current(id igauth.AccountID) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s := v.secrets[id]; s != nil {
		if version := s.find(s.current); version != nil {
			return version.token.Value.Reveal()
		}
	}
	return ""
}
