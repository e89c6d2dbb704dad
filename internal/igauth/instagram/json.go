package instagram

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"igauth/internal/igauth"
)

var errForm = errors.New("unexpected form")

// tokenText is an access token in an answer: printable text without spaces.
// Meta says to expect any length
// (https://developers.facebook.com/documentation/facebook-login/guides/access-tokens).
type tokenText string

const maxToken = 8 << 10

func (t *tokenText) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil || len(text) > maxToken {
		return errForm
	}
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' {
			return errForm
		}
	}
	*t = tokenText(text)
	return nil
}

func (t tokenText) secret() igauth.Secret { return igauth.NewSecret(string(t)) }

// idText is an id. Meta sends it as text or as a number, which exceeds 2^53, so
// that the digits are read as they stand.
type idText string

func (t *idText) UnmarshalJSON(data []byte) error {
	text := string(data)
	if text == "null" {
		return nil
	}
	if len(data) > 0 && data[0] == '"' && json.Unmarshal(data, &text) != nil {
		return errForm
	}
	if text != "" && !igauth.AccountID(text).Valid() {
		return errForm
	}
	*t = idText(text)
	return nil
}

// wholeCount is a number that may come as text.
type wholeCount int64

func (n *wholeCount) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" || text == "" {
		return nil
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		// Some serializers write whole numbers with a fraction.
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f != float64(int64(f)) {
			return errForm
		}
		value = int64(f)
	}
	*n = wholeCount(value)
	return nil
}

// scopeList is a list of scopes, sorted: a JSON list, text separated by commas,
// or absent, which stays nil.
type scopeList []string

func (l *scopeList) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var list []string
	if json.Unmarshal(data, &list) != nil {
		var text string
		if json.Unmarshal(data, &text) != nil {
			return errForm
		}
		list = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	}
	scopes := scopeList{}
	for _, scope := range list {
		if len(scope) > 100 || strings.ContainsFunc(scope, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return errForm
		}
		scopes = append(scopes, scope)
	}
	slices.Sort(scopes)
	*l = slices.Compact(scopes)
	return nil
}
