package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/bus"
	"igauth/internal/igauth/boltstore"
	"igauth/internal/igauth/sealed"
)

// The schemas of docs/events, held against what the program really sends.

// declaredTypes returns the types of events that the source code names.
func declaredTypes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../internal/igauth/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, declaration := range file.Decls {
		constants, ok := declaration.(*ast.GenDecl)
		if !ok || constants.Tok != token.CONST {
			continue
		}
		for _, spec := range constants.Specs {
			value := spec.(*ast.ValueSpec)
			if name, ok := value.Type.(*ast.Ident); !ok || name.Name != "EventType" {
				continue
			}
			text, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			types = append(types, text)
		}
	}
	if len(types) == 0 {
		t.Fatal("the source code names no event")
	}
	return types
}

// schemas returns the schemas of docs/events, as they are and compiled, by the type
// that each is of.
func schemas(t *testing.T) (map[string]object, map[string]*jsonschema.Schema) {
	t.Helper()
	files, err := filepath.Glob("../docs/events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	documents, compiled := map[string]object{}, map[string]*jsonschema.Schema{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		title := fmt.Sprint(at(document, "title"))
		if err := compiler.AddResource(file, document); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if compiled[title], err = compiler.Compile(file); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		documents[title] = document.(object)
		if want := strings.ToLower(strings.ReplaceAll(title, " ", "-")) + ".json"; filepath.Base(file) != want {
			t.Errorf("the schema of %s is in %s, want %s", title, file, want)
		}
	}
	return documents, compiled
}

func TestEveryEventHasASchema(t *testing.T) {
	documents, _ := schemas(t)
	readme, err := os.ReadFile("../docs/events/README.md")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "docs/events", slices.Sorted(maps.Keys(documents)), declaredTypes(t))
	for title := range documents {
		file := strings.ToLower(strings.ReplaceAll(title, " ", "-")) + ".json"
		if !strings.Contains(string(readme), "["+title+"]("+file+")") {
			t.Errorf("docs/events/README.md does not link to the schema of %s", title)
		}
	}
}

func TestSchemasDocumentEveryMember(t *testing.T) {
	documents, compiled := schemas(t)
	for title, document := range documents {
		if document["$schema"] != "https://json-schema.org/draft/2020-12/schema" || document["additionalProperties"] != true || len(fmt.Sprint(document["description"])) < 40 || !strings.Contains(fmt.Sprint(document["$comment"]), "may come") {
			t.Errorf("%s: the schema does not say what it is", title)
		}
		for name, member := range at(document, "properties").(object) {
			if text, _ := at(member, "description").(string); len(text) < 7 {
				t.Errorf("%s: %s has no description", title, name)
			}
		}
		examples := many(document["examples"])
		for _, example := range examples {
			if err := compiled[title].Validate(example); err != nil {
				t.Errorf("%s: the example is not of the schema: %v", title, err)
			}
			for name := range example.(object) {
				if at(document, "properties", name) == nil {
					t.Errorf("%s: the example has %s, which the schema does not", title, name)
				}
			}
		}
	}
}

// wire is EventBridge. It keeps what was sent, as it was sent.
type wire struct {
	details map[string][]string
}

func (w *wire) PutEvents(_ context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	for _, entry := range in.Entries {
		w.details[*entry.DetailType] = append(w.details[*entry.DetailType], *entry.Detail)
	}
	return &eventbridge.PutEventsOutput{}, nil
}

type links struct{}

func (links) ReconnectURL(_ context.Context, a igauth.Account) (string, time.Time, error) {
	return "https://connect.example/authorize?reconnect=" + string(a.ID), a.ExpiresAt.Add(14 * 24 * time.Hour), nil
}

// meta refuses what it is told to, by account.
type meta struct {
	now    func() time.Time
	tokens int
	owner  map[string]igauth.AccountID
	refuse map[igauth.AccountID]igauth.Code
}

func (m *meta) issue(id igauth.AccountID) igauth.Secret {
	m.tokens++
	text := fmt.Sprintf("IGAA%0150d", m.tokens)
	m.owner[text] = id
	return igauth.NewSecret(text)
}

func (m *meta) ask(secret igauth.Secret) (igauth.AccountID, error) {
	id := m.owner[secret.Reveal()]
	if code := m.refuse[id]; code != "" {
		return id, &igauth.Error{Code: code, Class: code.Class()}
	}
	return id, nil
}

func (m *meta) RefreshToken(_ context.Context, secret igauth.Secret) (igauth.Token, error) {
	id, err := m.ask(secret)
	if err != nil {
		return igauth.Token{}, err
	}
	return igauth.Token{Value: m.issue(id), IssuedAt: m.now(), ExpiresAt: m.now().Add(60 * 24 * time.Hour)}, nil
}

func (m *meta) Profile(_ context.Context, secret igauth.Secret) (igauth.Profile, error) {
	id, err := m.ask(secret)
	return igauth.Profile{ID: id, AppScopedID: "24" + string(id), Username: "user." + string(id[len(id)-1:]), AccountType: "BUSINESS"}, err
}

// facebook is Meta behind Facebook Login, for a system user with a Page. The app can
// be broken.
type facebook struct{ broken igauth.Code }

func (f *facebook) refused() error {
	if f.broken != "" {
		return &igauth.Error{Code: f.broken, Class: f.broken.Class()}
	}
	return nil
}

