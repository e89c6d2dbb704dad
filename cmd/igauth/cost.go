package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"igauth/internal/cost"
)

type costCommand struct {
	Accounts    *int    `help:"Show the bill for this many accounts, line by line." placeholder:"N"`
	ReadsPerDay float64 `default:"24" help:"How often each account's token is read in a day (default ${default})." placeholder:"N"`
	Vault       string  `enum:",secretsmanager,sealed" default:"" help:"Where tokens are kept: secretsmanager or sealed." placeholder:"VAULT"`
	JSON        bool    `name:"json" xor:"form" help:"Print JSON."`
	Markdown    bool    `xor:"form" help:"Print the comparison of both vaults as Markdown."`
}

// Help is shown by igauth cost --help.
func (costCommand) Help() string {
	return `What an installation in AWS costs in a month, by list prices and without free tiers.
Without --accounts it compares the vaults for 1 to 1,000,000 accounts. Nothing is
asked of AWS: the bill is computed from what the template makes and the program does.`
}

// mostAccounts keeps mistyped numbers out. No app has as many accounts.
const mostAccounts = 1_000_000_000

// Validate is called when the command line was read.
func (c *costCommand) Validate() error {
	switch {
	case c.Accounts != nil && (*c.Accounts < 1 || *c.Accounts > mostAccounts):
		return fmt.Errorf("--accounts %d: must be 1 to %d", *c.Accounts, mostAccounts)
	case math.IsNaN(c.ReadsPerDay) || c.ReadsPerDay < 0 || c.ReadsPerDay > 1e6:
		return fmt.Errorf("--reads-per-day %v: must be 0 to 1000000", c.ReadsPerDay)
	case c.Markdown && (c.Accounts != nil || c.Vault != ""):
		return errors.New("--markdown prints the comparison of all sizes and both vaults: leave --accounts and --vault out")
	}
	return nil
}

func (c *costCommand) Run(t *terminal) error {
	if c.Markdown {
		_, err := fmt.Fprint(t.out, cost.Markdown(c.ReadsPerDay))
		return err
	}
	var bills []cost.Bill
	vaults := cost.Vaults()
	if c.Vault != "" {
		vaults = []cost.Vault{cost.Vault(c.Vault)}
	}
	if c.Accounts == nil {
		bills = cost.Compare(c.ReadsPerDay, vaults...)
	} else {
		bills = []cost.Bill{cost.Monthly(cost.Usage{Vault: vaults[0], Accounts: *c.Accounts, ReadsPerDay: c.ReadsPerDay})}
	}
	if c.JSON {
		return printJSON(t, map[string]any{
			"region":     cost.Region,
			"currency":   "USD",
			"break_even": cost.BreakEven(c.ReadsPerDay),
			"bills":      bills,
			"prices":     cost.Prices(),
		})
	}
	if c.Accounts == nil {
		return costTable(t, bills, c.ReadsPerDay)
	}
	return billSheet(t, bills[0])
}

// costTable compares bills.
func costTable(t *terminal, bills []cost.Bill, readsPerDay float64) error {
	w := newTable(t)
	w.AppendHeader(table.Row{"ACCOUNTS", "VAULT", "A MONTH", "PER ACCOUNT"})
	w.SetColumnConfigs(right("ACCOUNTS", "A MONTH", "PER ACCOUNT"))
	for _, bill := range bills {
		w.AppendRow(table.Row{cost.Number(float64(bill.Accounts)), bill.Vault, cost.Dollars(bill.Total), cost.Dollars(bill.PerAccount)})
	}
	if err := render(t, w); err != nil {
		return err
	}
	return remarks(t, cost.Remarks(readsPerDay))
}

// billSheet shows the lines of one bill.
func billSheet(t *terminal, bill cost.Bill) error {
	accounts := "1 account"
	if bill.Accounts != 1 {
		accounts = cost.Number(float64(bill.Accounts)) + " accounts"
	}
	_, _ = fmt.Fprintf(t.out, "A month of %s with the vault %s\n\n", accounts, bill.Vault)
	w := newTable(t)
	w.AppendHeader(table.Row{"SERVICE", "ITEM", "QUANTITY", "UNIT", "UNIT PRICE", "AMOUNT"})
	w.SetColumnConfigs(right("QUANTITY", "AMOUNT"))
	for _, line := range bill.Lines {
		w.AppendRow(table.Row{line.Service, line.Item, cost.Number(line.Quantity), line.Unit, unitPrice(line), cost.Dollars(line.Amount)})
	}
	w.AppendSeparator()
	w.AppendRow(table.Row{"total", "", "", "", "", cost.Dollars(bill.Total)})
	w.AppendRow(table.Row{"per account", "", "", "", "", cost.Dollars(bill.PerAccount)})
	if err := render(t, w); err != nil {
		return err
	}
	return remarks(t, append(bill.Notes, cost.Remarks(bill.ReadsPerDay)...))
}

// unitPrice returns a price with all its digits, and a mark if it is not sure.
func unitPrice(line cost.Line) string {
	price := strings.TrimRight(strconv.FormatFloat(line.UnitPrice, 'f', 12, 64), "0")
	price = "$" + strings.TrimSuffix(price, ".")
	if line.Unsure {
		price += " ?"
	}
	return price
}

// remarks prints what must be said below a table.
func remarks(t *terminal, said []string) error {
	_, err := fmt.Fprintf(t.out, "\n%s\n", strings.Join(said, "\n"))
	return err
}

// right aligns columns of numbers.
func right(columns ...string) []table.ColumnConfig {
	var configs []table.ColumnConfig
	for _, name := range columns {
		configs = append(configs, table.ColumnConfig{Name: name, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	return configs
}
