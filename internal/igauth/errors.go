package igauth

import (
	"errors"
	"time"
)

// A Class says what a failure means for an account, and so what to do next. It
// is decided once, where the answer of Meta or of a store comes in.
type Class string

// The classes of failure.
const (
	// ClassTransient may pass by itself: an outage, a timeout, an answer that
	// makes no sense. Anything unknown is of this class.
	ClassTransient Class = "transient"
	// ClassThrottled is Meta asking for fewer calls.
	ClassThrottled Class = "throttled"
	// ClassDead is Meta saying that the token is no longer valid. It is the only
	// class that leads to StatusReauthRequired.
	ClassDead Class = "dead"
	// ClassNeedsUser asks the account's owner to do something at Instagram; the
	// token itself may be fine.
	ClassNeedsUser Class = "needs_user"
	// ClassMisconfigured is a fault of the Meta app or of this installation. It
	// says nothing about any account.
	ClassMisconfigured Class = "misconfigured"
	// ClassTooYoung refuses a refresh of a token younger than 24 hours.
	ClassTooYoung Class = "too_young"
	// ClassRefused is a request of our own caller that cannot be served.
	ClassRefused Class = "refused"
)

// Sentinels that every Ledger and Vault returns, to be tested with [errors.Is].
var (
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a record was saved by somebody else since it was
	// read. What is in the ledger now is theirs.
	ErrConflict = errors.New("changed since it was read")
	// ErrDamaged says that a record cannot be read. Others are not affected.
	ErrDamaged = errors.New("a record cannot be read")
)

// An Error is a failure with a stable code from the dictionary. Its text holds
// no token, code, secret, state, URL or body of an answer.
type Error struct {
	Code  Code
	Class Class
	// Detail is a remark for the log, such as Meta's numbers.
	Detail string
	// RetryAfter is how long Meta asked to wait; zero when it did not say.
	RetryAfter time.Duration
	// Sent reports whether the request may have reached Meta, so that the
	// answer is unknown rather than no.
	Sent bool
	// Err is the cause; it obeys the same rule as the text.
	Err error
}

// Error returns the code, the remark and the cause.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// newError returns an Error with the class that the dictionary gives its code.
func newError(code Code, cause error) *Error {
	return &Error{Code: code, Class: code.Class(), Err: cause}
}

// CodeOf returns the code of the nearest Error in err's chain. Any other error
// came from a store or from this program, which is CodeUnavailable.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeUnavailable
}

// ClassOf returns the class of the nearest Error in err's chain, and
// ClassTransient for any other error: what is not understood changes nothing.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return ClassTransient
}
