package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"igauth/internal/cost"
)

// costs runs igauth cost, which must succeed.
func costs(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errOut := igauthCommand(append([]string{"cost"}, args...)...)
	if code != 0 || errOut != "" {
		t.Fatalf("igauth cost %v: got exit code %d, %s", args, code, errOut)
	}
	return out
}

func TestCostComparesTheVaults(t *testing.T) {
	out := costs(t)
	for _, want := range []string{
		"1,000,000", string(cost.SecretsManager), string(cost.Sealed),
		cost.Dollars(cost.Monthly(cost.Usage{Vault: cost.Sealed, Accounts: 10_000, ReadsPerDay: cost.ReadsPerDay}).Total),
		cost.Region, "2026-09-20", "cheaper from 2 accounts on", "read 24 times a day",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	if out := costs(t, "--vault", "sealed"); strings.Contains(out, string(cost.SecretsManager)) || !strings.Contains(out, "1,000,000") {
		t.Errorf("--vault sealed:\n%s", out)
	}
	if costs(t, "--reads-per-day", "0") == out {
		t.Error("token reads cost nothing")
	}
}

func TestCostShowsOneBill(t *testing.T) {
	out := costs(t, "--accounts", "1")
	for _, want := range []string{"1 account with the vault secretsmanager", "secret-month", "$1.20", "$0.0000002 ", "$1 ?", "total", "$6.02", cost.Region} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	for _, price := range cost.Prices() {
		if !strings.Contains(out, price.Item) {
			t.Errorf("%s is missing:\n%s", price.Item, out)
		}
	}
	if out := costs(t, "--accounts", "600000"); !strings.Contains(out, "so many accounts need several") {
		t.Errorf("the quota of Secrets Manager is not noted:\n%s", out)
	}
}

func TestCostAsJSON(t *testing.T) {
	var answer struct {
		Region    string       `json:"region"`
		BreakEven int          `json:"break_even"`
		Bills     []cost.Bill  `json:"bills"`
		Prices    []cost.Price `json:"prices"`
	}
	if err := json.Unmarshal([]byte(costs(t, "--json", "--accounts", "100", "--vault", "sealed", "--reads-per-day", "2")), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Bills) != 1 || answer.Region != cost.Region || answer.BreakEven != cost.BreakEven(2) || len(answer.Prices) != len(cost.Prices()) || answer.Prices[0].Source == "" {
		t.Fatalf("got %+v", answer)
	}
	want := cost.Monthly(cost.Usage{Vault: cost.Sealed, Accounts: 100, ReadsPerDay: 2})
	if got := answer.Bills[0]; got.Vault != cost.Sealed || math.Abs(got.Total-want.Total) > 1e-9 || len(got.Lines) != len(want.Lines) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := json.Unmarshal([]byte(costs(t, "--json")), &answer); err != nil || len(answer.Bills) != 8 {
		t.Errorf("got %d bills, %v", len(answer.Bills), err)
	}
}

// The default of the flag is the model's, which the documentation shows.
func TestCostAsMarkdown(t *testing.T) {
	if out := costs(t, "--markdown"); out != cost.Markdown(cost.ReadsPerDay) {
		t.Errorf("got:\n%s", out)
	}
}

func TestCostMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no accounts":           {[]string{"--accounts", "0"}, "must be 1 to"},
		"fewer than none":       {[]string{"--accounts=-1"}, "must be 1 to"},
		"too many accounts":     {[]string{"--accounts", "1000000001"}, "must be 1 to"},
		"accounts in words":     {[]string{"--accounts", "many"}, "--accounts"},
		"negative reads":        {[]string{"--reads-per-day=-1"}, "must be 0 to"},
		"reads without a value": {[]string{"--reads-per-day=NaN"}, "must be 0 to"},
		"endless reads":         {[]string{"--reads-per-day=Inf"}, "must be 0 to"},
		"another vault":         {[]string{"--vault", "safe"}, "secretsmanager"},
		"two forms":             {[]string{"--json", "--markdown"}, "--markdown"},
		"half a comparison":     {[]string{"--markdown", "--vault", "sealed"}, "leave --accounts and --vault out"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := igauthCommand(append([]string{"cost"}, c.args...)...)
			if code != exitUsage || out != "" || !strings.Contains(errOut, c.says) {
				t.Errorf("got exit code %d, %q, %q; want %d and %q", code, out, errOut, exitUsage, c.says)
			}
		})
	}
}
