package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"igauth/internal/app"
	"igauth/internal/app/deployed"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// where says which accounts a command works on.
type where struct {
	Data  string `default:"data" help:"Folder of igauth dev (default ${default})." type:"path" placeholder:"DIR"`
	AWS   bool   `name:"aws" help:"Work on the stack deployed in AWS, with the credentials and region of the AWS CLI."`
	Stack string `default:"igauth" help:"Name of the deployed stack (default ${default})." placeholder:"NAME"`
	Vault string `help:"Where new tokens of a deployed stack are put: secretsmanager or sealed (default: as its functions do)." placeholder:"VAULT"`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// errStackWithoutAWS is shown where a stack is named and AWS is not.
var errStackWithoutAWS = errors.New("--stack is for a deployed stack: say --aws, too")

// defaultStack is the name of a stack that nobody named.
const defaultStack = "igauth"

// open returns the parts that the commands are wired from, and what to call when
// they are no longer needed. Of a stack they have the settings of its functions.
func (w where) open(ctx context.Context, t *terminal) (app.Parts, func(), error) {
	if !w.AWS {
		return w.openFolder(t)
	}
	settings, err := w.settings(ctx, t)
	if err != nil {
		return app.Parts{}, nil, err
	}
	return w.openStack(ctx, t, settings)
}

// settings returns what the functions of the stack have in their environment. Where
// that cannot be had it says so, and returns what this shell has: whoever may read
// the table and no function can still work.
func (w where) settings(ctx context.Context, t *terminal) (getenv func(string) string, err error) {
	settings, why, err := deployed.Variables(ctx, w.Stack)
	if err != nil {
		return nil, err
	}
	if settings == nil {
		t.warn(w.JSON, "settings_unknown", why+" So the variables IGAUTH_… of this shell count in place of the stack's settings, and defaults where there are none. "+whyNoSettings)
		return os.Getenv, nil
	}
	if _, err := app.Load(settings.Get); err != nil {
		return nil, fmt.Errorf("the functions of the stack %s have settings with which they do not work: %w; deploy the template again", w.Stack, err)
	}
	return settings.Get, nil
}

// whyNoSettings says what to look at where a stack has no settings to be found.
const whyNoSettings = "Look whether --stack, AWS_REGION and AWS_PROFILE are the right ones, and whether you may lambda:ListFunctions."

// noSettings are those of a command that only reads tokens: it needs none.
func noSettings(string) string { return "" }

func (w where) openStack(ctx context.Context, t *terminal, getenv func(string) string) (app.Parts, func(), error) {
	var kind app.VaultKind
	if w.Vault != "" {
		var err error
		if kind, err = app.ParseVaultKind(w.Vault); err != nil {
			return app.Parts{}, nil, fmt.Errorf("--vault: %w", err)
		}
	}
	parts, err := deployed.Open(ctx, w.Stack, kind, getenv, logger(t, false, slog.LevelError))
	return parts, func() {}, err
}

func (w where) openFolder(t *terminal) (app.Parts, func(), error) {
	if w.Vault != "" || w.Stack != defaultStack {
		return app.Parts{}, nil, errors.New("--stack and --vault are for a deployed stack: say --aws, too")
	}
	folder, err := local.Open(w.Data, nil)
	if err != nil {
		return app.Parts{}, nil, err
	}
	parts := folder.Parts(folder.Now, logger(t, false, slog.LevelError))
	parts.MetaAppSecrets = metaAppSecret(folder, os.Getenv)
	if parts.Settings.Policy, _, err = folderPolicy(folder); err != nil {
		return app.Parts{}, nil, errors.Join(err, folder.Close())
	}
	return parts, func() { _ = folder.Close() }, nil
}

// store opens the accounts and calls do.
func (w where) store(ctx context.Context, t *terminal, do func(*igauth.Store) error) error {
	return w.parts(ctx, t, func(_ app.Parts, store *igauth.Store) error { return do(store) })
}

// parts is store for a command that needs more than the accounts.
func (w where) parts(ctx context.Context, t *terminal, do func(app.Parts, *igauth.Store) error) error {
	parts, closing, err := w.open(ctx, t)
	if err != nil {
		return err
	}
	return use(parts, closing, do)
}

// use calls do with opened parts, and closes them.
func use(parts app.Parts, closing func(), do func(app.Parts, *igauth.Store) error) error {
	defer closing()
	store, err := parts.Store()
	if err != nil {
		return err
	}
	return do(parts, store)
}

// audited is store for a command that reads tokens: who reads, and where that is
// written down.
func (w where) audited(ctx context.Context, t *terminal, do func(store *igauth.Store, audit igauth.Auditor, who string) error) error {
	if !w.AWS {
		return w.parts(ctx, t, func(parts app.Parts, store *igauth.Store) error { return do(store, parts.Audit, localUser()) })
	}
	parts, closing, err := w.openStack(ctx, t, noSettings)
	if err != nil {
		return err
	}
	return use(parts, closing, func(_ app.Parts, store *igauth.Store) error {
		audit, who, err := deployed.OpenAudit(ctx, w.Stack)
		if err != nil {
			return err
		}
		return do(store, audit, who)
	})
}
