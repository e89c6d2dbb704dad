package instagram

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// ExchangeCode spends a code
// (https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business).
// Meta names neither the person nor the scopes: [Facebook.Inspect] does. The token
// of a configuration for system users is long-lived already.
//
// A code that a configuration gave may have come without a redirect_uri, and Meta
// then refuses one with code 100/36008; Meta's own example leaves it out. It is
// asked once more without. That can lose nothing: if the first try has spent
// the code, no second one can help, and if it has not, the second may. Nor does it
// open a door: a code that came with a redirect_uri is refused without. Should
// Meta say no again, the first no is the one that is told.
func (f *Facebook) ExchangeCode(ctx context.Context, code igauth.Secret) (igauth.Grant, error) {
	grant, err := f.exchangeCode(ctx, code, url.Values{"redirect_uri": {f.redirectURI}})
	if f.configID == "" || igauth.CodeOf(err) != igauth.CodeRedirectURI {
		return grant, err
	}
	grant, again := f.exchangeCode(ctx, code, url.Values{})
	switch igauth.CodeOf(again) {
	case igauth.CodeMetaUnavailable, igauth.CodeMetaUnreadable, igauth.CodeRateLimited:
		return grant, again
	}
	if again != nil {
		return grant, err
	}
	return grant, nil
}

func (f *Facebook) exchangeCode(ctx context.Context, code igauth.Secret, query url.Values) (igauth.Grant, error) {
	query.Set("client_id", f.appID)
	query.Set("code", code.Reveal())
	t, err := f.askForToken(ctx, query)
	if err != nil {
		return igauth.Grant{}, err
	}
	return igauth.Grant{Token: t.AccessToken.secret()}, nil
}

// ExtendToken exchanges a person's token for a long-lived one; with one that is
// long-lived this is how Facebook Login is renewed
// (https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived).
func (f *Facebook) ExtendToken(ctx context.Context, user igauth.Secret) (igauth.Token, error) {
	now := f.now()
	t, err := f.askForToken(ctx, url.Values{
		"grant_type":        {"fb_exchange_token"},
		"client_id":         {f.appID},
		"fb_exchange_token": {user.Reveal()},
	})
	if err != nil {
		return igauth.Token{}, err
	}
	return t.since(now), nil
}

// askForToken asks for a token. The app secret itself is sent, so that no proof of
// it is.
func (f *Facebook) askForToken(ctx context.Context, query url.Values) (tokenAnswer, error) {
	a, err := withAppSecret(ctx, f.caller, func(secret igauth.Secret) (answer, error) {
		query.Set("client_secret", secret.Reveal())
		return f.ask(ctx, http.MethodGet, f.graph, "/"+GraphVersion+"/oauth/access_token", query)
	})
	if err != nil {
		return tokenAnswer{}, err
	}
	t, e := a.token()
	if e != nil {
		return tokenAnswer{}, e
	}
	if t.ExpiresIn < 0 {
		return tokenAnswer{}, unreadable(a.status, "expires_in is negative")
	}
	return t, nil
}

// Inspect tells what Meta knows of a token
// (https://developers.facebook.com/docs/graph-api/reference/debug_token). The app
// asks for itself, with its own token.
func (f *Facebook) Inspect(ctx context.Context, token igauth.Secret) (igauth.Inspection, error) {
	a, err := withAppSecret(ctx, f.caller, func(secret igauth.Secret) (answer, error) {
		app := igauth.NewSecret(f.appID + "|" + secret.Reveal())
		a, err := f.askProving(ctx, app, secret, http.MethodGet, "/debug_token", url.Values{"input_token": {token.Reveal()}})
		return a, aboutApp(err)
	})
	if igauth.CodeOf(err) == igauth.CodeTokenOtherApp {
		return igauth.Inspection{Failure: igauth.CodeTokenOtherApp}, nil
	}
	if err != nil {
		return igauth.Inspection{}, err
	}
	return a.inspection()
}

// inspection reads the answer of debug_token.
func (a answer) inspection() (igauth.Inspection, error) {
	var outer struct {
		Data struct {
			AppID      idText          `json:"app_id"`
			Type       string          `json:"type"`
			Valid      *bool           `json:"is_valid"`
			ExpiresAt  wholeCount      `json:"expires_at"`
			DataAccess wholeCount      `json:"data_access_expires_at"`
			UserID     idText          `json:"user_id"`
			Scopes     scopeList       `json:"scopes"`
			Error      json.RawMessage `json:"error"`
		} `json:"data"`
	}
	if json.Unmarshal(a.body, &outer) != nil {
		return igauth.Inspection{}, unreadable(a.status, "not the JSON that was expected")
	}
	data := outer.Data
	if data.Valid == nil {
		return igauth.Inspection{}, unreadable(a.status, "is_valid is missing")
	}
	i := igauth.Inspection{
		Valid:       *data.Valid,
		AppID:       string(data.AppID),
		Type:        strings.ToUpper(plain(data.Type, 50)),
		AppScopedID: string(data.UserID),
		ExpiresAt:   moment(data.ExpiresAt), DataAccessUntil: moment(data.DataAccess),
		Scopes: data.Scopes,
	}
	return i, nil
}

// moment is a Unix time in UTC; 0 is never.
func moment(seconds wholeCount) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

func aboutApp(err error) error { return err }
