package igauth_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// FuzzAnswerToARefresh gives any answer to a run and to a person who refreshes by
// hand. Whatever bytes come back, the token in store is not harmed: it is replaced
// by nothing but the token of an answer that is a valid and better one, and no
// account ends without code 190 or 102.
func FuzzAnswerToARefresh(f *testing.F) {
	const good = `{"access_token":"IGAAbetter","token_type":"bearer","expires_in":5183944}`
	for _, body := range []string{
		good, `{"data":[` + good + `]}`, `{"access_token":"IGAAbetter","expires_in":"5183944"}`,
		`{"access_token":"IGAAworse","expires_in":3600}`, `{"access_token":"IGAAforever","expires_in":99999999999}`,
		`{"access_token":"","expires_in":5183944}`, `{"access_token":"a b","expires_in":5183944}`, `{"access_token":"IGAAx"}`,
		`{"access_token":"IGAAx","expires_in":0}`, `{"access_token":"IGAAx","expires_in":-5183944}`, `{"access_token":"undefined","expires_in":null}`,
		`{}`, ``, `null`, `[]`, `<html>190</html>`, "\x00\xff", good[:len(good)/2], good + good,
		`{"error":{"message":"x","type":"OAuthException","code":190}}`, `{"error":{"code":"102","error_subcode":"0"}}`,
		`{"error":{"code":4}}`, `{"error":{"code":190,"is_transient":true}}`, `{"error_message":"x","code":190}`,
		`{"access_token":"IGAAx","expires_in":5183944,"error":{"code":1}}`,
	} {
		for _, status := range []int{200, 400, 500} {
			f.Add(status, body, "", "")
		}
	}
	f.Add(302, good, "https://elsewhere.invalid/", "")
	f.Add(429, "", "", `{"call_count":100}`)
	f.Fuzz(func(t *testing.T, status int, body, location, usage string) {
		if status < 200 || status > 999 {
			return // net/http gives no such answer to a client
		}
		for _, byHand := range []bool{false, true} {
			answeredRefresh(t, byHand, status, body, http.Header{"Location": {location}, "X-App-Usage": {usage}})
		}
	})
}

