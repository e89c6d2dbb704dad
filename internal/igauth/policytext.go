package igauth

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParsePolicy reads a policy such as "refresh_at=0.5 probe_every=22h": names and
// values with spaces or commas between them. What is left out has its default. A
// time is a number with d, h, m or s, such as 7d or 1h30m. The error names all
// that is wrong.
func ParsePolicy(text string) (Policy, error) {
	var p Policy
	parts := map[string]*float64{"refresh_at": &p.RefreshAt, "jitter": &p.Jitter}
	times := map[string]*time.Duration{
		"min_age": &p.MinAge, "retry_every": &p.RetryEvery,
		"urgent_within": &p.UrgentWithin, "urgent_every": &p.UrgentEvery,
		"probe_every": &p.ProbeEvery, "confirm_after": &p.ConfirmAfter,
		"warn_within": &p.WarnWithin, "revive_within": &p.ReviveWithin,
	}
	var problems []error
	seen := map[string]bool{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' }) {
		name, value, _ := strings.Cut(word, "=")
		var err error
		switch {
		case seen[name]:
			err = fmt.Errorf("%s stands there twice", name)
		case parts[name] != nil:
			*parts[name], err = parsePart(name, value)
		case times[name] != nil:
			*times[name], err = parseSpan(name, value)
		default:
			err = fmt.Errorf("%q is no part of the policy: known are %s", word, strings.Join(policyNames, ", "))
		}
		seen[name] = true
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return Policy{}, err
	}
	return p.withDefaults()
}

// policyNames are the names in the order of the README.
var policyNames = []string{
	"refresh_at", "jitter", "min_age", "retry_every", "urgent_within", "urgent_every",
	"probe_every", "confirm_after", "warn_within", "revive_within",
}

func parsePart(name, value string) (float64, error) {
	part, err := strconv.ParseFloat(value, 64)
	if err != nil || !(part >= 0 && part < 1) {
		return 0, fmt.Errorf("%s=%s: must be a part of a token's life between 0 and 1, such as 0.5", name, value)
	}
	if part == 0 {
		// The zero value stands for the default.
		part = 1e-9
	}
	return part, nil
}

func parseSpan(name, value string) (time.Duration, error) {
	days, rest, found := strings.Cut(value, "d")
	if !found {
		days, rest = "0", value
	}
	n, err := strconv.ParseUint(days, 10, 12)
	d := time.Duration(0)
	if err == nil && rest != "" {
		d, err = time.ParseDuration(rest)
	}
	if err != nil || d < 0 || d > 24*365*time.Hour {
		return 0, fmt.Errorf("%s=%s: must be a time such as 7d, 22h or 45m", name, value)
	}
	d += time.Duration(n) * 24 * time.Hour
	switch {
	case d == 0 && slices.Contains([]string{"probe_every", "revive_within"}, name):
		return -1, nil // never
	case d == 0:
		return 0, fmt.Errorf("%s=%s: must be more than nothing", name, value)
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
	text = strings.TrimSuffix(text, "0s")
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	if text == "" {
		return "0"
	}
	return text
}
