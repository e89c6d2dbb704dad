package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/cost"
	"igauth/internal/doctor"
	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func openLedger(t *testing.T) igauth.Ledger {
	t.Helper()
	ledger, err := boltstore.Open(filepath.Join(t.TempDir(), "ledger.db"), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	return ledger
}

// save stores a record, each under an attempt of its own.
func save(t *testing.T, ledger igauth.Ledger, change igauth.Change) {
	t.Helper()
	attempts++
	change.Attempt = fmt.Sprintf("%032x", attempts)
	if err := ledger.Save(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

var attempts int

// account is one with a token that lives for some days more.
func account(n int, status igauth.Status, days int) *igauth.Account {
	return &igauth.Account{
		Profile: igauth.Profile{ID: igauth.AccountID(fmt.Sprintf("1784140000000%04d", n)), Username: "somebody"},
		Status:  status, Generation: 1, Ref: "ref",
		IssuedAt: now.Add(-time.Hour), ExpiresAt: now.Add(time.Duration(days) * 24 * time.Hour), DueAt: now.Add(time.Hour),
	}
}

func TestInstallation(t *testing.T) {
	ran := func(ago time.Duration) *igauth.Health { return &igauth.Health{RanAt: now.Add(-ago)} }
	incident := igauth.Incident{ID: fmt.Sprintf("%032d", 1), Place: igauth.PlaceRefresh, Since: now.Add(-time.Hour), SeenAt: now, Class: igauth.ClassMisconfigured, Code: igauth.CodeAppMisconfigured}
	event := igauth.Event{ID: fmt.Sprintf("%032d", 2), Type: igauth.EventReauthRequired, At: now.Add(-3 * time.Hour)}
	removal := func(ago time.Duration, done bool) *igauth.Removal {
		r := &igauth.Removal{Code: strings.Repeat("a", 40), Kind: igauth.RemovalErase, RequestedAt: now.Add(-ago), ReceivedAt: now.Add(-ago), Logins: []igauth.Login{igauth.LoginInstagram}, ForgetAt: now.AddDate(1, 0, 0)}
		if done {
			r.DoneAt = now
		}
		return r
	}
	for name, c := range map[string]struct {
		health   *igauth.Health
		accounts []*igauth.Account
		removal  *igauth.Removal
		change   func(*doctor.Installation)
		want     []string // warnings and errors
		says     []string
	}{
		"all is well": {ran(time.Hour), []*igauth.Account{account(1, igauth.StatusActive, 40), account(2, igauth.StatusDisconnected, 0)}, nil, nil, nil,
			[]string{"1 active, 1 disconnected", "17841400000000001 on 2027-01-02 (40 days left)", "The refresh ran"}},
		"nobody is connected":           {ran(time.Hour), nil, nil, nil, nil, []string{"none yet"}},
		"the refresh ran this minute":   {ran(10 * time.Second), nil, nil, nil, nil, []string{"The refresh ran less than a minute ago."}},
		"the schedule is dead":          {ran(3 * time.Hour), nil, nil, nil, []string{"error schedule-silent"}, []string{"for 3 hours"}},
		"the schedule was long dead":    {ran(90 * time.Hour), nil, nil, nil, []string{"error schedule-silent"}, []string{"for 3 days"}},
		"no run ever":                   {nil, nil, nil, nil, []string{"warning schedule-never"}, nil},
		"nothing runs it, and we know":  {nil, nil, nil, func(i *doctor.Installation) { i.Idle = "The server sleeps." }, nil, []string{"The server sleeps."}},
		"a folder of which a server is": {ran(9 * time.Hour), nil, nil, func(i *doctor.Installation) { i.Local = true }, nil, []string{"every full hour"}},
		"an incident": {&igauth.Health{RanAt: now, Incidents: []igauth.Incident{incident}}, nil, nil, nil, []string{"error incident refresh"},
			[]string{igauth.CodeAppMisconfigured.Message(), igauth.CodeAppMisconfigured.Hint()}},
		"Meta wants quiet":      {&igauth.Health{RanAt: now, Incidents: []igauth.Incident{quiet(incident)}}, nil, nil, nil, []string{"error incident refresh"}, []string{"until 2026-11-23 13:00 UTC", "login facebook"}},
		"an event of the app":   {&igauth.Health{RanAt: now, Outbox: []igauth.Event{event}}, nil, nil, nil, []string{"warning events-unsent"}, []string{"2026-11-23 09:00 UTC"}},
		"an event of account":   {ran(0), []*igauth.Account{withOutbox(account(1, igauth.StatusActive, 40), event)}, nil, nil, []string{"warning events-unsent"}, nil},
		"an owner must act":     {ran(0), []*igauth.Account{account(1, igauth.StatusReauthRequired, 0)}, nil, nil, []string{"warning accounts-dead"}, []string{"1 account must"}},
		"refreshes fail":        {ran(0), []*igauth.Account{account(1, igauth.StatusExpiring, 40)}, nil, nil, []string{"warning accounts-failing"}, nil},
		"a token ends soon":     {ran(0), []*igauth.Account{account(1, igauth.StatusActive, 9), account(2, igauth.StatusActive, 50)}, nil, nil, []string{"warning ends-soon 17841400000000001"}, []string{"(9 days left), 17841400000000002"}},
		"earlier than warned":   {ran(0), []*igauth.Account{account(1, igauth.StatusActive, 9)}, nil, func(i *doctor.Installation) { i.Warn = 8 * 24 * time.Hour }, nil, nil},
		"a token has ended":     {ran(0), []*igauth.Account{account(1, igauth.StatusActive, -1)}, nil, nil, []string{"error ends-passed 17841400000000001"}, []string{"over"}},
		"a token that never is": {ran(0), []*igauth.Account{neverEnds(account(1, igauth.StatusActive, 0))}, nil, nil, nil, nil},
		"a run cannot keep up":  {ran(time.Hour), []*igauth.Account{dueSince(account(1, igauth.StatusActive, 40), 9*time.Hour)}, nil, nil, []string{"warning due-late"}, []string{"9 hours"}},
		"a removal of today":    {ran(0), nil, removal(time.Hour, false), nil, nil, nil},
		"a removal of long ago": {ran(0), nil, removal(25*time.Hour, false), nil, []string{"error removals-open"}, []string{"1 removal"}},
		"a removal that is done": {ran(0), nil, removal(25*time.Hour, true), nil, nil,
			nil},
		"what it costs": {ran(0), []*igauth.Account{account(1, igauth.StatusActive, 40), account(2, igauth.StatusDisconnected, 0)}, nil, func(i *doctor.Installation) { i.Vault = cost.SecretsManager }, nil, []string{"a month in AWS for 1 account"}},
	} {
		t.Run(name, func(t *testing.T) {
			ledger := openLedger(t)
			if c.health != nil {
				h := *c.health
				save(t, ledger, igauth.Change{Health: &h})
			}
			for _, a := range c.accounts {
				save(t, ledger, igauth.Change{Account: a})
			}
			if c.removal != nil {
				save(t, ledger, igauth.Change{Removal: c.removal})
			}
			i := doctor.Installation{Ledger: ledger, Now: now}
			if c.change != nil {
				c.change(&i)
			}
			findings := i.Check(t.Context())
			complete(t, findings)
			if got := grave(findings, doctor.Warning); !slices.Equal(got, append([]string{}, c.want...)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			var text strings.Builder
			for _, f := range findings {
				text.WriteString(f.What + " " + f.Why + " " + f.Mend + "\n")
			}
			for _, part := range c.says {
				if !strings.Contains(text.String(), part) {
					t.Errorf("%q is not said:\n%s", part, &text)
				}
			}
		})
	}
}

func quiet(i igauth.Incident) igauth.Incident {
	i.QuietUntil, i.Login = now.Add(time.Hour), igauth.LoginFacebook
	return i
}

func withOutbox(a *igauth.Account, event igauth.Event) *igauth.Account {
	a.Outbox, a.DueAt = []igauth.Event{event}, now.Add(-time.Minute)
	return a
}

func neverEnds(a *igauth.Account) *igauth.Account {
	a.ExpiresAt = time.Time{}
	return a
}

func dueSince(a *igauth.Account, ago time.Duration) *igauth.Account {
	a.DueAt = now.Add(-ago)
	return a
}

// A brokenLedger fails in one method.
type brokenLedger struct {
	igauth.Ledger
	method string
	err    error
}

func (l brokenLedger) fails(method string) error {
	if l.method == method {
		return l.err
	}
	return nil
}

func (l brokenLedger) Health(ctx context.Context) (igauth.Health, error) {
	if err := l.fails("Health"); err != nil {
		return igauth.Health{}, err
	}
	return l.Ledger.Health(ctx)
}

func (l brokenLedger) Count(ctx context.Context, status igauth.Status) (int, error) {
	if err := l.fails("Count"); err != nil {
		return 0, err
	}
	return l.Ledger.Count(ctx, status)
}

func (l brokenLedger) Expiries(ctx context.Context, status igauth.Status, limit int) ([]igauth.Expiry, error) {
	if err := l.fails("Expiries"); err != nil {
		return nil, err
	}
	return l.Ledger.Expiries(ctx, status, limit)
}

func (l brokenLedger) Due(ctx context.Context, query igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	if err := l.fails("Due"); err != nil {
		return nil, igauth.DueMark{}, err
	}
	return l.Ledger.Due(ctx, query)
}

func (l brokenLedger) OpenRemovals(ctx context.Context, limit int) ([]igauth.Removal, error) {
	if err := l.fails("OpenRemovals"); err != nil {
		return nil, err
	}
	return l.Ledger.OpenRemovals(ctx, limit)
}

// A ledger that answers half of the questions is examined as far as it goes.
func TestBrokenLedger(t *testing.T) {
	for method, want := range map[string]string{
		"Health": "error ledger-unreachable", "Count": "error accounts-unknown", "Expiries": "error ends-unknown",
		"Due": "error due-unknown", "OpenRemovals": "error removals-unknown",
	} {
		ledger := openLedger(t)
		save(t, ledger, igauth.Change{Health: &igauth.Health{RanAt: now}})
		findings := doctor.Installation{Ledger: brokenLedger{ledger, method, errors.New("the disk is on fire")}, Now: now}.Check(t.Context())
		complete(t, findings)
		if got := grave(findings, doctor.Warning); !slices.Equal(got, []string{want}) {
			t.Errorf("%s fails: got %q, want %q", method, got, want)
		}
	}
	ledger := openLedger(t)
	save(t, ledger, igauth.Change{Health: &igauth.Health{RanAt: now}})
	findings := doctor.Installation{Ledger: brokenLedger{ledger, "Due", fmt.Errorf("row 7: %w", igauth.ErrDamaged)}, Now: now}.Check(t.Context())
	if got := grave(findings, doctor.Warning); !slices.Equal(got, []string{"error rows-damaged"}) {
		t.Errorf("a damaged row: got %q", got)
	}
}
