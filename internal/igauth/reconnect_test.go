package igauth

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	someErrand = errand{"17841400000000001", someTime.Add(ReconnectLifetime)}
	someLink   = wish{LoginInstagram, someErrand, []string{ScopeBasic, "instagram_other"}}
)

func TestLinkComesBackWhole(t *testing.T) {
	for name, l := range map[string]wish{
		"with scopes":       someLink,
		"without scopes":    {LoginInstagram, someErrand, nil},
		"of a long id":      {LoginInstagram, errand{"99999999999999999999", someErrand.until}, nil},
		"of the last hour":  {LoginInstagram, errand{"1", someTime.Add(time.Second)}, nil},
		"of Facebook Login": {LoginFacebook, someErrand, []string{ScopeFacebookBasic}},
	} {
		got, err := openLink(l.sign(stateKey, "1"), []Secret{otherKey, stateKey}, "1", someTime)
		if err != nil || got.errand != l.errand || got.login != l.login || !slices.Equal(got.scopes, l.scopes) {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, l)
		}
	}
}

func TestLinkIsRefused(t *testing.T) {
	text := someLink.sign(stateKey, "1")
	state, _ := newState(t)
	signed := func(payload string) string { return forReconnect.sign(stateKey, "1", []byte(payload)) }
	none := string(errand{}.append([]byte{linkVersion, 'i'}))
	head := string(someErrand.append([]byte{linkVersion, 'i'}))
	for name, c := range map[string]struct {
		text  string
		keys  []Secret
		appID string
		now   time.Time
		code  Code
	}{
		"at its end":                 {text, []Secret{stateKey}, "1", someErrand.until, CodeLinkExpired},
		"long after":                 {text, []Secret{stateKey}, "1", someErrand.until.AddDate(1, 0, 0), CodeLinkExpired},
		"expired and of another key": {text, []Secret{otherKey}, "1", someErrand.until, CodeLinkInvalid},
		"another key":                {text, []Secret{otherKey}, "1", someTime, CodeLinkInvalid},
		"no key":                     {text, nil, "1", someTime, CodeLinkInvalid},
		"empty key":                  {someLink.sign(Secret{}, "1"), []Secret{{}}, "1", someTime, CodeLinkInvalid},
		"another app":                {text, []Secret{stateKey}, "2", someTime, CodeLinkInvalid},
		"an app with a longer id":    {text, []Secret{stateKey}, "1\x00", someTime, CodeLinkInvalid},
		"a state":                    {state.seal(stateKey, "1").Reveal(), []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"nothing":                    {"", []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"trailing line":              {text + "\n", []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"line in between":            {text[:10] + "\r\n" + text[10:], []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"padding":                    {text + "=", []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"only its head":              {text[:20], []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"more at its end":            {text + "AAAA", []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"too long":                   {signed(head + strings.Repeat("x", maxLinkLength)), []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"signed, but empty":          {signed(""), []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"of no login":                {signed(head[:1] + "x" + head[2:]), []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"signed, but without a head": {signed("\x02i\x00"), []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"of no account":              {signed(none), []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"of a later version":         {signed("\x03" + head[1:]), []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"of no digits":               {signed(strings.ReplaceAll(head, "1784", "178x")), []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
		"of half an account":         {signed(head[:len(head)-1]), []Secret{stateKey}, "1", someTime, CodeLinkInvalid},
	} {
		if _, err := openLink(c.text, c.keys, c.appID, c.now); err == nil || CodeOf(err) != c.code {
			t.Errorf("%s: got %v, want %s", name, err, c.code)
		}
	}
	t.Run("every changed bit", func(t *testing.T) {
		data, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(data) * 8 {
			changed := slices.Clone(data)
			changed[i/8] ^= 1 << (i % 8)
			if _, err := openLink(base64.RawURLEncoding.EncodeToString(changed), []Secret{stateKey}, "1", someTime); CodeOf(err) != CodeLinkInvalid {
				t.Errorf("bit %d can be changed: %v", i, err)
			}
		}
	})
	t.Run("a link is no state", func(t *testing.T) {
		if _, err := openState(NewSecret(text), []Secret{stateKey}, "1", someTime); CodeOf(err) != CodeStateInvalid {
			t.Errorf("got %v", err)
		}
	})
}

// However many scopes there are, the link works, and so does the state that is
// made of it.
func TestLinkAndItsStateStayShort(t *testing.T) {
	longest := 0
	for n := range 1500 {
		scopes := []string{strings.Repeat("s", n)}
		text := wish{LoginFacebook, errand{"99999999999999999999", someErrand.until}, scopes}.sign(stateKey, "1")
		l, err := openLink(text, []Secret{stateKey}, "1", someTime)
		if err != nil {
			t.Fatalf("%d characters of scopes: %v", n, err)
		}
		if l.scopes == nil {
			break
		}
		longest = n
		s, _ := newState(t)
		s.login, s.reconnect, s.scopes = l.login, l.errand, l.scopes
		if _, err := openState(s.seal(stateKey, "1"), []Secret{stateKey}, "1", someTime); err != nil {
			t.Fatalf("the state of %d characters of scopes: %v", n, err)
		}
	}
	if longest < 500 || longest > 800 {
		t.Errorf("links hold %d characters of scopes", longest)
	}
}

// Links live for weeks: those that were made before there was a second login work
// till their end.
func TestOldLinkIsOfInstagram(t *testing.T) {
	payload := append(someErrand.append([]byte{1}), shortenScopes(someLink.scopes)...)
	got, err := openLink(forReconnect.sign(stateKey, "1", payload), []Secret{stateKey}, "1", someTime)
	if err != nil || got.login != LoginInstagram || got.errand != someErrand || !slices.Equal(got.scopes, someLink.scopes) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// States that were made before there were errands, or logins, are refused.
func TestOldStateIsRefused(t *testing.T) {
	s, _ := newState(t)
	payload, ok := forState.open(s.seal(stateKey, "1").Reveal(), []Secret{stateKey}, "1", maxStateLength)
	if !ok {
		t.Fatal("the state does not open")
	}
	payload = slices.Clone(payload)
	for version := range byte(stateVersion) {
		payload[0] = version
		if _, err := openState(NewSecret(forState.sign(stateKey, "1", payload)), []Secret{stateKey}, "1", someTime); CodeOf(err) != CodeStateInvalid {
			t.Errorf("version %d: got %v", version, err)
		}
	}
}

func FuzzLink(f *testing.F) {
	text := someLink.sign(stateKey, "1")
	for _, seed := range []string{text, "", "A", text + "=", text[:50], strings.Repeat("A", 2000), "%00", "\n" + text} {
		f.Add(seed, "")
	}
	f.Add("", "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x14")
	f.Add("", string(someErrand.append([]byte{linkVersion, 'i'}))+"basic,=other")
	// The same link as an older version signed it, which still opens.
	old := forReconnect.sign(stateKey, "1", append(someErrand.append([]byte{1}), shortenScopes(someLink.scopes)...))
	f.Add(old, "")
	f.Fuzz(func(t *testing.T, input, payload string) {
		if l, err := openLink(input, []Secret{stateKey}, "1", someTime); err == nil && (input != text && input != old || l.account != someLink.account) {
			t.Errorf("%q opens as a link for %s", input, l.account)
		}
		// Whatever was signed, what opens is for one account.
		l, err := openLink(forReconnect.sign(stateKey, "1", []byte(payload)), []Secret{stateKey}, "1", someTime)
		if err == nil && (!l.account.Valid() || !someTime.Before(l.until)) {
			t.Errorf("%q opens as a link for %q until %s", payload, l.account, l.until)
		}
	})
}

func TestLinksNameWhatIsMissing(t *testing.T) {
	keys := func(context.Context) ([]Secret, error) { return []Secret{stateKey}, nil }
	for name, cfg := range map[string]LinksConfig{
		"public URL": {AppID: "1", StateKeys: keys}, "app id": {Origin: "https://connect.example", StateKeys: keys}, "state keys": {Origin: "https://connect.example", AppID: "1"},
	} {
		if _, err := NewLinks(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without the %s: got %v", name, err)
		}
	}
	for name, cfg := range map[string]struct {
		keys KeySource
		id   AccountID
	}{
		"no key": {func(context.Context) ([]Secret, error) { return nil, nil }, "1"}, "an empty key": {func(context.Context) ([]Secret, error) { return []Secret{{}}, nil }, "1"},
		"no answer": {func(context.Context) ([]Secret, error) { return nil, errors.New("no answer") }, "1"}, "no account": {keys, ""},
	} {
		links, err := NewLinks(LinksConfig{Origin: "https://connect.example", AppID: "1", StateKeys: cfg.keys})
		if err != nil {
			t.Fatal(err)
		}
		if address, _, err := links.ReconnectURL(t.Context(), Account{Profile: Profile{ID: cfg.id}}); err == nil || address != "" {
			t.Errorf("%s: got %q, %v", name, address, err)
		}
	}
}

func TestOnlyUsernamesAreShown(t *testing.T) {
	for text, want := range map[string]bool{
		"maria.bakes": true, "a": true, "_._": true, "A1": true, strings.Repeat("a", 30): true,
		"": false, strings.Repeat("a", 31): false, "maria bakes": false, "<b>": false, "maria\n": false, "márta": false, "a/b": false, "a@b": false, "%41": false,
	} {
		if got := shownName(text) != ""; got != want {
			t.Errorf("%q is shown: %t, want %t", text, got, want)
		}
	}
}
