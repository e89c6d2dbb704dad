package cost

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// ReadsPerDay is how often each account's token is read in a day unless said
// otherwise.
const ReadsPerDay = 24

// Sizes returns the numbers of accounts that a comparison shows.
func Sizes() []int { return []int{1, 100, 10_000, 1_000_000} }

// Compare returns the bills of all sizes for each of the vaults, by size.
func Compare(readsPerDay float64, vaults ...Vault) []Bill {
	var bills []Bill
	for _, accounts := range Sizes() {
		for _, vault := range vaults {
			bills = append(bills, Monthly(Usage{Vault: vault, Accounts: accounts, ReadsPerDay: readsPerDay}))
		}
	}
	return bills
}

// BreakEven returns the number of accounts from which the sealed vault is
// cheaper than a secret for each account.
func BreakEven(readsPerDay float64) int {
	cheaper := func(accounts int) bool {
		in := Usage{Vault: Sealed, Accounts: accounts, ReadsPerDay: readsPerDay}
		sealed := Monthly(in).Total
		in.Vault = SecretsManager
		return sealed < Monthly(in).Total
	}
	// An account more costs less with the sealed vault whatever is done with it,
	// so that what is cheaper once stays so.
	return sort.Search(MaxSecrets, cheaper)
}

// Markdown returns the comparison of both vaults as a table, with what there is
// to say about it.
func Markdown(readsPerDay float64) string {
	var b strings.Builder
	b.WriteString("| accounts | vault | a month | for each account |\n| ---: | --- | ---: | ---: |\n")
	for _, bill := range Compare(readsPerDay, Vaults()...) {
		_, _ = fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", count(bill.Accounts), bill.Vault, Dollars(bill.Total), Dollars(bill.PerAccount))
	}
	for _, remark := range Remarks(readsPerDay) {
		b.WriteString("\n" + remark + "\n")
	}
	return b.String()
}

// Remarks returns what must be said beside a bill or a comparison, as sentences.
func Remarks(readsPerDay float64) []string {
	first, last := PricesRead()
	var unsure []string
	for _, price := range Prices() {
		if price.Unsure {
			unsure = append(unsure, price.Service+" "+price.Item)
		}
	}
	return []string{
		fmt.Sprintf("List prices of %s, read at second hand %s to %s, without free tiers; each account's token is read %s times a day.",
			Region, first, last, strconv.FormatFloat(readsPerDay, 'f', -1, 64)),
		fmt.Sprintf("The sealed vault is cheaper from %s accounts on.", count(BreakEven(readsPerDay))),
		fmt.Sprintf("Secrets Manager holds no more than %s secrets for an AWS account in a Region.", count(MaxSecrets)),
		fmt.Sprintf("The key costs %s a month more in its second year, and %s from the third on, as it rotates.",
			Dollars(keyMonth.Each()), Dollars(2*keyMonth.Each())),
		"What one run cannot finish the next ones do at the same cost, so that costs are linear at any size.",
		"Assumed, not measured: how long the functions run, how much they log, and that one account in fifty is connected in a month.",
		"Less sure than the rest, so compare them before you rely on them, are the prices of " + strings.Join(unsure, ", ") + ".",
	}
}

// Dollars returns an amount as people write it, for example $1,234.50 or $0.0037.
func Dollars(amount float64) string {
	if amount >= 0.9999 {
		whole, cents, _ := strings.Cut(strconv.FormatFloat(amount, 'f', 2, 64), ".")
		return "$" + grouped(whole) + "." + cents
	}
	if less, ok := strings.CutPrefix(Number(amount), "<"); ok {
		return "<$" + less
	}
	return "$" + Number(amount)
}

// Number returns a number as people write it: with two digits after the point if
// it is 1 or more, with four if it is less, and without any if they are zero.
func Number(n float64) string {
	digits := 2
	switch {
	case n > 0 && n < 0.0001:
		return "<0.0001"
	case n < 1:
		digits = 4
	}
	whole, part, _ := strings.Cut(strconv.FormatFloat(n, 'f', digits, 64), ".")
	if strings.Trim(part, "0") == "" {
		return grouped(whole)
	}
	return grouped(whole) + "." + part
}

// count returns a number with commas between its thousands.
func count(n int) string { return grouped(strconv.Itoa(n)) }

// grouped sets commas between the thousands of a number's digits.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
