package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

type errorsCommand struct {
	What     []string `arg:"" optional:"" help:"A code, such as redirect_uri_mismatch, or what Meta said: its text, or numbers such as 190/460." placeholder:"CODE"`
	JSON     bool     `name:"json" xor:"form" help:"Print JSON."`
	Markdown bool     `xor:"form" help:"Print all of them as Markdown: docs/errors.md."`
}

// Help is shown by igauth errors --help.
func (errorsCommand) Help() string {
	return `Explains the codes that pages, the API, events, the log and this command show: what they
mean, what helps, and what to check where the cause is not certain. Without a code it
lists all of them.

What Meta says works, too:
  igauth errors 190/460
  igauth errors "Unsupported request - method type: get"`
}

// explained is an error as igauth errors --json shows it.
type explained struct {
	igauth.Article
	// Says is what Meta says where it means the code.
	Says []string `json:"meta_says,omitempty"`
}

func (c *errorsCommand) Run(t *terminal) error {
	what := strings.TrimSpace(strings.Join(c.What, " "))
	if c.Markdown {
		if what != "" {
			return errors.New("--markdown prints all errors: leave the code out")
		}
		_, err := io.WriteString(t.out, errorsMarkdown())
		return err
	}
	found, sure := findErrors(what)
	if len(found) == 0 {
		return errors.New("that is neither a code nor something that Meta is known to say; igauth errors lists the codes")
	}
	switch {
	case c.JSON:
		all := []explained{}
		for _, a := range found {
			all = append(all, explained{a, instagram.Sayings(a.Code)})
		}
		return printJSON(t, map[string]any{"errors": all})
	case what == "":
		return listErrors(t)
	case !sure && len(found) > 1:
		w := newTable(t)
		for _, a := range found {
			w.AppendRow(table.Row{a.Code, a.Message})
		}
		if _, err := fmt.Fprint(t.out, "There is no such code. These are alike:\n\n"); err != nil {
			return err
		}
		return render(t, w)
	}
	for i, a := range found {
		if i > 0 {
			_, _ = fmt.Fprintln(t.out)
		}
		showError(t.out, a)
	}
	return nil
}

// findErrors returns the articles of a code, of something that Meta said, or those
// in which a text stands, which is not sure. An empty text finds all.
func findErrors(what string) (found []igauth.Article, sure bool) {
	wanted := []igauth.Code{igauth.Code(strings.ToLower(what))}
	if !wanted[0].Known() {
		wanted = instagram.Recognize(what)
	}
	byCode := map[igauth.Code]igauth.Article{}
	var alike []igauth.Article
	for _, section := range igauth.Dictionary() {
		for _, a := range section.Articles {
			byCode[a.Code] = a
			if strings.Contains(strings.ToLower(string(a.Code)+" "+a.Message), strings.ToLower(what)) {
				alike = append(alike, a)
			}
		}
	}
	if what == "" {
		return alike, true
	}
	for _, code := range wanted {
		found = append(found, byCode[code])
	}
	if len(found) > 0 {
		return found, true
	}
	return alike, false
}

func listErrors(t *terminal) error {
	for i, section := range igauth.Dictionary() {
		if i > 0 {
			_, _ = fmt.Fprintln(t.out)
		}
		_, _ = fmt.Fprintf(t.out, "%s\n", section.Title)
		w := newTable(t)
		for _, a := range section.Articles {
			w.AppendRow(table.Row{"  " + a.Code, a.Class, a.Message})
		}
		if err := render(t, w); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(t.out, "\nTo read about one: igauth errors CODE")
	return err
}

// showError prints all about a code.
func showError(w io.Writer, a igauth.Article) {
	_, _ = fmt.Fprintf(w, "%s (%s)\n", a.Message, a.Code)
	explain(w, a.Explanation)
	if says := instagram.Sayings(a.Code); len(says) > 0 {
		_, _ = fmt.Fprintln(w, "\nMeta says:")
		for _, saying := range says {
			_, _ = fmt.Fprintf(w, "  - %s\n", saying)
		}
	}
	if text, ok := a.Visitor[igauth.English]; ok {
		_, _ = fmt.Fprintf(w, "\nThe visitor reads:\n%s\n", wrap(text.Title+". "+text.Body, "  "))
	}
	for i, source := range a.Sources {
		if i == 0 {
			_, _ = fmt.Fprintln(w, "\nSources:")
		}
		_, _ = fmt.Fprintf(w, "  %s\n", source)
	}
}

// explain prints what an error means, what helps, and what to check.
func explain(w io.Writer, e igauth.Explanation) {
	if e.Cause != "" {
		_, _ = fmt.Fprintln(w, wrap(e.Cause, ""))
	}
	_, _ = fmt.Fprintf(w, "\nWhat helps:\n%s\n", wrap(e.Hint, "  "))
	if len(e.Checks) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w, "\nWhat to check, the likeliest first:")
	for i, check := range e.Checks {
		number := fmt.Sprintf("%3d. ", i+1)
		_, _ = fmt.Fprintln(w, number+strings.TrimLeft(wrap(check, "     "), " "))
	}
}

// lineWidth is how long a line of explanations is.
const lineWidth = 88

// wrap breaks a text into lines that begin with an indent.
func wrap(text, indent string) string {
	var lines []string
	line := indent
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == indent:
			line += word
		case len(line)+1+len(word) > lineWidth:
			lines = append(lines, line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	return strings.Join(append(lines, line), "\n")
}
