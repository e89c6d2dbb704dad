package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/term"

	"igauth/internal/igauth"
	"igauth/internal/tokenfile"
)

type importCommand struct {
	where
	File     string           `arg:"" optional:"" help:"File with tokens; - is standard input. Without one the token is asked for." placeholder:"FILE"`
	Format   tokenfile.Format `default:"auto" enum:"${token_formats}" help:"What the file is: ${token_formats} (default ${default})." placeholder:"FORMAT"`
	Variable string           `help:"Take the token from this variable of a dotenv file." placeholder:"NAME"`
	Account  string           `help:"Import the token of this account alone: its id or username. A token of Facebook Login may reach several." placeholder:"ACCOUNT"`
	Replace  bool             `help:"Replace the token of an account that has a live one."`
}

// Help is shown by igauth import --help.
func (importCommand) Help() string {
	return `Brings in tokens that were made elsewhere: with "Generate token" in Meta's dashboard, or by
another tool. Meta is asked whose each token is. A token that is older than a day is
refreshed at once, so that its end is known; of a younger one the end is assumed until then.

With Facebook Login the token is that of a system user or of a person, and begins with EAA.
The Page and the Instagram account that it reaches are found; if there are several, name one
with --account. The Page's token is made from it and kept, and so is the token itself.

The file may hold one token or one in each line, be a .env file, a JSON list, what igauth
export has written, or the data of instagram-token-agent.`
}

// An imported token is one line of the answer.
type imported struct {
	Where   string              `json:"where"`
	Account *igauth.AccountView `json:"account,omitempty"`
	Problem *problem            `json:"error,omitempty"`
}

func (c *importCommand) Run(ctx context.Context, t *terminal) error {
	entries, unread := c.read(ctx, t)
	if len(entries) == 0 {
		return unread
	}
	parts, closing, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	defer closing()
	refresher, err := parts.Refresher()
	if err != nil {
		return err
	}
	store, err := parts.Store()
	if err != nil {
		return err
	}
	shown, done, failed := newProgress(t), []imported{}, 0
	for i, entry := range entries {
		shown.show("%d of %d tokens", i, len(entries))
		if ctx.Err() != nil {
			break
		}
		line := imported{Where: entry.Where}
		in := igauth.Import{Token: personsToken(entry), Scopes: entry.Scopes, Replace: c.Replace, Account: c.Account}
		if line.Problem = tooShort(entry); line.Problem != nil {
			failed++
			done = append(done, line)
			continue
		}
		a, err := refresher.Import(ctx, in)
		if igauth.CodeOf(err) == igauth.CodeSeveralAccounts && c.Account == "" && entry.AccountID != "" {
			in.Account = string(entry.AccountID)
			a, err = refresher.Import(ctx, in)
		}
		if err != nil {
			failed++
			line.Problem = problemOf(err)
		} else {
			view := store.View(a)
			line.Account = &view
		}
		done = append(done, line)
	}
	shown.done()
	if err := c.report(t, done); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted after %d of %d tokens; what was imported stays, and the command may be repeated", len(done), len(entries))
	case failed > 0:
		return errors.Join(fmt.Errorf("%d imported, %d not", len(done)-failed, failed), unread)
	}
	return unread
}

// personsToken returns the token of an entry that is imported: that from which the
// entry's own was made, if the file has it.
func personsToken(entry tokenfile.Entry) igauth.Secret {
	if !entry.UserToken.IsZero() {
		return entry.UserToken
	}
	return entry.Token
}

