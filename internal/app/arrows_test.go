package app_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// deps returns everything that a package links, itself left out.
func deps(t *testing.T, packages ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps", "-tags", "lambda.norpc"}, packages...)...)
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	return strings.Fields(string(out))
}

func withPrefix(list []string, prefixes ...string) []string {
	var found []string
	for _, name := range list {
		for _, prefix := range prefixes {
			if name == prefix || strings.HasPrefix(name, prefix+"/") {
				found = append(found, name)
			}
		}
	}
	return found
}

// The arrows of the architecture: everything points inward to the domain, which
// knows no vendor.
func TestArrows(t *testing.T) {
	const ours = "igauth"
	for pkg, allowed := range map[string][]string{
		"./internal/igauth":                  {},
		"./internal/igauth/instagram":        {"igauth/internal/igauth"},
		"./internal/igauth/boltstore":        {"igauth/internal/igauth"},
		"./internal/igauth/sealed":           {"igauth/internal/igauth"},
		"./internal/igauth/awsstore":         {},
		"./internal/igauth/awsstore/table":   {"igauth/internal/igauth"},
		"./internal/igauth/awsstore/secrets": {"igauth/internal/igauth"},
		"./internal/igauth/awsstore/bus":     {"igauth/internal/igauth"},
		"./internal/igauth/awsstore/awsfake": {},
		"./internal/igauth/awsstore/awstest": {"igauth/internal/igauth/awsstore"},
		"./internal/igsim":                   {},
		"./internal/apigw":                   {},
		"./internal/cost":                    {},
		"./internal/emf":                     {},
		"./internal/tokenfile":               {"igauth/internal/igauth"},
		"./internal/doctor": {
			"igauth/internal/app", "igauth/internal/cost", "igauth/internal/igauth", "igauth/internal/igauth/instagram",
			"igauth/internal/igauth/awsstore/table", "igauth/internal/igauth/sealed",
		},
		"./internal/app": {"igauth/internal/igauth", "igauth/internal/igauth/instagram"},
	} {
		self := ours + strings.TrimPrefix(pkg, ".")
		for _, dep := range withPrefix(deps(t, pkg), ours) {
			if dep != self && !slices.Contains(allowed, dep) {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
	for _, pkg := range []string{"./internal/igauth", "./internal/igsim", "./internal/igauth/sealed", "./internal/igauth/instagram", "./internal/cost", "./internal/emf", "./internal/tokenfile"} {
		for _, dep := range deps(t, pkg) {
			// The rate limiter is an algorithm and not a vendor: docs/decisions.md.
			if first, _, _ := strings.Cut(dep, "/"); strings.Contains(first, ".") && dep != "golang.org/x/time/rate" {
				t.Errorf("%s imports the vendor package %s", pkg, dep)
			}
		}
	}
}

// What is made for the tests of the stores on AWS is imported by tests alone.
func TestFakesStayInTests(t *testing.T) {
	for _, pkg := range []string{"awsfake", "awstest"} {
		onlyInTests(t, "igauth/internal/igauth/awsstore/"+pkg)
	}
}

func onlyInTests(t *testing.T, fakes string) {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if found = found || fields[0] == fakes; slices.Contains(fields[1:], fakes) {
			t.Errorf("%s imports %s outside its tests", fields[0], fakes)
		}
	}
	if !found {
		t.Errorf("there is no package %s", fakes)
	}
}

// A function links only the clients that it calls.
func TestFunctionsAreLean(t *testing.T) {
	const aws = "github.com/aws/aws-sdk-go-v2/"
	for pkg, banned := range map[string][]string{
		"./functions/authorize":   {aws + "service/dynamodb", aws + "service/eventbridge", "igauth/internal/igauth/sealed"},
		"./functions/callback":    {aws + "service/eventbridge"},
		"./functions/refresh":     {"github.com/aws/aws-lambda-go/events"},
		"./functions/accounts":    {aws + "service/eventbridge"},
		"./functions/deauthorize": {aws + "service/eventbridge", "igauth/internal/app/refresh"},
		"./functions/deletion":    {aws + "service/eventbridge", "igauth/internal/app/refresh"},
	} {
		banned = append(banned, aws+"service/iam", "igauth/internal/doctor", aws+"config", aws+"service/sso", aws+"service/sts", aws+"service/kms", "net/rpc",
			"go.etcd.io", "github.com/alecthomas", "github.com/jedib0t", "igauth/internal/igsim", "testing")
		if found := withPrefix(deps(t, pkg), banned...); len(found) > 0 {
			t.Errorf("%s links %v", pkg, found)
		}
	}
}

func TestEntryPointsAreThin(t *testing.T) {
	files, err := filepath.Glob("../../functions/*/main.go")
	if err != nil || len(files) < 6 {
		t.Fatalf("got %v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(data, []byte("\n")); lines >= 40 {
			t.Errorf("%s has %d lines, want less than 40", file, lines)
		}
	}
}

// sources calls do with every line of Go outside tests, comments left out.
func sources(t *testing.T, do func(file, line string)) {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}`, "igauth/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); !strings.HasPrefix(line, "//") {
				do(filepath.ToSlash(name), line)
			}
		}
	}
}

// Secrets are revealed where they are sent, stored or shown on purpose, and
// nowhere else.
func TestSecretsAreRevealedInNamedPlaces(t *testing.T) {
	allowed := []string{
		"internal/igauth/secret.go",            // the type itself
		"internal/igauth/state.go",             // states and claims become text
		"internal/igauth/signed.go",            // keys sign
		"internal/igauth/signedrequest.go",     // Meta's signature is checked
		"internal/igauth/cookie.go",            // the flow's cookie is set
		"internal/igauth/flowseal.go",          // a person's token is sealed into its flow
		"internal/igauth/callback.go",          // the claim travels to the site
		"internal/igauth/api.go",               // a token is handed out
		"internal/igauth/family.go",            // what somebody brings is recognized
		"internal/igauth/instagram/token.go",   // Meta is asked
		"internal/igauth/instagram/profile.go", // Meta is asked
		"internal/igauth/instagram/facebook",   // Meta is asked
		"internal/igauth/instagram/revoke.go",  // Meta is asked
		"internal/igauth/sealed/vault.go",      // a token is sealed
		"internal/igauth/sealed/keyset.go",     // keys are stored
		"internal/igauth/awsstore/secrets/",    // a token is stored
		"internal/igauth/storetest/",           // what went in is compared with what comes out
		"internal/tokenfile/write.go",          // tokens are taken away by their owner
		"internal/app/keys.go",                 // the length of a key is checked
		"internal/doctor/apps.go",              // Meta is asked whether id and secret belong together
		"internal/doctor/finding.go",           // secrets are taken out of what is shown
		"internal/doctor/secret.go",            // the form of a secret is looked at
		"internal/app/local/keyset.go",         // keys are stored
		"internal/app/dev/server.go",           // the development server's own key
		"cmd/igauth/dev.go",                    // is printed to its owner
	}
	sources(t, func(file, line string) {
		if !strings.Contains(line, ".Reveal()") {
			return
		}
		for _, place := range allowed {
			if strings.HasPrefix(file, place) {
				return
			}
		}
		t.Errorf("%s reveals a secret: %s", file, line)
	})
}

// The clock and the environment are handed in, so that tests rule over both.
func TestClockAndEnvironmentAreInjected(t *testing.T) {
	clock := regexp.MustCompile(`\btime\.(Now|Since|Until)\(`)
	environment := regexp.MustCompile(`\bos\.(Getenv|LookupEnv|Environ)\(`)
	mayReadClock := map[string]bool{
		"internal/igauth/flow.go":           true, // a context's deadline is real time
		"internal/igauth/disconnect.go":     true, // a context's deadline is real time
		"internal/igauth/boltstore/file.go": true, // a context's deadline is real time
		"internal/igauth/run.go":            true, // a context's deadline is real time
		"internal/igauth/pace.go":           true, // a context's deadline is real time
		"internal/igauth/witness.go":        true, // the same
		"internal/igauth/stock.go":          true, // a context's deadline is real time
		"internal/igauth/sweep.go":          true, // the same
		"internal/app/local/local.go":       true, // the clock of a folder
		"internal/igsim/clock.go":           true, // the simulator's clock
		"cmd/igauth/progress.go":            true, // how often a terminal is written to
	}
	// The programs hand the environment in; NO_COLOR is the terminal's.
	mayReadEnvironment := map[string]bool{
		"cmd/igauth/table.go":                        true,
		"internal/igauth/awsstore/awstest/target.go": true, // what tests run against
	}
	sources(t, func(file, line string) {
		if clock.MatchString(line) && !mayReadClock[file] {
			t.Errorf("%s reads the clock: %s", file, line)
		}
		if environment.MatchString(line) && !mayReadEnvironment[file] {
			t.Errorf("%s reads the environment: %s", file, line)
		}
	})
}
