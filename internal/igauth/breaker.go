package igauth

import (
	"slices"
	"sync"
	"time"
)

// A breaker judges whether what fails in a run fails for an account or for all.
//
// Until that is known failures are held: nothing is written of them. Each later
// success speaks for the app, and after three of them a failure is the account's
// own. If instead most fail in the same way, the breaker trips, and what is held
// is dropped. An account that failed before says nothing new by failing again, or
// a few of them, which are asked more often than others, could stop the rest.
type breaker struct {
	// believe is set when Meta has called every token dead for so long that it
	// must be true.
	believe bool

	mu     sync.Mutex
	window []outcome
	latest outcome
	// asked counts all answers, also those that are not in the window, and
	// accepted the good ones.
	asked, accepted int
	held            []*held
	tripped         bool
}

// An outcome is how Meta, or a store on the way to Meta, answered for an account.
type outcome struct {
	ok    bool
	class Class
	code  Code
}

// held is a failure that waits for the judgement.
type held struct {
	outcome
	account AccountID
	// due is since when the account has been.
	due        time.Time
	retryAfter time.Duration
	// own says that the account had troubles of its own before.
	own bool
	// later counts the successes since, and since all answers.
	later, since int
	// write writes the failure down, drop leaves the account as it was.
	write, drop func()
}

const (
	// windowSize is how many outcomes are looked at, and windowLeast how many
	// there must be while the run goes on. When it is over, runLeast are enough,
	// those of the witnesses included.
	windowSize  = 20
	windowLeast = 10
	runLeast    = 3
	// enoughLater is how many successes after a failure acquit the app.
	enoughLater = 3
)

// success counts an answer that makes sense and returns what need no longer be
// held.
func (b *breaker) success() []*held {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	b.accepted++
	b.latest = outcome{ok: true}
	b.count(b.latest)
	for _, h := range b.held {
		h.later++
	}
	return b.free()
}

// free returns what need no longer be held: the app was acquitted, or was not
// convicted for so long that it will not be.
func (b *breaker) free() []*held {
	acquits := func(h *held) bool { return h.later >= enoughLater || h.since > 2*windowSize }
	var free []*held
	for _, h := range b.held {
		h.since++
		if acquits(h) {
			free = append(free, h)
		}
	}
	b.held = slices.DeleteFunc(b.held, acquits)
	return free
}

// A verdict is what the breaker makes of a failure.
type verdict int

const (
	// acquitted says that there is nothing against the app.
	acquitted verdict = iota
	// suspected says that all failed in the same way, but that they were few, or
	// had failed before. Others must be asked.
	suspected
	// convicted says that the app fails.
	convicted
)

// failure holds a failure, judges, and returns what need no longer be held. If the
// app is convicted, what is held is taken with released.
func (b *breaker) failure(h *held) (verdict, []*held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = append(b.held, h)
	b.asked++
	b.latest = h.outcome
	if !h.own {
		b.count(h.outcome)
	}
	switch {
	case b.tripped:
	case !h.own && b.judge():
		b.tripped = true
		return convicted, nil
	case b.accepted == 0 && len(b.held)%windowSize == 0 && b.allHeld(h.class):
		return suspected, nil
	}
	return acquitted, b.free()
}

// allHeld reports whether nothing but failures of a class is held.
func (b *breaker) allHeld(class Class) bool {
	for _, h := range b.held {
		if h.class != class {
			return false
		}
	}
	return ofAll(class)
}

func (b *breaker) count(o outcome) {
	b.window = append(b.window, o)
	b.window = b.window[max(0, len(b.window)-windowSize):]
}

// judge reports whether what the window holds is of the app.
func (b *breaker) judge() bool {
	last := b.window[len(b.window)-1]
	if len(b.window) < windowLeast {
		return ofTheApp(last.code) && b.successes() == 0
	}
	return b.same(last.class) > len(b.window)/2 && (ofAll(last.class) || b.successes() == 0 && !b.believe) ||
		ofTheApp(last.code) && b.successes() == 0
}

// over judges once more when the run has no more work: a short one is not long
// enough for the window, but if all of it failed in the same way that says
// something, too.
func (b *breaker) over() verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tripped || b.accepted > 0 || len(b.held) == 0 || len(b.held) < b.asked || !b.allHeld(b.latest.class) {
		return acquitted
	}
	return suspected
}

// released hands over everything that is held.
func (b *breaker) released() []*held {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.held
	b.held = nil
	return all
}

// last returns the latest outcome, if there is one.
func (b *breaker) last() (last outcome, any bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.latest, b.latest != outcome{}
}

// believes reports whether Meta's first word that a token is dead is enough: it
// has called no other one good since.
func (b *breaker) believes() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.believe && b.successes() == 0
}

// healthy reports whether Meta has accepted a token in this run.
func (b *breaker) healthy() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.successes() > 0
}

// holds reports whether a failure of the account is held.
func (b *breaker) holds(id AccountID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.held, func(h *held) bool { return h.account == id })
}

// calls returns how many accounts were asked about.
func (b *breaker) calls() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func (b *breaker) successes() int {
	return b.matching(func(o outcome) bool { return o.ok })
}

func (b *breaker) same(class Class) int {
	return b.matching(func(o outcome) bool { return !o.ok && o.class == class })
}

func (b *breaker) matching(match func(outcome) bool) int {
	n := 0
	for _, o := range b.window {
		if match(o) {
			n++
		}
	}
	return n
}

// ofAll reports whether failures of a class can hit everybody at once. The others
// are of an account, unless nobody succeeds.
func ofAll(class Class) bool {
	return class == ClassTransient || class == ClassThrottled || class == ClassMisconfigured
}

// ofTheApp reports whether a code speaks of the app by itself.
func ofTheApp(code Code) bool {
	switch code {
	case CodeAppID, CodeAppSecret, CodeAppMisconfigured, CodeAppCapability, CodeGraphVersion:
		return true
	}
	return false
}
