package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"igauth/internal/igsim"
)

type simCommand struct {
	Listen      string   `default:"127.0.0.1:8090" help:"Address of the simulator (default ${default}). Whoever reaches it can control it." placeholder:"ADDRESS"`
	State       string   `help:"File that keeps codes and tokens across restarts. Without it they are forgotten." type:"path" placeholder:"FILE"`
	AppID       string   `help:"Instagram app id that the simulator knows (default ${sim_app_id})." placeholder:"ID"`
	AppSecret   string   `help:"Instagram app secret that it expects (default ${sim_app_secret})." placeholder:"SECRET"`
	RedirectURI []string `help:"Registered redirect URI, repeatable. Without one every URI is accepted." placeholder:"URI" sep:"none"`
	Verbose     bool     `short:"v" help:"Log to standard error."`
}

// Help is shown by igauth sim --help.
func (simCommand) Help() string {
	var help strings.Builder
	help.WriteString(`The simulator answers like www.instagram.com, api.instagram.com and
graph.instagram.com, on one address, and refuses what they refuse.

Control it by HTTP, with form fields:

  POST /_sim/clock         advance=720h         moves the clock ahead
  POST /_sim/fault         kind, endpoint, count, account
                           breaks something; kind=none mends all
  POST /_sim/behaviour     code_shape, permissions, me_shape, user_id_as,
                           no_user_id, refresh, codes_as_text
                           chooses among the shapes that Meta is known to send
  POST /_sim/usage         app, business        percentages that are said to be used
  POST /_sim/password      account              changes a password: tokens die
  POST /_sim/remove        account              removes the app: tokens die
  POST /_sim/account-type  account, type        such as PERSONAL
  GET  /_sim/people        who can connect
  GET  /_sim/calls         how often each endpoint was asked

A fault hits an endpoint (authorize, code, exchange, refresh, me, permissions or
all), the next count requests (0: until it is mended), of one account or of all.
The kinds:

`)
	for _, kind := range igsim.FaultTable() {
		_, _ = fmt.Fprintf(&help, "  %-20s %s\n", kind.Name, kind.Does)
	}
	return help.String()
}

func (c *simCommand) Run(ctx context.Context, t *terminal) error {
	sim, err := igsim.New(igsim.Config{
		AppID: c.AppID, AppSecret: c.AppSecret, RedirectURIs: c.RedirectURI, StateFile: c.State,
		Log: logger(t, c.Verbose, slog.LevelWarn),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
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

Use the address instead of https://www.instagram.com, https://api.instagram.com
and https://graph.instagram.com. igauth sim --help tells how to control it.
Stop with Ctrl-C.
`, url, orDefault(c.AppID, igsim.DefaultAppID), orDefault(c.AppSecret, igsim.DefaultAppSecret))
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

func orDefault(text, byDefault string) string {
	if text == "" {
		return byDefault
	}
	return text
}
