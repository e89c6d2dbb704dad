// Package dictionary has no code of its own. Its tests produce every error of the
// dictionary where people and programs meet it: with the real handlers and the
// real clients, in front of the simulator.
package dictionary
