package secrets

import (
	"encoding/json"
	"errors"
	"time"

	"igauth/internal/igauth"
)

// value is the JSON object in an account's secret, as the package's comment
// documents it.
type value struct {
	AccessToken     string           `json:"access_token"`
	TokenType       string           `json:"token_type"`
	AccountID       igauth.AccountID `json:"account_id"`
	AppScopedID     string           `json:"app_scoped_id"`
	Username        string           `json:"username"`
	IssuedAt        time.Time        `json:"issued_at"`
	ExpiresAt       time.Time        `json:"expires_at,omitzero"`
	DataAccessUntil time.Time        `json:"data_access_until,omitzero"`
	UserToken       string           `json:"user_access_token,omitempty"`
	Scopes          []string         `json:"scopes"`
	Generation      int64            `json:"generation"`
}

// bearer is the only type of token that there is.
const bearer = "bearer"

// encode returns the text of a secret. It is secret itself.
func encode(slot igauth.Slot, profile igauth.Profile, token igauth.Token) (igauth.Secret, error) {
	text, err := json.Marshal(value{
		AccessToken:     token.Value.Reveal(),
		TokenType:       bearer,
		AccountID:       slot.Account,
		AppScopedID:     profile.AppScopedID,
		Username:        profile.Username,
		IssuedAt:        token.IssuedAt.UTC(),
		ExpiresAt:       token.ExpiresAt.UTC(),
		DataAccessUntil: token.DataAccessUntil.UTC(),
		UserToken:       token.UserToken.Reveal(),
		Scopes:          token.Scopes,
		Generation:      slot.Generation,
	})
	if err != nil {
		// A time beyond the year 9999; nothing else can fail.
		return igauth.Secret{}, errors.New("the token's times cannot be written down")
	}
	return igauth.NewSecret(string(text)), nil
}

// decode reads the token of an account from the text of its secret. Its errors
// do not wrap those of encoding/json, which may quote what they could not read.
func decode(account igauth.AccountID, text string) (igauth.Token, error) {
	var v value
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return igauth.Token{}, errors.New("the secret's value is not the JSON object that this program writes")
	}
	if v.AccessToken == "" || v.AccountID != account {
		return igauth.Token{}, errors.New("the secret's value has no access_token, or the account_id of another account")
	}
	token := igauth.Token{
		Value:           igauth.NewSecret(v.AccessToken),
		IssuedAt:        v.IssuedAt.UTC(),
		ExpiresAt:       v.ExpiresAt.UTC(),
		DataAccessUntil: v.DataAccessUntil.UTC(),
		Scopes:          v.Scopes,
	}
	if v.UserToken != "" {
		token.UserToken = igauth.NewSecret(v.UserToken)
	}
	return token, nil
}
