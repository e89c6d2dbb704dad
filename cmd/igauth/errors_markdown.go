package main

import (
	"fmt"
	"strings"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

//go:generate sh -c "go run . errors --markdown > ../../docs/errors.md"

// errorsMarkdown is docs/errors.md.
func errorsMarkdown() string {
	var b strings.Builder
	b.WriteString(`# Errors

<!-- Generated from the dictionary in internal/igauth: make docs. Do not edit. -->

Whatever goes wrong has a code: a word that stays the same on pages (in small print), in
the API's answers, in events, in log lines and in the command. This page says of each what
it means, what helps, and what to check where the cause is not certain, the likeliest
first. On a terminal, ` + "`igauth errors CODE`" + ` says the same, and ` + "`igauth errors \"what Meta said\"`" + `
finds the code.

**Class** is what a failure means for an account:

| class | means |
| --- | --- |
`)
	for _, class := range []struct{ name, means string }{
		{"transient", "It may pass by itself, and is tried again. The token stays."},
		{"throttled", "Meta asks for fewer calls. It is tried again later."},
		{"dead", "Meta says that the token is no longer valid. When Meta says it twice, the owner must connect again."},
		{"needs_user", "The owner has something to do at Instagram or Facebook. The token may be fine."},
		{"misconfigured", "A fault of the Meta app or of this installation. It says nothing about an account."},
		{"too_young", "The token is younger than 24 hours and is refreshed later."},
		{"refused", "The request cannot be served. It says nothing about an account."},
	} {
		fmt.Fprintf(&b, "| `%s` | %s |\n", class.name, class.means)
	}
	b.WriteString("\n## Contents\n")
	sections := igauth.Dictionary()
	for _, s := range sections {
		fmt.Fprintf(&b, "\n**[%s](#%s)**\n\n| code | means |\n| --- | --- |\n", s.Title, anchor(s.Title))
		for _, a := range s.Articles {
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", a.Code, a.Code, a.Message)
		}
	}
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.Title, s.Intro)
		for _, a := range s.Articles {
			article(&b, a)
		}
	}
	return b.String()
}

// anchor is how a heading is linked to on GitHub and its like.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r >= 'a' && r <= 'z', r == '-', r == '_':
			return r
		}
		return -1
	}, strings.ToLower(heading))
}

func article(b *strings.Builder, a igauth.Article) {
	fmt.Fprintf(b, "\n### %s\n\n**%s.** %s\n", a.Code, a.Message, a.Cause)
	fmt.Fprintf(b, "\n**What helps.** %s\n", a.Hint)
	if len(a.Checks) > 0 {
		b.WriteString("\n**What to check**, the likeliest first:\n\n")
		for i, check := range a.Checks {
			fmt.Fprintf(b, "%d. %s\n", i+1, check)
		}
	}
	if len(a.Visitor) > 0 {
		b.WriteString("\n**What the visitor reads:**\n\n")
		en, es := a.Visitor[igauth.English], a.Visitor[igauth.Spanish]
		fmt.Fprintf(b, "> **%s.** %s\n>\n> **%s.** %s\n", en.Title, en.Body, es.Title, es.Body)
	}
	if says := instagram.Sayings(a.Code); len(says) > 0 {
		b.WriteString("\n**Meta says:** ")
		for i, saying := range says {
			if i > 0 {
				b.WriteString("; ")
			}
			b.WriteString(saying)
		}
		b.WriteString(".\n")
	}
	facts := []string{fmt.Sprintf("HTTP status %d", a.Status)}
	if a.Class != "" {
		facts = append([]string{fmt.Sprintf("Class `%s`", a.Class)}, facts...)
	}
	for i, source := range a.Sources {
		label := "source: "
		if i > 0 {
			label = ""
		}
		facts = append(facts, label+"<"+source+">")
	}
	fmt.Fprintf(b, "\n<sub>%s</sub>\n", strings.Join(facts, " · "))
}
