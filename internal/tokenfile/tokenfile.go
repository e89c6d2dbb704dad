// Package tokenfile reads the tokens that somebody brings along from another
// tool, and writes those that somebody takes away.
//
// It finds texts and says where they stood; it does not judge them. Whether a
// text can be a token says igauth.CheckTokenText, and whose it is says Meta. What
// a file says of a token besides, such as its end, is a hint: what cannot be read
// of it is left out, as Meta knows better.
package tokenfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"igauth/internal/igauth"
)

// A Format is a way in which a file holds tokens.
type Format string

// The formats.
const (
	// FormatAuto leaves the choice to [Detect]. The empty Format does too.
	FormatAuto Format = "auto"
	// FormatText is one token to a line. Lines that begin with # are comments.
	FormatText Format = "text"
	// FormatDotenv is NAME=VALUE to a line, as in a .env file, a script for the
	// shell, or what a host prints of its settings.
	FormatDotenv Format = "dotenv"
	// FormatJSON is a list, or an object with one token, a list of them, or
	// variables; also what [Write] writes.
	FormatJSON Format = "json"
	// FormatAgent is what instagram-token-agent keeps and answers.
	FormatAgent Format = "agent"
)

// Formats returns all formats, FormatAuto first.
func Formats() []Format {
	return []Format{FormatAuto, FormatText, FormatDotenv, FormatJSON, FormatAgent}
}

// An Entry is a token of a file and what the file says about it.
type Entry struct {
	// Token is as it stood there, without the white space, the quotation marks,
	// the "Bearer " and the rest of a query around it. It is not empty.
	Token igauth.Secret
	// Where names the place for messages: "line 3", "accounts[2]" (counted from
	// 0) or "variable STARTING_TOKEN". It holds nothing of a token.
	Where string

	// Hints, in UTC; zero when the file does not say or cannot be understood.
	IssuedAt  time.Time
	ExpiresAt time.Time
	// Username is without @. AccountID may be another tool's own number, or the
	// id that only that tool's app sees.
	Username  string
	AccountID igauth.AccountID
	// Scopes are sorted; nil when the file does not say.
	Scopes []string
	// What [Write] writes of Facebook Login. The user token is empty when the file
	// has none.
	Login           igauth.Login
	PageID          string
	UserToken       igauth.Secret
	DataAccessUntil time.Time
}

// An Error is a fault of a file, in words for the person who brought it. It
// holds nothing of the file but names of variables that are known or asked for.
type Error struct {
	// Where is the place, as in [Entry]; empty for the whole file.
	Where   string
	Problem string
}

// Error returns the place and the problem.
func (e *Error) Error() string {
	if e.Where == "" {
		return e.Problem
	}
	return e.Where + ": " + e.Problem
}

// What a file may hold.
const (
	maxBytes    = 10 << 20
	maxEntries  = 100_000
	maxProblems = 20
)

// Read returns the tokens of a file of at most 10 MB, in the file's order. A
// token that stands there more than once is given once, where it stood first.
//
// A fault in one place does not hide the other tokens: they are returned beside
// the error, which joins one [*Error] for each fault, up to 20. A file without
// any token is an error. In a dotenv file, and in a JSON object of variables,
// these are taken: every variable whose value begins like a token of Instagram or
// of Facebook Login, those of a known name such as INSTAGRAM_ACCESS_TOKEN, IG_TOKEN and
// STARTING_TOKEN, and if there are none of both, those of a common name such as
// ACCESS_TOKEN. [ReadVariable] takes another.
func Read(r io.Reader, format Format) ([]Entry, error) {
	text, err := readText(r)
	if err != nil {
		return nil, err
	}
	if format == FormatAuto || format == "" {
		format = detect(text)
	}
	var c collection
	switch format {
	case FormatText:
		c.readLines(text)
	case FormatDotenv:
		c.readDotenv(text)
	case FormatJSON:
		c.readJSON(text)
	case FormatAgent:
		c.readAgent(text)
	default:
		return nil, &Error{Problem: fmt.Sprintf("there is no format %q; choose one of %v", format, Formats())}
	}
	return c.result()
}

// ReadVariable returns the token in the variable of that name, from a dotenv file
// or a JSON object of variables. As in a shell, the last line that sets the
// variable counts.
func ReadVariable(r io.Reader, name string) ([]Entry, error) {
	if !isName(name) {
		// It may be the token itself, by mistake, so it is not shown.
		return nil, &Error{Problem: "this is not the name of a variable; a name has letters, digits and _ alone"}
	}
	text, err := readText(r)
	if err != nil {
		return nil, err
	}
	var c collection
	if detect(text) == FormatJSON {
		c.readJSONVariable(text, name)
	} else {
		c.takeNamed(parseDotenv(text), name)
	}
	return c.result()
}

