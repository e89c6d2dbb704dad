package e2e

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The rules that template.yaml keeps and that no scanner checks. What scanners
// check is left to them: cfn-lint and checkov run beside this.

// object is a mapping of the template. Its short forms are spelt out: !Ref X is
// {"Ref": "X"}, and !GetAtt X.Y is {"Fn::GetAtt": "X.Y"}.
type object = map[string]any

// template is template.yaml as the tests see it.
type template struct {
	t    *testing.T
	root object
	// order holds the logical ids in the order of the file.
	order []string
}

func load(t *testing.T) template {
	t.Helper()
	text, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	tmpl := template{t: t, root: decode(t, &document).(object)}
	for i, node := range document.Content[0].Content {
		if node.Value != "Resources" {
			continue
		}
		for j, name := range document.Content[0].Content[i+1].Content {
			if j%2 == 0 {
				tmpl.order = append(tmpl.order, name.Value)
			}
		}
	}
	return tmpl
}

// decode turns a node into plain values, short forms included.
func decode(t *testing.T, node *yaml.Node) any {
	t.Helper()
	var value any
	switch node.Kind {
	case yaml.DocumentNode:
		return decode(t, node.Content[0])
	case yaml.AliasNode:
		return decode(t, node.Alias)
	case yaml.MappingNode:
		fields := object{}
		for i := 0; i < len(node.Content); i += 2 {
			fields[node.Content[i].Value] = decode(t, node.Content[i+1])
		}
		value = fields
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range node.Content {
			list = append(list, decode(t, item))
		}
		value = list
	default:
		if strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!") {
			value = node.Value
		} else if err := node.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	switch tag := node.Tag; {
	case tag == "!Ref" || tag == "!Condition":
		return object{tag[1:]: value}
	case strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!"):
		return object{"Fn::" + tag[1:]: value}
	}
	return value
}

// at follows a path of keys; what is absent is nil.
func at(value any, path ...string) any {
	for _, key := range path {
		fields, ok := value.(object)
		if !ok {
			return nil
		}
		value = fields[key]
	}
	return value
}

// many is a list whether it was written as one or as its only item.
func many(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

// section returns a part of the template, such as Parameters.
func (tmpl template) section(name string) object {
	fields, ok := tmpl.root[name].(object)
	if !ok {
		tmpl.t.Fatalf("the template has no %s", name)
	}
	return fields
}

// resources returns the properties of the resources of a type.
func (tmpl template) resources(kind string) map[string]object {
	found := map[string]object{}
	for id, resource := range tmpl.section("Resources") {
		if at(resource, "Type") == kind {
			found[id] = at(resource, "Properties").(object)
		}
	}
	if len(found) == 0 {
		tmpl.t.Fatalf("the template has no %s", kind)
	}
	return found
}

// only returns the properties of the one resource of a type.
func (tmpl template) only(kind string) object {
	found := tmpl.resources(kind)
	if len(found) != 1 {
		tmpl.t.Fatalf("the template has %d resources of type %s, want 1", len(found), kind)
	}
	return found[slices.Collect(maps.Keys(found))[0]]
}

// refers reports whether anything in value names a parameter or a resource.
func refers(value any, name string) bool {
	switch value := value.(type) {
	case object:
		for key, inner := range value {
			text, _ := inner.(string)
			switch key {
			case "Ref":
				if text == name {
					return true
				}
			case "Fn::GetAtt":
				if strings.HasPrefix(text, name+".") {
					return true
				}
			}
			if refers(inner, name) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(value, func(inner any) bool { return refers(inner, name) })
	case string:
		return strings.Contains(value, "${"+name+"}") || strings.Contains(value, "${"+name+".")
	}
	return false
}

// show writes a value in a short form that fits into a table.
func show(value any) string {
	fields, ok := value.(object)
	if !ok || len(fields) != 1 {
		return fmt.Sprint(value)
	}
	for key, inner := range fields {
		switch key {
		case "Fn::If":
			parts := inner.([]any)
			return "if " + show(parts[0]) + ": " + show(parts[1]) + ", else " + show(parts[2])
		case "Fn::Sub":
			text := show(inner)
			for _, service := range []string{"secretsmanager", "lambda", "sqs", "events"} {
				text = strings.ReplaceAll(text, "arn:${AWS::Partition}:"+service+":${AWS::Region}:${AWS::AccountId}:", "")
			}
			return strings.TrimSuffix(text, ".${AWS::Region}.amazonaws.com")
		default:
			return show(inner)
		}
	}
	return ""
}

// lines is a map as sorted lines.
func lines(values map[string]string) []string {
	var list []string
	for name, value := range values {
		list = append(list, name+" = "+value)
	}
	return slices.Sorted(slices.Values(list))
}

// compare names what is too much and what is missing.
func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s has, and should not: %s", what, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s lacks: %s", what, line)
		}
	}
}

func TestWaiversHaveReasons(t *testing.T) {
	waivers := at(load(t).root, "Metadata", "Waivers").(object)
	var known []string
	for rule, reason := range waivers {
		if text, _ := reason.(string); len(text) < 40 {
			t.Errorf("the waiver of %s gives no reason", rule)
		}
		if strings.HasPrefix(rule, "CKV_") {
			known = append(known, rule)
		}
	}
	text, err := os.ReadFile("../.checkov.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var checkov struct {
		Skip []string `yaml:"skip-check"`
	}
	if err := yaml.Unmarshal(text, &checkov); err != nil {
		t.Fatal(err)
	}
	compare(t, ".checkov.yaml", checkov.Skip, known)
}
