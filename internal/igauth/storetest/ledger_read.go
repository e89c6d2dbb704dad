package storetest

import (
	"reflect"
	"testing"
	"time"

	"igauth/internal/igauth"
)

func testAccountNotFound(t *testing.T, l igauth.Ledger) {
	_, err := l.Account(t.Context(), "17841400000000001")
	mustBe(t, err, igauth.ErrNotFound)
}

func testFlowNotFound(t *testing.T, l igauth.Ledger) {
	_, err := l.Flow(t.Context(), "f1")
	mustBe(t, err, igauth.ErrNotFound)
}

func testAccountReadBack(t *testing.T, l igauth.Ledger) {
	a := fullAccount("17841400000000001")
	want := a
	saveAccount(t, l, &a)
	want.Revision = 1
	wantAccount(t, l, want)
}

func testFlowReadBack(t *testing.T, l igauth.Ledger) {
	f := fullFlow("f1")
	want := f
	saveFlow(t, l, &f)
	want.Revision = 1
	wantFlow(t, l, want)
}

func testTimes(t *testing.T, l igauth.Ledger) {
	for i, at := range []time.Time{
		day,
		day.Add(1),
		day.Add(100 * time.Millisecond),
		day.Add(999_999_999),
		time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC),
	} {
		a := plainAccount(accountID(i))
		a.IssuedAt, a.ExpiresAt, a.DueAt = at, at, at
		a.Lease.Until, a.LastFailure.At = at, at
		a.History = []igauth.Entry{{At: at, What: igauth.EntryRefreshed}}
		saveAccount(t, l, &a)
		got, err := l.Account(t.Context(), a.ID)
		must(t, err)
		for _, stored := range []time.Time{got.IssuedAt, got.ExpiresAt, got.DueAt, got.Lease.Until, got.LastFailure.At, got.History[0].At} {
			if !stored.Equal(at) || stored.Location() != time.UTC {
				t.Errorf("saved %v, read %v", at, stored)
			}
		}
	}
}

func testZeroValues(t *testing.T, l igauth.Ledger) {
	a := plainAccount("17841400000000001")
	saveAccount(t, l, &a)
	wantAccount(t, l, a)
	f := plainFlow("f1")
	saveFlow(t, l, &f)
	wantFlow(t, l, f)
}

// Whether an empty list of scopes comes back empty or nil is left open: the
// row's JSON leaves both out.
func testScopes(t *testing.T, l igauth.Ledger) {
	unknown := plainAccount(accountID(1))
	saveAccount(t, l, &unknown)
	none := plainAccount(accountID(2))
	none.Scopes, none.RequestedScopes = []string{}, []string{}
	saveAccount(t, l, &none)
	got, err := l.Account(t.Context(), unknown.ID)
	must(t, err)
	if got.Scopes != nil || got.RequestedScopes != nil {
		t.Errorf("unknown scopes were read as %#v and %#v", got.Scopes, got.RequestedScopes)
	}
	got, err = l.Account(t.Context(), none.ID)
	must(t, err)
	if len(got.Scopes) != 0 || len(got.RequestedScopes) != 0 {
		t.Errorf("no scopes were read as %#v and %#v", got.Scopes, got.RequestedScopes)
	}
}

func testLongIDs(t *testing.T, l igauth.Ledger) {
	for i, id := range []igauth.AccountID{"9007199254740993", "17841401313574613", "17841401313574614", "99999999999999999999"} {
		a := plainAccount(id)
		a.AppScopedID = string(id)
		a.Failures = i
		saveAccount(t, l, &a)
		defer wantAccount(t, l, a)
	}
}

func testRevision(t *testing.T, l igauth.Ledger) {
	a, f := plainAccount("17841400000000001"), plainFlow("f1")
	for want := int64(1); want <= 3; want++ {
		saveAccount(t, l, &a)
		saveFlow(t, l, &f)
		if a.Revision != want || f.Revision != want {
			t.Fatalf("save %d set the revisions %d and %d", want, a.Revision, f.Revision)
		}
		wantAccount(t, l, a)
		wantFlow(t, l, f)
	}
}

func testReplaceWhole(t *testing.T, l igauth.Ledger) {
	a, f := fullAccount("17841400000000001"), fullFlow("f1")
	saveAccount(t, l, &a)
	saveFlow(t, l, &f)
	bareAccount, bareFlow := plainAccount(a.ID), plainFlow(f.ID)
	bareAccount.Revision, bareFlow.Revision = a.Revision, f.Revision
	saveAccount(t, l, &bareAccount)
	saveFlow(t, l, &bareFlow)
	wantAccount(t, l, bareAccount)
	wantFlow(t, l, bareFlow)
}

func testKindsApart(t *testing.T, l igauth.Ledger) {
	const id = "17841400000000001"
	f := fullFlow(id)
	saveFlow(t, l, &f)
	_, err := l.Account(t.Context(), id)
	mustBe(t, err, igauth.ErrNotFound)
	a := fullAccount(id)
	saveAccount(t, l, &a)
	wantAccount(t, l, a)
	wantFlow(t, l, f)
	other := fullFlow("f2")
	saveFlow(t, l, &other)
	eventually(t, func() error { return listed(l.Accounts(t.Context(), "", 10))(id) })
	eventually(t, func() error { return listed(due(t, l, a.DueAt, 10))(id) })
}

func testReadCopy(t *testing.T, l igauth.Ledger) {
	a := fullAccount("17841400000000001")
	saveAccount(t, l, &a)
	want := fullAccount(a.ID)
	want.Revision = 1
	a.History[0].Detail, a.Scopes[0] = "changed after the save", "changed after the save"
	wantAccount(t, l, want)
	read, err := l.Account(t.Context(), a.ID)
	must(t, err)
	read.History[0].Detail, read.Scopes[0] = "changed after the read", "changed after the read"
	wantAccount(t, l, want)
	if reflect.DeepEqual(read, want) {
		t.Fatal("the test compares nothing")
	}
}
