package instagram

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"igauth/internal/igauth"
)

// professionalPrefix begins every professional account id that was ever seen.
const professionalPrefix = "17841"

// Profile returns whose token it is
// (https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started).
// For some accounts Meta refuses the field user_id; it is then asked once more
// without, and an id that looks like a professional one counts as such.
func (c *Client) Profile(ctx context.Context, token igauth.Secret) (igauth.Profile, error) {
	const fields = "id,username,name,account_type"
	a, err := c.me(ctx, token, "user_id,"+fields)
	if isInvalidParameter(err) {
		if err := igauth.NextTurn(ctx); err != nil {
			return igauth.Profile{}, err
		}
		a, err = c.me(ctx, token, fields)
	}
	if err != nil {
		return igauth.Profile{}, err
	}
	var who profileAnswer
	if err := a.unwrap(&who); err != nil {
		return igauth.Profile{}, unreadable(a.status, err.Error())
	}
	id := who.UserID
	if id == "" && strings.HasPrefix(string(who.ID), professionalPrefix) {
		id = who.ID
	}
	if id == "" {
		return igauth.Profile{}, unreadable(a.status, "no professional account id")
	}
	profile := who.profile()
	profile.ID, profile.AppScopedID = igauth.AccountID(id), string(who.ID)
	return profile, nil
}

// profileAnswer is an account as either graph host shows it. Which of its ids is
// the account's depends on the host.
type profileAnswer struct {
	ID          idText `json:"id"`
	UserID      idText `json:"user_id"`
	Username    string `json:"username"`
	Name        string `json:"name"`
	AccountType string `json:"account_type"`
}

// profile returns what does not depend on it.
func (p profileAnswer) profile() igauth.Profile {
	return igauth.Profile{
		Username: plain(p.Username, 100),
		Name:     plain(p.Name, 200),
		// Meta writes it in two ways: Business and BUSINESS.
		AccountType: strings.ToUpper(plain(p.AccountType, 50)),
	}
}

func (c *Client) me(ctx context.Context, token igauth.Secret, fields string) (answer, error) {
	return c.ask(ctx, http.MethodGet, c.graph, "/me", url.Values{"fields": {fields}, "access_token": {token.Reveal()}})
}

// plain drops control characters and cuts what is too long to be a name.
func plain(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most])
	}
	return text
}
