package cost

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/sealed"
)

const tokenLife = 60 * 24 * time.Hour

// meta grants every wish.
type meta struct {
	now               func() time.Time
	refreshes, probes int
}

// token returns a token of the usual length, 180 characters.
func (m *meta) token() igauth.Token {
	value := fmt.Sprintf("IGAA%d", m.now().UnixNano())
	value += strings.Repeat("x", 180-len(value))
	return igauth.Token{Value: igauth.NewSecret(value), IssuedAt: m.now(), ExpiresAt: m.now().Add(tokenLife)}
}

func (m *meta) RefreshToken(context.Context, igauth.Secret) (igauth.Token, error) {
	m.refreshes++
	return m.token(), nil
}

func (m *meta) Profile(context.Context, igauth.Secret) (igauth.Profile, error) {
	m.probes++
	return igauth.Profile{ID: "17841401313574613", AppScopedID: "24999999999999999", Username: "bakery.at.the.corner", Name: "The bakery at the corner", AccountType: "MEDIA_CREATOR"}, nil
}

func (m *meta) ExchangeCode(context.Context, igauth.Secret) (igauth.Grant, error) {
	return igauth.Grant{Token: igauth.NewSecret("short"), AppScopedID: "24999999999999999", Scopes: []string{"instagram_business_basic", "instagram_business_manage_insights"}}, nil
}

func (m *meta) ExtendToken(context.Context, igauth.Secret) (igauth.Token, error) {
	return m.token(), nil
}

// A life is one account in the real stores, on metered services.
type life struct {
	now       time.Time
	table     *metered
	secrets   *meteredSecrets
	meta      *meta
	store     *igauth.Store
	refresher *igauth.Refresher
	connector *igauth.Connector
	relay     *igauth.Relay
}

// A bus takes every event.
type bus struct{}

func (bus) Publish(context.Context, []igauth.Message) error { return nil }

// connected returns a life that has just begun: the visitor is back and the
// account is stored.
func connected(t *testing.T, vault Vault) *life {
	t.Helper()
	l := &life{
		now:     time.Date(2026, time.March, 5, 6, 7, 8, 123456789, time.UTC),
		table:   &metered{items: map[string]item{}},
		secrets: &meteredSecrets{secrets: map[string]*kept{}},
	}
	now := func() time.Time { return l.now }
	l.meta = &meta{now: now}
	ledger, err := table.New(table.Config{Client: l.table, Table: "ledger"})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{1})
	var tokens igauth.Vault
	if vault == Sealed {
		keys, err := sealed.NewKeyset(random)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err = sealed.NewVault(keys)
		if err != nil {
			t.Fatal(err)
		}
	} else if tokens, err = secrets.NewVault(secrets.Config{Client: l.secrets, Prefix: "igauth"}); err != nil {
		t.Fatal(err)
	}
	if l.store, err = igauth.NewStore(igauth.StoreConfig{Ledger: ledger, Vault: tokens, Now: now, Random: random}); err != nil {
		t.Fatal(err)
	}
	if l.refresher, err = igauth.NewRefresher(igauth.RefresherConfig{Store: l.store, Meta: l.meta, PerSecond: -1}); err != nil {
		t.Fatal(err)
	}
	if l.connector, err = igauth.NewConnector(igauth.ConnectorConfig{Store: l.store, Meta: l.meta}); err != nil {
		t.Fatal(err)
	}
	if l.relay, err = igauth.NewRelay(igauth.RelayConfig{Store: l.store, Publisher: bus{}}); err != nil {
		t.Fatal(err)
	}
	l.connect(t, "f1")
	return l
}

// connect lets the visitor come back in a flow.
func (l *life) connect(t *testing.T, flow igauth.FlowID) {
	t.Helper()
	outcome, err := l.connector.Finish(context.Background(), igauth.Arrival{
		Flow: flow, FlowExpiresAt: l.now.Add(10 * time.Minute), Code: igauth.NewSecret("code"),
		RequestedScopes: []string{"instagram_business_basic", "instagram_business_manage_insights"},
	})
	if err != nil || outcome.Code != igauth.CodeConnected {
		t.Fatalf("the account is not connected: %v, %v", outcome, err)
	}
	l.tell(t)
}

// tell sends what waits in the account's row, as the stream of the table has it
// done when there is something.
func (l *life) tell(t *testing.T) {
	t.Helper()
	if l.table.row(t)["outbox"] == nil {
		return
	}
	if err := l.relay.Accounts(context.Background(), accountID); err != nil {
		t.Fatal(err)
	}
}

// accountID is of the account that lives.
const accountID = "17841401313574613"

// live lets hours go by, with a run in each.
func (l *life) live(t *testing.T, hours int) {
	t.Helper()
	for range hours {
		l.now = l.now.Add(time.Hour)
		if _, err := l.refresher.RunOnce(context.Background()); err != nil {
			t.Fatal(err)
		}
		l.tell(t)
	}
}

