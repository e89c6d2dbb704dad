package table

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/awstest"
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

// TestDamagedLedger damages rows as a program of another version might.
func TestDamagedLedger(t *testing.T) {
	for _, cfg := range []awsfake.TableConfig{{}, {PageSize: 2}} {
		storetest.RunDamagedLedger(t, func(t *testing.T) (igauth.Ledger, func(igauth.AccountID)) {
			fake := newFake(t, cfg)
			return newLedger(t, fake, "ledger"), func(id igauth.AccountID) {
				row := fake.Items()[accountKey(id)]
				row["confirm_at"] = textValue("soon")
				if _, err := fake.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("ledger"), Item: row}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestDamagedRemovals(t *testing.T) {
	for _, cfg := range []awsfake.TableConfig{{}, {PageSize: 2}} {
		storetest.RunDamagedRemovals(t, func(t *testing.T) (igauth.Ledger, func(code string)) {
			fake := newFake(t, cfg)
			return newLedger(t, fake, "ledger"), func(code string) {
				row := fake.Items()[removalKey(code)]
				row["received_at"] = textValue("soon")
				if _, err := fake.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("ledger"), Item: row}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// The version before wrote 0 for no end. Such a row comes first, without an end,
// until it is saved again.
func TestRowsOfTheVersionBeforeNeverEnd(t *testing.T) {
	fake := newFake(t, awsfake.TableConfig{})
	l := newLedger(t, fake, "ledger")
	ends := igauth.Account{Profile: igauth.Profile{ID: "1"}, Status: igauth.StatusActive, ExpiresAt: time.Unix(1777777777, 0).UTC()}
	never := igauth.Account{Profile: igauth.Profile{ID: "2"}, Status: igauth.StatusActive}
	for n, a := range []*igauth.Account{&ends, &never} {
		if err := l.Save(t.Context(), igauth.Change{Account: a, Attempt: fmt.Sprint(n)}); err != nil {
			t.Fatal(err)
		}
	}
	row := fake.Items()[accountKey(never.ID)]
	row[attrExpiresNanos] = numberValue("0")
	if _, err := fake.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("ledger"), Item: row}); err != nil {
		t.Fatal(err)
	}
	first, last := igauth.Expiry{ID: never.ID}, igauth.Expiry{ID: ends.ID, EndsAt: ends.ExpiresAt}
	if got, err := l.Expiries(t.Context(), igauth.StatusActive, 9); err != nil || !slices.Equal(got, []igauth.Expiry{first, last}) {
		t.Errorf("before: got %v, %v", got, err)
	}
	if err := l.Save(t.Context(), igauth.Change{Account: &never, Attempt: "a3"}); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Expiries(t.Context(), igauth.StatusActive, 9); err != nil || !slices.Equal(got, []igauth.Expiry{last, first}) {
		t.Errorf("after the next save: got %v, %v", got, err)
	}
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

// TestLedgerOnDynamoDB runs the suite against emulators or an AWS account. A table
// takes long to create there, so that all sub-tests share one.
func TestLedgerOnDynamoDB(t *testing.T) {
	for _, target := range awstest.DynamoDB(t) {
		t.Run(target.Kind, func(t *testing.T) {
			client := dynamodb.NewFromConfig(target.Config)
			var api tableAPI = client
			if target.Kind == awstest.Moto {
				api = &oneByOne{Client: client}
			}
			var shared string
			if target.Account {
				shared = createTable(t, client)
			}
			storetest.RunLedger(t, func(t *testing.T) igauth.Ledger {
				if !target.Account {
					return newLedger(t, api, createTable(t, client))
				}
				if err := awstest.Empty(t.Context(), client, shared, indexDue, indexAccounts, indexStatus); err != nil {
					t.Fatal(err)
				}
				return newLedger(t, api, shared)
			})
		})
	}
}

// createTable creates a table for one test, twice, as the command may be run
// again.
func createTable(t *testing.T, client *dynamodb.Client) string {
	t.Helper()
	return awstest.NewTable(t, client, func(ctx context.Context, name string) error {
		return errors.Join(CreateTable(ctx, client, name), CreateTable(ctx, client, name))
	})
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

func TestNewRefusesNothing(t *testing.T) {
	for _, cfg := range []Config{{}, {Client: awsfake.NewTable(awsfake.TableConfig{})}, {Table: "ledger"}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}
