package boltstore_test

import (
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igauth/storetest"
)

func TestConformance(t *testing.T) {
	storetest.RunLedger(t, func(t *testing.T) igauth.Ledger { return open(t, newPath(t)) })
}
