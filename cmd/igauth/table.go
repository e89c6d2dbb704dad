package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"igauth/internal/igauth"
)

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""
}

// newTable returns a table without frames: it is read by people and by awk.
func newTable(t *terminal) table.Writer {
	w := table.NewWriter()
	w.SetStyle(table.StyleDefault)
	w.Style().Options = table.OptionsNoBordersAndSeparators
	w.Style().Box.PaddingLeft, w.Style().Box.PaddingRight = "", "  "
	w.Style().Format.Header = text.FormatDefault
	w.SuppressTrailingSpaces()
	return w
}

// render writes a table.
func render(t *terminal, w table.Writer) error {
	_, err := fmt.Fprintln(t.out, w.Render())
	return err
}

var statusColours = map[igauth.Status]text.Color{
	igauth.StatusActive:         text.FgGreen,
	igauth.StatusExpiring:       text.FgYellow,
	igauth.StatusReauthRequired: text.FgRed,
}

func status(t *terminal, s igauth.Status) string {
	if colour, ok := statusColours[s]; ok && t.colours {
		return colour.Sprint(string(s))
	}
	return string(s)
}

func accountTable(t *terminal, views []igauth.AccountView) error {
	if len(views) == 0 {
		_, err := fmt.Fprintln(t.out, "No accounts are connected.")
		return err
	}
	w := newTable(t)
	w.AppendHeader(table.Row{"ID", "USERNAME", "STATUS", "DAYS LEFT", "EXPIRES", "NEXT", "LAST EVENT"})
	for _, v := range views {
		w.AppendRow(table.Row{v.ID, v.Username, status(t, v.Status), daysLeft(v), expiry(v), next(v), lastEvent(v)})
	}
	return render(t, w)
}

// expiry returns the day on which a token ends, or may end; "-" if it is destroyed.
func expiry(v igauth.AccountView) string {
	if v.Status == igauth.StatusDisconnected {
		return "-"
	}
	if v.ExpiryAssumed {
		return day(v.ExpiresAt) + " or later"
	}
	switch {
	case neverExpires(v) && v.DataAccessUntil.IsZero():
		return "never"
	case !v.DataAccessUntil.IsZero() && (v.ExpiresAt.IsZero() || v.DataAccessUntil.Before(v.ExpiresAt)):
		return day(v.DataAccessUntil) + " (data access)"
	}
	return day(v.ExpiresAt)
}

// daysLeft returns how many whole days are left until a token ends; "-" if there is
// none, or no end.
func daysLeft(v igauth.AccountView) string {
	if v.DaysLeft == 0 || neverExpires(v) && v.DataAccessUntil.IsZero() {
		return "-"
	}
	return fmt.Sprint(v.DaysLeft)
}

// neverExpires reports whether an account has a token without an end.
func neverExpires(v igauth.AccountView) bool {
	return v.ExpiresAt.IsZero() && (v.Status == igauth.StatusActive || v.Status == igauth.StatusExpiring)
}

func accountSheet(t *terminal, v igauth.AccountView, policy igauth.Policy) error {
	w := newTable(t)
	row := func(name string, value any) { w.AppendRow(table.Row{name, value}) }
	row("id", v.ID)
	row("username", v.Username)
	row("status", status(t, v.Status))
	if v.AccountType != "" { // Facebook Login does not tell it
		row("account type", v.AccountType)
	}
	row("app-scoped id", v.AppScopedID)
	row("login", v.Login)
	row("days left", daysLeft(v))
	if neverExpires(v) {
		row("expires", "never")
	} else if v.ExpiresAt.IsZero() || v.Status == igauth.StatusDisconnected {
		row("expires", "-")
	} else if v.ExpiryAssumed {
		row("expires", moment(v.ExpiresAt)+" at the earliest; a refresh tells")
	} else {
		row("expires", moment(v.ExpiresAt))
	}
	if !v.DataAccessUntil.IsZero() {
		text := moment(v.DataAccessUntil) + " unless the owner comes back"
		if v.DataAccessWarned {
			text += "; they were asked to"
		}
		row("data access ends", text)
	}
	row("issued", moment(v.IssuedAt))
	row("connected", moment(v.ConnectedAt))
	row("last accepted by Meta", moment(v.CheckedAt))
	row("scopes", strings.Join(v.Scopes, " "))
	if len(v.MissingScopes) > 0 {
		row("not granted", strings.Join(v.MissingScopes, " "))
	}
	row("refresh planned", moment(v.RefreshAt))
	row("next action", v.NextAction)
	row("when", moment(v.NextAt))
	row("why", v.NextReason)
	if v.Doubt != nil {
		row("doubt", fmt.Sprintf("Meta said once that the token is dead: %s, %s; it is asked again before anybody is told", v.Doubt.Code, moment(v.Doubt.At)))
	}
	if !v.WaitUntil.IsZero() {
		row("Meta wants to wait until", moment(v.WaitUntil))
	}
	if !v.WarnedAt.IsZero() {
		row("warned of its end", moment(v.WarnedAt))
	}
	if v.LastFailure != nil {
		last := fmt.Sprintf("%s, %s", moment(v.LastFailure.At), v.LastFailure.Code)
		if v.Failures > 0 {
			last += fmt.Sprintf(", %d in a row", v.Failures)
		}
		row("last failure", last)
		row("what helps", v.LastFailure.Hint)
		for i, check := range v.LastFailure.Checks {
			row(fmt.Sprintf("check %d", i+1), check)
		}
	}
	row("policy", policyText(policy))
	if err := render(t, w); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(t.out, "\nHistory")
	h := newTable(t)
	h.AppendHeader(table.Row{"WHEN", "WHAT", "DETAIL"})
	for _, entry := range v.History {
		h.AppendRow(table.Row{moment(entry.At), entry.What, entry.Detail})
	}
	return render(t, h)
}

func next(v igauth.AccountView) string {
	if v.NextAt.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%s %s", v.NextAction, moment(v.NextAt))
}

func lastEvent(v igauth.AccountView) string {
	if len(v.History) == 0 {
		return "-"
	}
	last := v.History[len(v.History)-1]
	return fmt.Sprintf("%s %s", last.What, day(last.At))
}

func day(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format(time.DateOnly)
}

func moment(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format("2006-01-02 15:04")
}
