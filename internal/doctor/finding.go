// Package doctor examines an installation and says what is wrong with it, why
// that matters, and how it is mended.
//
// A check looks at facts and returns findings. Most checks are functions of
// values; those that have to ask somebody (Meta, the installation's own address,
// a ledger, AWS) take what they ask as an argument, and bound every question.
// Nothing is changed by any of them: no account, no token, no flow.
package doctor

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"igauth/internal/igauth"
)

// A Severity says what a finding asks of its reader.
type Severity string

// The severities, from the harmless to the grave.
const (
	// OK is what was looked at and is as it should be.
	OK Severity = "ok"
	// Info is good to know, and asks for nothing.
	Info Severity = "info"
	// Warning is what works today and may not tomorrow, or what could not be
	// judged for certain.
	Warning Severity = "warning"
	// Error is what does not work.
	Error Severity = "error"
)

var severities = []Severity{OK, Info, Warning, Error}

// A Finding is one thing that a check has to say.
type Finding struct {
	// ID names what was found. It is stable; docs/doctor.md lists all.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Subject is what the finding is about: a variable, a host, a role, an
	// account. It is empty where the id says it.
	Subject string `json:"subject,omitempty"`
	// What was found, Why it matters, and how to Mend it.
	What string `json:"what"`
	Why  string `json:"why,omitempty"`
	Mend string `json:"mend,omitempty"`
}

func good(id, subject, what string) Finding {
	return Finding{ID: id, Severity: OK, Subject: subject, What: what}
}

func note(id, subject, what, why, mend string) Finding {
	return Finding{ID: id, Severity: Info, Subject: subject, What: what, Why: why, Mend: mend}
}

func warn(id, subject, what, why, mend string) Finding {
	return Finding{ID: id, Severity: Warning, Subject: subject, What: what, Why: why, Mend: mend}
}

func fault(id, subject, what, why, mend string) Finding {
	return Finding{ID: id, Severity: Error, Subject: subject, What: what, Why: why, Mend: mend}
}

// A Report is the outcome of an examination.
type Report struct {
	// Examined says what was looked at, for a person.
	Examined string    `json:"examined"`
	Findings []Finding `json:"findings"`
	Summary  Summary   `json:"summary"`
}

// A Summary counts the findings.
type Summary struct {
	OK       int `json:"ok"`
	Info     int `json:"info"`
	Warnings int `json:"warnings"`
	Errors   int `json:"errors"`
	// Worst is the gravest severity among them.
	Worst Severity `json:"worst"`
}

// NewReport returns the report of findings, the gravest first. The texts of the
// given secrets, and whatever has the shape of a secret, are taken out of it: a
// secret that stands where an id belongs must not be shown by who finds it there.
func NewReport(examined string, findings []Finding, secrets ...igauth.Secret) Report {
	r := Report{Examined: examined, Findings: []Finding{}, Summary: Summary{Worst: OK}}
	for _, f := range findings {
		for _, text := range []*string{&f.Subject, &f.What, &f.Why, &f.Mend} {
			*text = scrub(*text, secrets)
		}
		switch f.Severity {
		case OK:
			r.Summary.OK++
		case Info:
			r.Summary.Info++
		case Warning:
			r.Summary.Warnings++
		case Error:
			r.Summary.Errors++
		}
		if rank(f.Severity) > rank(r.Summary.Worst) {
			r.Summary.Worst = f.Severity
		}
		r.Findings = append(r.Findings, f)
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Compare(rank(b.Severity), rank(a.Severity))
	})
	return r
}

func rank(s Severity) int { return slices.Index(severities, s) }

// hidden stands for what is not shown.
const hidden = "(hidden)"

// secretLike is what secrets look like: 32 hexadecimal digits, the two parts of
// an app token, a token of one of Meta's families, or a long run of letters and
// digits as keys are. Ids, addresses and the names of roles are shorter or have
// other characters in them.
var secretLike = regexp.MustCompile(`[0-9]{5,20}\|[A-Za-z0-9_-]{8,}|(IGAA|IGQ[VW]|EAA)[A-Za-z0-9_-]{8,}|[0-9A-Fa-f]{32,}|[A-Za-z0-9]{43,}`)

func scrub(text string, secrets []igauth.Secret) string {
	for _, secret := range secrets {
		if plain := strings.TrimSpace(secret.Reveal()); len(plain) >= minHidden {
			text = strings.ReplaceAll(text, plain, hidden)
		}
	}
	// What another machine has answered must not write on this terminal.
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return secretLike.ReplaceAllString(text, hidden)
}

// minHidden is how long a secret is at least to be taken out: the text "a" is in
// every sentence.
const minHidden = 6

// together makes checks at the same time and returns what they find, in the order
// of the checks.
func together(checks ...func() []Finding) []Finding {
	found := make([][]Finding, len(checks))
	var group sync.WaitGroup
	for i, check := range checks {
		group.Go(func() { found[i] = check() })
	}
	group.Wait()
	return slices.Concat(found...)
}
