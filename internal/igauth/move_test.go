package igauth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// elsewhere is a second vault behind a first one: new tokens go where to says,
// and references tell where they are.
type elsewhere struct {
	*fakeVault
	sealed *sealedVault
	to     string
}

// sealedVault keeps nothing: the reference is the token.
type sealedVault struct{ puts, gets int }

func (v *elsewhere) Put(ctx context.Context, s igauth.Slot, p igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	if v.to == "sealed" {
		v.sealed.puts++
		return igauth.Ref("sealed:" + token.Value.Reveal()), nil
	}
	return v.fakeVault.Put(ctx, s, p, token)
}

func (v *elsewhere) Get(ctx context.Context, s igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	if !v.Keeps(ref) {
		v.sealed.gets++
		return igauth.Token{Value: igauth.NewSecret(string(ref[len("sealed:"):]))}, nil
	}
	return v.fakeVault.Get(ctx, s, ref)
}

func (v *elsewhere) Keeps(ref igauth.Ref) bool { return len(ref) > 0 && ref[0] != 's' }

// movable returns a bench whose store can move tokens.
func movable(t *testing.T) (*bench, *elsewhere) {
	t.Helper()
	b := newBench(t)
	vault := &elsewhere{fakeVault: b.vault, sealed: &sealedVault{}, to: "sealed"}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: vault, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	b.store = store
	if b.refresher, err = igauth.NewRefresher(igauth.RefresherConfig{Store: b.store, Meta: b.meta, PerSecond: -1}); err != nil {
		t.Fatal(err)
	}
	return b, vault
}

