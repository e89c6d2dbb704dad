package igsim

import "strings"

// A selection is the parameter fields, taken apart: a field's name, and the
// selection inside its braces.
type selection []struct {
	name   string
	inside selection
}

// readFields takes the parameter fields apart. It reports whether the braces
// match.
func readFields(text string) (selection, bool) {
	var fields selection
	for text != "" {
		end := strings.IndexAny(text, ",{")
		if end < 0 {
			end = len(text)
		}
		name := strings.TrimSpace(text[:end])
		text = text[end:]
		var inside selection
		if strings.HasPrefix(text, "{") {
			depth, last := 0, -1
			for i, r := range text {
				switch r {
				case '{':
					depth++
				case '}':
					depth--
				}
				if depth == 0 {
					last = i
					break
				}
			}
			var ok bool
			if last < 0 {
				return nil, false
			}
			if inside, ok = readFields(text[1:last]); !ok {
				return nil, false
			}
			text = text[last+1:]
		}
		text = strings.TrimPrefix(text, ",")
		if strings.Contains(name, "}") {
			return nil, false
		}
		if name != "" {
			fields = append(fields, struct {
				name   string
				inside selection
			}{name, inside})
		}
	}
	return fields, true
}

// A node is what can be read of one object: the kind for the errors, and each
// field. A nil value is a field that exists and has nothing to say: Meta leaves
// it out of the answer.
type node struct {
	kind     string
	fields   map[string]func(inside selection) (any, *graphError)
	standard []string // fields of an answer without the parameter
}

// read answers the chosen fields of a node, id always with them.
func (n node) read(fields selection) (map[string]any, *graphError) {
	if len(fields) == 0 {
		for _, name := range n.standard {
			fields = append(fields, selection{{name: name}}...)
		}
	}
	body := map[string]any{}
	for _, f := range append(fields, selection{{name: "id"}}...) {
		read, ok := n.fields[f.name]
		if !ok {
			return nil, &graphError{code: 100, message: "(#100) Tried accessing nonexisting field (" + f.name + ") on node type (" + n.kind + ")"}
		}
		value, e := read(f.inside)
		if e != nil {
			return nil, e
		}
		if value != nil {
			body[f.name] = value
		}
	}
	return body, nil
}

// always is a field with a value that depends on nothing.
func always(v any) func(selection) (any, *graphError) {
	return func(selection) (any, *graphError) { return v, nil }
}
