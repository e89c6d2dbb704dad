package secrets

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// What the tests of this package put.
var (
	day     = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	profile = igauth.Profile{ID: "17841401313574613", AppScopedID: "24999999999999999", Username: "bakery"}
)

const attempt = "0123456789abcdef0123456789abcdef"

func slotOf(generation int64) igauth.Slot {
	return igauth.Slot{Account: profile.ID, Generation: generation, Attempt: attempt}
}

func tokenOf(text string) igauth.Token {
	return igauth.Token{
		Value:     igauth.NewSecret(text),
		IssuedAt:  day,
		ExpiresAt: day.Add(60 * 24 * time.Hour),
		Scopes:    []string{"instagram_business_basic"},
	}
}

// wantMembers asserts what a value consists of.
func wantMembers(t *testing.T, value igauth.Secret, want map[string]any) {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(value.Reveal()), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestValue pins the promise that the package's comment makes.
func TestValue(t *testing.T) {
	text, err := encode(slotOf(7), profile, tokenOf("IGAA1"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"access_token":  "IGAA1",
		"token_type":    "bearer",
		"account_id":    "17841401313574613",
		"app_scoped_id": "24999999999999999",
		"username":      "bakery",
		"issued_at":     "2026-05-04T03:02:01Z",
		"expires_at":    "2026-07-03T03:02:01Z",
		"scopes":        []any{"instagram_business_basic"},
		"generation":    7.0,
	}
	wantMembers(t, text, want)
}

// TestValueOfFacebookLogin pins what is added to it, and that a token that never
// ends has no end.
func TestValueOfFacebookLogin(t *testing.T) {
	token := tokenOf("EAAB1")
	token.UserToken, token.DataAccessUntil, token.ExpiresAt = igauth.NewSecret("EAAB2"), day.Add(90*24*time.Hour), time.Time{}
	text, err := encode(slotOf(7), profile, token)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"access_token":      "EAAB1",
		"user_access_token": "EAAB2",
		"token_type":        "bearer",
		"account_id":        "17841401313574613",
		"app_scoped_id":     "24999999999999999",
		"username":          "bakery",
		"issued_at":         "2026-05-04T03:02:01Z",
		"data_access_until": "2026-08-02T03:02:01Z",
		"scopes":            []any{"instagram_business_basic"},
		"generation":        7.0,
	}
	wantMembers(t, text, want)
	// The version before wrote an end that is none as the zero time.
	for _, text := range []string{text.Reveal(), strings.Replace(text.Reveal(), "{", `{"expires_at":"0001-01-01T00:00:00Z",`, 1)} {
		if back, err := decode(profile.ID, text); err != nil || !reflect.DeepEqual(back, token) {
			t.Errorf("read back: %+v, %v, want %+v", back, err, token)
		}
	}
}

// TestDocumentationShowsTheValue compares the example in docs/storage.md with
// what is written.
func TestDocumentationShowsTheValue(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/storage.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(text), "### The secret of an account\n\n```json\n")
	example, _, closed := strings.Cut(example, "```")
	if !found || !closed {
		t.Fatal("docs/storage.md shows no secret of an account")
	}
	written, err := encode(slotOf(7), profile, tokenOf("IGAA…"))
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal([]byte(example), &got); err != nil {
		t.Fatalf("the example in docs/storage.md is no JSON: %v", err)
	}
	if err := json.Unmarshal([]byte(written.Reveal()), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("docs/storage.md shows\n%v\nand what is written is\n%v", got, want)
	}
}

func TestValueOfUnknownScopes(t *testing.T) {
	token := tokenOf("IGAA1")
	token.Scopes = nil
	text, err := encode(slotOf(1), profile, token)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.Reveal(), `"scopes":null`) {
		t.Error("unknown scopes are not null")
	}
}

// TestDecodeStrange makes values that were changed by hand. No error may quote
// them.
func TestDecodeStrange(t *testing.T) {
	for _, text := range []string{
		"",
		"IGAAsecret",
		`["IGAAsecret"]`,
		`{"access_token": 17}`,
		`{"access_token": "IGAAsecret", "expires_at": "IGAAsecret"}`,
		`{"access_token": "IGAAsecret", "account_id": "1"}`,
		`{"account_id": "17841401313574613"}`,
	} {
		_, err := decode(profile.ID, text)
		if err == nil {
			t.Errorf("%s was accepted", text)
			continue
		}
		if strings.Contains(err.Error(), "IGAA") {
			t.Errorf("the error quotes the value: %v", err)
		}
	}
}

func TestVersionID(t *testing.T) {
	version := versionID(slotOf(12))
	if version != attempt+"-12" {
		t.Errorf("the version is %q", version)
	}
	if generation, ok := generationOf(version); !ok || generation != 12 {
		t.Errorf("the generation is %d, %v", generation, ok)
	}
	if n := len(versionID(slotOf(1<<63 - 1))); n > 64 {
		t.Errorf("a version of %d characters, and Secrets Manager takes 64", n)
	}
	for _, other := range []string{"", "EXAMPLE1-90ab-cdef-fedc-ba987SECRET1", attempt, attempt + "-", attempt + "-x", "sealed-1"} {
		if _, ok := generationOf(other); ok {
			t.Errorf("%q was taken for ours", other)
		}
	}
}