func answeredRefresh(t *testing.T, byHand bool, status int, body string, header http.Header) {
	clock := &front{time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	ledger := &oneAccount{flows: map[igauth.FlowID]igauth.Flow{}}
	vault := newFakeVault()
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: ledger, Vault: vault, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	connector, err := igauth.NewConnector(igauth.ConnectorConfig{Store: store, Meta: &fakeMeta{now: clock.now}, Timeout: 3 * time.Second, Patience: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connector.Finish(t.Context(), igauth.Arrival{
		Flow: "first", FlowExpiresAt: clock.now().Add(igauth.FlowLifetime), RequestedScopes: []string{igauth.ScopeBasic},
		Code: igauth.NewSecret("code"), ClaimHash: "hash",
	}); err != nil {
		t.Fatal(err)
	}
	meta, err := instagram.New(instagram.Config{AppID: testAppID, Now: clock.now, Transport: transport(func(*http.Request) (int, http.Header, string) {
		return status, header, body
	})})
	if err != nil {
		t.Fatal(err)
	}
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: store, Meta: meta, Parallel: 1, PerSecond: -1, Relay: silentRelay(t, store)})
	if err != nil {
		t.Fatal(err)
	}
	before, err := store.Account(t.Context(), testProfile.ID)
	if err != nil {
		t.Fatal(err)
	}
	clock.advance(35 * days)
	if byHand {
		_, _ = refresher.Refresh(t.Context(), testProfile.ID)
	} else {
		for range 3 {
			_, _ = refresher.RunOnce(t.Context())
			clock.advance(time.Hour)
		}
	}
	after, err := store.Account(t.Context(), testProfile.ID)
	if err != nil {
		t.Fatal(err)
	}
	// Past the account's status: what the vault keeps for the row.
	token, err := vault.Get(t.Context(), igauth.Slot{Account: after.ID, Generation: after.Generation}, after.Ref)
	if err != nil {
		t.Fatalf("by hand %t: the row has no token in the vault: %v", byHand, err)
	}
	text := token.Value.Reveal()
	replaced := text != "long" || after.Generation != before.Generation || !after.ExpiresAt.Equal(before.ExpiresAt)
	if replaced && (status > 299 || !holdsToken(body, text) || !after.ExpiresAt.After(before.ExpiresAt) || after.ExpiresAt.Sub(after.IssuedAt) > 90*days) {
		t.Errorf("by hand %t: status %d and %q replaced a good token by %q, which expires %s", byHand, status, body, text, after.ExpiresAt)
	}
	if want, ok := plainToken(body); ok && status < 300 && text != want {
		t.Errorf("by hand %t: a good token was thrown away: %q", byHand, body)
	}
	if !after.Status.Live() && (status >= 500 || status == http.StatusTooManyRequests || !saysDead(body)) {
		t.Errorf("by hand %t: status %d and %q ended an account: %s", byHand, status, body, after.Status)
	}
}

// holdsToken reports whether a body is JSON with that token in it.
func holdsToken(body, token string) bool {
	var look func(value any) bool
	look = func(value any) bool {
		switch value := value.(type) {
		case map[string]any:
			for name, member := range value {
				if strings.EqualFold(name, "access_token") && member == token || look(member) {
					return true
				}
			}
		case []any:
			return slices.ContainsFunc(value, look)
		}
		return false
	}
	var answer any
	return token != "" && json.Unmarshal([]byte(body), &answer) == nil && look(answer)
}

// plainToken returns the token of an answer in the documented form, if it lives
// longer than the one in store.
func plainToken(body string) (token string, ok bool) {
	form := regexp.MustCompile(`^\{"access_token":"([0-9A-Za-z]{1,300})","token_type":"bearer","expires_in":([1-9][0-9]{6})\}$`)
	match := form.FindStringSubmatch(body)
	if match == nil {
		return "", false
	}
	seconds, err := strconv.Atoi(match[2])
	return match[1], err == nil && seconds > 2_200_000
}

// saysDead reports whether a body is an error with one of the codes of a dead
// token.
func saysDead(body string) bool {
	var answer struct {
		Error map[string]json.RawMessage
	}
	_ = json.Unmarshal([]byte(body), &answer)
	for name, value := range answer.Error {
		code := strings.TrimLeft(strings.Trim(string(value), `"`), "+0")
		if strings.EqualFold(name, "code") && (code == "190" || code == "102") {
			return true
		}
	}
	return false
}

// oneAccount is a ledger in memory: thousands of files would take the fuzzer's
// time.
type oneAccount struct {
	mu      sync.Mutex
	account igauth.Account
	flows   map[igauth.FlowID]igauth.Flow
	health  igauth.Health
}

func (l *oneAccount) Account(_ context.Context, id igauth.AccountID) (igauth.Account, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.account.ID != id || id == "" {
		return igauth.Account{}, igauth.ErrNotFound
	}
	return l.account, nil
}

func (l *oneAccount) Flow(_ context.Context, id igauth.FlowID) (igauth.Flow, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	flow, ok := l.flows[id]
	if !ok {
		return igauth.Flow{}, igauth.ErrNotFound
	}
	return flow, nil
}

func (l *oneAccount) Health(context.Context) (igauth.Health, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health, nil
}

func (l *oneAccount) Save(_ context.Context, c igauth.Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.Account != nil && c.Account.Revision != l.account.Revision ||
		c.Flow != nil && c.Flow.Revision != l.flows[c.Flow.ID].Revision ||
		c.Health != nil && c.Health.Revision != l.health.Revision {
		return igauth.ErrConflict
	}
	if c.Account != nil {
		c.Account.Revision++
		l.account = *c.Account
	}
	if c.Flow != nil {
		c.Flow.Revision++
		l.flows[c.Flow.ID] = *c.Flow
	}
	if c.Health != nil {
		c.Health.Revision++
		l.health = *c.Health
	}
	return nil
}

func (l *oneAccount) Shards() int { return 1 }

func (l *oneAccount) Due(_ context.Context, q igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.account.DueAt.IsZero() || l.account.DueAt.After(q.Now) {
		return nil, igauth.DueMark{}, nil
	}
	return []igauth.Account{l.account}, igauth.DueMark{}, nil
}

func (l *oneAccount) Expiries(context.Context, igauth.Status, int) ([]igauth.Expiry, error) {
	return nil, nil
}

func (l *oneAccount) Count(context.Context, igauth.Status) (int, error) { return 0, nil }

func (l *oneAccount) Accounts(context.Context, igauth.AccountID, int) ([]igauth.Account, error) {
	return nil, nil
}

// silence is a Publisher to whom nobody listens.
type silence struct{}

func (silence) Publish(context.Context, []igauth.Message) error { return nil }

func silentRelay(t *testing.T, store *igauth.Store) *igauth.Relay {
	t.Helper()
	relay, err := igauth.NewRelay(igauth.RelayConfig{Store: store, Publisher: silence{}})
	if err != nil {
		t.Fatal(err)
	}
	return relay
}

func (l *oneAccount) Person(context.Context, igauth.PersonID) (igauth.Person, error) {
	return igauth.Person{}, igauth.ErrNotFound
}

func (l *oneAccount) Removal(context.Context, string) (igauth.Removal, error) {
	return igauth.Removal{}, igauth.ErrNotFound
}

func (l *oneAccount) OpenRemovals(context.Context, int) ([]igauth.Removal, error) { return nil, nil }
