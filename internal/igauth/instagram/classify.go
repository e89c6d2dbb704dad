package instagram

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// A metaError is a failure as Meta reports it, in one of two envelopes:
//
//	{"error":{"message","type","code","error_subcode","is_transient","fbtrace_id"}}
//	{"error_type","code","error_message"}
//
// The first is of the graph host
// (https://developers.facebook.com/docs/graph-api/guides/error-handling), the
// second of the code exchange, where code is only the HTTP status.
type metaError struct {
	Message   string     `json:"message"`
	Type      string     `json:"type"`
	Code      looseCount `json:"code"`
	Subcode   looseCount `json:"error_subcode"`
	Transient bool       `json:"is_transient"`
	TraceID   string     `json:"fbtrace_id"`
}

// looseCount is a number, or text that is one; anything else is 0, since an
// error in the form of an error must not hide the error.
type looseCount int

func (n *looseCount) UnmarshalJSON(data []byte) error {
	value, err := strconv.Atoi(strings.Trim(string(data), `"`))
	if err != nil {
		value = 0
	}
	*n = looseCount(value)
	return nil
}

// envelopes reads the failure that a body reports, if it does.
func envelopes(body []byte) (m metaError, graph, found bool) {
	var both struct {
		Error        json.RawMessage `json:"error"`
		ErrorType    string          `json:"error_type"`
		ErrorMessage string          `json:"error_message"`
		Code         looseCount      `json:"code"`
	}
	if json.Unmarshal(body, &both) != nil {
		return metaError{}, false, false
	}
	if len(both.Error) > 0 && string(both.Error) != "null" {
		// What cannot be read of it stays zero.
		_ = json.Unmarshal(both.Error, &m)
		return m, true, true
	}
	if both.ErrorType != "" || both.ErrorMessage != "" {
		return metaError{Message: both.ErrorMessage, Type: both.ErrorType, Code: both.Code}, false, true
	}
	return metaError{}, false, false
}

// classify returns what is wrong with an answer, nil if it is a success. What
// Meta's servers say about themselves (5xx, 429) comes before what the body says,
// since a body that comes with an outage proves nothing about a token.
func classify(a answer) *igauth.Error {
	m, graph, found := envelopes(a.body)
	success := a.status >= 200 && a.status < 300
	if success && !found {
		return nil
	}
	e := &igauth.Error{Code: igauth.CodeMetaRefused, Sent: true, Detail: detail(a.status, m, found)}
	switch {
	case a.status == http.StatusTooManyRequests:
		e.Code = igauth.CodeRateLimited
	case a.status >= 500:
		e.Code = igauth.CodeMetaUnavailable
	case !found:
		// A page of a proxy, a redirect, or nothing at all.
		e.Code = igauth.CodeMetaUnreadable
	case graph:
		e.Code = graphCode(m)
		if m.Code == codeInvalidParameter && !m.Transient {
			e.Err = errInvalidParameter
		}
	default:
		e.Code = flatCode(m)
	}
	e.Class = e.Code.Class()
	if e.Class == igauth.ClassThrottled {
		e.RetryAfter = retryAfter(a.header, int(m.Code))
	}
	return e
}

// errInvalidParameter marks Graph's code 100.
var errInvalidParameter = errors.New("invalid parameter")

func isInvalidParameter(err error) bool { return errors.Is(err, errInvalidParameter) }

const codeInvalidParameter = 100

// A rule matches a failure by number, by part of its message (lower case), or
// both. The first rule that matches decides.
type rule struct {
	codes    []int
	subcodes []int
	message  string
	is       igauth.Code
}

// graphRules classify failures of the graph host. Numbers come before types: a
// rate limit is an OAuthException, too. Sources: Meta's pages on error handling
// and rate limiting (https://developers.facebook.com/docs/graph-api/guides/error-handling,
// https://developers.facebook.com/docs/graph-api/overview/rate-limiting); texts
// as reported by users where Meta documents none.
var graphRules = []rule{
	{codes: []int{4, 17, 32, 341, 368, 613}, is: igauth.CodeRateLimited},
	{codes: span(80000, 80014), is: igauth.CodeRateLimited},
	{codes: []int{1}, message: "client secret", is: igauth.CodeAppSecret},
	{codes: []int{1, 2}, is: igauth.CodeMetaUnavailable},
	{codes: []int{101}, is: igauth.CodeAppID},
	{codes: []int{3, 104}, is: igauth.CodeAppMisconfigured},
	{message: "validating client secret", is: igauth.CodeAppSecret},
	{message: "invalid client secret", is: igauth.CodeAppSecret},
	// An app that is gone says nothing about an account.
	{codes: []int{102, 190}, message: "validating application", is: igauth.CodeAppMisconfigured},
	// The checkpoint must come before the token's death: the token may be fine.
	{codes: []int{102, 190}, subcodes: []int{459, 464}, is: igauth.CodeCheckpoint},
	{codes: []int{102, 190}, message: "checkpoint", is: igauth.CodeCheckpoint},
	{codes: []int{102, 190}, message: "until you log in", is: igauth.CodeCheckpoint},
	{codes: []int{102, 190}, message: "till you log in", is: igauth.CodeCheckpoint},
	{codes: []int{102, 190}, subcodes: []int{458}, is: igauth.CodeAppRemoved},
	{codes: []int{102, 190}, message: "not authorized application", is: igauth.CodeAppRemoved},
	{codes: []int{102, 190}, subcodes: []int{460}, is: igauth.CodePasswordChanged},
	{codes: []int{102, 190}, message: "changed their password", is: igauth.CodePasswordChanged},
	{codes: []int{102, 190}, subcodes: []int{463}, is: igauth.CodeTokenExpired},
	{codes: []int{102, 190}, message: "session has expired", is: igauth.CodeTokenExpired},
	{codes: []int{102, 190}, is: igauth.CodeTokenInvalid},
	{message: "unsupported request - method type", is: igauth.CodeNotEligible},
	{message: "not an instagram business", is: igauth.CodePersonalAccount},
	{message: "developer role", is: igauth.CodeDeveloperRole},
	{codes: []int{10}, is: igauth.CodePermissionGone},
	{codes: span(200, 299), is: igauth.CodePermissionGone},
	{codes: []int{100}, subcodes: []int{36007}, is: igauth.CodeCodeInvalid},
	{codes: []int{100}, subcodes: []int{36008}, is: igauth.CodeRedirectURI},
	{codes: []int{100}, subcodes: []int{36009}, is: igauth.CodeCodeUsed},
	{message: "24 hours", is: igauth.CodeTokenTooYoung},
	{message: "too soon", is: igauth.CodeTokenTooYoung},
}

