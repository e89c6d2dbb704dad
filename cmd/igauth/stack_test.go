package main

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/app"
	"igauth/internal/igauth"
)

// A fakeStack answers for Lambda and DynamoDB what the command asks of a stack with
// one account.
type fakeStack struct {
	// settings are in the environment of its functions; nil means that there are no
	// functions.
	settings map[string]string
	// forbidden refuses to list them.
	forbidden bool
	listed    atomic.Int32
}

// stackAccount was connected a day ago, and Meta has accepted its token just now.
const stackAccount = "17841400000010111"

func (s *fakeStack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/functions/") {
		s.listed.Add(1)
		if s.forbidden {
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
			return
		}
		functions := []any{}
		if s.settings != nil {
			for _, name := range []string{"igauth-AccountsFunction-AbC", "igauth-RefreshFunction-AbC", "shop-RefreshFunction-AbC"} {
				functions = append(functions, map[string]any{"FunctionName": name, "Environment": map[string]any{"Variables": s.settings}})
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"Functions": functions})
		return
	}
	asked, _ := io.ReadAll(r.Body)
	answer := "{}"
	switch target := r.Header.Get("X-Amz-Target"); {
	case target == "secretsmanager.GetSecretValue" && strings.Contains(string(asked), "igauth/state-key"):
		answer = fmt.Sprintf(`{"Name":"igauth/state-key","SecretString":%q}`, strings.Repeat("k", 64))
	case target == "DynamoDB_20120810.GetItem" && strings.Contains(string(asked), "account#"+stackAccount):
		answer = stackItem(time.Now().UTC())
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE([]byte(answer))))
	_, _ = io.WriteString(w, answer)
}

// stackItem is the account as DynamoDB has it.
func stackItem(now time.Time) string {
	at := func(t time.Time) string { return fmt.Sprintf(`{"S":%q}`, t.Format(time.RFC3339)) }
	return fmt.Sprintf(`{"Item":{"pk":{"S":"account#%s"},"id":{"S":%q},"username":{"S":"maria.bakes"},"status":{"S":"active"},"generation":{"N":"1"},"revision":{"N":"1"},
		"login":{"S":"instagram"},"issued_at":%s,"checked_at":%s,"connected_at":%s,"expires_at":%s,"ref":{"S":"v"}}}`,
		stackAccount, stackAccount, at(now.Add(-24*time.Hour)), at(now), at(now.Add(-24*time.Hour)), at(now.Add(59*24*time.Hour)))
}

// useStack lets the command find a stack as it would find one in AWS.
func useStack(t *testing.T, s *fakeStack) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-south-2", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

// When an account of a stack is tried next says the policy of the stack's functions,
// whatever the shell has. Where that may not be looked at, the command says so.
func TestPolicyOfAStackIsThatOfItsFunctions(t *testing.T) {
	const stacks, shells = "refresh_at=0.2 jitter=0", "refresh_at=0.7 jitter=0"
	for name, c := range map[string]struct {
		stack *fakeStack
		shell string
		age   float64 // in days, at which the token is refreshed
		warns string
	}{
		"of the functions":               {&fakeStack{settings: map[string]string{app.EnvPolicy: stacks}}, "", 12, ""},
		"and not of the shell":           {&fakeStack{settings: map[string]string{app.EnvPolicy: stacks}}, shells, 12, ""},
		"which have the default":         {&fakeStack{settings: map[string]string{app.EnvTable: "igauth-ledger", app.EnvPolicy: "jitter=0"}}, shells, 30, ""},
		"whoever may not look at them":   {&fakeStack{forbidden: true}, shells, 42, "you are not allowed to"},
		"a stack that is somewhere else": {&fakeStack{}, shells, 42, "no function of a stack igauth"},
	} {
		t.Run(name, func(t *testing.T) {
			useStack(t, c.stack)
			t.Setenv(app.EnvPolicy, c.shell)
			code, out, errOut := igauthCommand("accounts", "show", stackAccount, "--aws", "--json")
			var view igauth.AccountView
			if err := json.Unmarshal([]byte(out), &view); err != nil || code != 0 {
				t.Fatalf("got exit code %d, %v, %s%s", code, err, out, errOut)
			}
			if age := view.RefreshAt.Sub(view.IssuedAt).Hours() / 24; age < c.age-0.1 || age > c.age+0.1 {
				t.Errorf("the token is refreshed at %.1f days, want %.0f", age, c.age)
			}
			var said struct{ Warning igauth.Explanation }
			if c.warns == "" {
				if errOut != "" {
					t.Errorf("got %s", errOut)
				}
			} else if err := json.Unmarshal([]byte(errOut), &said); err != nil || !strings.Contains(said.Warning.Message, c.warns) || !strings.Contains(said.Warning.Message, "lambda:ListFunctions") {
				t.Errorf("got %v, %s", err, errOut)
			}
			if _, _, errOut = igauthCommand("accounts", "show", stackAccount, "--aws"); !strings.Contains(errOut, c.warns) || (c.warns == "") != (errOut == "") {
				t.Errorf("to a person: got %q", errOut)
			}
		})
	}
}

