package main

import (
	"context"
	"errors"
	"fmt"

	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/sealed"
)

type keysCommand struct {
	List   keysListCommand   `cmd:"" default:"withargs" help:"List the keys of the sealed tokens, and how many accounts use each."`
	Rotate keysRotateCommand `cmd:"" help:"Add a new key that seals from now on. The others still open."`
	Reseal keysResealCommand `cmd:"" help:"Seal every token with the newest key."`
}

type vaultCommand struct {
	Migrate migrateCommand `cmd:"" help:"Move the tokens of a deployed stack to Secrets Manager, or seal them."`
}

// errNoKeyset is shown instead of an error that says only that a secret is
// missing.
var errNoKeyset = errors.New("there is no keyset here; deploying with Vault=sealed makes one, and so does `igauth keys rotate` if no token is sealed yet")

type keysListCommand struct {
	where
}

// A keyView is a key as it may be shown.
type keyView struct {
	ID       uint32 `json:"id"`
	Primary  bool   `json:"primary"`
	Accounts int    `json:"accounts"`
}

func (c *keysListCommand) Run(ctx context.Context, t *terminal) error {
	parts, closing, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	defer closing()
	text, err := parts.Keyset.Text(ctx)
	if errors.Is(err, igauth.ErrNotFound) {
		return errNoKeyset
	}
	if err != nil {
		return err
	}
	keys, err := sealed.ParseKeyset(text)
	if err != nil {
		return err
	}
	used, err := keysInUse(ctx, parts)
	if err != nil {
		return err
	}
	views := []keyView{}
	for _, key := range keys.Keys {
		views = append(views, keyView{key.ID, key.ID == keys.Primary, used[key.ID]})
	}
	if c.JSON {
		return printJSON(t, map[string]any{"keys": views})
	}
	w := newTable(t)
	w.AppendHeader([]any{"KEY", "SEALS", "ACCOUNTS"})
	for _, v := range views {
		seals := "no"
		if v.Primary {
			seals = "yes"
		}
		w.AppendRow([]any{v.ID, seals, v.Accounts})
	}
	if err := render(t, w); err != nil {
		return err
	}
	if damaged := used[0]; damaged > 0 {
		_, err = fmt.Fprintf(t.out, "The stored tokens of %s are damaged; their owners must connect again.\n", count(damaged, "account"))
	}
	return err
}

// nothingSealed returns an error if tokens are sealed under a keyset that is gone.
func nothingSealed(ctx context.Context, parts app.Parts) error {
	used, err := keysInUse(ctx, parts)
	if err != nil {
		return err
	}
	n := 0
	for _, accounts := range used {
		n += accounts
	}
	if n > 0 {
		return fmt.Errorf("the keyset is missing, and the tokens of %s are sealed under it; a new one would not open them. Put the old one back (aws secretsmanager restore-secret, if it was deleted in the last 30 days); if it is lost for good: igauth keys rotate --lost", count(n, "account"))
	}
	return nil
}

// keysInUse counts the accounts whose tokens are sealed with each key.
func keysInUse(ctx context.Context, parts app.Parts) (map[uint32]int, error) {
	store, err := parts.Store()
	if err != nil {
		return nil, err
	}
	used := map[uint32]int{}
	err = eachAccount(ctx, store, func(a igauth.Account) error {
		if a.Ref == "" || parts.Vault.Keeps(a.Ref) {
			return nil
		}
		// A damaged reference has no key; it counts for key 0, which is none.
		id, _ := sealed.KeyOf(a.Ref)
		used[id]++
		return nil
	})
	return used, err
}

type keysRotateCommand struct {
	where
	Lost bool `help:"Make a new keyset although the one is lost under which tokens are sealed: they never open again, and every owner must connect again."`
}

func (c *keysRotateCommand) Run(ctx context.Context, t *terminal) error {
	parts, closing, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	defer closing()
	var next sealed.Keyset
	err = parts.Keyset.Change(ctx, func(old igauth.Secret) (igauth.Secret, error) {
		var keys sealed.Keyset
		switch {
		case old.IsZero() && c.Lost:
			err = confirm(ctx, t, "Give up all sealed tokens?")
		case old.IsZero():
			err = nothingSealed(ctx, parts)
		default:
			keys, err = sealed.ParseKeyset(old)
		}
		if err != nil {
			// The keyset is not replaced: the tokens depend on it.
			return igauth.Secret{}, err
		}
		if next, err = keys.Rotate(nil); err != nil {
			return igauth.Secret{}, err
		}
		return next.Encode(), nil
	})
	if errors.Is(err, igauth.ErrConflict) {
		return errors.New("somebody else changed the keyset at the same time; nothing was changed, try again")
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t, map[string]any{"primary": next.Primary, "keys": len(next.Keys)})
	}
	_, err = fmt.Fprintf(t.out, "Key %d seals from now on; functions that run notice within five minutes.\nThe other keys still open. To seal what is there with the new one: igauth keys reseal\n", next.Primary)
	return err
}

