package igauth

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A PolicyPart is one of the ten numbers of a [Policy], as people write it.
type PolicyPart struct {
	Name string
	// Does says what the number decides.
	Does string
	// field points to the part in a policy: a *float64 or a *time.Duration.
	field func(*Policy) any
	// never says that 0 turns off what the part is about.
	never bool
}

// policyParts are in the order of the README.
var policyParts = []PolicyPart{
	{Name: "refresh_at", Does: "part of its life after which a token is refreshed", field: func(p *Policy) any { return &p.RefreshAt }},
	{Name: "jitter", Does: "part of its life by which accounts are spread to either side", field: func(p *Policy) any { return &p.Jitter }},
	{Name: "min_age", Does: "age below which no token is refreshed", field: func(p *Policy) any { return &p.MinAge }},
	{Name: "retry_every", Does: "time between tries after a refresh failed", field: func(p *Policy) any { return &p.RetryEvery }},
	{Name: "urgent_within", Does: "end of its life in which a token is tried more often", field: func(p *Policy) any { return &p.UrgentWithin }},
	{Name: "urgent_every", Does: "time between tries then", field: func(p *Policy) any { return &p.UrgentEvery }},
	{Name: "probe_every", Does: "time after which Meta is asked about a silent account; 0: never", field: func(p *Policy) any { return &p.ProbeEvery }, never: true},
	{Name: "confirm_after", Does: "time after which Meta is asked again about a token that it called dead", field: func(p *Policy) any { return &p.ConfirmAfter }},
	{Name: "warn_within", Does: "end of its life in which a failing token is warned of", field: func(p *Policy) any { return &p.WarnWithin }},
	{Name: "revive_within", Does: "time for which a dead token is still tried; 0: never", field: func(p *Policy) any { return &p.ReviveWithin }, never: true},
}

// PolicyParts returns the parts in the order of the README.
func PolicyParts() []PolicyPart { return append([]PolicyPart(nil), policyParts...) }

// Of returns the part's value in a policy, as [ParsePolicy] reads it.
func (part PolicyPart) Of(p Policy) string {
	p, _ = p.withDefaults() // they are filled in, whatever is wrong
	switch value := part.field(&p).(type) {
	case *float64:
		if *value <= almostNothing {
			return "0"
		}
		return strconv.FormatFloat(*value, 'f', -1, 64)
	case *time.Duration:
		return span(*value)
	}
	return ""
}

// String returns the whole policy, as [ParsePolicy] reads it.
func (p Policy) String() string {
	words := make([]string, len(policyParts))
	for i, part := range policyParts {
		words[i] = part.Name + "=" + part.Of(p)
	}
	return strings.Join(words, " ")
}

// Outage returns how long Meta, or everything here, may be away at least, without
// a token ending that lives as long as Meta's do: from the latest first refresh to
// the end.
func (p Policy) Outage() time.Duration {
	p, _ = p.withDefaults()
	return longLived - partOf(longLived, p.RefreshAt+p.Jitter).Truncate(time.Second)
}

// ParsePolicy reads a policy such as "refresh_at=0.5 probe_every=22h": names and
// values with spaces or commas between them. What is left out has its default. A
// time is a number with d, h, m or s, such as 7d or 1h30m. The error names all
// that is wrong.
func ParsePolicy(text string) (Policy, error) {
	var p Policy
	var problems []error
	seen := map[string]bool{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		name, value, _ := strings.Cut(word, "=")
		if seen[name] {
			problems = append(problems, fmt.Errorf("%s stands there twice", name))
			continue
		}
		part, known := policyPart(name)
		if !known {
			problems = append(problems, fmt.Errorf("%q is no part of the policy: known are %s", word, strings.Join(policyNames(), ", ")))
			continue
		}
		seen[name] = true
		problems = append(problems, part.parse(&p, value))
	}
	if err := errors.Join(problems...); err != nil {
		return Policy{}, err
	}
	p, err := p.withDefaults()
	if err != nil {
		return Policy{}, err
	}
	return p, nil
}

func policyPart(name string) (PolicyPart, bool) {
	for _, part := range policyParts {
		if part.Name == name {
			return part, true
		}
	}
	return PolicyPart{}, false
}

func policyNames() []string {
	names := make([]string, len(policyParts))
	for i, part := range policyParts {
		names[i] = part.Name
	}
	return names
}

// parse reads the part's value into a policy.
func (part PolicyPart) parse(p *Policy, value string) (err error) {
	switch to := part.field(p).(type) {
	case *float64:
		*to, err = part.parseNumber(value)
	case *time.Duration:
		*to, err = part.parseSpan(value)
	}
	return err
}

// almostNothing stands for 0 in a policy, where the zero value stands for the
// default.
const almostNothing = 1e-9

func (part PolicyPart) parseNumber(value string) (float64, error) {
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || !(number >= 0 && number < 1) { // which no NaN is
		return 0, fmt.Errorf("%s=%s: must be a part of a token's life between 0 and 1, such as 0.5", part.Name, value)
	}
	return max(number, almostNothing), nil
}

// longestSpan bounds a time in a policy. No token lives as long.
const longestSpan = 365 * 24 * time.Hour

// ParseSpan reads a time: a number with d, h, m or s, or several of them, such as 7d
// or 1h30m. The error says what is wrong with it, and not what the time was for.
func ParseSpan(text string) (time.Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "0", text
	}
	n, err := strconv.ParseUint(days, 10, 12) // up to eleven years
	d := time.Duration(0)
	if err == nil && rest != "" {
		d, err = time.ParseDuration(rest)
	}
	if err != nil || text == "" || d < 0 || d > 10*longestSpan || strings.ContainsAny(rest, "+-") || d%time.Second != 0 {
		return 0, errors.New("must be a time such as 7d, 22h or 45m")
	}
	return d + time.Duration(n)*24*time.Hour, nil
}

func (part PolicyPart) parseSpan(value string) (time.Duration, error) {
	d, err := ParseSpan(value)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s=%s: %w", part.Name, value, err)
	case d > longestSpan:
		return 0, fmt.Errorf("%s=%s: must be 365d at most", part.Name, value)
	case d == 0 && part.never:
		return -1, nil
	case d == 0:
		return 0, fmt.Errorf("%s=%s: must be more than nothing", part.Name, value)
	}
	return d, nil
}

// span writes a time as ParsePolicy reads it.
func span(d time.Duration) string {
	if d < 0 {
		return "0"
	}
	day := 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
