package soak_test

import "time"

// A chance decides what happens, by the seed and by what is asked: so that the
// same is drawn again however the goroutines take their turns.
type chance uint64

// of returns a number in [0, 1) that belongs to a question.
func (c chance) of(question ...uint64) float64 {
	h := uint64(c)
	for _, q := range question {
		h = mix(h ^ q)
	}
	return float64(h>>11) / (1 << 53)
}

// pick returns a number below n that belongs to a question.
func (c chance) pick(n int, question ...uint64) int { return int(c.of(question...) * float64(n)) }

// between returns a time that belongs to a question.
func (c chance) between(from, to time.Duration, question ...uint64) time.Duration {
	return from + time.Duration(c.of(question...)*float64(to-from))
}

// mix is the finalizer of SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// The subjects of questions.
const (
	askCall uint64 = iota + 1
	askKill
	askTick
	askLate
	askDeath
	askDeathKind
	askReturn
	askTrouble
	askMode
	askLatency
	askStream
	askStart
	askOutage
	askConsent
	askBus
	askTravel
	askVisit
)

// How often things go wrong. The numbers are far above those of Meta and AWS.
const (
	metaFails    = 0.02
	storeFails   = 0.004
	busFails     = 0.02
	streamFails  = 0.03
	killed       = 0.03 // of runs
	missed       = 0.02
	twice        = 0.02
	late         = 0.03
	blips        = 1e-4 // calls on which Meta calls a living token dead
	deathsAYear  = 0.3
	troublesYear = 0.15
	byThemselves = 0.05 // owners who connect again before they are told
	visitsAYear  = 8.0  // of persons of Facebook Login, each of which moves their clock
)
