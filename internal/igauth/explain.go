package igauth

import "slices"

// An Explanation is what the dictionary says of a code to developers. It is the
// object "error" of the API's answers.
type Explanation struct {
	Code  Code  `json:"code"`
	Class Class `json:"class,omitempty"`
	// Message is what happened, Cause why, and Hint what helps.
	Message string `json:"message"`
	Cause   string `json:"cause,omitempty"`
	Hint    string `json:"hint,omitempty"`
	// Checks are what to look at, the likeliest cause first, where the code alone
	// does not tell the cause.
	Checks []string `json:"checks,omitempty"`
	// Docs is where to read more, as a path in the repository.
	Docs string `json:"docs,omitempty"`
}

// docsPath is the page that is made of the dictionary.
const docsPath = "docs/errors.md"

// Explain returns what the dictionary says of the code; of one that it does not
// have, what it says of CodeUnavailable.
func (c Code) Explain() Explanation {
	e, ok := dictionary[c]
	if !ok {
		e = dictionary[CodeUnavailable]
	}
	return Explanation{
		Code: c, Class: e.class, Message: e.message, Cause: e.cause, Hint: e.hint,
		Checks: slices.Clone(e.checks), Docs: docsPath + "#" + string(e.code),
	}
}

// A Section is a part of the dictionary, as documents show it.
type Section struct {
	Title    string
	Intro    string
	Articles []Article
}

// An Article is all that the dictionary has about a code.
type Article struct {
	Explanation
	// Status is the HTTP status of an answer that reports the code.
	Status int `json:"status"`
	// Visitor is what visitors read, by language; nil if they do not meet the code.
	Visitor map[Language]Text `json:"visitor,omitempty"`
	// Sources are where the facts come from.
	Sources []string `json:"sources,omitempty"`
}

// Dictionary returns every code, by the place where it shows.
func Dictionary() []Section {
	all := make([]Section, len(sections))
	for i, s := range sections {
		all[i] = Section{Title: s.title, Intro: s.intro}
		for _, e := range s.entries {
			article := Article{Explanation: e.code.Explain(), Status: e.status, Sources: slices.Clone(e.sources)}
			if e.en.title != "" {
				article.Visitor = map[Language]Text{English: e.code.Text(English), Spanish: e.code.Text(Spanish)}
			}
			all[i].Articles = append(all[i].Articles, article)
		}
	}
	return all
}
