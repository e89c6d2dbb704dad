package tokenfile_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/tokenfile"
)

// canary is a token that must not get into an error or the name of a place.
const canary = "IGAAcanaryZAy8f2nKw0Y2aRBZAE9nd0JPcUxYb3hVZD"

// FuzzRead puts a token into any file, for each @, and looks for it in everything
// that Read says. Whatever the bytes are, Read does not panic and gives each
// token once, without the space around it.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"@", "@\n@x\n\"@\"\nBearer @", "IG_TOKEN=@\nexport A='@' # x\nB=\"@\n", "@=@", "A@=1", "x@ @", "STARTING_TOKEN: @",
		"A=\"\\@\"x\n- B=@;", `{"access_token":"@"`, `{"@":"@","IG_TOKEN":"@"}`, `["@",{"token":"@","username":"@","user_id":17}]`,
		`{"accounts":[{"access_token":"@","expires_at":1.5,"scopes":["@"]},{"access_token":["@"]}]}`, "{@", `{"a":@}`,
		"const @ = '@';", "const a = '@';\nlet b = @", "value,expires_at\n@,@\n\"@", "token,@\n@\n", "\xff\xfeA\x00", "\xef\xbb\xbf@", "a\rb",
	} {
		for format := range tokenfile.Formats() {
			f.Add(text, uint8(format))
		}
	}
	f.Fuzz(func(t *testing.T, text string, format uint8) {
		text = strings.ReplaceAll(text, "@", canary)
		formats := tokenfile.Formats()
		entries, err := tokenfile.Read(strings.NewReader(text), formats[int(format)%len(formats)])
		if len(entries) == 0 && err == nil {
			t.Error("neither a token nor an error")
		}
		said := fmt.Sprint(err)
		seen := make(map[string]bool)
		for _, e := range entries {
			token := e.Token.Reveal()
			if token == "" || token != strings.TrimSpace(token) || seen[token] || e.Where == "" {
				t.Errorf("got %q at %q", token, e.Where)
			}
			seen[token] = true
			said += fmt.Sprintf("\n%+v", e)
			if e.AccountID != "" && !e.AccountID.Valid() {
				t.Errorf("got the id %q", e.AccountID)
			}
		}
		if strings.Contains(said, "canary") {
			t.Errorf("the token shows in %q", said)
		}
		if _, err := tokenfile.ReadVariable(strings.NewReader(text), "IG_TOKEN"); strings.Contains(fmt.Sprint(err), "canary") {
			t.Errorf("the token shows in %v", err)
		}
	})
}

// FuzzWrite proves that Read gives back what Write wrote.
func FuzzWrite(f *testing.F) {
	for _, token := range []string{first, "", " x", `"`, `""`, "'a'", "Bearer x", "bearer", "\xff", "\u2028<>&\\", "“”"} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		var out bytes.Buffer
		if err := tokenfile.Write(&out, []tokenfile.Exported{{ID: "17841401313574613", Token: igauth.NewSecret(token)}}); err != nil {
			if out.Len() > 0 {
				t.Error("an error, and yet something is written")
			}
			return
		}
		got, err := tokenfile.Read(&out, "")
		if err != nil || len(got) != 1 || got[0].Token.Reveal() != token {
			t.Errorf("wrote %q, got %v, %v", token, listed(got), err)
		}
	})
}
