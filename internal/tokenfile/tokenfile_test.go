package tokenfile_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"igauth/internal/tokenfile"
)

// Tokens as tests bring them.
const (
	first   = "IGAAQpZCk0Y2aRBZAE9nd0JPcUxYb3hVZAW1nVHdIR0ZAyYjdEb1ZDZD"
	second  = "IGAAzZB8s7dHcFBZAGJCRkxuT1h2UkpKbEFZAdnRiS2pVQ0t4cFhZDZD"
	display = "IGQVJWcl9zZAkRFUEpoa0JxcVhYb3hVZAW1nVHdIR0ZAyYjdEb1ZDZD"
	legacy  = "1527925940.ac27022.0123456789abcdef0123456789abcdef"
	strange = "ZZ4kZAy8f2nKw0ZD"
)

// found is an entry as tests compare it.
type found struct{ where, token string }

// listed returns the entries without their hints.
func listed(entries []tokenfile.Entry) []found {
	var list []found
	for _, e := range entries {
		list = append(list, found{e.Where, e.Token.Reveal()})
	}
	return list
}

// A file is what somebody brings and what is read of it.
type file struct {
	name, text string
	want       []found
	// err is the whole text of the error.
	err string
}

func (f file) test(t *testing.T, format tokenfile.Format) {
	t.Run(f.name, func(t *testing.T) {
		for _, format := range []tokenfile.Format{format, tokenfile.FormatAuto, ""} {
			got, err := tokenfile.Read(strings.NewReader(f.text), format)
			if !reflect.DeepEqual(listed(got), f.want) {
				t.Errorf("format %q: got %v, want %v", format, listed(got), f.want)
			}
			if text := fmt.Sprint(err); text != f.err && (err != nil || f.err != "") {
				t.Errorf("format %q: got the error %q, want %q", format, text, f.err)
			}
		}
	})
}

func TestPlainTextIsRead(t *testing.T) {
	for _, tt := range []file{
		{"a token", first, []found{{"line 1", first}}, ""},
		{"a token and the end of the line", first + "\n", []found{{"line 1", first}}, ""},
		{"white space around it", "\n\t  " + first + " \u00a0\r\n\n", []found{{"line 2", first}}, ""},
		{"white space that does not show", "\u200b" + first + "\ufeff", []found{{"line 1", first}}, ""},
		{"quotation marks", `"` + first + `"`, []found{{"line 1", first}}, ""},
		{"typographic quotation marks", "“" + first + "”", []found{{"line 1", first}}, ""},
		{"one pair alone is taken off", `""` + first + `""`, []found{{"line 1", `"` + first + `"`}}, ""},
		{"a mark without its partner stays", `"` + first, []found{{"line 1", `"` + first}}, ""},
		{"Bearer", "bearer  " + first, []found{{"line 1", first}}, ""},
		{"Bearer in quotation marks", "'Bearer " + first + "'", []found{{"line 1", first}}, ""},
		{"one to a line", first + "\n\n# of the shop\n" + second + "\n", []found{{"line 1", first}, {"line 4", second}}, ""},
		{"lines of Windows and of old", first + "\r\n" + second + "\r" + strange, []found{{"line 1", first}, {"line 2", second}, {"line 3", strange}}, ""},
		{"a token twice", first + "\n" + second + "\n \"" + first + "\"", []found{{"line 1", first}, {"line 2", second}}, ""},
		{"dead ones too, for somebody else to say so", display + "\n" + legacy, []found{{"line 1", display}, {"line 2", legacy}}, ""},
		{"base64 with its end", "Ab4kZAy8f2nKw0ZD==\n", []found{{"line 1", "Ab4kZAy8f2nKw0ZD=="}}, ""},
		{"a line that is no token is not judged here", first + "\nhello you\n", []found{{"line 1", first}, {"line 2", "hello you"}}, ""},
		{"quotation marks with nothing inside", first + "\n\"\"", []found{{"line 1", first}}, "line 2: there is no token"},
		{"comments alone", "# a\n#b\n", nil, "there is no token in the file"},
	} {
		tt.test(t, tokenfile.FormatText)
	}
}

func TestAnEmptyFileIsSaidToBeEmpty(t *testing.T) {
	for _, text := range []string{"", " \n\t\r\n", "\xef\xbb\xbf", "\xff\xfe"} {
		for _, format := range tokenfile.Formats() {
			if got, err := tokenfile.Read(strings.NewReader(text), format); len(got) > 0 || fmt.Sprint(err) != "the file is empty" {
				t.Errorf("%s, %q: got %v, %v", format, text, listed(got), err)
			}
		}
	}
}

