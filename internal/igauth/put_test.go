package igauth_test

import (
	"errors"
	"testing"

	"igauth/internal/igauth"
)

// A vault that takes no new token lets the present one die. Somebody must hear of
// that in time.
func TestVaultThatTakesNoTokenIsNoticed(t *testing.T) {
	for _, n := range []int{1, 30} {
		b := newFleet(t, n)
		b.advance(35 * days)
		b.vault.set("Put", errors.New("access denied"))
		noticed := 0
		for range 6 * 24 {
			if _, err := b.run(); err != nil {
				noticed++
			}
			b.advance(3600e9)
		}
		if a := b.account(); noticed == 0 || n == 1 && a.Status != igauth.StatusExpiring {
			t.Errorf("%d accounts: after 6 days %d runs say so; %s, %d failures", n, noticed, a.Status, a.Failures)
		}
		if b.meta.calls > 30+6*24 && n == 30 {
			t.Errorf("Meta was asked for %d tokens, which were thrown away", b.meta.calls)
		}
		b.vault.set("Put", nil)
		b.hours(3 * 24)
		if a := b.account(); a.Status != igauth.StatusActive || a.Generation != 2 {
			t.Errorf("%d accounts, afterwards: %s, generation %d", n, a.Status, a.Generation)
		}
	}
}
