package soak_test

import (
	"cmp"
	"context"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"igauth/internal/igauth"
)

// A memoryLedger is a ledger in memory, fast enough for ten years.
type memoryLedger struct {
	mu       sync.Mutex
	accounts map[igauth.AccountID]*memoryRow
	flows    map[igauth.FlowID]*memoryFlow
	health   igauth.Health
	persons  map[igauth.PersonID]*memoryRecord[igauth.Person]
	removals map[string]*memoryRecord[igauth.Removal]
	attempt  string // of the health's last save

	ids    []igauth.AccountID // in order
	due    [][]indexKey
	status map[igauth.Status]*[]indexKey

	// committed is told of every save that was applied, and not of repetitions.
	committed func(before, after *igauth.Account)
	changed   func(before, after igauth.Health)
}

type memoryRow struct {
	igauth.Account
	attempt string
	shard   int
}

type memoryFlow struct {
	igauth.Flow
	attempt string
}

// An indexKey sorts by time, then by id.
type indexKey struct {
	at int64
	id igauth.AccountID
}

func (k indexKey) compare(other indexKey) int {
	if c := cmp.Compare(k.at, other.at); c != 0 {
		return c
	}
	return cmp.Compare(k.id, other.id)
}

func newMemoryLedger() *memoryLedger {
	return &memoryLedger{
		accounts: map[igauth.AccountID]*memoryRow{}, flows: map[igauth.FlowID]*memoryFlow{},
		due: make([][]indexKey, *shards), status: map[igauth.Status]*[]indexKey{},
		committed: func(_, _ *igauth.Account) {},
		changed:   func(_, _ igauth.Health) {},
		persons:   map[igauth.PersonID]*memoryRecord[igauth.Person]{},
		removals:  map[string]*memoryRecord[igauth.Removal]{},
	}
}

func cloneAccount(a igauth.Account) igauth.Account {
	a.Scopes, a.RequestedScopes = slices.Clone(a.Scopes), slices.Clone(a.RequestedScopes)
	a.Lease.RequestedScopes = slices.Clone(a.Lease.RequestedScopes)
	a.Outbox, a.History = slices.Clone(a.Outbox), slices.Clone(a.History)
	return a
}

func cloneFlow(f igauth.Flow) igauth.Flow {
	f.Lease.RequestedScopes = slices.Clone(f.Lease.RequestedScopes)
	f.Outcome.MissingScopes = slices.Clone(f.Outcome.MissingScopes)
	return f
}

func cloneHealth(h igauth.Health) igauth.Health {
	h.Incidents, h.Outbox, h.Counts = slices.Clone(h.Incidents), slices.Clone(h.Outbox), maps.Clone(h.Counts)
	for i, e := range h.Outbox {
		if e.Incident != nil {
			incident := *e.Incident
			h.Outbox[i].Incident = &incident
		}
	}
	return h
}

