package doctor_test

import (
	"slices"
	"strings"
	"testing"

	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"igauth/internal/doctor"
)

// Every right is asked about, at the resource for which the template gives it.
func TestEveryRightIsAskedAbout(t *testing.T) {
	p := newPatient(t, nil)
	p.examine(t.Context())
	p.iam.asked = slices.Compact(slices.Sorted(slices.Values(p.iam.asked)))
	const arn = "arn:aws:dynamodb:eu-south-2:123456789012:table/igauth-ledger"
	for _, want := range []string{
		"authorize secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-central-1:123456789012:secret:igauth/state-key-AbCdEf",
		"authorize logs:PutLogEvents arn:aws:logs:eu-south-2:123456789012:log-group:/aws/lambda/igauth-authorize:log-stream:doctor",
		"callback dynamodb:PutItem " + arn,
		"callback secretsmanager:CreateSecret arn:aws:secretsmanager:eu-south-2:123456789012:secret:igauth/accounts/0-AbCdEf",
		"accounts dynamodb:Query " + arn + "/index/status",
		"refresh dynamodb:GetRecords " + arn + "/stream/2026-11-23T00:00:00.000",
		"refresh events:PutEvents arn:aws:events:eu-south-2:123456789012:event-bus/default",
	} {
		if !slices.Contains(p.iam.asked, want) {
			t.Errorf("%q was not asked about; what was: %q", want, p.iam.asked)
		}
	}
	for action, want := range map[string]string{
		"secretsmanager:CreateSecret": "aws:RequestTag/igauth:stack=igauth ",
		"events:PutEvents":            "",
	} {
		if got := p.iam.under[action]; want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s was asked about under %q", action, got)
		}
	}
	for _, asked := range p.iam.asked {
		if strings.Contains(asked, "::") || strings.HasPrefix(asked, "accounts secretsmanager:PutSecretValue") {
			t.Errorf("asked about %q", asked)
		}
	}
}

// Who forbids it is said, since who mends it depends on that.
func TestRightsSayWhoForbids(t *testing.T) {
	for want, detail := range map[string]func(*iamtypes.EvaluationResult){
		"dynamodb:PutItem on table/igauth-ledger.": nil,
		"(the organization forbids it)": func(r *iamtypes.EvaluationResult) {
			r.OrganizationsDecisionDetail = &iamtypes.OrganizationsDecisionDetail{}
		},
		"(the permissions boundary forbids it)": func(r *iamtypes.EvaluationResult) {
			r.PermissionsBoundaryDecisionDetail = &iamtypes.PermissionsBoundaryDecisionDetail{}
		},
		"(a policy denies it)": func(r *iamtypes.EvaluationResult) { r.EvalDecision = iamtypes.PolicyEvaluationDecisionTypeExplicitDeny },
	} {
		p := newPatient(t, nil)
		p.iam.denied["callback dynamodb:PutItem"], p.iam.detail = true, detail
		findings := p.examine(t.Context()).Findings
		at := slices.IndexFunc(findings, func(f doctor.Finding) bool { return f.ID == "rights-missing" })
		if at < 0 || !strings.Contains(findings[at].What, "dynamodb:PutItem") || !strings.Contains(findings[at].What, want) {
			t.Errorf("got %+v, want %q", findings, want)
		}
	}
}

// Who may not ask is told so once and politely, and the rest is examined.
func TestNotAllowedToAsk(t *testing.T) {
	p := newPatient(t, nil)
	p.iam.err = errDenied
	r := p.examine(t.Context())
	noSecret(t, r)
	var told []doctor.Finding
	for _, f := range r.Findings {
		if strings.HasPrefix(f.ID, "rights") {
			told = append(told, f)
		}
	}
	if len(told) != 1 || told[0].Severity != doctor.Info || !strings.Contains(told[0].What, "you are not allowed to") || !strings.Contains(told[0].Mend, "iam:SimulatePrincipalPolicy") {
		t.Errorf("got %+v", told)
	}
}
