package storetest

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// A field that the full records leave out would be one that no store is tested
// with.
func TestFullRecordsHaveAValueInEveryField(t *testing.T) {
	for _, record := range []any{fullAccount("17841400000000001"), fullFlow("f1"), fullHealth(), fullPerson("instagram/1"), fullRemoval("1")} {
		everyField(t, reflect.TypeOf(record).Name(), reflect.ValueOf(record))
	}
}

func everyField(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	switch {
	case v.IsZero() && slices.Contains([]string{"Account.Revision", "Flow.Revision", "Health.Revision", "Person.Revision", "Removal.Revision"}, name):
		// The ledger sets it.
	case v.IsZero():
		t.Errorf("%s has no value", name)
	case v.Type() == reflect.TypeFor[time.Time]():
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") == "-" {
				continue // no ledger keeps it
			}
			everyField(t, name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case v.Kind() == reflect.Pointer:
		everyField(t, name, v.Elem())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		// One that has all of them is enough: entries of history need no detail.
		everyField(t, name+"[]", v.Index(v.Len()-1))
	}
}
