package instagram

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"igauth/internal/igauth"
)

// Revoke asks Meta to take the app's permissions back. It is best effort: Meta
// documents no such call for Instagram Login, and nobody has shown a real answer
// to it, so that neither a success nor a failure proves anything.
func (c *Client) Revoke(ctx context.Context, token igauth.Secret) error {
	a, err := c.ask(ctx, http.MethodDelete, c.graph, "/me/permissions", url.Values{"access_token": {token.Reveal()}})
	if err != nil {
		return err
	}
	return a.done()
}

// Revoke takes all permissions back that a person gave to the app, for all of
// their accounts, and so removes the app from the person's settings
// (https://developers.facebook.com/docs/graph-api/reference/user/permissions/).
// The person is named by the app-scoped id, and the token is theirs.
func (f *Facebook) Revoke(ctx context.Context, person string, token igauth.Secret) error {
	if !igauth.AccountID(person).Valid() {
		return noNumber("the person")
	}
	a, err := f.askAs(ctx, token, http.MethodDelete, "/"+person+"/permissions", url.Values{})
	if err != nil {
		return err
	}
	return a.done()
}

// done reads an answer that only says whether something was done: true, as
// documented, or {"success":true}, as seen.
func (a answer) done() error {
	var done *bool
	if json.Unmarshal(a.body, &done) != nil {
		var object struct {
			Success *bool `json:"success"`
		}
		if json.Unmarshal(a.body, &object) != nil {
			return unreadable(a.status, "not the JSON that was expected")
		}
		done = object.Success
	}
	switch {
	case done == nil:
		return unreadable(a.status, "it does not say whether it was done")
	case !*done:
		return &igauth.Error{
			Code: igauth.CodeMetaRefused, Class: igauth.CodeMetaRefused.Class(),
			Detail: "Meta says that it was not done", Sent: true,
		}
	}
	return nil
}
