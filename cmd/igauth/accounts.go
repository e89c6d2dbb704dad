package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"igauth/internal/app"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// metaAppSecret returns the secret of the Meta app, which a folder does not keep. The
// simulator's is no secret.
func metaAppSecret(folder *local.Folder, getenv func(string) string) func(context.Context) ([]igauth.Secret, error) {
	return func(context.Context) ([]igauth.Secret, error) {
		secret := getenv("IGAUTH_DEV_META_APP_SECRET")
		if secret == "" && !folder.Record.Real {
			secret = igsim.DefaultMetaAppSecret
		}
		if secret == "" {
			return nil, errors.New("the secret of the Meta app is not known here: set IGAUTH_DEV_META_APP_SECRET")
		}
		return []igauth.Secret{igauth.NewSecret(secret)}, nil
	}
}

// localUser names who sits at this machine.
func localUser() string {
	name := "unknown user"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

func printJSON(t *terminal, value any) error {
	encoder := json.NewEncoder(t.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

type accountsCommand struct {
	List listCommand `cmd:"" default:"withargs" help:"List all accounts."`
	Show showCommand `cmd:"" help:"Show one account, with its history."`
}

type listCommand struct {
	where
}

// pageSize is how many accounts are read at a time.
const pageSize = 100

func (c *listCommand) Run(ctx context.Context, t *terminal) error {
	return c.store(ctx, t, func(store *igauth.Store) error {
		views := []igauth.AccountView{}
		err := eachAccount(ctx, store, func(a igauth.Account) error {
			views = append(views, store.View(a))
			return nil
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t, map[string]any{"accounts": views})
		}
		if err := accountTable(t, views); err != nil || len(views) == 0 {
			return err
		}
		return c.sayStale(ctx, t, store)
	})
}

// staleAfter is how old the last run may be before somebody is told: two of three
// hourly ones may fail.
const staleAfter = 3 * time.Hour

// sayStale tells that no run has looked after the accounts for a while.
func (w where) sayStale(ctx context.Context, t *terminal, store *igauth.Store) error {
	ranAt, age, err := store.LastRun(ctx)
	if err == nil && !ranAt.IsZero() && age > staleAfter {
		_, err = fmt.Fprintf(t.err, "The last run ended at %s UTC: nobody looks after these accounts. Runs are hourly.\n", moment(ranAt))
	}
	return err
}

// eachAccount calls do for every connected account, in order of id.
func eachAccount(ctx context.Context, store *igauth.Store, do func(igauth.Account) error) error {
	for after, more := igauth.AccountID(""), true; more; more = after != "" {
		page, next, err := store.Accounts(ctx, after, pageSize)
		if err != nil {
			return err
		}
		for _, a := range page {
			if err := do(a); err != nil {
				return err
			}
		}
		after = next
	}
	return nil
}

type showCommand struct {
	where
	Account string `arg:"" help:"The account's id or username."`
}

func (c *showCommand) Run(ctx context.Context, t *terminal) error {
	return c.store(ctx, t, func(store *igauth.Store) error {
		a, err := find(ctx, store, c.Account)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t, store.View(a))
		}
		return accountSheet(t, store.View(a), store.Policy())
	})
}

// find returns the account that a person means: by id, or by a username that one
// account has.
func find(ctx context.Context, store *igauth.Store, name string) (igauth.Account, error) {
	name = strings.TrimPrefix(name, "@")
	if igauth.AccountID(name).Valid() {
		return store.Account(ctx, igauth.AccountID(name))
	}
	var found []igauth.Account
	err := eachAccount(ctx, store, func(a igauth.Account) error {
		if strings.EqualFold(a.Username, name) {
			found = append(found, a)
		}
		return nil
	})
	if err != nil {
		return igauth.Account{}, err
	}
	switch len(found) {
	case 0:
		return igauth.Account{}, unknownName(name)
	case 1:
		return found[0], nil
	}
	ids := make([]string, len(found))
	for i, a := range found {
		ids[i] = string(a.ID)
	}
	return igauth.Account{}, fmt.Errorf("%d accounts have the username %q: use the id of the one that you mean, %s", len(found), name, strings.Join(ids, " or "))
}

// An unknownName is a name that no account has. It is told from other failures by
// the code that an unknown id has.
type unknownName string

func (n unknownName) Error() string {
	return fmt.Sprintf("no account has the id or username %q; igauth accounts list shows all", string(n))
}

type tokenCommand struct {
	where
	Account  string `arg:"" help:"The account's id or username."`
	MinValid span   `help:"Fail unless the token lives at least this long, such as 7d or 36h." placeholder:"TIME"`
}

// A span is a time as the policy has it.
type span time.Duration

// UnmarshalText is called with what stands in the command line.
func (s *span) UnmarshalText(text []byte) error {
	d, err := igauth.ParseSpan(string(text))
	if err != nil {
		return fmt.Errorf("%q %w", text, err)
	}
	*s = span(d)
	return nil
}

// Help is shown by igauth token --help.
func (tokenCommand) Help() string {
	return `The token goes to standard output, and nothing else does. The exit code is 3 when
the account has no live token, or none that lives as long as --min-valid asks.`
}

func (c *tokenCommand) Run(ctx context.Context, t *terminal) error {
	return c.audited(ctx, t, func(store *igauth.Store, audit igauth.Auditor, who string) error {
		a, err := find(ctx, store, c.Account)
		if err != nil {
			_, _, refused := store.TokenFor(ctx, audit, who, igauth.AccountID(c.Account), 0)
			return errors.Join(err, unlessKnown(refused))
		}
		a, token, err := store.TokenFor(ctx, audit, who, a.ID, time.Duration(c.MinValid))
		if err != nil {
			return err
		}
		view := store.TokenView(a, token)
		if c.JSON {
			return printJSON(t, view)
		}
		_, err = fmt.Fprintln(t.out, view.AccessToken)
		return err
	})
}

// unlessKnown leaves out what find has said in better words.
func unlessKnown(err error) error {
	if _, known := errors.AsType[*igauth.Error](err); known {
		return nil
	}
	return err
}

type disconnectCommand struct {
	where
	Account string `arg:"" help:"The account's id or username."`
}

func (c *disconnectCommand) Run(ctx context.Context, t *terminal) error {
	return c.parts(ctx, t, func(parts app.Parts, store *igauth.Store) error {
		a, err := find(ctx, store, c.Account)
		if err != nil {
			return err
		}
		meta, err := parts.Revoker()
		if err != nil {
			return err
		}
		a, revocation, err := store.DisconnectAt(ctx, meta, a.ID)
		if err != nil {
			return err
		}
		view := store.DisconnectView(a, revocation)
		if c.JSON {
			return printJSON(t, view)
		}
		done := "is disconnected and its token is destroyed"
		if revocation == igauth.RevocationRepeated {
			done = "is disconnected already"
		}
		_, err = fmt.Fprintf(t.out, "%s %s.\n", a.Username, done)
		if err == nil {
			_, err = fmt.Fprintln(t.out, revocationText(view))
		}
		return err
	})
}

// revocationText says what became of the app's access at Meta.
func revocationText(v igauth.DisconnectView) string {
	switch v.Revocation {
	case igauth.Revoked:
		return "Meta has taken the app's access away, too."
	case igauth.RevocationKept:
		return "Its other accounts here live by the same consent, so the app keeps its access at Meta.\n" + v.Hint
	}
	return v.Hint
}

type eraseCommand struct {
	where
	Accounts []string `arg:"" name:"id" help:"Ids of the accounts, or app-scoped ids from Meta's dashboard."`
	Yes      bool     `help:"Do not ask."`
}

// Help is shown by igauth erase --help.
func (eraseCommand) Help() string {
	return `The tokens are destroyed, and what is known of the accounts is forgotten. An id may be
an account's or the app-scoped one of the person who connected it: the list of whom Meta
wants erased, which its dashboard shows every 21 days, has ids of the second kind. An id
that is not known is forgotten already. It cannot be taken back; the owner can connect again.`
}

func (c *eraseCommand) Run(ctx context.Context, t *terminal) error {
	for _, id := range c.Accounts {
		if !igauth.AccountID(id).Valid() {
			return fmt.Errorf("%q is no id; nothing was erased (igauth accounts list shows the ids)", id)
		}
	}
	slices.Sort(c.Accounts)
	c.Accounts = slices.Compact(c.Accounts)
	return c.store(ctx, t, func(store *igauth.Store) error {
		if err := c.sure(ctx, t, store); err != nil {
			return err
		}
		erased, unknown := []string{}, []string{}
		for i, id := range c.Accounts {
			accounts, err := eraseAll(ctx, store, id)
			if err != nil {
				_, _ = fmt.Fprintf(t.err, "%d of %s done; the command may be repeated.\n", i, count(len(c.Accounts), "id"))
				return fmt.Errorf("id %s: %w", id, err)
			}
			for _, a := range accounts {
				erased = append(erased, string(a))
			}
			if len(accounts) == 0 {
				unknown = append(unknown, id)
			}
		}
		if c.JSON {
			return printJSON(t, map[string]any{"erased": erased, "not_known": unknown})
		}
		_, err := fmt.Fprintf(t.out, "%s erased.\n", count(len(erased), "account"))
		if err == nil && len(unknown) > 0 {
			_, err = fmt.Fprintf(t.out, "Nothing was known of: %s\n", strings.Join(unknown, ", "))
		}
		return err
	})
}

// sure asks whether the accounts that the ids mean are to be erased, by their
// usernames: of a list of numbers nobody sees that one is wrong.
func (c *eraseCommand) sure(ctx context.Context, t *terminal, store *igauth.Store) error {
	if c.Yes {
		return nil
	}
	asked := make([]string, len(c.Accounts))
	for i, id := range c.Accounts {
		accounts, err := store.AccountsOf(ctx, id)
		if err != nil {
			return fmt.Errorf("id %s: %w", id, err)
		}
		names := []string{}
		for _, account := range accounts {
			name := "no username"
			switch a, err := store.Account(ctx, account); {
			case err != nil && igauth.CodeOf(err) != igauth.CodeAccountNotFound:
				return fmt.Errorf("account %s: %w", account, err)
			case a.Username != "":
				name = "@" + a.Username
			}
			if string(account) != id {
				name = string(account) + " " + name
			}
			names = append(names, name)
		}
		if len(names) == 0 {
			names = append(names, "no account found")
		}
		asked[i] = fmt.Sprintf("%s (%s)", id, strings.Join(names, ", "))
	}
	return confirm(ctx, t, fmt.Sprintf("Erase %s for good?", strings.Join(asked, ", ")))
}

// eraseAll erases the accounts that an id means, and returns them.
func eraseAll(ctx context.Context, store *igauth.Store, id string) ([]igauth.AccountID, error) {
	accounts, err := store.AccountsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(accounts) == 0 {
		// Somebody may just be connecting it. And accounts of an older version are
		// found by nobody's id until a run has looked at them.
		if _, err := store.Erase(ctx, igauth.AccountID(id)); err != nil {
			return nil, err
		}
		err = eachAccount(ctx, store, func(a igauth.Account) error {
			if a.AppScopedID == id && a.ListedAs == "" {
				accounts = append(accounts, a.ID)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, account := range accounts {
		if _, err := store.Erase(ctx, account); err != nil {
			return nil, fmt.Errorf("account %s: %w", account, err)
		}
	}
	return accounts, nil
}

// count returns a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// confirm asks a person, and returns an error unless the answer is yes.
func confirm(ctx context.Context, t *terminal, question string) error {
	_, _ = fmt.Fprintf(t.err, "%s Type yes: ", question)
	text, err := answer(ctx, func() (string, error) { return bufio.NewReader(t.in).ReadString('\n') })
	if strings.TrimSpace(text) == "yes" {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return errors.New("nobody answered; --yes does not ask")
	}
	return errors.New("nothing was changed")
}