// flatRules classify failures of the code exchange by their text, which is all
// there is. The first is documented (business-login page), the others were
// reported by users of the API.
var flatRules = []rule{
	{codes: []int{http.StatusTooManyRequests}, is: igauth.CodeRateLimited},
	{message: "matching code was not found", is: igauth.CodeCodeInvalid},
	{message: "code has been used", is: igauth.CodeCodeUsed},
	{message: "invalid authorization code", is: igauth.CodeCodeInvalid},
	{message: "redirect_uri", is: igauth.CodeRedirectURI},
	{message: "redirect uri", is: igauth.CodeRedirectURI},
	{message: "invalid platform app", is: igauth.CodeAppID},
	{message: "client_id", is: igauth.CodeAppID},
	{message: "client id", is: igauth.CodeAppID},
	{message: "client secret", is: igauth.CodeAppSecret},
	{message: "client_secret", is: igauth.CodeAppSecret},
	{message: "invalid scope", is: igauth.CodeScopeRefused},
	{message: "developer role", is: igauth.CodeDeveloperRole},
}

// graphCode lets is_transient overrule everything but a limit, which is the more
// exact word for it. What the numbers do not tell, the texts of the code exchange
// may: Meta sends some of them in this envelope, too.
func graphCode(m metaError) igauth.Code {
	code := firstMatch(graphRules, m)
	switch {
	case m.Transient && code != igauth.CodeRateLimited:
		return igauth.CodeMetaUnavailable
	case code == igauth.CodeMetaRefused:
		return flatCode(m)
	}
	return code
}

func flatCode(m metaError) igauth.Code { return firstMatch(flatRules, m) }

// firstMatch applies the rules. What none matches is CodeMetaRefused, which is
// transient: what is not understood harms no account.
func firstMatch(rules []rule, m metaError) igauth.Code {
	message := strings.ToLower(m.Message)
	for _, r := range rules {
		if r.codes != nil && !slices.Contains(r.codes, int(m.Code)) ||
			r.subcodes != nil && !slices.Contains(r.subcodes, int(m.Subcode)) ||
			!strings.Contains(message, r.message) {
			continue
		}
		return r.is
	}
	return igauth.CodeMetaRefused
}

func span(from, to int) []int {
	var numbers []int
	for n := from; n <= to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

// detail is the remark for the log: Meta's numbers, not its words, which may
// quote what was sent.
func detail(status int, m metaError, found bool) string {
	text := fmt.Sprintf("status %d", status)
	if !found {
		return text
	}
	if m.Code != 0 && int(m.Code) != status {
		text += fmt.Sprintf(", code %d", m.Code)
	}
	if m.Subcode != 0 {
		text += fmt.Sprintf("/%d", m.Subcode)
	}
	if word := identifier(m.Type); word != "" {
		text += ", " + word
	}
	if word := identifier(m.TraceID); word != "" {
		text += ", trace " + word
	}
	return text
}

// identifier returns text if it is a short word of letters and digits.
func identifier(text string) string {
	if len(text) > 40 || strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-'
	}) {
		return ""
	}
	return text
}

const (
	// policyBlock is how long is waited after code 368, a block for policy
	// reasons, for which Meta names no time.
	policyBlock = 24 * time.Hour
	longestWait = 48 * time.Hour
)

// retryAfter returns how long Meta asks to wait, 0 if it does not say.
func retryAfter(header http.Header, code int) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds > 0 {
		wait = time.Duration(min(seconds, int(longestWait/time.Second))) * time.Second
	}
	if _, regain, ok := businessUsage(header); ok {
		wait = max(wait, regain)
	}
	if code == 368 {
		wait = max(wait, policyBlock)
	}
	return min(wait, longestWait)
}
