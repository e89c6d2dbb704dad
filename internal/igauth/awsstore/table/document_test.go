package table

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"igauth/internal/igauth"
)

// TestDocumentationNamesEveryAttribute compares the tables in docs/storage.md
// with the items that are written: every attribute stands there with its type,
// and none that is not written.
func TestDocumentationNamesEveryAttribute(t *testing.T) {
	var a igauth.Account
	var f igauth.Flow
	var p igauth.Person
	var open igauth.Removal
	var h igauth.Health
	for _, record := range []any{&a, &f, &p, &open, &h} {
		fill(reflect.ValueOf(record).Elem())
	}
	done := open
	open.DoneAt = time.Time{}
	rows := map[string][]item{}
	write := func(heading string, row item, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		rows[heading] = append(rows[heading], row)
	}
	row, err := accountItem(a, "attempt")
	write("### An account's row", row, err)
	row, err = flowItem(f, "attempt")
	write("### A flow's record", row, err)
	row, err = personItem(p, "attempt")
	write("### A person's record", row, err)
	for _, r := range []igauth.Removal{open, done} {
		row, err = removalItem(r, "attempt")
		write("### A removal's record", row, err)
	}
	row, err = healthItem(h, "attempt")
	write("### The health of the installation", row, err)
	for heading, items := range rows {
		written := map[string]string{}
		for _, row := range items {
			flatten(written, "", row)
		}
		documented := attributesUnder(t, heading)
		for _, name := range slices.Sorted(maps.Keys(written)) {
			if documented[name] != written[name] {
				t.Errorf("%s: `%s` has the type %s; the documentation says %q", heading, name, written[name], documented[name])
			}
		}
		for _, name := range slices.Sorted(maps.Keys(documented)) {
			if written[name] == "" {
				t.Errorf("%s: `%s` is documented, and never written", heading, name)
			}
		}
	}
}

// fill gives every field a value that is not empty.
func fill(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case v.Kind() == reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case v.Kind() == reflect.String:
		v.SetString("1")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(1)
	default:
		panic(fmt.Sprint("a field of the type ", v.Type()))
	}
}

// flatten notes the types of attributes. Those of a map or of a list's elements
// follow the name of the map or list.
func flatten(all map[string]string, prefix string, row item) {
	for name, value := range row {
		all[prefix+name] = typeOf(value)
		switch value := value.(type) {
		case *types.AttributeValueMemberM:
			if name != "counts" { // its names are statuses
				flatten(all, prefix+name+".", value.Value)
			}
		case *types.AttributeValueMemberL:
			if element, ok := value.Value[0].(*types.AttributeValueMemberM); ok {
				flatten(all, prefix+name+"[].", element.Value)
			}
		}
	}
}

// typeOf returns the service's name of an attribute's type.
func typeOf(value types.AttributeValue) string {
	_, name, _ := strings.Cut(reflect.TypeOf(value).String(), "AttributeValueMember")
	return name
}

// attributesUnder returns the types by name from the table under a heading of
// docs/storage.md.
func attributesUnder(t *testing.T, heading string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/storage.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/storage.md has no heading %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	all := map[string]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for name := range strings.SplitSeq(cells[1], ",") {
			name = strings.Trim(name, " `")
			if all[name] != "" {
				t.Errorf("%s: `%s` stands there twice", heading, name)
			}
			all[name] = strings.TrimSpace(cells[2])
		}
	}
	return all
}
