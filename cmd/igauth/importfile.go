package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"igauth/internal/igauth"
	"igauth/internal/tokenfile"
)

// read returns the tokens of the file, of standard input, or of a person.
func (c *importCommand) read(ctx context.Context, t *terminal) ([]tokenfile.Entry, error) {
	var from io.Reader
	name := c.File
	switch {
	case c.File != "" && c.File != "-":
		file, err := openFile(c.File)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		from = file
	case c.File == "" && isTerminalReader(t.in):
		text, err := askToken(ctx, t)
		if err != nil {
			return nil, err
		}
		from, name = bytes.NewReader(text), ""
	default:
		from, name = t.in, "standard input"
	}
	var entries []tokenfile.Entry
	var err error
	if c.Variable != "" {
		entries, err = tokenfile.ReadVariable(from, c.Variable)
	} else {
		entries, err = tokenfile.Read(from, c.Format)
	}
	return entries, inFile(name, err)
}

// inFile puts the name of the file before each of the faults in it.
func inFile(name string, err error) error {
	if err == nil || name == "" {
		return err
	}
	faults := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		faults = joined.Unwrap()
	}
	for i, fault := range faults {
		faults[i] = fmt.Errorf("%s: %w", name, fault)
	}
	return errors.Join(faults...)
}

// openFile opens a file for reading. A token that somebody gives in its place is not
// shown.
func openFile(name string) (*os.File, error) {
	file, err := os.Open(name)
	if err != nil && looksLikeToken(name) {
		return nil, errors.New("that is a token, or an address with one, and not the name of a file: call igauth import without it, and paste it when you are asked. What stands in a command line is kept in the shell's history")
	}
	if err != nil {
		return nil, fileFault(name, err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		_ = file.Close()
		return nil, fmt.Errorf("%s is a folder: give the name of a file in it", name)
	}
	return file, nil
}

// looksLikeToken reports whether a text is a token, or something else that must not
// be shown.
func looksLikeToken(text string) bool {
	err := igauth.CheckTokenText(igauth.NewSecret(text))
	if err == nil {
		const longestName = 255 // of a file, on all systems
		return len(text) > longestName || igauth.FamilyOf(igauth.NewSecret(text)) != igauth.FamilyUnknown
	}
	switch igauth.CodeOf(err) {
	case igauth.CodeTokenMissing, igauth.CodeTokenPlaceholder:
		return false
	case igauth.CodeTokenDamaged:
		return strings.HasPrefix(strings.ToLower(text), "bearer ")
	}
	return true
}

// fileFault says in plain words why a file cannot be used.
func fileFault(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no %s: look at the name and the folder", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("you have no permission for %s", name)
	}
	if fault, ok := errors.AsType[*fs.PathError](err); ok {
		err = fault.Err
	}
	return fmt.Errorf("%s cannot be used: %w", name, err)
}

// shortest is the length from which a text may be a token. Meta's have some 200
// characters and may become shorter, but not so short that they could be guessed.
const shortest = 24

// tooShort returns what is wrong with a text that nothing else is wrong with, and of
// which Meta need not be asked.
func tooShort(entry tokenfile.Entry) *problem {
	if entry.Token.Len() >= shortest || !entry.UserToken.IsZero() {
		return nil
	}
	if err := igauth.CheckTokenText(entry.Token); err != nil && igauth.CodeOf(err) != igauth.CodeTokenFacebook {
		return nil // the import says it better
	}
	p := igauth.CodeTokenDamaged.Explain()
	p.Message = "This is too short for a token: " + count(entry.Token.Len(), "character")
	p.Cause = "Tokens have some 200 characters."
	return &p
}
