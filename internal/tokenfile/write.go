package tokenfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"igauth/internal/igauth"
)

// Exported is an account with its token, to be taken away.
type Exported struct {
	ID       igauth.AccountID
	Username string
	Token    igauth.Secret
	// IssuedAt and ExpiresAt may be zero when nobody knows them.
	IssuedAt  time.Time
	ExpiresAt time.Time
	// Scopes are nil when Meta did not say what was granted.
	Scopes []string
	// Login is through which of Meta's doors the account came. With Facebook Login
	// there are also the Page, the person's token, from which Token is made, and
	// the end of access to data.
	Login           igauth.Login
	PageID          string
	UserToken       igauth.Secret
	DataAccessUntil time.Time
}

// exported is an account as it is written. The names are a contract.
type exported struct {
	ID          igauth.AccountID `json:"id"`
	Username    string           `json:"username"`
	AccessToken string           `json:"access_token"`
	IssuedAt    time.Time        `json:"issued_at,omitzero"`
	ExpiresAt   time.Time        `json:"expires_at,omitzero"`
	Scopes      []string         `json:"scopes,omitzero"`

	Login           igauth.Login `json:"login,omitempty"`
	PageID          string       `json:"page_id,omitempty"`
	UserToken       string       `json:"user_access_token,omitempty"`
	DataAccessUntil time.Time    `json:"data_access_until,omitzero"`
}

// Write writes accounts with their tokens in plain text, in the order given. What
// it writes is a contract: other tools may rely on it, [Read] reads it back, and
// later versions only add keys.
//
//	{
//	  "accounts": [
//	    {
//	      "id": "17841401313574613",
//	      "username": "shop",
//	      "access_token": "IGAA…",
//	      "issued_at": "2026-05-01T08:00:00Z",
//	      "expires_at": "2026-06-30T08:00:00Z",
//	      "scopes": ["instagram_business_basic"],
//	      "login": "instagram"
//	    }
//	  ]
//	}
//
// It is UTF-8. The id is the account's user_id, as text. Times are RFC 3339 in UTC
// and may have a fraction of a second. issued_at, expires_at and scopes are left
// out when they are not known, and expires_at also when the token never ends.
// login is instagram or facebook, and left out when it is not known. Accounts of
// Facebook Login have page_id, user_access_token, which is the person's token, and
// data_access_until, each left out when there is none. The other keys are always
// there, and so is the list, if empty.
//
// Whoever can read the file can act as these accounts: the caller writes it for its
// owner alone. If an account has no token that could be read back, nothing is
// written.
func Write(w io.Writer, accounts []Exported) error {
	document := struct {
		Accounts []exported `json:"accounts"`
	}{make([]exported, 0, len(accounts))}
	for i, a := range accounts {
		token, userToken := a.Token.Reveal(), a.UserToken.Reveal()
		if token == "" || !writable(token) || !writable(userToken) {
			return &Error{Where: fmt.Sprintf("accounts[%d]", i), Problem: "the account has no token that can be written"}
		}
		document.Accounts = append(document.Accounts, exported{
			ID: a.ID, Username: a.Username, AccessToken: token,
			IssuedAt: a.IssuedAt.UTC(), ExpiresAt: a.ExpiresAt.UTC(), Scopes: a.Scopes,
			Login: a.Login, PageID: a.PageID, UserToken: userToken, DataAccessUntil: a.DataAccessUntil.UTC(),
		})
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("writing accounts: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing accounts: %w", err)
	}
	return nil
}

// writable reports whether a token is read back as it is written.
func writable(token string) bool { return token == trim(token) && utf8.ValidString(token) }
