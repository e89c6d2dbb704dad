package table

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/storetest"
)

// newFake returns a table that has been created.
func newFake(t *testing.T, cfg awsfake.TableConfig) *awsfake.Table {
	t.Helper()
	fake := awsfake.NewTable(cfg)
	if err := CreateTable(t.Context(), fake, "ledger"); err != nil {
		t.Fatal(err)
	}
	return fake
}

func newLedger(t *testing.T, client tableAPI, name string) *Ledger {
	t.Helper()
	l, err := New(Config{Client: client, Table: name})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLedger(t *testing.T) {
	storetest.RunLedger(t, func(t *testing.T) igauth.Ledger {
		return newLedger(t, newFake(t, awsfake.TableConfig{}), "ledger")
	})
}

// TestLedgerThatLags hides every write from the next query of an index.
func TestLedgerThatLags(t *testing.T) {
	storetest.RunLedger(t, func(t *testing.T) igauth.Ledger {
		return newLedger(t, newFake(t, awsfake.TableConfig{Indexes: awsfake.Lag{Requests: 5}}), "ledger")
	})
}

// TestLedgerInSmallPages makes every answer incomplete once.
func TestLedgerInSmallPages(t *testing.T) {
	storetest.RunLedger(t, func(t *testing.T) igauth.Ledger {
		return newLedger(t, newFake(t, awsfake.TableConfig{PageSize: 2, Unprocessed: 3}), "ledger")
	})
}

// TestLedgerWithRepetitions loses the answer of every other write, and repeats
// it as the SDK would. That is recognized also when DynamoDB does not help with
// its memory of tokens.
func TestLedgerWithRepetitions(t *testing.T) {
	for _, forget := range []bool{false, true} {
		t.Run(fmt.Sprintf("tokens are forgotten: %t", forget), func(t *testing.T) {
			storetest.RunLedger(t, func(t *testing.T) igauth.Ledger {
				return newLedger(t, repeating{newFake(t, awsfake.TableConfig{ForgetTokens: forget})}, "ledger")
			})
		})
	}
}

// TestCreateTable waits until a table can be used, and does not mind one that is
// there.
func TestCreateTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := awsfake.NewTable(awsfake.TableConfig{Creation: awsfake.Lag{For: 8 * time.Second}})
		began := time.Now()
		for range 2 {
			if err := CreateTable(t.Context(), fake, "ledger"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 8*time.Second || took > 9*time.Second {
			t.Errorf("it took %v, want the 8 s until the table is active", took)
		}
		if n := fake.Counts()["UpdateTimeToLive"]; n != 1 {
			t.Errorf("the deletion by time was turned on %d times, want once", n)
		}
		saved := pair("a1")
		if err := newLedger(t, fake, "ledger").Save(t.Context(), saved); err != nil {
			t.Error(err)
		}
	})
}

// repeating sends every write twice and returns the second answer.
type repeating struct{ *awsfake.Table }

func (r repeating) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	_, _ = r.Table.PutItem(ctx, in)
	return r.Table.PutItem(ctx, in)
}

func (r repeating) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	_, _ = r.Table.TransactWriteItems(ctx, in)
	return r.Table.TransactWriteItems(ctx, in)
}

// TestLedgerOnDynamoDB runs the suite against every endpoint in the variable,
// separated by commas. With an AWS endpoint and credentials in the environment
// it runs against the real service.
func TestLedgerOnDynamoDB(t *testing.T) {
	const variable = "IGAUTH_TEST_DYNAMODB"
	endpoints := os.Getenv(variable)
	if endpoints == "" {
		t.Skipf("%s is not set; e2e/emulators.sh sets it to the endpoints of emulators", variable)
	}
	for endpoint := range strings.SplitSeq(endpoints, ",") {
		t.Run(strings.ReplaceAll(endpoint, "/", ""), func(t *testing.T) {
			client := newClient(t, endpoint)
			var api tableAPI = client
			if isMoto(t, endpoint) {
				api = &oneByOne{Client: client}
			}
			storetest.RunLedger(t, func(t *testing.T) igauth.Ledger {
				return newLedger(t, api, newTable(t, client))
			})
		})
	}
}

// isMoto reports whether moto answers at an endpoint.
func isMoto(t *testing.T, endpoint string) bool {
	t.Helper()
	resp, err := http.Get(endpoint + "/moto-api/data.json")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// oneByOne sends one write after the other, for moto, which may check the
// conditions of two writes before it carries out either; see
// testdata/emulators.md of the parent directory.
type oneByOne struct {
	*dynamodb.Client
	mu sync.Mutex
}

func (o *oneByOne) PutItem(ctx context.Context, in *dynamodb.PutItemInput, options ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Client.PutItem(ctx, in, options...)
}

func (o *oneByOne) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, options ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Client.TransactWriteItems(ctx, in, options...)
}

// newClient returns the client that the program would use, at an endpoint.
func newClient(t *testing.T, endpoint string) *dynamodb.Client {
	t.Helper()
	cfg, err := awsstore.Config(func(name string) string {
		if value := os.Getenv(name); value != "" || name == "AWS_SESSION_TOKEN" {
			return value
		}
		return map[string]string{
			"AWS_REGION":                "eu-central-1",
			"AWS_ACCESS_KEY_ID":         "test",
			"AWS_SECRET_ACCESS_KEY":     "test",
			"AWS_ENDPOINT_URL_DYNAMODB": endpoint,
		}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	return dynamodb.NewFromConfig(cfg)
}

// newTable creates a table for one test.
func newTable(t *testing.T, client *dynamodb.Client) string {
	t.Helper()
	name := "igauth-test-" + rand.Text()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	t.Cleanup(func() {
		_, err := client.DeleteTable(context.WithoutCancel(ctx), &dynamodb.DeleteTableInput{TableName: &name})
		if err != nil {
			t.Logf("table %s is left behind: %v", name, err)
		}
	})
	// Twice, as the command may be run again.
	for range 2 {
		if err := CreateTable(ctx, client, name); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

func TestNewRefusesNothing(t *testing.T) {
	for _, cfg := range []Config{{}, {Client: awsfake.NewTable(awsfake.TableConfig{})}, {Table: "ledger"}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}
