//go:build race

package scale

// withRace is whether the race detector watches, whose own memory is more than
// what is measured.
const withRace = true
