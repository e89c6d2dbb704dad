package awsstore_test

import (
	"maps"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/igauth/awsstore"
)

// lambda is what the runtime sets.
var lambda = map[string]string{
	"AWS_REGION":            "eu-south-2",
	"AWS_ACCESS_KEY_ID":     "key",
	"AWS_SECRET_ACCESS_KEY": "secret",
	"AWS_SESSION_TOKEN":     "session",
}

// environment returns lambda's variables with changes.
func environment(changes map[string]string) func(string) string {
	env := maps.Clone(lambda)
	maps.Copy(env, changes)
	return func(name string) string { return env[name] }
}

func TestConfig(t *testing.T) {
	cfg, err := awsstore.Config(environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Region != "eu-south-2" || cfg.BaseEndpoint != nil {
		t.Errorf("region %q, endpoint %v", cfg.Region, cfg.BaseEndpoint)
	}
	credentials, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil || credentials.AccessKeyID != "key" || credentials.SecretAccessKey != "secret" || credentials.SessionToken != "session" {
		t.Errorf("credentials of %q are not those of the environment (%v)", credentials.AccessKeyID, err)
	}
	if got := cfg.Retryer().MaxAttempts(); got != 3 {
		t.Errorf("%d attempts, want 3", got)
	}
}

func TestConfigHTTP(t *testing.T) {
	cfg, err := awsstore.Config(environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	client := cfg.HTTPClient.(*awshttp.BuildableClient)
	if got := client.GetDialer().Timeout; got != 2*time.Second {
		t.Errorf("dial timeout %s, want 2s", got)
	}
	var transport *http.Transport = client.GetTransport()
	if transport.IdleConnTimeout != 50*time.Second || transport.ResponseHeaderTimeout != 5*time.Second {
		t.Errorf("idle %s, answer %s", transport.IdleConnTimeout, transport.ResponseHeaderTimeout)
	}
	if transport.TLSClientConfig.ClientSessionCache == nil || transport.TLSClientConfig.MinVersion == 0 {
		t.Error("TLS has no session cache, or allows any version")
	}
}

func TestConfigProblems(t *testing.T) {
	_, err := awsstore.Config(func(name string) string {
		if name == "AWS_ENDPOINT_URL_DYNAMODB" {
			return "localhost:8000"
		}
		return ""
	})
	if err == nil {
		t.Fatal("an empty environment was accepted")
	}
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_DYNAMODB"} {
		if !strings.Contains(err.Error(), name+" ") {
			t.Errorf("%q does not name %s", err, name)
		}
	}
}

// TestConfigEndpoints asks the real clients, as what counts is what they make of
// the configuration.
func TestConfigEndpoints(t *testing.T) {
	for _, test := range []struct {
		name              string
		env               map[string]string
		dynamodb, secrets string
	}{
		{"none", nil, "", ""},
		{"one for all", map[string]string{"AWS_ENDPOINT_URL": "http://all"}, "http://all", "http://all"},
		{"one for a service", map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://ddb"}, "http://ddb", ""},
		{"a service's goes before that of all", map[string]string{
			"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://secrets",
		}, "http://all", "http://secrets"},
		{"ignored", map[string]string{
			"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_DYNAMODB": "http://ddb",
			"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
		}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg, err := awsstore.Config(environment(test.env))
			if err != nil {
				t.Fatal(err)
			}
			got := dynamodb.NewFromConfig(cfg).Options().BaseEndpoint
			if text(got) != test.dynamodb {
				t.Errorf("DynamoDB at %q, want %q", text(got), test.dynamodb)
			}
			got = secretsmanager.NewFromConfig(cfg).Options().BaseEndpoint
			if text(got) != test.secrets {
				t.Errorf("Secrets Manager at %q, want %q", text(got), test.secrets)
			}
		})
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestImports keeps the packages apart: a function pays at start for every
// client that it links.
func TestImports(t *testing.T) {
	const services = "github.com/aws/aws-sdk-go-v2/service/"
	for pkg, banned := range map[string][]string{
		".":         {services, "github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/feature/"},
		"./table":   {services + "secretsmanager", "github.com/aws/aws-sdk-go-v2/config"},
		"./secrets": {services + "dynamodb", "github.com/aws/aws-sdk-go-v2/config"},
	} {
		out, err := exec.Command("go", "list", "-deps", pkg).Output()
		if err != nil {
			t.Skipf("go list is not available: %v", err)
		}
		for dep := range strings.Lines(string(out)) {
			for _, prefix := range banned {
				if strings.HasPrefix(dep, prefix) {
					t.Errorf("%s depends on %s", pkg, strings.TrimSpace(dep))
				}
			}
		}
	}
}
