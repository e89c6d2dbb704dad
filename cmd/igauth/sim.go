package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"igauth/internal/igsim"
)

type simCommand struct {
	Listen      string   `default:"127.0.0.1:8090" help:"Address of the simulator (default ${default}). Whoever reaches it can control it." placeholder:"ADDRESS"`
	State       string   `help:"File that keeps codes and tokens across restarts. Without it they are forgotten." type:"path" placeholder:"FILE"`
	AppID       string   `help:"Instagram app id that the simulator knows (default ${sim_app_id})." placeholder:"ID"`
	AppSecret   string   `help:"Instagram app secret that it expects (default ${sim_app_secret})." placeholder:"SECRET"`
	RedirectURI []string `help:"Registered redirect URI, repeatable. Without one every URI is accepted." placeholder:"URI" sep:"none"`

	MetaAppID           string   `help:"Meta app id of Facebook Login (default: printed at the start)." placeholder:"ID"`
	MetaAppSecret       string   `help:"Meta app secret (default: printed at the start)." placeholder:"SECRET"`
	FacebookRedirectURI []string `help:"Redirect URI registered for Facebook Login, repeatable. Without one every URI is accepted." placeholder:"URI" sep:"none"`
	FacebookConfigID    string   `help:"Configuration of Facebook Login for Business (default: printed at the start)." placeholder:"ID"`
	DeauthorizeURL      string   `help:"Where the deauthorize callback is posted, such as https://connect.example/deauthorize." placeholder:"URL"`
	DeletionURL         string   `help:"Where the data-deletion callback is posted, such as https://connect.example/data-deletion." placeholder:"URL"`

	Verbose bool `short:"v" help:"Log to standard error."`
}

// Help is shown by igauth sim --help.
func (simCommand) Help() string {
	var help strings.Builder
	help.WriteString(`The simulator answers like www.instagram.com, api.instagram.com,
graph.instagram.com, www.facebook.com and graph.facebook.com, on one address, and
refuses what they refuse.

Control it by HTTP, with form fields:

  POST /_sim/clock         advance=720h         moves the clock ahead
  POST /_sim/fault         kind, endpoint, count, account
                           breaks something; kind=none mends all
  POST /_sim/behaviour     code_shape, permissions, me_shape, user_id_as,
                           no_user_id, refresh, codes_as_text; of Facebook:
                           proof, expires_in, extend, data_access, page_token,
                           ended_version, pages_at_once; of the callbacks:
                           signed_by, expires, deauthorize_on_remove
                           chooses among the shapes that Meta is known to send
  POST /_sim/usage         app, business        percentages that are said to be used
  POST /_sim/password      account              changes a password: tokens die
  POST /_sim/remove        account              removes the app: tokens die
  POST /_sim/account-type  account, type        such as PERSONAL
  POST /_sim/callback      account, kind        posts a deauthorize or a deletion
  POST /_sim/role          account, page, has   gives or takes a role on a Page
  POST /_sim/link          page, instagram      links an account; empty unlinks
  POST /_sim/hide          page, hidden         into a business portfolio, or out
  POST /_sim/data-access   account              ends the ninety days now
  POST /_sim/system-user   account, expires     makes a system user's token
  POST /_sim/popup-code    account              makes a code of the JavaScript SDK
  GET  /_sim/people        who can connect with Instagram
  GET  /_sim/facebook      who can log in with Facebook, and the Pages
  GET  /_sim/errors        every error of Meta
  GET  /_sim/calls         how often each endpoint was asked

A fault hits an endpoint, the next count requests (0: until it is mended), of one
account or of all. The endpoints of Instagram are authorize, code, exchange,
refresh, me and permissions; of Facebook dialog, facebook_code,
facebook_exchange, facebook_app_token, debug_token, facebook_me, accounts, object
and facebook_permissions. The kind is the name of an error of Meta (GET
/_sim/errors lists them: graph_190_460, instagram_code_used, ...) or one of these:

`)
	for _, kind := range igsim.FaultTable() {
		_, _ = fmt.Fprintf(&help, "  %-20s %s\n", kind.Name, kind.Does)
	}
	return help.String()
}

func (c *simCommand) Run(ctx context.Context, t *terminal) error {
	sim, err := igsim.New(igsim.Config{
		AppID: c.AppID, AppSecret: c.AppSecret, RedirectURIs: c.RedirectURI, StateFile: c.State,
		MetaAppID: c.MetaAppID, MetaAppSecret: c.MetaAppSecret, FacebookRedirectURIs: c.FacebookRedirectURI,
		FacebookConfigID: c.FacebookConfigID, DeauthorizeURL: c.DeauthorizeURL, DeletionURL: c.DeletionURL,
		Log: logger(t, c.Verbose, slog.LevelWarn),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listening on %s: the port is in use; choose another with --listen", c.Listen)
	}
	if err != nil {
		return fmt.Errorf("listening on %s: %w", c.Listen, err)
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	url := "http://" + net.JoinHostPort(host, port)
	_, _ = fmt.Fprintf(t.out, `The simulator of Instagram is ready.

  Address      %s/
  App id       %s
  App secret   %s

  For Facebook Login:
  App id       %s
  App secret   %s
  Config id    %s (or permissions)

Use the address instead of https://www.instagram.com, https://api.instagram.com,
https://graph.instagram.com, https://www.facebook.com and
https://graph.facebook.com. igauth sim --help tells how to control it. Stop with
Ctrl-C.
`, url, cmp.Or(c.AppID, igsim.DefaultAppID), cmp.Or(c.AppSecret, igsim.DefaultAppSecret),
		cmp.Or(c.MetaAppID, igsim.MetaAppID), cmp.Or(c.MetaAppSecret, igsim.DefaultMetaAppSecret), cmp.Or(c.FacebookConfigID, igsim.FacebookConfigID))
	server := &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		stopping, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(stopping) != nil {
			_ = server.Close()
		}
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
