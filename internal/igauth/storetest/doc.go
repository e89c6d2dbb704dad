// Package storetest states the contracts of [igauth.Ledger] and [igauth.Vault]
// as tests, one per sentence. Every implementation runs them, and so does every
// emulator of AWS that stands in for the real service, so that a difference
// between two stores shows here and not in the domain.
//
// The form follows dex's storage/conformance
// (https://github.com/dexidp/dex/tree/master/storage/conformance): the
// implementation's own test calls one function and hands over a constructor.
package storetest

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"
	"time"
)

// How long a test waits at most for what a contract allows to be stale, and how
// often it looks. It is meant to be enough for AWS itself. DynamoDB's indexes usually follow within a fraction of a second
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html);
// Secrets Manager promises no number
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html).
const (
	staleFor  = 30 * time.Second
	lookEvery = 25 * time.Millisecond
)

// eventually repeats look until it returns nil, and fails the test with its last
// complaint when the time for staleness is over.
func eventually(t *testing.T, look func() error) {
	t.Helper()
	var err error
	for range staleFor / lookEvery {
		if err = look(); err == nil {
			return
		}
		time.Sleep(lookEvery)
	}
	t.Fatal(err)
}

// newAttempt returns a name as the domain makes them: 32 hexadecimal digits.
func newAttempt() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // It never fails; see crypto/rand.
	return hex.EncodeToString(b[:])
}

// must fails the test at once when a step that the test only builds on fails.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mustBe fails the test when err is not the sentinel.
func mustBe(t *testing.T, err, sentinel error) {
	t.Helper()
	if !errors.Is(err, sentinel) {
		t.Fatalf("got %v, want %q", err, sentinel)
	}
}
