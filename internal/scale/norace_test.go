//go:build !race

package scale

const withRace = false
