package instagram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// ConsentURL returns the address of the consent window
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login).
// enable_fb_login keeps its default, true: without it, accounts that are reached
// only through their linked Facebook login are locked out.
func (c *Client) ConsentURL(r igauth.ConsentRequest) *url.URL {
	u := c.www.JoinPath("/oauth/authorize")
	query := url.Values{
		"client_id":       {c.appID},
		"redirect_uri":    {c.redirectURI},
		"response_type":   {"code"},
		"scope":           {strings.Join(r.Scopes, ",")},
		"state":           {r.State.Reveal()},
		"enable_fb_login": {"true"},
	}
	if r.ForceReauth {
		query.Set("force_reauth", "true")
	}
	u.RawQuery = query.Encode()
	return u
}

// ExchangeCode spends a code. The body is multipart/form-data, which is what
// Meta documents and the only form that nobody has reported as refused.
//
// It is one request, and another one when Meta refuses the app secret and there
// is an earlier one: Meta then did not look at the code.
func (c *Client) ExchangeCode(ctx context.Context, code igauth.Secret) (igauth.Grant, error) {
	return withAppSecret(ctx, c.caller, func(secret igauth.Secret) (igauth.Grant, error) {
		return c.exchangeCode(ctx, secret, code)
	})
}

func (c *Client) exchangeCode(ctx context.Context, secret, code igauth.Secret) (igauth.Grant, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{
		{"client_id", c.appID},
		{"client_secret", secret.Reveal()},
		{"grant_type", "authorization_code"},
		{"redirect_uri", c.redirectURI},
		{"code", code.Reveal()},
	} {
		if err := form.WriteField(field[0], field[1]); err != nil {
			return igauth.Grant{}, unreachable(err, false)
		}
	}
	if err := form.Close(); err != nil {
		return igauth.Grant{}, unreachable(err, false)
	}
	req, err := http.NewRequest(http.MethodPost, c.api.JoinPath("/oauth/access_token").String(), &body)
	if err != nil {
		return igauth.Grant{}, unreachable(errors.New("the request could not be made"), false)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	a, err := c.do(ctx, req)
	if err != nil {
		return igauth.Grant{}, err
	}
	t, e := a.token()
	if e != nil {
		return igauth.Grant{}, e
	}
	return igauth.Grant{Token: t.AccessToken.secret(), AppScopedID: string(t.UserID), Scopes: t.Permissions}, nil
}

// ExtendToken exchanges a short-lived token for a long-lived one
// (https://developers.facebook.com/documentation/instagram-platform/reference/access_token).
func (c *Client) ExtendToken(ctx context.Context, short igauth.Secret) (igauth.Token, error) {
	return withAppSecret(ctx, c.caller, func(secret igauth.Secret) (igauth.Token, error) {
		return c.longLived(ctx, "/access_token", url.Values{
			"grant_type":    {"ig_exchange_token"},
			"client_secret": {secret.Reveal()},
			"access_token":  {short.Reveal()},
		})
	})
}

// RefreshToken gives a long-lived token that is at least 24 hours old another
// life; it needs no secret but the token
// (https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token).
// The text that comes back may be the same.
func (c *Client) RefreshToken(ctx context.Context, token igauth.Secret) (igauth.Token, error) {
	return c.longLived(ctx, "/refresh_access_token", url.Values{
		"grant_type":   {"ig_refresh_token"},
		"access_token": {token.Reveal()},
	})
}

const (
	// defaultLife is assumed when Meta names an implausibly long one.
	defaultLife = 60 * 24 * time.Hour
	// longestLife is the longest that is believed. Meta documents 60 days and is
	// seen to answer a few minutes less or more.
	longestLife = 90 * 24 * time.Hour
)

// longLived asks for a long-lived token. Its life is counted from before the
// request, so that what we believe is never later than the truth.
func (c *Client) longLived(ctx context.Context, path string, query url.Values) (igauth.Token, error) {
	now := c.now()
	a, err := c.ask(ctx, http.MethodGet, c.graph, path, query)
	if err != nil {
		return igauth.Token{}, err
	}
	t, e := a.token()
	if e != nil {
		return igauth.Token{}, e
	}
	if t.ExpiresIn <= 0 {
		return igauth.Token{}, unreadable(a.status, "expires_in is missing or not positive")
	}
	return t.since(now), nil
}

// since returns the token of an answer to what was asked at a time. It has no
// end if Meta named none.
func (t tokenAnswer) since(asked time.Time) igauth.Token {
	token := igauth.Token{Value: t.AccessToken.secret(), IssuedAt: asked.UTC().Truncate(time.Second)}
	switch {
	case t.ExpiresIn <= 0:
	case int64(t.ExpiresIn) > int64(longestLife/time.Second):
		token.ExpiresAt = token.IssuedAt.Add(defaultLife)
	default:
		token.ExpiresAt = token.IssuedAt.Add(time.Duration(t.ExpiresIn) * time.Second)
	}
	return token
}

// tokenAnswer has the members of all three endpoints that give tokens.
type tokenAnswer struct {
	AccessToken tokenText  `json:"access_token"`
	UserID      idText     `json:"user_id"`
	Permissions scopeList  `json:"permissions"`
	ExpiresIn   wholeCount `json:"expires_in"`
}

// token reads an answer that holds a token, flat or as the first element of
// data: Meta documents the latter for the code exchange and sends the former.
func (a answer) token() (tokenAnswer, *igauth.Error) {
	var t tokenAnswer
	if err := a.unwrap(&t); err != nil {
		return tokenAnswer{}, unreadable(a.status, err.Error())
	}
	if t.AccessToken == "" {
		return tokenAnswer{}, unreadable(a.status, "access_token is missing")
	}
	return t, nil
}

// unwrap decodes the body, or the first element of its data. Errors do not quote
// the body.
func (a answer) unwrap(into any) error {
	var outer struct {
		Data []json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(a.body, &outer); err != nil {
		return errors.New("not the JSON that was expected")
	}
	body := json.RawMessage(a.body)
	if outer.Data != nil {
		if len(outer.Data) == 0 {
			return errors.New("data is empty")
		}
		body = outer.Data[0]
	}
	if err := json.Unmarshal(body, into); err != nil {
		return errors.New("a member has an unexpected form")
	}
	return nil
}
