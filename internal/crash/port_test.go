package crash_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// A mode is a way in which a call goes wrong.
type mode string

const (
	// failedBefore is an error without an effect; at Meta nothing was sent.
	failedBefore mode = "failed before"
	// refused is an answer of 503 without an effect. Only Meta gives it: for a
	// store it is the same as failedBefore.
	refused mode = "refused"
	// failedAfter has its effect, and its answer is lost.
	failedAfter mode = "applied but failed"
	// hung has no effect and no answer until the caller's time is over.
	hung mode = "hang"
	// hungAfter has its effect and no answer until the caller's time is over.
	hungAfter mode = "hang and applied"
	// killedBefore and killedAfter end the process.
	killedBefore mode = "killed before"
	killedAfter  mode = "killed after"
	// twice executes the call two times, as a repetition by an SDK or a network
	// does, and answers with the second result. On a scenario's twin call it is
	// the whole of the scenario that comes twice at the same time.
	twice mode = "delivered twice"
	// outOfTime is the end of a process whose time is over.
	outOfTime mode = "out of time"
)

var modes = []mode{failedBefore, refused, failedAfter, hung, hungAfter, killedBefore, killedAfter, twice}

// applies reports whether a call can go wrong in this way.
func (m mode) applies(op string) bool { return m != refused || isMeta(op) }

func (m mode) kills() bool { return m == killedBefore || m == killedAfter || m == outOfTime }
func (m mode) hangs() bool { return m == hung || m == hungAfter }

// A fault strikes the call with a number. The name is what the run without
// faults saw there.
type fault struct {
	call int
	op   string
	mode mode
	// first says that it is the first call of that name.
	first bool
}

func (f fault) String() string { return fmt.Sprintf("%d %s/%s", f.call, f.op, f.mode) }

// A call is what the interceptor saw.
type call struct {
	n       int
	op      string
	process string
	at      time.Time
	mode    mode
}

func (c call) String() string {
	text := fmt.Sprintf("%s %3d %-20s %s", c.at.Format("01-02 15:04:05.000"), c.n, c.op, c.process)
	if c.mode != "" {
		text += "  <- " + string(c.mode)
	}
	return text
}

var (
	errFault  = errors.New("the call failed")
	errKilled = errors.New("the process is no more")
)

func isMeta(op string) bool { return strings.HasPrefix(op, "meta.") }

// port makes a call on behalf of a process, unless a fault strikes it.
func port[T any](ctx context.Context, p *process, op string, do func(context.Context) (T, error)) (T, error) {
	var none T
	if err := p.travel(ctx, op); err != nil {
		return none, err
	}
	m := p.w.strike(p, op)
	ctx = context.WithValue(ctx, errandKey{}, errand{p, m})
	switch {
	case m == killedBefore:
		p.struck(op, m)
		return none, p.die()
	case isMeta(op) && m != killedAfter && m != twice:
		// The wire fails, so that the client tells how.
		result, err := do(ctx)
		if m != "" {
			p.struck(op, m)
		} else if err == nil {
			p.answered(op)
		}
		return result, err
	case m == failedBefore:
		return none, errFault
	case m == hung:
		p.struck(op, m)
		return none, p.wait(ctx)
	}
	result, err := do(ctx)
	switch m {
	case failedAfter:
		return none, errFault
	case hungAfter:
		p.struck(op, m)
		return none, p.wait(ctx)
	case killedAfter:
		p.struck(op, m)
		return none, p.die()
	case twice:
		if result, err = do(ctx); err == nil {
			p.answered(op)
		}
		p.struck(op, m)
	default:
		if err == nil {
			p.answered(op)
		}
	}
	return result, err
}

// An errand travels with the context of a call to Meta, down to the wire.
type errand struct {
	p *process
	m mode
}

type errandKey struct{}

// strike numbers a call and returns the mode of the fault that strikes it. Where
// the whole scenario comes twice, that is the fault, and no call is struck.
func (w *world) strike(p *process, op string) (m mode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.armed {
		return ""
	}
	n := len(w.calls) + 1
	i := slices.IndexFunc(w.faults, func(f fault) bool { return f.call == n && !w.scenario.isTwin(f) })
	if i >= 0 {
		m = w.faults[i].mode
		if w.faults[i].op != op {
			w.strayed = true
			w.problemLocked("the run is not the one that was counted: call %d is %s, not %s", n, op, w.faults[i].op)
		}
	}
	w.calls = append(w.calls, call{n, op, p.name, time.Now(), m})
	return m
}

