package storetest

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A kind is one of the kinds of records that are nothing but saved and read.
type kind[T any] struct {
	// full returns the n-th record, with a value in every field, and plain one
	// that has nothing but its id.
	full, plain func(n int) T
	read        func(l igauth.Ledger, t *testing.T, n int) (T, error)
	change      func(*T) igauth.Change
	revision    func(*T) *int64
	// touch changes a field of a record, differently for every n, and spoil the
	// elements of its lists, where they are.
	touch func(record *T, n int)
	spoil func(*T)
}

var persons = kind[igauth.Person]{
	full:  func(n int) igauth.Person { return fullPerson(personID(n)) },
	plain: func(n int) igauth.Person { return igauth.Person{ID: personID(n)} },
	read: func(l igauth.Ledger, t *testing.T, n int) (igauth.Person, error) {
		return l.Person(t.Context(), personID(n))
	},
	change:   func(p *igauth.Person) igauth.Change { return igauth.Change{Person: p} },
	revision: func(p *igauth.Person) *int64 { return &p.Revision },
	touch:    func(p *igauth.Person, n int) { p.EndedAt = day.Add(time.Duration(n)) },
	spoil:    func(p *igauth.Person) { p.Accounts[0] = "spoiled" },
}

var removals = kind[igauth.Removal]{
	full:  func(n int) igauth.Removal { return fullRemoval(removalCode(n)) },
	plain: func(n int) igauth.Removal { return igauth.Removal{Code: removalCode(n)} },
	read: func(l igauth.Ledger, t *testing.T, n int) (igauth.Removal, error) {
		return l.Removal(t.Context(), removalCode(n))
	},
	change:   func(r *igauth.Removal) igauth.Change { return igauth.Change{Removal: r} },
	revision: func(r *igauth.Removal) *int64 { return &r.Revision },
	touch:    func(r *igauth.Removal, n int) { r.Ended = 10 + n },
	spoil:    func(r *igauth.Removal) { r.Accounts[0], r.Logins[0] = "spoiled", "spoiled" },
}

// personID returns the n-th of a row of ids that differ by less than a float
// could tell apart.
func personID(n int) igauth.PersonID {
	return igauth.NewPersonID(igauth.LoginInstagram, string(accountID(n)))
}

// save saves a record under an attempt.
func (k kind[T]) save(t *testing.T, l igauth.Ledger, record *T, attempt string) error {
	t.Helper()
	change := k.change(record)
	change.Attempt = attempt
	return l.Save(t.Context(), change)
}

// want compares the ledger's n-th record with the given one.
func (k kind[T]) want(t *testing.T, l igauth.Ledger, n int, want T) {
	t.Helper()
	got, err := k.read(l, t, n)
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("record\n got %+v\nwant %+v", got, want)
	}
}

// wantNone fails the test if there is an n-th record.
func (k kind[T]) wantNone(t *testing.T, l igauth.Ledger, n int) {
	t.Helper()
	_, err := k.read(l, t, n)
	mustBe(t, err, igauth.ErrNotFound)
}

func (k kind[T]) testNotFound(t *testing.T, l igauth.Ledger) {
	k.wantNone(t, l, 1)
	other := k.full(2)
	must(t, k.save(t, l, &other, newAttempt()))
	k.wantNone(t, l, 1)
}

func (k kind[T]) testReadBack(t *testing.T, l igauth.Ledger) {
	record, want := k.full(1), k.full(1)
	must(t, k.save(t, l, &record, newAttempt()))
	*k.revision(&want) = 1
	k.want(t, l, 1, want)
}

func (k kind[T]) testZero(t *testing.T, l igauth.Ledger) {
	record, want := k.plain(1), k.plain(1)
	must(t, k.save(t, l, &record, newAttempt()))
	*k.revision(&want) = 1
	k.want(t, l, 1, want)
}

func (k kind[T]) testReplaceWhole(t *testing.T, l igauth.Ledger) {
	record := k.full(1)
	must(t, k.save(t, l, &record, newAttempt()))
	bare := k.plain(1)
	*k.revision(&bare) = 1
	must(t, k.save(t, l, &bare, newAttempt()))
	if *k.revision(&bare) != 2 {
		t.Errorf("the second save set the revision %d, want 2", *k.revision(&bare))
	}
	k.want(t, l, 1, bare)
}

func (k kind[T]) testReadCopy(t *testing.T, l igauth.Ledger) {
	record, want := k.full(1), k.full(1)
	must(t, k.save(t, l, &record, newAttempt()))
	*k.revision(&want) = 1
	k.spoil(&record)
	k.want(t, l, 1, want)
	read, err := k.read(l, t, 1)
	must(t, err)
	k.spoil(&read)
	k.want(t, l, 1, want)
	if reflect.DeepEqual(read, want) {
		t.Fatal("the test compares nothing")
	}
}

