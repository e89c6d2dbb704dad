package table

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
)

// The faults that the service can have, as its client reports them.
var (
	errThrottled = &types.ProvisionedThroughputExceededException{Message: aws.String("slow down")}
	errLost      = errors.New("connection reset by peer")
)

// once returns a fault that happens at the first call of an operation.
func once(operation string, fault error) awsfake.Hook {
	var done atomic.Bool
	return func(_ context.Context, name string) error {
		if name != operation || done.Swap(true) {
			return nil
		}
		return fault
	}
}

// pair returns a change of an account and a flow that are new.
func pair(attempt string) igauth.Change {
	return igauth.Change{
		Account: &igauth.Account{Profile: igauth.Profile{ID: "1"}},
		Flow:    &igauth.Flow{ID: "f1", ExpiresAt: time.Unix(1777777777, 0)},
		Attempt: attempt,
	}
}

// all returns a change of one record of each kind that is saved with an account,
// all of which are new.
func all(attempt string) igauth.Change {
	change := pair(attempt)
	change.Person = &igauth.Person{ID: "instagram/1", Accounts: []igauth.AccountID{"1"}}
	change.Removal = &igauth.Removal{Code: "c1", Kind: igauth.RemovalErase, Accounts: []igauth.AccountID{"1"}}
	return change
}

// definite reports whether an error says something about the record.
func definite(err error) bool {
	return errors.Is(err, igauth.ErrConflict) || errors.Is(err, igauth.ErrNotFound)
}

func TestSaveFails(t *testing.T) {
	for _, test := range []struct {
		name, operation string
		change          igauth.Change
	}{
		{"one record", "PutItem", igauth.Change{Flow: &igauth.Flow{ID: "f1"}, Attempt: "a1"}},
		{"a pair", "TransactWriteItems", pair("a1")},
		{"all", "TransactWriteItems", all("a1")},
	} {
		t.Run(test.name+", before it was applied", func(t *testing.T) {
			fake := newFake(t, awsfake.TableConfig{Before: once(test.operation, errThrottled)})
			saveTwice(t, fake, test.change)
		})
		t.Run(test.name+", after it was applied", func(t *testing.T) {
			fake := newFake(t, awsfake.TableConfig{After: once(test.operation, errLost)})
			saveTwice(t, fake, test.change)
		})
	}
}

// saveTwice saves a change of which the first answer is an error.
func saveTwice(t *testing.T, fake *awsfake.Table, change igauth.Change) {
	t.Helper()
	f := *change.Flow
	change.Flow = &f
	if change.Account != nil {
		a := *change.Account
		change.Account = &a
	}
	if change.Person != nil {
		p, r := *change.Person, *change.Removal
		change.Person, change.Removal = &p, &r
	}
	l := newLedger(t, fake, "ledger")
	if err := l.Save(t.Context(), change); err == nil || definite(err) || f.Revision != 0 {
		t.Fatalf("the first answer is %v, and the revision %d", err, f.Revision)
	}
	if err := l.Save(t.Context(), change); err != nil || f.Revision != 1 {
		t.Fatalf("the second answer is %v, and the revision %d", err, f.Revision)
	}
	stored, err := l.Flow(t.Context(), f.ID)
	if err != nil || stored.Revision != 1 {
		t.Fatalf("the ledger has revision %d (%v)", stored.Revision, err)
	}
}

// canceling answers every transaction with given reasons.
type canceling struct {
	*awsfake.Table
	reasons []types.CancellationReason
}

func (c canceling) TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return nil, &types.TransactionCanceledException{CancellationReasons: c.reasons}
}

