package instagram

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// ExchangeCode spends a code
// (https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow).
// Meta names neither the person nor the scopes: [Facebook.Inspect] does.
//
// Codes of a configuration are said to be bound to no redirect URI in some cases,
// and Meta then refuses ours, with code 100 and subcode 36008
// (https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business
// leaves it out). Such a code is tried once more without. Whether the first try
// spends it is not known. If it does, the second is refused as well and nothing
// is lost, and the first refusal is what is told; if not, the second succeeds. It
// opens no door: a code that is bound to a redirect URI is refused without one.
// Codes that were asked for with scopes are always bound, and are tried once.
func (f *Facebook) ExchangeCode(ctx context.Context, code igauth.Secret) (igauth.Grant, error) {
	grant, err := f.exchangeCode(ctx, code, url.Values{"redirect_uri": {f.redirectURI}})
	if f.configID == "" || igauth.CodeOf(err) != igauth.CodeRedirectURI {
		return grant, err
	}
	grant, again := f.exchangeCode(ctx, code, url.Values{})
	if again == nil || igauth.ClassOf(again) == igauth.ClassThrottled ||
		igauth.ClassOf(again) == igauth.ClassTransient && igauth.CodeOf(again) != igauth.CodeMetaRefused {
		return grant, again
	}
	return igauth.Grant{}, err
}

func (f *Facebook) exchangeCode(ctx context.Context, code igauth.Secret, query url.Values) (igauth.Grant, error) {
	query.Set("code", code.Reveal())
	t, err := f.askForToken(ctx, query)
	if err != nil {
		return igauth.Grant{}, err
	}
	return igauth.Grant{Token: t.AccessToken.secret()}, nil
}

// ExtendToken exchanges a person's token for a long-lived one. With one that is
// long-lived already this is how accounts of Facebook Login are renewed
// (https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived).
func (f *Facebook) ExtendToken(ctx context.Context, user igauth.Secret) (igauth.Token, error) {
	now := f.now()
	t, err := f.askForToken(ctx, url.Values{
		"grant_type":        {"fb_exchange_token"},
		"fb_exchange_token": {user.Reveal()},
	})
	if err != nil {
		return igauth.Token{}, err
	}
	return t.since(now), nil
}

// askForToken asks for a token. It sends the app secret itself, and no proof of
// it.
func (f *Facebook) askForToken(ctx context.Context, query url.Values) (tokenAnswer, error) {
	query.Set("client_id", f.appID)
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
// asks in its own name, so that a refusal of the request says nothing about the
// token.
func (f *Facebook) Inspect(ctx context.Context, token igauth.Secret) (igauth.Inspection, error) {
	a, err := withAppSecret(ctx, f.caller, func(secret igauth.Secret) (answer, error) {
		app := igauth.NewSecret(f.appID + "|" + secret.Reveal())
		a, err := f.askProving(ctx, secret, app, http.MethodGet, "/debug_token", url.Values{"input_token": {token.Reveal()}})
		return a, ofAppToken(err)
	})
	if igauth.CodeOf(err) == igauth.CodeTokenOtherApp {
		return igauth.Inspection{Failure: igauth.CodeTokenOtherApp}, nil
	}
	if err != nil {
		return igauth.Inspection{}, err
	}
	return f.inspection(a)
}

// ofAppToken returns what a failure means if the token that was asked with is the
// app's own: for a wrong app secret Meta answers as it does for a dead token
// (https://github.com/invertase/react-native-firebase/issues/1621).
func ofAppToken(err error) error {
	e, ok := errors.AsType[*igauth.Error](err)
	if !ok {
		return err
	}
	about := *e
	switch e.Class {
	case igauth.ClassDead:
		about.Code = igauth.CodeAppSecret
	case igauth.ClassNeedsUser:
		about.Code = igauth.CodeAppMisconfigured
	default:
		return err
	}
	about.Class = about.Code.Class()
	return &about
}

// inspection reads the answer of debug_token. Members that this reader does not
// know are many.
func (f *Facebook) inspection(a answer) (igauth.Inspection, error) {
	var outer struct {
		Data *struct {
			AppID      idText          `json:"app_id"`
			Type       string          `json:"type"`
			Valid      *bool           `json:"is_valid"`
			ExpiresAt  unixTime        `json:"expires_at"`
			DataAccess unixTime        `json:"data_access_expires_at"`
			UserID     idText          `json:"user_id"`
			Scopes     scopeList       `json:"scopes"`
			Error      json.RawMessage `json:"error"`
		} `json:"data"`
	}
	if json.Unmarshal(a.body, &outer) != nil {
		return igauth.Inspection{}, unreadable(a.status, "not the JSON that was expected")
	}
	data := outer.Data
	if data == nil || data.Valid == nil {
		return igauth.Inspection{}, unreadable(a.status, "is_valid is missing")
	}
	i := igauth.Inspection{
		Valid:           *data.Valid,
		AppID:           string(data.AppID),
		Type:            strings.ToUpper(plain(data.Type, 50)),
		AppScopedID:     string(data.UserID),
		ExpiresAt:       data.ExpiresAt.time(),
		DataAccessUntil: data.DataAccess.time(),
		Scopes:          data.Scopes,
	}
	switch {
	case i.AppID != "" && i.AppID != f.appID:
		i.Valid, i.Failure = false, igauth.CodeTokenOtherApp
	case !i.Valid:
		e := whyInvalid(a.status, data.Error)
		if e.Class != igauth.ClassDead && e.Class != igauth.ClassNeedsUser && e.Code != igauth.CodeTokenOtherApp {
			return igauth.Inspection{}, e // no word about the token
		}
		i.Failure = e.Code
	}
	return i, nil
}

// whyInvalid reads the reason for which a token is not valid. Its form is that of
// a failure, but for the name of the subcode.
func whyInvalid(status int, reason json.RawMessage) *igauth.Error {
	if len(reason) == 0 || string(reason) == "null" {
		return &igauth.Error{Code: igauth.CodeTokenInvalid, Class: igauth.CodeTokenInvalid.Class(), Sent: true}
	}
	var m struct {
		metaError
		Short looseCount `json:"subcode"`
	}
	// What cannot be read of it stays zero.
	_ = json.Unmarshal(reason, &m)
	if m.Subcode == 0 {
		m.Subcode = m.Short
	}
	return report{status: status, envelope: graphEnvelope, metaError: m.metaError}.judge()
}

// unixTime is a time in seconds since 1970, 0 for never. Years of more than four
// digits are none.
type unixTime int64

const lastSecond = 253402300799 // of the year 9999

func (t *unixTime) UnmarshalJSON(data []byte) error {
	var seconds wholeCount
	if err := seconds.UnmarshalJSON(data); err != nil || seconds < 0 || seconds > lastSecond {
		return errForm
	}
	*t = unixTime(seconds)
	return nil
}

func (t unixTime) time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(int64(t), 0).UTC()
}
