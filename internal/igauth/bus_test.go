package igauth_test

import (
	"context"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// hangingBus answers nothing.
type hangingBus struct{}

func (hangingBus) Publish(ctx context.Context, _ []igauth.Message) error {
	<-ctx.Done()
	return ctx.Err()
}

// A bus that hangs keeps no token from being refreshed.
func TestBusThatHangsKeepsNoTokenFromItsRefresh(t *testing.T) {
	b := newBench(t)
	relay, err := igauth.NewRelay(igauth.RelayConfig{Store: b.store, Publisher: hangingBus{}})
	if err != nil {
		t.Fatal(err)
	}
	b.relay = relay
	b.refresherWith(igauth.RefresherConfig{CallTimeout: 300 * time.Millisecond})
	b.advance(35 * days)
	if report, err := b.run(); report.Refreshed != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
}
