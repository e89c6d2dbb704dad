package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/local"
	"igauth/internal/igsim"
)

// typed runs a command whose standard input holds a text.
func typed(input string, args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(input), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// emptyFolder returns a folder of the same simulator without accounts.
func emptyFolder(t *testing.T, like string) string {
	t.Helper()
	f, err := local.Open(like, nil)
	if err != nil {
		t.Fatal(err)
	}
	record := f.Record
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if f, err = local.Create(dir, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Remember(record); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTokenIsExportedAndImported(t *testing.T) {
	dir, _ := folder(t)
	_, token, _ := igauthCommand("token", "maria.bakes", "--data", dir)
	file := filepath.Join(t.TempDir(), "tokens.json")
	code, out, errOut := igauthCommand("export", "--data", dir, "-o", file)
	if code != 0 || out != "" || !strings.Contains(errOut, "1 account exported") {
		t.Fatalf("got exit code %d, %s%s", code, out, errOut)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v", info.Mode(), err)
	}
	if code, _, errOut := igauthCommand("export", "--data", dir, "-o", file); code == 0 || !strings.Contains(errOut, "not overwritten") {
		t.Errorf("a second time: got exit code %d, %s", code, errOut)
	}

	other := emptyFolder(t, dir)
	code, out, errOut = igauthCommand("import", file, "--data", other)
	if code != 0 || errOut != "" || !strings.Contains(out, "maria.bakes") || !strings.Contains(out, "active") {
		t.Fatalf("got exit code %d\n%s%s", code, out, errOut)
	}
	if strings.Contains(out, strings.TrimSpace(token)) {
		t.Error("the token was printed")
	}
	var shown struct {
		ExpiresAt     time.Time `json:"expires_at"`
		ExpiryAssumed bool      `json:"expiry_assumed"`
		DaysLeft      int       `json:"days_left"`
		Scopes        []string
		History       []struct{ What string }
	}
	_, out, _ = igauthCommand("accounts", "show", "maria.bakes", "--json", "--data", other)
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		t.Fatal(err)
	}
	// It was two days old, so that the refresh at once tells its end.
	if shown.ExpiryAssumed || shown.DaysLeft < 59 || len(shown.Scopes) == 0 || shown.History[0].What != "imported" {
		t.Errorf("got %+v", shown)
	}
}

func TestImportFromStandardInput(t *testing.T) {
	dir, _ := folder(t)
	_, token, _ := igauthCommand("token", "maria.bakes", "--data", dir)
	for name, c := range map[string]struct {
		input string
		args  []string
	}{
		"the token":             {token, nil},
		"with a dash":           {token, []string{"-"}},
		"a .env file":           {"# of the shop\nexport PAGE=7\nINSTAGRAM_ACCESS_TOKEN=\"" + strings.TrimSpace(token) + "\"\n", nil},
		"a variable of my own":  {"MINE=" + token, []string{"--variable", "MINE"}},
		"what the agent starts": {"STARTING_TOKEN=" + token, nil},
	} {
		t.Run(name, func(t *testing.T) {
			other := emptyFolder(t, dir)
			code, out, errOut := typed(c.input, append([]string{"import", "--data", other}, c.args...)...)
			if code != 0 || errOut != "" || !strings.Contains(out, "maria.bakes") {
				t.Errorf("got exit code %d\n%s%s", code, out, errOut)
			}
		})
	}
}

func TestImportTellsWhatIsWrong(t *testing.T) {
	dir, sim := folder(t)
	_ = sim
	_, token, _ := igauthCommand("token", "maria.bakes", "--data", dir)
	good := strings.TrimSpace(token)
	for name, c := range map[string]struct {
		input, want string
		args        []string
	}{
		"nothing":                      {"", "", nil},
		"the account is connected":     {good, "has a live token already", nil},
		"a token of Basic Display":     {"IGQVJXsentinel" + strings.Repeat("x", 120), "Basic Display", nil},
		"an app secret":                {igsim.DefaultAppSecret, "app secret", nil},
		"a token that Meta knows not":  {"IGAAsentinel" + strings.Repeat("x", 120), "", nil},
		"a variable that is not there": {"A=1\n", "MINE", []string{"--variable", "MINE"}},
		"two, one of which is dead":    {good + "\nIGQVJXsentinel" + strings.Repeat("x", 120), "1 imported, 1 not", []string{"--replace"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := typed(c.input, append([]string{"import", "--data", dir}, c.args...)...)
			if code != exitFailed || !strings.Contains(out+errOut, c.want) {
				t.Errorf("got exit code %d\n%s%s", code, out, errOut)
			}
			if strings.Contains(out+errOut, "sentinel") || strings.Contains(out+errOut, good) || strings.Contains(out+errOut, igsim.DefaultAppSecret) {
				t.Error("a token was printed")
			}
		})
	}
}

func TestEraseAsks(t *testing.T) {
	dir, _ := folder(t)
	const id = "17841400000010111"
	if code, _, errOut := typed("no\n", "erase", id, "--data", dir); code != exitFailed || !strings.Contains(errOut, "nothing was changed") {
		t.Errorf("got exit code %d, %s", code, errOut)
	}
	if code, _, errOut := typed("", "erase", id, "--data", dir); code != exitFailed || !strings.Contains(errOut, "--yes") {
		t.Errorf("got exit code %d, %s", code, errOut)
	}
	if code, _, errOut := typed("yes\n", "erase", "maria.bakes", "--data", dir); code != exitFailed || !strings.Contains(errOut, "nothing was erased") {
		t.Errorf("got exit code %d, %s", code, errOut)
	}
	if code, out, _ := igauthCommand("accounts", "list", "--data", dir); code != 0 || !strings.Contains(out, id) {
		t.Fatalf("the account is gone: %s", out)
	}
	if code, out, errOut := typed("yes\n", "erase", id, "17841400000099999", id, "--data", dir); code != 0 || !strings.Contains(out, "1 account erased") || !strings.Contains(out, "known of: 17841400000099999") {
		t.Errorf("got exit code %d, %s%s", code, out, errOut)
	}
	if code, out, _ := igauthCommand("accounts", "list", "--data", dir); code != 0 || strings.Contains(out, id) {
		t.Errorf("the account is still there: %s", out)
	}
}

func TestKeysAreRotatedAndTokensResealed(t *testing.T) {
	dir, _ := folder(t)
	_, before, _ := igauthCommand("token", "maria.bakes", "--data", dir)
	list := func() string {
		t.Helper()
		code, out, errOut := igauthCommand("keys", "--data", dir, "--json")
		if code != 0 {
			t.Fatalf("got exit code %d, %s", code, errOut)
		}
		return strings.Join(strings.Fields(out), "")
	}
	if got := list(); got != `{"keys":[{"id":1,"primary":true,"accounts":1}]}` {
		t.Errorf("got %s", got)
	}
	if code, out, errOut := igauthCommand("keys", "rotate", "--data", dir); code != 0 || !strings.Contains(out, "Key 2 seals") {
		t.Errorf("got exit code %d, %s%s", code, out, errOut)
	}
	if got := list(); got != `{"keys":[{"id":1,"primary":false,"accounts":1},{"id":2,"primary":true,"accounts":0}]}` {
		t.Errorf("got %s", got)
	}
	for _, want := range []string{"1 resealed", "0 resealed"} {
		if code, out, errOut := igauthCommand("keys", "reseal", "--data", dir); code != 0 || !strings.Contains(out, want) {
			t.Errorf("got exit code %d, %s%s", code, out, errOut)
		}
	}
	if got := list(); got != `{"keys":[{"id":1,"primary":false,"accounts":0},{"id":2,"primary":true,"accounts":1}]}` {
		t.Errorf("got %s", got)
	}
	if _, after, _ := igauthCommand("token", "maria.bakes", "--data", dir); after != before {
		t.Error("the token has changed")
	}
	if code, _, errOut := igauthCommand("vault", "migrate", "--to", "secretsmanager", "--data", dir); code != exitFailed || !strings.Contains(errOut, "--aws") {
		t.Errorf("got exit code %d, %s", code, errOut)
	}
}

// A keyset that is lost is never replaced by a new one, which opens nothing.
func TestKeysAreNotMadeAnewOverSealedTokens(t *testing.T) {
	dir, _ := folder(t)
	file := filepath.Join(dir, "vault-keys.json")
	keys, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	code, _, errOut := igauthCommand("keys", "rotate", "--data", dir)
	if _, err := os.Stat(file); code != exitFailed || !strings.Contains(errOut, "missing") || err == nil {
		t.Errorf("got exit code %d, %s", code, errOut)
	}
	if err := os.WriteFile(file, keys, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := igauthCommand("token", "maria.bakes", "--data", dir); code != 0 {
		t.Errorf("with the keys put back: got exit code %d, %s", code, errOut)
	}
}

func TestCommandLineMistakes(t *testing.T) {
	dir, _ := folder(t)
	_, token, _ := igauthCommand("token", "maria.bakes", "--data", dir)
	token = strings.TrimSpace(token)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"a token in the place of a file": {[]string{"import", token}, exitFailed, "paste it when you are asked"},
		"a stack without --aws":          {[]string{"accounts", "--stack", "shop"}, exitFailed, "--aws"},
		"usage as JSON":                  {[]string{"accounts", "list", "--json", "--bogus"}, exitUsage, `{"error":{"code":"usage"`},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := igauthCommand(append(c.args, "--data", dir)...)
			if code != c.code || !strings.Contains(errOut, c.want) || strings.Contains(out+errOut, token) {
				t.Errorf("got exit code %d, %s%s", code, out, errOut)
			}
		})
	}
}

// Importing the token that is stored changes nothing.
func TestImportOfTheStoredToken(t *testing.T) {
	dir, _ := folder(t)
	show := func() string {
		_, out, _ := igauthCommand("accounts", "show", "maria.bakes", "--json", "--data", dir)
		return out
	}
	_, token, _ := igauthCommand("token", "maria.bakes", "--data", dir)
	before := show()
	if code, out, errOut := typed(token, "import", "--replace", "--data", dir); code != 0 || show() != before {
		t.Errorf("got exit code %d, %s%s, and the account is\n%s", code, out, errOut, show())
	}
}
