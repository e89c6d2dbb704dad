package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/sealed"
)

// tableAPI and secretsAPI are what is asked of AWS.
type tableAPI interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
}

type secretsAPI interface {
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
}

var (
	_ tableAPI   = (*dynamodb.Client)(nil)
	_ secretsAPI = (*secretsmanager.Client)(nil)
)

// A Stack is an installation in AWS.
type Stack struct {
	Name, Region string
	Tables       tableAPI
	Secrets      secretsAPI
	// Read reads the fixed secrets of the installation.
	Read app.SecretText
	// Table is the ledger's name; AppSecret, MetaAppSecret and StateKey are names
	// of secrets, "" for one that there need not be.
	Table, AppSecret, MetaAppSecret, StateKey, KeysetName string
	// Vault is where new tokens are kept; "" is not known.
	Vault app.VaultKind
	// Keyset, Ledger and Tokens are the stores.
	Keyset app.Keyset
	Ledger igauth.Ledger
	Tokens igauth.Vault
}

// Settle takes over what the settings of the functions say of secrets and of the
// vault. The stores keep the names that the template gives them.
func (s *Stack) Settle(env Environment) {
	for name, field := range map[string]*string{
		app.EnvAppSecretName: &s.AppSecret, app.EnvMetaAppSecretName: &s.MetaAppSecret, app.EnvStateKeyName: &s.StateKey,
	} {
		if value := env[name]; value != "" {
			*field = value
		}
	}
	if kind, err := app.ParseVaultKind(env[app.EnvVault]); err == nil {
		s.Vault = kind
	}
}

// Facts are what was learnt of a stack on the way.
type Facts struct {
	Resources Resources
	Skews     []Skew
	// MetaSecret is the Meta app secret, Secrets are all that were read, so that no
	// report shows them.
	MetaSecret igauth.Secret
	Secrets    []igauth.Secret
}

// add takes over what was learnt elsewhere of secrets.
func (f *Facts) add(more Facts) {
	f.Secrets = append(f.Secrets, more.Secrets...)
	for name, arn := range more.Resources.Secrets {
		f.note(name, arn)
	}
}

// note writes down the ARN of a secret.
func (f *Facts) note(name, arn string) {
	if f.Resources.Secrets == nil {
		f.Resources.Secrets = map[string]string{}
	}
	f.Resources.Secrets[name] = arn
}

// text returns the one secret that was read, if there was one.
func (f Facts) text() igauth.Secret {
	if len(f.Secrets) == 0 {
		return igauth.Secret{}
	}
	return f.Secrets[0]
}

// CheckTable looks at the ledger's table, and reports whether it is there.
func (s Stack) CheckTable(ctx context.Context, facts *Facts) (findings []Finding, there bool) {
	out, err := bounded(ctx, func(ctx context.Context) (*dynamodb.DescribeTableOutput, error) {
		return s.Tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.Table})
	})
	if err != nil {
		return []Finding{fault("table-unreachable", s.Table, "The table "+s.Table+" cannot be looked at: "+storeReason(err)+".",
			"It holds all accounts. Nothing works without it.", storeMend(err))}, false
	}
	if skew, ok := awsmiddleware.GetAttemptSkew(out.ResultMetadata); ok {
		// It is how far AWS is ahead of us.
		facts.Skews = append(facts.Skews, Skew{"AWS", -skew})
	}
	facts.Resources.Table = aws.ToString(out.Table.TableArn)
	facts.Resources.Stream = aws.ToString(out.Table.LatestStreamArn)
	if sse := out.Table.SSEDescription; sse != nil {
		facts.Resources.Key = aws.ToString(sse.KMSMasterKeyArn)
	}
	var ttl *types.TimeToLiveDescription
	if out, err := bounded(ctx, func(ctx context.Context) (*dynamodb.DescribeTimeToLiveOutput, error) {
		return s.Tables.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &s.Table})
	}); err == nil {
		ttl = out.TimeToLiveDescription
	}
	for _, d := range table.Differences(out.Table, ttl) {
		findings = append(findings, s.difference(d))
	}
	if len(findings) == 0 {
		findings = append(findings, good("table", s.Table, "The table "+s.Table+" has its key, its indexes, its stream, and deletion by time."))
	}
	return findings, true
}

