package cost

import (
	"slices"
	"strings"
)

// Region is the region of all prices; others are up to a quarter dearer.
const Region = "us-east-1"

// A Price is what AWS charges for a number of units of something, in US dollars,
// without free tiers and without the discounts for large quantities.
type Price struct {
	Service string `json:"service"`
	// Item is what is charged, in the words of a bill, and Unit one piece of it.
	Item string `json:"item"`
	Unit string `json:"unit"`
	// USD is for Per units.
	USD float64 `json:"usd"`
	Per float64 `json:"per"`
	// Source is AWS's page of the price, or one that quotes it, and Read the day
	// on which it was read. All were read in copies and digests of AWS's pages.
	Source string `json:"source"`
	Read   string `json:"read"`
	// Unsure marks a price that was written from memory or found in one digest
	// only.
	Unsure bool `json:"unsure,omitempty"`
}

// Each returns the price of one unit in US dollars.
func (p Price) Each() float64 { return p.USD / p.Per }

// The prices. Every amount of a bill is a quantity times one of these.
var (
	secretMonth = Price{
		Service: "Secrets Manager", Item: "secrets", Unit: "secret-month", USD: 0.40, Per: 1,
		Source: "https://aws.amazon.com/secrets-manager/pricing/", Read: "2026-09-20",
	}
	secretCall = Price{
		Service: "Secrets Manager", Item: "calls", Unit: "call", USD: 0.05, Per: 10_000,
		Source: "https://aws.amazon.com/secrets-manager/pricing/", Read: "2026-09-20",
	}
	writeUnit = Price{
		Service: "DynamoDB", Item: "writes on demand", Unit: "write request unit", USD: 0.625, Per: 1e6,
		Source: "https://airbyte.com/data-engineering-resources/dynamodb-pricing", Read: "2026-11-23",
	}
	readUnit = Price{
		Service: "DynamoDB", Item: "reads on demand", Unit: "read request unit", USD: 0.125, Per: 1e6,
		Source: "https://airbyte.com/data-engineering-resources/dynamodb-pricing", Read: "2026-11-23",
	}
	tableStorage = Price{
		Service: "DynamoDB", Item: "storage, indexes included", Unit: "GB-month", USD: 0.25, Per: 1,
		Source: "https://airbyte.com/data-engineering-resources/dynamodb-pricing", Read: "2026-11-23",
	}
	tableBackup = Price{
		Service: "DynamoDB", Item: "point-in-time recovery", Unit: "GB-month", USD: 0.20, Per: 1,
		Source: "https://finops.com.py/services/dynamodb/backups", Read: "2026-11-23", Unsure: true,
	}
	lambdaTime = Price{
		Service: "Lambda", Item: "time on arm64", Unit: "GB-second", USD: 0.0000133334, Per: 1,
		Source: "https://aws.amazon.com/lambda/pricing/", Read: "2026-11-23",
	}
	lambdaRequest = Price{
		Service: "Lambda", Item: "invocations", Unit: "invocation", USD: 0.20, Per: 1e6,
		Source: "https://aws.amazon.com/lambda/pricing/", Read: "2026-11-23",
	}
	apiRequest = Price{
		Service: "API Gateway", Item: "HTTP API requests", Unit: "request", USD: 1.00, Per: 1e6,
		Source: "https://aws.amazon.com/api-gateway/pricing/", Read: "2026-11-23",
	}
	scheduledRun = Price{
		Service: "EventBridge Scheduler", Item: "runs", Unit: "invocation", USD: 1.00, Per: 1e6,
		Source: "https://aws.amazon.com/eventbridge/pricing/", Read: "2026-11-23", Unsure: true,
	}
	sentEvent = Price{
		Service: "EventBridge", Item: "events", Unit: "event", USD: 1.00, Per: 1e6,
		Source: "https://aws.amazon.com/eventbridge/pricing/", Read: "2026-11-23", Unsure: true,
	}
	// A key that rotates every year, as the template's does, costs a dollar more
	// after its first rotation and another after its second, and no more after
	// that (https://cloudburn.io/blog/aws-kms-pricing). Bills are of the first
	// year.
	keyMonth = Price{
		Service: "KMS", Item: "customer managed key", Unit: "key-month", USD: 1.00, Per: 1,
		Source: "https://aws.amazon.com/kms/pricing/", Read: "2026-11-23", Unsure: true,
	}
	keyRequest = Price{
		Service: "KMS", Item: "requests", Unit: "request", USD: 0.03, Per: 10_000,
		Source: "https://aws.amazon.com/kms/pricing/", Read: "2026-11-23", Unsure: true,
	}
	logVolume = Price{
		Service: "CloudWatch", Item: "logs taken in", Unit: "GB", USD: 0.50, Per: 1,
		Source: "https://aws.amazon.com/cloudwatch/pricing/", Read: "2026-11-23", Unsure: true,
	}
	alarmMonth = Price{
		Service: "CloudWatch", Item: "alarms", Unit: "alarm-month", USD: 0.10, Per: 1,
		Source: "https://aws.amazon.com/cloudwatch/pricing/", Read: "2026-11-23", Unsure: true,
	}
)

// metricMonth is charged by the hours in which a metric was written.
var metricMonth = Price{
	Service: "CloudWatch", Item: "metrics of our own", Unit: "metric-month", USD: 0.30, Per: 1,
	Source: "https://aws.amazon.com/cloudwatch/pricing/", Read: "2026-11-23", Unsure: true,
}

// Prices returns every price that a bill is made of, in the order of its lines.
func Prices() []Price {
	return []Price{
		secretMonth, secretCall,
		writeUnit, readUnit, tableStorage, tableBackup,
		lambdaTime, lambdaRequest,
		apiRequest, scheduledRun, sentEvent,
		keyMonth, keyRequest,
		logVolume, alarmMonth, metricMonth,
	}
}

// PricesRead returns the days, as 2006-01-02, on which the first and the last of
// the prices was read.
func PricesRead() (first, last string) {
	byDay := func(a, b Price) int { return strings.Compare(a.Read, b.Read) }
	return slices.MinFunc(Prices(), byDay).Read, slices.MaxFunc(Prices(), byDay).Read
}
