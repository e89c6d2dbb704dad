package igauth

// Paced returns a Renewer that asks perSecond times at most.
func Paced(meta Renewer, perSecond float64) Renewer {
	return pacedRenewer{meta, newPace(perSecond)}
}
