package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"igauth/internal/igauth"
)

// RunLedger tests a ledger against the contract of [igauth.Ledger]. Each call of
// newLedger returns a ledger without records, and cleans up after itself with
// t.Cleanup.
func RunLedger(t *testing.T, newLedger func(t *testing.T) igauth.Ledger) {
	tests := []struct {
		name string
		run  func(t *testing.T, l igauth.Ledger)
	}{
		{"an account that was never saved is not found", testAccountNotFound},
		{"a flow that was never saved is not found", testFlowNotFound},
		{"a new account is read back whole", testAccountReadBack},
		{"a new flow is read back whole", testFlowReadBack},
		{"times keep the precision that they were given", testTimes},
		{"zero values stay zero", testZeroValues},
		{"nothing granted and nothing known do not become something", testScopes},
		{"ids beyond 2^53 stay exact", testLongIDs},
		{"the next revision is set in the record and in the ledger", testRevision},
		{"a save replaces the whole record", testReplaceWhole},
		{"flows and accounts of the same id do not meet", testKindsApart},
		{"what was read does not change with the ledger", testReadCopy},

		{"a second record of the same id conflicts", testCreateTwice},
		{"a record that was never saved cannot be at a revision", testRevisionOfNothing},
		{"a stale revision conflicts and changes nothing", testStale},
		{"a stale flow keeps the account from being saved", testStaleFlow},
		{"a stale account keeps the flow from being saved", testStaleAccount},
		{"account and flow are saved together", testPair},
		{"of concurrent saves of one revision exactly one wins", testConcurrent},
		{"of concurrent saves of a pair exactly one wins", testConcurrentPair},

		{"a repeated creation succeeds", testRepeatCreate},
		{"a repeated save succeeds and advances once", testRepeatSave},
		{"a repeated save of a pair succeeds and advances once", testRepeatPair},
		{"a repeated save with another attempt conflicts", testRepeatOtherAttempt},
		{"a save is not taken for the repetition of an older one", testRepeatTooLate},

		{"nothing is due in an empty ledger", testDueEmpty},
		{"an account is due from the instant of its DueAt", testDueBoundary},
		{"accounts are due in order", testDueOrder},
		{"no more accounts are due than the limit", testDueLimit},
		{"an account without DueAt is never due", testDueNever},
		{"a new DueAt replaces the old one", testDueMoves},
		{"what is due is the whole row", testDueWhole},

		{"shards are at least one and always as many", testShards},
		{"an account is due in one shard and always in the same", testDueShard},
		{"the pages of all shards are all that is due", testDuePages},
		{"a page goes on after its mark when rows were saved meanwhile", testDueSavedMeanwhile},
		{"a page goes on after its mark when rows came and went meanwhile", testDueChangedMeanwhile},
		{"nothing is due after a mark beyond the time", testDueAfterNow},

		{"no accounts expire in an empty ledger", testExpiriesEmpty},
		{"accounts expire in order, to the nanosecond", testExpiriesOrder},
		{"no more accounts expire than the limit", testExpiriesLimit},
		{"an account without an end expires last", testExpiriesNever},
		{"an account ends when access to its data does", testExpiriesOfData},
		{"an account expires under the status and the end that it has now", testExpiriesMove},
		{"accounts are counted by status", testCount},
		{"an account is counted under the status that it has now", testCountMoves},
		{"accounts only are counted", testCountOnlyAccounts},

		{"a health that was never saved is not found", testHealthNotFound},
		{"a new health is read back whole", testHealthReadBack},
		{"a health without anything is read back as such", testHealthZero},
		{"a save replaces the whole health", testHealthReplaced},
		{"a stale health conflicts and changes nothing", testHealthStale},
		{"of concurrent saves of the health exactly one wins", testHealthConcurrent},
		{"a repeated save of the health succeeds and advances once", testHealthRepeated},
		{"a repeated save of the health with another attempt conflicts", testHealthRepeatedOtherAttempt},

		{"a person that was never saved is not found", persons.testNotFound},
		{"a new person is read back whole", persons.testReadBack},
		{"a person without anything is read back as such", persons.testZero},
		{"a save replaces the whole person", persons.testReplaceWhole},
		{"what was read of a person does not change with the ledger", persons.testReadCopy},
		{"a stale person conflicts and changes nothing", persons.testStale},
		{"of concurrent saves of a person exactly one wins", persons.testConcurrent},
		{"a repeated save of a person succeeds and advances once", persons.testRepeat},
		{"a repeated save of a person with another attempt conflicts", persons.testRepeatOtherAttempt},
		{"a save of a person is not taken for the repetition of an older one", persons.testRepeatTooLate},
		{"persons of two logins do not meet", testLoginsApart},

		{"a removal that was never saved is not found", removals.testNotFound},
		{"a new removal is read back whole", removals.testReadBack},
		{"a removal without anything is read back as such", removals.testZero},
		{"a save replaces the whole removal", removals.testReplaceWhole},
		{"what was read of a removal does not change with the ledger", removals.testReadCopy},
		{"a stale removal conflicts and changes nothing", removals.testStale},
		{"of concurrent saves of a removal exactly one wins", removals.testConcurrent},
		{"a repeated save of a removal succeeds and advances once", removals.testRepeat},
		{"a repeated save of a removal with another attempt conflicts", removals.testRepeatOtherAttempt},
		{"a save of a removal is not taken for the repetition of an older one", removals.testRepeatTooLate},

		{"account, flow, person and removal are saved together", testFour},
		{"any stale one of four keeps the others from being saved", testFourStale},
		{"of concurrent saves of four exactly one wins", testFourConcurrent},
		{"a repeated save of four succeeds and advances once", testFourRepeated},
		{"a repeated save of four with another attempt conflicts", testFourRepeatedOtherAttempt},
		{"all kinds of records of the same id do not meet", testFourApart},

		{"no removals are open in an empty ledger", testOpenEmpty},
		{"open removals are listed in order of code", testOpenOrder},
		{"no more removals are listed than the limit", testOpenLimit},
		{"a removal that is done is not listed", testOpenDone},
		{"what is listed of a removal is the whole record", testOpenWhole},
		{"open removals are no accounts", testOpenOnlyRemovals},

		{"no accounts are listed in an empty ledger", testAccountsEmpty},
		{"accounts are listed in order of id", testAccountsOrder},
		{"accounts are listed page by page", testAccountsPages},
		{"accounts are listed after an id that does not exist", testAccountsAfter},
		{"what is listed is the whole row", testAccountsWhole},

		{"a cancelled context is obeyed", testLedgerCancelled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, newLedger(t)) })
	}
}

