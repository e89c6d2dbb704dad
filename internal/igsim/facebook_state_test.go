package igsim_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igsim"
)

func TestFacebookStateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	clock := igsim.NewFrozenClock(start)
	same := func(c *igsim.Config) { c.StateFile, c.Now = file, clock.Now }

	before := newWorld(t, same)
	user, lost := before.facebookLong("ana.one"), before.facebookLong("leo.agency")
	page, lostPage := before.pageToken(user, bakery), before.pageToken(lost, casa)
	system, err := before.SystemUserToken("ines.hidden", false)
	before.must(err)
	before.must(before.SetRole("leo.agency", casa, false))
	before.must(before.LinkInstagram(bakery, "harbor.gallery"))
	before.must(before.HidePage(hidden, false))
	before.must(before.LapseDataAccess("tom.plain"))
	open := before.facebookCode("ana.one")
	clock.Advance(5 * time.Minute)

	after := newWorld(t, same)
	t.Run("tokens", func(t *testing.T) {
		for name, tt := range map[string]struct {
			token string
			alive bool
		}{"a person's": {user, true}, "a Page's": {page, true}, "of a lost role": {lostPage, false}, "a system user's": {system, true}} {
			if got := after.TokenAlive(tt.token); got != tt.alive {
				t.Errorf("%s: alive %v, want %v", name, got, tt.alive)
			}
		}
		if !strings.HasPrefix(after.graph(lostPage, "me").graph(t), "190/492") {
			t.Errorf("the reason was forgotten")
		}
	})
	t.Run("codes", func(t *testing.T) {
		after.tokenOf(after.get(graphPath("oauth/access_token"), facebookCodeQuery(open)))
	})
	t.Run("what was granted, and when", func(t *testing.T) {
		if got := pageNames(t, after.graph(user, "me/accounts")); !slices.Equal(got, []string{"Maria's Bakery"}) {
			t.Errorf("got %q", got)
		}
		clock.Advance(dataAccess - time.Hour)
		if r := after.graph(page, "me"); r.status != 200 {
			t.Errorf("before the ninety days: %s", r.body)
		}
		clock.Advance(2 * time.Hour)
		if newWorld(t, same).TokenAlive(page) {
			t.Errorf("data access lasts longer after a restart")
		}
	})
	t.Run("people and Pages", func(t *testing.T) {
		if !slices.EqualFunc(after.FacebookPeople(), before.FacebookPeople(), func(a, b igsim.FacebookPerson) bool {
			return a.Username == b.Username && slices.Equal(a.Pages, b.Pages)
		}) || !slices.Equal(after.FacebookPages(), before.FacebookPages()) {
			t.Errorf("got  %+v %+v\nwant %+v %+v", after.FacebookPeople(), after.FacebookPages(), before.FacebookPeople(), before.FacebookPages())
		}
	})
	t.Run("years of daily exchanges do not swell it", func(t *testing.T) {
		token := after.facebookLong("ana.one")
		for day := range 300 {
			clock.Advance(24 * time.Hour)
			if day%60 == 0 {
				after.facebookCode("ana.one")
			}
			token = after.tokenOf(after.extend(token))
		}
		info, err := os.Stat(file)
		after.must(err)
		if got := info.Size(); got > 100_000 {
			t.Errorf("after 300 days: %d bytes", got)
		}
	})
	t.Run("a file from before Facebook Login, and one about people who are gone", func(t *testing.T) {
		for name, text := range map[string]string{
			"old":  `{"version":1}`,
			"gone": `{"version":1,"facebook":{"people":{"gone":{}},"pages":{"1":{}},"codes":{"x":{"username":"gone"},"z":null},"tokens":{"x":{"username":"gone"},"y":null,"EAAz":{"username":"ana.one","page":"1"}}}}`,
		} {
			file := filepath.Join(t.TempDir(), name)
			after.must(os.WriteFile(file, []byte(text), 0o600))
			w := newWorld(t, func(c *igsim.Config) { c.StateFile = file })
			if w.TokenAlive("x") || w.TokenAlive("EAAz") || len(w.FacebookPeople()[0].Pages) != 1 {
				t.Errorf("%s: got %+v", name, w.FacebookPeople())
			}
		}
	})
}