func TestTransactionCanceled(t *testing.T) {
	reason := func(code, attempt string) types.CancellationReason {
		r := types.CancellationReason{Code: &code}
		if attempt != "" {
			r.Item = item{attrAttempt: textValue(attempt)}
		}
		return r
	}
	for _, test := range []struct {
		name    string
		reasons []types.CancellationReason
		want    error
	}{
		{"both are ours", []types.CancellationReason{reason("ConditionalCheckFailed", "mine"), reason("ConditionalCheckFailed", "mine")}, nil},
		{"both were ours, and one has moved on", []types.CancellationReason{reason("ConditionalCheckFailed", "other"), reason("ConditionalCheckFailed", "mine")}, nil},
		{"one is somebody else's", []types.CancellationReason{reason("None", ""), reason("ConditionalCheckFailed", "other")}, igauth.ErrConflict},
		{"one is gone", []types.CancellationReason{reason("ConditionalCheckFailed", ""), reason("None", "")}, igauth.ErrConflict},
		{"one is somebody else's and one is busy", []types.CancellationReason{reason("TransactionConflict", ""), reason("ConditionalCheckFailed", "other")}, igauth.ErrConflict},
		{"one is busy", []types.CancellationReason{reason("TransactionConflict", ""), reason("None", "")}, errLater},
		{"the table is throttled", []types.CancellationReason{reason("ThrottlingError", ""), reason("None", "")}, errLater},
		{"no reason is given", nil, errLater},
	} {
		t.Run(test.name, func(t *testing.T) {
			change := pair("mine")
			err := newLedger(t, canceling{newFake(t, awsfake.TableConfig{}), test.reasons}, "ledger").Save(t.Context(), change)
			saved := change.Account.Revision == 1 && change.Flow.Revision == 1
			switch {
			case test.want == errLater:
				if err == nil || definite(err) {
					t.Errorf("got %v, want an error that says nothing about the records", err)
				}
			case !errors.Is(err, test.want):
				t.Errorf("got %v, want %v", err, test.want)
			}
			if saved != (err == nil) {
				t.Errorf("the revisions are %d and %d", change.Account.Revision, change.Flow.Revision)
			}
		})
	}
}

// errLater stands for any error that is no sentinel.
var errLater = errors.New("later")

// dueQuery asks for the first page of a shard.
var dueQuery = igauth.DueQuery{Now: time.Unix(1777777777, 0), Limit: 5}

func TestReadsFail(t *testing.T) {
	for _, operation := range []string{"GetItem", "Query", "BatchGetItem"} {
		fake := newFake(t, awsfake.TableConfig{})
		l := newLedger(t, fake, "ledger")
		if err := l.Save(t.Context(), all("a1")); err != nil {
			t.Fatal(err)
		}
		fake.Set(func(cfg *awsfake.TableConfig) {
			cfg.Before = func(_ context.Context, name string) error {
				if name == operation {
					return errThrottled
				}
				return nil
			}
		})
		for method, err := range map[string]error{
			"GetItem of the health": func() error { _, err := l.Health(t.Context()); return err }(),
			"Query of expiries":     func() error { _, err := l.Expiries(t.Context(), igauth.StatusActive, 5); return err }(),
			"Query of a count":      func() error { _, err := l.Count(t.Context(), igauth.StatusActive); return err }(),
			"GetItem":               func() error { _, err := l.Account(t.Context(), "1"); return err }(),
			"Query":                 func() error { _, _, err := l.Due(t.Context(), dueQuery); return err }(),
			"BatchGetItem":          func() error { _, err := l.Accounts(t.Context(), "", 5); return err }(),

			"GetItem of a person":      func() error { _, err := l.Person(t.Context(), "instagram/1"); return err }(),
			"GetItem of a removal":     func() error { _, err := l.Removal(t.Context(), "c1"); return err }(),
			"Query of removals":        func() error { _, err := l.OpenRemovals(t.Context(), 5); return err }(),
			"BatchGetItem of removals": func() error { _, err := l.OpenRemovals(t.Context(), 5); return err }(),
		} {
			if called, _, _ := strings.Cut(method, " "); called == operation && (err == nil || definite(err) || !errors.Is(err, errThrottled)) {
				t.Errorf("%s: got %v, want the throttling", method, err)
			}
		}
	}
}

