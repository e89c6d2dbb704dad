package cost

import (
	"math"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// amounts returns the amounts of a bill by service and item.
func amounts(bill Bill) map[string]float64 {
	all := map[string]float64{}
	for _, line := range bill.Lines {
		all[line.Service+": "+line.Item] = line.Amount
	}
	return all
}

// same reports whether two amounts differ by less than a ten-thousandth of a
// cent.
func same(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

// The bills of one account whose token is read 24 times a day, worked out by
// hand. In a month of 730 hours there are
//
//	730 runs                        one an hour
//	730 token reads                 24 * 730/24
//	1.013889 refreshes              730/24 / 30
//	33.181818 probes                730 / 22
//	0.02 connections
//	730.085489 looks                730 runs, and one for each 400 of the 34.195707 accounts
func TestBillOfOneAccountByHand(t *testing.T) {
	const (
		refreshes = 1.0138888889
		probes    = 33.1818181818
		connects  = 0.02
	)
	for _, test := range []struct {
		usage Usage
		want  map[string]float64
		total float64
	}{
		// A row of 1,745 bytes is written with 2 units. A save is one write to
		// the table and two to the index: 6 units. A pair is 2*(2+1) in the table
		// and 2*2 in the index: 10. To tell events is a read of 1 unit and a save.
		{Usage{SecretsManager, 1, 24, 1745}, map[string]float64{
			// app, state key, account
			"Secrets Manager: secrets": 3 * 0.40,
			// a refresh makes 3 calls, a probe and a read 1, a connection 3 and 3
			// for fixed secrets
			"Secrets Manager: calls": (3*refreshes + probes + 730 + 3*connects + 3*connects) * 0.05 / 10_000,
			// 3 saves, 2 in the index of statuses, and a save of 4 that moves
			// nothing; 1 save; a connection is 1 + 2 pairs + 2 + 4 + 1 save, and 1
			// for the claim
			"DynamoDB: writes on demand": (730 + 24*refreshes + 6*probes + 34*connects) * 0.625 / 1e6,
			// a look reads 4 shards at half a unit, the rows at half a unit for
			// 4 KB, a run 1 unit and 7 halves, a token read 1 unit, a connection
			// 2 + 2, and who tells 1
			"DynamoDB: reads on demand": (2*730.085489 + (refreshes+probes)*0.5*1745/4096 + 4.5*730 + 730 + refreshes + 5*connects) * 0.125 / 1e6,
			// 1,845 bytes in the table and in the index of what is due, 180 in the
			// indexes of names and of statuses
			"DynamoDB: storage, indexes included": (1845 + 1845 + 180 + 180) / 1073741824.0 * 0.25,
			"DynamoDB: point-in-time recovery":    1845 / 1073741824.0 * 0.20,
			// runs of 2 s, accounts of 0.1 s, telling of 0.2 s, at 256 MB; reads of
			// 50 ms, connections of 3 s, at 512 MB
			"Lambda: time on arm64":          (730*2*0.25 + (refreshes+probes)*0.1*0.25 + (refreshes+connects)*0.2*0.25 + 730*0.05*0.5 + connects*3*0.5) * 0.0000133334,
			"Lambda: invocations":            (730 + 730 + refreshes + 4*connects) * 0.20 / 1e6,
			"API Gateway: HTTP API requests": (730 + 3*connects) * 1.00 / 1e6,
			"EventBridge Scheduler: runs":    730 * 1.00 / 1e6,
			"EventBridge: events":            (refreshes + connects) * 1.00 / 1e6,
			"KMS: customer managed key":      1.00,
			// a refresh gets and puts, a probe and a read get, a connection puts;
			// 3 fixed secrets for each connection; the table's key for each run,
			// read and connection
			"KMS: requests": (2*refreshes + probes + 730 + connects + 3*connects + 730 + 730 + connects) * 0.03 / 10_000,
			// 1,500 bytes for a run, a read and each of the 3 requests of a
			// connection, 300 for a refresh, 1,200 for who tells
			"CloudWatch: logs taken in":      (730*1500 + 730*1500 + (3*1500+1200)*connects + (300+1200)*refreshes) / 1073741824.0 * 0.50,
			"CloudWatch: alarms":             8 * 0.10,
			"CloudWatch: metrics of our own": 10 * 0.30,
		}, 6.0197},
		// A row of 2,245 bytes is written with 3 units, so that a save is 9 and a
		// pair 2*(3+1) + 2*3 = 14.
		{Usage{Sealed, 1, 24, 2245}, map[string]float64{
			// app, state key, keyset
			"Secrets Manager: secrets": 3 * 0.40,
			// the keyset for each run, read and connection; 3 fixed secrets for a
			// connection
			"Secrets Manager: calls": (730 + 730 + connects + 3*connects) * 0.05 / 10_000,
			// 3 saves and 2; 1 save; 1 + 2 pairs + 2 + 1 save, and 1 for the claim
			"DynamoDB: writes on demand":          (730 + 29*refreshes + 9*probes + 41*connects) * 0.625 / 1e6,
			"DynamoDB: reads on demand":           (2*730.085489 + (refreshes+probes)*0.5*2245/4096 + 4.5*730 + 730 + refreshes + 5*connects) * 0.125 / 1e6,
			"DynamoDB: storage, indexes included": (2345 + 2345 + 180 + 180) / 1073741824.0 * 0.25,
			"DynamoDB: point-in-time recovery":    2345 / 1073741824.0 * 0.20,
			"Lambda: time on arm64":               (730*2*0.25 + (refreshes+probes)*0.1*0.25 + (refreshes+connects)*0.2*0.25 + 730*0.05*0.5 + connects*3*0.5) * 0.0000133334,
			"Lambda: invocations":                 (730 + 730 + refreshes + 4*connects) * 0.20 / 1e6,
			"API Gateway: HTTP API requests":      (730 + 3*connects) * 1.00 / 1e6,
			"EventBridge Scheduler: runs":         730 * 1.00 / 1e6,
			"EventBridge: events":                 (refreshes + connects) * 1.00 / 1e6,
			"KMS: customer managed key":           1.00,
			// each call of Secrets Manager is a get; the table's key as above
			"KMS: requests":                  (730 + 730 + connects + 3*connects + 730 + 730 + connects) * 0.03 / 10_000,
			"CloudWatch: logs taken in":      (730*1500 + 730*1500 + (3*1500+1200)*connects + (300+1200)*refreshes) / 1073741824.0 * 0.50,
			"CloudWatch: alarms":             8 * 0.10,
			"CloudWatch: metrics of our own": 10 * 0.30,
		}, 6.0253},
	} {
		t.Run(string(test.usage.Vault), func(t *testing.T) {
			bill := Monthly(test.usage)
			got := amounts(bill)
			sum := 0.0
			for item, want := range test.want {
				if math.Abs(got[item]-want) > 1e-9+want*1e-6 {
					t.Errorf("%s: got $%.9f, want $%.9f", item, got[item], want)
				}
				sum += want
			}
			if len(got) != len(test.want) {
				t.Errorf("got %d lines, want %d: %v", len(got), len(test.want), got)
			}
			if !same(bill.Total, sum) || math.Abs(bill.Total-test.total) > 0.00005 {
				t.Errorf("the total is $%.6f, want $%.6f, about $%.4f", bill.Total, sum, test.total)
			}
			if bill.PerAccount != bill.Total {
				t.Errorf("one account costs $%v of $%v", bill.PerAccount, bill.Total)
			}
		})
	}
}

func TestMoreCostsMore(t *testing.T) {
	for _, vault := range Vaults() {
		last := -1.0
		for _, accounts := range []int{-1, 1, 2, 10, 99, 100, 101, 10_000, 500_000, 1_000_000, 100_000_000} {
			total := Monthly(Usage{Vault: vault, Accounts: accounts, ReadsPerDay: 24}).Total
			if total <= last {
				t.Errorf("%s: %d accounts cost $%v, and fewer $%v", vault, accounts, total, last)
			}
			last = total
		}
		last = -1.0
		for _, reads := range []float64{0, 0.5, 1, 24, 1000} {
			total := Monthly(Usage{Vault: vault, Accounts: 100, ReadsPerDay: reads}).Total
			if total <= last {
				t.Errorf("%s: %v reads a day cost $%v, and fewer $%v", vault, reads, total, last)
			}
			last = total
		}
		last = -1.0
		for _, row := range []int{500, 1025, 2049, 3073} {
			total := Monthly(Usage{Vault: vault, Accounts: 100, RowBytes: row}).Total
			if total <= last {
				t.Errorf("%s: rows of %d bytes cost $%v, and smaller ones $%v", vault, row, total, last)
			}
			last = total
		}
	}
}

// Once everything that is kept for five minutes is asked for every five minutes,
// an account more costs the same, whatever a single run can work on.
func TestCostsAreLinear(t *testing.T) {
	for _, vault := range Vaults() {
		cost := func(accounts int) float64 {
			return Monthly(Usage{Vault: vault, Accounts: accounts, ReadsPerDay: 24}).Total
		}
		small, large := cost(2_000_000)-cost(1_000_000), cost(20_000_000)-cost(19_000_000)
		if math.Abs(small-large) > small*1e-9 {
			t.Errorf("%s: a million accounts more cost $%v, and later $%v", vault, small, large)
		}
	}
}

func TestNoAccount(t *testing.T) {
	bill := Monthly(Usage{Vault: SecretsManager, ReadsPerDay: 24})
	if bill.PerAccount != 0 || bill.Total < fixedSecrets*0.40+1+fixedAlarms*0.10+metrics*0.30 {
		t.Errorf("got $%v, $%v for each account", bill.Total, bill.PerAccount)
	}
}

func TestTooManySecretsAreNoted(t *testing.T) {
	for _, test := range []struct {
		vault    Vault
		accounts int
		want     int
	}{
		{SecretsManager, MaxSecrets - fixedSecrets, 0},
		{SecretsManager, MaxSecrets - fixedSecrets + 1, 1},
		{Sealed, 2 * MaxSecrets, 0},
	} {
		if got := Monthly(Usage{Vault: test.vault, Accounts: test.accounts}).Notes; len(got) != test.want {
			t.Errorf("%s, %d accounts: got the notes %q, want %d", test.vault, test.accounts, got, test.want)
		}
	}
}

// Every price says where it is from, and every line of a bill is of one of them.
func TestPrices(t *testing.T) {
	items := map[string]Price{}
	for _, price := range Prices() {
		name := price.Service + ": " + price.Item
		if _, twice := items[name]; twice {
			t.Errorf("%s stands twice among the prices", name)
		}
		items[name] = price
		if source, err := url.Parse(price.Source); err != nil || source.Scheme != "https" || source.Host == "" {
			t.Errorf("%s has no source", name)
		}
		if _, err := time.Parse(time.DateOnly, price.Read); err != nil {
			t.Errorf("%s does not say when it was read", name)
		}
		if price.USD <= 0 || price.Per < 1 || price.Unit == "" {
			t.Errorf("%s is incomplete: %+v", name, price)
		}
	}
	bill := Monthly(Usage{Vault: SecretsManager, Accounts: 1})
	if len(bill.Lines) != len(items) {
		t.Errorf("a bill has %d lines for %d prices", len(bill.Lines), len(items))
	}
	for _, line := range bill.Lines {
		price := items[line.Service+": "+line.Item]
		if line.UnitPrice != price.Each() || line.Unit != price.Unit || line.Unsure != price.Unsure || line.Amount != line.Quantity*line.UnitPrice {
			t.Errorf("%+v is not of the price %+v", line, price)
		}
	}
	first, last := PricesRead()
	if first != "2026-09-20" || last < first {
		t.Errorf("the prices were read from %s to %s", first, last)
	}
}

// resources returns the lines of each resource in template.yaml.
func resources(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, text2, _ := strings.Cut(string(text), "\nResources:\n")
	found, name := map[string]string{}, ""
	for line := range strings.Lines(text2) {
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, " ") {
			break // the outputs
		}
		if strings.HasPrefix(line, "  ") && line[2] != ' ' && line[2] != '#' {
			name = strings.TrimSuffix(strings.TrimSpace(line), ":")
		}
		found[name] += line
	}
	return found
}

// What the model takes for given is in the template.
func TestModelIsOfThisTemplate(t *testing.T) {
	all := resources(t)
	kinds, conditional, parts := map[string]int{}, 0, 0
	for _, lines := range all {
		_, kind, _ := strings.Cut(lines, "\n    Type: AWS::")
		kind, _, _ = strings.Cut(kind, "\n")
		if strings.Contains(lines, "\n    Condition: HasMetaApp\n") {
			continue // only with Facebook Login: not in the model
		}
		if kind == "SecretsManager::Secret" && strings.Contains(lines, "\n    Condition:") {
			conditional++ // only with the sealed vault
			continue
		}
		if strings.Contains(lines, "\n    Condition: SpreadsRefresh\n") {
			parts++ // less than a cent: not in the model
			continue
		}
		kinds[kind]++
	}
	for kind, want := range map[string]int{
		"SecretsManager::Secret": fixedSecrets, "KMS::Key": fixedKeys, "CloudWatch::Alarm": fixedAlarms, "Scheduler::Schedule": 1,
	} {
		if kinds[kind] != want {
			t.Errorf("the template has %d of AWS::%s, and the model %d", kinds[kind], kind, want)
		}
	}
	if parts != 6 {
		t.Errorf("%d resources are for a spread refresh, want a queue, its mapping and four schedules", parts)
	}
	if conditional != sealedSecrets {
		t.Errorf("the template has %d secrets under a condition, and the model %d", conditional, sealedSecrets)
	}
	for name, want := range map[string][]string{
		"RefreshSchedule":   {"ScheduleExpression: rate(1 hour)"},
		"RefreshFunction":   {"MemorySize: 256"},
		"AccountsFunction":  {"MemorySize: 512"},
		"CallbackFunction":  {"MemorySize: 512"},
		"AuthorizeFunction": {"MemorySize: 512"},
		"LedgerTable":       {"BillingMode: PAY_PER_REQUEST", "PointInTimeRecoveryEnabled: true", "KMSMasterKeyId: !GetAtt Key.Arn", "ProjectionType: ALL", "ProjectionType: KEYS_ONLY"},
		"Key":               {"EnableKeyRotation: true"},
	} {
		for _, line := range want {
			if !strings.Contains(all[name], line) {
				t.Errorf("%s in the template does not have %q, as the model takes for given", name, line)
			}
		}
	}
}
