package igauth

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

// liveAccount was connected at someTime with a token of 60 days.
func liveAccount(edit func(*Account)) Account {
	a := Account{
		Profile: Profile{ID: "17841400000000001"}, Status: StatusActive, Generation: 1, Ref: "ref",
		IssuedAt: someTime, CheckedAt: someTime, ExpiresAt: someTime.Add(60 * day), ConnectedAt: someTime,
	}
	if edit != nil {
		edit(&a)
	}
	return a
}

func defaultPolicy(t testing.TB) Policy {
	t.Helper()
	p, err := Policy{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlan(t *testing.T) {
	p := defaultPolicy(t)
	noProbe := p
	noProbe.ProbeEvery = -1
	noRevival := p
	noRevival.ReviveWithin = -1
	died := func(after time.Duration, edit func(*Account)) func(*Account) {
		return func(a *Account) {
			a.Status = StatusReauthRequired
			a.LastFailure = Failure{At: someTime.Add(after), Class: ClassDead, Code: CodeTokenInvalid}
			if edit != nil {
				edit(a)
			}
		}
	}
	for _, c := range []struct {
		name     string
		policy   Policy
		edit     func(*Account)
		action   Action
		from, to time.Duration // after someTime
	}{
		{"a new account is asked about within a day", p, nil, ActionProbe, 11 * time.Hour, 22 * time.Hour},
		{"an account that was asked about is asked again", p, func(a *Account) { a.CheckedAt = someTime.Add(5 * day) }, ActionProbe, 5*day + 22*time.Hour, 5*day + 22*time.Hour},
		{"half of its life, jittered", noProbe, nil, ActionRefresh, 27 * day, 33 * day},
		{"a short life is refreshed early, but not before 25 hours", noProbe, func(a *Account) { a.ExpiresAt = someTime.Add(2 * day) }, ActionRefresh, 25 * time.Hour, 33 * time.Hour},
		{"a very short one at 25 hours", noProbe, func(a *Account) { a.ExpiresAt = someTime.Add(30 * time.Hour) }, ActionRefresh, 25 * time.Hour, 25 * time.Hour},
		{"a failed refresh is tried a day later", noProbe, func(a *Account) { a.TriedAt = someTime.Add(30 * day) }, ActionRefresh, 31 * day, 31 * day},
		{"in the last week every 6 hours", noProbe, func(a *Account) { a.TriedAt = someTime.Add(54 * day) }, ActionRefresh, 54*day + 6*time.Hour, 54*day + 6*time.Hour},
		{"the last week begins on time", noProbe, func(a *Account) { a.TriedAt = someTime.Add(53*day - 10*time.Hour) }, ActionRefresh, 53 * day, 53 * day},
		{"a token that nothing is done for expires", noProbe, func(a *Account) { a.TriedAt = someTime.Add(59*day + 20*time.Hour) }, ActionExpire, 60 * day, 60 * day},
		{"a dead account is left alone", p, func(a *Account) { a.Status = StatusReauthRequired }, ActionNone, 0, 0},
		{"so is a disconnected one", p, func(a *Account) { a.Status = StatusDisconnected }, ActionNone, 0, 0},
		{"an attempt that did not come back is looked for", p, func(a *Account) { a.Lease = Lease{Attempt: "x", Until: someTime.Add(time.Minute)} }, ActionRecover, time.Minute, time.Minute},
		{"a disconnection that did not end is ended", p, func(a *Account) {
			a.Status, a.SweepAt = StatusDisconnected, someTime
			a.Lease = Lease{Attempt: "x", Until: someTime.Add(time.Minute), Work: WorkEmpty}
		}, ActionDestroy, time.Minute, time.Minute},
		{"a disconnection whose connection did not come back waits for that", p, func(a *Account) {
			a.Status, a.SweepAt = StatusDisconnected, someTime
			a.Lease = Lease{Attempt: "x", Until: someTime.Add(time.Minute), Work: WorkConnect}
		}, ActionRecover, time.Minute, time.Minute},
		{"the vault is emptied of what came late", p, func(a *Account) { a.Status, a.SweepAt = StatusDisconnected, someTime.Add(time.Minute) }, ActionDestroy, time.Minute, time.Minute},
		{"the vault is emptied of what was moved", p, func(a *Account) { a.SweepAt = someTime.Add(time.Minute) }, ActionDestroy, time.Minute, time.Minute},
		{"a token called dead is asked about again in 45 minutes, and not refreshed", p, func(a *Account) {
			a.CheckedAt, a.Doubt = someTime.Add(40*day), Failure{At: someTime.Add(40*day + time.Hour), Class: ClassDead, Code: CodeTokenInvalid}
		}, ActionProbe, 40*day + time.Hour + 45*time.Minute, 40*day + time.Hour + 45*time.Minute},
		{"also where nobody probes", noProbe, func(a *Account) {
			a.Doubt = Failure{At: someTime.Add(40 * day), Class: ClassDead, Code: CodeTokenInvalid}
		}, ActionProbe, 40*day + 45*time.Minute, 40*day + 45*time.Minute},
		{"a second question that failed is asked an hour later", p, func(a *Account) {
			a.Doubt = Failure{At: someTime.Add(40 * day), Class: ClassDead, Code: CodeTokenInvalid}
			a.LastFailure = Failure{At: someTime.Add(40*day + time.Hour), Class: ClassTransient, Code: CodeMetaUnavailable}
		}, ActionProbe, 40*day + 2*time.Hour, 40*day + 2*time.Hour},
		{"a doubted token whose time is over has ended", p, func(a *Account) {
			a.Doubt = Failure{At: someTime.Add(60*day - time.Minute), Class: ClassDead, Code: CodeTokenInvalid}
		}, ActionExpire, 60 * day, 60 * day},
		{"a probe waits as long as Meta wants", p, func(a *Account) { a.WaitUntil = someTime.Add(3 * day) }, ActionProbe, 3 * day, 3 * day},
		{"a refresh waits as long as Meta wants", noProbe, func(a *Account) { a.WaitUntil = someTime.Add(35 * day) }, ActionRefresh, 35 * day, 35 * day},
		{"a doubted one waits as well", p, func(a *Account) {
			a.Doubt = Failure{At: someTime.Add(40 * day), Class: ClassDead, Code: CodeTokenInvalid}
			a.WaitUntil = someTime.Add(41 * day)
		}, ActionProbe, 41 * day, 41 * day},
		{"a wait that is over changes nothing", noProbe, func(a *Account) { a.WaitUntil = someTime.Add(day) }, ActionRefresh, 27 * day, 33 * day},
		{"no wait is longer than the token's life", noProbe, func(a *Account) { a.WaitUntil = someTime.Add(90 * day) }, ActionExpire, 60 * day, 60 * day},
		{"a token called dead is tried a day later", p, died(day, nil), ActionProbe, 2 * day, 2 * day},
		{"and a day after the last try", p, died(day, func(a *Account) { a.TriedAt = someTime.Add(5 * day) }), ActionProbe, 6 * day, 6 * day},
		{"for the last time after a week", p, died(day, func(a *Account) { a.TriedAt = someTime.Add(7 * day) }), ActionProbe, 8 * day, 8 * day},
		{"and then no more", p, died(day, func(a *Account) { a.TriedAt = someTime.Add(7*day + time.Minute) }), ActionNone, 0, 0},
		{"a dead one waits as long as Meta wants", p, died(day, func(a *Account) { a.WaitUntil = someTime.Add(3 * day) }), ActionProbe, 3 * day, 3 * day},
		{"not beyond its life", p, died(59*day+time.Minute, nil), ActionNone, 0, 0},
		{"nor without a token", p, died(day, func(a *Account) { a.Ref = "" }), ActionNone, 0, 0},
		{"nor when its time was over", p, died(day, func(a *Account) { a.LastFailure.Code = CodeTokenExpired }), ActionNone, 0, 0},
		{"nor where that is turned off", noRevival, died(day, nil), ActionNone, 0, 0},
		{"events make nothing due in the plan", p, func(a *Account) {
			a.CheckedAt = someTime.Add(day)
			a.Outbox = []Event{{At: someTime}}
		}, ActionProbe, day + 22*time.Hour, day + 22*time.Hour},
		{"an imported token is refreshed to learn its age", p, func(a *Account) { a.ConfirmAt = someTime.Add(time.Minute) }, ActionRefresh, time.Minute, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := c.policy.Plan(liveAccount(c.edit))
			if plan.Action != c.action {
				t.Fatalf("got %s (%s), want %s", plan.Action, plan.Reason, c.action)
			}
			if c.action == ActionNone {
				if !plan.At.IsZero() {
					t.Errorf("got a time: %s", plan.At)
				}
				return
			}
			if got := plan.At.Sub(someTime); got < c.from || got > c.to {
				t.Errorf("got %s, want %s to %s", got, c.from, c.to)
			}
			if plan.Reason == "" {
				t.Error("no reason")
			}
		})
	}
}

// A refresh that is due is done even if the probe was due earlier, and an expired
// token is not refreshed.
func TestDueChoosesTheMostUseful(t *testing.T) {
	p := defaultPolicy(t)
	for after, want := range map[time.Duration]Action{day: ActionProbe, 40 * day: ActionRefresh, 61 * day: ActionExpire} {
		if got := p.due(liveAccount(nil), someTime.Add(after)); got.Action != want {
			t.Errorf("after %s: got %s, want %s", after, got.Action, want)
		}
	}
}

func TestJitterSpreadsAndIsStable(t *testing.T) {
	p := defaultPolicy(t)
	p.ProbeEvery = -1
	days := map[int]int{}
	for i := range 3000 {
		a := liveAccount(func(a *Account) { a.ID = AccountID(fmt.Sprintf("1784140000%07d", i)) })
		plan := p.Plan(a)
		if again := p.Plan(a); again != plan {
			t.Fatalf("two answers: %v and %v", plan, again)
		}
		days[int(plan.At.Sub(someTime)/day)]++
	}
	for d := 27; d < 33; d++ {
		if n := days[d]; n < 300 || n > 700 {
			t.Errorf("day %d: got %d of 3000 accounts, want about 500", d, n)
		}
	}
}

func TestPolicyIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		policy Policy
		says   string
	}{
		"too young":       {Policy{MinAge: 23 * time.Hour}, "Meta refuses"},
		"too late":        {Policy{RefreshAt: 0.95}, "stay below 0.9"},
		"jitter too wide": {Policy{RefreshAt: 0.1, Jitter: 0.2}, "above 0"},
		"urgent is rarer": {Policy{RetryEvery: time.Hour, UrgentEvery: 2 * time.Hour}, "must not be longer"},
		"urgent too long": {Policy{UrgentWithin: time.Hour}, "at least one try"},
	} {
		if _, err := c.policy.withDefaults(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(int64(0), int64(60*24*3600), int64(0), int64(0), 0)
	f.Add(int64(100), int64(3600), int64(1000), int64(-5), 3)
	p := defaultPolicy(f)
	f.Fuzz(func(t *testing.T, issued, life, tried, checked int64, failures int) {
		a := liveAccount(func(a *Account) {
			a.IssuedAt = someTime.Add(time.Duration(issued%1e9) * time.Second)
			a.ExpiresAt = a.IssuedAt.Add(time.Duration(life%1e9) * time.Second)
			if tried != 0 {
				a.TriedAt = someTime.Add(time.Duration(tried%1e9) * time.Second)
			}
			a.CheckedAt = someTime.Add(time.Duration(checked%1e9) * time.Second)
			a.Failures = failures
		})
		plan := p.Plan(a)
		if plan.Action == ActionRefresh && plan.At.Sub(a.IssuedAt) < p.MinAge-time.Second {
			t.Errorf("a refresh at the age of %s", plan.At.Sub(a.IssuedAt))
		}
		if plan.At.After(a.ExpiresAt) {
			t.Errorf("%s after the end of the token", plan.Action)
		}
	})
}
