package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"igauth/internal/igauth"
	"igauth/internal/igauth/sealed"
)

// A keysetFile is the file with the keys of a folder's sealed tokens.
type keysetFile string

// openKeyset checks the keyset of a ledger, and makes it for a new one. A missing
// or damaged file is never replaced: the tokens depend on it.
func openKeyset(path, ledger string) (keysetFile, error) {
	file := keysetFile(path)
	text, err := file.Text(context.Background())
	if errors.Is(err, igauth.ErrNotFound) {
		if _, err := os.Stat(ledger); err == nil {
			return "", fmt.Errorf("%s is missing: without it the tokens in %s cannot be opened; put it back, or begin with an empty folder", path, ledger)
		}
		keys, err := sealed.NewKeyset(nil)
		if err != nil {
			return "", err
		}
		return file, write(path, []byte(keys.Encode().Reveal()))
	}
	if err != nil {
		return "", err
	}
	if _, err := sealed.ParseKeyset(text); err != nil {
		return "", fmt.Errorf("%s is damaged: %w", path, err)
	}
	return file, nil
}

// source is the source of the folder's vault. The file is read each time, so that
// a server notices at once what the command has changed.
func (f keysetFile) source(ctx context.Context, _ bool) (igauth.Secret, error) { return f.Text(ctx) }

// Text implements [app.Keyset].
func (f keysetFile) Text(context.Context) (igauth.Secret, error) {
	data, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return igauth.Secret{}, fmt.Errorf("%s: %w", f, igauth.ErrNotFound)
	}
	if err != nil {
		return igauth.Secret{}, fmt.Errorf("reading the vault's keys: %w", err)
	}
	return igauth.NewSecret(string(data)), nil
}

// Change implements [app.Keyset].
func (f keysetFile) Change(ctx context.Context, change func(igauth.Secret) (igauth.Secret, error)) error {
	unlock, err := lock(string(f) + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	old, err := f.Text(ctx)
	if err != nil && !errors.Is(err, igauth.ErrNotFound) {
		return err
	}
	text, err := change(old)
	if err != nil {
		return err
	}
	return write(string(f), []byte(text.Reveal()))
}
