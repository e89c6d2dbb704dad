package soak_test

import (
	"fmt"
	"math"
	"slices"
	"time"
)

const day = 24 * time.Hour

// An outage is a time in which something fails for everybody.
type outage struct {
	what     string
	from, to time.Time
	// share is the part of the calls that it hits.
	share float64
}

// What can be out.
const (
	outLedger   = "ledger"
	outVault    = "vault"
	outBus      = "bus"
	outSchedule = "schedule"
)

// appWide are the ways in which Meta fails for everybody.
var appWide = []fault{faultUnavailable, faultHang, faultThrottle, faultAppUnknown, faultAllDead, faultHTML, faultUnreachable, faultEmpty}

// A plan is when what is out.
type plan struct {
	outages []outage // in order
	// long is Meta's long outage.
	long outage
}

// newPlan spreads the outages over a life: one of everything that must occur, and
// short ones of Meta till they are a hundredth of the time.
func newPlan(c chance, from, to time.Time) plan {
	life := to.Sub(from)
	at := func(part float64, what string, length time.Duration) outage {
		begin := from.Add(time.Duration(float64(life) * part)).Add(c.between(0, day, askOutage, uint64(part*100)))
		return outage{what, begin, begin.Add(length), 1}
	}
	var p plan
	p.long = at(0.40, string(faultUnavailable), 25*day)
	p.outages = []outage{
		at(0.20, outLedger, 3*day),
		at(0.27, outVault, 3*day),
		p.long,
		at(0.75, outBus, day),
		at(0.85, outSchedule, 2*day),
	}
	var sum time.Duration
	for n := uint64(0); sum < life/100 || int(n) < 2*len(appWide); n++ {
		kind := appWide[int(n)%len(appWide)]
		length := time.Duration(float64(5*time.Minute) * math.Pow(float64(2*day)/float64(5*time.Minute), c.of(askOutage, n, 1)))
		if int(n) < len(appWide) {
			length = c.between(6*time.Hour, 2*day, askOutage, n, 2)
		}
		if kind == faultAllDead {
			length = min(length, *allDead)
		}
		o := outage{what: string(kind), share: 1}
		if kind != faultAllDead && kind != faultAppUnknown && c.of(askOutage, n, 3) < 0.3 {
			o.share = 0.75
		}
		for try := uint64(0); ; try++ {
			o.from = from.Add(c.between(20*day, life-5*day, askOutage, n, 4, try)).Truncate(time.Second)
			o.to = o.from.Add(length)
			if !p.disturbs(o) {
				break
			}
			if try > 1000 {
				panic("no room for an outage")
			}
		}
		p.outages = append(p.outages, o)
		sum += length
	}
	slices.SortFunc(p.outages, func(a, b outage) int { return a.from.Compare(b.from) })
	return p
}

// longestAllDead bounds how long Meta calls every token dead by mistake. What it
// says for 18 hours is believed, since nobody can tell it from the truth.
const longestAllDead = 16 * time.Hour

// disturbs reports whether an outage is too close to another one. Nobody survives
// a long one that begins when another has just used up the time.
func (p plan) disturbs(o outage) bool {
	for _, other := range p.outages {
		margin := 12 * time.Hour
		if other == p.long {
			margin = 8 * day
		}
		if o.to.After(other.from.Add(-margin)) && o.from.Before(other.to.Add(margin)) {
			return true
		}
	}
	return false
}

// nearLong reports whether a time is so close to the long outage that an account
// which is in trouble of its own would not survive it.
func (p plan) nearLong(from, to time.Time) bool {
	return to.After(p.long.from.Add(-15*day)) && from.Before(p.long.to.Add(day))
}

func (o outage) String() string {
	return fmt.Sprintf("%s from %s for %s", o.what, o.from.Format("2006-01-02 15:04"), o.to.Sub(o.from).Round(time.Minute))
}

// A calendar finds the outage of a time. It is asked at every call, with times
// that only grow.
type calendar struct {
	outages []outage
	first   int // before it all are over
}

// at returns the outage at a time that matches.
func (c *calendar) at(now time.Time, match func(outage) bool) (outage, bool) {
	for c.first < len(c.outages) && c.outages[c.first].to.Add(day).Before(now) {
		c.first++
	}
	for _, o := range c.outages[c.first:] {
		if o.from.After(now) {
			break
		}
		if now.Before(o.to) && match(o) {
			return o, true
		}
	}
	return outage{}, false
}

// ofMeta reports whether it is Meta that fails.
func ofMeta(o outage) bool {
	switch o.what {
	case outLedger, outVault, outBus, outSchedule:
		return false
	}
	return true
}
