package stores

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"igauth/internal/app"
	"igauth/internal/igauth"
)

var printCalls = flag.Bool("print", false, "print the table of calls for docs/storage.md")

// An operation is something that the program does, whose requests are counted.
type operation struct {
	name string
	// of is the installation in which there is such an operation; empty means
	// both.
	of app.VaultKind
	// before brings a new installation to where the operation begins, and returns
	// the operation and, unless that is nil, a look at what became of it.
	before func(t *testing.T, w *world) (do, check func())
	// part says which requests are the operation's, of which the last one to the
	// ledger is known; nil means all.
	part func(request string, last bool) bool
}

// A run looks how the installation is and what is due, and writes down in the end
// that it was there, which is its own part, and works on accounts, whose rows it has
// from the index.
func ofRun(request string, last bool) bool      { return request == "Query" || request == "GetItem" || last }
func ofAccounts(request string, last bool) bool { return !ofRun(request, last) }

const (
	opAuthorize = "`GET /authorize`"
	opToken     = "`GET /accounts/{id}/token`"
	opRefresh   = "refresh"
)

// operations are all that is counted, in the order of the table.
var operations = []operation{
	{name: opAuthorize, before: func(t *testing.T, w *world) (do, check func()) {
		w.authorize(t) // reads the state key
		return func() { w.authorize(t) }, nil
	}},
	{name: "first connection, `GET /callback`", before: func(t *testing.T, w *world) (do, check func()) {
		authorized := w.authorize(t)
		return func() { w.callback(t, authorized) }, nil
	}},
	{name: "connection of an account that has a token", before: func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		w.now = w.now.Add(time.Hour)
		authorized := w.authorize(t)
		return func() { w.callback(t, authorized) }, w.generation(t, 2)
	}},
	{name: "first connection with a choice of Pages, four requests", before: choosing},
	{name: "`GET /claims/{claim}`", before: func(t *testing.T, w *world) (do, check func()) {
		claim := w.connect(t)
		return func() { w.backend(t, http.MethodGet, "/claims/"+claim) }, nil
	}},
	{name: opToken, before: func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		return func() { w.backend(t, http.MethodGet, "/accounts/"+account+"/token") }, nil
	}},
	{name: "`GET /accounts`, a page of 100", before: func(t *testing.T, w *world) (do, check func()) {
		for n := range 101 {
			a := igauth.Account{Profile: igauth.Profile{ID: igauth.AccountID(fmt.Sprint(17841400000000000 + n))}, Status: igauth.StatusActive}
			if err := w.parts.Ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: fmt.Sprintf("%032d", n)}); err != nil {
				t.Fatal(err)
			}
		}
		return func() { w.backend(t, http.MethodGet, "/accounts") }, nil
	}},
	{name: opRefresh, part: ofAccounts, before: func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		w.now = w.now.Add(40 * 24 * time.Hour)
		return func() { w.run(t, igauth.Report{Due: 1, Refreshed: 1}) }, w.generation(t, 2)
	}},
	{name: "sending what a change has to tell", before: func(t *testing.T, w *world) (do, check func()) {
		w.callback(t, w.authorize(t))
		return func() { w.tell(t) }, nil
	}},
	{name: "probe", part: ofAccounts, before: probing},
	{name: "a run's own part, nothing due", part: ofRun, before: func(t *testing.T, w *world) (do, check func()) {
		return func() { w.run(t, igauth.Report{}) }, nil
	}},
	{name: "a run's own part, 1 to 100 accounts due", part: ofRun, before: probing},
	{name: "import of a token younger than a day", before: func(t *testing.T, w *world) (do, check func()) {
		w.meta.young = true
		return func() { w.bring(t) }, w.generation(t, 1)
	}},
	{name: "import of an older token", before: func(t *testing.T, w *world) (do, check func()) {
		return func() { w.bring(t) }, w.generation(t, 2)
	}},
	{name: "`DELETE /accounts/{id}`", before: func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		return func() { w.backend(t, http.MethodDelete, "/accounts/"+account) }, w.generation(t, 2)
	}},
	{name: "erasure", before: func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		return func() {
			if _, err := w.store.Erase(t.Context(), account); err != nil {
				t.Fatal(err)
			}
		}, w.generation(t, 2)
	}},
	{name: "`POST /deauthorize`, one account", before: removing(igauth.RemovalDeauthorize)},
	{name: "`POST /data-deletion`, one account", before: removing(igauth.RemovalErase)},
	{name: "either of them, the same request again", before: func(t *testing.T, w *world) (do, check func()) {
		remove, _ := removing(igauth.RemovalErase)(t, w)
		remove()
		return remove, nil
	}},
	{name: "`GET /data-deletion/{code}`", before: func(t *testing.T, w *world) (do, check func()) {
		remove, _ := removing(igauth.RemovalErase)(t, w)
		remove()
		return func() {
			if r, err := w.store.Receipt(t.Context(), removalCode); err != nil || !r.Done() {
				t.Fatalf("got %+v, %v", r, err)
			}
		}, nil
	}},
	{name: "second emptying, an hour later", of: app.VaultSecretsManager, part: ofAccounts, before: func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		w.backend(t, http.MethodDelete, "/accounts/"+account)
		w.tell(t)
		w.now = w.now.Add(time.Hour)
		return func() { w.run(t, igauth.Report{Due: 1, Destroyed: 1}) }, nil
	}},
	{name: "move to the sealed vault", of: app.VaultSecretsManager, before: func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		w.seal = true
		return w.moving(t)
	}},
	{name: "move to Secrets Manager", of: app.VaultSealed, before: func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		w.seal = false
		return w.moving(t)
	}},
	{name: "sealing again with a new key", of: app.VaultSealed, before: func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		w.rotate(t)
		return w.moving(t)
	}},
}