// difference says what a difference of the table does.
func (s Stack) difference(d table.Difference) Finding {
	subject := s.Table
	if d.Name != "" {
		subject += "/index/" + d.Name
	}
	what := "The table " + s.Table + " " + d.Text + "."
	const deploy = "Deploy the template again, which sets it."
	switch d.Part {
	case table.PartStatus:
		return warn("table-status", subject, what, "AWS is changing it. While it does, accounts may not be read.", "Wait, and look again.")
	case table.PartKey:
		return fault("table-key", subject, what, "It is not the table of an igauth ledger.", "Look whether --stack and the region are the right ones.")
	case table.PartIndex:
		why := map[string]string{
			"due":      "The refresh finds what is due by it: tokens are not refreshed.",
			"accounts": "Accounts are listed by it: the API and the command find none.",
			"status":   "Accounts are counted by it, and the alarms told whose token ends next.",
		}[d.Name]
		return fault("table-index", subject, what, why, deploy+" AWS fills a new index by itself, which takes some minutes.")
	case table.PartTTL:
		return warn("table-ttl", subject, what, "Flows that are over, and what is left of erased accounts, stay for ever.", deploy)
	case table.PartStream:
		return fault("table-stream", subject, what, "Events are sent from it. Without it they wait for the next hourly run.", deploy)
	}
	return warn("table-protection", subject, what, "With the table gone, every account would have to be connected again.", deploy+" Or: aws dynamodb update-table --deletion-protection-enabled.")
}

// CheckSecrets looks at the fixed secrets: that they are there and what they look
// like.
func (s Stack) CheckSecrets(ctx context.Context, facts *Facts) []Finding {
	fixed := []fixedSecret{
		{s.AppSecret, "app_secret", "app secret", AppSecret},
		{s.StateKey, "state_key", "state key", StateKey},
		{s.MetaAppSecret, "app_secret", "Meta app secret", AppSecret},
	}
	learnt := make([]Facts, len(fixed))
	var checks []func() []Finding
	for i, f := range fixed {
		if f.name != "" {
			checks = append(checks, func() []Finding { return s.fixed(ctx, f, &learnt[i]) })
		}
	}
	findings := together(checks...)
	for _, more := range learnt {
		facts.add(more)
	}
	facts.MetaSecret = learnt[len(learnt)-1].text()
	return findings
}

// A fixedSecret is one of an installation, and not of an account.
type fixedSecret struct {
	// name is the secret's, member that of a text in it, whose what a person calls
	// the text.
	name, member, whose string
	look                func(igauth.Secret, string) []Finding
}

func (s Stack) fixed(ctx context.Context, f fixedSecret, facts *Facts) []Finding {
	if wrong := s.secret(ctx, facts, f.name); wrong != nil {
		return []Finding{*wrong}
	}
	text, err := bounded(ctx, func(ctx context.Context) (igauth.Secret, error) { return s.Read(ctx, f.name, f.member) })
	if err != nil {
		return []Finding{unreadable(f.name, f.whose, f.member, err)}
	}
	facts.Secrets = append(facts.Secrets, text)
	return f.look(text, f.name)
}

// secret looks at whether a secret is there, and notes its ARN.
func (s Stack) secret(ctx context.Context, facts *Facts, name string) *Finding {
	out, err := bounded(ctx, func(ctx context.Context) (*secretsmanager.DescribeSecretOutput, error) {
		return s.Secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	})
	switch why := ""; {
	case err != nil && storeReason(err) == notAllowed:
		// It may be read all the same.
		return nil
	case err != nil:
		if why = storeReason(err); why == notHere {
			f := fault("secret-missing", name, "There is no secret "+name+".", "The functions need it, and fail without it.",
				"Look whether --stack and the region are the right ones. If somebody deleted it, deploy again or make it anew.")
			return &f
		}
		f := fault("secret-unreachable", name, "The secret "+name+" cannot be looked at: "+why+".", "So it is not known whether the functions can use it.", storeMend(err))
		return &f
	case out.DeletedDate != nil:
		f := fault("secret-deleted", name, "The secret "+name+" is scheduled for deletion.", "It cannot be read any more, and is gone for good after some days.",
			"Bring it back: aws secretsmanager restore-secret --secret-id "+name)
		return &f
	}
	facts.note(name, aws.ToString(out.ARN))
	return nil
}

func unreadable(name, whose, member string, err error) Finding {
	var api interface{ ErrorCode() string }
	if errors.As(err, &api) || errors.Is(err, context.DeadlineExceeded) {
		if storeReason(err) == notAllowed {
			return note("secret-not-read", name, "You are not allowed to read the secret "+name+", so the "+whose+" was not looked at.", "", "")
		}
		return fault("secret-unreachable", name, "The secret "+name+" cannot be read: "+storeReason(err)+".", "The functions need the "+whose+".", storeMend(err))
	}
	// The store was asked, and what it holds is not what is needed.
	return fault("secret-malformed", name, "The secret "+name+" does not hold the "+whose+".", "The functions need it, and refuse what is there.",
		fmt.Sprintf("Put {%q: \"…\"} into it, or the %s alone.", member, whose))
}

// CheckVault looks at whether tokens can be read: at the secret of the account
// that ends first, and at the keyset if tokens are sealed. No token is read.
func (s Stack) CheckVault(ctx context.Context, facts *Facts) []Finding {
	sample, known := s.sample(ctx)
	kept := known && s.Tokens.Keeps(sample.Ref)
	var findings []Finding
	if kept {
		findings = s.token(ctx, facts, sample)
	}
	if s.Vault == app.VaultSealed || known && !kept {
		findings = append(findings, s.keyset(ctx, facts))
	}
	if len(findings) == 0 {
		findings = append(findings, good("vault", "", "No account has a token in Secrets Manager yet."))
	}
	return findings
}