// forget sets all meters to zero.
func (l *life) forget() {
	l.table.saves, l.table.writes, l.table.reads = 0, 0, 0
	l.secrets.calls, l.secrets.keyRequests = 0, 0
	l.meta.refreshes, l.meta.probes = 0, 0
}

const year = 365 * 24

// meters is what the services have charged.
func (l *life) meters() operation {
	return operation{
		writes: l.table.writes, reads: l.table.reads,
		secretCalls: float64(l.secrets.calls), keyRequests: float64(l.secrets.keyRequests),
	}
}

// near reports whether what was seen is at most what the model says, and at least
// 9 tenths of it: a model that is too dear is as wrong as one that is too cheap.
func near(seen, says float64) bool { return seen <= says && seen >= 0.9*says }

// compare fails the test where the meters are not near what the model says.
func (l *life) compare(t *testing.T, says operation) {
	t.Helper()
	seen := l.meters()
	for _, m := range []struct {
		name       string
		seen, says float64
	}{
		{"write units", seen.writes, says.writes},
		{"read units", seen.reads, says.reads},
		{"calls of Secrets Manager", seen.secretCalls, says.secretCalls},
		{"requests to KMS", seen.keyRequests, says.keyRequests},
	} {
		if !near(m.seen, m.says) {
			t.Errorf("%s: got %v, and the model says %v: change operation.go", m.name, m.seen, m.says)
		}
	}
}

// The program lives with an account for three years on services that count what
// they would charge, and the model says the same.
func TestModelIsOfThisProgram(t *testing.T) {
	for _, vault := range Vaults() {
		t.Run(string(vault), func(t *testing.T) {
			l := connected(t, vault)
			row, ref, saves := vault.RowBytes(), 0, 4
			if vault == Sealed {
				ref, saves = SealedRef, 3
			}
			if seen, says := l.meters().plus(redeem(row)), connect(vault, row); seen.writes > says.writes || seen.reads > says.reads || seen.secretCalls > says.secretCalls || seen.keyRequests > says.keyRequests {
				t.Errorf("the first connection costs %+v, and the model says %+v", seen, says)
			}
			size := func(name string, says int) {
				got := sizeOf(l.table.row(t))
				t.Logf("a %s row has %d bytes, of which its reference is %d", name, got, len(textOf(l.table.row(t)["ref"])))
				if !near(float64(got), float64(says)) {
					t.Errorf("a %s row has %d bytes, and the model says %d: change row.go", name, got, says)
				}
			}
			l.live(t, year/2)
			size("typical", TypicalRow+ref)
			l.live(t, 3*year/2)
			size("full", FullRow+ref)
			if got := sizeOf(l.table.row(t)); writeUnits(got) != writeUnits(row) {
				t.Errorf("a row of %d bytes is written with %v units, and the model says %v: change row.go", got, writeUnits(got), writeUnits(row))
			}

			l.forget()
			l.live(t, year)
			refreshes, probes := float64(l.meta.refreshes), float64(l.meta.probes)
			t.Logf("in a year %v refreshes, %v probes, %d saves, %+v", refreshes, probes, l.table.saves, l.meters())
			if says := 12 * refreshesPerMonth; math.Abs(refreshes-says) > 1 {
				t.Errorf("%v refreshes in a year, and the model says %.1f", refreshes, says)
			}
			if says := 12 * probesPerMonth; !near(probes, says) {
				t.Errorf("%v probes in a year, and the model says %.1f", probes, says)
			}
			l.compare(t, run().times(year).
				plus(look().times(looks(year, refreshes+probes))).
				plus(refresh(vault, row).times(refreshes)).
				plus(probe(vault, row).times(probes)))

			l.now = l.now.Add(30 * time.Hour) // a token must be a day old
			l.forget()
			if _, err := l.refresher.Refresh(context.Background(), accountID); err != nil {
				t.Fatal(err)
			}
			l.tell(t)
			says := refresh(vault, row)
			says.reads = 3 // a refresh by hand reads the row before and after, and its events are read
			l.compare(t, says)
			if l.table.saves != saves {
				t.Errorf("a refresh saves %d times, want %d", l.table.saves, saves)
			}

			l.forget()
			if _, _, err := l.store.Token(context.Background(), accountID, 0); err != nil {
				t.Fatal(err)
			}
			l.compare(t, read(vault, row))

			l.forget()
			l.connect(t, "f2")
			if seen, says := l.meters().plus(redeem(row)), connect(vault, row); !near(seen.writes, says.writes) || !near(seen.reads, says.reads) || seen.secretCalls > says.secretCalls {
				t.Errorf("another connection costs %+v, and the model says %+v", seen, says)
			}
		})
	}
}
