package sealed_test

import (
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igauth/storetest"
)

func TestConformance(t *testing.T) {
	storetest.RunVault(t, func(t *testing.T) igauth.Vault { return newVault(t) }, storetest.VaultTraits{})
}
