package storetest

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// newToken returns a token of a new text, with a time of each precision.
func newToken() igauth.Token {
	return igauth.Token{
		Value:     igauth.NewSecret("IGAA" + newAttempt() + newAttempt() + "ZD"),
		IssuedAt:  day,
		ExpiresAt: day.Add(60*24*time.Hour + 123456789),
		Scopes:    []string{"instagram_business_basic", "instagram_business_manage_messages"},
	}
}

// personToken returns a token of Facebook Login, with a value in every field.
func personToken() igauth.Token {
	token := newToken()
	token.UserToken = igauth.NewSecret("EAAB" + newAttempt() + newAttempt() + "ZD")
	token.DataAccessUntil = day.Add(90*24*time.Hour + 987654321)
	return token
}

func testGet(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), newToken()
	v.want(t, slot, v.put(t, slot, token), token)
}

func testGetWithoutAttempt(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), newToken()
	ref := v.put(t, slot, token)
	slot.Attempt = ""
	v.want(t, slot, ref, token)
	slot.Attempt = newAttempt()
	v.want(t, slot, ref, token)
}

// Nil means that Meta did not say what was granted, which is not the same as
// that nothing was.
func testTokenScopes(t *testing.T, v vault) {
	for i, scopes := range [][]string{nil, {}, {"instagram_business_basic"}} {
		slot, token := newSlot(accountID(i), 1), newToken()
		token.Scopes = scopes
		v.want(t, slot, v.put(t, slot, token), token)
	}
}

func testTokenTimes(t *testing.T, v vault) {
	for i, at := range []time.Time{day, day.Add(1), day.Add(120 * time.Millisecond), day.Add(999_999_999)} {
		slot, token := newSlot(accountID(i), 1), newToken()
		token.IssuedAt, token.ExpiresAt, token.DataAccessUntil = at, at.Add(time.Hour), at.Add(2*time.Hour)
		ref := v.put(t, slot, token)
		v.want(t, slot, ref, token)
		got, err := v.Get(t.Context(), slot, ref)
		must(t, err)
		for _, read := range []time.Time{got.IssuedAt, got.ExpiresAt, got.DataAccessUntil} {
			if read.Location() != time.UTC {
				t.Errorf("the time %v is not in UTC", read)
			}
		}
	}
}

// A token of Facebook Login has the person's token beside it and a second clock;
// one of a system user never ends. What is empty stays so.
func testPersonToken(t *testing.T, v vault) {
	whole := personToken()
	never, noClock, neither := personToken(), personToken(), newToken()
	never.ExpiresAt = time.Time{}
	noClock.DataAccessUntil = time.Time{}
	neither.ExpiresAt = time.Time{}
	for i, token := range []igauth.Token{whole, never, noClock, neither} {
		slot := newSlot(accountID(i), 1)
		ref := v.put(t, slot, token)
		v.want(t, slot, ref, token)
		v.wantFound(t, slot, token)
		must(t, v.Promote(t.Context(), slot, ref, ""))
		v.want(t, slot, ref, token)
		// The next one has none of it.
		next, later := newSlot(accountID(i), 2), newToken()
		v.want(t, next, v.put(t, next, later), later)
	}
}

func testTokenText(t *testing.T, v vault) {
	for i, text := range []string{"x", `"quoted\"`, "<&>\u2028", "größe🥐", " spaces and\nlines ", "{}"} {
		slot, token := newSlot(accountID(i), 1), newToken()
		token.Value, token.UserToken = igauth.NewSecret(text), igauth.NewSecret(text+"2")
		v.want(t, slot, v.put(t, slot, token), token)
	}
}

func testLongToken(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), newToken()
	token.Value = igauth.NewSecret(strings.Repeat(newAttempt(), 4096/32))
	token.UserToken = igauth.NewSecret(strings.Repeat(newAttempt(), 4096/32))
	v.want(t, slot, v.put(t, slot, token), token)
}

