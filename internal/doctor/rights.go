package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// IAM is what is asked of AWS Identity and Access Management.
type IAM interface {
	SimulatePrincipalPolicy(context.Context, *iam.SimulatePrincipalPolicyInput, ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error)
}

var _ IAM = (*iam.Client)(nil)

// A Function is a function of the installation, as it is deployed.
type Function struct {
	// Part is which of the functions it is: authorize, callback, and so on.
	Part string
	// Role is the ARN of what it runs as.
	Role        string
	Environment Environment
}

// Parts are the functions that template.yaml makes, and the logical ids by which
// AWS names them.
var Parts = map[string]string{
	"authorize":   "AuthorizeFunction",
	"callback":    "CallbackFunction",
	"accounts":    "AccountsFunction",
	"refresh":     "RefreshFunction",
	"deauthorize": "DeauthorizeFunction",
	"deletion":    "DeletionFunction",
}

// Resources are the ARNs of what the functions use.
type Resources struct {
	Partition, Region, Account, Stack string
	// Table and Stream are the ledger's, Key that of its encryption; "" is not
	// known, and nothing is asked about it.
	Table, Stream, Key string
	// Secrets are the ARNs of secrets by name.
	Secrets map[string]string
	// Bus is the event bus.
	Bus string
}

// Settle fills in what follows from the stack, its region and its table.
func (r *Resources) Settle(stack, region, bus string) {
	r.Stack, r.Region, r.Bus = stack, region, cmp.Or(bus, "default")
	if parts := strings.Split(r.Table, ":"); len(parts) > 4 {
		r.Partition, r.Account = parts[1], parts[4]
	}
}

// A Right is what a function must be allowed to do.
type Right struct {
	// Actions on Resource, with the keys of the condition under which the template
	// allows them.
	Actions  []string
	Resource func(Resources) string
	Via      string // the service by which a key is used
	Tagged   bool   // with the tag of the stack
}

func onTable(r Resources) string  { return r.Table }
func onStream(r Resources) string { return r.Stream }
func onKey(r Resources) string    { return r.Key }
func onBus(r Resources) string {
	return fmt.Sprintf("arn:%s:events:%s:%s:event-bus/%s", r.Partition, r.Region, r.Account, r.Bus)
}

func onIndex(name string) func(Resources) string {
	return func(r Resources) string {
		if r.Table == "" {
			return ""
		}
		return r.Table + "/index/" + name
	}
}

// onSecret is the secret of a name under the stack's. The names of one that is not
// there end in six characters all the same.
func onSecret(name string) func(Resources) string {
	return func(r Resources) string {
		if arn := r.Secrets[r.Stack+"/"+name]; arn != "" {
			return arn
		}
		if name == "state-key" || name == "app" || name == "meta-app" {
			return "" // the template names its very ARN
		}
		return fmt.Sprintf("arn:%s:secretsmanager:%s:%s:secret:%s/%s-AbCdEf", r.Partition, r.Region, r.Account, r.Stack, name)
	}
}

// onToken is the secret of an account.
var onToken = onSecret("accounts/0")

func onLogs(function string) func(Resources) string {
	return func(r Resources) string {
		return fmt.Sprintf("arn:%s:logs:%s:%s:log-group:/aws/lambda/%s-%s:log-stream:doctor", r.Partition, r.Region, r.Account, r.Stack, function)
	}
}

const (
	viaSecrets = "secretsmanager"
	viaTable   = "dynamodb"
	readSecret = "secretsmanager:GetSecretValue"
	decrypt    = "kms:Decrypt"
	newDataKey = "kms:GenerateDataKey"
)

