package igauth

import (
	"context"
	"time"
)

// FacebookExchanger is what Meta's API offers, behind Facebook Login, to connect
// accounts. Each method is one request; none repeats it. Errors are of type
// *Error.
type FacebookExchanger interface {
	// ExchangeCode spends a code for a person's token of an hour or two. If the
	// error says Sent, the code may be spent.
	ExchangeCode(ctx context.Context, code Secret) (Grant, error)
	FacebookRenewer
}

// FacebookRenewer is what Meta's API offers, behind Facebook Login, to keep
// accounts. Each method is one request; none repeats it. Errors are of type
// *Error.
type FacebookRenewer interface {
	// ExtendToken exchanges a person's token, short- or long-lived, for a
	// long-lived one. Its ExpiresAt is zero if Meta names no end: [Inspection]
	// tells.
	ExtendToken(ctx context.Context, user Secret) (Token, error)
	// Inspect tells what Meta knows of a token. A token that is dead is no error:
	// Valid is false.
	Inspect(ctx context.Context, token Secret) (Inspection, error)
	// Pages returns some of the Facebook Pages that a person's token shows, and
	// the cursor to go on after, "" at the end.
	Pages(ctx context.Context, user Secret, after string) (pages []Page, next string, err error)
	// PageToken returns the token of one Page.
	PageToken(ctx context.Context, page string, user Secret) (Secret, error)
	// Profile returns who the Instagram account is that a Page's token reaches.
	// It knows no AppScopedID.
	Profile(ctx context.Context, account AccountID, token Secret) (Profile, error)
}

// A Page is a Facebook Page as a person's token shows it.
type Page struct {
	ID   string
	Name string
	// Token is the Page's own token: what consumers of the account get.
	Token Secret
	// Account is the Instagram account that is linked to the Page, "" if none is.
	Account  AccountID
	Username string
	// Tasks are what the person may do on the Page, such as MANAGE; nil when Meta
	// did not say.
	Tasks []string
}

// An Inspection is what Meta knows of a token
// (https://developers.facebook.com/docs/graph-api/reference/debug_token).
type Inspection struct {
	Valid bool
	// Failure is why the token is not valid; "" if it is.
	Failure Code
	AppID   string
	// Type is upper case: USER, PAGE or SYSTEM_USER.
	Type string
	// AppScopedID is the person's, as Meta's callbacks name them.
	AppScopedID string
	// ExpiresAt is when the token ends, DataAccessUntil when Meta stops to show
	// the person's data to it; zero means never.
	ExpiresAt       time.Time
	DataAccessUntil time.Time
	// Scopes were granted, sorted.
	Scopes []string
}