func (f *facebook) ExtendToken(_ context.Context, user igauth.Secret) (igauth.Token, error) {
	return igauth.Token{Value: user}, f.refused()
}

func (f *facebook) Inspect(context.Context, igauth.Secret) (igauth.Inspection, error) {
	return igauth.Inspection{Valid: true, Type: "SYSTEM_USER", AppScopedID: "9001", Scopes: []string{"instagram_basic"}}, f.refused()
}

func (f *facebook) Pages(context.Context, igauth.Secret, string) ([]igauth.Page, string, error) {
	return []igauth.Page{{ID: "5501", Token: igauth.NewSecret("EAAPage"), Account: "17841400000010115", Username: "user.5"}}, "", f.refused()
}

func (f *facebook) PageToken(context.Context, string, igauth.Secret) (igauth.Secret, error) {
	return igauth.NewSecret("EAAPage"), f.refused()
}

func (f *facebook) Profile(_ context.Context, account igauth.AccountID, _ igauth.Secret) (igauth.Profile, error) {
	return igauth.Profile{ID: account, Username: "user.5"}, f.refused()
}

// An installation lives through all there is to tell, and each event that it sends
// is of its type's schema and has no member that the schema does not name.
func TestEventsAreOfTheirSchemas(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	now := time.Date(2026, time.March, 5, 6, 7, 8, 0, time.UTC)
	clock := func() time.Time { return now }
	ledger, err := boltstore.Open(filepath.Join(t.TempDir(), "ledger.db"), clock)
	must(err)
	defer ledger.Close()
	keys, err := sealed.NewKeyset(nil)
	must(err)
	vault, err := sealed.NewVault(keys)
	must(err)
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: ledger, Vault: vault, Now: clock})
	must(err)
	sent := &wire{details: map[string][]string{}}
	publisher, err := bus.New(bus.Config{Client: sent})
	must(err)
	relay, err := igauth.NewRelay(igauth.RelayConfig{Store: store, Publisher: publisher, Links: links{}})
	must(err)
	instagram := &meta{now: clock, owner: map[string]igauth.AccountID{}, refuse: map[igauth.AccountID]igauth.Code{}}
	pages := &facebook{}
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: store, Meta: instagram, Facebook: pages, Relay: relay, PerSecond: -1})
	must(err)

	accounts := []igauth.AccountID{"17841400000010111", "17841400000010112", "17841400000010113", "17841400000010114"}
	for _, id := range accounts {
		_, err := refresher.Import(t.Context(), igauth.Import{Token: instagram.issue(id)})
		must(err)
	}
	// A token that never ends.
	person, err := refresher.Import(t.Context(), igauth.Import{Token: igauth.NewSecret("EAAPerson")})
	must(err)
	accounts = append(accounts, person.ID)
	// Runs report the failures that are made here; what they send is looked at.
	live := func(days int) {
		for range days * 4 {
			now = now.Add(6 * time.Hour)
			_, _ = refresher.RunOnce(t.Context())
			must(relay.Accounts(t.Context(), accounts...))
			must(relay.Health(t.Context()))
		}
	}
	refuse := func(code igauth.Code, ids ...igauth.AccountID) {
		clear(instagram.refuse)
		for _, id := range ids {
			instagram.refuse[id] = code
		}
	}
	live(25)
	refuse(igauth.CodeCheckpoint, accounts[0])
	live(36) // its refresh fails, and its end comes near
	refuse("")
	live(2) // recovered, or expired and revived
	refuse(igauth.CodePasswordChanged, accounts[1])
	live(2)
	refuse(igauth.CodeAppMisconfigured, accounts...)
	live(2)
	refuse("")
	live(2)
	pages.broken = igauth.CodeAppSecret
	live(2)
	pages.broken = ""
	live(2)
	_, err = store.Disconnect(t.Context(), accounts[2])
	must(err)
	_, err = store.Erase(t.Context(), accounts[3])
	must(err)
	must(relay.Accounts(t.Context(), accounts...))

	if incidents := sent.details[string(igauth.EventIncident)]; !strings.Contains(strings.Join(incidents, "\n"), `"login":"facebook"`) {
		t.Errorf("no incident is of Facebook Login: %s", incidents)
	}
	documents, compiled := schemas(t)
	for _, title := range declaredTypes(t) {
		if len(sent.details[title]) == 0 {
			t.Errorf("nothing was sent of the type %s", title)
		}
	}
	for title, details := range sent.details {
		for _, detail := range details {
			if compiled[title] == nil {
				t.Errorf("%s has no schema", title)
				continue
			}
			body, err := jsonschema.UnmarshalJSON(strings.NewReader(detail))
			must(err)
			if err := compiled[title].Validate(body); err != nil {
				t.Errorf("%s\n%s: %v", detail, title, err)
			}
			unknown(t, title, documents[title], body.(object))
			if strings.Contains(detail, "IGAA") || strings.Contains(detail, "EAA") {
				t.Errorf("%s holds a token", title)
			}
		}
	}
	if t.Failed() {
		summary, _ := json.Marshal(sent.details)
		t.Logf("%s", summary)
	}
}

// unknown reports members that a schema does not name.
func unknown(t *testing.T, title string, schema, body object) {
	t.Helper()
	for name, value := range body {
		member := at(schema, "properties", name)
		if member == nil {
			t.Errorf("%s has the member %s, which its schema does not name", title, name)
			continue
		}
		if inner, ok := value.(object); ok {
			unknown(t, title+"."+name, member.(object), inner)
		}
	}
}