// travel is the time that a call takes to arrive. It differs from call to call
// and from process to process, so that which of two comes first is the same in
// every run. It returns an error if the caller's time is over before.
func (p *process) travel(ctx context.Context, op string) error {
	p.stop(op)
	h := fnv.New32a()
	_, _ = h.Write([]byte(op))
	err := sleep(ctx, time.Millisecond+time.Duration(h.Sum32()%4000)*time.Microsecond+p.offset)
	if p.isDead() {
		return p.bury()
	}
	return err
}

// wait is a call that hangs.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-p.w.over:
	}
	if p.isDead() {
		return p.bury()
	}
	return ctx.Err()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// A ledgerPort is the ledger as a process sees it.
type ledgerPort struct {
	p  *process
	to igauth.Ledger
}

func (l ledgerPort) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	return port(ctx, l.p, "ledger.Account", func(ctx context.Context) (igauth.Account, error) { return l.to.Account(ctx, id) })
}

func (l ledgerPort) Flow(ctx context.Context, id igauth.FlowID) (igauth.Flow, error) {
	return port(ctx, l.p, "ledger.Flow", func(ctx context.Context) (igauth.Flow, error) { return l.to.Flow(ctx, id) })
}

func (l ledgerPort) Save(ctx context.Context, change igauth.Change) error {
	saved, err := port(ctx, l.p, "ledger.Save", func(ctx context.Context) (igauth.Change, error) {
		// Who repeats the call, or gets no answer, has the records as they were.
		copied := change
		if change.Account != nil {
			a := *change.Account
			copied.Account = &a
		}
		if change.Flow != nil {
			f := *change.Flow
			copied.Flow = &f
		}
		if change.Person != nil {
			p := *change.Person
			copied.Person = &p
		}
		if change.Removal != nil {
			r := *change.Removal
			copied.Removal = &r
		}
		if change.Health != nil {
			h := *change.Health
			copied.Health = &h
		}
		err := l.to.Save(ctx, copied)
		if err == nil {
			l.p.saved(copied)
		}
		return copied, err
	})
	if err != nil {
		return err
	}
	if change.Account != nil {
		change.Account.Revision = saved.Account.Revision
	}
	if change.Flow != nil {
		change.Flow.Revision = saved.Flow.Revision
	}
	if change.Person != nil {
		change.Person.Revision = saved.Person.Revision
	}
	if change.Removal != nil {
		change.Removal.Revision = saved.Removal.Revision
	}
	if change.Health != nil {
		change.Health.Revision = saved.Health.Revision
	}
	return nil
}

func (l ledgerPort) Health(ctx context.Context) (igauth.Health, error) {
	return port(ctx, l.p, "ledger.Health", func(ctx context.Context) (igauth.Health, error) { return l.to.Health(ctx) })
}

func (l ledgerPort) Person(ctx context.Context, id igauth.PersonID) (igauth.Person, error) {
	return port(ctx, l.p, "ledger.Person", func(ctx context.Context) (igauth.Person, error) { return l.to.Person(ctx, id) })
}

func (l ledgerPort) Removal(ctx context.Context, code string) (igauth.Removal, error) {
	return port(ctx, l.p, "ledger.Removal", func(ctx context.Context) (igauth.Removal, error) { return l.to.Removal(ctx, code) })
}

func (l ledgerPort) OpenRemovals(ctx context.Context, limit int) ([]igauth.Removal, error) {
	return port(ctx, l.p, "ledger.OpenRemovals", func(ctx context.Context) ([]igauth.Removal, error) { return l.to.OpenRemovals(ctx, limit) })
}

// Shards asks nobody.
func (l ledgerPort) Shards() int { return l.to.Shards() }

func (l ledgerPort) Due(ctx context.Context, query igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	type page struct {
		due  []igauth.Account
		next igauth.DueMark
	}
	// The shards are asked at the same time. Which of two calls is the first must
	// be the same in every run.
	_ = sleep(ctx, time.Duration(query.Shard)*10*time.Microsecond)
	p, err := port(ctx, l.p, "ledger.Due", func(ctx context.Context) (p page, err error) {
		p.due, p.next, err = l.to.Due(ctx, query)
		return p, err
	})
	return p.due, p.next, err
}

