// Package cost tells what an installation in AWS costs in a month. It counts what
// template.yaml makes and what the program does with it, and knows nothing of
// AWS but prices.
//
// Free tiers are not counted: an AWS account has them once, and other programs in
// it may use them up. With them a small installation pays for its secrets and its
// key and nearly nothing else. Taxes, data transfer to the Internet (a few KB for
// each request), the storage of logs and e-mails of alarms are left out, too, and
// so is what happens about once in an account's life: its import, its move to
// another vault, and its disconnection, which with Secrets Manager makes 9 calls
// and 4 saves, both emptyings of the vault included.
//
// The costs are linear in the accounts, also beyond what one scheduled run can
// work on: more runs are more of the same.
package cost

import (
	"fmt"
	"math"
)

// A Vault is where the values of tokens are kept.
type Vault string

// The vaults.
const (
	// SecretsManager has one secret for each account.
	SecretsManager Vault = "secretsmanager"
	// Sealed has the sealed token in the account's row, and its keys in one
	// secret.
	Sealed Vault = "sealed"
)

// Vaults returns all vaults, the template's default first.
func Vaults() []Vault { return []Vault{SecretsManager, Sealed} }

// What template.yaml makes however many accounts there are. A test compares.
const (
	fixedSecrets  = 2 // the app secret and the state key
	sealedSecrets = 1 // the sealed vault's keyset
	fixedKeys     = 1
	fixedAlarms   = 8
)

// metrics are those that every run writes: six numbers of its own, the shortest
// life of a token, how much of Meta's limit is used, and one for each status that
// accounts have, which are two of four most of the time. One for each class of
// failures, in an hour that has any, is left out.
const metrics = 6 + 1 + 1 + 2

// MaxSecrets is how many secrets Secrets Manager holds for an AWS account in a
// Region. The quota cannot be raised
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
const MaxSecrets = 500_000

// Usage is what a bill is asked for.
type Usage struct {
	Vault Vault
	// Accounts is how many accounts are connected. Less than none counts as
	// none.
	Accounts int
	// ReadsPerDay is how often the backend takes each account's token from the
	// API in a day.
	ReadsPerDay float64
	// RowBytes is the size of an account's row; 0 means that of a full one, see
	// [Vault.RowBytes].
	RowBytes int
}

// A Line is one line of a bill.
type Line struct {
	Service  string  `json:"service"`
	Item     string  `json:"item"`
	Quantity float64 `json:"quantity"`
	Unit     string  `json:"unit"`
	// UnitPrice is of one unit, Amount of all, in US dollars.
	UnitPrice float64 `json:"unit_price"`
	Amount    float64 `json:"amount"`
	// Unsure is the price's.
	Unsure bool `json:"unsure,omitempty"`
}

// A Bill is what a month costs, in US dollars.
type Bill struct {
	Vault       Vault   `json:"vault"`
	Accounts    int     `json:"accounts"`
	ReadsPerDay float64 `json:"reads_per_day"`
	RowBytes    int     `json:"row_bytes"`
	Lines       []Line  `json:"lines"`
	Total       float64 `json:"total"`
	// PerAccount is 0 when there is no account.
	PerAccount float64 `json:"per_account"`
	// Notes are what the reader must know of this bill in particular.
	Notes []string `json:"notes,omitempty"`
}

// Monthly returns the bill of a month of 730 hours.
func Monthly(in Usage) Bill {
	in.Accounts = max(0, in.Accounts)
	if in.RowBytes <= 0 {
		in.RowBytes = in.Vault.RowBytes()
	}
	var (
		accounts = float64(in.Accounts)
		row      = in.RowBytes
		reads    = accounts * in.ReadsPerDay * daysPerMonth
		connects = accounts * connectsPerMonth
	)
	work := run().times(runsPerMonth).
		plus(look().times(looks(runsPerMonth, accounts*(refreshesPerMonth+probesPerMonth)))).
		plus(refresh(in.Vault, row).times(accounts * refreshesPerMonth)).
		plus(probe(in.Vault, row).times(accounts * probesPerMonth)).
		plus(read(in.Vault, row).times(reads)).
		plus(connect(in.Vault, row).times(connects))

	// A function asks for what it keeps for five minutes once for each request
	// while requests are rare, and once in five minutes when they are not. More
	// copies of a function ask more often, which is not counted.
	readers := math.Min(reads, windowsPerMonth)
	visitors := math.Min(connects, windowsPerMonth)
	fixedReads := 3 * visitors // the state key twice, and the app secret
	secrets := float64(fixedSecrets)
	if in.Vault == Sealed {
		fixedReads += runsPerMonth + readers + visitors // the keyset
		secrets += sealedSecrets
	} else {
		secrets += accounts
	}
	// The key of the table is asked for by the refresh, the API and the callback.
	tableKey := runsPerMonth + readers + visitors

	bill := Bill{Vault: in.Vault, Accounts: in.Accounts, ReadsPerDay: in.ReadsPerDay, RowBytes: row}
	add := func(p Price, quantity float64) {
		line := Line{p.Service, p.Item, quantity, p.Unit, p.Each(), quantity * p.Each(), p.Unsure}
		bill.Lines = append(bill.Lines, line)
		bill.Total += line.Amount
	}
	add(secretMonth, secrets)
	add(secretCall, work.secretCalls+fixedReads)
	add(writeUnit, work.writes)
	add(readUnit, work.reads)
	// The row stands in the table and in the index of what is due, its keys in two
	// more.
	add(tableStorage, accounts*float64(2*(row+storageOverhead)+2*(keyEntry+storageOverhead))/gigabyte)
	add(tableBackup, accounts*float64(row+storageOverhead)/gigabyte)
	add(lambdaTime, work.gbSeconds)
	add(lambdaRequest, work.invocations)
	add(apiRequest, work.apiRequests)
	add(scheduledRun, runsPerMonth)
	add(sentEvent, work.events)
	add(keyMonth, fixedKeys)
	add(keyRequest, work.keyRequests+fixedReads+tableKey)
	add(logVolume, work.logBytes/gigabyte)
	add(alarmMonth, fixedAlarms)
	add(metricMonth, metrics)
	if in.Accounts > 0 {
		bill.PerAccount = bill.Total / accounts
	}
	if in.Vault == SecretsManager && secrets > MaxSecrets {
		bill.Notes = append(bill.Notes, fmt.Sprintf("Secrets Manager holds no more than %s secrets for an AWS account in a Region: so many accounts need several.", count(MaxSecrets)))
	}
	return bill
}
