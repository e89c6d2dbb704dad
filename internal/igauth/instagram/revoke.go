package instagram

import (
	"context"
	"net/http"
	"net/url"

	"igauth/internal/igauth"
)

// Revoke asks Meta to take the app's permissions back. It is best effort: Meta
// documents no such call for Instagram Login, and nobody has shown an answer to
// it, so that neither a success nor a failure proves anything.
func (c *Client) Revoke(ctx context.Context, token igauth.Secret) error {
	a, err := c.ask(ctx, http.MethodDelete, c.graph, "/me/permissions", url.Values{"access_token": {token.Reveal()}})
	if err != nil {
		return err
	}
	return a.done()
}

// Revoke takes all permissions back that a person gave to the app, for whichever
// of their accounts, and so removes the app from the person's settings
// (https://developers.facebook.com/docs/graph-api/reference/user/permissions/).
func (f *Facebook) Revoke(ctx context.Context, person string, token igauth.Secret) error {
	a, err := f.askAs(ctx, token, http.MethodDelete, "/"+person+"/permissions", url.Values{})
	if err != nil {
		return err
	}
	return a.done()
}

func (a answer) done() error { return nil }
