package igauth_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// imported returns a bench whose only account is erased, and imports a token.
func imported(t *testing.T, prepare func(*bench)) (*bench, igauth.Account, error) {
	t.Helper()
	b := newBench(t)
	if _, err := b.store.Erase(t.Context(), testProfile.ID); err != nil {
		t.Fatal(err)
	}
	b.advance(time.Minute)
	if prepare != nil {
		prepare(b)
	}
	a, err := b.refresher.Import(t.Context(), igauth.Import{Token: igauth.NewSecret("brought")})
	return b, a, err
}

func TestImportOfAnOldTokenIsRefreshedAtOnce(t *testing.T) {
	b, a, err := imported(t, nil)
	if err != nil || b.token() != "token 1" || !a.ConfirmAt.IsZero() || a.ExpiresAt.Sub(b.now()) != 60*days || a.Username != testProfile.Username {
		t.Errorf("got %+v, %v, token %s", a, err, b.token())
	}
	if len(a.History) != 2 || a.History[0].What != igauth.EntryImported || a.History[1].What != igauth.EntryRefreshed {
		t.Errorf("got history %+v", a.History)
	}
}

func TestImportOfAYoungToken(t *testing.T) {
	b, a, err := imported(t, func(b *bench) {
		b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
			return igauth.Token{}, failure(igauth.CodeTokenTooYoung, true)
		}
	})
	if err != nil || b.token() != "brought" || a.ExpiresAt.Sub(b.now()) != 59*days || a.ConfirmAt.Sub(b.now()) != 25*time.Hour {
		t.Fatalf("got %+v, %v, token %s", a, err, b.token())
	}
	if view := b.store.View(a); !view.ExpiryAssumed || view.Failures != 0 {
		t.Errorf("got view %+v", view)
	}
	b.meta.refresh = nil
	for range 26 {
		b.advance(time.Hour)
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
	}
	if a := b.account(); b.token() != "token 2" || !a.ConfirmAt.IsZero() || b.store.View(a).ExpiryAssumed {
		t.Errorf("a day later: got %+v, token %s", a, b.token())
	}
}

// While Meta does not refresh, the token is kept and tried again soon, as nobody
// knows how long it lives.
func TestImportDuringAnOutage(t *testing.T) {
	b, a, err := imported(t, func(b *bench) {
		b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
			return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
		}
	})
	if err != nil || b.token() != "brought" || a.ConfirmAt.Sub(b.now()) != 6*time.Hour || a.Failures != 1 {
		t.Fatalf("got %+v, %v, token %s", a, err, b.token())
	}
	b.meta.refresh = nil
	b.advance(6 * time.Hour)
	if report, err := b.run(); err != nil || report.Refreshed != 1 || !b.account().ConfirmAt.IsZero() {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestImportIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*bench)
		want    igauth.Code
	}{
		"Meta says that the token is dead": {func(b *bench) {
			b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
				return igauth.Profile{}, failure(igauth.CodeTokenExpired, true)
			}
		}, igauth.CodeTokenExpired},
		"a personal account": {func(b *bench) {
			b.meta.profile = func(igauth.Secret) (igauth.Profile, error) {
				return igauth.Profile{ID: testProfile.ID, AccountType: "Personal"}, nil
			}
		}, igauth.CodePersonalAccount},
		"the account has a live token": {func(b *bench) { b.connect("second") }, igauth.CodeAlreadyConnected},
	} {
		t.Run(name, func(t *testing.T) {
			var before string
			b, _, err := imported(t, func(b *bench) {
				c.prepare(b)
				before = b.token()
			})
			if igauth.CodeOf(err) != c.want || b.token() != before {
				t.Errorf("got %v and token %s, want %s and %s", err, b.token(), c.want, before)
			}
		})
	}
}

func TestImportReplacesALiveToken(t *testing.T) {
	b := newBench(t)
	a, err := b.refresher.Import(t.Context(), igauth.Import{Token: igauth.NewSecret("brought"), Replace: true})
	if err != nil || b.token() != "token 1" || a.Generation != 3 || a.History[1].What != igauth.EntryImported {
		t.Errorf("got %+v, %v, token %s", a, err, b.token())
	}
}

// Somebody imports a token twice at the same time. Of the two the later one must
// not put back what the next token was made from, which is dead since.
func TestImportDoesNotPutBackAnOlderToken(t *testing.T) {
	for during := 1; during <= 2; during++ {
		t.Run(fmt.Sprint("during question ", during), func(t *testing.T) {
			b := newBench(t)
			in := igauth.Import{Token: igauth.NewSecret("brought"), Replace: true}
			dead := map[string]bool{}
			b.meta.refresh = func(token igauth.Secret) (igauth.Token, error) {
				dead[token.Reveal()] = true
				return b.renewed(igauth.NewSecret("its successor")), nil
			}
			questions := 0
			b.meta.profile = func(token igauth.Secret) (igauth.Profile, error) {
				if dead[token.Reveal()] {
					return igauth.Profile{}, failure(igauth.CodeTokenInvalid, true)
				}
				if questions++; questions == during {
					if _, err := b.refresher.Import(t.Context(), in); err != nil {
						t.Error(err)
					}
				}
				return testProfile, nil
			}
			_, err := b.refresher.Import(t.Context(), in)
			if err == nil || b.token() != "its successor" || b.account().Status != igauth.StatusActive {
				t.Errorf("got %v, token %q of an account that is %s", err, b.token(), b.account().Status)
			}
		})
	}
}

// A token that turns out to be dead when it is refreshed ends as any other.
func TestImportOfATokenThatCannotBeRefreshed(t *testing.T) {
	_, a, err := imported(t, func(b *bench) {
		b.meta.refresh = func(igauth.Secret) (igauth.Token, error) {
			return igauth.Token{}, failure(igauth.CodeAppRemoved, true)
		}
	})
	if a.Status != igauth.StatusReauthRequired || a.LastFailure.Code != igauth.CodeAppRemoved {
		t.Errorf("got %+v, %v", a, err)
	}
}

// Whatever the import stored is found by the next run.
func TestImportSurvivesACrash(t *testing.T) {
	killed := errors.New("killed")
	b, _, err := imported(t, func(b *bench) {
		b.ledger.interrupt(func(c igauth.Change) error {
			if c.Account != nil && c.Account.Status == igauth.StatusActive {
				return killed
			}
			return nil
		}, nil)
	})
	if !errors.Is(err, killed) {
		t.Fatalf("got %v", err)
	}
	b.ledger.interrupt(nil, nil)
	for range 2 {
		b.advance(time.Hour)
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
	}
	if a := b.account(); b.token() != "token 1" || a.History[0].What != igauth.EntryImported || !a.ConfirmAt.IsZero() {
		t.Errorf("got %+v, token %s", a, b.token())
	}
}
