package igauth

import (
	"errors"
	"time"
)

// Usage is how much of what Meta allows was used up, as Meta's answers tell
// (https://developers.facebook.com/docs/graph-api/overview/rate-limiting). Zero
// means that Meta did not say; 100 is the limit, and there may be more.
type Usage struct {
	// AppPercent is of the app as a whole.
	AppPercent int
	// BusinessPercent is the highest among the accounts that the answer speaks
	// of. Their limits are their own, and slow nobody else down.
	BusinessPercent int
	// RegainAfter is the longest time until one of those accounts may be asked
	// about again.
	RegainAfter time.Duration
}

// ErrAppLimit is the cause of a CodeRateLimited error with which Meta limits the
// app as a whole, and not the calls for one account.
var ErrAppLimit = errors.New("the app as a whole is limited")