// A policy with which the functions do not start is no policy to show plans by.
func TestSettingsOfAStackThatAreWrong(t *testing.T) {
	useStack(t, &fakeStack{settings: map[string]string{app.EnvPolicy: "jitter=1"}})
	for _, args := range [][]string{{"accounts", "list", "--aws"}, {"refresh", "--aws"}} {
		code, out, errOut := igauthCommand(args...)
		if code != exitFailed || out != "" || !strings.Contains(errOut, "IGAUTH_POLICY: jitter=1") || !strings.Contains(errOut, "stack igauth") {
			t.Errorf("%v: got exit code %d, %s%s", args, code, out, errOut)
		}
	}
}

func TestPolicyOfAStackIsExplained(t *testing.T) {
	useStack(t, &fakeStack{settings: map[string]string{app.EnvPolicy: "refresh_at=0.4"}})
	t.Setenv(app.EnvPolicy, "refresh_at=0.3")
	if code, out, errOut := igauthCommand("policy", "--aws"); code != 0 || errOut != "" || !strings.Contains(out, "The policy of the stack igauth") || !strings.Contains(out, "for 33 days") {
		t.Errorf("got exit code %d, %s%s", code, out, errOut)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"another stack":     {[]string{"--aws", "--stack", "none"}, exitFailed, "no function of a stack none"},
		"two policies":      {[]string{"--aws", "jitter=0"}, exitUsage, "leave the other one out"},
		"a stack without":   {[]string{"--stack", "shop"}, exitUsage, "--aws"},
		"a misspelt policy": {[]string{"refreshat=1"}, exitFailed, "known are refresh_at"},
	} {
		if code, _, errOut := igauthCommand(append([]string{"policy"}, c.args...)...); code != c.code || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: got exit code %d, %s", name, code, errOut)
		}
	}
}

// A link needs no flags, as the functions know their address and their app; a token
// needs none of the settings, and so nobody asks for them.
func TestWhatACommandAsksOfAStack(t *testing.T) {
	stack := &fakeStack{settings: map[string]string{app.EnvAppID: "990602627938098", app.EnvPublicURL: "https://connect.example"}}
	useStack(t, stack)
	if code, out, errOut := igauthCommand("reconnect", stackAccount, "--aws"); code != 0 || !strings.HasPrefix(out, "https://connect.example/authorize?reconnect=") {
		t.Errorf("reconnect: got exit code %d, %s%s", code, out, errOut)
	}
	before := stack.listed.Load()
	if before == 0 {
		t.Error("reconnect does not look at the functions")
	}
	_, _, _ = igauthCommand("token", stackAccount, "--aws")
	if stack.listed.Load() != before {
		t.Error("token looks at the functions")
	}
}

func TestAWSConfigurationThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ variable, value, says string }{
		"no region":  {"AWS_REGION", "", "set AWS_REGION"},
		"no profile": {"AWS_PROFILE", "nobody", "no AWS profile nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			useStack(t, &fakeStack{})
			t.Setenv("AWS_DEFAULT_REGION", "")
			t.Setenv(c.variable, c.value)
			for _, args := range [][]string{{"accounts"}, {"token", stackAccount}, {"doctor"}, {"policy"}} {
				if code, out, errOut := igauthCommand(append(args, "--aws")...); code != exitFailed || out != "" || !strings.Contains(errOut, c.says) {
					t.Errorf("%v: got exit code %d, %s%s", args, code, out, errOut)
				}
			}
		})
	}
}
