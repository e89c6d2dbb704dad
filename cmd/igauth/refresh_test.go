package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/local"
	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// A run is told as a table, and its failures by class.
func TestRunIsTold(t *testing.T) {
	dir, sim := folder(t)
	if err := sim.SetFault(igsim.Fault{Kind: "outage"}); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := igauthCommand("refresh", "--data", dir)
	if code != 0 || errOut != "" {
		t.Errorf("a blip: got exit code %d, %s", code, errOut)
	}
	sim.ClearFaults()
	for _, want := range []string{"due                  1", "asked about          0", "failed               1 transient", "need attention       0", "incident             none", "accounts             1 active", "in 58.0 days"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
}

// An incident, and accounts that keep failing, make the command fail, in words and
// as JSON.
func TestRunThatNeedsAttention(t *testing.T) {
	dir, sim := folder(t)
	if err := sim.SetFault(igsim.Fault{Kind: "app_disabled"}); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := igauthCommand("refresh", "--data", dir)
	if code != exitFailed || !strings.HasPrefix(errOut, "igauth: an incident is open since") || strings.Count(errOut, "\n") != 1 {
		t.Errorf("got exit code %d, %q", code, errOut)
	}
	for _, want := range []string{"incident             app_id_wrong (misconfigured), since", "put off              1", "failed               1 misconfigured", "No account was changed because of it", igauth.CodeAppID.Hint()} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	code, out, errOut = igauthCommand("refresh", "--json", "--data", dir)
	var report igauth.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Incident == nil || report.Incident.Code != igauth.CodeAppID || report.Counts[igauth.StatusActive] != 1 || report.MinDaysToExpiry == nil {
		t.Errorf("--json: got %+v, %v", report, err)
	}
	var problem struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(errOut), &problem); err != nil || code != exitFailed || !strings.Contains(problem.Error.Message, "incident") {
		t.Errorf("--json: got exit code %d, %s, %v", code, errOut, err)
	}
	sim.ClearFaults()
	if code, out, errOut := igauthCommand("refresh", "--data", dir); code != 0 || !strings.Contains(out, "incident             none") {
		t.Errorf("healed: got exit code %d, %s\n%s", code, errOut, out)
	}
}

// The sheet of an account has what comes next, when and why, what is in doubt, and
// the history as a table.
func TestSheetOfAnAccount(t *testing.T) {
	dir, sim := folder(t)
	show := func(want ...string) {
		t.Helper()
		code, out, errOut := igauthCommand("accounts", "show", "maria.bakes", "--data", dir)
		if code != 0 || errOut != "" {
			t.Fatalf("got exit code %d, %s", code, errOut)
		}
		for _, words := range want {
			if !strings.Contains(out, words) {
				t.Errorf("%q is missing:\n%s", words, out)
			}
		}
	}
	show("next action            probe", "when                   2", "why                    Meta was not asked", "policy                 the default", "WHEN              WHAT       DETAIL")

	if err := sim.ChangePassword("maria.bakes"); err != nil {
		t.Fatal(err)
	}
	_, _, _ = igauthCommand("refresh", "--data", dir)
	show("status                 active", "doubt                  Meta said once that the token is dead: password_changed", "next action            probe", "asked once more before anybody is told")

	f, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ledger := f.Parts(f.Now, slog.New(slog.DiscardHandler)).Ledger
	a, err := ledger.Account(context.Background(), "17841400000010111")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(100 * time.Hour)
	a.WaitUntil, a.WarnedAt, a.Doubt = at, at, igauth.Failure{}
	for range 20 {
		a.History = append(a.History[max(0, len(a.History)-19):], igauth.Entry{At: at, What: igauth.EntryRefreshFailed, Detail: "rate_limited"})
	}
	if err := ledger.Save(context.Background(), igauth.Change{Account: &a, Attempt: strings.Repeat("a", 32)}); err != nil {
		t.Fatal(err)
	}
	show("Meta wants to wait until "+" "+moment(at), "warned of its end        "+" "+moment(at), "why                       Meta asked to wait")
	if _, out, _ := igauthCommand("accounts", "show", "maria.bakes", "--data", dir); strings.Count(out, "rate_limited") != 20 {
		t.Errorf("want all 20 entries of the history:\n%s", out)
	}
}
