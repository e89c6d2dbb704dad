package igauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A SecretLabel names an app secret in metrics and in the log, without showing
// it. Meta does not document with which of its two secrets it signs for Instagram
// Login; the labels find out.
type SecretLabel string

// The labels of the secrets that Meta may sign with: those of the Instagram app
// and of the Meta app, and of each the one before it was replaced.
const (
	LabelInstagram         SecretLabel = "instagram"
	LabelInstagramPrevious SecretLabel = "instagram_previous"
	LabelMeta              SecretLabel = "meta"
	LabelMetaPrevious      SecretLabel = "meta_previous"
)

// logins returns those whose app may have sent what a secret has signed.
func (l SecretLabel) logins() []Login {
	if l == LabelInstagram || l == LabelInstagramPrevious {
		return []Login{LoginInstagram}
	}
	return []Login{LoginFacebook, LoginInstagram}
}

// A SigningSecret is an app secret that Meta may sign with.
type SigningSecret struct {
	Label  SecretLabel
	Secret Secret
}

// checkSigningSecrets refuses secrets that cannot be meant: whoever knows that a
// key is empty can sign with it.
func checkSigningSecrets(secrets []SigningSecret) error {
	if len(secrets) == 0 {
		return errors.New("there is no app secret to check signatures with")
	}
	for _, s := range secrets {
		if text := s.Secret.Reveal(); text == "" || strings.TrimSpace(text) != text {
			return errors.New("the app secret " + string(s.Label) + " is empty, or has white space around it")
		}
	}
	return nil
}

// A signedRequest is what Meta says in one of its callbacks
// (https://developers.facebook.com/docs/facebook-login/guides/advanced/deauthorize).
type signedRequest struct {
	// userID is an id of 1 to 20 digits. Meta has sent "0", which is nobody.
	userID string
	// issuedAt is when the person asked, in whole seconds.
	issuedAt time.Time
	// secret is the one that it was signed with.
	secret SigningSecret
}

// nobody reports whether the request names no person.
func (r signedRequest) nobody() bool { return r.userID == "0" }

// code returns the confirmation code of a request: always the same for the same
// request, and not to be guessed without the app secret. So a callback that comes
// again finds the record of the first.
func (r signedRequest) code(kind RemovalKind) string {
	mac := hmac.New(sha256.New, []byte(r.secret.Secret.Reveal()))
	mac.Write([]byte("igauth receipt\x00" + string(kind) + "\x00" + r.userID + "\x00" + strconv.FormatInt(r.issuedAt.Unix(), 10)))
	return hex.EncodeToString(mac.Sum(nil)[:codeSize])
}

const (
	// codeSize is the length of a confirmation code in bytes, which is written
	// with twice as many digits.
	codeSize = 20
	// maxSignedRequest bounds the text of a signed request, in bytes.
	maxSignedRequest = 8 << 10
	// maxSkew is how far Meta's clock may be ahead of ours. A time that is further
	// ahead would outlast consents to come.
	maxSkew = 300 * time.Second
	// maxUserID is how many digits an id has at most.
	maxUserID = 20
	// maxJSONDepth is how deep the payload may be nested.
	maxJSONDepth = 32
	// signedAlgorithm is the only one there is.
	signedAlgorithm = "HMAC-SHA256"
)

// errSignedRequest says that a text is no signed request of Meta. It does not say
// why: that is nobody's business who cannot sign.
var errSignedRequest = newError(CodeSignedRequest, nil)

// A sealedRequest is a signed request of the right form, of which nothing is
// believed yet.
type sealedRequest struct {
	signature []byte
	// text is the payload as it was received, which is what Meta signs.
	text string
	// payload is the text's meaning.
	payload []byte
}

// splitSignedRequest takes a text apart: two parts of base64url with a dot
// between. One part must have one spelling only, so that what is not its own
// canonical form is refused and never mended.
func splitSignedRequest(text string) (sealedRequest, error) {
	if len(text) > maxSignedRequest || strings.Count(text, ".") != 1 {
		return sealedRequest{}, errSignedRequest
	}
	first, second, _ := strings.Cut(text, ".")
	signature, ok := decodeSegment(first)
	if !ok || len(signature) != sha256.Size {
		return sealedRequest{}, errSignedRequest
	}
	payload, ok := decodeSegment(second)
	if !ok || len(payload) == 0 {
		return sealedRequest{}, errSignedRequest
	}
	return sealedRequest{signature, second, payload}, nil
}

// segmentEncoding refuses bits that say nothing. It skips line breaks, even so
// (https://pkg.go.dev/encoding/base64#Encoding.Strict).
var segmentEncoding = base64.RawURLEncoding.Strict()