func isTerminalReader(r io.Reader) bool {
	file, ok := r.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// askToken asks a person, and does not show what is typed.
func askToken(ctx context.Context, t *terminal) ([]byte, error) {
	fd := int(t.in.(*os.File).Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprint(t.err, "Paste the token (it is not shown), then press Enter: ")
	defer func() { _, _ = fmt.Fprintln(t.err) }()
	// Whoever gives up gets a terminal back that shows what is typed.
	defer func() { _ = term.Restore(fd, state) }()
	text, err := answer(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	if err == nil && len(bytes.TrimSpace(text)) == 0 {
		err = errors.New("nothing was entered")
	}
	return text, err
}

// answer waits for what a person types, or for the end of the context.
func answer[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type typed struct {
		text T
		err  error
	}
	done := make(chan typed, 1)
	go func() {
		text, err := read()
		done <- typed{text, err}
	}()
	select {
	case a := <-done:
		return a.text, a.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (c *importCommand) report(t *terminal, done []imported) error {
	if c.JSON {
		return printJSON(t, map[string]any{"imported": done})
	}
	w := newTable(t)
	w.AppendHeader([]any{"TOKEN", "ACCOUNT", "STATUS", "EXPIRES"})
	var hints []string
	for _, line := range done {
		if line.Problem != nil {
			w.AppendRow([]any{line.Where, "-", line.Problem.Message, "-"})
			if hint := line.Problem.Hint; hint != "" && !slices.Contains(hints, hint) {
				hints = append(hints, hint)
			}
			continue
		}
		a := line.Account
		expires := expiry(*a)
		if a.ExpiryAssumed {
			expires = day(a.ExpiresAt) + " or a day later; known on " + day(a.RefreshAt)
		}
		w.AppendRow([]any{line.Where, a.Username, status(t, a.Status), expires})
	}
	if err := render(t, w); err != nil {
		return err
	}
	for _, hint := range hints {
		if _, err := fmt.Fprintln(t.out, wrap(hint, "")); err != nil {
			return err
		}
	}
	return nil
}

type exportCommand struct {
	where
	Output string `required:"" short:"o" help:"File to write, which must not exist; - is standard output." placeholder:"FILE"`
}

// Help is shown by igauth export --help.
func (exportCommand) Help() string {
	return `Writes the tokens of all live accounts in plain text, as JSON that igauth import reads
again. Whoever has the file can act for these accounts: delete it when it has served.`
}

func (c *exportCommand) Run(ctx context.Context, t *terminal) error {
	var accounts []tokenfile.Exported
	left := 0
	err := c.audited(ctx, t, func(store *igauth.Store, audit igauth.Auditor, who string) error {
		shown := newProgress(t)
		defer shown.done()
		return eachAccount(ctx, store, func(a igauth.Account) error {
			a, token, err := store.TokenFor(ctx, audit, who, a.ID, 0)
			if e, ok := errors.AsType[*igauth.Error](err); ok && e.Class == igauth.ClassRefused {
				left++
				return nil
			}
			if err != nil {
				return fmt.Errorf("account %s: %w", a.ID, err)
			}
			accounts = append(accounts, tokenfile.Exported{
				ID: a.ID, Username: a.Username, Token: token.Value,
				IssuedAt: a.IssuedAt, ExpiresAt: a.ExpiresAt, Scopes: a.Scopes,
				Login: a.Login, PageID: a.PageID, UserToken: token.UserToken, DataAccessUntil: a.DataAccessUntil,
			})
			shown.show("%d accounts", len(accounts))
			return nil
		})
	})
	if err != nil {
		return err
	}
	if err := c.write(t, accounts); err != nil {
		return err
	}
	if c.JSON && c.Output != "-" {
		return printJSON(t, map[string]int{"exported": len(accounts), "left_out": left})
	}
	_, err = fmt.Fprintf(t.err, "%s exported; %d without a live token left out.\n", count(len(accounts), "account"), left)
	return err
}

// write writes a file that only its owner can read.
func (c *exportCommand) write(t *terminal, accounts []tokenfile.Exported) error {
	if c.Output == "-" {
		return tokenfile.Write(t.out, accounts)
	}
	file, err := os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already, and is not overwritten: give another name, or remove it first", c.Output)
	}
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no folder %s to write into: make it, or give another name", filepath.Dir(c.Output))
	}
	if err != nil {
		return fileFault(c.Output, err)
	}
	err = errors.Join(tokenfile.Write(file, accounts), file.Sync(), file.Close())
	if err != nil {
		_ = os.Remove(c.Output)
	}
	return err
}