func (k kind[T]) testStale(t *testing.T, l igauth.Ledger) {
	early := k.plain(1)
	*k.revision(&early) = 1
	mustBe(t, k.save(t, l, &early, newAttempt()), igauth.ErrConflict)
	k.wantNone(t, l, 1)

	record := k.full(1)
	must(t, k.save(t, l, &record, newAttempt()))
	stale := record
	k.touch(&record, 1)
	must(t, k.save(t, l, &record, newAttempt()))
	for _, revision := range []int64{1, 3, 0} {
		*k.revision(&stale) = revision
		k.touch(&stale, 2)
		mustBe(t, k.save(t, l, &stale, newAttempt()), igauth.ErrConflict)
		if got := *k.revision(&stale); got != revision {
			t.Errorf("a conflict changed the given revision from %d to %d", revision, got)
		}
	}
	k.want(t, l, 1, record)
}

func (k kind[T]) testConcurrent(t *testing.T, l igauth.Ledger) {
	record := k.full(1)
	for range 2 {
		record = race(t, func(n int) (T, error) {
			mine := record
			k.touch(&mine, n)
			err := k.save(t, l, &mine, newAttempt())
			if err != nil && !errors.Is(err, igauth.ErrConflict) {
				t.Errorf("a loser was told %v, want a conflict", err)
			}
			return mine, err
		})
		k.want(t, l, 1, record)
	}
}

func (k kind[T]) testRepeat(t *testing.T, l igauth.Ledger) {
	record := k.full(1)
	for want := int64(1); want <= 2; want++ {
		attempt, after := newAttempt(), record
		for range 3 {
			after = record
			k.touch(&after, int(want))
			must(t, k.save(t, l, &after, attempt))
			if got := *k.revision(&after); got != want {
				t.Fatalf("the save set the revision %d, want %d", got, want)
			}
			k.want(t, l, 1, after)
		}
		record = after
	}
}

func (k kind[T]) testRepeatOtherAttempt(t *testing.T, l igauth.Ledger) {
	record := k.full(1)
	again := record
	must(t, k.save(t, l, &record, newAttempt()))
	mustBe(t, k.save(t, l, &again, newAttempt()), igauth.ErrConflict)
	k.want(t, l, 1, record)
}

func (k kind[T]) testRepeatTooLate(t *testing.T, l igauth.Ledger) {
	record := k.full(1)
	before, attempt := record, newAttempt()
	must(t, k.save(t, l, &record, attempt))
	k.touch(&record, 1)
	must(t, k.save(t, l, &record, newAttempt()))
	mustBe(t, k.save(t, l, &before, attempt), igauth.ErrConflict)
	k.want(t, l, 1, record)
}

