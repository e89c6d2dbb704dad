package tokenfile

import (
	"regexp"
	"slices"
	"strings"

	"igauth/internal/igauth"
)

// Dotenv files are read here and not by github.com/joho/godotenv, which is kept
// up and depends on nothing: it returns a map, so that neither the lines nor the
// order are known, quotes the file in its errors, fills variables in from this
// process's environment, and gives up on the whole file for one odd line.

// An assignment is a variable that a file sets.
type assignment struct {
	name, value string
	// where is the line, if the variable's name may not be shown.
	where string
	// fault says what is wrong with the line.
	fault string
}

// The second sign is that of settings printed for people, such as those of
// `heroku config`, and of the environment in a compose file.
var assignmentLine = regexp.MustCompile(`^[ \t]*(?:-[ \t]+)?(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*(?:=|:[ \t])[ \t]*`)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// isName reports whether a text can be the name of a variable and is not a token
// by mistake.
func isName(text string) bool { return variableName.MatchString(text) && !holdsToken(text) }

// holdsAssignment reports whether a line of the text gives a variable a value. A
// token may end with signs of equality, which do not make it a variable.
func holdsAssignment(text string) bool {
	for line := range strings.Lines(text) {
		if !strings.ContainsAny(line, "=:") {
			continue
		}
		match := assignmentLine.FindStringSubmatch(line)
		if match == nil || !isName(match[1]) {
			continue
		}
		value := strings.TrimSpace(line[len(match[0]):])
		if isKnown(match[1]) || isCommon(match[1]) || strings.Trim(value, "=") != "" {
			return true
		}
	}
	return false
}

// parseDotenv returns the assignments of a file. Lines that set nothing are
// passed over, as scripts have them, unless there is a token on them. Variables
// within values are not filled in.
func parseDotenv(text string) []assignment {
	var list []assignment
	for number := 1; text != ""; number++ {
		line, rest, _ := strings.Cut(text, "\n")
		where := lineNumber(number)
		match := assignmentLine.FindStringSubmatchIndex(line)
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "#"):
		case match == nil || !isName(line[match[2]:match[3]]):
			if holdsToken(line) {
				list = append(list, assignment{where: where, fault: "there is a token here, but not as NAME=TOKEN"})
			}
		default:
			a := assignment{name: line[match[2]:match[3]], where: where}
			var lines int
			if a.value, lines, a.fault = readValue(text[match[1]:]); lines > 0 {
				number += lines
				for range lines {
					_, rest, _ = strings.Cut(rest, "\n")
				}
			}
			list = append(list, a)
		}
		text = rest
	}
	return list
}

var escapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, `\n`, "\n")

// readValue reads the value at the start of text, and returns over how many
// further lines it goes and what is wrong with it.
func readValue(text string) (value string, lines int, fault string) {
	line, _, _ := strings.Cut(text, "\n")
	if line == "" || (line[0] != '"' && line[0] != '\'') {
		return unquoted(line), 0, ""
	}
	end := closing(text[1:], line[0])
	if end < 0 {
		return line[1:], 0, "the quotation mark is not closed"
	}
	value, after := text[1:1+end], text[2+end:]
	lines = strings.Count(value, "\n")
	after, _, _ = strings.Cut(after, "\n")
	after = strings.TrimLeft(after, " \t;")
	ended := after == "" || after[0] == '#'
	if lines > 0 && (!ended || holdsToken(value)) {
		// A text of several lines may be quoted, such as a key. This is none: it
		// was another variable's mark that closed it.
		return line[1:], 0, "the quotation mark is not closed on its line"
	}
	if !ended {
		fault = "there is something after the quotation mark"
	}
	if line[0] == '"' {
		value = escapes.Replace(value)
	}
	return value, lines, fault
}

// unquoted takes the comment and the end of a command off a value.
func unquoted(line string) string {
	if strings.HasPrefix(line, "#") {
		return ""
	}
	for _, comment := range []string{" #", "\t#"} {
		line, _, _ = strings.Cut(line, comment)
	}
	return strings.TrimSuffix(strings.TrimSpace(line), ";")
}

// closing returns where the quotation mark stands that closes one, or -1.
func closing(text string, quote byte) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i
		case text[i] == '\\' && quote == '"':
			i++
		}
	}
	return -1
}

