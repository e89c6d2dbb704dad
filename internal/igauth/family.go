package igauth

import (
	"regexp"
	"slices"
	"strings"
)

// A Family is a kind of access token, told by how its text begins. Meta asks to
// treat tokens as opaque and may change prefixes at any time
// (https://developers.facebook.com/documentation/facebook-login/guides/access-tokens),
// so a family is for explaining a refusal and for finding tokens in a file, and
// a text of no known family may well be a token.
type Family string

// The families of tokens.
const (
	// FamilyInstagram are the tokens of Instagram Login, IGAA….
	FamilyInstagram Family = "instagram_login"
	// FamilyBasicDisplay are those of the Instagram Basic Display API, IGQV… and
	// IGQW…, which Meta shut down on 4 December 2024
	// (https://developers.facebook.com/blog/post/2024/09/04/update-on-instagram-basic-display-api/).
	FamilyBasicDisplay Family = "basic_display"
	// FamilyLegacy are those of the first Instagram API, such as
	// 1527925940.ac27022.… (number, client, secret part), whose last permission
	// went on 29 June 2020
	// (https://developers.facebook.com/blog/post/2019/10/15/launch-instagram-basic-display-api/).
	FamilyLegacy Family = "legacy_api"
	// FamilyFacebook are those of Facebook Login, EAA….
	FamilyFacebook Family = "facebook_login"
	// FamilyUnknown is everything else.
	FamilyUnknown Family = "unknown"
)

// The lengths keep version numbers and addresses from looking like a token.
var legacyToken = regexp.MustCompile(`^[0-9]{1,20}\.[0-9a-fA-F]{5,40}\.[0-9a-fA-F]{20,}$`)

// FamilyOf tells the family of a token from its text.
func FamilyOf(token Secret) Family { return familyOf(token.Reveal()) }

func familyOf(text string) Family {
	switch {
	case strings.HasPrefix(text, "IGAA"):
		return FamilyInstagram
	case strings.HasPrefix(text, "IGQV"), strings.HasPrefix(text, "IGQW"):
		return FamilyBasicDisplay
	case strings.HasPrefix(text, "EAA"):
		return FamilyFacebook
	case legacyToken.MatchString(text):
		return FamilyLegacy
	}
	return FamilyUnknown
}

// maxTokenText is the longest text that is taken for a token, in bytes. Tokens
// have some 200; Meta only says that their length may change.
const maxTokenText = 4096

// CheckTokenText reports whether a text that somebody brings can be a token of
// Instagram Login, without asking Meta. A text of an unknown family can. The
// error is an *Error of ClassRefused whose code says what the text is instead;
// it holds nothing of the text.
//
// White space, quotation marks and "Bearer " around the token are faults here:
// whoever reads the text takes them off.
func CheckTokenText(token Secret) error {
	code, detail := tokenFault(token.Reveal())
	if code == "" {
		return nil
	}
	err := newError(code, nil)
	err.Detail = detail
	return err
}

var (
	appSecret = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)
	appToken  = regexp.MustCompile(`^[0-9]+\|`)
	// The second form is a piece of an address, such as access_token=….
	link = regexp.MustCompile(`(?i)://|^www\.|instagram\.com/|^[?#&]?(access_token|code|token)=`)
)

// tokenFault returns why a text is no token of Instagram Login, or nothing. What
// a text is comes before what is wrong with its characters: a JSON document has
// spaces too, but they are not what its owner must hear about.
func tokenFault(text string) (code Code, detail string) {
	switch {
	case text == "":
		return CodeTokenMissing, ""
	case isPlaceholder(text):
		return CodeTokenPlaceholder, ""
	case text[0] == '{' || text[0] == '[':
		return CodeTokenIsJSON, ""
	case link.MatchString(text):
		return CodeTokenIsLink, ""
	}
	if detail := damage(text); detail != "" {
		return CodeTokenDamaged, detail
	}
	switch familyOf(text) {
	case FamilyBasicDisplay:
		return CodeTokenBasicDisplay, ""
	case FamilyLegacy:
		return CodeTokenLegacy, ""
	case FamilyFacebook:
		return CodeTokenFacebook, ""
	}
	switch {
	case appSecret.MatchString(text):
		return CodeTokenIsAppSecret, ""
	case appToken.MatchString(text):
		return CodeTokenIsAppToken, ""
	case strings.HasPrefix(text, "AQ"):
		return CodeTokenIsCode, ""
	}
	return "", ""
}

// damage names what no token has, or returns nothing.
func damage(text string) string {
	if len(text) > maxTokenText {
		return "longer than 4096 characters"
	}
	// Lists and documents show tokens shortened or masked.
	if strings.Contains(text, "...") || strings.Contains(text, "…") || strings.Contains(text, "**") || strings.Contains(text, "••") {
		return "shortened or masked"
	}
	for _, c := range text {
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			return "white space inside"
		case c < ' ' || c == 0x7f:
			return "a control character inside"
		case c > 0x7f:
			return "a character that is not ASCII"
		case c == '"' || c == '\'' || c == '`' || c == '<' || c == '>':
			return "a quotation mark or bracket"
		}
	}
	return ""
}

// placeholderWords are the words of which texts consist that stand in for a
// token: YOUR_ACCESS_TOKEN, <paste-token-here>, copy_token_here, undefined. All
// words of a text must be here, so that no chance meets them in a real token.
var placeholderWords = []string{
	"a", "access", "accesstoken", "api", "app", "bearer", "change", "changeme", "copy", "dummy", "eaa", "empty", "enter",
	"example", "facebook", "false", "fb", "fill", "fixme", "get", "here", "ig", "igaa", "in", "insert", "insta", "instagram",
	"instagramtoken", "it", "key", "lived", "ll", "long", "longlivedtoken", "me", "my", "mytoken", "nan", "nil", "none",
	"null", "object", "of", "paste", "placeholder", "put", "redacted", "replace", "replaceme", "sample", "secret", "some",
	"starting", "tbd", "the", "this", "to", "todo", "token", "true", "undefined", "user", "value", "with", "xx", "xxx", "xxxx",
	"your", "youraccesstoken", "yourtoken",
}

// isPlaceholder reports whether a text only stands in for a token: words such as
// those above, a variable that nothing filled in, or one character repeated.
func isPlaceholder(text string) bool {
	if text[0] == '$' || strings.Trim(text, text[:1]) == "" {
		return true
	}
	if len(text) > 80 {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r < 0x80 && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	for _, word := range words {
		if !slices.Contains(placeholderWords, word) {
			return false
		}
	}
	return len(words) > 0
}
