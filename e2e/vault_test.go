package e2e

import (
	"fmt"
	"slices"
	"testing"
)

// What the parameter Vault of template.yaml does.

// holds evaluates a condition of the template for values of parameters; the
// others have their defaults.
func (tmpl template) holds(condition any, values map[string]string) bool {
	tmpl.t.Helper()
	value := func(operand any) string {
		name, isRef := at(operand, "Ref").(string)
		if !isRef {
			return fmt.Sprint(operand)
		}
		if value, ok := values[name]; ok {
			return value
		}
		return fmt.Sprint(at(tmpl.section("Parameters"), name, "Default"))
	}
	switch condition := condition.(type) {
	case nil:
		return true
	case string:
		named, ok := tmpl.section("Conditions")[condition]
		if !ok {
			tmpl.t.Fatalf("there is no condition %s", condition)
		}
		return tmpl.holds(named, values)
	case object:
		if operands, ok := condition["Fn::Equals"].([]any); ok {
			return value(operands[0]) == value(operands[1])
		}
		if operands, ok := condition["Fn::Not"].([]any); ok {
			return !tmpl.holds(operands[0], values)
		}
	}
	tmpl.t.Fatalf("a condition of a kind that this test does not know: %v", condition)
	return false
}

// TestOnlySealedTokensHaveAKeyset also holds that the choice of the vault makes
// no other difference to what is deployed.
func TestOnlySealedTokensHaveAKeyset(t *testing.T) {
	tmpl := load(t)
	deployed := func(values map[string]string) (ids []string) {
		for id, resource := range tmpl.section("Resources") {
			if tmpl.holds(at(resource, "Condition"), values) {
				ids = append(ids, id)
			}
		}
		return ids
	}
	byDefault := deployed(nil)
	if slices.Contains(byDefault, "Keyset") {
		t.Error("there is a keyset by default")
	}
	compare(t, "a stack with Vault=secretsmanager", deployed(map[string]string{"Vault": "secretsmanager"}), byDefault)
	compare(t, "a stack with Vault=sealed", deployed(map[string]string{"Vault": "sealed"}), append(byDefault, "Keyset"))
	if got := at(tmpl.section("Parameters"), "Vault", "AllowedValues"); fmt.Sprint(got) != "[secretsmanager sealed]" {
		t.Errorf("Vault may be %v", got)
	}
}

// TestKeysetIsGeneratedOnce: CloudFormation makes a new value when any of these
// is changed, and then no sealed token opens. Never change this test with them.
func TestKeysetIsGeneratedOnce(t *testing.T) {
	resource := load(t).section("Resources")["Keyset"]
	got := map[string]string{}
	for name, value := range at(resource, "Properties", "GenerateSecretString").(object) {
		got[name] = fmt.Sprint(value)
	}
	compare(t, "the keyset", lines(got), lines(map[string]string{
		"SecretStringTemplate": `{"primary": 1}`,
		"GenerateStringKey":    "key_1",
		"PasswordLength":       "43",
		"ExcludePunctuation":   "true",
	}))
	// A deployment that is rolled back takes nothing with it that tokens were
	// already sealed with.
	if at(resource, "DeletionPolicy") != "Retain" || at(resource, "UpdateReplacePolicy") != "Retain" {
		t.Error("the keyset goes with the stack, with a replacement or with a rollback")
	}
}

// TestKeysetIsThereBeforeAnythingIsSealed: a function waits for its role, and a
// role for what it names. CloudFormation takes no condition in DependsOn.
func TestKeysetIsThereBeforeAnythingIsSealed(t *testing.T) {
	tmpl := load(t)
	for _, role := range []string{"CallbackRole", "RefreshRole"} {
		if !refers(tmpl.section("Resources")[role], "Keyset") {
			t.Errorf("%s does not wait for the keyset", role)
		}
	}
}
