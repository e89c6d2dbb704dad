package instagram

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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

// classify returns what is wrong with an answer, nil if it is a success.
func classify(a answer) *igauth.Error {
	r := report{status: a.status, envelope: noEnvelope}
	m, graph, found := envelopes(a.body)
	switch {
	case !found && a.status >= 200 && a.status < 300:
		return nil
	case found && graph:
		r.envelope = graphEnvelope
	case found:
		r.envelope = flatEnvelope
	}
	r.metaError = m
	e := r.judge()
	if graph && a.status < 500 && a.status != http.StatusTooManyRequests && m.Code == codeInvalidParameter && !m.Transient {
		e.Err = errInvalidParameter
	}
	if e.Class == igauth.ClassThrottled {
		e.RetryAfter = retryAfter(a.header, int(m.Code))
	}
	return e
}

// judge returns what the first rule that matches makes of a failure.
func (r report) judge() *igauth.Error {
	e := &igauth.Error{Code: igauth.CodeMetaRefused, Sent: true, Detail: detail(r.status, r.metaError, r.envelope != noEnvelope)}
	for _, rule := range rules {
		if rule.matches(r) {
			e.Code = rule.is
			if rule.ofApp {
				e.Err = igauth.ErrAppLimit
			}
			break
		}
	}
	e.Class = e.Code.Class()
	return e
}

// errInvalidParameter marks Graph's code 100.
var errInvalidParameter = errors.New("invalid parameter")

func isInvalidParameter(err error) bool { return errors.Is(err, errInvalidParameter) }

const codeInvalidParameter = 100

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
