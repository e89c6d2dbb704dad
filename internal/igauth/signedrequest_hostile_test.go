package igauth

import (
	"encoding/base64"
	"strings"
	"testing"
)

// members returns a payload that is good without the id, with what is given in
// the id's place.
func members(text string) string {
	return `{"algorithm":"HMAC-SHA256","issued_at":1699999995,` + text + `}`
}

// Payloads that were made to be misread, signed well: the id that is to
// be read, or "" for a refusal. Those with an id look bad, and say nothing wrong.
var hostilePayloads = []struct{ name, payload, id string }{
	{"with an id in an object, and one that is good behind it", members(`"user_id":{"a":1},"user_id":"1"`), ""},
	{"with an id in a list, and one that is good behind it", members(`"user_id":["2","3"],"user_id":"1"`), ""},
	{"with an id in an empty list, and one that is good behind it", members(`"user_id":[],"user_id":"1"`), ""},
	{"with a good id, and one in an object behind it", members(`"user_id":"1","user_id":{}`), ""},
	{"with a time in an object, and one that is good behind it", `{"algorithm":"HMAC-SHA256","issued_at":{"x":[1]},"issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a list of algorithms, and the good one behind it", `{"algorithm":["none"],"algorithm":"HMAC-SHA256","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a list that ends like the value", members(`"user_id":[2],"x":"1"`), ""},
	{"with a list that has an id and a name in it", members(`"user_id":["user_id","1"]`), ""},

	{"with a name in escapes from end to end", members(`"\u0075\u0073\u0065\u0072\u005f\u0069\u0064":"1"`), "1"},
	{"with two ids, both in escapes", members(`"\u0075ser_id":"1","user_i\u0064":"1"`), ""},
	{"with an id in capitals in escapes beside it", members(`"user_id":"1","\u0055SER_ID":"2"`), ""},
	{"with an id of a long s in escapes beside it", members(`"user_id":"1","u\u017fer_id":"2"`), ""},
	{"with two algorithms, the bad one in escapes", `{"algorithm":"HMAC-SHA256","\u0061lgorithm":"none","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a NUL in escapes behind the name", members(`"user_id\u0000":"2","user_id":"1"`), "1"},
	{"with half a pair behind the name", members(`"user_id\ud800":"2","user_id":"1"`), "1"},

	{"with the digits of the id in escapes", members(`"user_id":"\u0031\u0032"`), "12"},
	{"with a NUL in escapes before the id", members(`"user_id":"\u00001"`), ""},
	{"with a NUL in escapes behind the id", members(`"user_id":"1\u0000"`), ""},
	{"with half a pair behind the id", members(`"user_id":"1\udc00"`), ""},
	{"with a bare tab behind the id", members("\"user_id\":\"1\t\""), ""},
	{"with quotation marks in the id", members(`"user_id":"\"1\""`), ""},
	{"with an id that is a number and an exponent of 0", members(`"user_id":1e0`), ""},
	{"with an id that is zero with an exponent", members(`"user_id":0E+1`), ""},
	{"with an id that is text with an exponent", members(`"user_id":"1e3"`), ""},
	{"with an id that has a thousands separator", members(`"user_id":"1_000"`), ""},
	{"with an id that is true in text", members(`"user_id":"true"`), ""},

	{"of a time with a leading zero", `{"algorithm":"HMAC-SHA256","issued_at":01699999995,"user_id":"1"}`, ""},
	{"of a time with a plus", `{"algorithm":"HMAC-SHA256","issued_at":+1699999995,"user_id":"1"}`, ""},
	{"of the last time of 64 bits", `{"algorithm":"HMAC-SHA256","issued_at":9223372036854775807,"user_id":"1"}`, ""},
	{"of a time of 400 digits", `{"algorithm":"HMAC-SHA256","issued_at":` + strings.Repeat("1", 400) + `,"user_id":"1"}`, ""},
	{"of a time with an exponent of a million", `{"algorithm":"HMAC-SHA256","issued_at":1e1000000,"user_id":"1"}`, ""},
	{"of a time with white space around it", `{"algorithm":"HMAC-SHA256","issued_at": ` + "\t\r\n" + `1699999995 ,"user_id":"1"}`, "1"},

	{"with capitals amid the algorithm", `{"algorithm":"Hmac-Sha256","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a hyphen too many in the algorithm", `{"algorithm":"HMAC-SHA-256","issued_at":1699999995,"user_id":"1"}`, ""},
	{"with a Greek letter in the algorithm", `{"algorithm":"ΗMAC-SHA256","issued_at":1699999995,"user_id":"1"}`, ""},

	{"with a text that looks like a member", members(`"x":"\",\"user_id\":\"2","user_id":"1"`), "1"},
	{"with a text that ends in a backslash", members(`"x":"\\","user_id":"1","y":"\\\""`), "1"},
	{"with a name that looks like a member", members(`"x\":1,\"user_id":"2","user_id":"1"`), "1"},
	{"with 100 brackets in a text", members(`"x":"` + strings.Repeat("[{", 50) + `","user_id":"1"`), "1"},
	{"with 100 lists side by side", members(`"x":[` + strings.Repeat("[],", 100) + `{}],"user_id":"1"`), "1"},
	{"with ids further in, before and behind", members(`"x":[{"user_id":"2"},{"USER_ID":"3"}],"user_id":"1","y":{"user_id":["4"]}`), "1"},
	{"with an empty name", members(`"":"2","user_id":"1"`), "1"},
	{"33 levels deep, of lists and objects by turns", members(`"user_id":"1","x":` + strings.Repeat(`[{"x":`, 16) + `1` + strings.Repeat(`}]`, 16)), ""},
	{"32 levels deep, of objects", members(`"user_id":"1","x":` + strings.Repeat(`{"x":`, 31) + `1` + strings.Repeat(`}`, 31)), "1"},
	{"2,900 levels deep, and good otherwise", members(`"user_id":"1","x":` + strings.Repeat(`[`, 2900) + strings.Repeat(`]`, 2900)), ""},
	{"1,100 levels deep, and never closed", strings.Repeat(`{"a":`, 1100), ""},

	{"twice, with a line end between", metaPayload + "\n" + metaPayload, ""},
	{"with an empty object behind it", metaPayload + "{}", ""},
	{"with a comma behind it", metaPayload + ",", ""},
	{"with a vertical tab behind it", metaPayload + "\v", ""},
	{"with a space behind it that is none of JSON's", metaPayload + "\u00a0", ""},
	{"with a line end before it that is none of JSON's", "\u2028" + metaPayload, ""},
	{"with a mark of byte order before the first name", "{\ufeff" + metaPayload[1:], ""},
	{"with a mark of byte order behind it", metaPayload + "\ufeff", ""},
	{"with a quotation mark of two bytes", members(`"user_id":` + "\xc0\xa21\xc0\xa2"), ""},
	{"with half a pair written as UTF-8", members(`"x":"` + "\xed\xa0\x80" + `","user_id":"1"`), ""},
	{"with a byte above UTF-8 in a name", members(`"` + "\xff" + `":1,"user_id":"1"`), ""},
	{"cut within a letter", metaPayload[:len(metaPayload)-2] + "\xe2\x82", ""},
	{"with an escape that is none", members(`"x":"\x31","user_id":"1"`), ""},
	{"with an escape that is cut short", members(`"user_id":"1","x":"\u00"`), ""},
}

// Texts whose parts are good by themselves, or nearly. All but the first are
// refused.
func TestHostileTexts(t *testing.T) {
	good := signPayload(metaSecret, metaPayload)
	signature, text, _ := strings.Cut(good, ".")
	// This payload has both of the characters in which the alphabets differ.
	both := metaPayload[:len(metaPayload)-1] + `,"x":"~~~???>>>"}`
	standard := base64.RawStdEncoding.EncodeToString([]byte(both))
	if !strings.Contains(standard, "+") || !strings.Contains(standard, "/") {
		t.Fatal(standard)
	}
	// This one needs two signs of padding.
	two := base64.URLEncoding.EncodeToString([]byte(metaPayload + "  "))
	if !strings.HasSuffix(two, "==") {
		t.Fatal(two)
	}
	tail := base64.RawURLEncoding.EncodeToString([]byte("{}"))
	checkTexts(t, map[string]signedText{
		"a payload with both characters of the URL alphabet": {signPayload(metaSecret, both), true},
		"with a plus alone, signed":                          {signText(metaSecret, strings.ReplaceAll(standard, "/", "_")), false},
		"with a slash alone, signed":                         {signText(metaSecret, strings.ReplaceAll(standard, "+", "-")), false},
		"with a space for a plus, signed":                    {signText(metaSecret, strings.NewReplacer("+", " ", "/", "_").Replace(standard)), false},
		"with the escape of a plus, signed":                  {signText(metaSecret, strings.NewReplacer("+", "%2B", "/", "_").Replace(standard)), false},
		"padding amid the signature":                         {signature[:40] + "=" + signature[40:] + "." + text, false},
		"padding before the signature":                       {"=" + signature + "." + text, false},
		"padding amid the text, in whole groups":             {signText(metaSecret, "eyI="+text[4:]), false},
		"two payloads that each have their padding, signed":  {signText(metaSecret, "e30="+"e30="), false},
		"padding that is escaped, signed":                    {signText(metaSecret, text+"%3D"), false},
		"a line end amid the padding, signed":                {signText(metaSecret, strings.TrimSuffix(two, "=")+"\n="), false},
		"a line end alone behind the dot":                    {signText(metaSecret, "\n"), false},
		"four line ends amid the text, signed":               {signText(metaSecret, text[:4]+"\r\n\r\n"+text[4:]), false},
		"four line ends amid the signature":                  {signature[:4] + "\n\n\n\n" + signature[4:] + "." + text, false},
		"a space of another kind behind it":                  {good + "\u00a0", false},
		"a mark of byte order before it":                     {"\ufeff" + good, false},
		"a third part that is signed with the second":        {signText(metaSecret, text+"."+tail), false},
		"a third part that is empty, signed with the second": {signText(metaSecret, text+"."), false},
		"an empty part between":                              {signature + ".." + tail, false},
		"an empty text, signed":                              {signText(metaSecret, ""), false},
		"a signature of 31 bytes":                            {signature[:42] + "." + text, false},
		"a signature of 33 bytes":                            {signature[:42] + "AA." + text, false},
		"a byte that is no UTF-8 amid the text, signed":      {signText(metaSecret, text[:4]+"\xff"+text[4:]), false},
		"a payload of zero bytes, signed":                    {signText(metaSecret, strings.Repeat("A", 4096)), false},
	})
}

// Whether a byte may stand in a part is the decision of encoding/base64, line ends
// aside. What it skips leaves a text of A, which has no bits to object to.
func TestSegmentsHaveAnAlphabet(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for b := range 256 {
		for at := range 9 {
			text := []byte("AAAAAAAAAAAA")
			text[at] = byte(b)
			_, ok := decodeSegment(string(text))
			if want := strings.IndexByte(alphabet, byte(b)) >= 0; ok != want {
				t.Errorf("byte %#02x at %d of %q: taken %t, want %t", b, at, text, ok, want)
			}
		}
	}
}