// decodeSegment reads base64url without padding, as Meta sends it, or with all of
// it, as Meta's own library for PHP does.
func decodeSegment(text string) ([]byte, bool) {
	bare := strings.TrimRight(text, "=")
	if padding := len(text) - len(bare); padding > 0 && (len(text)%4 != 0 || padding > 2) {
		return nil, false
	}
	if strings.Contains(bare, "\r") || strings.Contains(bare, "\n") {
		return nil, false
	}
	data, err := segmentEncoding.DecodeString(bare)
	return data, err == nil
}

// open checks the signature and then, and not before, reads what was signed. All
// secrets are tried, so that the time does not tell which one matched. If one did,
// the answer names it beside an error, too: then Meta says what nobody understands.
func (r sealedRequest) open(secrets []SigningSecret, now time.Time) (signedRequest, error) {
	var match *SigningSecret
	text := []byte(r.text)
	for i := len(secrets) - 1; i >= 0; i-- {
		mac := hmac.New(sha256.New, []byte(secrets[i].Secret.Reveal()))
		mac.Write(text)
		if hmac.Equal(mac.Sum(nil), r.signature) {
			match = &secrets[i]
		}
	}
	if match == nil {
		return signedRequest{}, errSignedRequest
	}
	request, err := parseSignedPayload(r.payload, now)
	request.secret = *match
	return request, err
}

// verifySignedRequest returns what Meta says in a text that one of the secrets has
// signed. A text that is none is CodeSignedRequest, without a cause; any other
// error is about the secrets.
func verifySignedRequest(text string, secrets []SigningSecret, now time.Time) (signedRequest, error) {
	if err := checkSigningSecrets(secrets); err != nil {
		return signedRequest{}, err
	}
	sealed, err := splitSignedRequest(text)
	if err != nil {
		return signedRequest{}, err
	}
	return sealed.open(secrets, now)
}

// parseSignedPayload reads the JSON of a signed request. Others may stand beside
// the three members that are read, but each of those must stand there once, in
// exactly its spelling: encoding/json alone would also take ALGORITHM, and of two
// the later. Numbers stay text: a float64 knows 53 bits of an id.
func parseSignedPayload(payload []byte, now time.Time) (signedRequest, error) {
	if !utf8.Valid(payload) || !json.Valid(payload) {
		return signedRequest{}, errSignedRequest
	}
	members := map[string]string{"algorithm": "", "issued_at": "", "user_id": ""}
	if !scanObject(string(payload), members) {
		return signedRequest{}, errSignedRequest
	}
	issued, id := members["issued_at"], jsonText(members["user_id"])
	if id == "" {
		id = members["user_id"]
	}
	seconds, err := strconv.ParseInt(issued, 10, 64)
	if jsonText(members["algorithm"]) != signedAlgorithm ||
		err != nil || !isDigits(issued) || seconds < 1 || seconds > now.Unix()+int64(maxSkew/time.Second) ||
		!isDigits(id) || len(id) > maxUserID {
		return signedRequest{}, errSignedRequest
	}
	return signedRequest{userID: id, issuedAt: time.Unix(seconds, 0).UTC()}, nil
}

// isDigits reports whether a text is a whole number in its one spelling, zero
// included.
func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text == "0" || text != "" && text[0] != '0'
}

// jsonText returns what a JSON string says, "" for any other value.
func jsonText(value string) string {
	switch {
	case !strings.HasPrefix(value, `"`):
		return ""
	case !strings.Contains(value, `\`):
		return value[1 : len(value)-1]
	}
	var text string
	_ = json.Unmarshal([]byte(value), &text) // it is valid
	return text
}

// scanObject fills in the members of the given names with their JSON. It reports
// whether text, which is valid JSON, is an object with nothing nested too deeply
// in it, and whether each name stands there once at most, and nothing that differs
// from it in case only.
func scanObject(text string, members map[string]string) bool {
	if text = strings.TrimSpace(text); text[0] != '{' {
		return false
	}
	depth, start, name := 0, 0, ""
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			if depth++; depth > maxJSONDepth {
				return false
			}
			if depth == 1 {
				start = i + 1
			}
		case ':':
			if depth == 1 {
				name, start = jsonText(strings.TrimSpace(text[start:i])), i+1
			}
		case ',', '}', ']':
			if depth == 1 {
				if !keepMember(members, name, strings.TrimSpace(text[start:i])) {
					return false
				}
				start = i + 1
			}
			if c != ',' {
				depth--
			}
		}
	}
	return true
}

// keepMember fills in one member, if it is wanted.
func keepMember(members map[string]string, name, value string) bool {
	for wanted, known := range members {
		switch {
		case !strings.EqualFold(name, wanted):
		case name != wanted || known != "":
			return false
		default:
			members[wanted] = value
		}
	}
	return true
}
