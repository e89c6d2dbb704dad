package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"igauth/internal/app"
	"igauth/internal/app/dev"
	"igauth/internal/igauth"
)

type devCommand struct {
	Listen           string   `default:"127.0.0.1:8080" help:"Address of the server, on this machine (default ${default})." placeholder:"ADDRESS"`
	SimListen        string   `default:"127.0.0.1:8090" help:"Address of the simulator, on this machine (default ${default})." placeholder:"ADDRESS"`
	Data             string   `default:"data" help:"Folder that keeps accounts and keys (default ${default})." type:"path" placeholder:"DIR"`
	ReturnURL        []string `help:"URL to which visitors return, such as http://localhost:3000/connected. Repeatable; the first is the default. Without one, visitors see a page of igauth." placeholder:"URL" sep:"none"`
	AppID            string   `help:"Instagram app id." placeholder:"ID"`
	AppSecret        string   `help:"Instagram app secret." env:"IGAUTH_DEV_APP_SECRET" placeholder:"SECRET"`
	MetaAppID        string   `help:"Id of the Meta app, for Facebook Login. Without it Facebook Login is off, except in the simulator." placeholder:"ID"`
	MetaAppSecret    string   `help:"Secret of the Meta app." env:"IGAUTH_DEV_META_APP_SECRET" placeholder:"SECRET"`
	FacebookConfigID string   `help:"Configuration of Facebook Login for Business, which names the permissions in place of --facebook-scopes." placeholder:"ID"`
	FacebookScopes   string   `help:"Permissions that are asked for in Facebook Login (default business_management,instagram_basic,pages_show_list)." placeholder:"LIST"`
	Real             bool     `help:"Talk to Meta's Instagram instead of the simulator."`
	PublicURL        string   `help:"Origin under which browsers reach the server, such as that of an https tunnel, which Meta wants." placeholder:"URL"`
	Policy           string   `help:"When tokens are refreshed and accounts are asked about, such as \"refresh_at=0.4 probe_every=11h\" (default: $$IGAUTH_POLICY); igauth policy explains." placeholder:"POLICY"`
	Verbose          bool     `short:"v" help:"Log to standard error."`
}

// Help is shown by igauth dev --help.
func (devCommand) Help() string {
	return `Everything runs in this one process: the functions, an embedded store, and a
simulator of Instagram with test accounts. Open the printed URL, connect an
account, and move the clock to see its token live.

The state stays in the data folder and survives a restart.`
}

func (c *devCommand) Run(ctx context.Context, t *terminal) error {
	policy, _, err := readPolicy(c.Policy, os.Getenv)
	if err != nil {
		return err
	}
	facebookScopes, err := app.ParseFacebookScopes(c.FacebookScopes)
	if err != nil {
		return fmt.Errorf("--facebook-scopes: %w", err)
	}
	server, err := dev.Open(dev.Options{
		Listen: c.Listen, SimListen: c.SimListen, Data: c.Data, ReturnURLs: c.ReturnURL,
		AppID: c.AppID, AppSecret: igauth.NewSecret(c.AppSecret), Real: c.Real, PublicURL: c.PublicURL,
		MetaAppID: c.MetaAppID, MetaAppSecret: igauth.NewSecret(c.MetaAppSecret), FacebookConfigID: c.FacebookConfigID, FacebookScopes: facebookScopes,
		Policy: policy,
		Log:    logger(t, c.Verbose, slog.LevelWarn), Verbose: c.Verbose,
	})
	if err != nil {
		return err
	}
	c.announce(t, server)
	return server.Run(ctx)
}

// announce says where things are. The key is printed on purpose: whoever sees
// this terminal owns the server.
func (c *devCommand) announce(t *terminal, server *dev.Server) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format+"\n", args...) }
	say("igauth dev is ready.")
	say("")
	say("  Home page   %s/", server.Address())
	if c.PublicURL != "" {
		say("  Visitors    %s/authorize", server.URL())
	}
	if url := server.SimulatorURL(); url != "" {
		say("  Simulator   %s/", url)
	}
	say("  Data        %s", c.Data)
	say("  API key     %s", server.APIKey().Reveal())
	say("")
	say("  A token:    curl -H 'Authorization: Bearer <API key>' %s/accounts/<id>/token", server.Address())
	if c.Real {
		say("")
		say("Enter in Meta's dashboard (Instagram > API setup with Instagram login >")
		say("Business login settings), byte for byte, then press Enter and Save:")
		say("")
		say("  OAuth redirect URI   %s", server.CallbackURL())
		say("")
		say("Look at the list after saving: the dashboard may have added a slash. Accounts")
		say("other than your own must be invited as Instagram testers and accept.")
		if server.FacebookLogin() {
			say("")
			say("Facebook Login has a list of its own (Facebook Login for Business > Settings >")
			say("Valid OAuth Redirect URIs): enter the same address there.")
		}
		if c.PublicURL == "" {
			say("")
			say("Meta refuses http: open an https tunnel to %s and give its origin", c.Listen)
			say("with --public-url.")
		}
	}
	say("")
	say("Stop with Ctrl-C.")
}

// logger returns a logger to standard error, which begins at a level or, if
// verbose, tells all.
func logger(t *terminal, verbose bool, level slog.Level) *slog.Logger {
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: level}))
}
