package stores_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/sealed"
)

// An installation is a stack on fakes of AWS, whose calls can be cut off as when
// a process is killed.
type installation struct {
	t       *testing.T
	clock   atomic.Int64
	manager *awsfake.SecretsManager
	table   *awsfake.Table
	ledger  igauth.Ledger
	vault   *sealed.Beside
	store   *igauth.Store
	// left is how many calls the migrating process may still make, and end what
	// else ends with it.
	left atomic.Int64
	end  context.CancelFunc
}

// migrating marks the calls of the process that is killed.
type migrating struct{}

var errKilled = errors.New("killed")

func newInstallation(t *testing.T) *installation {
	t.Helper()
	in := &installation{t: t}
	in.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	// The call at which the process is killed still has its effect.
	killed := func(ctx context.Context, _ string) error {
		if ctx.Value(migrating{}) != nil && in.left.Add(-1) <= 0 {
			in.end()
			return errKilled
		}
		return nil
	}
	dead := func(ctx context.Context, _ string) error {
		if ctx.Value(migrating{}) != nil && in.left.Load() <= 0 {
			return errKilled
		}
		return nil
	}
	in.manager = awsfake.NewSecretsManager(awsfake.SecretsManagerConfig{Now: in.now, Before: dead, After: killed})
	in.table = awsfake.NewTable(awsfake.TableConfig{Now: in.now, Before: dead, After: killed})
	if err := table.CreateTable(t.Context(), in.table, "ledger"); err != nil {
		t.Fatal(err)
	}
	ledger, err := table.New(table.Config{Client: in.table, Table: "ledger"})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := secrets.NewVault(secrets.Config{Client: in.manager, Prefix: "stack"})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := sealed.NewKeyset(nil)
	if err != nil {
		t.Fatal(err)
	}
	box, err := sealed.NewVault(keys)
	if err != nil {
		t.Fatal(err)
	}
	in.ledger = ledger
	in.vault = &sealed.Beside{Sealed: box, Kept: kept, Seal: sealed.Always(false)}
	in.store, err = igauth.NewStore(igauth.StoreConfig{Ledger: ledger, Vault: in.vault, Now: in.now})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func (in *installation) now() time.Time { return time.Unix(0, in.clock.Load()).UTC() }

func (in *installation) pass(d time.Duration) { in.clock.Add(int64(d)) }

func accountID(n int) igauth.AccountID { return igauth.AccountID(fmt.Sprintf("178414%011d", n)) }

func tokenText(n int) string { return fmt.Sprintf("IGAAclear%06dsentinel", n) }

// connected fills the installation with accounts.
func (in *installation) connected(accounts int) {
	in.t.Helper()
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: in.store, Meta: meta{}, PerSecond: -1})
	if err != nil {
		in.t.Fatal(err)
	}
	for n := range accounts {
		if _, err := refresher.Import(in.t.Context(), igauth.Import{Token: igauth.NewSecret(tokenText(n))}); err != nil {
			in.t.Fatal(err)
		}
	}
}

// meta knows whose token it is, and says that each is too young to be refreshed.
type meta struct{}

func (meta) Profile(_ context.Context, token igauth.Secret) (igauth.Profile, error) {
	var n int
	if _, err := fmt.Sscanf(token.Reveal(), "IGAAclear%06dsentinel", &n); err != nil {
		return igauth.Profile{}, err
	}
	return igauth.Profile{ID: accountID(n), Username: fmt.Sprint("shop", n), AccountType: "BUSINESS"}, nil
}

func (meta) RefreshToken(context.Context, igauth.Secret) (igauth.Token, error) {
	return igauth.Token{}, &igauth.Error{Code: igauth.CodeTokenTooYoung, Class: igauth.ClassTooYoung, Sent: true}
}

// read reads one account's token.
func (in *installation) read(n int) error {
	_, token, err := in.store.Token(in.t.Context(), accountID(n), 0)
	if err != nil {
		return fmt.Errorf("account %d: %w", n, err)
	}
	if token.Value.Reveal() != tokenText(n) {
		return fmt.Errorf("account %d has another token", n)
	}
	return nil
}

