package doctor_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"igauth/internal/app"
	"igauth/internal/doctor"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/sealed"
)

const (
	stateKey   = "canaryStateKey0123456789canaryStateKey0123456789canaryStateKey01"
	metaSecret = "fedcba9876543210fedcba9876543210"
	metaID     = "880602627938098"
)

// templated makes a table as template.yaml does, with a change.
type templated struct {
	*awsfake.Table
	change func(*dynamodb.CreateTableInput)
}

func (c templated) CreateTable(ctx context.Context, in *dynamodb.CreateTableInput, options ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error) {
	in.StreamSpecification = &dynamotypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: dynamotypes.StreamViewTypeNewImage}
	in.DeletionProtectionEnabled = aws.Bool(true)
	if c.change != nil {
		c.change(in)
	}
	return c.Table.CreateTable(ctx, in, options...)
}

// A patient is a stack on fakes of all that it uses: AWS, Meta, and its own
// address.
type patient struct {
	stack     doctor.Stack
	table     *awsfake.Table
	manager   *awsfake.SecretsManager
	iam       *fakeIAM
	functions []doctor.Function
	unlisted  error
	// hosts answer under their names.
	hosts map[string]http.HandlerFunc
	at    time.Time
}

func newPatient(t *testing.T, change func(*dynamodb.CreateTableInput)) *patient {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p := &patient{at: time.Now().UTC(), iam: &fakeIAM{denied: map[string]bool{}, under: map[string]string{}}}
	clock := func() time.Time { return p.at }
	p.table = awsfake.NewTable(awsfake.TableConfig{Now: clock})
	p.manager = awsfake.NewSecretsManager(awsfake.SecretsManagerConfig{Now: clock})
	must(table.CreateTable(t.Context(), templated{p.table, change}, "igauth-ledger"))
	keys, err := sealed.NewKeyset(nil)
	must(err)
	for name, text := range map[string]string{
		"igauth/app": `{"app_secret":"` + secretText + `"}`, "igauth/meta-app": `{"app_secret":"` + metaSecret + `"}`,
		"igauth/state-key": stateKey, "igauth/keyset": keys.Encode().Reveal(),
	} {
		p.secret(t, name, text)
	}
	ledger, err := table.New(table.Config{Client: p.table, Table: "igauth-ledger"})
	must(err)
	kept, err := secrets.NewVault(secrets.Config{Client: p.manager, Prefix: "igauth"})
	must(err)
	keyset := keysetReader{secrets.NewReader(p.manager, 0, clock)}
	p.stack = doctor.Stack{
		Name: "igauth", Region: "eu-south-2", Tables: p.table, Secrets: p.manager, Read: secrets.NewReader(p.manager, 0, clock).Text,
		Table: "igauth-ledger", AppSecret: "igauth/app", StateKey: "igauth/state-key", KeysetName: "igauth/keyset",
		Keyset: keyset, Ledger: ledger, Tokens: &sealed.Beside{Sealed: sealed.New(keyset.source), Kept: kept, Seal: sealed.Always(false)},
	}
	a := account(1, igauth.StatusActive, 40)
	a.IssuedAt, a.ExpiresAt, a.DueAt = p.at, p.at.Add(40*24*time.Hour), p.at.Add(time.Hour)
	slot := igauth.Slot{Account: a.ID, Generation: 1, Attempt: strings.Repeat("0", 32)}
	a.Ref, err = kept.Put(t.Context(), slot, a.Profile, igauth.Token{Value: igauth.NewSecret("IGAAcanarytoken0123456789"), IssuedAt: a.IssuedAt, ExpiresAt: a.ExpiresAt})
	must(err)
	save(t, ledger, igauth.Change{Account: a})
	save(t, ledger, igauth.Change{Health: &igauth.Health{RanAt: p.at.Add(-time.Minute)}})

	settings := changed(facebook(doctor.Environment{app.EnvVault: "secretsmanager"}))
	for part := range doctor.Parts {
		p.functions = append(p.functions, doctor.Function{Part: part, Role: "arn:aws:iam::123456789012:role/igauth-" + part, Environment: settings})
	}
	p.hosts = map[string]http.HandlerFunc{
		"www.instagram.com": status(200), "graph.instagram.com": status(404), "www.facebook.com": status(200),
		"api.instagram.com": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error_type":"OAuthException","code":400,"error_message":"Invalid authorization code"}`)
		},
		"graph.facebook.com": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("client_secret") != metaSecret && r.URL.Path != "/" {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"error":{"message":"Error validating client secret.","type":"OAuthException","code":1}}`)
				return
			}
			_, _ = io.WriteString(w, `{"access_token":"880602627938098|canarycanary"}`)
		},
		"connect.example.com": func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/authorize":
				redirect(w, "https://www.instagram.com/oauth/authorize?client_id=990602627938098&redirect_uri=https://connect.example.com/callback")
			case "/callback":
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(http.StatusBadRequest)
			case "/deauthorize", "/data-deletion":
				w.WriteHeader(http.StatusBadRequest)
			default:
				w.WriteHeader(http.StatusForbidden)
			}
		},
	}
	return p
}

func (p *patient) secret(t *testing.T, name, text string) {
	t.Helper()
	id := strings.Repeat("0", 32)
	if _, err := p.manager.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &text, ClientRequestToken: &id}); err != nil {
		t.Fatal(err)
	}
}

// replace gives a fixed secret another text.
func (p *patient) replace(t *testing.T, name, text string) {
	t.Helper()
	id := strings.Repeat("1", 32)
	if _, err := p.manager.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &text, ClientRequestToken: &id}); err != nil {
		t.Fatal(err)
	}
}

func (p *patient) remove(t *testing.T, name string, force bool) {
	t.Helper()
	in := &secretsmanager.DeleteSecretInput{SecretId: &name, ForceDeleteWithoutRecovery: &force}
	if _, err := p.manager.DeleteSecret(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// RoundTrip implements [http.RoundTripper] for all hosts.
func (p *patient) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.hosts[r.URL.Host] == nil {
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}
	w := httptest.NewRecorder()
	w.Header().Set("Date", p.at.Format(http.TimeFormat))
	p.hosts[r.URL.Host](w, r)
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

func (p *patient) examine(ctx context.Context) doctor.Report {
	e := doctor.Examination{
		Environment: doctor.Environment{}, Network: doctor.Network{Client: &http.Client{Transport: p}},
		Version: doctor.GraphVersion{Name: "v26.0"}, Now: func() time.Time { return p.at }, Online: true,
	}
	return e.Stack(ctx, p.stack, p.iam, p.functions, p.unlisted)
}

// A keysetReader is the keyset of a stack.
type keysetReader struct{ *secrets.Reader }

func (k keysetReader) source(ctx context.Context, fresh bool) (igauth.Secret, error) {
	return k.Whole(ctx, "igauth/keyset", fresh)
}

func (k keysetReader) Text(ctx context.Context) (igauth.Secret, error) { return k.source(ctx, true) }

func (keysetReader) Change(context.Context, func(igauth.Secret) (igauth.Secret, error)) error {
	return igauth.ErrConflict
}

// A fakeIAM allows what is asked about, but for some actions.
type fakeIAM struct {
	mu     sync.Mutex
	err    error
	denied map[string]bool // "<role's part> <action>"
	// detail says who denies.
	detail func(*iamtypes.EvaluationResult)
	asked  []string
	// under is the conditions under which actions were asked about.
	under map[string]string
}

func (f *fakeIAM) SimulatePrincipalPolicy(_ context.Context, in *iam.SimulatePrincipalPolicyInput, _ ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	role := strings.TrimPrefix(*in.PolicySourceArn, "arn:aws:iam::123456789012:role/igauth-")
	out := &iam.SimulatePrincipalPolicyOutput{}
	// One result for each answer, as if there were very many.
	begin := 0
	if in.Marker != nil {
		_, _ = fmt.Sscan(*in.Marker, &begin)
	}
	action := in.ActionNames[begin]
	f.asked = append(f.asked, role+" "+action+" "+in.ResourceArns[0])
	for _, entry := range in.ContextEntries {
		f.under[action] += *entry.ContextKeyName + "=" + entry.ContextKeyValues[0] + " "
	}
	result := iamtypes.EvaluationResult{EvalActionName: &action, EvalResourceName: &in.ResourceArns[0], EvalDecision: iamtypes.PolicyEvaluationDecisionTypeAllowed}
	if f.denied[role+" "+action] {
		result.EvalDecision = iamtypes.PolicyEvaluationDecisionTypeImplicitDeny
		if f.detail != nil {
			f.detail(&result)
		}
	}
	out.EvaluationResults = append(out.EvaluationResults, result)
	if begin+1 < len(in.ActionNames) {
		out.IsTruncated, out.Marker = true, aws.String(fmt.Sprint(begin+1))
	}
	return out, nil
}

var errDenied = &smithy.GenericAPIError{Code: "AccessDenied", Message: "User: arn:aws:iam::123456789012:user/canary is not authorized"}

// noSecret reports a report that shows one.
func noSecret(t *testing.T, r doctor.Report) {
	t.Helper()
	for _, f := range r.Findings {
		text := f.Subject + f.What + f.Why + f.Mend
		for _, secret := range []string{secretText, metaSecret, stateKey, "canary"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows a secret: %s", f.ID, text)
			}
		}
	}
}

// In a stack as the template makes it nothing is found.
func TestWorkingStack(t *testing.T) {
	for name, prepare := range map[string]func(*patient){
		"each token a secret": func(*patient) {},
		"sealed":              func(p *patient) { p.settings(app.EnvVault, "sealed") },
	} {
		p := newPatient(t, nil)
		prepare(p)
		r := p.examine(t.Context())
		noSecret(t, r)
		if got := grave(r.Findings, doctor.Warning); len(got) != 0 || r.Summary.Worst != doctor.Info {
			t.Errorf("%s: got %q", name, got)
		}
		// And it was looked for: each of these says that it is well.
		well := grave(r.Findings, doctor.OK)
		for _, want := range []string{
			"ok accounts /accounts", "ok app-id IGAUTH_APP_ID", "ok app-secret igauth/app", "ok app-secret igauth/meta-app", "ok authorize /authorize",
			"ok callback /callback", "ok functions", "ok graph-version", "ok host api.instagram.com", "ok host graph.facebook.com", "ok host graph.instagram.com",
			"ok host www.instagram.com", "ok ledger", "ok meta-app IGAUTH_META_APP_ID", "ok removals", "ok rights accounts", "ok rights authorize",
			"ok rights callback", "ok rights deauthorize", "ok rights deletion", "ok rights refresh", "ok meta-callback /deauthorize", "ok meta-callback /data-deletion", "ok schedule", "ok settings", "ok state-key igauth/state-key", "ok table igauth-ledger",
			"info accounts-by-status", "info cost", "info ends", "info dashboard-redirect",
		} {
			if !slices.Contains(well, want) {
				t.Errorf("%s: %q is missing in %q", name, want, well)
			}
		}
	}
}

// settings changes a variable of all functions.
func (p *patient) settings(name, value string) {
	for i := range p.functions {
		p.functions[i].Environment = changed(p.functions[i].Environment)
		p.functions[i].Environment[name] = value
	}
}

// The variables of a shell are examined with what Meta and the public URL say.
func TestShell(t *testing.T) {
	for name, c := range map[string]struct {
		with doctor.Environment
		want []string
	}{
		"nothing wrong":         {nil, nil},
		"another app":           {doctor.Environment{app.EnvAppID: "770602627938098"}, []string{"error authorize-app-id /authorize"}},
		"an id that is no id":   {doctor.Environment{app.EnvAppID: "my-app"}, []string{"error app-id IGAUTH_APP_ID"}},
		"an address that is no": {doctor.Environment{app.EnvPublicURL: "https://connect.example.com/"}, []string{"error public-url IGAUTH_PUBLIC_URL"}},
	} {
		p := newPatient(t, nil)
		e := doctor.Examination{
			Environment: changed(c.with), Network: doctor.Network{Client: &http.Client{Transport: p}},
			Version: doctor.CurrentVersion(), Now: func() time.Time { return p.at }, Online: true,
		}
		r := e.Shell(t.Context())
		if got := grave(r.Findings, doctor.Warning); !slices.Equal(got, append([]string{}, c.want...)) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		// What is known to be wrong is not asked about.
		asked := slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.ID == "app-id" && f.Severity == doctor.OK })
		if asked == (name == "an id that is no id") {
			t.Errorf("%s: Instagram was asked about the app id: %t", name, asked)
		}
	}
}

func TestBrokenStacksAreNamed(t *testing.T) {
	const token = "igauth/accounts/17841400000000001"
	without := func(name string) func(*dynamodb.CreateTableInput) {
		return func(in *dynamodb.CreateTableInput) {
			in.GlobalSecondaryIndexes = slices.DeleteFunc(in.GlobalSecondaryIndexes, func(i dynamotypes.GlobalSecondaryIndex) bool { return *i.IndexName == name })
		}
	}
	for name, c := range map[string]struct {
		table func(*dynamodb.CreateTableInput)
		sick  func(*testing.T, *patient)
		want  []string
	}{
		"the wrong stack": {nil, func(_ *testing.T, p *patient) {
			p.stack.Table, p.stack.Name, p.functions = "other-ledger", "other", nil
			p.stack.AppSecret, p.stack.StateKey = "other/app", "other/state-key"
		}, []string{
			"error secret-missing other/app", "error secret-missing other/state-key", "error stack-missing other", "error table-unreachable other-ledger"}},
		"no stream": {func(in *dynamodb.CreateTableInput) { in.StreamSpecification = nil }, nil, []string{"error table-stream igauth-ledger"}},
		"a stream of keys": {func(in *dynamodb.CreateTableInput) {
			in.StreamSpecification.StreamViewType = dynamotypes.StreamViewTypeKeysOnly
		}, nil, []string{"error table-stream igauth-ledger"}},
		"no protection": {func(in *dynamodb.CreateTableInput) { in.DeletionProtectionEnabled = nil }, nil, []string{"warning table-protection igauth-ledger"}},
		"an index of keys": {func(in *dynamodb.CreateTableInput) {
			in.GlobalSecondaryIndexes[0].Projection.ProjectionType = dynamotypes.ProjectionTypeKeysOnly
		}, nil, []string{"error table-index igauth-ledger/index/due"}},
		"no index of removals":    {without("accounts"), nil, []string{"error removals-unknown", "error table-index igauth-ledger/index/accounts"}},
		"no app secret":           {nil, func(t *testing.T, p *patient) { p.remove(t, "igauth/app", true); p.at = p.at.Add(time.Minute) }, []string{"error secret-missing igauth/app"}},
		"an app secret to go":     {nil, func(t *testing.T, p *patient) { p.remove(t, "igauth/app", false) }, []string{"error secret-deleted igauth/app"}},
		"an app secret in quotes": {nil, func(t *testing.T, p *patient) { p.replace(t, "igauth/app", `{"app_secret":"'`+secretText+`'"}`) }, []string{"warning app-secret-shape igauth/app"}},
		"JSON without a member":   {nil, func(t *testing.T, p *patient) { p.replace(t, "igauth/app", `{"secret":"`+secretText+`"}`) }, []string{"error secret-malformed igauth/app"}},
		"a short state key":       {nil, func(t *testing.T, p *patient) { p.replace(t, "igauth/state-key", "canary") }, []string{"error state-key-short igauth/state-key"}},
		"the secret of the other": {nil, func(t *testing.T, p *patient) { p.replace(t, "igauth/meta-app", secretText) }, []string{"error meta-app-secret IGAUTH_META_APP_SECRET_NAME"}},
		"a token that is gone":    {nil, func(t *testing.T, p *patient) { p.remove(t, token, true); p.at = p.at.Add(time.Minute) }, []string{"error vault-secret-missing " + token}},
		"a token that is to go":   {nil, func(t *testing.T, p *patient) { p.remove(t, token, false) }, []string{"error vault-secret-deleted " + token}},
		"sealed without a keyset": {nil, func(t *testing.T, p *patient) {
			p.settings(app.EnvVault, "sealed")
			p.remove(t, "igauth/keyset", false)
		}, []string{"error vault-keyset-missing igauth/keyset"}},
		"sealed by a damaged one": {nil, func(t *testing.T, p *patient) {
			p.settings(app.EnvVault, "sealed")
			p.replace(t, "igauth/keyset", "canary")
		}, []string{"error vault-keyset-damaged igauth/keyset"}},
		"a function is missing": {nil, func(_ *testing.T, p *patient) {
			p.functions = slices.DeleteFunc(p.functions, func(f doctor.Function) bool { return f.Part == "refresh" })
		}, []string{"error function-missing refresh"}},
		"functions disagree": {nil, func(_ *testing.T, p *patient) {
			p.functions[0].Environment = changed(p.functions[0].Environment)
			p.functions[0].Environment[app.EnvTable] = "other"
		}, []string{"error env-differs IGAUTH_TABLE"}},
		"a right is missing":  {nil, func(_ *testing.T, p *patient) { p.iam.denied["refresh events:PutEvents"] = true }, []string{"error rights-missing refresh"}},
		"nobody may ask IAM":  {nil, func(_ *testing.T, p *patient) { p.iam.err = errDenied }, nil},
		"nobody may list":     {nil, func(_ *testing.T, p *patient) { p.functions, p.unlisted = nil, errDenied }, nil},
		"the table is closed": {nil, func(_ *testing.T, p *patient) { p.table.Set(func(c *awsfake.TableConfig) { c.Before = deny }) }, []string{"error table-unreachable igauth-ledger"}},
		"secrets may not be read": {nil, func(_ *testing.T, p *patient) {
			p.manager.Set(func(c *awsfake.SecretsManagerConfig) { c.Before = deny })
		}, nil},
		"a quoted setting":        {nil, func(_ *testing.T, p *patient) { p.settings(app.EnvAppID, `"990602627938098"`) }, []string{"error env-quotes IGAUTH_APP_ID"}},
		"another app is deployed": {nil, func(_ *testing.T, p *patient) { p.settings(app.EnvAppID, "770602627938098") }, []string{"error authorize-app-id /authorize"}},
		"Instagram is not reached": {nil, func(_ *testing.T, p *patient) {
			delete(p.hosts, "graph.instagram.com")
		}, []string{"error host-unreachable graph.instagram.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPatient(t, c.table)
			if c.sick != nil {
				c.sick(t, p)
			}
			r := p.examine(t.Context())
			complete(t, r.Findings)
			noSecret(t, r)
			if got := grave(r.Findings, doctor.Warning); !slices.Equal(got, append([]string{}, c.want...)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func deny(context.Context, string) error { return errDenied }
