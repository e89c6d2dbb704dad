package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"igauth/internal/app/local"
	"igauth/internal/igsim"
)

// deafFolder is a folder whose Meta fails the test when it is asked.
func deafFolder(t *testing.T) string {
	t.Helper()
	meta := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("Meta is asked for %s", r.URL.Path) }))
	t.Cleanup(meta.Close)
	dir := t.TempDir()
	f, err := local.Create(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	record := local.Record{AppID: igsim.DefaultAppID, WWW: meta.URL, API: meta.URL, Graph: meta.URL, MetaAppID: igsim.MetaAppID, FacebookWWW: meta.URL, FacebookGraph: meta.URL, ClockOffset: "0s"}
	if err := f.Remember(record); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What is certainly no token is refused with the reason before Meta is asked, and is
// not shown.
func TestWhatIsNoTokenIsRefusedWithoutMeta(t *testing.T) {
	const sentinel = "IGAAsentinelsentinelsentinelsentinelsentinel"
	dir := deafFolder(t)
	for name, c := range map[string]struct{ text, says string }{
		"five characters":             {"a1B2c", "too short for a token: 5 characters"},
		"a number":                    {"12345", "too short"},
		"the beginning of a token":    {"IGAAsentinel", "too short"},
		"that of one of Facebook's":   {"EAAsentinel", "too short"},
		"a placeholder":               {"IGAA", "only stands in"},
		"an address":                  {"https://shop.example/?access_token=" + sentinel, "This is a link"},
		"a call of curl":              {"curl https://graph.instagram.com/me?access_token=" + sentinel, "This is a link"},
		"JSON that breaks off":        {`{"access_token": "` + sentinel, "line 1, column"},
		"JSON without a token":        {`{"username": "maria.bakes"}`, "no variable holds a token"},
		"a page":                      {"<html><body>sentinel</body></html>", "not a whole token"},
		"a sentence":                  {"my sentinel token", "not a whole token"},
		"bytes":                       {"\x7fELF\x00\x01sentinel", "this is not a text"},
		"a .env file without a token": {"FOO=sentinel\n", "IGAA…) or of Facebook Login (EAA…)"},
		"nothing":                     {" \n", "the file is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "tokens.txt")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"import", file}, {"import", file, "--json"}, {"import"}} {
				code, out, errOut := typed(c.text, append(args, "--data", dir)...)
				if code != exitFailed || !strings.Contains(out+errOut, c.says) || strings.Contains(out+errOut, "sentinel") {
					t.Errorf("%v: got exit code %d\n%s%s", args, code, out, errOut)
				}
			}
		})
	}
}

// What is certainly around a token is taken off.
func TestWhatStandsAroundATokenIsTakenOff(t *testing.T) {
	dir, _ := folder(t)
	_, token, _ := igauthCommand("token", "maria.bakes", "--data", dir)
	token = strings.TrimSpace(token)
	for name, text := range map[string]string{
		"quotation marks":                `"` + token + `"`,
		"a name":                         "access_token=" + token,
		"a name and a mark":              "?access_token=" + token,
		"the answer of a token endpoint": "access_token=" + token + "&token_type=bearer&expires_in=5184000",
		"a name in quotation marks":      `"access_token=` + token + `"`,
		"Bearer":                         "Bearer " + token,
		"a header":                       "Authorization: Bearer " + token,
		"a JSON object":                  `{"access_token": "` + token + `", "token_type": "bearer"}`,
	} {
		t.Run(name, func(t *testing.T) {
			other := emptyFolder(t, dir)
			if code, out, errOut := typed(text, "import", "--data", other); code != 0 || !strings.Contains(out, "maria.bakes") {
				t.Fatalf("got exit code %d\n%s%s", code, out, errOut)
			}
			if _, stored, _ := igauthCommand("token", "maria.bakes", "--data", other); len(strings.TrimSpace(stored)) < shortest || strings.ContainsAny(stored, `=&" `) {
				t.Error("it is not the token alone that is stored")
			}
		})
	}
}

// A token of Facebook Login is found in a .env file under any name.
func TestTokenOfFacebookLoginIsFoundInADotenvFile(t *testing.T) {
	dir, sim := folder(t)
	token, err := sim.SystemUserToken("leo.agency", false)
	if err != nil {
		t.Fatal(err)
	}
	withFacebookLogin(t, dir)
	text := "# of the agency\nPORT=3000\nPAGES_OF_LEO=" + token + "\n"
	code, out, errOut := typed(text, "import", "--account", "studio_norte", "--data", dir)
	if code != 0 || !strings.Contains(out, "variable PAGES_OF_LEO") || !strings.Contains(out, "studio_norte") {
		t.Errorf("got exit code %d\n%s%s", code, out, errOut)
	}
}

// What is wrong with a file is said with its name, and a token in its place is not
// shown.
func TestFilesThatCannotBeUsed(t *testing.T) {
	const sentinel = "IGAAsentinelsentinelsentinelsentinelsentinel"
	dir, _ := folder(t)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"a file that is not there":       {[]string{"import", "nowhere.env"}, "there is no nowhere.env"},
		"a folder":                       {[]string{"import", t.TempDir()}, "is a folder"},
		"an empty file":                  {[]string{"import", empty}, empty + ": the file is empty"},
		"a variable that is not there":   {[]string{"import", "-", "--variable", "MINE"}, "standard input: "},
		"a token":                        {[]string{"import", sentinel}, "paste it when you are asked"},
		"a token with Bearer":            {[]string{"import", "Bearer " + sentinel}, "paste it when you are asked"},
		"an address with a token":        {[]string{"import", "https://x.example/?access_token=" + sentinel}, "paste it when you are asked"},
		"a part of one":                  {[]string{"import", "access_token=" + sentinel}, "paste it when you are asked"},
		"a folder that is not there":     {[]string{"export", "-o", filepath.Join(empty+"s", "tokens.json")}, "there is no folder"},
		"a file where a folder belongs":  {[]string{"export", "-o", filepath.Join(empty, "tokens.json")}, "cannot be used"},
		"a file that is there":           {[]string{"export", "-o", empty}, "give another name"},
		"a data folder that is not one":  {[]string{"accounts", "--data", empty}, "is no folder"},
		"a data folder that is nowhere":  {[]string{"accounts", "--data", filepath.Join(t.TempDir(), "x")}, "igauth dev"},
		"a data folder for igauth dev":   {[]string{"dev", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0", "--data", empty}, "is no folder"},
		"a data folder below a file":     {[]string{"dev", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0", "--data", filepath.Join(empty, "data")}, "is no folder"},
		"the same, of a command":         {[]string{"accounts", "--data", filepath.Join(empty, "data")}, "is no folder"},
		"an app id that is none":         {[]string{"dev", "--real", "--app-id", "x", "--app-secret", "y", "--listen", "127.0.0.1:0", "--data", filepath.Join(empty, "data")}, "--app-id must be"},
		"a variable that is no variable": {[]string{"import", "-", "--variable", sentinel}, "not the name of a variable"},
	} {
		t.Run(name, func(t *testing.T) {
			args := c.args
			if args[0] == "import" || args[0] == "export" {
				args = append(args, "--data", dir)
			}
			code, out, errOut := typed("A=1\n", args...)
			if code != exitFailed || !strings.Contains(errOut, c.says) {
				t.Errorf("got exit code %d\n%s%s", code, out, errOut)
			}
			for _, never := range []string{"sentinel", "no such file or directory", "open /", "stat /"} {
				if strings.Contains(out+errOut, never) {
					t.Errorf("%q is said: %s%s", never, out, errOut)
				}
			}
		})
	}
}