// saveAccount saves an account under a new attempt.
func saveAccount(t *testing.T, l igauth.Ledger, a *igauth.Account) {
	t.Helper()
	must(t, l.Save(t.Context(), igauth.Change{Account: a, Attempt: newAttempt()}))
}

// saveFlow saves a flow under a new attempt.
func saveFlow(t *testing.T, l igauth.Ledger, f *igauth.Flow) {
	t.Helper()
	must(t, l.Save(t.Context(), igauth.Change{Flow: f, Attempt: newAttempt()}))
}

// wantAccount compares the ledger's account with the given one.
func wantAccount(t *testing.T, l igauth.Ledger, want igauth.Account) {
	t.Helper()
	got, err := l.Account(t.Context(), want.ID)
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("account\n got %+v\nwant %+v", got, want)
	}
}

// wantFlow compares the ledger's flow with the given one.
func wantFlow(t *testing.T, l igauth.Ledger, want igauth.Flow) {
	t.Helper()
	got, err := l.Flow(t.Context(), want.ID)
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("flow\n got %+v\nwant %+v", got, want)
	}
}

func testLedgerCancelled(t *testing.T, l igauth.Ledger) {
	a, f, h := fullAccount("17841400000000001"), fullFlow("f1"), fullHealth()
	p, r := fullPerson("instagram/1"), openRemoval(removalCode(1))
	saveAccount(t, l, &a)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, call := range []struct {
		name string
		do   func() error
	}{
		{"Account", func() error { _, err := l.Account(ctx, a.ID); return err }},
		{"Flow", func() error { _, err := l.Flow(ctx, f.ID); return err }},
		{"Health", func() error { _, err := l.Health(ctx); return err }},
		{"Expiries", func() error { _, err := l.Expiries(ctx, a.Status, 1); return err }},
		{"Count", func() error { _, err := l.Count(ctx, a.Status); return err }},
		{"Save of the health", func() error { return l.Save(ctx, igauth.Change{Health: &h, Attempt: newAttempt()}) }},
		{"Save", func() error { return l.Save(ctx, igauth.Change{Flow: &f, Attempt: newAttempt()}) }},
		{"Save of a pair", func() error { return l.Save(ctx, igauth.Change{Account: &a, Flow: &f, Attempt: newAttempt()}) }},
		{"Person", func() error { _, err := l.Person(ctx, p.ID); return err }},
		{"Removal", func() error { _, err := l.Removal(ctx, r.Code); return err }},
		{"OpenRemovals", func() error { _, err := l.OpenRemovals(ctx, 1); return err }},
		{"Save of a person", func() error { return l.Save(ctx, igauth.Change{Person: &p, Attempt: newAttempt()}) }},
		{"Save of a removal", func() error { return l.Save(ctx, igauth.Change{Removal: &r, Attempt: newAttempt()}) }},
		{"Save of four", func() error {
			return l.Save(ctx, igauth.Change{Account: &a, Flow: &f, Person: &p, Removal: &r, Attempt: newAttempt()})
		}},
		{"Due", func() error { _, _, err := l.Due(ctx, igauth.DueQuery{Now: a.DueAt, Limit: 1}); return err }},
		{"Accounts", func() error { _, err := l.Accounts(ctx, "", 1); return err }},
	} {
		err := call.do()
		if err == nil || errors.Is(err, igauth.ErrNotFound) || errors.Is(err, igauth.ErrConflict) {
			t.Errorf("%s: got %v, want an error that says nothing about the record", call.name, err)
		}
	}
	if a.Revision != 1 || f.Revision != 0 || h.Revision != 0 || p.Revision != 0 || r.Revision != 0 {
		t.Errorf("a save that was not made advanced a revision: account %d, flow %d, health %d, person %d, removal %d",
			a.Revision, f.Revision, h.Revision, p.Revision, r.Revision)
	}
	_, err := l.Flow(t.Context(), f.ID)
	mustBe(t, err, igauth.ErrNotFound)
	_, err = l.Health(t.Context())
	mustBe(t, err, igauth.ErrNotFound)
	persons.wantNone(t, l, 1)
	removals.wantNone(t, l, 1)
}
