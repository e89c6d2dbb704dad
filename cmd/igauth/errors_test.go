package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

// The page for people is the one that the program knows.
func TestErrorsAreDocumented(t *testing.T) {
	got, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != errorsMarkdown() {
		t.Error("docs/errors.md is stale: make docs")
	}
}

// Every link of the page leads to a heading.
func TestErrorsPageLinksLeadSomewhere(t *testing.T) {
	page := errorsMarkdown()
	headings := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		if headings[anchor(m[1])] {
			t.Errorf("two headings are %q", m[1])
		}
		headings[anchor(m[1])] = true
	}
	links := regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(page, -1)
	if len(links) < 80 {
		t.Fatalf("got %d links, want one for each code", len(links))
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	links = append(links, regexp.MustCompile(`\(docs/errors\.md#([^)]*)\)`).FindAllStringSubmatch(string(readme), -1)...)
	for _, link := range links {
		if !headings[link[1]] {
			t.Errorf("#%s leads nowhere", link[1])
		}
	}
}

func TestErrorsCommand(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want []string
		code int
	}{
		"all of them":                {nil, []string{"The visit", "redirect_uri_mismatch", "misconfigured", "Meta refuses the redirect URI"}, 0},
		"a code":                     {[]string{"redirect_uri_mismatch"}, []string{"Meta refuses the redirect URI (redirect_uri_mismatch)", "What helps:", "  1. One of the two has a slash", "The visitor reads:", "https://developers.facebook.com"}, 0},
		"a code in upper case":       {[]string{"CHECKPOINT"}, []string{"(checkpoint)"}, 0},
		"Meta's numbers":             {[]string{"190/460"}, []string{"(password_changed)"}, 0},
		"the numbers as two words":   {[]string{"190", "460"}, []string{"(password_changed)"}, 0},
		"the numbers with a comma":   {[]string{"190, 460"}, []string{"(password_changed)"}, 0},
		"Meta's number with a hash":  {[]string{"(#10) Application does not have permission for this action"}, []string{"(permission_gone)"}, 0},
		"Meta's text":                {[]string{"Unsupported request - method type: get"}, []string{"(account_not_eligible)", "Tester Invites"}, 0},
		"Meta's text, not in quotes": {[]string{"Invalid", "platform", "app"}, []string{"(app_id_wrong)"}, 0},
		"a text of a page of Meta's": {[]string{"Sorry, this page isn't available."}, []string{"(app_id_wrong)"}, 0},
		"an answer of Meta":          {[]string{`{"error":{"message":"x","code":190,"error_subcode":458}}`}, []string{"(app_removed)"}, 0},
		"a part of codes":            {[]string{"page"}, []string{"These are alike", "page_without_instagram", "no_facebook_page"}, 0},
		"nothing that is known":      {[]string{"flux capacitor"}, []string{"neither a code nor"}, exitFailed},
		"Markdown of one":            {[]string{"--markdown", "checkpoint"}, []string{"leave the code out"}, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := igauthCommand(append([]string{"errors"}, c.args...)...)
			if code != c.code {
				t.Errorf("got exit code %d, want %d", code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(out+errOut, want) {
					t.Errorf("want %q in:\n%s%s", want, out, errOut)
				}
			}
		})
	}
}

func TestErrorsCommandAsJSON(t *testing.T) {
	code, out, _ := igauthCommand("errors", "--json", "190/460")
	var answer struct {
		Errors []struct {
			Code    igauth.Code                     `json:"code"`
			Class   igauth.Class                    `json:"class"`
			Hint    string                          `json:"hint"`
			Checks  []string                        `json:"checks"`
			Docs    string                          `json:"docs"`
			Says    []string                        `json:"meta_says"`
			Visitor map[igauth.Language]igauth.Text `json:"visitor"`
		} `json:"errors"`
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 || len(answer.Errors) != 1 {
		t.Fatalf("got exit code %d, %v:\n%s", code, err, out)
	}
	e := answer.Errors[0]
	if e.Code != igauth.CodePasswordChanged || e.Class != igauth.ClassDead || e.Hint == "" || len(e.Checks) == 0 ||
		e.Docs != "docs/errors.md#password_changed" || len(e.Says) == 0 || e.Visitor[igauth.Spanish].Title == "" {
		t.Errorf("got %+v", e)
	}
}

// A failure of a command says what it means, what helps and what to check, to
// people and to programs.
func TestFailureExplainsItself(t *testing.T) {
	failure := &igauth.Error{Code: igauth.CodeAccountNotFound, Class: igauth.ClassRefused}
	e := failure.Code.Explain()
	var person, program strings.Builder
	if code := report(&person, failure); code != exitFailed {
		t.Errorf("got exit code %d", code)
	}
	for _, want := range append([]string{"igauth: " + e.Message + " (account_not_found)", e.Cause, "What helps:", e.Hint, "What to check"}, e.Checks[0]) {
		if got := strings.Join(strings.Fields(person.String()), " "); !strings.Contains(got, want) {
			t.Errorf("want %q in:\n%s", want, person.String())
		}
	}
	reportJSON(&program, failure)
	var answer struct{ Error igauth.Explanation }
	if err := json.Unmarshal([]byte(program.String()), &answer); err != nil || answer.Error.Hint != e.Hint || len(answer.Error.Checks) != len(e.Checks) || answer.Error.Class != e.Class {
		t.Errorf("got %v:\n%s", err, program.String())
	}
}