func testPutTwice(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), newToken()
	first := v.put(t, slot, token)
	second := v.put(t, slot, token)
	v.want(t, slot, first, token)
	v.want(t, slot, second, token)

	// The same where the account has a token already.
	next, later := newSlot(accountID(1), 2), newToken()
	first = v.put(t, next, later)
	second = v.put(t, next, later)
	v.want(t, next, first, later)
	v.want(t, next, second, later)
}

func testPutAfterPromote(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), newToken()
	ref := v.put(t, slot, token)
	must(t, v.Promote(t.Context(), slot, ref, ""))
	again := v.put(t, slot, token)
	v.want(t, slot, ref, token)
	v.want(t, slot, again, token)
	must(t, v.Promote(t.Context(), slot, again, ""))
}

// A connection keeps its attempt when it has to begin again, because another one
// was committed in between.
func testPutLaterGeneration(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), newToken()
	v.put(t, slot, token)
	other, otherToken := newSlot(accountID(1), 1), newToken()
	must(t, v.Promote(t.Context(), other, v.put(t, other, otherToken), ""))
	slot.Generation = 2
	ref := v.put(t, slot, token)
	v.want(t, slot, ref, token)
	must(t, v.Promote(t.Context(), slot, ref, ""))
	v.want(t, slot, ref, token)
}

func testGenerations(t *testing.T, v vault) {
	var slots []igauth.Slot
	var tokens []igauth.Token
	var refs []igauth.Ref
	for i := range 3 {
		slots = append(slots, newSlot(accountID(1), int64(i+1)))
		tokens = append(tokens, newToken())
		refs = append(refs, v.put(t, slots[i], tokens[i]))
	}
	for i := range refs {
		v.want(t, slots[i], refs[i], tokens[i])
	}
}

func testAccountsApart(t *testing.T, v vault) {
	a, b := newSlot(accountID(1), 1), newSlot(accountID(2), 1)
	tokenA, tokenB := newToken(), newToken()
	refA, refB := v.put(t, a, tokenA), v.put(t, b, tokenB)
	v.want(t, a, refA, tokenA)
	v.want(t, b, refB, tokenB)
	// The second is an account without any token.
	for _, wrong := range []igauth.Slot{b, newSlot(accountID(3), 1)} {
		_, err := v.Get(t.Context(), wrong, refA)
		if err == nil || v.traits.Foreign != nil && !errors.Is(err, v.traits.Foreign) {
			t.Errorf("reading a reference in another account's slot: got %v, want %v", err, v.traits.Foreign)
		}
	}
}

func testOpaqueRef(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), personToken()
	ref := string(v.put(t, slot, token))
	for _, secret := range []igauth.Secret{token.Value, token.UserToken} {
		for how, part := range encodings(secret.Reveal()) {
			if strings.Contains(ref, part) {
				t.Errorf("the reference holds a token %s", how)
			}
		}
	}
}

// encodings returns what a text looks like when it is written plainly. Base64
// depends on where in a group of three bytes the text begins, and its edges on
// the neighbours.
func encodings(text string) map[string]string {
	forms := map[string]string{
		"in clear":       text,
		"in hexadecimal": hex.EncodeToString([]byte(text)),
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			whole := encoding.EncodeToString([]byte(strings.Repeat("x", shift) + text))
			forms[fmt.Sprintf("in base64, from byte %d", shift)] = whole[4 : len(whole)-4]
		}
	}
	return forms
}

// What fails here is what a test can make fail in every vault.
func testSilentErrors(t *testing.T, v vault) {
	slot, token := newSlot(accountID(1), 1), personToken()
	ref := v.put(t, slot, token)
	_, err := v.Get(t.Context(), newSlot(accountID(2), 1), ref)
	if err == nil {
		t.Fatal("a reference was read in another account's slot")
	}
	for _, secret := range []igauth.Secret{token.Value, token.UserToken} {
		for how, part := range encodings(secret.Reveal()) {
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), part) {
				t.Errorf("the error holds a token %s", how)
			}
		}
	}
}
