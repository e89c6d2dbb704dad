package scale

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"igauth/internal/igauth"
)

// figures are what a ledger was asked. The names are those of its methods, or of
// the requests that they became.
type figures struct {
	Calls map[string]int `json:"calls"`
	// Rows counts what came back, and what was gone through for a number.
	Rows map[string]int `json:"rows"`
	// Failed counts the calls that were answered with an error.
	Failed int `json:"failed"`
	// Seconds is how long all calls took together, and Slowest one of them.
	Seconds float64 `json:"seconds"`
	Slowest float64 `json:"slowest_seconds"`
}

// all returns how many calls there were.
func (f figures) all() int {
	n := 0
	for _, calls := range f.Calls {
		n += calls
	}
	return n
}

// reads returns how many calls only read, and how many rows they read, apart from
// those that are named.
func (f figures) reads(but ...string) (calls, rows int) {
	counts := func(name string) bool {
		for _, skip := range append(but, "Save", "PutItem", "TransactWriteItems") {
			if name == skip {
				return false
			}
		}
		return true
	}
	for name, n := range f.Calls {
		if counts(name) {
			calls += n
		}
	}
	for name, n := range f.Rows {
		if counts(name) {
			rows += n
		}
	}
	return calls, rows
}

// A counter keeps figures.
type counter struct {
	mu sync.Mutex
	figures
}

func newCounter() *counter {
	c := &counter{}
	c.reset()
	return c
}

func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.figures = figures{Calls: map[string]int{}, Rows: map[string]int{}}
}

func (c *counter) add(began time.Time, name string, rows int, err error) {
	took := time.Since(began).Seconds()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Calls[name]++
	c.Rows[name] += rows
	if err != nil {
		c.Failed++
	}
	c.Seconds += took
	c.Slowest = max(c.Slowest, took)
}

// take returns the figures since the last reset.
func (c *counter) take() figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.figures
	taken.Calls, taken.Rows = maps.Clone(c.Calls), maps.Clone(c.Rows)
	return taken
}

// A counted ledger counts what it is asked.
type counted struct {
	igauth.Ledger
	*counter
}

func one(err error) int {
	if err != nil {
		return 0
	}
	return 1
}

func (l counted) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	began := time.Now()
	a, err := l.Ledger.Account(ctx, id)
	l.add(began, "Account", one(err), err)
	return a, err
}

func (l counted) Flow(ctx context.Context, id igauth.FlowID) (igauth.Flow, error) {
	began := time.Now()
	f, err := l.Ledger.Flow(ctx, id)
	l.add(began, "Flow", one(err), err)
	return f, err
}

func (l counted) Person(ctx context.Context, id igauth.PersonID) (igauth.Person, error) {
	began := time.Now()
	p, err := l.Ledger.Person(ctx, id)
	l.add(began, "Person", one(err), err)
	return p, err
}

func (l counted) Removal(ctx context.Context, code string) (igauth.Removal, error) {
	began := time.Now()
	r, err := l.Ledger.Removal(ctx, code)
	l.add(began, "Removal", one(err), err)
	return r, err
}

func (l counted) OpenRemovals(ctx context.Context, limit int) ([]igauth.Removal, error) {
	began := time.Now()
	open, err := l.Ledger.OpenRemovals(ctx, limit)
	l.add(began, "OpenRemovals", len(open), err)
	return open, err
}

func (l counted) Save(ctx context.Context, change igauth.Change) error {
	began := time.Now()
	err := l.Ledger.Save(ctx, change)
	l.add(began, "Save", one(err), err)
	return err
}

func (l counted) Health(ctx context.Context) (igauth.Health, error) {
	began := time.Now()
	h, err := l.Ledger.Health(ctx)
	if err != nil { // a new installation has none
		l.add(began, "Health", 0, nil)
		return h, err
	}
	l.add(began, "Health", 1, nil)
	return h, nil
}

func (l counted) Due(ctx context.Context, q igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	began := time.Now()
	due, next, err := l.Ledger.Due(ctx, q)
	l.add(began, "Due", len(due), err)
	return due, next, err
}

func (l counted) Expiries(ctx context.Context, status igauth.Status, limit int) ([]igauth.Expiry, error) {
	began := time.Now()
	expiries, err := l.Ledger.Expiries(ctx, status, limit)
	l.add(began, "Expiries", len(expiries), err)
	return expiries, err
}

func (l counted) Count(ctx context.Context, status igauth.Status) (int, error) {
	began := time.Now()
	n, err := l.Ledger.Count(ctx, status)
	l.add(began, "Count", n, err)
	return n, err
}

func (l counted) Accounts(ctx context.Context, after igauth.AccountID, limit int) ([]igauth.Account, error) {
	began := time.Now()
	accounts, err := l.Ledger.Accounts(ctx, after, limit)
	l.add(began, "Accounts", len(accounts), err)
	return accounts, err
}

// A dynamoDB is what the ledger needs of a client.
type dynamoDB interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
}

// A countedClient counts requests to DynamoDB. A query's rows are those that it
// has gone through, which is what it is charged for, under the index's name.
type countedClient struct {
	dynamoDB
	*counter
}

func (c countedClient) GetItem(ctx context.Context, in *dynamodb.GetItemInput, options ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	began := time.Now()
	out, err := c.dynamoDB.GetItem(ctx, in, options...)
	rows := 0
	if err == nil && len(out.Item) > 0 {
		rows = 1
	}
	c.add(began, "GetItem", rows, err)
	return out, err
}

func (c countedClient) PutItem(ctx context.Context, in *dynamodb.PutItemInput, options ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	began := time.Now()
	out, err := c.dynamoDB.PutItem(ctx, in, options...)
	c.add(began, "PutItem", one(err), err)
	return out, err
}

func (c countedClient) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, options ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	began := time.Now()
	out, err := c.dynamoDB.TransactWriteItems(ctx, in, options...)
	c.add(began, "TransactWriteItems", len(in.TransactItems), err)
	return out, err
}

func (c countedClient) Query(ctx context.Context, in *dynamodb.QueryInput, options ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	began := time.Now()
	out, err := c.dynamoDB.Query(ctx, in, options...)
	name := "Query " + aws.ToString(in.IndexName)
	if in.Select != "" {
		name += " " + strings.ToLower(string(in.Select))
	}
	rows := 0
	if err == nil {
		rows = int(out.ScannedCount)
	}
	c.add(began, name, rows, err)
	return out, err
}

func (c countedClient) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, options ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	began := time.Now()
	out, err := c.dynamoDB.BatchGetItem(ctx, in, options...)
	c.add(began, "BatchGetItem", 0, err)
	return out, err
}

// An attempts counts requests on the wire: those that the SDK repeats by itself
// are more than the calls.
type attempts struct {
	client interface {
		Do(*http.Request) (*http.Response, error)
	}
	n atomic.Int64
}

func (a *attempts) Do(req *http.Request) (*http.Response, error) {
	a.n.Add(1)
	return a.client.Do(req)
}
