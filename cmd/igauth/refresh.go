package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"igauth/internal/igauth"
)

type refreshCommand struct {
	where
	Account string `help:"Refresh this account (id or username), due or not." placeholder:"ACCOUNT"`
	Verbose bool   `short:"v" help:"Log to standard error what fails, account by account."`
}

// Help is shown by igauth refresh --help.
func (refreshCommand) Help() string {
	return `Without --account it does what the hourly run does, and tells how it went. The exit code is
1 when somebody should look: an incident is open, accounts keep failing, or the ledger
cannot be read. A failure that passes by itself is in the report alone.

Events are sent by the server or the stack, not by this command.`
}

func (c *refreshCommand) Run(ctx context.Context, t *terminal) error {
	parts, closing, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	defer closing()
	parts.Log = slog.New(slog.DiscardHandler) // the report says it all
	if c.Verbose {
		parts.Log = logger(t, true, slog.LevelInfo)
	}
	refresher, err := parts.Refresher()
	if err != nil {
		return err
	}
	store, err := parts.Store()
	if err != nil {
		return err
	}
	if c.Account == "" {
		report, err := refresher.RunOnce(ctx)
		if c.JSON {
			return errors.Join(printJSON(t, report), err)
		}
		return errors.Join(reportSheet(t, report), err)
	}
	a, err := find(ctx, store, c.Account)
	if err != nil {
		return err
	}
	a, err = refresher.Refresh(ctx, a.ID)
	if igauth.CodeOf(err) == igauth.CodeMetaUnavailable && parts.Settings.Graph != "" {
		return fmt.Errorf("%s does not answer; if that is the simulator, start it with igauth dev", parts.Settings.Graph)
	}
	if err != nil {
		return err
	}
	view := store.View(a)
	if c.JSON {
		return printJSON(t, view)
	}
	expires := expiry(view)
	if days := daysLeft(view); days != "-" {
		expires += " (" + days + " days left)"
	}
	_, err = fmt.Fprintf(t.out, "%s: %s, expires %s.\n", view.Username, view.Status, expires)
	return err
}

// reportSheet shows how a run went.
func reportSheet(t *terminal, r igauth.Report) error {
	w := newTable(t)
	row := func(name string, value any) { w.AppendRow([]any{name, value}) }
	some := func(name string, n int) {
		if n > 0 {
			row(name, n)
		}
	}
	row("started", moment(r.StartedAt))
	row("seconds", fmt.Sprintf("%.1f", r.Seconds))
	row("due", r.Due)
	row("refreshed", r.Refreshed)
	row("asked about", r.Probed)
	some("recovered", r.Recovered)
	some("emptied from the vault", r.Destroyed)
	row("doubted", r.Doubted)
	row("found dead", r.ReauthNeeded)
	row("put off", r.Deferred)
	some("taken by others", r.TakenByOthers)
	row("failed", orNone(numbers(r.Failed)))
	row("need attention", r.Attention)
	if r.Unfinished {
		row("unfinished", "yes; the next run goes on")
	}
	row("incident", incidentText(r.Incident))
	if r.MinDaysToExpiry != nil {
		row("next end of a token", fmt.Sprintf("in %.1f days", *r.MinDaysToExpiry))
	}
	row("accounts", orNone(numbers(r.Counts)))
	if r.OutboxSeconds > 0 {
		row("oldest unsent event", time.Duration(r.OutboxSeconds*float64(time.Second)).Round(time.Second))
	}
	if r.AppUsage > 0 {
		row("app's limit used", fmt.Sprintf("%d %%", r.AppUsage))
	}
	if r.BusinessUsage > 0 {
		row("an account's limit used", fmt.Sprintf("%d %%", r.BusinessUsage))
	}
	if err := render(t, w); err != nil {
		return err
	}
	if i := r.Incident; i != nil {
		_, _ = fmt.Fprintf(t.out, "\n%s. %s\nNo account was changed because of it. One is tried in every run; as soon as that\nsucceeds, the refresh goes on by itself. To read more: igauth errors %s\n", i.Code.Message(), i.Code.Hint(), i.Code)
	}
	return nil
}

func incidentText(i *igauth.Incident) string {
	if i == nil {
		return "none"
	}
	text := fmt.Sprintf("%s (%s), since %s", i.Code, i.Class, moment(i.Since))
	if i.Login == igauth.LoginFacebook {
		text += ", of Facebook Login alone"
	}
	return text
}

// numbers lists what is not 0, by name: "2 throttled, 1 transient".
func numbers[Name ~string](counted map[Name]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		if n := counted[name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	return strings.Join(parts, ", ")
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