func TestSaveRefusesWhatCannotBeRepeated(t *testing.T) {
	l := newLedger(t, newFake(t, awsfake.TableConfig{}), "ledger")
	if err := l.Save(t.Context(), pair("")); err == nil {
		t.Error("a save without an attempt was made")
	}
	if err := l.Save(t.Context(), igauth.Change{Attempt: "a1"}); err == nil {
		t.Error("a save of nothing was made")
	}
}

// TestCalls counts what the documentation of Ledger says.
func TestCalls(t *testing.T) {
	fake := newFake(t, awsfake.TableConfig{})
	l := newLedger(t, fake, "ledger")
	for _, step := range []struct {
		name string
		do   func() error
		want map[string]int
	}{
		{"Save of a pair", func() error { return l.Save(t.Context(), pair("a1")) }, map[string]int{"TransactWriteItems": 1}},
		{"Save", func() error {
			return l.Save(t.Context(), igauth.Change{Flow: &igauth.Flow{ID: "f2"}, Attempt: "a2"})
		}, map[string]int{"PutItem": 1}},
		{"Account", func() error { _, err := l.Account(t.Context(), "1"); return err }, map[string]int{"GetItem": 1}},
		{"Flow", func() error { _, err := l.Flow(t.Context(), "f1"); return err }, map[string]int{"GetItem": 1}},
		{"Due", func() error { _, _, err := l.Due(t.Context(), dueQuery); return err }, map[string]int{"Query": 1}},
		{"Save of the health", func() error {
			return l.Save(t.Context(), igauth.Change{Health: &igauth.Health{}, Attempt: "a3"})
		}, map[string]int{"PutItem": 1}},
		{"Health", func() error { _, err := l.Health(t.Context()); return err }, map[string]int{"GetItem": 1}},
		{"Expiries", func() error { _, err := l.Expiries(t.Context(), igauth.StatusActive, 5); return err }, map[string]int{"Query": 1}},
		{"Count", func() error { _, err := l.Count(t.Context(), igauth.StatusActive); return err }, map[string]int{"Query": 1}},
		{"Accounts", func() error { _, err := l.Accounts(t.Context(), "", 5); return err }, map[string]int{"Query": 1, "BatchGetItem": 1}},
		{"OpenRemovals where there are none", func() error { _, err := l.OpenRemovals(t.Context(), 5); return err }, map[string]int{"Query": 1}},
		{"Save of a person and a removal", func() error {
			change := all("a4")
			return l.Save(t.Context(), igauth.Change{Person: change.Person, Removal: change.Removal, Attempt: change.Attempt})
		}, map[string]int{"TransactWriteItems": 1}},
		{"Person", func() error { _, err := l.Person(t.Context(), "instagram/1"); return err }, map[string]int{"GetItem": 1}},
		{"Removal", func() error { _, err := l.Removal(t.Context(), "c1"); return err }, map[string]int{"GetItem": 1}},
		{"OpenRemovals", func() error { _, err := l.OpenRemovals(t.Context(), 5); return err }, map[string]int{"Query": 1, "BatchGetItem": 1}},
	} {
		fake.ForgetCalls()
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if calls := fake.Counts(); !maps.Equal(calls, step.want) {
			t.Errorf("%s made the calls %v, want %v", step.name, calls, step.want)
		}
	}
}

// TestUnprocessedForever ends when the table does not recover.
func TestUnprocessedForever(t *testing.T) {
	pauses := batchPauses
	batchPauses = []time.Duration{time.Millisecond, time.Millisecond}
	t.Cleanup(func() { batchPauses = pauses })
	fake := newFake(t, awsfake.TableConfig{})
	l := newLedger(t, fake, "ledger")
	if err := l.Save(t.Context(), pair("a1")); err != nil {
		t.Fatal(err)
	}
	fake.ForgetCalls()
	fake.Set(func(cfg *awsfake.TableConfig) { cfg.Unprocessed = 1000 })
	_, err := l.Accounts(t.Context(), "", 5)
	if err == nil || !strings.Contains(err.Error(), "throttled") {
		t.Errorf("got %v", err)
	}
	if n := fake.Counts()["BatchGetItem"]; n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
}
