package main

import (
	"context"
	"errors"
	"fmt"

	"igauth/internal/app"
	"igauth/internal/igauth"
)

type reconnectCommand struct {
	where
	Account   string `arg:"" help:"The account's id or username."`
	PublicURL string `help:"With --aws: the stack's output ConnectUrl without /authorize (default: what the functions have)." placeholder:"URL"`
	AppID     string `help:"With --aws: the Instagram app id of the stack (default: what the functions have)." placeholder:"ID"`
}

// Help is shown by igauth reconnect --help.
func (reconnectCommand) Help() string {
	return `Send the link to the account's owner: whoever signs in as this account connects it again,
with its history and the same permissions, and everybody else is refused. It works for 30 days.`
}

func (c *reconnectCommand) Run(ctx context.Context, t *terminal) error {
	parts, closing, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	defer closing()
	if err := c.address(&parts.Settings); err != nil {
		return err
	}
	links, err := parts.Links()
	if err != nil {
		return err
	}
	store, err := parts.Store()
	if err != nil {
		return err
	}
	a, err := find(ctx, store, c.Account)
	if err != nil {
		return err
	}
	address, until, err := links.ReconnectURL(ctx, a)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t, igauth.LinkView{URL: address, ExpiresAt: until})
	}
	_, _ = fmt.Fprintf(t.err, "Whoever signs in as %s connects it again with this link, until %s:\n", a.Username, day(until))
	_, err = fmt.Fprintln(t.out, address)
	return err
}

// address finds out where the link leads and which app it is for. A folder knows
// both, and so do the functions of a stack; where those may not be looked at, a
// person must tell.
func (c *reconnectCommand) address(s *app.Settings) error {
	if !c.AWS {
		if c.PublicURL != "" || c.AppID != "" {
			return errors.New("--public-url and --app-id are for a deployed stack: say --aws, too")
		}
		if s.PublicURL == "" {
			return errors.New("this folder does not know yet where its server is: start `igauth dev` with it once")
		}
		return nil
	}
	if c.PublicURL != "" {
		s.PublicURL = c.PublicURL
	}
	if c.AppID != "" {
		s.AppID = c.AppID
	}
	switch {
	case s.PublicURL == "":
		return errors.New("--public-url is missing: it is the stack's output ConnectUrl without /authorize")
	case s.AppID == "":
		return errors.New("--app-id is missing: it is the stack's parameter InstagramAppId")
	case !igauth.AccountID(s.AppID).Valid():
		return fmt.Errorf("--app-id %q must be the Instagram app id: digits only", s.AppID)
	}
	if _, err := app.CheckOrigin(s.PublicURL); err != nil {
		return fmt.Errorf("--public-url %s: %w", s.PublicURL, err)
	}
	return nil
}
