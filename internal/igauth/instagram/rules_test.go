package instagram

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

var update = flag.Bool("update", false, "write the table of failures into doc.go")

// The table of failures in the package's documentation is the one that decides.
func TestRulesAreDocumented(t *testing.T) {
	data, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	const heading, end = "// # Failures\n//\n", "package instagram\n"
	before, rest, found := strings.Cut(string(data), heading)
	_, after, more := strings.Cut(rest, end)
	if !found || !more {
		t.Fatal("doc.go has no heading for the failures")
	}
	want := before + heading + document() + end + after
	if *update {
		if err := os.WriteFile("doc.go", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(data) != want {
		t.Error("the table in doc.go is not that of the rules: go test ./internal/igauth/instagram -run Documented -update")
	}
}

// document writes the rules as a comment.
func document() string {
	var sources []string
	rows := [][]string{{"in", "what Meta says", "code", "class", "source"}}
	for _, r := range rules {
		if !slices.Contains(sources, r.source) {
			sources = append(sources, r.source)
		}
		code := string(r.is)
		if r.ofApp {
			code += ", of the app"
		}
		rows = append(rows, []string{r.in.String(), r.condition(), code, string(r.is.Class()), "[" + strconv.Itoa(1+slices.Index(sources, r.source)) + "]"})
	}
	rows = append(rows, []string{"error", "anything else", string(igauth.CodeMetaRefused), string(igauth.CodeMetaRefused.Class()), ""})
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	b.WriteString("// The first line that fits decides. \"error\" is both of Meta's forms of a failure,\n// \"graph\" the one with an object error, \"none\" neither, and \"any\" all of it.\n//\n")
	for _, row := range rows {
		line := "//\t"
		for i, cell := range row {
			line += fmt.Sprintf("%-*s  ", width[i], cell)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	b.WriteString("//\n")
	for i, source := range sources {
		fmt.Fprintf(&b, "//\t[%d] %s\n", i+1, source)
	}
	return b.String()
}

func (e envelope) String() string {
	switch e {
	case graphEnvelope:
		return "graph"
	case noEnvelope:
		return "none"
	case anyError:
		return "error"
	case anyEnvelope:
		return "any"
	}
	return fmt.Sprintf("envelope %d", uint8(e))
}

// Each rule says what it rests on, and no text alone ends an account.
func TestRulesAreSound(t *testing.T) {
	for i, r := range rules {
		url := strings.TrimPrefix(r.source, "reported by users: ")
		if !strings.HasPrefix(url, "https://") || strings.ContainsAny(url, " \t") {
			t.Errorf("%s has no source: %q", r.condition(), r.source)
		}
		if r.message != strings.ToLower(r.message) {
			t.Errorf("%s: the text must be in lower case", r.condition())
		}
		if r.is.Class() == igauth.ClassDead && (r.in != graphEnvelope || !slices.Equal(r.codes, token)) {
			t.Errorf("%s ends an account without code 102 or 190", r.condition())
		}
		if r.ofApp && r.is != igauth.CodeRateLimited {
			t.Errorf("%s is a limit of the app and has code %s", r.condition(), r.is)
		}
		for _, earlier := range rules[:i] {
			if covers(earlier, r) {
				t.Errorf("%s in %s never decides: %s comes first", r.condition(), r.in, earlier.condition())
			}
		}
	}
}

// covers reports whether whatever fits b fits a.
func covers(a, b rule) bool {
	within := func(a, b []int) bool {
		return a == nil || b != nil && !slices.ContainsFunc(b, func(n int) bool { return !slices.Contains(a, n) })
	}
	return a.in&b.in == b.in &&
		(a.statuses == [2]int{} || a.statuses == b.statuses) &&
		within(a.codes, b.codes) && within(a.subcodes, b.subcodes) &&
		strings.Contains(b.message, a.message) && (!a.transient || b.transient)
}