type keysResealCommand struct {
	where
	PerSecond int `default:"100" help:"How many tokens are begun in a second at most (default ${default})." placeholder:"N"`
}

func (c *keysResealCommand) Run(ctx context.Context, t *terminal) error {
	parts, closing, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	defer closing()
	vault := parts.Vault
	var box *sealed.Vault
	switch v := vault.(type) {
	case *sealed.Vault:
		box = v
	case *sealed.Beside:
		box = v.Sealed
		// Only sealed tokens are touched, and they stay sealed.
		v.Seal = sealed.Always(true)
	}
	outdated := func(ctx context.Context, ref igauth.Ref) (bool, error) {
		if vault.Keeps(ref) {
			return false, nil
		}
		return box.Outdated(ctx, ref)
	}
	return move(ctx, t, parts, moveWords{"resealed", "igauth keys reseal"}, c.JSON, c.PerSecond, outdated)
}

type migrateCommand struct {
	where
	To        string `required:"" enum:"sealed,secretsmanager" help:"Where the tokens go: sealed or secretsmanager." placeholder:"VAULT"`
	PerSecond int    `default:"10" help:"How many accounts are begun in a second at most (default ${default}): Secrets Manager allows 50 writes, for all programs together." placeholder:"N"`
}

// Help is shown by igauth vault migrate --help.
func (migrateCommand) Help() string {
	return `Deploy the stack with the parameter Vault of the same name first, so that the functions
put new tokens there. The tokens can be read all the time. It may be interrupted at any
time and begun again: what was moved is passed over.

Programs that read the secrets of Secrets Manager themselves must use the API before the
tokens are sealed, since the secrets are deleted.`
}

func (c *migrateCommand) Run(ctx context.Context, t *terminal) error {
	if !c.AWS {
		return errors.New("the tokens of igauth dev are always sealed; say --aws to move those of a deployed stack")
	}
	c.Vault = c.To
	parts, closing, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	defer closing()
	if _, err := parts.Keyset.Text(ctx); c.To == string(app.VaultSealed) && errors.Is(err, igauth.ErrNotFound) {
		return fmt.Errorf("stack %s has no keyset yet: deploy it with Vault=sealed first, which makes one", c.Stack)
	}
	beside, ok := parts.Vault.(*sealed.Beside)
	if !ok {
		return errors.New("this stack has no keyset")
	}
	// Keys are not changed on the way.
	outdated := func(_ context.Context, ref igauth.Ref) (bool, error) {
		return beside.Keeps(ref) == (c.To == string(app.VaultSealed)), nil
	}
	return move(ctx, t, parts, moveWords{"moved", "igauth vault migrate"}, c.JSON, c.PerSecond, outdated)
}

// moveWords are what a person reads of a move: what was done, and by which
// command.
type moveWords struct{ done, command string }

// move moves the tokens of all accounts and tells how it went.
func move(ctx context.Context, t *terminal, parts app.Parts, words moveWords, asJSON bool, perSecond int, outdated func(context.Context, igauth.Ref) (bool, error)) error {
	if perSecond < 1 {
		return fmt.Errorf("--per-second=%d: it must be at least 1", perSecond)
	}
	store, err := parts.Store()
	if err != nil {
		return err
	}
	shown := newProgress(t)
	mover := igauth.Mover{Store: store, Outdated: outdated, PerSecond: perSecond, Progress: func(r igauth.MoveReport) {
		shown.show("%d accounts seen, %d %s, %d left for later", r.Seen, r.Moved, words.done, r.Left())
	}}
	report, err := mover.Run(ctx)
	shown.done()
	if asJSON {
		if printed := printJSON(t, report); printed != nil {
			return printed
		}
	} else {
		_, _ = fmt.Fprintf(t.out, "%s seen, %d %s.\n", count(report.Seen, "account"), report.Moved, words.done)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted; nothing is lost: `%s` goes on where it was", words.command)
	case err != nil && report.Failed > 0:
		return fmt.Errorf("%d accounts stay where they were, the last one because of: %w; `%s` tries again", report.Failed, err, words.command)
	case err != nil:
		return err
	case report.InProgress > 0:
		return fmt.Errorf("%d accounts were being worked on; `%s` moves them in some minutes", report.InProgress, words.command)
	}
	return nil
}
