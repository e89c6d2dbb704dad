package igauth_test

import (
	"context"
	"sync"

	"igauth/internal/igauth"
)

// fakeVault keeps tokens under the names of their attempts, as Secrets Manager
// does, and fails where it is told to.
type fakeVault struct {
	mu       sync.Mutex
	tokens   map[igauth.AccountID]map[igauth.Ref]igauth.Token
	promoted map[igauth.AccountID]igauth.Ref
	latest   map[igauth.AccountID]int64 // generation
	fail     map[string]error           // by method
}

func newFakeVault() *fakeVault {
	return &fakeVault{tokens: map[igauth.AccountID]map[igauth.Ref]igauth.Token{}, promoted: map[igauth.AccountID]igauth.Ref{}, latest: map[igauth.AccountID]int64{}, fail: map[string]error{}}
}

func (v *fakeVault) Put(_ context.Context, s igauth.Slot, _ igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.fail["Put"]; err != nil {
		return "", err
	}
	if v.tokens[s.Account] == nil {
		v.tokens[s.Account] = map[igauth.Ref]igauth.Token{}
	}
	v.tokens[s.Account][igauth.Ref(s.Attempt)] = token
	v.latest[s.Account] = max(v.latest[s.Account], s.Generation)
	return igauth.Ref(s.Attempt), nil
}

func (v *fakeVault) Get(_ context.Context, s igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.fail["Get"]; err != nil {
		return igauth.Token{}, err
	}
	token, ok := v.tokens[s.Account][ref]
	if !ok {
		return igauth.Token{}, igauth.ErrNotFound
	}
	return token, nil
}

func (v *fakeVault) Find(ctx context.Context, s igauth.Slot) (igauth.Ref, igauth.Token, error) {
	v.mu.Lock()
	err := v.fail["Find"]
	v.mu.Unlock()
	if err != nil {
		return "", igauth.Token{}, err
	}
	token, err := v.Get(ctx, s, igauth.Ref(s.Attempt))
	return igauth.Ref(s.Attempt), token, err
}

func (v *fakeVault) Keeps(ref igauth.Ref) bool { return ref != "" }

func (v *fakeVault) Promote(_ context.Context, s igauth.Slot, ref, _ igauth.Ref) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.fail["Promote"]; err != nil {
		return err
	}
	v.promoted[s.Account] = ref
	return nil
}

func (v *fakeVault) Destroy(_ context.Context, slot igauth.Slot) error {
	id := slot.Account
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.fail["Destroy"]; err != nil {
		return err
	}
	if v.latest[id] > slot.Generation {
		return igauth.ErrConflict
	}
	delete(v.tokens, id)
	delete(v.promoted, id)
	delete(v.latest, id)
	return nil
}

func (v *fakeVault) set(method string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fail[method] = err
}

// slowDestroyer empties the vault at once and says so late.
type slowDestroyer struct {
	*fakeVault
	emptied, resume chan struct{}
}

func (v *slowDestroyer) Destroy(ctx context.Context, slot igauth.Slot) error {
	err := v.fakeVault.Destroy(ctx, slot)
	close(v.emptied)
	<-v.resume
	return err
}
