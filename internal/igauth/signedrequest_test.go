package igauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// metaClock is the time of the vectors.
var metaClock = time.Unix(1700000000, 0)

const (
	metaSecret   = "attack_secret_0001"
	metaPrevious = "attack_secret_0002_previous"
	metaPayload  = `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"17841400008460056"}`
)

// metaSecrets are the Instagram secret and the one before it.
func metaSecrets() []SigningSecret {
	return []SigningSecret{{LabelInstagram, NewSecret(metaSecret)}, {LabelInstagramPrevious, NewSecret(metaPrevious)}}
}

// signText signs a payload's text as Meta does.
func signText(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + "." + text
}

// signPayload signs JSON.
func signPayload(secret, payload string) string {
	return signText(secret, base64.RawURLEncoding.EncodeToString([]byte(payload)))
}

func TestSignedRequestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/signed_requests.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Secret   string
		Previous string `json:"previous_secret"`
		Now      int64
		Skew     int64 `json:"future_skew_seconds"`
		MaxBytes int   `json:"max_bytes"`
		Vectors  []struct {
			ID      string
			Request string `json:"signed_request"`
			Expect  string
			UserID  string `json:"user_id"`
			Why     string
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) < 61 || time.Duration(file.Skew)*time.Second != maxSkew || file.MaxBytes != maxSignedRequest {
		t.Fatalf("%d vectors, %d s, %d bytes", len(file.Vectors), file.Skew, file.MaxBytes)
	}
	now := time.Unix(file.Now, 0)
	current := []SigningSecret{{LabelInstagram, NewSecret(file.Secret)}}
	both := append(slices.Clone(current), SigningSecret{LabelInstagramPrevious, NewSecret(file.Previous)})
	for _, v := range file.Vectors {
		t.Run(v.ID+" "+v.Why, func(t *testing.T) {
			r, err := verifySignedRequest(v.Request, both, now)
			_, withoutPrevious := verifySignedRequest(v.Request, current, now)
			if v.Expect == "reject" {
				if CodeOf(err) != CodeSignedRequest || CodeOf(withoutPrevious) != CodeSignedRequest {
					t.Errorf("got %v, %v", err, withoutPrevious)
				}
				return
			}
			if err != nil || r.userID != v.UserID {
				t.Fatalf("got %q, %v", r.userID, err)
			}
			if r.nobody() != (v.Expect == "accept-noop") {
				t.Errorf("nobody is %t", r.nobody())
			}
			previous := v.Expect == "accept-if-previous-secret-configured"
			if previous != (r.secret.Label == LabelInstagramPrevious) || previous != (withoutPrevious != nil) {
				t.Errorf("signed with %s; without the previous secret: %v", r.secret.Label, withoutPrevious)
			}
		})
	}
}

