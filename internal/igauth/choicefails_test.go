package igauth_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// A moodyLedger does not answer some calls.
type moodyLedger struct {
	igauth.Ledger
	// blind has it read no account.
	blind atomic.Bool
	// silent has it give no answer to who brings a choice, before or after it was
	// kept, for so many times.
	silent  atomic.Int32
	keepsIt bool
}

func (m *moodyLedger) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	if m.blind.Load() {
		return igauth.Account{}, errDead
	}
	return m.Ledger.Account(ctx, id)
}

func (m *moodyLedger) Save(ctx context.Context, change igauth.Change) error {
	if change.Flow == nil || change.Flow.SealedToken == "" || change.Flow.Lease.Attempt != "" || m.silent.Add(-1) < 0 {
		return m.Ledger.Save(ctx, change)
	}
	if m.keepsIt {
		flow := *change.Flow
		change.Flow = &flow
		_ = m.Ledger.Save(ctx, change)
	}
	<-ctx.Done()
	return ctx.Err()
}

// newMoodyFront is a front for a person with two Pages.
func newMoodyFront(t *testing.T) (*front, *moodyLedger) {
	t.Helper()
	f := newFront(t)
	f.facebook.pages = append(f.facebook.pages, fakePage(2))
	moody := &moodyLedger{Ledger: f.ledger}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: moody, Vault: vaults["sealed"](t), Now: f.now})
	if err != nil {
		t.Fatal(err)
	}
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{
		Store: store, Meta: f.meta, Facebook: f.facebook, MetaAppID: testMetaAppID, Timeout: time.Second, Patience: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.callback, err = igauth.NewCallbackHandler(igauth.FrontConfig{AppID: testAppID, StateKeys: testKeys, Facebook: f.facebook, Now: f.now}, connector)
	if err != nil {
		t.Fatal(err)
	}
	return f, moody
}

// connects has the visitor choose, which must connect the account without another
// code.
func connects(t *testing.T, f *front, page string, fl flow) {
	t.Helper()
	if got := f.choose(page, fl, fakePage(2).Account).Header().Get("Location"); got != "/callback/result?outcome=connected" {
		t.Errorf("got location %q", got)
	}
	if n := f.facebook.count("code"); n != 1 {
		t.Errorf("%d codes were spent", n)
	}
}

// A choice spends nothing. While Meta or the ledger does not answer, it is the
// visitor's to make again, at once, and not at Facebook.
func TestChoiceThatCannotBeKeptNowIsMadeAgain(t *testing.T) {
	for name, c := range map[string]struct {
		fail, mend func(f *front, moody *moodyLedger)
		status     int
	}{
		"Meta does not answer": {
			func(f *front, _ *moodyLedger) {
				f.facebook.refuse = func(call string) error {
					if call == "page" {
						return failure(igauth.CodeMetaUnavailable, true)
					}
					return nil
				}
			},
			func(f *front, _ *moodyLedger) { f.facebook.refuse = nil },
			igauth.CodeMetaUnavailable.HTTPStatus(),
		},
		"Meta limits the app": {
			func(f *front, _ *moodyLedger) {
				f.facebook.refuse = func(call string) error {
					if call == "profile" {
						return failure(igauth.CodeRateLimited, true)
					}
					return nil
				}
			},
			func(f *front, _ *moodyLedger) { f.facebook.refuse = nil },
			igauth.CodeRateLimited.HTTPStatus(),
		},
		"the ledger does not answer": {
			func(_ *front, moody *moodyLedger) { moody.blind.Store(true) },
			func(_ *front, moody *moodyLedger) { moody.blind.Store(false) },
			http.StatusInternalServerError,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, moody := newMoodyFront(t)
			page, fl := f.viaFacebook("")
			c.fail(f, moody)
			w := f.choose(page, fl, fakePage(2).Account)
			if link := `href="` + strings.ReplaceAll(page, "&", "&amp;") + `"`; w.Code != c.status || !strings.Contains(w.Body.String(), link) {
				t.Errorf("got status %d, want %d and the link %s\n%s", w.Code, c.status, link, words(w))
			}
			c.mend(f, moody)
			connects(t, f, page, fl)
		})
	}
}

// The person's token is the only thing that the spent code has left. Though the
// ledger gives no answer for as long as the request may take, it is in the flow.
func TestChoiceIsKeptWhenTheLedgerIsSilent(t *testing.T) {
	for name, keepsIt := range map[string]bool{"before it was saved": false, "after it was saved": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, moody := newMoodyFront(t)
			moody.keepsIt = keepsIt
			moody.silent.Store(1)
			page, fl := f.viaFacebook("")
			if !strings.HasPrefix(page, "/callback/choose?") {
				t.Fatalf("got location %q", page)
			}
			connects(t, f, page, fl)
		})
	}
}