// migrate moves accounts, while backends go on reading, until a person interrupts
// it when so many are moved, or until it is killed after so many calls.
func (in *installation) migrate(accounts int, seal bool, until int, calls int64) (igauth.MoveReport, error) {
	in.vault.Seal = sealed.Always(seal)
	in.left.Store(calls)
	ctx, interrupt := context.WithCancel(context.WithValue(in.t.Context(), migrating{}, true))
	defer interrupt()
	in.end = interrupt
	mover := igauth.Mover{Store: in.store, Outdated: in.vault.Outdated, Progress: func(r igauth.MoveReport) {
		if r.Moved >= until {
			interrupt()
		}
	}}
	reading, stop := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for reading.Err() == nil {
				if err := in.read(rand.IntN(accounts)); err != nil {
					in.t.Errorf("while tokens are moved: %v", err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	report, err := mover.Run(ctx)
	stop()
	readers.Wait()
	return report, err
}

// secretsLeft counts the accounts' secrets that can be read.
func (in *installation) secretsLeft() (n int) {
	for name, secret := range in.manager.Secrets() {
		if strings.HasPrefix(name, "stack/accounts/") && secret.DeletedAt.IsZero() {
			n++
		}
	}
	return n
}

// clear counts the places at which a token can be read in clear.
func (in *installation) clear() (n int) {
	for _, secret := range in.manager.Secrets() {
		for _, version := range secret.Versions {
			if secret.DeletedAt.IsZero() && strings.Contains(version.Text, "sentinel") {
				n++
			}
		}
	}
	for _, item := range in.table.Items() {
		for _, value := range item {
			if strings.Contains(fmt.Sprintf("%#v", value), "sentinel") {
				n++
			}
		}
	}
	return n
}

// rest lets the hourly runs end what a killed migration has left.
func (in *installation) rest() {
	in.t.Helper()
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: in.store, Meta: meta{}, PerSecond: -1})
	if err != nil {
		in.t.Fatal(err)
	}
	for range 3 {
		in.pass(time.Hour)
		if _, err := refresher.RunOnce(in.t.Context()); err != nil {
			in.t.Error(err)
		}
	}
}

// migrated is how many accounts the installation has. `make migrate` takes 10,000.
var migrated = flag.Int("accounts", 1000, "move this many accounts")

// A live installation is moved from one vault to the other and back. Each time
// it is interrupted twice, once by the person and once by a kill in the middle of
// a step. No token is lost, none can be read in clear after it was sealed, and
// backends read all the time.
func TestVaultIsMigrated(t *testing.T) {
	accounts := *migrated
	in := newInstallation(t)
	in.connected(accounts)
	if in.secretsLeft() != accounts {
		t.Fatalf("got %d secrets", in.secretsLeft())
	}
	const ever = 1 << 40
	for _, seal := range []bool{true, false} {
		first, err := in.migrate(accounts, seal, accounts/3, ever)
		if !errors.Is(err, context.Canceled) || first.Moved == 0 || first.Moved >= accounts {
			t.Fatalf("the first time: got %+v, %v", first, err)
		}
		second, err := in.migrate(accounts, seal, ever, int64(accounts))
		if !errors.Is(err, context.Canceled) || second.Failed == 0 || second.Moved == 0 || first.Moved+second.Moved >= accounts {
			t.Fatalf("the second time: got %+v, %v", second, err)
		}
		in.rest()
		third, err := in.migrate(accounts, seal, ever, ever)
		if err != nil || third.Left() != 0 || third.Seen != accounts {
			t.Fatalf("the third time: got %+v, %v", third, err)
		}
		in.rest()
		for n := range accounts {
			if err := in.read(n); err != nil {
				t.Error(err)
			}
		}
		if left := in.secretsLeft(); seal && (left != 0 || in.clear() != 0) || !seal && left != accounts {
			t.Errorf("sealed: %t, and there are %d secrets, and %d tokens in clear", seal, left, in.clear())
		}
		if report, err := in.migrate(accounts, seal, ever, ever); err != nil || report.Moved != 0 {
			t.Errorf("once more: got %+v, %v", report, err)
		}
		t.Logf("sealed: %t; moved %d, then %d, then %d of %d", seal, first.Moved, second.Moved, third.Moved, accounts)
	}
}

// A token of Facebook Login has the person's token beside it, may never end, and
// has another clock. Nothing of that is lost on the way there and back.
func TestMovesKeepAllOfAToken(t *testing.T) {
	in := newInstallation(t)
	now := in.now()
	want := igauth.Token{
		Value: igauth.NewSecret("EAABpage"), UserToken: igauth.NewSecret("EAABperson"), IssuedAt: now,
		DataAccessUntil: now.Add(90 * 24 * time.Hour), Scopes: []string{"instagram_basic", "pages_show_list"},
	}
	a := igauth.Account{
		Profile: igauth.Profile{ID: accountID(1), AppScopedID: "24999999999999999", PageID: "104999999999999"},
		Login:   igauth.LoginFacebook, Status: igauth.StatusActive, Generation: 1,
		IssuedAt: now, DataAccessUntil: want.DataAccessUntil, Scopes: want.Scopes, ConnectedAt: now, CheckedAt: now,
	}
	slot := igauth.Slot{Account: a.ID, Generation: 1, Attempt: strings.Repeat("a", 32)}
	var err error
	if a.Ref, err = in.vault.Put(t.Context(), slot, a.Profile, want); err != nil {
		t.Fatal(err)
	}
	if err := in.ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: slot.Attempt}); err != nil {
		t.Fatal(err)
	}
	for n, seal := range []bool{true, false, true} {
		in.vault.Seal = sealed.Always(seal)
		if err := in.store.Move(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		row, got, err := in.store.Token(t.Context(), a.ID, 0)
		if err != nil || in.vault.Keeps(row.Ref) == seal || !got.Value.Equal(want.Value) || !got.UserToken.Equal(want.UserToken) {
			t.Fatalf("move %d: %v; another token, or it is still in the same vault", n, err)
		}
		got.Value, got.UserToken = want.Value, want.UserToken
		if !reflect.DeepEqual(got, want) {
			t.Errorf("move %d: got %+v, want %+v", n, got, want)
		}
		if row.Login != a.Login || row.PageID != a.PageID || !row.ExpiresAt.IsZero() || !row.DataAccessUntil.Equal(a.DataAccessUntil) {
			t.Errorf("move %d: the row is %+v", n, row)
		}
	}
}
