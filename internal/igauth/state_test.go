package igauth

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	stateKey = NewSecret(strings.Repeat("a", 43))
	otherKey = NewSecret(strings.Repeat("b", 43))
	someTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func newState(t testing.TB) (flowState, Secret) {
	t.Helper()
	s, cookie, err := newFlowState(rand.Reader, someTime, returnURLMark{1, 2, 3}, wish{LoginFacebook, errand{"17841400000000001", someTime.Add(time.Hour)}, []string{ScopeBasic, "instagram_other"}})
	if err != nil {
		t.Fatal(err)
	}
	return s, cookie
}

func TestStateComesBackWhole(t *testing.T) {
	s, cookie := newState(t)
	text := s.seal(stateKey, "1")
	got, err := openState(text, []Secret{otherKey, stateKey}, "1", someTime.Add(FlowLifetime))
	if err != nil {
		t.Fatal(err)
	}
	if got.nonce != s.nonce || !got.issuedAt.Equal(s.issuedAt) || got.returnURL != s.returnURL || got.login != s.login || got.reconnect != s.reconnect || !slices.Equal(got.scopes, s.scopes) || got.id() != s.id() {
		t.Errorf("got %+v, want %+v", got, s)
	}
	if !got.boundTo(cookie) || got.boundTo(NewSecret("")) || got.boundTo(NewSecret(cookie.Reveal()+"x")) {
		t.Error("the binding to the cookie is wrong")
	}
	if n := len(text.Reveal()); n > 300 {
		t.Errorf("the state has %d characters", n)
	}
}

func TestStateIsRefused(t *testing.T) {
	s, _ := newState(t)
	text := s.seal(stateKey, "1").Reveal()
	for name, c := range map[string]struct {
		text  string
		keys  []Secret
		appID string
		now   time.Time
		code  Code
	}{
		"another key":      {text, []Secret{otherKey}, "1", someTime, CodeStateInvalid},
		"no key":           {text, nil, "1", someTime, CodeStateInvalid},
		"empty key":        {sealedWithNothing(s).Reveal(), []Secret{{}}, "1", someTime, CodeStateInvalid},
		"another app":      {text, []Secret{stateKey}, "2", someTime, CodeStateInvalid},
		"too late":         {text, []Secret{stateKey}, "1", someTime.Add(FlowLifetime + time.Second), CodeStateExpired},
		"trailing line":    {text + "\n", []Secret{stateKey}, "1", someTime, CodeStateInvalid},
		"line in between":  {text[:10] + "\r\n" + text[10:], []Secret{stateKey}, "1", someTime, CodeStateInvalid},
		"standard base64":  {strings.NewReplacer("-", "+", "_", "/").Replace(text) + "=", []Secret{stateKey}, "1", someTime, CodeStateInvalid},
		"only its head":    {text[:20], []Secret{stateKey}, "1", someTime, CodeStateInvalid},
		"a hash of itself": {string(s.id()), []Secret{stateKey}, "1", someTime, CodeStateInvalid},
	} {
		if _, err := openState(NewSecret(c.text), c.keys, c.appID, c.now); CodeOf(err) != c.code || err == nil {
			t.Errorf("%s: got %v, want %s", name, err, c.code)
		}
	}
	t.Run("every changed byte", func(t *testing.T) {
		data, _ := base64.RawURLEncoding.DecodeString(text)
		for i := range data {
			changed := slices.Clone(data)
			changed[i] ^= 1
			if _, err := openState(NewSecret(base64.RawURLEncoding.EncodeToString(changed)), []Secret{stateKey}, "1", someTime); err == nil {
				t.Errorf("byte %d can be changed", i)
			}
		}
	})
}

// sealedWithNothing seals a state under no key at all.
func sealedWithNothing(s flowState) Secret { return s.seal(Secret{}, "1") }

func FuzzState(f *testing.F) {
	s, _ := newState(f)
	text := s.seal(stateKey, "1").Reveal()
	for _, seed := range []string{text, "", "A", text + "=", text[:50], strings.Repeat("A", 2000), "%00", "\n" + text} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		got, err := openState(NewSecret(input), []Secret{stateKey}, "1", someTime)
		if err == nil && input != text && got.seal(stateKey, "1").Reveal() != input {
			t.Errorf("%q is a second spelling", input)
		}
	})
}

func TestClaimBelongsToItsBrowser(t *testing.T) {
	s, cookie := newState(t)
	claim := s.claim(cookie)
	if id, ok := claimFlow(claim); !ok || id != s.id() {
		t.Errorf("got flow %q, %t", id, ok)
	}
	if !s.claim(cookie).Equal(claim) {
		t.Error("the same browser gets another claim")
	}
	if s.claim(NewSecret("other")).Equal(claim) {
		t.Error("another browser gets the same claim")
	}
	for _, bad := range []string{"", ".", "x", strings.Repeat("a", 32), strings.Repeat("a", 32) + ".", strings.Repeat("z", 32) + "." + strings.Repeat("a", 43)} {
		if _, ok := claimFlow(NewSecret(bad)); ok {
			t.Errorf("%q counts as a claim", bad)
		}
	}
}

func TestPreferredLanguage(t *testing.T) {
	for header, want := range map[string]Language{
		"": English, "es": Spanish, "es-MX,es;q=0.9,en;q=0.8": Spanish, "en-GB,es;q=0.5": English, "fr,es;q=0.4": Spanish,
		"fr,de": English, "es;q=0,en;q=0.1": English, "ES-es": Spanish, "*": English, "es;q=nonsense": English, ";;;,,,": English,
	} {
		if got := PreferredLanguage(header); got != want {
			t.Errorf("%q: got %s, want %s", header, got, want)
		}
	}
}
