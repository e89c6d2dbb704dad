// Package awstest finds what the tests of the stores on AWS run against:
// emulators, or an AWS account.
//
//   - IGAUTH_TEST_DYNAMODB and IGAUTH_TEST_SECRETSMANAGER hold the endpoints of
//     emulators, separated by commas; e2e/emulators.sh sets them.
//   - IGAUTH_TEST_AWS=1 means the account whose Region and credentials are in the
//     environment; e2e/aws.sh sets it after it has asked. The names of all that is
//     made there begin with IGAUTH_TEST_AWS_PREFIX and are noted in the file
//     IGAUTH_TEST_AWS_NAMES before they are used, so that it can be removed even
//     when a test has died. AWS_ENDPOINT_URL and its kind are obeyed, as anywhere.
package awstest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"igauth/internal/igauth/awsstore"
)

// Whose answers a Target gives.
const (
	AWS           = "AWS"
	Moto          = "moto"
	DynamoDBLocal = "DynamoDB Local"
)

// A Target is a service to test against.
type Target struct {
	// Kind is AWS, Moto or DynamoDBLocal.
	Kind   string
	Config aws.Config
	// Account is whether everything is handled as in an AWS account, although the
	// Kind may say that it is none.
	Account bool
}

// DynamoDB returns the targets for DynamoDB. The test is skipped if there is none.
func DynamoDB(t *testing.T) []Target { return targets(t, "IGAUTH_TEST_DYNAMODB", "DYNAMODB") }

// SecretsManager returns the targets for Secrets Manager. The test is skipped if
// there is none.
func SecretsManager(t *testing.T) []Target {
	return targets(t, "IGAUTH_TEST_SECRETSMANAGER", "SECRETS_MANAGER")
}

func targets(t *testing.T, variable, service string) []Target {
	t.Helper()
	if os.Getenv("IGAUTH_TEST_AWS") == "1" {
		_ = Prefix(t) // It must be there before anything is made.
		cfg, err := awsstore.Config(os.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		endpoint := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_"+service), os.Getenv("AWS_ENDPOINT_URL"))
		return []Target{{Kind: kindOf(t, endpoint), Config: cfg, Account: true}}
	}
	if os.Getenv(variable) == "" {
		t.Skipf("%s is not set: make test-emulators, or make test-aws", variable)
	}
	var all []Target
	for endpoint := range strings.SplitSeq(os.Getenv(variable), ",") {
		all = append(all, Target{Kind: kindOf(t, endpoint), Config: Config(t, endpoint)})
	}
	return all
}

// Config returns the configuration that the programs would use, for a server of
// the test's own.
func Config(t *testing.T, endpoint string) aws.Config {
	t.Helper()
	cfg, err := awsstore.Config(func(name string) string {
		return map[string]string{
			"AWS_REGION":            "eu-central-1",
			"AWS_ACCESS_KEY_ID":     "test",
			"AWS_SECRET_ACCESS_KEY": "test",
			"AWS_ENDPOINT_URL":      endpoint,
		}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// kindOf asks who answers at an endpoint, "" for AWS's own.
func kindOf(t *testing.T, endpoint string) string {
	t.Helper()
	if endpoint == "" {
		return AWS
	}
	resp, err := http.Get(endpoint + "/moto-api/data.json")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return Moto
	}
	return DynamoDBLocal
}

// minPrefix is the least that the names of all test resources begin with.
const minPrefix = "igauth-test-"

// Prefix returns what all names begin with. It is the run's in an account.
func Prefix(t *testing.T) string {
	t.Helper()
	if os.Getenv("IGAUTH_TEST_AWS") != "1" {
		return minPrefix + "local"
	}
	prefix := os.Getenv("IGAUTH_TEST_AWS_PREFIX")
	if random, ok := strings.CutPrefix(prefix, minPrefix); !ok || len(random) < 8 {
		t.Fatalf("IGAUTH_TEST_AWS_PREFIX must be %q and 8 characters at least, not %q; use make test-aws", minPrefix, prefix)
	}
	return prefix
}

// NewName returns a name that nothing else has.
func NewName(t *testing.T) string {
	t.Helper()
	return Prefix(t) + "-" + rand.Text()
}

// What can be noted.
const (
	kindTable  = "table"
	kindSecret = "secret"
)

// note remembers a name in the run's file before it is used.
func note(kind, name string) error {
	path := os.Getenv("IGAUTH_TEST_AWS_NAMES")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("noting a name: %w", err)
	}
	_, err = fmt.Fprintf(f, "%s %s\n", kind, name)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}
