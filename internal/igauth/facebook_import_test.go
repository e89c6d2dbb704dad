package igauth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

func (b *graphBench) imports(in igauth.Import) (igauth.Account, error) {
	b.t.Helper()
	a, err := b.refresher.Import(b.t.Context(), in)
	b.id = a.ID
	return a, err
}

// Each kind of token of Facebook Login is imported with the end that it has.
func TestImportOfAFacebookToken(t *testing.T) {
	for name, c := range map[string]struct {
		system bool
		lives  time.Duration // 0: for ever
		// ends is when the kept one does.
		ends     time.Duration
		extended bool
	}{
		"a system user's that never ends":        {system: true},
		"a system user's of 60 days":             {system: true, lives: 60 * days, ends: 60 * days},
		"a person's long-lived one":              {lives: 60 * days, ends: 60 * days},
		"a person's that has lived for a while":  {lives: 20 * days, ends: 20 * days},
		"a person's of an hour":                  {lives: time.Hour, ends: 60 * days, extended: true},
		"a person's that is said to never end":   {lives: 0, ends: 60 * days},
		"a person's that is said to end in 2100": {lives: 27000 * days, ends: 60 * days},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emptyGraphBench(t)
			b.person.system = c.system
			page := b.link(b.person, 1)
			end := time.Time{}
			if c.lives > 0 {
				end = b.now().Add(c.lives)
			}
			brought := igauth.NewSecret(b.facebook.issue(b.person, nil, end))
			a, err := b.imports(igauth.Import{Token: brought})
			if err != nil {
				t.Fatal(err)
			}
			want := time.Time{}
			if c.ends > 0 {
				want = b.now().Add(c.ends)
			}
			if a.ID != page.account || a.PageID != page.id || a.Username != page.username || a.Login != igauth.LoginFacebook || a.AppScopedID != b.person.id ||
				a.Status != igauth.StatusActive || !a.ExpiresAt.Equal(want) || !a.ConfirmAt.IsZero() || !b.alive() {
				t.Errorf("got %+v", a)
			}
			if a.DataAccessUntil.IsZero() != c.system || !slices.Contains(a.Scopes, "instagram_basic") {
				t.Errorf("got data access until %s, scopes %v", a.DataAccessUntil, a.Scopes)
			}
			_, token, err := b.store.Token(t.Context(), a.ID, 0)
			if err != nil || token.UserToken.Equal(brought) == c.extended || b.facebook.tokens[token.Value.Reveal()].page != page {
				t.Errorf("what is kept is not the Page's token beside the person's: %v", err)
			}
			p, err := b.ledger.Person(t.Context(), igauth.NewPersonID(igauth.LoginFacebook, b.person.id))
			if err != nil || !slices.Contains(p.Accounts, a.ID) {
				t.Errorf("the person is not listed: %+v, %v", p, err)
			}
		})
	}
}

func TestImportOfAFacebookTokenIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(b *graphBench) igauth.Import
		code    igauth.Code
		says    []string
	}{
		"of a Page": {func(b *graphBench) igauth.Import {
			return igauth.Import{Token: igauth.NewSecret(b.facebook.issue(b.person, b.link(b.person, 1), time.Time{}))}
		}, igauth.CodeTokenIsPage, nil},
		"of another app": {func(b *graphBench) igauth.Import {
			token := b.gives(b.person)
			b.facebook.tokens[token.Reveal()].app = "777"
			return igauth.Import{Token: token}
		}, igauth.CodeTokenOtherApp, nil},
		"that Meta does not know": {func(b *graphBench) igauth.Import {
			return igauth.Import{Token: igauth.NewSecret("EAAunknown")}
		}, igauth.CodeTokenInvalid, nil},
		"that has ended": {func(b *graphBench) igauth.Import {
			return igauth.Import{Token: igauth.NewSecret(b.facebook.issue(b.person, nil, b.now().Add(-time.Hour)))}
		}, igauth.CodeTokenExpired, nil},
		"whose data access has ended": {func(b *graphBench) igauth.Import {
			token := b.gives(b.person)
			b.person.seenAt = b.now().Add(-91 * days)
			return igauth.Import{Token: token}
		}, igauth.CodeDataAccessExpired, nil},
		"without a Page": {func(b *graphBench) igauth.Import {
			return igauth.Import{Token: b.gives(b.person)}
		}, igauth.CodeNoPage, nil},
		"whose Pages are hidden": {func(b *graphBench) igauth.Import {
			b.facebook.inspect = func(i *igauth.Inspection) { i.Scopes = []string{"instagram_basic", "pages_show_list"} }
			return igauth.Import{Token: b.gives(b.person)}
		}, igauth.CodePagesHidden, nil},
		"whose Page has no Instagram account": {func(b *graphBench) igauth.Import {
			b.link(b.person, 1).account = ""
			return igauth.Import{Token: b.gives(b.person)}
		}, igauth.CodePageWithoutInstagram, nil},
		"of several accounts": {func(b *graphBench) igauth.Import {
			b.facebook.pageSize = 1
			b.link(b.person, 1)
			b.link(b.person, 2)
			return igauth.Import{Token: b.gives(b.person)}
		}, igauth.CodeSeveralAccounts, []string{"page.1 (17841600000000001)", "page.2 (17841600000000002)"}},
		"of another account than is named": {func(b *graphBench) igauth.Import {
			b.link(b.person, 1)
			return igauth.Import{Token: b.gives(b.person), Account: "page.9"}
		}, igauth.CodeAccountNotShown, []string{"page.1 (17841600000000001)"}},
		"of an account that has a live one": {func(b *graphBench) igauth.Import {
			b.join(b.person, 1)
			b.advance(time.Hour)
			return igauth.Import{Token: b.gives(b.person)}
		}, igauth.CodeAlreadyConnected, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emptyGraphBench(t)
			in := c.prepare(b)
			before := b.rows()
			_, err := b.imports(in)
			e, ok := errors.AsType[*igauth.Error](err)
			if !ok || e.Code != c.code || strings.Contains(err.Error(), "EAA") {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			for _, word := range c.says {
				if !strings.Contains(e.Detail, word) {
					t.Errorf("got %q, which does not name %s", e.Detail, word)
				}
			}
			if after := b.rows(); after != before {
				t.Errorf("something was stored:\n%s", after)
			}
		})
	}
}