// Detect guesses the format of a file from its bytes. Anything that is not
// recognized is FormatText.
func Detect(data []byte) Format { return detect(decode(data)) }

func detect(text string) Format {
	start := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(start, "{") || strings.HasPrefix(start, "["):
		return FormatJSON
	case isSnippet(start) || isTable(start):
		return FormatAgent
	case holdsAssignment(text):
		return FormatDotenv
	}
	return FormatText
}

// readText reads a file within the bound and returns it as UTF-8, its lines
// ended by \n alone.
func readText(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return "", fmt.Errorf("reading tokens: %w", err)
	}
	if len(data) > maxBytes {
		return "", &Error{Problem: "the file is larger than 10 MB; a file of tokens is much smaller"}
	}
	text := decode(data)
	if strings.TrimSpace(text) == "" {
		return "", &Error{Problem: "the file is empty"}
	}
	if strings.Contains(text, "\x00") {
		return "", &Error{Problem: "this is not a text; bring a file with the token alone, a .env file, or JSON"}
	}
	return text, nil
}

// decode takes the mark off that some editors put at the start, and reads UTF-16,
// which PowerShell writes for ">", where such a mark says so.
func decode(data []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = binary.BigEndian
	}
	text := string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if order != nil {
		var units []uint16
		for rest := data[2:]; len(rest) >= 2; rest = rest[2:] {
			units = append(units, order.Uint16(rest))
		}
		text = string(utf16.Decode(units))
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}

// A collection gathers what a file holds.
type collection struct {
	entries  []Entry
	seen     map[string]bool
	problems []error
	// left counts the problems beyond the bound; full says that there were more
	// tokens than the bound.
	left int
	full bool
}

// add takes the text of a token over, once.
func (c *collection) add(e Entry, text string) {
	text = trim(text)
	switch {
	case text == "":
		c.problem(e.Where, "there is no token")
		return
	case c.seen[text]:
		return
	case c.full:
		return
	case len(c.entries) == maxEntries:
		c.full = true
		c.problem(e.Where, "there are more than 100,000 tokens; this and the following are left out")
		return
	case c.seen == nil:
		c.seen = make(map[string]bool)
	}
	c.seen[text] = true
	e.Token = igauth.NewSecret(text)
	c.entries = append(c.entries, e)
}

// problem notes a fault.
func (c *collection) problem(where, what string) {
	if len(c.problems) == maxProblems {
		c.left++
		return
	}
	c.problems = append(c.problems, &Error{Where: where, Problem: what})
}

func (c *collection) result() ([]Entry, error) {
	if c.left > 0 {
		c.problems = append(c.problems, &Error{Problem: fmt.Sprintf("%d more faults are not listed", c.left)})
	}
	if len(c.entries) == 0 && len(c.problems) == 0 {
		c.problem("", "there is no token in the file")
	}
	return c.entries, errors.Join(c.problems...)
}

// readLines takes a token from every line.
func (c *collection) readLines(text string) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			c.add(Entry{Where: lineNumber(number)}, line)
		}
	}
}

func lineNumber(n int) string { return fmt.Sprintf("line %d", n) }

// query is a token as it stands in a query or in the answer of a token endpoint,
// without an address before it. No token has one of its signs in it, but for the
// padding of base64, which is at the end.
var query = regexp.MustCompile(`^(?:[?#]?access_token=)?([^=&?#\s]+=*)(?:&[A-Za-z_]+=[^&\s]*)*$`)

// trim takes off what gets around a token on its way: white space, also the
// kinds that do not show, one pair of quotation marks, the name of the scheme of an
// Authorization header, and the rest of a query.
func trim(text string) string {
	text = trimSpace(text)
	for _, pair := range []string{`""`, "''", "``", "“”", "‘’"} {
		quotes := []rune(pair)
		inner, opened := strings.CutPrefix(text, string(quotes[0]))
		inner, closed := strings.CutSuffix(inner, string(quotes[1]))
		if opened && closed {
			text = trimSpace(inner)
			break
		}
	}
	const scheme = "bearer "
	if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		text = trimSpace(text[len(scheme):])
	}
	if found := query.FindStringSubmatch(text); found != nil {
		return trimSpace(found[1])
	}
	return text
}

func trimSpace(text string) string {
	return strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200b' || r == '\u2060' || r == '\ufeff'
	})
}