func testLoginsApart(t *testing.T, l igauth.Ledger) {
	a := fullPerson(igauth.NewPersonID(igauth.LoginInstagram, "17841400000000001"))
	must(t, l.Save(t.Context(), igauth.Change{Person: &a, Attempt: newAttempt()}))
	b := igauth.Person{ID: igauth.NewPersonID(igauth.LoginFacebook, "17841400000000001")}
	_, err := l.Person(t.Context(), b.ID)
	mustBe(t, err, igauth.ErrNotFound)
	must(t, l.Save(t.Context(), igauth.Change{Person: &b, Attempt: newAttempt()}))
	for _, want := range []igauth.Person{a, b} {
		got, err := l.Person(t.Context(), want.ID)
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// four are the records of one transaction.
type four struct {
	account igauth.Account
	flow    igauth.Flow
	person  igauth.Person
	removal igauth.Removal
}

func newFour() four {
	return four{fullAccount(accountID(1)), fullFlow("f1"), fullPerson(personID(1)), openRemoval(removalCode(1))}
}

// touch changes a field of each.
func (f *four) touch(n int) {
	f.account.Failures, f.flow.ClaimHash = n, removalCode(n)
	persons.touch(&f.person, n)
	removals.touch(&f.removal, n)
}

func (f *four) save(t *testing.T, l igauth.Ledger, attempt string) error {
	t.Helper()
	return l.Save(t.Context(), igauth.Change{Account: &f.account, Flow: &f.flow, Person: &f.person, Removal: &f.removal, Attempt: attempt})
}

func (f *four) revisions() [4]int64 {
	return [4]int64{f.account.Revision, f.flow.Revision, f.person.Revision, f.removal.Revision}
}

// want compares what is in the ledger with all four.
func (f *four) want(t *testing.T, l igauth.Ledger) {
	t.Helper()
	wantAccount(t, l, f.account)
	wantFlow(t, l, f.flow)
	persons.want(t, l, 1, f.person)
	removals.want(t, l, 1, f.removal)
}

func testFour(t *testing.T, l igauth.Ledger) {
	f := newFour()
	for n := int64(1); n <= 2; n++ {
		f.touch(int(n))
		must(t, f.save(t, l, newAttempt()))
		if got := f.revisions(); got != [4]int64{n, n, n, n} {
			t.Fatalf("save %d set the revisions %d", n, got)
		}
		f.want(t, l)
	}
	// Some of them, and one of those new.
	f.account.Username = "again"
	f.removal = openRemoval(removalCode(2))
	must(t, l.Save(t.Context(), igauth.Change{Account: &f.account, Removal: &f.removal, Attempt: newAttempt()}))
	removals.want(t, l, 2, f.removal)
	f.person.Accounts = nil
	must(t, l.Save(t.Context(), igauth.Change{Account: &f.account, Person: &f.person, Attempt: newAttempt()}))
	wantAccount(t, l, f.account)
	persons.want(t, l, 1, f.person)
	if got := f.revisions(); got != [4]int64{4, 2, 3, 1} {
		t.Errorf("the revisions are %d", got)
	}
}

func testFourStale(t *testing.T, l igauth.Ledger) {
	f := newFour()
	must(t, f.save(t, l, newAttempt()))
	for _, change := range []struct {
		name  string
		stale func(*four)
	}{
		{"the account", func(f *four) { f.account.Revision-- }},
		{"the flow", func(f *four) { f.flow.Revision++ }},
		{"the person", func(f *four) { f.person.Revision-- }},
		{"the removal", func(f *four) { f.removal.Revision++ }},
	} {
		stale := f
		stale.touch(9)
		change.stale(&stale)
		before := stale.revisions()
		mustBe(t, stale.save(t, l, newAttempt()), igauth.ErrConflict)
		if got := stale.revisions(); got != before {
			t.Errorf("%s is stale: the conflict changed the given revisions from %d to %d", change.name, before, got)
		}
		f.want(t, l)
	}
	// A person that is new beside records that are stale is not created.
	other := fullPerson(personID(2))
	stale := f.account
	stale.Revision = 0
	mustBe(t, l.Save(t.Context(), igauth.Change{Account: &stale, Person: &other, Attempt: newAttempt()}), igauth.ErrConflict)
	persons.wantNone(t, l, 2)
}

// The losers may be told to try again instead of that they lost.
func testFourConcurrent(t *testing.T, l igauth.Ledger) {
	f := newFour()
	var mu sync.Mutex
	saved := map[int]four{}
	winner := race(t, func(n int) (int, error) {
		mine := f
		mine.touch(n)
		err := mine.save(t, l, newAttempt())
		mu.Lock()
		defer mu.Unlock()
		saved[n] = mine
		return n, err
	})
	f = saved[winner]
	f.want(t, l)
}

func testFourRepeated(t *testing.T, l igauth.Ledger) {
	f := newFour()
	must(t, persons.save(t, l, &f.person, newAttempt())) // the others are new
	attempt := newAttempt()
	for range 3 {
		after := f
		after.touch(1)
		must(t, after.save(t, l, attempt))
		if got := after.revisions(); got != [4]int64{1, 1, 2, 1} {
			t.Fatalf("the revisions are %d", got)
		}
		after.want(t, l)
	}
}

func testFourRepeatedOtherAttempt(t *testing.T, l igauth.Ledger) {
	f := newFour()
	before := f
	must(t, f.save(t, l, newAttempt()))
	mustBe(t, before.save(t, l, newAttempt()), igauth.ErrConflict)
	if got := before.revisions(); got != [4]int64{} {
		t.Errorf("a conflict changed the given revisions to %d", got)
	}
	f.want(t, l)
}

func testFourApart(t *testing.T, l igauth.Ledger) {
	const id = "17841400000000001"
	f := four{fullAccount(id), fullFlow(id), fullPerson(id), openRemoval(id)}
	missing := func() (kinds []string) {
		t.Helper()
		for kind, read := range map[string]func() error{
			"account": func() error { _, err := l.Account(t.Context(), id); return err },
			"flow":    func() error { _, err := l.Flow(t.Context(), id); return err },
			"person":  func() error { _, err := l.Person(t.Context(), id); return err },
			"removal": func() error { _, err := l.Removal(t.Context(), id); return err },
		} {
			if err := read(); errors.Is(err, igauth.ErrNotFound) {
				kinds = append(kinds, kind)
			} else {
				must(t, err)
			}
		}
		return kinds
	}
	for n, change := range []igauth.Change{{Removal: &f.removal}, {Person: &f.person}, {Flow: &f.flow}, {Account: &f.account}} {
		if got := missing(); len(got) != 4-n {
			t.Fatalf("after %d saves, no %v", n, got)
		}
		change.Attempt = newAttempt()
		must(t, l.Save(t.Context(), change))
	}
	wantAccount(t, l, f.account)
	wantFlow(t, l, f.flow)
	person, err := l.Person(t.Context(), id)
	must(t, err)
	removal, err := l.Removal(t.Context(), id)
	must(t, err)
	if !reflect.DeepEqual(person, f.person) || !reflect.DeepEqual(removal, f.removal) {
		t.Errorf("got %+v and %+v, want %+v and %+v", person, removal, f.person, f.removal)
	}
}
