package tokenfile

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
)

// What https://github.com/companionstudio/instagram-token-agent keeps and answers,
// as of its commit 02fec49788a3a73dc1ad7207743d5fb01ce713d9 of September 2020:
//
//   - STARTING_TOKEN in its environment (app.json, app.rb). `heroku config`,
//     `heroku config -s` and `heroku config --json` print it.
//   - GET /token (app.rb): the token alone.
//   - GET /token.json (app.rb): {"token": "…"}.
//   - GET /token.js (views/javascript/snippet.js.erb): const InstagramToken = '…';
//     where JS_CONSTANT_NAME or ?const= name the constant. Other tools write such
//     a file too, for instafeed.js.
//   - the one row of its table tokens (lib/tasks/setup.rake): value, created_at,
//     expires_at, success, response_body. psql gives it as CSV (\copy tokens to
//     stdout csv header) or JSON (select row_to_json(tokens) from tokens).
//
// FormatAgent reads the last two; the others are plain text, dotenv and JSON.

// snippetLine is a line of JavaScript that gives a constant a text.
var snippetLine = regexp.MustCompile(`^[ \t]*(?:export[ \t]+)?(?:const[ \t]+|var[ \t]+|let[ \t]+|window\.)([A-Za-z_$][A-Za-z0-9_$]*)[ \t]*=[ \t]*(?:'([^']*)'|"([^"]*)")[ \t]*;?[ \t]*$`)

// isSnippet reports whether a text is like /token.js, alone or within a script.
func isSnippet(text string) bool {
	for line := range strings.Lines(text) {
		if strings.Contains(line, "=") && snippetLine.MatchString(strings.TrimSuffix(line, "\n")) {
			return true
		}
	}
	return false
}

// isTable reports whether a text begins like a table with a column of tokens.
func isTable(text string) bool {
	line, _, _ := strings.Cut(text, "\n")
	columns := strings.Split(line, ",")
	for i, column := range columns {
		columns[i] = strings.Trim(strings.TrimSpace(column), `"`)
	}
	return len(columns) > 1 && tokenKeyAmong(func(key string) bool { return slices.Contains(columns, key) }) != ""
}

func (c *collection) readAgent(text string) {
	switch start := strings.TrimSpace(text); {
	case isTable(start):
		c.readTable(text)
	case isSnippet(start):
		c.readSnippet(text)
	case detect(text) == FormatJSON:
		c.readJSON(text)
	case detect(text) == FormatDotenv:
		c.readDotenv(text)
	default:
		c.readLines(text)
	}
}

// readSnippet takes the constants that hold a token, by name or by value. If
// there is one constant alone, it is the token, as its name is anybody's choice.
func (c *collection) readSnippet(text string) {
	type constant struct{ name, value, where string }
	var all, likely []constant
	number := 0
	for line := range strings.Lines(text) {
		number++
		match := snippetLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if match == nil {
			if holdsToken(line) {
				c.problem(lineNumber(number), "there is a token here, but not as const NAME = 'TOKEN';")
			}
			continue
		}
		found := constant{match[1], match[2] + match[3], lineNumber(number)}
		all = append(all, found)
		if strings.Contains(strings.ToLower(found.name), "token") || holdsToken(found.value) {
			likely = append(likely, found)
		}
	}
	if len(all) == 1 {
		likely = all
	}
	for _, found := range likely {
		c.add(Entry{Where: found.where}, found.value)
	}
}

// readTable takes a token from every row of a table as CSV.
func (c *collection) readTable(text string) {
	table := csv.NewReader(strings.NewReader(text))
	table.FieldsPerRecord = -1
	table.TrimLeadingSpace = true
	var columns []string
	for {
		row, err := table.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			where := ""
			if fault, ok := errors.AsType[*csv.ParseError](err); ok {
				where = lineNumber(fault.Line)
			}
			c.problem(where, "the table breaks off or is damaged here; it must be CSV with commas")
			return
		}
		if columns == nil {
			columns = row
			continue
		}
		line, _ := table.FieldPos(0)
		where := lineNumber(line)
		if len(row) != len(columns) {
			c.problem(where, "the row has not as many fields as there are columns")
			continue
		}
		fields := make(object, len(row))
		for i, column := range columns {
			fields[strings.TrimSpace(column)] = quoted(row[i])
		}
		c.addObject(where, fields)
	}
}

// quoted returns a text as JSON.
func quoted(text string) json.RawMessage {
	data, err := json.Marshal(text)
	if err != nil {
		// Any text can be written as JSON.
		return nil
	}
	return data
}

// isStartingToken reports whether a row of the agent's table holds the token that
// was pasted at its start. After a failed refresh (lib/instagram_token_agent/client.rb)
// the agent writes it over the good one, with the time of the failure as its end.
func isStartingToken(fields object) bool {
	return string(fields["success"]) == "false" || fields.text("success") == "f"
}
