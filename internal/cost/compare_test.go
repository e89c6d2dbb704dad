package cost

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestBreakEven(t *testing.T) {
	for _, reads := range []float64{0, 1, ReadsPerDay, 10_000} {
		n := BreakEven(reads)
		total := func(vault Vault, accounts int) float64 {
			return Monthly(Usage{Vault: vault, Accounts: accounts, ReadsPerDay: reads}).Total
		}
		for _, more := range []int{n, n + 1, 10 * n, 1000 * n} {
			if total(Sealed, more) >= total(SecretsManager, more) {
				t.Errorf("%v reads a day: the sealed vault is not cheaper for %d accounts, though it breaks even at %d", reads, more, n)
			}
		}
		if total(Sealed, n-1) < total(SecretsManager, n-1) {
			t.Errorf("%v reads a day: the sealed vault is cheaper for %d accounts already", reads, n-1)
		}
	}
	// With one account both have three secrets, and the sealed vault asks for its
	// keyset in every run and has the longer row. The second account's secret
	// costs $0.40 more.
	if got := BreakEven(ReadsPerDay); got != 2 {
		t.Errorf("the sealed vault is cheaper from %d accounts on, want 2", got)
	}
}

func TestCompareHasEverySizeAndVault(t *testing.T) {
	bills := Compare(3, Vaults()...)
	if len(bills) != len(Sizes())*len(Vaults()) {
		t.Fatalf("got %d bills", len(bills))
	}
	for i, bill := range bills {
		accounts, vault := Sizes()[i/2], Vaults()[i%2]
		if bill.Accounts != accounts || bill.Vault != vault || bill.ReadsPerDay != 3 {
			t.Errorf("bill %d is of %d accounts with the vault %s and %v reads", i, bill.Accounts, bill.Vault, bill.ReadsPerDay)
		}
	}
	if got := Compare(3, Sealed); len(got) != len(Sizes()) || got[0].Vault != Sealed {
		t.Errorf("got %d bills for one vault", len(got))
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0", 0.00001: "<0.0001", 0.0001: "0.0001", 0.4: "0.4000", 0.99999: "1", 1: "1", 2.5: "2.50",
		999.994: "999.99", 999.999: "1,000", 1234.5: "1,234.50", 400014: "400,014", 1234567.891: "1,234,567.89",
	} {
		if got := Number(n); got != want {
			t.Errorf("%v: got %s, want %s", n, got, want)
		}
	}
	for n, want := range map[float64]string{0: "$0", 0.00001: "<$0.0001", 0.4: "$0.4000", 0.99999: "$1.00", 1: "$1.00", 2.6175: "$2.62", 400014.5: "$400,014.50"} {
		if got := Dollars(n); got != want {
			t.Errorf("%v: got %s, want %s", n, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	text := Markdown(ReadsPerDay)
	rows := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		rows++
		if got := strings.Count(line, "|"); got != 5 {
			t.Errorf("a row has %d bars, want 5: %s", got, line)
		}
	}
	if rows != 2+len(Sizes())*len(Vaults()) {
		t.Errorf("got %d rows:\n%s", rows, text)
	}
	for _, want := range []string{Region, "2026-09-20", "read 24 times a day", "from 2 accounts on", "| 1,000,000 | `sealed` | $", "500,000", "KMS requests"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}

// What the documentation shows is what the model says today.
func TestDocumentationShowsTheComparison(t *testing.T) {
	const file = "../../docs/storage.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := Markdown(ReadsPerDay); !strings.Contains(string(text), want) {
		t.Errorf("the comparison in %s is missing or out of date; igauth cost --markdown prints:\n\n%s", file, want)
	}
	for _, row := range []int{TypicalRow, FullRow} {
		if want := fmt.Sprintf(" | %s | %s |\n", count(row), count(row+SealedRef)); !strings.Contains(string(text), want) {
			t.Errorf("the sizes in %s do not have the line that ends with %s", file, want)
		}
	}
	if want := fmt.Sprintf("%d write units for a full row, %d if it is sealed", int(saveUnits(SecretsManager.RowBytes())), int(saveUnits(Sealed.RowBytes()))); !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
		t.Errorf("%s does not say %q", file, want)
	}
}