// knownNames are names under which tools and their examples keep a token of
// Instagram; STARTING_TOKEN is that of instagram-token-agent (see agent.go).
var knownNames = []string{
	"IG_ACCESS_TOKEN", "IG_LONG_LIVED_TOKEN", "IG_TOKEN", "IG_USER_TOKEN", "INSTAGRAM_ACCESS_TOKEN",
	"INSTAGRAM_LONG_LIVED_ACCESS_TOKEN", "INSTAGRAM_LONG_LIVED_TOKEN", "INSTAGRAM_TOKEN", "INSTAGRAM_USER_ACCESS_TOKEN",
	"INSTAGRAM_USER_TOKEN", "INSTA_ACCESS_TOKEN", "INSTA_TOKEN", "STARTING_TOKEN",
}

// commonNames may hold the token of another service, which must not be sent to
// Meta when there is a better candidate.
var commonNames = []string{"ACCESS_TOKEN", "LONG_LIVED_ACCESS_TOKEN", "LONG_LIVED_TOKEN", "USER_ACCESS_TOKEN"}

func isKnown(name string) bool  { return slices.Contains(knownNames, strings.ToUpper(name)) }
func isCommon(name string) bool { return slices.Contains(commonNames, strings.ToUpper(name)) }

// place names an assignment for messages. Names that nobody knows are shown if
// they are written as names of variables are, in capitals, since tokens are not.
func (a assignment) place() string {
	if isKnown(a.name) || isCommon(a.name) || (a.name != "" && a.name == strings.ToUpper(a.name)) {
		return "variable " + a.name
	}
	return a.where
}

func (c *collection) readDotenv(text string) { c.takeKnown(parseDotenv(text)) }

// takeKnown takes the variables that hold a token of Instagram or of Facebook Login,
// by their value or by their name.
func (c *collection) takeKnown(list []assignment) {
	list = lastOfEach(list)
	var empty []assignment
	take := func(belongs func(assignment) bool) {
		for _, a := range list {
			switch {
			case !belongs(a):
			case a.fault != "":
				c.problem(a.place(), a.fault)
			case trim(a.value) == "":
				empty = append(empty, a)
			default:
				c.add(Entry{Where: a.place()}, a.value)
			}
		}
	}
	take(func(a assignment) bool { return a.name == "" || isKnown(a.name) || holdsToken(a.value) })
	if len(c.entries) > 0 {
		return
	}
	take(func(a assignment) bool { return !isKnown(a.name) && isCommon(a.name) && !holdsToken(a.value) })
	if len(c.entries) > 0 || len(c.problems) > 0 {
		return
	}
	for _, a := range empty {
		c.problem(a.place(), "the variable is empty")
	}
	if len(empty) == 0 {
		c.problem("", "no variable holds a token of Instagram (IGAA…) or of Facebook Login (EAA…), or has a known name such as INSTAGRAM_ACCESS_TOKEN; say with --variable which one it is")
	}
}

// takeNamed takes one variable.
func (c *collection) takeNamed(list []assignment, name string) {
	for _, a := range lastOfEach(list) {
		if a.name != name {
			continue
		}
		switch where := "variable " + name; {
		case a.fault != "":
			c.problem(where, a.fault)
		case trim(a.value) == "":
			c.problem(where, "the variable is empty")
		default:
			c.add(Entry{Where: where}, a.value)
		}
		return
	}
	c.problem("", "there is no variable "+name+" in the file; mind capitals")
}

// lastOfEach leaves out what a later line sets again.
func lastOfEach(list []assignment) []assignment {
	last := make(map[string]int, len(list))
	for i, a := range list {
		last[a.name] = i
	}
	var kept []assignment
	for i, a := range list {
		if a.name == "" || last[a.name] == i {
			kept = append(kept, a)
		}
	}
	return kept
}

// shortestToken is the length from which a word of a text is taken for a token.
// Tokens have some 200 characters; names such as IGAA_TOKEN are shorter.
const shortestToken = 24

// holdsToken reports whether a word of the text begins like a token of Instagram or
// of Facebook Login.
func holdsToken(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	return slices.ContainsFunc(words, func(word string) bool {
		if len(word) < shortestToken {
			return false
		}
		switch igauth.FamilyOf(igauth.NewSecret(word)) {
		case igauth.FamilyInstagram, igauth.FamilyFacebook, igauth.FamilyBasicDisplay, igauth.FamilyLegacy:
			return true
		}
		return false
	})
}
