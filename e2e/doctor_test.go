package e2e

import (
	"slices"
	"strings"
	"testing"

	"igauth/internal/doctor"
)

// igauth doctor asks IAM about what the template allows each function, at the same
// resources. Left out are the queues, whose names only the stack knows, and what
// is there twice for CloudFormation's sake.
func TestDoctorKnowsTheRightsOfTheTemplate(t *testing.T) {
	tmpl := load(t)
	roles := tmpl.resources("AWS::IAM::Role")
	r := doctor.Resources{
		Partition: "P", Region: "R", Account: "A", Stack: "STACK", Table: "LedgerTable.Arn", Stream: "LedgerTable.StreamArn", Key: "Key.Arn", Bus: "${EventBus}",
		Secrets: map[string]string{"STACK/app": "AppSecret", "STACK/state-key": "StateKey", "STACK/meta-app": "MetaSecret"},
	}
	// The texts of the template, as the doctor has them.
	texts := strings.NewReplacer(
		"${AWS::StackName}", "STACK", "accounts/*", "accounts/0-AbCdEf", "??????", "AbCdEf", "${LedgerTable.Arn}", "LedgerTable.Arn",
		"LedgerTable.Arn/stream/*", "LedgerTable.StreamArn", "if HasMetaApp: MetaSecret, else AWS::NoValue", "MetaSecret",
		"secret:STACK/meta-app-AbCdEf", "MetaSecret", " tagged AWS::StackName", " tagged",
	)
	names := tmpl.resources("AWS::Serverless::Function")
	if len(names) != len(doctor.Parts) {
		t.Errorf("the template has %d functions, and igauth doctor looks at %d", len(names), len(doctor.Parts))
	}
	for part, id := range doctor.Parts {
		var want, got []string
		for _, line := range statements(t, functions[id].role, roles[functions[id].role]) {
			if strings.Contains(line, "sqs") || strings.Contains(line, "Keyset") {
				continue
			}
			line = texts.Replace(texts.Replace(line))
			if strings.HasPrefix(line, "logs:") {
				line, _, _ = strings.Cut(line, " ")
			}
			want = append(want, line)
		}
		for _, right := range doctor.Rights()[part] {
			for _, action := range right.Actions {
				line := action + " " + strings.TrimPrefix(strings.TrimPrefix(right.Resource(r), "arn:P:secretsmanager:R:A:"), "arn:P:events:R:A:")
				switch {
				case right.Via != "":
					line += " via " + right.Via
				case right.Tagged:
					line += " tagged"
				case strings.HasPrefix(line, "logs:"):
					line = action
				}
				got = append(got, line)
			}
		}
		slices.Sort(want)
		compare(t, "igauth doctor's rights of "+id, got, slices.Compact(want))
	}
}
