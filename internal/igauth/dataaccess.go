package igauth

import (
	"time"
)

// warnedOfData reports whether the outside was told that access to the account's
// data is going to end.
func (a Account) warnedOfData() bool {
	return !a.DataAccessUntil.IsZero() && a.DataWarnedFor.Equal(a.DataAccessUntil)
}

// setDataAccess takes over till when Meta shows the account's data.
func (a *Account) setDataAccess(at, until time.Time) {
	returned := a.warnedOfData() && endsLater(until, a.DataAccessUntil)
	a.DataAccessUntil = until.UTC()
	if returned {
		a.recover(at)
	}
}

// warnOfData tells that access to the account's data is going to end, once for
// each end.
func (a *Account) warnOfData(at time.Time) {
	if a.DataAccessUntil.IsZero() || a.warnedOfData() || a.DataAccessUntil.Sub(at) > dataWarnWithin {
		return
	}
	a.DataWarnedFor = a.DataAccessUntil
	a.tell(at, EventExpiring, CodeDataAccessEnding, "")
}
