package igauth

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"
)

func testSeal(t *testing.T, flow FlowID, cookie string, keys ...Secret) FlowSeal {
	t.Helper()
	s, err := newFlowSeal(flow, NewSecret(cookie), keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedConsentIsTheBrowsersOwn(t *testing.T) {
	consent := facebookConsent{token: Token{Value: NewSecret("EAAperson"), IssuedAt: someTime, ExpiresAt: someTime.Add(time.Hour), DataAccessUntil: someTime.Add(2 * time.Hour), Scopes: []string{ScopePages}}, person: "1220", choices: []Choice{{Account: "17841401313574613", Username: "maria", PageID: "1040", PageName: "Maria"}}}
	flow := FlowID(strings.Repeat("a", 32))
	sealed, err := consent.sealedWith(testSeal(t, flow, "cookie", stateKey))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]FlowSeal{"the same key": testSeal(t, flow, "cookie", stateKey), "an older key": testSeal(t, flow, "cookie", otherKey, stateKey)} {
		got, err := openConsent(sealed, s)
		if err != nil || got.token.Value.Reveal() != "EAAperson" || got.person != consent.person {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got.token.Value = consent.token.Value
		if !reflect.DeepEqual(got, consent) {
			t.Errorf("%s: got %+v, want %+v", name, got, consent)
		}
	}
	for name, s := range map[string]FlowSeal{
		"another browser": testSeal(t, flow, "other", stateKey), "another installation": testSeal(t, flow, "cookie", otherKey),
		"another flow": testSeal(t, FlowID(strings.Repeat("b", 32)), "cookie", stateKey), "no key": testSeal(t, flow, "cookie"), "nothing": {},
	} {
		if _, err := openConsent(sealed, s); err == nil {
			t.Errorf("%s opens it", name)
		}
	}
	data, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || strings.Contains(string(data), "EAA") || strings.Contains(string(data), "1220") || strings.Contains(string(data), "maria") {
		t.Fatalf("it can be read, or not at all: %v", err)
	}
	for i := range data {
		changed := append([]byte(nil), data...)
		changed[i] ^= 1
		if _, err := openConsent(base64.RawStdEncoding.EncodeToString(changed), testSeal(t, flow, "cookie", stateKey)); err == nil {
			t.Errorf("byte %d can be changed", i)
		}
	}
	for _, text := range []string{"", "!", "AAAA", sealed[:40]} {
		if _, err := openConsent(text, testSeal(t, flow, "cookie", stateKey)); err == nil {
			t.Errorf("%q opens", text)
		}
	}
	t.Run("without a key nothing is sealed", func(t *testing.T) {
		for _, s := range []FlowSeal{{}, testSeal(t, flow, "cookie"), testSeal(t, flow, "cookie", Secret{})} {
			if text, err := consent.sealedWith(s); err == nil {
				t.Errorf("got %q", text)
			}
		}
	})
	t.Run("every time it reads different", func(t *testing.T) {
		if again, err := consent.sealedWith(testSeal(t, flow, "cookie", stateKey)); err != nil || again == sealed {
			t.Errorf("the nonce is the same: %v", err)
		}
	})
}
