//go:build race

package soak_test

// The race detector makes everything ten times slower.
func init() { *accounts, *years, resolution = 30, 0.35, 4*day }
