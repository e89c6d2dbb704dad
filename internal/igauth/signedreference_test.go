package igauth

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"unicode/utf8"
)

// referenceVerify is a verifier that shares nothing with the one of the product:
// it is slow, decodes bit by bit, makes its own MAC and reads JSON by recursive
// descent. It returns the user id and the time, or false.
func referenceVerify(text string, secrets []string, now int64) (id string, issued int64, ok bool) {
	parts := strings.Split(text, ".")
	if len(text) > 8192 || len(parts) != 2 {
		return "", 0, false
	}
	signature, ok1 := referenceDecode(parts[0])
	payload, ok2 := referenceDecode(parts[1])
	if !ok1 || !ok2 || len(signature) != 32 {
		return "", 0, false
	}
	matched := false
	for _, secret := range secrets {
		matched = matched || bytes.Equal(referenceMAC([]byte(secret), []byte(parts[1])), signature)
	}
	if !matched || !utf8.Valid(payload) {
		return "", 0, false
	}
	p := &referenceParser{rest: string(payload)}
	p.space()
	if !strings.HasPrefix(p.rest, "{") || !p.value(1) {
		return "", 0, false
	}
	p.space()
	if p.rest != "" {
		return "", 0, false
	}
	found := map[string]string{}
	for _, m := range p.top {
		folded := strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(m.name, "ſ", "s"), "K", "k"))
		if folded != "algorithm" && folded != "issued_at" && folded != "user_id" {
			continue
		}
		if _, twice := found[folded]; twice || m.name != folded {
			return "", 0, false
		}
		found[folded] = m.value
	}
	issued, whole := referenceNumber(found["issued_at"])
	id = strings.TrimPrefix(found["user_id"], "text:")
	_, digits := referenceNumber(id)
	if found["algorithm"] != "text:HMAC-SHA256" || !whole || issued < 1 || issued > now+300 || !digits || len(id) > 20 {
		return "", 0, false
	}
	return id, issued, true
}

// referenceNumber reads digits without a leading zero. What is longer than 18
// digits has some value that is too large for a time.
func referenceNumber(text string) (n int64, ok bool) {
	if text == "" || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > 1e17 {
			n = 1e17
		}
	}
	return n, true
}

func referenceDecode(text string) ([]byte, bool) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var bits []byte
	padding := 0
	for i := range len(text) {
		if text[i] == '=' {
			padding++
			continue
		}
		value := strings.IndexByte(alphabet, text[i])
		if value < 0 || padding > 0 {
			return nil, false
		}
		for shift := 5; shift >= 0; shift-- {
			bits = append(bits, byte(value>>shift)&1)
		}
	}
	left := len(bits) % 8
	if left == 6 || padding > 0 && padding != left/2 {
		return nil, false
	}
	for _, bit := range bits[len(bits)-left:] {
		if bit != 0 {
			return nil, false
		}
	}
	var data []byte
	for i := 0; i+8 <= len(bits); i += 8 {
		var b byte
		for _, bit := range bits[i : i+8] {
			b = b<<1 | bit
		}
		data = append(data, b)
	}
	return data, true
}

// referenceMAC is HMAC as RFC 2104 writes it.
func referenceMAC(key, text []byte) []byte {
	if len(key) > 64 {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	inner, outer := bytes.Repeat([]byte{0x36}, 64), bytes.Repeat([]byte{0x5c}, 64)
	for i, b := range key {
		inner[i] ^= b
		outer[i] ^= b
	}
	sum := sha256.Sum256(append(inner, text...))
	sum = sha256.Sum256(append(outer, sum[:]...))
	return sum[:]
}

// referenceParser reads JSON as RFC 8259 writes it, and keeps the members of the
// outermost object. A text's value begins with "text:", so that it is not taken
// for a number.
type referenceParser struct {
	rest string
	top  []struct{ name, value string }
}

func (p *referenceParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *referenceParser) take(text string) bool {
	rest, ok := strings.CutPrefix(p.rest, text)
	p.rest = rest
	return ok
}

// value reads any value; an array or object in it is at the given depth.
func (p *referenceParser) value(depth int) bool {
	p.space()
	switch {
	case p.rest == "":
		return false
	case p.take("true"), p.take("false"), p.take("null"):
		return true
	case p.take("["):
		return p.list("]", depth, func() bool { return p.value(depth + 1) })
	case p.take("{"):
		return p.list("}", depth, func() bool { return p.member(depth) })
	case p.rest[0] == '"':
		_, ok := p.text()
		return ok
	}
	return p.number()
}

func (p *referenceParser) list(end string, depth int, item func() bool) bool {
	if depth > 32 {
		return false
	}
	if p.space(); p.take(end) {
		return true
	}
	for item() {
		if p.space(); p.take(end) {
			return true
		}
		if !p.take(",") {
			return false
		}
	}
	return false
}

func (p *referenceParser) member(depth int) bool {
	p.space()
	name, ok := p.text()
	if p.space(); !ok || !p.take(":") {
		return false
	}
	p.space()
	before, value := p.rest, ""
	if strings.HasPrefix(before, `"`) {
		text, ok := p.text()
		if !ok {
			return false
		}
		value = "text:" + text
	} else {
		if !p.value(depth + 1) {
			return false
		}
		value = before[:len(before)-len(p.rest)]
	}
	if depth == 1 {
		p.top = append(p.top, struct{ name, value string }{name, value})
	}
	return true
}

func (p *referenceParser) text() (string, bool) {
	if !p.take(`"`) {
		return "", false
	}
	var text strings.Builder
	for p.rest != "" {
		c, size := utf8.DecodeRuneInString(p.rest)
		p.rest = p.rest[size:]
		switch {
		case c == '"':
			return text.String(), true
		case c < 0x20:
			return "", false
		case c != '\\':
			text.WriteRune(c)
		case p.rest == "":
			return "", false
		default:
			escape := p.rest[0]
			p.rest = p.rest[1:]
			if escape == 'u' {
				if len(p.rest) < 4 || strings.Trim(p.rest[:4], "0123456789abcdefABCDEF") != "" {
					return "", false
				}
				n := rune(0)
				for _, digit := range strings.ToLower(p.rest[:4]) {
					n = n<<4 | rune(strings.IndexRune("0123456789abcdef", digit))
				}
				// Halves of a pair are written one by one, as something that is in no
				// name and no id.
				text.WriteRune(n)
				p.rest = p.rest[4:]
				continue
			}
			at := strings.IndexByte(`"\/bfnrt`, escape)
			if at < 0 {
				return "", false
			}
			text.WriteByte("\"\\/\b\f\n\r\t"[at])
		}
	}
	return "", false
}

func (p *referenceParser) number() bool {
	digits := func() bool {
		before := len(p.rest)
		p.rest = strings.TrimLeft(p.rest, "0123456789")
		return len(p.rest) < before
	}
	p.take("-")
	if !p.take("0") && !digits() {
		return false
	}
	if p.take(".") && !digits() {
		return false
	}
	if p.take("e") || p.take("E") {
		if !p.take("+") {
			p.take("-")
		}
		return digits()
	}
	return true
}