// probing brings an account to where Meta has not been asked for a day.
func probing(t *testing.T, w *world) (do, check func()) {
	w.connect(t)
	w.now = w.now.Add(23 * time.Hour)
	return func() { w.run(t, igauth.Report{Due: 1, Probed: 1}) }, nil
}

// removalCode is the confirmation code of the only removal.
const removalCode = "0123456789abcdef0123456789abcdef01234567"

// removing connects an account, and has Meta ask to take it away.
func removing(kind igauth.RemovalKind) func(t *testing.T, w *world) (do, check func()) {
	return func(t *testing.T, w *world) (do, check func()) {
		w.connect(t)
		w.now = w.now.Add(time.Hour)
		request := igauth.RemovalRequest{Kind: kind, Code: removalCode, UserID: appScopedID, Logins: []igauth.Login{igauth.LoginInstagram}, At: w.now}
		return func() {
			if r, err := w.store.Remove(t.Context(), request); err != nil || !r.Done() || r.Ended != 1 {
				t.Fatalf("got %+v, %v", r, err)
			}
		}, w.generation(t, 2)
	}
}

// moving has the token of an account kept where the installation keeps new ones.
func (w *world) moving(t *testing.T) (do, check func()) {
	moved := func(want bool) {
		t.Helper()
		if outdated, err := w.vault.Outdated(t.Context(), w.row(t).Ref); err != nil || outdated == want {
			t.Fatalf("the token is where it should be: %v, %v; want %v", !outdated, err, want)
		}
	}
	moved(false)
	do = func() {
		if err := w.store.Move(t.Context(), account); err != nil {
			t.Fatal(err)
		}
	}
	return do, func() { moved(true) }
}

// generation returns a check that the account has a generation.
func (w *world) generation(t *testing.T, want int64) (check func()) {
	return func() {
		t.Helper()
		if a := w.row(t); a.Generation != want {
			t.Errorf("the account has generation %d, want %d", a.Generation, want)
		}
	}
}

// calls are the requests of one operation.
type calls struct {
	ledger, vault []string
	// fixed are the names of the other secrets that were read.
	fixed []string
}

// count returns the requests that an operation makes. What waits between two of
// them takes no time.
func count(t *testing.T, o operation, kind app.VaultKind) (c calls) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { c = o.count(t, kind) })
	return c
}