func TestMove(t *testing.T) {
	b, vault := movable(t)
	before := b.account()
	if err := b.store.Move(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Destroyed != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
	a := b.account()
	if b.token() != "long" || a.Ref != "sealed:long" || a.Generation != before.Generation+1 || a.Unpromoted || !a.SweepAt.IsZero() || a.Lease.Attempt != "" || len(vault.tokens) != 0 {
		t.Errorf("got %+v, token %s, %d accounts left in the first vault", a, b.token(), len(vault.tokens))
	}
	if !a.DueAt.Equal(before.DueAt) || len(a.History) != len(before.History) {
		t.Errorf("the move changed the account: due %s, want %s", a.DueAt, before.DueAt)
	}
	vault.to = "kept"
	if err := b.store.Move(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	if a := b.account(); b.token() != "long" || vault.promoted[a.ID] != a.Ref || a.Unpromoted || a.Lease.Attempt != "" {
		t.Errorf("back again: got %+v, token %s, promoted %s", a, b.token(), vault.promoted[a.ID])
	}
}

func TestMoveThatFails(t *testing.T) {
	down := errors.New("down")
	t.Run("at the first step", func(t *testing.T) {
		b, vault := movable(t)
		vault.set("Get", down)
		if err := b.store.Move(t.Context(), testProfile.ID); !errors.Is(err, down) {
			t.Errorf("got %v", err)
		}
		vault.set("Get", nil)
		if a := b.account(); a.Lease.Attempt != "" || b.token() != "long" || vault.sealed.puts != 0 {
			t.Errorf("got lease %+v, token %s", a.Lease, b.token())
		}
	})
	t.Run("at the last step, and a run removes what is left", func(t *testing.T) {
		b, vault := movable(t)
		vault.set("Destroy", down)
		if err := b.store.Move(t.Context(), testProfile.ID); !errors.Is(err, down) {
			t.Errorf("got %v", err)
		}
		if b.token() != "long" || len(vault.tokens) != 1 {
			t.Errorf("got token %s", b.token())
		}
		if err := b.store.Move(t.Context(), testProfile.ID); igauth.CodeOf(err) != igauth.CodeInProgress {
			t.Errorf("at once: got %v", err)
		}
		vault.set("Destroy", nil)
		b.advance(3 * time.Minute)
		if report, err := b.run(); err != nil || report.Destroyed != 1 || len(vault.tokens) != 0 {
			t.Errorf("got %+v, %v", report, err)
		}
		b.advance(time.Hour)
		report, err := b.run()
		if a := b.account(); err != nil || report.Destroyed != 1 || len(vault.tokens) != 0 || !a.SweepAt.IsZero() || a.DueAt.IsZero() || b.token() != "long" {
			t.Errorf("got %+v, %v, row %+v", report, err, a)
		}
	})
}

// After the vault was changed, a refresh keeps the next token in the new one, and
// a run removes the old ones.
func TestRefreshAfterTheVaultWasChanged(t *testing.T) {
	b, vault := movable(t)
	b.advance(35 * days)
	if report, err := b.run(); err != nil || report.Refreshed != 1 {
		t.Fatalf("got %+v, %v", report, err)
	}
	if a := b.account(); b.token() != "token 1" || a.SweepAt.IsZero() || len(vault.tokens) != 1 {
		t.Errorf("got %+v, token %s", a, b.token())
	}
	b.advance(time.Hour)
	if report, err := b.run(); err != nil || report.Destroyed != 1 || len(vault.tokens) != 0 || b.token() != "token 1" {
		t.Errorf("got %+v, %v, token %s", report, err, b.token())
	}
}

// A sweep that fails must not keep a token from being refreshed.
func TestRefreshComesBeforeASweep(t *testing.T) {
	b, vault := movable(t)
	vault.set("Destroy", errors.New("down"))
	for range 75 * 24 {
		b.advance(time.Hour)
		_, _ = b.run()
	}
	if a := b.account(); a.Status != igauth.StatusActive || a.Generation < 3 {
		t.Errorf("got status %s, generation %d", a.Status, a.Generation)
	}
}

// movingVault has a token moved between the two steps of a read.
type movingVault struct {
	*elsewhere
	move func()
}

func (v *movingVault) Get(ctx context.Context, s igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	if move := v.move; move != nil {
		v.move = nil
		move()
	}
	return v.elsewhere.Get(ctx, s, ref)
}

// Whoever has read the row just before its token was moved reads the token all
// the same.
func TestReadDuringAMove(t *testing.T) {
	b, vault := movable(t)
	slow := &movingVault{elsewhere: vault, move: func() {
		if err := b.store.Move(t.Context(), testProfile.ID); err != nil {
			t.Error(err)
		}
	}}
	reader, err := igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: slow, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	if _, token, err := reader.Token(t.Context(), testProfile.ID, 0); err != nil || token.Value.Reveal() != "long" {
		t.Errorf("got %v", err)
	}
	if len(vault.tokens) != 0 {
		t.Error("the token was not moved; the test is void")
	}
}

// A move that died after its Put must not bring the old token back over one that
// a refresh has committed since.
func TestDeadMoveDoesNotBringTheOldTokenBack(t *testing.T) {
	b, vault := movable(t)
	if err := b.store.Move(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	b.advance(35 * days)
	vault.to = "kept"
	stalled := false
	slow := &eventfulVault{Vault: vault, put: func() {
		if stalled {
			return
		}
		stalled = true
		b.advance(40 * time.Second)
		dying, kill := context.WithCancel(t.Context())
		b.ledger.interrupt(func(c igauth.Change) error {
			if c.Account != nil && c.Account.Lease.Attempt == "" && dying.Err() != nil {
				return errors.New("killed")
			}
			return nil
		}, nil)
		a := b.row()
		a.Lease = igauth.Lease{}
		if err := b.ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: "00000000000000000000000000000000"}); err != nil {
			t.Error(err)
		}
		_ = b.storeOn(&eventfulVault{Vault: vault, afterPut: kill}).Move(dying, testProfile.ID)
		b.ledger.interrupt(nil, nil)
	}}
	_, _ = b.refresherOn(slow).RunOnce(t.Context())
	want := b.token()
	if want != "token 1" || b.row().Lease.Work != igauth.WorkMove {
		t.Fatalf("got token %s, lease %+v; the test is void", want, b.row().Lease)
	}
	b.advance(time.Hour)
	_, _ = b.run()
	if got := b.token(); got != want {
		t.Errorf("got token %s, want %s", got, want)
	}
}