func TestMarksAndEncodingsOfEditorsAreRead(t *testing.T) {
	wide := func(big bool, text string) string {
		var out strings.Builder
		for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
			if big {
				out.Write([]byte{byte(unit >> 8), byte(unit)})
			} else {
				out.Write([]byte{byte(unit), byte(unit >> 8)})
			}
		}
		return out.String()
	}
	for name, text := range map[string]string{
		"UTF-8 with a mark":     "\xef\xbb\xbfIG_TOKEN=" + first,
		"UTF-16 of PowerShell":  wide(false, "IG_TOKEN="+first+"\r\n"),
		"UTF-16, big end first": wide(true, "IG_TOKEN="+first),
	} {
		got, err := tokenfile.Read(strings.NewReader(text), tokenfile.FormatAuto)
		if want := []found{{"variable IG_TOKEN", first}}; err != nil || !reflect.DeepEqual(listed(got), want) {
			t.Errorf("%s: got %v, %v", name, listed(got), err)
		}
	}
}

func TestAFileIsBounded(t *testing.T) {
	token := strings.NewReader(first + "\n")
	padding := func(n int64) io.Reader { return io.LimitReader(endless{}, n) }
	const limit = 10 << 20
	if got, err := tokenfile.Read(io.MultiReader(token, padding(limit-int64(token.Len()))), ""); err != nil || len(got) != 1 {
		t.Errorf("a file of 10 MB: got %d tokens, %v", len(got), err)
	}
	_, err := tokenfile.Read(padding(limit+1), "")
	if !strings.Contains(fmt.Sprint(err), "larger than 10 MB") {
		t.Errorf("a larger file: got %v", err)
	}
}

func TestTokensAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range 100_002 {
		fmt.Fprintf(&text, "t%d\n", i)
	}
	got, err := tokenfile.Read(strings.NewReader(text.String()), "")
	if len(got) != 100_000 || fmt.Sprint(err) != "line 100001: there are more than 100,000 tokens; this and the following are left out" {
		t.Errorf("got %d tokens, %v", len(got), err)
	}
}

// endless is blank lines without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

func TestFaultsAreListedUpToABound(t *testing.T) {
	got, err := tokenfile.Read(strings.NewReader(strings.Repeat("\"\"\n", 50)+first), tokenfile.FormatText)
	if want := []found{{"line 51", first}}; !reflect.DeepEqual(listed(got), want) {
		t.Errorf("got %v, want %v", listed(got), want)
	}
	lines := strings.Split(fmt.Sprint(err), "\n")
	if len(lines) != 21 || lines[0] != "line 1: there is no token" || lines[20] != "30 more faults are not listed" {
		t.Errorf("got %d lines: %v", len(lines), err)
	}
	fault, ok := errors.AsType[*tokenfile.Error](err)
	if !ok || fault.Where != "line 1" {
		t.Errorf("got %#v", fault)
	}
}

func TestAReaderThatFailsIsReported(t *testing.T) {
	cause := errors.New("the disk is gone")
	if _, err := tokenfile.Read(iotest.ErrReader(cause), ""); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if _, err := tokenfile.ReadVariable(iotest.ErrReader(cause), "IG_TOKEN"); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	_, err := tokenfile.Read(strings.NewReader(first), "yaml")
	if text := fmt.Sprint(err); !strings.Contains(text, `"yaml"`) || !strings.Contains(text, "dotenv") {
		t.Errorf("got %v", err)
	}
}

func TestFormatsAreDetected(t *testing.T) {
	for text, want := range map[string]tokenfile.Format{
		"":                        tokenfile.FormatText,
		first:                     tokenfile.FormatText,
		`"` + first + `"`:         tokenfile.FormatText,
		"# tokens\n" + first:      tokenfile.FormatText,
		strange + "=":             tokenfile.FormatText,
		first + "=":               tokenfile.FormatText,
		"https://x.test/?a=b":     tokenfile.FormatText,
		"  {}":                    tokenfile.FormatJSON,
		"\n[\n]":                  tokenfile.FormatJSON,
		"A=b":                     tokenfile.FormatDotenv,
		"IG_TOKEN=":               tokenfile.FormatDotenv,
		"#!/bin/sh\nexport A='b'": tokenfile.FormatDotenv,
		"set -eu\nA=b":            tokenfile.FormatDotenv,
		"=== shop Config Vars\nSTARTING_TOKEN:  x": tokenfile.FormatDotenv,
		"const InstagramToken = 'x';":              tokenfile.FormatAgent,
		"window.Shop = \"x\"":                      tokenfile.FormatAgent,
		"value,created_at,expires_at,success":      tokenfile.FormatAgent,
		"username,access_token\nshop,x":            tokenfile.FormatAgent,
		"value,other\nx,y":                         tokenfile.FormatText,
	} {
		if got := tokenfile.Detect([]byte(text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