func (o operation) count(t *testing.T, kind app.VaultKind) (c calls) {
	w := newWorld(t, kind)
	do, check := o.before(t, w)
	w.table.ForgetCalls()
	w.manager.ForgetCalls()
	do()
	requests := w.table.Calls()
	for i, call := range requests {
		if o.part == nil || o.part(call.Operation, i == len(requests)-1) {
			c.ledger = append(c.ledger, call.Operation)
		}
	}
	for _, call := range w.manager.Calls() {
		switch {
		case !strings.HasPrefix(call.Name, stack+"/accounts/"):
			c.fixed = append(c.fixed, call.Name)
			if call.Operation != "GetSecretValue" {
				t.Errorf("%s: %s of %s", o.name, call.Operation, call.Name)
			}
		case o.part == nil || o.part(call.Operation, false):
			c.vault = append(c.vault, call.Operation)
		}
	}
	if check != nil {
		check()
	}
	return c
}

// cell returns requests as they stand in the table: how many, and which.
func cell(requests []string) string {
	if len(requests) == 0 {
		return "0"
	}
	times := map[string]int{}
	var kinds []string
	for _, request := range requests {
		if times[request]++; times[request] == 1 {
			kinds = append(kinds, request)
		}
	}
	for i, kind := range kinds {
		if n := times[kind]; n > 1 {
			kinds[i] = fmt.Sprintf("%d %s", n, kind)
		}
	}
	return fmt.Sprintf("**%d**: %s", len(requests), strings.Join(kinds, ", "))
}

// TestCallsOfEachOperation counts the requests to both services, and compares
// them with what is promised and what the documentation shows.
func TestCallsOfEachOperation(t *testing.T) {
	bounds := map[string]map[app.VaultKind][2]int{
		opAuthorize: {app.VaultSecretsManager: {0, 0}, app.VaultSealed: {0, 0}},
		opToken:     {app.VaultSecretsManager: {1, 1}, app.VaultSealed: {1, 0}},
		opRefresh:   {app.VaultSecretsManager: {3, 3}, app.VaultSealed: {2, 0}},
	}
	kinds := []app.VaultKind{app.VaultSecretsManager, app.VaultSealed}
	var table strings.Builder
	table.WriteString("| operation | `secretsmanager`: ledger | vault | `sealed`: ledger | vault |\n| --- | --- | --- | --- | --- |\n")
	for _, o := range operations {
		table.WriteString("| " + o.name + " |")
		for _, kind := range kinds {
			if o.of != "" && o.of != kind {
				table.WriteString(" – | – |")
				continue
			}
			c := count(t, o, kind)
			table.WriteString(" " + cell(c.ledger) + " | " + cell(c.vault) + " |")
			if bound, promised := bounds[o.name][kind]; promised && (len(c.ledger) > bound[0] || len(c.vault) > bound[1]) {
				t.Errorf("%s, %s: the ledger is asked %v and the vault %v, want at most %v", o.name, kind, c.ledger, c.vault, bound)
			}
			if o.name == opAuthorize && len(c.fixed) > 0 {
				t.Errorf("%s reads %v", o.name, c.fixed)
			}
		}
		table.WriteString("\n")
	}
	if *printCalls {
		fmt.Print(table.String())
	}
	text, err := os.ReadFile("../../../docs/storage.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), table.String()) {
		t.Errorf("the table of calls in docs/storage.md is out of date; `go test ./internal/app/stores -run Calls -print` prints the new one")
	}
}

// TestFixedSecretsAreRemembered counts the reads of the secrets that are not an
// account's.
func TestFixedSecretsAreRemembered(t *testing.T) {
	w := newWorld(t, app.VaultSealed)
	w.connect(t)
	for minute, want := range []map[string]int{
		0:  {"/app": 1, "/state-key": 1, "/keyset": 1},
		4:  {"/app": 1, "/state-key": 1, "/keyset": 1},
		5:  {"/app": 2, "/state-key": 1, "/keyset": 2},
		9:  {"/app": 2, "/state-key": 1, "/keyset": 2},
		60: {"/app": 3, "/state-key": 2, "/keyset": 3},
	} {
		if want == nil {
			continue
		}
		w.now = w.start.Add(time.Duration(minute) * time.Minute)
		for range 3 {
			w.connect(t)
			w.backend(t, http.MethodGet, "/accounts/"+account+"/token")
		}
		got := map[string]int{}
		for _, call := range w.manager.Calls() {
			if call.Operation == "GetSecretValue" {
				got[strings.TrimPrefix(call.Name, stack)]++
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("after %d minutes: got %v, want %v", minute, got, want)
		}
	}
}
