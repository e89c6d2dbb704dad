package instagram

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"igauth/internal/igauth"
)

// shown are texts that Meta shows on pages of its own, from which no visitor comes
// back, so that no rule can meet them. Lower case.
var shown = []struct {
	text string
	is   igauth.Code
}{
	{"page isn't available", igauth.CodeAppID},
	{"page not found", igauth.CodeAppID},
	{"invalid app id", igauth.CodeAppID},
	{"url blocked", igauth.CodeRedirectURI},
	{"app not active", igauth.CodeAppMisconfigured},
	{"app isn't available", igauth.CodeAppMisconfigured},
	{"app not setup", igauth.CodeDeveloperRole},
	{"in development mode", igauth.CodeDeveloperRole},
}

// Sayings returns what Meta says where it means a code, as documents show it: its
// numbers, or a part of its text in quotation marks.
func Sayings(code igauth.Code) []string {
	var all []string
	add := func(saying string) {
		if !slices.Contains(all, saying) {
			all = append(all, saying)
		}
	}
	for _, r := range rules {
		if r.is == code {
			add(r.condition())
		}
	}
	for _, s := range shown {
		if s.is == code && !slices.Contains(all, strconv.Quote(s.text)) {
			add(strconv.Quote(s.text) + ", on a page of Meta's")
		}
	}
	return all
}

// written are Meta's numbers as people write them: 190/460, (#10), "code 190",
// "code":190,"error_subcode":460, subcode 460.
var (
	writtenCode    = regexp.MustCompile(`(?i)^\s*#?(\d{1,7})(?:\s*[/, ]\s*(\d{1,9}))?(?:\s|$)|\(#(\d{1,7})\)|(?:^|[^b])code\W{1,4}(\d{1,7})(?:\s*/\s*(\d{1,9}))?`)
	writtenSubcode = regexp.MustCompile(`(?i)subcode\W{1,4}(\d{1,9})`)
)

// Recognize returns the codes for which something that Meta said may stand, the
// likeliest first: the body of an answer, numbers such as 190/460, or a text.
func Recognize(said string) []igauth.Code {
	var codes []igauth.Code
	add := func(code igauth.Code) {
		if code != igauth.CodeMetaRefused && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if _, _, found := envelopes([]byte(said)); found {
		add(classify(answer{status: http.StatusBadRequest, body: []byte(said)}).Code)
		return codes
	}
	r := report{status: http.StatusBadRequest, envelope: graphEnvelope, metaError: metaError{Message: said}}
	if m := writtenCode.FindStringSubmatch(said); m != nil {
		r.Code = firstNumber(m[1], m[3], m[4])
		r.Subcode = firstNumber(m[2], m[5])
	}
	if m := writtenSubcode.FindStringSubmatch(said); m != nil {
		r.Subcode = firstNumber(m[1])
	}
	if r.Code != 0 {
		for _, rule := range rules {
			if rule.matches(r) {
				add(rule.is)
				break
			}
		}
	}
	text := strings.ToLower(said)
	for _, s := range shown {
		if strings.Contains(text, s.text) {
			add(s.is)
		}
	}
	// People have the text alone: the number that a rule asks for beside it is
	// taken for granted.
	for _, rule := range rules {
		if rule.message != "" && strings.Contains(text, rule.message) {
			add(rule.is)
		}
	}
	return codes
}

// firstNumber returns the first text that is a number.
func firstNumber(texts ...string) looseCount {
	for _, text := range texts {
		if n, err := strconv.Atoi(text); err == nil {
			return looseCount(n)
		}
	}
	return 0
}

// condition is what the rule asks for, in words.
func (r rule) condition() string {
	var parts []string
	switch {
	case r.statuses == [2]int{500, 999}:
		parts = append(parts, "status 500 and above")
	case r.statuses != [2]int{}:
		parts = append(parts, "status "+strconv.Itoa(r.statuses[0]))
	}
	if r.codes != nil {
		parts = append(parts, "code "+numbers(r.codes))
	}
	if r.subcodes != nil {
		parts = append(parts, "subcode "+numbers(r.subcodes))
	}
	if r.message != "" {
		parts = append(parts, strconv.Quote(r.message))
	}
	if r.transient {
		parts = append(parts, "is_transient")
	}
	if parts == nil {
		return "anything"
	}
	return strings.Join(parts, ", ")
}

func numbers(list []int) string {
	if len(list) > 3 {
		return fmt.Sprintf("%d to %d", list[0], list[len(list)-1])
	}
	var words []string
	for _, n := range list {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, " or ")
}