// Rights returns what each function must be allowed to do: what template.yaml
// allows, but for the queues, whose names nobody outside the stack knows.
func Rights() map[string][]Right {
	logs := func(function string) Right {
		return Right{Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resource: onLogs(function)}
	}
	read := func(name string) Right { return Right{Actions: []string{readSecret}, Resource: onSecret(name)} }
	key := func(via string, actions ...string) Right { return Right{Actions: actions, Resource: onKey, Via: via} }
	query := func(index string) Right {
		return Right{Actions: []string{"dynamodb:Query"}, Resource: onIndex(index)}
	}
	makeSecrets := Right{Actions: []string{"secretsmanager:CreateSecret", "secretsmanager:TagResource"}, Resource: onToken, Tagged: true}
	keepTokens := []string{"secretsmanager:DescribeSecret", readSecret, "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"}
	// removes is what the functions have in common that hear of removals.
	removes := func(function string) []Right {
		return []Right{
			logs(function),
			{Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"}, Resource: onTable},
			read("app"), read("meta-app"),
			{Actions: []string{"secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret"}, Resource: onToken},
			key(viaSecrets, decrypt), key(viaTable, decrypt),
		}
	}
	return map[string][]Right{
		"deauthorize": removes("deauthorize"),
		"deletion":    removes("deletion"),
		"authorize":   {logs("authorize"), read("state-key"), key(viaSecrets, decrypt)},
		"callback": {
			logs("callback"),
			{Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"}, Resource: onTable},
			read("app"), read("meta-app"), read("state-key"), read("keyset"),
			makeSecrets,
			{Actions: keepTokens, Resource: onToken},
			key(viaSecrets, decrypt, newDataKey), key(viaTable, decrypt),
		},
		"accounts": {
			logs("accounts"),
			{Actions: []string{"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"}, Resource: onTable},
			query("accounts"), query("status"),
			{Actions: []string{"secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret", readSecret}, Resource: onToken},
			read("keyset"), read("meta-app"), read("state-key"),
			key(viaSecrets, decrypt), key(viaTable, decrypt),
		},
		"refresh": {
			logs("refresh"),
			{Actions: []string{"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"}, Resource: onTable},
			query("accounts"), query("due"), query("status"),
			read("keyset"), read("meta-app"), read("state-key"),
			makeSecrets,
			{Actions: append([]string{"secretsmanager:DeleteSecret"}, keepTokens...), Resource: onToken},
			key(viaSecrets, decrypt, newDataKey), key(viaTable, decrypt),
			{Actions: []string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}, Resource: onStream},
			{Actions: []string{"dynamodb:ListStreams"}, Resource: onStream},
			{Actions: []string{"events:PutEvents"}, Resource: onBus},
		},
	}
}

// CheckRights asks IAM whether each function may do what it must, with all that
// decides: its role, boundaries, and the organization. It asks, and does none of
// it.
func CheckRights(ctx context.Context, client IAM, functions []Function, r Resources) []Finding {
	rights := Rights()
	var checks []func() []Finding
	for _, function := range functions {
		checks = append(checks, func() []Finding { return []Finding{roleRights(ctx, client, function, rights[function.Part], r)} })
	}
	found := together(checks...)
	// Who may not ask about one may not ask about the others.
	if i := slices.IndexFunc(found, func(f Finding) bool { return f.ID == "rights-not-asked" }); i >= 0 {
		rest := slices.DeleteFunc(slices.Clone(found), func(f Finding) bool { return f.ID == "rights-not-asked" })
		return append(rest, found[i])
	}
	return found
}

func roleRights(ctx context.Context, client IAM, function Function, rights []Right, r Resources) Finding {
	var denied []string
	for _, right := range rights {
		resource := right.Resource(r)
		if resource == "" {
			continue
		}
		results, err := simulate(ctx, client, function.Role, right, resource, r)
		if err != nil {
			why := storeReason(err)
			return note("rights-not-asked", "", "What the functions may do could not be asked of IAM: "+why+".",
				"So it was not examined. Everything else was.", "To have it examined, use credentials with iam:SimulatePrincipalPolicy on the functions' roles.")
		}
		for _, result := range results {
			if result.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
				denied = append(denied, aws.ToString(result.EvalActionName)+" on "+lastPart(resource)+forbidden(result))
			}
		}
	}
	if len(denied) > 0 {
		return fault("rights-missing", function.Part, "The function "+function.Part+" may not "+strings.Join(slices.Compact(denied), ", ")+".",
			"It fails as soon as it needs to.",
			"Deploy the template again, which restores the role; look for a permissions boundary or a policy of the organization that forbids it.")
	}
	return good("rights", function.Part, "The function "+function.Part+" may do all that it must.")
}

func simulate(ctx context.Context, client IAM, role string, right Right, resource string, r Resources) ([]types.EvaluationResult, error) {
	input := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &role, ActionNames: right.Actions, ResourceArns: []string{resource}}
	with := func(key, value string) {
		input.ContextEntries = append(input.ContextEntries, types.ContextEntry{
			ContextKeyName: &key, ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{value},
		})
	}
	if right.Via != "" {
		with("kms:ViaService", right.Via+"."+r.Region+".amazonaws.com")
	}
	if right.Tagged {
		with("aws:RequestTag/igauth:stack", r.Stack)
	}
	var results []types.EvaluationResult
	for {
		out, err := bounded(ctx, func(ctx context.Context) (*iam.SimulatePrincipalPolicyOutput, error) {
			return client.SimulatePrincipalPolicy(ctx, input)
		})
		if err != nil {
			return nil, err
		}
		results = append(results, out.EvaluationResults...)
		if !out.IsTruncated {
			return results, nil
		}
		if aws.ToString(out.Marker) == "" {
			return nil, errors.New("an answer of IAM that goes on nowhere")
		}
		input.Marker = out.Marker
	}
}

// forbidden says who forbids an action, where that is not merely nobody's leave.
func forbidden(result types.EvaluationResult) string {
	switch {
	case result.OrganizationsDecisionDetail != nil && !result.OrganizationsDecisionDetail.AllowedByOrganizations:
		return " (the organization forbids it)"
	case result.PermissionsBoundaryDecisionDetail != nil && !result.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary:
		return " (the permissions boundary forbids it)"
	case result.EvalDecision == types.PolicyEvaluationDecisionTypeExplicitDeny:
		return " (a policy denies it)"
	}
	return ""
}

// lastPart returns the end of an ARN, which says to a person what it is.
func lastPart(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	return strings.TrimSuffix(parts[len(parts)-1], "-AbCdEf")
}