// keyset looks at the keys of sealed tokens.
func (s Stack) keyset(ctx context.Context, facts *Facts) Finding {
	text, err := bounded(ctx, s.Keyset.Text)
	facts.Secrets = append(facts.Secrets, text)
	const lost = "Without it no sealed token opens, and every account would have to be connected again."
	switch {
	case errors.Is(err, igauth.ErrNotFound):
		return fault("vault-keyset-missing", s.KeysetName, "There is no keyset "+s.KeysetName+".", lost,
			"If it was deleted, bring it back at once: aws secretsmanager restore-secret --secret-id "+s.KeysetName)
	case err != nil && storeReason(err) == notAllowed:
		return note("vault-not-asked", s.KeysetName, "You are not allowed to read the keyset "+s.KeysetName+", so it was not looked at.", "", "")
	case err != nil:
		return fault("vault-unreachable", s.KeysetName, "The keyset "+s.KeysetName+" cannot be read: "+storeReason(err)+".", lost, storeMend(err))
	}
	if _, err := sealed.ParseKeyset(text); err != nil {
		return fault("vault-keyset-damaged", s.KeysetName, "The keyset "+s.KeysetName+" is damaged.", lost,
			"Put its previous version back: aws secretsmanager get-secret-value --version-stage AWSPREVIOUS --secret-id "+s.KeysetName)
	}
	return good("vault", s.KeysetName, "Tokens are sealed, and the keyset can be read.")
}

// token looks at the secret of an account.
func (s Stack) token(ctx context.Context, facts *Facts, a igauth.Account) []Finding {
	name := s.Name + "/accounts/" + string(a.ID)
	if f := s.secret(ctx, facts, name); f != nil {
		f.ID = "vault-" + f.ID
		f.Why = "The token of this account cannot be read, though its row says that it has one."
		f.Mend = "Have the owner connect the account again: igauth reconnect " + string(a.ID)
		return []Finding{*f}
	}
	if facts.Resources.Secrets[name] == "" {
		return []Finding{note("vault-not-asked", name, "You are not allowed to look at the secrets of accounts, so they were not looked at.", "", "")}
	}
	return []Finding{good("vault", name, "Tokens are kept in Secrets Manager, and that of the account that ends first is there.")}
}

// sample returns an account that has a token, if there is one.
func (s Stack) sample(ctx context.Context) (igauth.Account, bool) {
	account, err := bounded(ctx, func(ctx context.Context) (igauth.Account, error) {
		first, err := s.Ledger.Expiries(ctx, igauth.StatusActive, 1)
		if err != nil || len(first) == 0 {
			return igauth.Account{}, igauth.ErrNotFound
		}
		return s.Ledger.Account(ctx, first[0].ID)
	})
	return account, err == nil && account.Ref != ""
}

// Deployed looks at the functions of a stack, and returns the settings that they
// share, nil if there are no functions. Err is why they could not be listed.
func Deployed(stack string, functions []Function, err error) ([]Finding, Environment) {
	if err != nil {
		return []Finding{note("functions-not-listed", "", "The deployed functions could not be looked at: "+storeReason(err)+".",
			"So their settings and rights were not examined. The settings of this shell were, where there are any.",
			"To have them examined, use credentials with lambda:ListFunctions.")}, nil
	}
	if len(functions) == 0 {
		return []Finding{fault("stack-missing", stack, "There is no function of a stack "+stack+" here.",
			"Nothing of it runs, or it runs elsewhere.", "Look whether --stack, the region and the AWS account are the right ones (AWS_REGION, AWS_PROFILE).")}, nil
	}
	var findings []Finding
	settings, from := Environment{}, map[string]string{}
	there := map[string]bool{}
	for _, function := range functions {
		there[function.Part] = true
		for _, name := range slices.Sorted(maps.Keys(function.Environment)) {
			value := function.Environment[name]
			if before, known := settings[name]; known && before != value && from[name] != function.Part {
				findings = append(findings, fault("env-differs", name, "The functions "+from[name]+" and "+function.Part+" have different values of "+name+".",
					"What one of them begins the other does not finish. Somebody has changed one by hand.", "Deploy the template again, which sets both."))
				continue
			}
			settings[name], from[name] = value, function.Part
		}
	}
	for _, part := range slices.Sorted(maps.Keys(Parts)) {
		if !there[part] {
			findings = append(findings, fault("function-missing", part, "The stack "+stack+" has no function "+part+" here.",
				"Without it a part of igauth does not work.", "Look whether --stack and the region are the right ones, and deploy the template again."))
		}
	}
	if len(findings) == 0 {
		findings = append(findings, good("functions", "", "The functions are deployed: "+strings.Join(slices.Sorted(maps.Keys(there)), ", ")+"."))
	}
	return findings, settings
}