// Payloads that Meta could have signed, and what is to be read from them: the id,
// or "" for a refusal.
var payloadVectors = []struct{ name, payload, id string }{
	{"in another order", `{"user_id":"1","issued_at":1699999995,"algorithm":"HMAC-SHA256"}`, "1"},
	{"with white space where JSON has it", " {\t\"algorithm\" : \"HMAC-SHA256\" ,\r\n\"issued_at\":1699999995, \"user_id\":\"1\"}\n", "1"},
	{"of the first second that there was", `{"algorithm":"HMAC-SHA256","issued_at":1,"user_id":"1"}`, "1"},
	{"300 seconds ahead", `{"algorithm":"HMAC-SHA256","issued_at":1700000300,"user_id":"1"}`, "1"},
	{"301 seconds ahead", `{"algorithm":"HMAC-SHA256","issued_at":1700000301,"user_id":"1"}`, ""},
	{"of second 0", `{"algorithm":"HMAC-SHA256","issued_at":0,"user_id":"1"}`, ""},
	{"of minus zero", `{"algorithm":"HMAC-SHA256","issued_at":-0,"user_id":"1"}`, ""},
	{"of before 1970", `{"algorithm":"HMAC-SHA256","issued_at":-1,"user_id":"1"}`, ""},
	{"of a time that is text", `{"algorithm":"HMAC-SHA256","issued_at":"1699999995","user_id":"1"}`, ""},
	{"of a time with an exponent", `{"algorithm":"HMAC-SHA256","issued_at":1.699999995e9,"user_id":"1"}`, ""},
	{"of a time with a whole exponent", `{"algorithm":"HMAC-SHA256","issued_at":17E8,"user_id":"1"}`, ""},
	{"of a time that ends in .0", `{"algorithm":"HMAC-SHA256","issued_at":1699999995.0,"user_id":"1"}`, ""},
	{"of a time beyond 64 bits", `{"algorithm":"HMAC-SHA256","issued_at":18446744073709551617,"user_id":"1"}`, ""},
	{"of a time that is true", `{"algorithm":"HMAC-SHA256","issued_at":true,"user_id":"1"}`, ""},
	{"of a time in a list", `{"algorithm":"HMAC-SHA256","issued_at":[1699999995],"user_id":"1"}`, ""},
	{"of a time in an object", `{"algorithm":"HMAC-SHA256","issued_at":{"issued_at":1699999995},"user_id":"1"}`, ""},
	{"with two times", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a time in capitals beside it", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"Issued_At":1,"user_id":"1"}`, ""},
	{"with a time of a long s beside it", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"iſſued_at":1,"user_id":"1"}`, ""},

	{"in small letters", `{"algorithm":"hmac-sha256","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with another algorithm", `{"algorithm":"HMAC-SHA512","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a shorter name of the algorithm", `{"algorithm":"HS256","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a space behind the algorithm", `{"algorithm":"HMAC-SHA256 ","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a NUL behind the algorithm", `{"algorithm":"HMAC-SHA256\u0000","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a list of algorithms", `{"algorithm":["HMAC-SHA256"],"issued_at":1699999995,"user_id":"1"}`, ""},
	{"with two algorithms, the good one last", `{"algorithm":"none","algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with two algorithms, the good one first", `{"algorithm":"HMAC-SHA256","algorithm":"none","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with one algorithm, in capitals", `{"ALGORITHM":"HMAC-SHA256","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with an empty algorithm", `{"algorithm":"","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with the algorithm written in escapes", `{"algorithm":"HMAC\u002dSHA256","issued_at":1699999995,"user_id":"1"}`, "1"},

	{"of an id of 20 digits", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"99999999999999999999"}`, "99999999999999999999"},
	{"of an id of 21 digits", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"999999999999999999999"}`, ""},
	{"of a number of 20 digits", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":99999999999999999999}`, "99999999999999999999"},
	{"of a number of 21 digits", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":999999999999999999999}`, ""},
	{"of a number that floats know as another", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":9007199254740993}`, "9007199254740993"},
	{"of two zeros", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"00"}`, ""},
	{"of a number with a leading zero", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":01}`, ""},
	{"of a negative id", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"-1"}`, ""},
	{"of a negative number", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":-1}`, ""},
	{"of a number that is minus zero", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":-0}`, ""},
	{"of a number that ends in .0", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":1.0}`, ""},
	{"of an id with a plus", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"+1"}`, ""},
	{"of an id with a line end", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1\n"}`, ""},
	{"of an id in hexadecimal", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"0x1"}`, ""},
	{"of an id in Arabic digits", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"١٢٣"}`, ""},
	{"of an id that leads elsewhere", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1/../2"}`, ""},
	{"of a list of ids", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":[1,2]}`, ""},
	{"of an id in an object", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":{"id":"1"}}`, ""},
	{"of nobody", `{"algorithm":"HMAC-SHA256","issued_at":1699999995}`, ""},
	{"of two ids", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1","user_id":"2"}`, ""},
	{"of one id twice", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1","user_id":"1"}`, ""},
	{"of one id twice, once in escapes", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1","user\u005fid":"2"}`, ""},
	{"of an id and one in capitals", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1","USER_ID":"2"}`, ""},
	{"of an id and one that is empty, in capitals", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"User_id":null,"user_id":"1"}`, ""},
	{"of an id in a member of the user", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user":{"user_id":"2","USER_ID":"3"},"user_id":"1"}`, "1"},
	{"with others of nearly that name", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"userid":"2","user-id":"3","user_id ":"4","user_id":"1"}`, "1"},
	{"with others that stand twice", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"expires":0,"expires":1,"user_id":"1"}`, "1"},
	{"of a Page, from years ago", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"profile_id":"5","user":{"country":"de","locale":"de_DE"},"user_id":0}`, "0"},

	{"32 levels deep", deep(31), "1"},
	{"33 levels deep", deep(32), ""},
	{"2,000 levels deep", deep(2000), ""},
	{"with a comma too many", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1",}`, ""},
	{"with a comment", `{"algorithm":"HMAC-SHA256",/**/"issued_at":1699999995,"user_id":"1"}`, ""},
	{"with single quotes", `{'algorithm':'HMAC-SHA256','issued_at':1699999995,'user_id':'1'}`, ""},
	{"cut short", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1"`, ""},
	{"with a brace too many", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1"}}`, ""},
	{"with a NUL behind it", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1"}` + "\x00", ""},
	{"with a letter behind it", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1"}x`, ""},
	{"with bytes that are no UTF-8 in a member that is not read", `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1","name":"` + "\xc3\x28" + `"}`, ""},
	{"in UTF-16", "\xff\xfe{\x00", ""},
	{"in a list", `[` + metaPayload + `]`, ""},
	{"of null", `null`, ""},
	{"of a number", `1`, ""},
	{"of white space", ` `, ""},
}

// deep returns a payload with lists of some depth in a member that is not read.
func deep(n int) string {
	return `{"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1","x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
}

func TestSignedPayloads(t *testing.T) {
	for _, v := range slices.Concat(payloadVectors, hostilePayloads) {
		t.Run(v.name, func(t *testing.T) {
			text := signPayload(metaSecret, v.payload)
			if len(text) > maxSignedRequest {
				t.Fatalf("%d bytes are refused for their length alone", len(text))
			}
			r, err := verifySignedRequest(text, metaSecrets(), metaClock)
			if v.id == "" {
				if CodeOf(err) != CodeSignedRequest {
					t.Errorf("got id %q, %v", r.userID, err)
				}
			} else if err != nil || r.userID != v.id {
				t.Errorf("got id %q, %v, want %q", r.userID, err, v.id)
			}
			compareWithReference(t, text)
		})
	}
}

func TestSignedTextHasOneSpelling(t *testing.T) {
	good := signPayload(metaSecret, metaPayload)
	signature, text, _ := strings.Cut(good, ".")
	padded := base64.URLEncoding.EncodeToString([]byte(metaPayload))
	// This payload needs two signs of padding.
	two := base64.URLEncoding.EncodeToString([]byte(metaPayload + "  "))
	if !strings.HasSuffix(padded, "=") || !strings.HasSuffix(two, "==") {
		t.Fatalf("%q, %q", padded, two)
	}
	// flip sets the lowest bit of the last character, which says nothing.
	flip := func(text string) string {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		at := strings.IndexByte(alphabet, text[len(text)-1])
		return text[:len(text)-1] + alphabet[at^1:at^1+1]
	}
	checkTexts(t, map[string]signedText{
		"as Meta sends it":                                {good, true},
		"padding behind the signature":                    {signature + "=." + text, true},
		"padding behind both, signed":                     {signText(metaSecret, padded), true},
		"two signs of padding, signed":                    {signText(metaSecret, two), true},
		"one of two signs of padding, signed":             {signText(metaSecret, strings.TrimSuffix(two, "=")), false},
		"three signs of padding, signed":                  {signText(metaSecret, two+"="), false},
		"four signs of padding, signed":                   {signText(metaSecret, text+"===="), false},
		"padding that was signed, taken away":             {strings.TrimSuffix(signText(metaSecret, padded), "="), false},
		"two signs behind the signature":                  {signature + "==." + text, false},
		"padding before the text":                         {signText(metaSecret, "="+text), false},
		"padding amid the text":                           {signText(metaSecret, text[:8]+"="+text[8:]), false},
		"a payload of padding alone":                      {signText(metaSecret, "===="), false},
		"another last bit of the signature":               {flip(signature) + "." + text, false},
		"another last bit of the text, signed":            {signText(metaSecret, flip(text)), false},
		"a length that base64 does not have, signed":      {signText(metaSecret, text+"AA"), false},
		"a line end behind it":                            {good + "\n", false},
		"a line end behind the text, signed":              {signText(metaSecret, text+"\n"), false},
		"a carriage return amid the text, signed":         {signText(metaSecret, text[:4]+"\r"+text[4:]), false},
		"a space before it":                               {" " + good, false},
		"a space amid the text, signed":                   {signText(metaSecret, text[:4]+" "+text[4:]), false},
		"a tab behind it":                                 {good + "\t", false},
		"a NUL behind the text, signed":                   {signText(metaSecret, text+"\x00"), false},
		"a dot before it":                                 {"." + good, false},
		"a dot behind it":                                 {good + ".", false},
		"two dots between":                                {signature + ".." + text, false},
		"a dot alone":                                     {".", false},
		"the parts exchanged":                             {text + "." + signature, false},
		"the signature twice":                             {signature + signature + "." + text, false},
		"a longer signature that begins well":             {signature[:42] + "AAAA." + text, false},
		"in quotation marks":                              {`"` + good + `"`, false},
		"with a percent sign":                             {strings.Replace(good, ".", "%2E", 1), false},
		"with letters that only look so":                  {strings.Replace(good, "e", "е", 1), false}, // Cyrillic
		"signed with the secret before":                   {signPayload(metaPrevious, metaPayload), true},
		"signed with part of the secret":                  {signPayload(metaSecret[:17], metaPayload), false},
		"signed with a longer secret":                     {signPayload(metaSecret+"x", metaPayload), false},
		"signed with both secrets joined":                 {signPayload(metaSecret+metaPrevious, metaPayload), false},
		"signed with zero bytes":                          {signPayload(strings.Repeat("\x00", 32), metaPayload), false},
		"signed with the secret in capitals":              {signPayload(strings.ToUpper(metaSecret), metaPayload), false},
		"signed with an empty secret":                     {signPayload("", metaPayload), false},
		"a hash without a key":                            {unkeyed(text), false},
		"signed with the public key-like text [REDACTED]": {signPayload("[REDACTED]", metaPayload), false},
		"the payload of 8 KiB":                            {signPayload(metaSecret, metaPayload[:len(metaPayload)-1]+`,"x":"`+strings.Repeat("x", 8192)+`"}`), false},
	})
}

// A signedText is what arrives as a signed request, and whether it is one.
type signedText struct {
	text string
	ok   bool
}

func checkTexts(t *testing.T, texts map[string]signedText) {
	t.Helper()
	for name, v := range texts {
		t.Run(name, func(t *testing.T) {
			_, err := verifySignedRequest(v.text, metaSecrets(), metaClock)
			if (err == nil) != v.ok || err != nil && CodeOf(err) != CodeSignedRequest {
				t.Errorf("got %v, want it accepted: %t", err, v.ok)
			}
			compareWithReference(t, v.text)
		})
	}
}

func unkeyed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + text
}

// The longest text that is looked at, and one byte more.
func TestSignedRequestHasALength(t *testing.T) {
	payload := func(n int) string {
		return metaPayload[:len(metaPayload)-1] + `,"x":"` + strings.Repeat("x", n) + `"}`
	}
	n := 0
	for len(signPayload(metaSecret, payload(n+1))) <= maxSignedRequest {
		n++
	}
	if _, err := verifySignedRequest(signPayload(metaSecret, payload(n)), metaSecrets(), metaClock); err != nil {
		t.Errorf("%d bytes: %v", len(signPayload(metaSecret, payload(n))), err)
	}
	if _, err := verifySignedRequest(signPayload(metaSecret, payload(n+1)), metaSecrets(), metaClock); CodeOf(err) != CodeSignedRequest {
		t.Errorf("%d bytes: %v", len(signPayload(metaSecret, payload(n+1))), err)
	}
}

// An empty key is one that everybody has. It is refused as such, and not counted
// as a signature that does not match.
func TestSecretsThatCannotBeMeantVerifyNothing(t *testing.T) {
	for name, secrets := range map[string][]SigningSecret{
		"none":                   nil,
		"empty":                  {{LabelInstagram, NewSecret("")}},
		"never set":              {{LabelInstagram, Secret{}}},
		"white space":            {{LabelInstagram, NewSecret(" \t")}},
		"a line end":             {{LabelInstagram, NewSecret(metaSecret + "\n")}},
		"a carriage return":      {{LabelInstagram, NewSecret(metaSecret + "\r")}},
		"one good and one empty": {{LabelInstagram, NewSecret(metaSecret)}, {LabelMeta, NewSecret("")}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{metaSecret, "", " \t", metaSecret + "\n", metaSecret + "\r"} {
				_, err := verifySignedRequest(signPayload(key, metaPayload), secrets, metaClock)
				if err == nil || CodeOf(err) == CodeSignedRequest {
					t.Errorf("got %v, want a fault of this installation", err)
				}
				if err != nil && strings.Contains(err.Error(), metaSecret) {
					t.Errorf("the secret stands in %v", err)
				}
			}
		})
	}
}

func TestLabelsSayWhichSecretMatched(t *testing.T) {
	secrets := []SigningSecret{
		{LabelInstagram, NewSecret("first")}, {LabelInstagramPrevious, NewSecret("second")},
		{LabelMeta, NewSecret("third")}, {LabelMetaPrevious, NewSecret("fourth")},
	}
	instagram, both := []Login{LoginInstagram}, []Login{LoginFacebook, LoginInstagram}
	for i, want := range [][]Login{instagram, instagram, both, both} {
		r, err := verifySignedRequest(signPayload(secrets[i].Secret.Reveal(), metaPayload), secrets, metaClock)
		if err != nil || r.secret.Label != secrets[i].Label || !slices.Equal(r.secret.Label.logins(), want) {
			t.Errorf("got %s for %v, %v", r.secret.Label, r.secret.Label.logins(), err)
		}
	}
	// Of two that are the same the first is meant.
	secrets[1].Secret = secrets[0].Secret
	if r, err := verifySignedRequest(signPayload("first", metaPayload), secrets, metaClock); err != nil || r.secret.Label != LabelInstagram {
		t.Errorf("got %s, %v", r.secret.Label, err)
	}
}

// The code depends on everything that makes a request another one, and on nothing
// else: neither on the spelling nor on which label the secret has today.
func TestConfirmationCodes(t *testing.T) {
	code := func(secret, payload string, kind RemovalKind, secrets ...SigningSecret) string {
		t.Helper()
		r, err := verifySignedRequest(signPayload(secret, payload), append(metaSecrets(), secrets...), metaClock)
		if err != nil {
			t.Fatal(err)
		}
		return r.code(kind)
	}
	first := code(metaSecret, metaPayload, RemovalErase)
	if len(first) != 40 || strings.Trim(first, "0123456789abcdef") != "" {
		t.Errorf("%q is not 160 bits", first)
	}
	other := `{"user_id":17841400008460056,"x":1,"issued_at":1699999995,"algorithm":"HMAC-SHA256"}`
	if again := code(metaSecret, other, RemovalErase); again != first {
		t.Error("the same request in another spelling has another code")
	}
	later := []SigningSecret{{LabelInstagram, NewSecret("new")}, {LabelInstagramPrevious, NewSecret(metaSecret)}}
	if r, err := verifySignedRequest(signPayload(metaSecret, metaPayload), later, metaClock); err != nil || r.code(RemovalErase) != first {
		t.Errorf("after the app secret was replaced the code is another: %v", err)
	}
	seen := map[string]string{first: "the first"}
	for name, c := range map[string]string{
		"another kind":   code(metaSecret, metaPayload, RemovalDeauthorize),
		"another secret": code(metaPrevious, metaPayload, RemovalErase),
		"another person": code(metaSecret, strings.Replace(metaPayload, "056", "057", 1), RemovalErase),
		"another time":   code(metaSecret, strings.Replace(metaPayload, "995", "996", 1), RemovalErase),
	} {
		if old, twice := seen[c]; twice {
			t.Errorf("%s and %s have the same code", name, old)
		}
		seen[c] = name
	}
}

// Refusals do not say why.
func TestRefusalsAreOneError(t *testing.T) {
	for _, text := range []string{"", "x", signPayload("other", metaPayload), signPayload(metaSecret, "{}"), signPayload(metaSecret, `{"algorithm":"none"}`)} {
		if _, err := verifySignedRequest(text, metaSecrets(), metaClock); !errors.Is(err, errSignedRequest) || err.Error() != errSignedRequest.Error() {
			t.Errorf("got %v", err)
		}
	}
}

// compareWithReference checks that both verifiers say the same of a text.
func compareWithReference(t *testing.T, text string) {
	t.Helper()
	r, err := verifySignedRequest(text, metaSecrets(), metaClock)
	id, issued, ok := referenceVerify(text, []string{metaSecret, metaPrevious}, metaClock.Unix())
	if ok != (err == nil) || ok && (id != r.userID || issued != r.issuedAt.Unix()) {
		t.Errorf("got %q at %d, %v; the reference says %q at %d, %t", r.userID, r.issuedAt.Unix(), err, id, issued, ok)
	}
}

// FuzzSignedRequest gives the verifier any text, and any payload that was signed
// well. It never panics, and it agrees with the reference.
func FuzzSignedRequest(f *testing.F) {
	for _, v := range slices.Concat(payloadVectors, hostilePayloads) {
		f.Add("", v.payload, "")
		f.Add(signPayload(metaSecret, v.payload), "", "")
	}
	f.Add("", metaPayload, "=")
	f.Add(signText(metaSecret, base64.URLEncoding.EncodeToString([]byte(metaPayload))), metaPayload+" ", "==")
	f.Fuzz(func(t *testing.T, text, payload, behind string) {
		compareWithReference(t, text)
		compareWithReference(t, signText(metaSecret, text))
		compareWithReference(t, signPayload(metaSecret, payload))
		compareWithReference(t, signText(metaPrevious, base64.RawURLEncoding.EncodeToString([]byte(payload))+behind))
	})
}
