package sealed

import (
	"context"

	"igauth/internal/igauth"
)

// A Beside is a sealed vault beside one that keeps tokens itself. It reads the
// references of both and puts new tokens into one of them, so that an
// installation can change from one to the other while it is in use.
type Beside struct {
	Sealed *Vault
	Kept   igauth.Vault
	// Seal reports whether new tokens are sealed.
	Seal func(ctx context.Context) (bool, error)
}

var _ igauth.Vault = (*Beside)(nil)

// Always returns a Seal that is decided.
func Always(seal bool) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) { return seal, nil }
}

// Put implements [igauth.Vault].
func (b *Beside) Put(ctx context.Context, slot igauth.Slot, profile igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	seal, err := b.Seal(ctx)
	if err != nil {
		return "", err
	}
	if seal {
		return b.Sealed.Put(ctx, slot, profile, token)
	}
	return b.Kept.Put(ctx, slot, profile, token)
}

// Get implements [igauth.Vault].
func (b *Beside) Get(ctx context.Context, slot igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	if b.Kept.Keeps(ref) {
		return b.Kept.Get(ctx, slot, ref)
	}
	return b.Sealed.Get(ctx, slot, ref)
}

// Find implements [igauth.Vault]. Only what was kept can be found.
func (b *Beside) Find(ctx context.Context, slot igauth.Slot) (igauth.Ref, igauth.Token, error) {
	return b.Kept.Find(ctx, slot)
}

// Keeps implements [igauth.Vault].
func (b *Beside) Keeps(ref igauth.Ref) bool { return b.Kept.Keeps(ref) }

// Promote implements [igauth.Vault].
func (b *Beside) Promote(ctx context.Context, slot igauth.Slot, ref, replaced igauth.Ref) error {
	if !b.Kept.Keeps(ref) {
		return b.Sealed.Promote(ctx, slot, ref, replaced)
	}
	return b.Kept.Promote(ctx, slot, ref, replaced)
}

// Destroy implements [igauth.Vault]. What is sealed is gone with the row.
func (b *Beside) Destroy(ctx context.Context, slot igauth.Slot) error {
	return b.Kept.Destroy(ctx, slot)
}

// Outdated reports whether a reference is of another kind than a new one would
// be, or was sealed with another key.
func (b *Beside) Outdated(ctx context.Context, ref igauth.Ref) (bool, error) {
	seal, err := b.Seal(ctx)
	if err != nil {
		return false, err
	}
	switch kept := b.Kept.Keeps(ref); {
	case kept || !seal:
		return kept == seal, nil
	default:
		return b.Sealed.Outdated(ctx, ref)
	}
}
