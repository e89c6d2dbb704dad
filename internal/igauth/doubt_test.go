package igauth_test

import (
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// One word of Meta that a token is dead, and then a good one: nobody is asked to
// do anything.
func TestBlipOfDeathAsksNobody(t *testing.T) {
	b := newBench(t)
	b.metaSays(everybody(igauth.CodePasswordChanged))
	b.advance(23 * time.Hour)
	report, err := b.run()
	if a := b.account(); err != nil || report.Doubted != 1 || a.Status != igauth.StatusActive || b.token() != "long" || a.Doubt.Code != igauth.CodePasswordChanged {
		t.Fatalf("got %+v, %v, %s, doubt %v", report, err, a.Status, a.Doubt)
	}
	b.metaSays(nobody)
	b.advance(time.Hour)
	report, err = b.run()
	if a := b.account(); err != nil || report.Probed != 1 || a.Status != igauth.StatusActive || a.Doubt.Code != "" {
		t.Errorf("got %+v, %v, %s, doubt %v", report, err, a.Status, a.Doubt)
	}
	if told := b.told(); told[igauth.EventReauthRequired] != 0 {
		t.Errorf("told %v", told)
	}
}

// The second word counts, an hour later.
func TestDeathIsBelievedTheSecondTime(t *testing.T) {
	for name, asked := range map[string]time.Duration{"by a probe": 23 * time.Hour, "by a refresh": 35 * days} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.metaSays(everybody(igauth.CodePasswordChanged))
			b.advance(asked)
			_, _ = b.run()
			b.advance(10 * time.Minute)
			if report, _ := b.run(); report.Due != 0 {
				t.Errorf("asked again too soon: %+v", report)
			}
			b.advance(50 * time.Minute)
			report, err := b.run()
			a := b.account()
			if err != nil || report.ReauthNeeded != 1 || a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != igauth.CodePasswordChanged {
				t.Errorf("got %+v, %v, %s", report, err, a.Status)
			}
			if told := b.told(); told[igauth.EventReauthRequired] != 1 {
				t.Errorf("told %v", told)
			}
		})
	}
}

// Meta that calls everybody dead is not believed at once, in a small installation
// either: another account is asked.
func TestDeathOfEverybodyIsNotBelieved(t *testing.T) {
	b := newFleet(t, 3)
	b.advance(23 * time.Hour)
	b.metaSays(everybody(igauth.CodeTokenInvalid))
	for range 2 {
		if report, _ := b.run(); report.ReauthNeeded != 0 {
			t.Fatalf("believed: %+v", report)
		}
		b.advance(time.Hour)
	}
	b.metaSays(nobody)
	_, _ = b.run()
	if a := b.account(); a.Status != igauth.StatusActive || a.Doubt.Code != "" {
		t.Errorf("got %s, doubt %v", a.Status, a.Doubt)
	}
}

// The same when the witness was asked about before, and by then is good.
func TestDeathIsBelievedBesideALivingWitness(t *testing.T) {
	b := newFleet(t, 3)
	b.advance(23 * time.Hour)
	b.metaSays(func(token string) igauth.Code {
		if token == "long" {
			return igauth.CodeTokenInvalid
		}
		return ""
	})
	_, _ = b.run()
	b.advance(time.Hour)
	if report, _ := b.run(); report.ReauthNeeded != 1 {
		t.Errorf("got %+v", report)
	}
}

// What everybody's death turns out to be after hours is the truth.
func TestDeathOfEverybodyIsBelievedInTheEnd(t *testing.T) {
	for _, n := range []int{3, 30} {
		b := newFleet(t, n)
		b.advance(23 * time.Hour)
		b.metaSays(everybody(igauth.CodeTokenInvalid))
		dead := 0
		for range 26 {
			report, _ := b.run()
			dead += report.ReauthNeeded
			b.advance(time.Hour)
		}
		if dead != n {
			t.Errorf("%d of %d accounts were reported within a day", dead, n)
		}
	}
}

// A token that was taken for dead and is not comes back by itself.
func TestFalseDeathHeals(t *testing.T) {
	b := newBench(t)
	b.advance(23 * time.Hour)
	b.metaSays(everybody(igauth.CodeTokenInvalid))
	for range 4 {
		_, _ = b.run()
		b.advance(time.Hour)
	}
	if a := b.account(); a.Status != igauth.StatusReauthRequired {
		t.Fatalf("got %s", a.Status)
	}
	b.metaSays(nobody)
	b.advance(24 * time.Hour)
	report, err := b.run()
	a := b.account()
	if err != nil || report.Recovered != 1 || a.Status != igauth.StatusActive || b.token() != "long" || b.told()[igauth.EventRecovered] != 1 {
		t.Errorf("got %+v, %v, %s, told %v", report, err, a.Status, b.told())
	}
	if _, _ = b.run(); b.vault.promoted[a.ID] != a.Ref {
		t.Errorf("direct readers see %q, want %q", b.vault.promoted[a.ID], a.Ref)
	}
}

// A dead token is tried for a week, once a day, and then left alone.
func TestDeadTokensAreTriedForAWeek(t *testing.T) {
	b := newBench(t)
	b.advance(23 * time.Hour)
	asked := 0
	b.metaSays(func(string) igauth.Code { asked++; return igauth.CodeAppRemoved })
	for range 4 {
		_, _ = b.run()
		b.advance(time.Hour)
	}
	asked = 0
	for range 30 * 24 {
		_, _ = b.run()
		b.advance(time.Hour)
	}
	if a := b.account(); asked < 6 || asked > 7 || !a.DueAt.IsZero() && a.DueAt.Before(b.now().Add(-time.Hour*24*30)) {
		t.Errorf("asked %d times, due %s", asked, a.DueAt)
	}
}

// Who asks for a refresh by hand gets the answer at once: /me is asked, too.
func TestRefreshByHandAsksTwice(t *testing.T) {
	b := newBench(t)
	b.advance(30 * time.Hour)
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		return igauth.Token{}, failure(igauth.CodeTokenInvalid, true)
	}
	if a, err := b.refresher.Refresh(t.Context(), testProfile.ID); err == nil || a.Status != igauth.StatusActive {
		t.Errorf("/me says it lives: got %s, %v", a.Status, err)
	}
	b.metaSays(everybody(igauth.CodeTokenInvalid))
	b.advance(25 * time.Hour)
	if a, _ := b.refresher.Refresh(t.Context(), testProfile.ID); a.Status != igauth.StatusReauthRequired {
		t.Errorf("both say it is dead: got %s", a.Status)
	}
}

// Behind an attempt that did not come back stands a token that may be too young,
// as any other.
func TestRefreshByHandAfterADeadAttemptKeepsTheFloor(t *testing.T) {
	b := newBench(t)
	a := b.account()
	a.Lease = igauth.Lease{Attempt: strings.Repeat("e", 32), Until: b.now(), Work: igauth.WorkMove, Generation: a.Generation + 1}
	if err := b.ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: strings.Repeat("d", 32)}); err != nil {
		t.Fatal(err)
	}
	b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
		t.Error("Meta was asked")
		return igauth.Token{}, failure(igauth.CodeTokenTooYoung, true)
	}
	b.advance(time.Hour)
	if a, err := b.refresher.Refresh(t.Context(), testProfile.ID); igauth.CodeOf(err) != igauth.CodeTokenTooYoung || a.Lease.Attempt != "" {
		t.Errorf("got %v, lease %+v", err, a.Lease)
	}
}