func (l ledgerPort) Expiries(ctx context.Context, status igauth.Status, limit int) ([]igauth.Expiry, error) {
	return port(ctx, l.p, "ledger.Expiries", func(ctx context.Context) ([]igauth.Expiry, error) { return l.to.Expiries(ctx, status, limit) })
}

func (l ledgerPort) Count(ctx context.Context, status igauth.Status) (int, error) {
	return port(ctx, l.p, "ledger.Count", func(ctx context.Context) (int, error) { return l.to.Count(ctx, status) })
}

func (l ledgerPort) Accounts(ctx context.Context, after igauth.AccountID, limit int) ([]igauth.Account, error) {
	return port(ctx, l.p, "ledger.Accounts", func(ctx context.Context) ([]igauth.Account, error) {
		return l.to.Accounts(ctx, after, limit)
	})
}

// A vaultPort is the vault as a process sees it.
type vaultPort struct {
	p  *process
	to igauth.Vault
}

func (v vaultPort) Put(ctx context.Context, slot igauth.Slot, profile igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	return port(ctx, v.p, "vault.Put", func(ctx context.Context) (igauth.Ref, error) {
		ref, err := v.to.Put(ctx, slot, profile, token)
		if err == nil {
			v.p.put(slot, ref, v.to.Keeps(ref))
		}
		return ref, err
	})
}

func (v vaultPort) Get(ctx context.Context, slot igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	return port(ctx, v.p, "vault.Get", func(ctx context.Context) (igauth.Token, error) { return v.to.Get(ctx, slot, ref) })
}

func (v vaultPort) Find(ctx context.Context, slot igauth.Slot) (igauth.Ref, igauth.Token, error) {
	type found struct {
		ref   igauth.Ref
		token igauth.Token
	}
	f, err := port(ctx, v.p, "vault.Find", func(ctx context.Context) (f found, err error) {
		f.ref, f.token, err = v.to.Find(ctx, slot)
		return f, err
	})
	return f.ref, f.token, err
}

// Keeps asks nobody.
func (v vaultPort) Keeps(ref igauth.Ref) bool { return v.to.Keeps(ref) }

func (v vaultPort) Promote(ctx context.Context, slot igauth.Slot, ref, replaced igauth.Ref) error {
	return v.call(ctx, "vault.Promote", func(ctx context.Context) error { return v.to.Promote(ctx, slot, ref, replaced) })
}

func (v vaultPort) Destroy(ctx context.Context, slot igauth.Slot) error {
	return v.call(ctx, "vault.Destroy", func(ctx context.Context) error { return v.to.Destroy(ctx, slot) })
}

func (v vaultPort) call(ctx context.Context, op string, do func(context.Context) error) error {
	_, err := port(ctx, v.p, op, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) })
	return err
}

// A metaPort is Meta as a process sees it.
type metaPort struct {
	p  *process
	to *instagram.Client
}

func (m metaPort) ExchangeCode(ctx context.Context, code igauth.Secret) (igauth.Grant, error) {
	return port(ctx, m.p, "meta.ExchangeCode", func(ctx context.Context) (igauth.Grant, error) { return m.to.ExchangeCode(ctx, code) })
}

func (m metaPort) ExtendToken(ctx context.Context, short igauth.Secret) (igauth.Token, error) {
	return port(ctx, m.p, "meta.ExtendToken", func(ctx context.Context) (igauth.Token, error) { return m.to.ExtendToken(ctx, short) })
}

func (m metaPort) RefreshToken(ctx context.Context, token igauth.Secret) (igauth.Token, error) {
	return port(ctx, m.p, "meta.RefreshToken", func(ctx context.Context) (igauth.Token, error) { return m.to.RefreshToken(ctx, token) })
}

func (m metaPort) Profile(ctx context.Context, token igauth.Secret) (igauth.Profile, error) {
	return port(ctx, m.p, "meta.Profile", func(ctx context.Context) (igauth.Profile, error) { return m.to.Profile(ctx, token) })
}

var (
	_ igauth.Ledger    = ledgerPort{}
	_ igauth.Vault     = vaultPort{}
	_ igauth.Exchanger = metaPort{}
	_ igauth.Renewer   = metaPort{}
)
