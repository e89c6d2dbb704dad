package soak_test

import (
	"context"
	"fmt"
	"math"
	"time"

	"igauth/internal/igauth"
)

// A person is the owner of an account.
type person struct {
	n    int
	id   igauth.AccountID
	mode mode
	// facebook says that the account is reached through Facebook Login; then seenAt is
	// the person's last visit, and lost role says that they have no more to do with
	// the Page.
	facebook bool
	seenAt   time.Time
	roleLost bool
	// unwarned counts the hours in which somebody could have warned of the end of
	// data access.
	unwarned int
	warned   time.Time
	// tokens are those that Meta may still accept, and stored is the one of the
	// account's row.
	tokens []*metaToken
	stored *metaToken
	// status and issued are the row's.
	status igauth.Status
	issued time.Time
	// calls counts Meta's calls, storeCalls those of the stores; connections the
	// consents that were committed, consents the tries.
	calls, storeCalls     uint64
	connections, consents uint64
	// atWindow says that the person is connecting the account, and has no second
	// window open.
	atWindow bool

	// trouble is what Meta says of this account alone, until a time.
	trouble            fault
	troubleUntil       time.Time
	blipped            time.Time
	struck             time.Time // a fault hit a call of this person
	ended, lost, asked bool
	// waited counts the hours since the end in which somebody could have noticed.
	waited int
}

func (p *person) scoped() string { return fmt.Sprintf("2%016d", p.n) }

func (p *person) username() string { return fmt.Sprintf("owner.%d", p.n) }

// fates decides what happens to a connection: when it ends and when it is in
// trouble.
func (w *world) fates(p *person) {
	if w.only != nil {
		return
	}
	this := p.connections
	w.in(w.exponential(deathsAYear, askDeath, uint64(p.n), this), func() {
		if p.connections == this {
			w.end(p)
		}
	})
	var again func(n uint64)
	again = func(n uint64) {
		w.in(w.exponential(troublesYear, askTrouble, uint64(p.n), this, n), func() {
			now := time.Now()
			length := w.chance.between(2*time.Hour, 8*day, askTrouble, uint64(p.n), this, n, 1)
			if w.chance.of(askTrouble, uint64(p.n), this, n, 3) < 0.2 {
				// So long that the owner must be warned.
				length = w.chance.between(12*day, 21*day, askTrouble, uint64(p.n), this, n, 1)
			}
			if p.connections != this {
				return
			}
			if !w.plan.nearLong(now, now.Add(length)) {
				p.trouble, p.troubleUntil = faultCheckpoint, now.Add(length)
				if w.chance.of(askTrouble, uint64(p.n), this, n, 2) < 0.5 {
					p.trouble = faultTransient
				}
			}
			again(n + 1)
		})
	}
	again(0)
}

// exponential returns after how many hours something happens that happens so
// often a year.
func (w *world) exponential(aYear float64, question ...uint64) int {
	hours := -math.Log(1-w.chance.of(question...)) / aYear * 365 * 24
	return int(min(hours, 1e7))
}

// end is an owner who takes the account away.
func (w *world) end(p *person) {
	if p.ended || !p.stored.accepted(time.Now()) {
		return
	}
	why := causePassword
	if w.chance.of(askDeathKind, uint64(p.n), p.connections) < 0.5 {
		why = causeRemoved
	}
	if p.facebook && w.chance.of(askDeathKind, uint64(p.n), p.connections, 1) < 0.5 {
		// The person's own token lives on.
		p.roleLost, why = true, causeRole
	}
	for _, token := range p.tokens {
		if token.dead == "" && (why != causeRole || token.page) {
			token.dead = why
		}
	}
	p.ended = true
	w.deaths++
	w.awaited[p] = true
	if w.chance.of(askReturn, uint64(p.n), p.connections, 1) < byThemselves {
		w.in(w.chance.pick(30, askReturn, uint64(p.n), p.connections, 2), func() { w.comeBack(p, p.connections) })
	}
}

// isTold is the outside that has learned of an account's end.
func (w *world) isTold(p *person) {
	if w.awaited[p] {
		w.reported++
		w.slowest = max(w.slowest, p.waited)
		delete(w.awaited, p)
	}
	if !p.asked {
		p.asked = true
		this := p.connections
		w.in(2+w.chance.pick(20*24, askReturn, uint64(p.n), this), func() { w.comeBack(p, this) })
	}
}

// comeBack is an owner who connects the account again.
func (w *world) comeBack(p *person, connections uint64) {
	if p.connections == connections {
		go w.connect(p)
	}
}

// connect goes through Instagram's window, and again after a while until the
// account is connected.
func (w *world) connect(p *person) {
	w.mu.Lock()
	if p.atWindow {
		w.mu.Unlock()
		return
	}
	p.atWindow = true
	p.consents++
	n := p.consents
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		p.atWindow = false
		w.mu.Unlock()
	}()
	time.Sleep(w.chance.between(0, time.Minute, askTravel, uint64(p.n)))
	arrival := igauth.Arrival{
		Flow:            igauth.FlowID(fmt.Sprintf("flow-%d-%d", p.n, n)),
		FlowExpiresAt:   time.Now().Add(10 * time.Minute),
		RequestedScopes: []string{igauth.ScopeBasic},
		Code:            igauth.NewSecret(w.meta.consent(p)),
		ClaimHash:       "0",
	}
	if p.facebook {
		arrival.Login, arrival.RequestedScopes = igauth.LoginFacebook, facebookScopes
	}
	deadly := 0.0
	if !w.calm.Load() && w.only == nil && w.chance.of(askKill, 'c', uint64(p.n), n) < killed {
		deadly = 0.2
	}
	connected := false
	for range 2 {
		w.invoke(29*time.Second, deadly, func(ctx context.Context, f *function) {
			outcome, err := f.connector.Finish(ctx, arrival)
			connected = err == nil && outcome.Code == igauth.CodeConnected
		})
		if connected {
			return
		}
		deadly = 0
		time.Sleep(time.Minute)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	this := p.connections
	w.in(1+w.chance.pick(24, askConsent, uint64(p.n), n), func() {
		if p.connections == this || !p.status.Live() {
			go w.connect(p)
		}
	})
}
