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
// is dropped.
type breaker struct {
	// believe is set when Meta has called every token dead for so long that it
	// must be true.
	believe bool

	mu      sync.Mutex
	window  []outcome
	held    []*held
	tripped bool
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
	id AccountID
	// due is since when the account has been.
	due        time.Time
	retryAfter time.Duration
	// later counts the successes since.
	later int
	// write writes the failure down, drop leaves the account as it was.
	write, drop func()
}

const (
	// windowSize is how many outcomes are looked at, and windowLeast how many
	// there must be while the run goes on; runLeast is enough when it is over.
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
	b.count(outcome{ok: true})
	var free []*held
	for _, h := range b.held {
		h.later++
		if h.later >= enoughLater {
			free = append(free, h)
		}
	}
	b.held = slices.DeleteFunc(b.held, func(h *held) bool { return h.later >= enoughLater })
	return free
}

// failure holds a failure. If it trips the breaker, the answer is what it tripped
// over; everything held is then taken with released.
func (b *breaker) failure(h *held) (tripped bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = append(b.held, h)
	b.count(h.outcome)
	if b.tripped || !b.judge() {
		return false
	}
	b.tripped = true
	return true
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
func (b *breaker) over() (tripped bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tripped || len(b.window) < runLeast || b.successes() > 0 {
		return false
	}
	class := b.window[0].class
	b.tripped = ofAll(class) && b.same(class) == len(b.window)
	return b.tripped
}

// released hands over everything that is held.
func (b *breaker) released() []*held {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.held
	b.held = nil
	return all
}

// holds reports whether a failure of an account is held.
func (b *breaker) holds(id AccountID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.held, func(h *held) bool { return h.id == id })
}

// last returns the latest outcome, if there is one.
func (b *breaker) last() (last outcome, any bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.window) == 0 {
		return outcome{}, false
	}
	return b.window[len(b.window)-1], true
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
	return code == CodeAppID || code == CodeAppSecret || code == CodeAppMisconfigured
}
