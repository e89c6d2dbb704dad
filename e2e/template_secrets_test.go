package e2e

import (
	"regexp"
	"strings"
	"testing"
)

var secretName = regexp.MustCompile(`(?i)secret|password|token|credential`)

func TestSecretParametersAreNotShown(t *testing.T) {
	for name, parameter := range load(t).section("Parameters") {
		if !secretName.MatchString(name) {
			continue
		}
		// That of the Meta app may be left out, as Facebook Login may.
		none := at(parameter, "Default") == nil || name == "MetaAppSecret" && at(parameter, "Default") == ""
		if at(parameter, "NoEcho") != true || !none {
			t.Errorf("the parameter %s is shown, or has a default", name)
		}
	}
}

func TestNoSecretStandsInTheTemplate(t *testing.T) {
	tmpl := load(t)
	given := map[string]string{"AppSecret": "InstagramAppSecret", "MetaSecret": "MetaAppSecret"}
	for id, secret := range tmpl.resources("AWS::SecretsManager::Secret") {
		switch value := secret["SecretString"].(type) {
		case nil:
			// Of letters and digits, 43 are as good as a key of 256 bits.
			if length, _ := at(secret, "GenerateSecretString", "PasswordLength").(int); length < 43 {
				t.Errorf("%s is neither given nor generated with 43 characters or more", id)
			}
		case object:
			if !refers(value, given[id]) {
				t.Errorf("%s is made of something else than the parameter: %v", id, value)
			}
		default:
			t.Errorf("%s is written in the template", id)
		}
	}
	for id, resource := range tmpl.section("Resources") {
		for secret, parameter := range given {
			if id != secret && refers(resource, parameter) {
				t.Errorf("%s gets the parameter %s", id, parameter)
			}
		}
	}
	names := map[string]string{}
	for id, secret := range tmpl.resources("AWS::SecretsManager::Secret") {
		names[id] = show(secret["Name"])
	}
	compare(t, "the secrets", lines(names), lines(map[string]string{
		"MetaSecret": "${AWS::StackName}/meta-app",
		"AppSecret":  functions["CallbackFunction"].environment["IGAUTH_APP_SECRET_NAME"],
		"StateKey":   functions["CallbackFunction"].environment["IGAUTH_STATE_KEY_NAME"],
		"Keyset":     functions["CallbackFunction"].environment["IGAUTH_KEYSET_NAME"],
	}))
}

func TestOutputsCarryNoSecret(t *testing.T) {
	tmpl := load(t)
	outputs := tmpl.section("Outputs")
	for _, name := range []string{"ConnectUrl", "CallbackUrl", "DeauthorizeUrl", "DataDeletionUrl", "ApiUrl", "TableName", "SecretPrefix", "AppSecretName"} {
		if outputs[name] == nil {
			t.Errorf("there is no output %s", name)
		}
	}
	for name, output := range outputs {
		for _, secret := range []string{"InstagramAppSecret", "MetaAppSecret", "StateKey", "AppSecret", "MetaSecret", "Keyset"} {
			if refers(output, secret) || strings.Contains(show(at(output, "Value")), "resolve:") {
				t.Errorf("the output %s shows %s", name, secret)
			}
		}
	}
}
