package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// statements flattens the policies of a role into lines like those of the table.
func statements(t *testing.T, id string, role object) []string {
	t.Helper()
	if role["ManagedPolicyArns"] != nil {
		t.Errorf("%s has managed policies: their actions are Amazon's to change", id)
	}
	var list []string
	for _, policy := range many(role["Policies"]) {
		for _, statement := range many(at(policy, "PolicyDocument", "Statement")) {
			if at(statement, "Effect") != "Allow" || at(statement, "NotAction") != nil || at(statement, "NotResource") != nil {
				t.Errorf("%s has a statement that is not a plain permission: %v", id, statement)
			}
			limits := []string{""}
			if via := at(statement, "Condition", "StringEquals", "kms:ViaService"); via != nil {
				limits = nil
				for _, service := range many(via) {
					limits = append(limits, " via "+show(service))
				}
			} else if tag := at(statement, "Condition", "StringEquals", "aws:RequestTag/igauth:stack"); tag != nil {
				limits = []string{" tagged " + show(tag)}
			}
			for _, action := range many(at(statement, "Action")) {
				for _, resource := range many(at(statement, "Resource")) {
					for _, limit := range limits {
						list = append(list, fmt.Sprintf("%v %s%s", action, show(resource), limit))
					}
				}
			}
		}
	}
	return list
}

func TestEachFunctionMayDoExactlyWhatItNeeds(t *testing.T) {
	tmpl := load(t)
	roles := tmpl.resources("AWS::IAM::Role")
	owners := map[string]string{}
	for id, function := range tmpl.resources("AWS::Serverless::Function") {
		role := strings.TrimSuffix(show(function["Role"]), ".Arn")
		if role != functions[id].role || owners[role] != "" {
			t.Errorf("%s has the role %s, want %s for itself", id, role, functions[id].role)
		}
		owners[role] = id
		if function["Policies"] != nil {
			t.Errorf("%s has policies beside its role", id)
		}
		compare(t, id, statements(t, role, roles[role]), functions[id].allowed)
		trust := many(at(roles[role], "AssumeRolePolicyDocument", "Statement"))
		if len(trust) != 1 || at(trust[0], "Principal", "Service") != "lambda.amazonaws.com" {
			t.Errorf("%s can be assumed by others than Lambda", role)
		}
	}
	schedule := roles["RefreshScheduleRole"]
	compare(t, "the schedule", statements(t, "RefreshScheduleRole", schedule), []string{
		"kms:Decrypt Key.Arn via sqs",
		"kms:GenerateDataKey Key.Arn via sqs",
		"lambda:InvokeFunction RefreshFunction.Arn",
		"sqs:SendMessage DeadLetters.Arn",
		"sqs:SendMessage if SpreadsRefresh: RefreshParts.Arn, else AWS::NoValue",
	})
	for _, trust := range many(at(schedule, "AssumeRolePolicyDocument", "Statement")) {
		if show(at(trust, "Condition", "StringEquals", "aws:SourceAccount")) != "AWS::AccountId" {
			t.Error("the schedule's role can be assumed for schedules of another account")
		}
	}
	if len(roles) != len(functions)+1 {
		t.Errorf("there are %d roles, want one for each function and one for the schedule", len(roles))
	}
}

func TestNoActionOrResourceIsAWildcard(t *testing.T) {
	for id, role := range load(t).resources("AWS::IAM::Role") {
		for _, line := range statements(t, id, role) {
			action, resource, _ := strings.Cut(line, " ")
			if strings.Contains(action, "*") || action == "dynamodb:Scan" || action == "secretsmanager:ListSecrets" || strings.HasPrefix(resource, "*") {
				t.Errorf("%s may %s", id, line)
			}
			if strings.HasPrefix(action, "kms:") && !strings.Contains(line, " via ") {
				t.Errorf("%s may use the key directly: %s", id, line)
			}
		}
	}
}

func TestKeyIsGivenToNobodyElse(t *testing.T) {
	key := load(t).only("AWS::KMS::Key")
	if key["EnableKeyRotation"] != true {
		t.Error("the key is not rotated")
	}
	for _, statement := range many(at(key, "KeyPolicy", "Statement")) {
		all := slices.Contains(many(at(statement, "Action")), any("kms:*"))
		switch principal := at(statement, "Principal").(type) {
		case object:
			if owner, ok := principal["AWS"]; ok {
				if show(owner) != "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" {
					t.Errorf("the key is %s's", show(owner))
				}
			} else if all || at(statement, "Condition") == nil {
				t.Errorf("%s may do everything, or for everybody", show(principal["Service"]))
			}
		default:
			t.Errorf("the key is open to %v", principal)
		}
	}
}
