package igauth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A vault that promotes nothing leaves those with an old token who read it
// directly. After some days that is no blip.
func TestPromotionThatKeepsFailingIsNoticed(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	b.vault.set("Promote", errors.New("access denied"))
	noticed := -1
	for hour := range 5 * 24 {
		if _, err := b.run(); err != nil && noticed < 0 {
			noticed = hour
		}
		b.advance(time.Hour)
	}
	if noticed < 24 {
		t.Errorf("noticed after %d hours, want after some days", noticed)
	}
}

// Where Meta is asked once a week, an account that was not heard of for three days
// is nothing special: a blip is a blip.
func TestBlipOfARareProbeIsABlip(t *testing.T) {
	b := newBench(t)
	policy, err := igauth.ParsePolicy("probe_every=7d")
	if err != nil {
		t.Fatal(err)
	}
	b.withPolicy(policy)
	b.advance(7*days + time.Hour)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	if report, err := b.run(); err != nil || report.Failed[igauth.ClassTransient] != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
	b.advance(8 * days)
	if _, err := b.run(); err == nil {
		t.Error("nobody is told that Meta was silent for two weeks")
	}
}

// withPolicy gives the bench another policy.
func (b *bench) withPolicy(policy igauth.Policy) {
	b.t.Helper()
	var err error
	if b.store, err = igauth.NewStore(igauth.StoreConfig{Ledger: b.ledger, Vault: b.vault, Policy: policy, Now: b.now}); err != nil {
		b.t.Fatal(err)
	}
	if b.relay, err = igauth.NewRelay(igauth.RelayConfig{Store: b.store, Publisher: b.bus}); err != nil {
		b.t.Fatal(err)
	}
	b.refresherWith(igauth.RefresherConfig{})
}

// Without probes nobody knows whether it is Meta that fails. The owner is told all
// the same, before the token ends.
func TestTokenThatFailsIsWarnedOfWithoutProbes(t *testing.T) {
	for _, text := range []string{"probe_every=0", "probe_every=5d"} {
		t.Run(text, func(t *testing.T) {
			b := newBench(t)
			policy, err := igauth.ParsePolicy(text)
			if err != nil {
				t.Fatal(err)
			}
			b.withPolicy(policy)
			b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
				return igauth.Token{}, failure(igauth.CodeMetaRefused, true)
			}
			b.advance(25 * days)
			b.hours(34 * 24)
			got := b.messages(igauth.EventExpiring)
			if len(got) != 1 || got[0].Body.ExpiresAt.Sub(got[0].At) < 9*days {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A run that never comes to an end leaves accounts to the next one for days. That
// is too much work for it, and said.
func TestWorkThatIsLeftForDaysIsNoticed(t *testing.T) {
	b := newFleet(t, 5)
	b.advance(23 * time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // less than one account may take
	defer cancel()
	if report, err := b.refresher.RunOnce(ctx); !report.Unfinished || err != nil {
		t.Errorf("due for an hour: got %+v, %v", report, err)
	}
	b.advance(2 * days)
	report, err := b.refresher.RunOnce(ctx)
	if !report.Unfinished || err == nil || !strings.Contains(err.Error(), "due for 70h50m0s") {
		t.Errorf("due for two days: got %+v, %v", report, err)
	}
}

// A ledger that does not say which token ends next hides no incident.
func TestIncidentIsReportedWithoutTheNextEnd(t *testing.T) {
	b := newFleet(t, 20)
	b.advance(35 * days)
	b.metaSays(everybody(igauth.CodeMetaUnavailable))
	_, _ = b.run()
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: noExpiries{b.ledger}, Vault: b.vault, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	b.store = store
	b.refresherWith(igauth.RefresherConfig{})
	b.advance(time.Hour)
	report, err := b.run()
	if report.Incident == nil || report.MinDaysToExpiry != nil || err == nil || !b.health().RanAt.Equal(b.now()) {
		t.Errorf("got %+v, %v, a run at %s", report, err, b.health().RanAt)
	}
}

// noExpiries is a ledger whose index of ends does not answer.
type noExpiries struct{ igauth.Ledger }

func (noExpiries) Expiries(context.Context, igauth.Status, int) ([]igauth.Expiry, error) {
	return nil, errors.New("no answer")
}
