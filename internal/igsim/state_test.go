package igsim_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"igauth/internal/igsim"
)

func TestStateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	clock := igsim.NewFrozenClock(start)
	same := func(c *igsim.Config) { c.StateFile, c.Now = file, clock.Now }

	before := newWorld(t, same)
	long, dead := before.long("maria.bakes"), before.long("studio_norte")
	before.must(before.RemoveApp("studio_norte"))
	before.must(before.SetAccountType("old.town.cafe", "MEDIA_CREATOR"))
	spent := before.code("maria.bakes")
	before.tokenOf(before.post("/oauth/access_token", codeForm(spent)))
	open := before.code("maria.bakes")
	clock.Advance(30 * time.Minute)

	after := newWorld(t, same)
	t.Run("tokens", func(t *testing.T) {
		if !after.TokenAlive(long) || after.TokenAlive(dead) {
			t.Errorf("alive: got %v and %v, want true and false", after.TokenAlive(long), after.TokenAlive(dead))
		}
		refused(t, after.refresh(dead), removedText)
	})
	t.Run("codes", func(t *testing.T) {
		if got := after.post("/oauth/access_token", codeForm(spent)).body; !strings.Contains(got, "has been used") {
			t.Errorf("the spent code: got %s", got)
		}
		after.tokenOf(after.post("/oauth/access_token", codeForm(open)))
	})
	t.Run("account types", func(t *testing.T) {
		if got, want := after.People()[2].AccountType, "MEDIA_CREATOR"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("the history of refreshes", func(t *testing.T) {
		clock.Advance(25 * time.Hour)
		after.tokenOf(after.refresh(long))
		got, want := newWorld(t, same).Refreshes("maria.bakes"), after.Refreshes("maria.bakes")
		if len(got) != 1 || !got[0].Equal(want[0]) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("only the owner reads it, and nothing is left beside it", func(t *testing.T) {
		info, err := os.Stat(file)
		after.must(err)
		if got := info.Mode().Perm(); runtime.GOOS != "windows" && got != 0o600 {
			t.Errorf("mode: got %o, want 600", got)
		}
		entries, err := os.ReadDir(filepath.Dir(file))
		after.must(err)
		if len(entries) != 1 {
			t.Errorf("files: got %v, want one", entries)
		}
	})
	t.Run("years of daily refreshes do not swell it", func(t *testing.T) {
		after.must(after.SetBehaviour(igsim.Behaviour{Refresh: "rotate"}))
		token := after.long("old.town.cafe")
		for range 500 {
			clock.Advance(24 * time.Hour)
			token = after.tokenOf(after.refresh(token))
		}
		info, err := os.Stat(file)
		after.must(err)
		if got := info.Size(); got > 100_000 {
			t.Errorf("after 500 days: %d bytes", got)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, cfg := range map[string]igsim.Config{
		"a state file that is no JSON":         {StateFile: put("a", "{")},
		"a state file of another version":      {StateFile: put("b", `{"version":7}`)},
		"a state file that is a directory":     {StateFile: dir},
		"a directory that does not exist":      {StateFile: filepath.Join(dir, "no", "state")},
		"a relative redirect URI":              {RedirectURIs: []string{"/callback"}},
		"a redirect URI with a fragment":       {RedirectURIs: []string{"https://a.example/#x"}},
		"a callback without a host":            {DeletionURL: "/data-deletion"},
		"a redirect URI of Facebook, relative": {FacebookRedirectURIs: []string{"callback"}},
		"a way to move a clock that is unseen": {Advance: noAdvance},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := igsim.New(cfg); err == nil {
				t.Errorf("got no error")
			}
		})
	}
	t.Run("a state file about people who are gone is fine", func(t *testing.T) {
		w := newWorld(t, func(c *igsim.Config) {
			c.StateFile = put("c", `{"version":1,"tokens":{"x":{"username":"gone"},"y":null},"codes":{"x":{"username":"gone"},"y":null}}`)
		})
		if w.TokenAlive("x") || w.TokenAlive("y") {
			t.Errorf("got tokens of nobody")
		}
	})
}

func TestLog(t *testing.T) {
	var b bytes.Buffer
	dir := filepath.Join(t.TempDir(), "sub")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *igsim.Config) {
		c.Log = slog.New(slog.NewTextHandler(&b, nil))
		c.StateFile = filepath.Join(dir, "state.json")
	})
	code := w.code("maria.bakes")
	token := w.tokenOf(w.post("/oauth/access_token", codeForm(code)))
	w.me(token, "id")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	w.tokenOf(w.get("/access_token", exchangeQuery(token))) // still answered

	got := b.String()
	for _, secret := range []string{code, token, igsim.DefaultAppSecret, "st4te", "?"} {
		if strings.Contains(got, secret) {
			t.Errorf("the log holds %.20q…", secret)
		}
	}
	for _, want := range []string{"endpoint=me method=GET status=200", `"state not saved"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}