func (l *memoryLedger) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	if err := ctx.Err(); err != nil {
		return igauth.Account{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	row := l.accounts[id]
	if row == nil {
		return igauth.Account{}, igauth.ErrNotFound
	}
	return cloneAccount(row.Account), nil
}

func (l *memoryLedger) Flow(ctx context.Context, id igauth.FlowID) (igauth.Flow, error) {
	if err := ctx.Err(); err != nil {
		return igauth.Flow{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	flow := l.flows[id]
	if flow == nil {
		return igauth.Flow{}, igauth.ErrNotFound
	}
	return cloneFlow(flow.Flow), nil
}

// A memoryRecord is a record and the attempt that saved it last.
type memoryRecord[T any] struct {
	record  T
	attempt string
}

func (l *memoryLedger) Person(ctx context.Context, id igauth.PersonID) (igauth.Person, error) {
	if err := ctx.Err(); err != nil {
		return igauth.Person{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	row := l.persons[id]
	if row == nil {
		return igauth.Person{}, igauth.ErrNotFound
	}
	return clonePerson(row.record), nil
}

func clonePerson(p igauth.Person) igauth.Person {
	p.Accounts = slices.Clone(p.Accounts)
	return p
}

func cloneRemoval(r igauth.Removal) igauth.Removal {
	r.Accounts, r.Logins = slices.Clone(r.Accounts), slices.Clone(r.Logins)
	return r
}

func (l *memoryLedger) Removal(ctx context.Context, code string) (igauth.Removal, error) {
	if err := ctx.Err(); err != nil {
		return igauth.Removal{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	row := l.removals[code]
	if row == nil {
		return igauth.Removal{}, igauth.ErrNotFound
	}
	return cloneRemoval(row.record), nil
}

func (l *memoryLedger) OpenRemovals(ctx context.Context, limit int) ([]igauth.Removal, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var open []igauth.Removal
	for _, code := range slices.Sorted(maps.Keys(l.removals)) {
		if r := l.removals[code].record; !r.Done() && len(open) < limit {
			open = append(open, cloneRemoval(r))
		}
	}
	return open, nil
}

func (l *memoryLedger) Health(ctx context.Context) (igauth.Health, error) {
	if err := ctx.Err(); err != nil {
		return igauth.Health{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.health.Revision == 0 {
		return igauth.Health{}, igauth.ErrNotFound
	}
	return cloneHealth(l.health), nil
}

// What becomes of one record of a save.
type fate int

const (
	conflicts fate = iota
	repeats
	advances
)

func fateOf(stored int64, storedAttempt string, given int64, attempt string) fate {
	switch {
	case stored == given:
		return advances
	case attempt != "" && storedAttempt == attempt && stored == given+1:
		return repeats
	}
	return conflicts
}

func (l *memoryLedger) Save(ctx context.Context, change igauth.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	account, flow, health, person, removal := repeats, repeats, repeats, repeats, repeats
	if a := change.Account; a != nil {
		row := l.accounts[a.ID]
		if row == nil {
			row = &memoryRow{}
		}
		account = fateOf(row.Revision, row.attempt, a.Revision, change.Attempt)
	}
	if f := change.Flow; f != nil {
		old := l.flows[f.ID]
		if old == nil {
			old = &memoryFlow{}
		}
		flow = fateOf(old.Revision, old.attempt, f.Revision, change.Attempt)
	}
	if h := change.Health; h != nil {
		health = fateOf(l.health.Revision, l.attempt, h.Revision, change.Attempt)
	}
	if p := change.Person; p != nil {
		old := l.persons[p.ID]
		if old == nil {
			old = &memoryRecord[igauth.Person]{}
		}
		person = fateOf(old.record.Revision, old.attempt, p.Revision, change.Attempt)
	}
	if r := change.Removal; r != nil {
		old := l.removals[r.Code]
		if old == nil {
			old = &memoryRecord[igauth.Removal]{}
		}
		removal = fateOf(old.record.Revision, old.attempt, r.Revision, change.Attempt)
	}
	if slices.Contains([]fate{account, flow, health, person, removal}, conflicts) {
		return igauth.ErrConflict
	}
	if a := change.Account; a != nil {
		a.Revision++
		if account == advances {
			l.put(cloneAccount(*a), change.Attempt)
		}
	}
	if f := change.Flow; f != nil {
		f.Revision++
		if flow == advances {
			l.flows[f.ID] = &memoryFlow{cloneFlow(*f), change.Attempt}
		}
	}
	if p := change.Person; p != nil {
		p.Revision++
		if person == advances {
			l.persons[p.ID] = &memoryRecord[igauth.Person]{clonePerson(*p), change.Attempt}
		}
	}
	if r := change.Removal; r != nil {
		r.Revision++
		if removal == advances {
			l.removals[r.Code] = &memoryRecord[igauth.Removal]{cloneRemoval(*r), change.Attempt}
		}
	}
	if h := change.Health; h != nil {
		h.Revision++
		if health == advances {
			before := l.health
			l.health, l.attempt = cloneHealth(*h), change.Attempt
			l.changed(before, l.health)
		}
	}
	return nil
}

// put stores a row and keeps the indexes.
func (l *memoryLedger) put(a igauth.Account, attempt string) {
	row := l.accounts[a.ID]
	if row == nil {
		h := fnv.New32a()
		_, _ = h.Write([]byte(a.ID))
		row = &memoryRow{shard: int(h.Sum32()) % len(l.due)}
		l.accounts[a.ID] = row
		i, _ := slices.BinarySearch(l.ids, a.ID)
		l.ids = slices.Insert(l.ids, i, a.ID)
	}
	before := row.Account
	if due := &l.due[row.shard]; !before.DueAt.Equal(a.DueAt) {
		if !before.DueAt.IsZero() {
			remove(due, indexKey{before.DueAt.UnixNano(), a.ID})
		}
		if !a.DueAt.IsZero() {
			insert(due, indexKey{a.DueAt.UnixNano(), a.ID})
		}
	}
	if before.Status != a.Status || !before.EndsAt().Equal(a.EndsAt()) {
		if before.ID != "" {
			remove(l.ofStatus(before.Status), indexKey{expiry(before), a.ID})
		}
		insert(l.ofStatus(a.Status), indexKey{expiry(a), a.ID})
	}
	row.Account, row.attempt = a, attempt
	l.committed(&before, &row.Account)
}

// never is behind all times.
const never = math.MaxInt64

// expiry returns when an account ends, in nanoseconds.
func expiry(a igauth.Account) int64 {
	if a.EndsAt().IsZero() {
		return never
	}
	return a.EndsAt().UnixNano()
}

func (l *memoryLedger) ofStatus(status igauth.Status) *[]indexKey {
	keys := l.status[status]
	if keys == nil {
		keys = &[]indexKey{}
		l.status[status] = keys
	}
	return keys
}

func insert(keys *[]indexKey, key indexKey) {
	i, _ := slices.BinarySearchFunc(*keys, key, indexKey.compare)
	*keys = slices.Insert(*keys, i, key)
}

func remove(keys *[]indexKey, key indexKey) {
	if i, found := slices.BinarySearchFunc(*keys, key, indexKey.compare); found {
		*keys = slices.Delete(*keys, i, i+1)
	}
}

func (l *memoryLedger) Shards() int { return len(l.due) }

func (l *memoryLedger) Due(ctx context.Context, q igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	if err := ctx.Err(); err != nil {
		return nil, igauth.DueMark{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	keys, from := l.due[q.Shard], 0
	if !q.After.IsZero() {
		var found bool
		if from, found = slices.BinarySearchFunc(keys, indexKey{q.After.At.UnixNano(), q.After.ID}, indexKey.compare); found {
			from++
		}
	}
	end := q.Now.UnixNano()
	var due []igauth.Account
	for _, key := range keys[from:] {
		if key.at > end {
			break
		}
		if len(due) == q.Limit {
			last := due[len(due)-1]
			return due, igauth.DueMark{At: last.DueAt, ID: last.ID}, nil
		}
		due = append(due, cloneAccount(l.accounts[key.id].Account))
	}
	return due, igauth.DueMark{}, nil
}

func (l *memoryLedger) Expiries(ctx context.Context, status igauth.Status, limit int) ([]igauth.Expiry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	keys := *l.ofStatus(status)
	expiries := make([]igauth.Expiry, 0, min(limit, len(keys)))
	for _, key := range keys[:min(limit, len(keys))] {
		e := igauth.Expiry{ID: key.id}
		if key.at != never {
			e.EndsAt = time.Unix(0, key.at).UTC()
		}
		expiries = append(expiries, e)
	}
	return expiries, nil
}

func (l *memoryLedger) Count(ctx context.Context, status igauth.Status) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(*l.ofStatus(status)), nil
}

func (l *memoryLedger) Accounts(ctx context.Context, after igauth.AccountID, limit int) ([]igauth.Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	from, found := slices.BinarySearch(l.ids, after)
	if found {
		from++
	}
	var page []igauth.Account
	for _, id := range l.ids[from:min(len(l.ids), from+limit)] {
		page = append(page, cloneAccount(l.accounts[id].Account))
	}
	return page, nil
}
