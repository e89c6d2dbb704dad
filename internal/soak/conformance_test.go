package soak_test

import (
	"context"
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igauth/storetest"
)

func TestLedger(t *testing.T) {
	storetest.RunLedger(t, func(*testing.T) igauth.Ledger { return newMemoryLedger() })
}

func TestVault(t *testing.T) {
	storetest.RunVault(t, func(*testing.T) igauth.Vault { return newMemoryVault() }, storetest.VaultTraits{
		Finds: true, Forgets: true, Foreign: igauth.ErrNotFound,
		Current: func(_ context.Context, v igauth.Vault, id igauth.AccountID) (string, error) {
			return v.(*memoryVault).current(id), nil
		},
	})
}
