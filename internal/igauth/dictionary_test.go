package igauth

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every code that the program has is in the dictionary.
func TestEveryCodeHasAnEntry(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "dictionary.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, Code(text))
			}
		}
		return true
	})
	if len(codes) < 80 || len(codes) != len(dictionary) {
		t.Errorf("%d codes and %d entries", len(codes), len(dictionary))
	}
	for _, code := range codes {
		if !code.Known() {
			t.Errorf("%s has no entry", code)
		}
	}
}

// An entry says what developers need, in the form in which it is shown.
func TestEntriesAreComplete(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z_]*$`)
	for _, s := range sections {
		if s.title == "" || s.intro == "" {
			t.Errorf("a section has no title or no introduction: %q", s.title)
		}
		ofMeta := s.title == connectSection.title || s.title == facebookSection.title || s.title == tokenSection.title
		for _, e := range s.entries {
			bad := func(what string) { t.Errorf("%s: %s", e.code, what) }
			switch {
			case !name.MatchString(string(e.code)):
				bad("the code must be a word of small letters")
			case e.status < 200 || e.status > 599:
				bad("no HTTP status")
			case e.class == "" && e.code != CodeConnected:
				bad("no class")
			case e.message == "" || strings.HasSuffix(e.message, ".") || len(e.message) > 60:
				bad("the message must be a short title without a full stop")
			case !strings.HasSuffix(e.cause, ".") && !strings.HasSuffix(e.cause, ")"):
				bad("the cause must be sentences")
			case !strings.HasSuffix(e.hint, "."):
				bad("the hint must be sentences")
			case len(e.checks) == 1:
				bad("one check is no list: say it in the hint")
			case ofMeta && len(e.sources) == 0:
				bad("no source")
			}
			for _, check := range e.checks {
				if !strings.HasSuffix(check, ".") && !strings.HasSuffix(check, "?") {
					bad("a check is no sentence: " + check)
				}
			}
			for _, source := range e.sources {
				if !strings.HasPrefix(source, "https://") {
					bad("a source is no address: " + source)
				}
			}
		}
	}
}

// Visitors read words of people who cannot program, in both languages, and know
// what to do.
func TestVisitorsUnderstand(t *testing.T) {
	jargon := regexp.MustCompile(`(?i)\b(token|scope|API|OAuth|redirect|URI|URL|parameter|endpoint|app id|secret|HTTP|JSON|callback|servidor|parámetro|backend)\b`)
	formal := regexp.MustCompile(`(?i)\b(usted|ustedes|su cuenta|su contraseña|haga|pulse|inicie|póngase|vosotros|intente|abra|vuelva a)\b`)
	shared := map[string]Code{}
	for code, e := range dictionary {
		if (e.en == words{}) != (e.es == words{}) {
			t.Errorf("%s: words in one language only", code)
			continue
		}
		if (e.en == words{}) {
			if e.retry {
				t.Errorf("%s: a visitor who reads nothing cannot start again", code)
			}
			continue
		}
		for language, w := range map[Language]words{English: e.en, Spanish: e.es} {
			switch said := w.title + " " + w.body; {
			case w.title == "" || w.body == "":
				t.Errorf("%s in %s: no title or no body", code, language)
			case len([]rune(w.title)) > 60 || len([]rune(w.body)) > 330:
				t.Errorf("%s in %s: too long for a phone", code, language)
			case jargon.MatchString(said):
				t.Errorf("%s in %s: %q is a word of programmers", code, language, jargon.FindString(said))
			case language == Spanish && formal.MatchString(said):
				t.Errorf("%s: %q does not say tú", code, formal.FindString(said))
			case strings.Contains(w.body, "  ") || strings.HasSuffix(w.title, "."):
				t.Errorf("%s in %s: a stray character", code, language)
			}
		}
		// Either the visitor can do something, or knows whom to tell.
		tells := strings.Contains(e.en.body, "owner of the website")
		if tells != strings.Contains(e.es.body, "quien administra el sitio") {
			t.Errorf("%s: only one language says whom to tell", code)
		}
		if e.class == ClassMisconfigured && !tells {
			t.Errorf("%s: the visitor is not told whom to tell", code)
		}
		if e.class == ClassMisconfigured && !e.retry && !strings.Contains(e.en.body, "not your fault") {
			t.Errorf("%s: the visitor may feel guilty", code)
		}
		if other, taken := shared[e.en.body]; taken && e.es.body != dictionary[other].es.body {
			t.Errorf("%s and %s read alike in English and not in Spanish", code, other)
		}
		shared[e.en.body] = code
	}
}

func TestUnknownCodesAreUnavailable(t *testing.T) {
	unheard := Code("unheard of")
	if got := unheard.Text(Spanish).Title; got != dictionary[CodeUnavailable].es.title {
		t.Errorf("the page says %q", got)
	}
	if e := unheard.Explain(); e.Code != unheard || e.Message != CodeUnavailable.Message() || e.Docs != "docs/errors.md#unavailable" {
		t.Errorf("got %+v", e)
	}
	if unheard.Class() != ClassTransient || unheard.HTTPStatus() != 500 || unheard.Hint() != "" || unheard.Known() {
		t.Errorf("got %s, %d, %q", unheard.Class(), unheard.HTTPStatus(), unheard.Hint())
	}
}
