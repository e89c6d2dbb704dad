package igauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// morePages bounds how often a person's Pages are asked for: some hundred come
	// at a time.
	morePages = 50
	// extendWithin is how close its end must be for an imported token of a person to
	// be exchanged at once: those of an hour or two are.
	extendWithin = 3 * 24 * time.Hour
)

// importFacebook makes a token of Facebook Login the token of an account: that of
// a person, or of a system user, which may never end. Meta says whether it lives,
// is of our app, and when it ends. The Pages that it shows say whose account it is:
// of several one must be named. What is kept is the Page's token, beside that from
// which it is made.
//
// A Page's token alone is refused. Meta names no end of it, but it dies with the
// person's that it was made from, and nothing here could renew it or say for whom
// Meta's callbacks name it.
func (r *Refresher) importFacebook(ctx context.Context, in Import) (Account, error) {
	began := r.store.now()
	user, known, err := r.personsToken(ctx, in.Token)
	if err != nil {
		return Account{}, err
	}
	page, err := r.choosePage(ctx, user, in.Account, known.Scopes)
	if err != nil {
		return Account{}, err
	}
	if page.Token.IsZero() {
		err := insistently(ctx, func() (err error) {
			page.Token, err = r.facebook.PageToken(ctx, page.ID, user)
			return err
		})
		if err != nil {
			return Account{}, err
		}
	}
	var profile Profile
	err = insistently(ctx, func() (err error) {
		profile, err = r.facebook.Profile(ctx, page.Account, page.Token)
		return err
	})
	if err != nil {
		return Account{}, err
	}
	profile.ID, profile.PageID, profile.AppScopedID = page.Account, page.ID, known.AppScopedID
	var held Account
	if in.Replace {
		var same bool
		if held, same = r.store.holds(ctx, profile.ID, user); same {
			return held, nil
		}
	}
	scopes := known.Scopes
	if scopes == nil {
		scopes = sortedScopes(in.Scopes)
	}
	a, err := r.keepImport(ctx, began, in, held, LoginFacebook, profile, Token{
		Value: page.Token, UserToken: user, Scopes: scopes,
		ExpiresAt: known.ExpiresAt, DataAccessUntil: known.DataAccessUntil,
	})
	if err == nil {
		r.log.InfoContext(ctx, "token imported", "accountId", a.ID, "login", a.Login)
	}
	return a, err
}

// personsToken returns the long-lived token of a person or system user for the
// token that somebody brought, and what Meta knows of it.
func (r *Refresher) personsToken(ctx context.Context, token Secret) (Secret, Inspection, error) {
	known, err := r.inspectImport(ctx, token)
	if err != nil {
		return Secret{}, Inspection{}, err
	}
	now := r.store.now()
	known.ExpiresAt = known.endOf(time.Time{}, now)
	if known.ExpiresAt.IsZero() || known.ExpiresAt.Sub(now) > extendWithin {
		return token, known, nil
	}
	// An answer that is lost does no harm: the same can be asked again.
	var extended Token
	err = insistently(ctx, func() (err error) {
		extended, err = r.facebook.ExtendToken(ctx, token)
		return err
	})
	if err != nil {
		return Secret{}, Inspection{}, err
	}
	known, err = r.inspectImport(ctx, extended.Value)
	known.ExpiresAt = known.endOf(extended.ExpiresAt, now)
	return extended.Value, known, err
}

// inspectImport returns what Meta knows of a token that is worth keeping.
func (r *Refresher) inspectImport(ctx context.Context, token Secret) (known Inspection, err error) {
	err = insistently(ctx, func() (err error) {
		known, err = r.facebook.Inspect(ctx, token)
		return err
	})
	now := r.store.now()
	switch {
	case err != nil:
		return Inspection{}, err
	case !known.Valid:
		return Inspection{}, known.problem()
	case known.Type == "PAGE":
		return Inspection{}, newError(CodeTokenIsPage, nil)
	case known.Type == "APP":
		return Inspection{}, newError(CodeTokenIsAppToken, nil)
	case !known.ExpiresAt.IsZero() && !known.ExpiresAt.After(now):
		return Inspection{}, newError(CodeTokenExpired, nil)
	case !known.DataAccessUntil.IsZero() && !known.DataAccessUntil.After(now):
		return Inspection{}, newError(CodeDataAccessExpired, nil)
	}
	return known, nil
}

// choosePage returns the one Page with an Instagram account that a token shows, or
// that of the account which was named.
func (r *Refresher) choosePage(ctx context.Context, user Secret, name string, scopes []string) (Page, error) {
	var all, linked, meant []Page
	after := ""
	for range morePages {
		var some []Page
		var next string
		err := insistently(ctx, func() (err error) {
			some, next, err = r.facebook.Pages(ctx, user, after)
			return err
		})
		if err != nil {
			return Page{}, err
		}
		all = append(all, some...)
		if after = next; after == "" {
			break
		}
	}
	if after != "" {
		return Page{}, newError(CodeMetaUnreadable, errors.New("the list of Pages does not end"))
	}
	for _, page := range all {
		if page.Account == "" || slices.ContainsFunc(linked, func(p Page) bool { return p.Account == page.Account }) {
			continue
		}
		linked = append(linked, page)
		if means(name, page.Account, page.Username) {
			meant = append(meant, page)
		}
	}
	switch {
	case len(meant) == 1:
		return meant[0], nil
	case len(all) == 0 && (!slices.Contains(scopes, "pages_show_list") || !slices.Contains(scopes, "business_management")):
		return Page{}, newError(CodePagesHidden, nil)
	case len(all) == 0:
		return Page{}, newError(CodeNoPage, nil)
	case len(linked) == 0:
		return Page{}, newError(CodePageWithoutInstagram, nil)
	case len(meant) == 0:
		return Page{}, &Error{Code: CodeAccountNotShown, Class: ClassRefused, Detail: "the token is of " + listed(linked)}
	}
	return Page{}, &Error{Code: CodeSeveralAccounts, Class: ClassRefused, Detail: listed(meant)}
}

// listedMost bounds how many accounts an error names.
const listedMost = 20

// listed names the accounts of Pages.
func listed(pages []Page) string {
	var names []string
	for _, page := range pages[:min(len(pages), listedMost)] {
		names = append(names, named(page.Account, page.Username))
	}
	if more := len(pages) - listedMost; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
