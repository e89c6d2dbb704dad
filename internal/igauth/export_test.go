package igauth

import "time"

// Paced returns a Renewer that asks perSecond times at most.
func Paced(meta Renewer, perSecond float64) Renewer {
	return pacedRenewer{meta, newPace(perSecond)}
}

// The pauses between tries are as long as they are for the sake of others. Tests
// have nobody to wait for.
func init() {
	storePauses = []time.Duration{time.Millisecond, 4 * time.Millisecond}
	metaPauses = []time.Duration{2 * time.Millisecond, 8 * time.Millisecond}
}