// Of several accounts one is named by its id or its username, and the others are
// left alone.
func TestImportOfOneOfSeveralAccounts(t *testing.T) {
	for _, name := range []string{"page.2", "@PAGE.2", "17841600000000002"} {
		b := emptyGraphBench(t)
		b.facebook.pageSize = 2
		for n := range 5 {
			b.link(b.person, n)
		}
		a, err := b.imports(igauth.Import{Token: b.gives(b.person), Account: name})
		if err != nil || a.Username != "page.2" || !b.alive() {
			t.Errorf("%s: got %+v, %v", name, a, err)
		}
	}
}

// An account that is named keeps a token of Instagram Login of another one out,
// too.
func TestImportOfAnotherInstagramAccount(t *testing.T) {
	b := emptyGraphBench(t)
	if _, err := b.imports(igauth.Import{Token: igauth.NewSecret("IGAAbrought"), Account: "somebody.else"}); igauth.CodeOf(err) != igauth.CodeAccountNotShown {
		t.Errorf("got %v", err)
	}
	if a, err := b.imports(igauth.Import{Token: igauth.NewSecret("IGAAbrought"), Account: testProfile.Username}); err != nil || a.Login != igauth.LoginInstagram {
		t.Errorf("got %+v, %v", a, err)
	}
}

// The same token again changes nothing, and a new one replaces it if that is
// wanted.
func TestFacebookTokenIsImportedAgain(t *testing.T) {
	b := emptyGraphBench(t)
	b.id = b.join(b.person, 1)
	_, held, err := b.store.Token(t.Context(), b.id, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.advance(time.Hour)
	if a, err := b.imports(igauth.Import{Token: held.UserToken, Replace: true}); err != nil || a.Generation != b.account().Generation || b.account().Revision != a.Revision {
		t.Errorf("the same again: got %+v, %v", a, err)
	}
	generation := b.account().Generation
	if a, err := b.imports(igauth.Import{Token: b.gives(b.person), Replace: true}); err != nil || a.Generation != generation+1 || !b.alive() {
		t.Errorf("a new one: got %+v, %v", a, err)
	}
}

// Without its settings a token of Facebook Login is refused as before, and the
// hint says how to switch it on.
func TestFacebookTokenWithoutFacebookLogin(t *testing.T) {
	b := emptyGraphBench(t)
	token := b.gives(b.person)
	b.refresherWith(igauth.RefresherConfig{})
	_, err := b.imports(igauth.Import{Token: token})
	if igauth.CodeOf(err) != igauth.CodeTokenFacebook || !strings.Contains(igauth.CodeTokenFacebook.Hint(), "IGAUTH_META_APP_ID") {
		t.Errorf("got %v; hint %s", err, igauth.CodeTokenFacebook.Hint())
	}
}

// A blip of Meta during an import is asked again.
func TestFacebookImportSurvivesABlip(t *testing.T) {
	b := emptyGraphBench(t)
	b.link(b.person, 1)
	failed := map[string]bool{}
	b.facebook.fail = func(method, _ string) error {
		if !failed[method] {
			failed[method] = true
			return failure(igauth.CodeMetaUnavailable, true)
		}
		return nil
	}
	if _, err := b.imports(igauth.Import{Token: b.gives(b.person)}); err != nil || !failed["Inspect"] || !failed["Pages"] || !failed["Profile"] {
		t.Errorf("got %v after %v", err, failed)
	}
}
