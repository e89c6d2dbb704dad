package dictionary

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"igauth/internal/igauth"
)

// The examples of events say what the dictionary says.
func TestExamplesOfEventsAreCurrent(t *testing.T) {
	files, err := filepath.Glob("../../docs/events/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("got %d schemas, %v", len(files), err)
	}
	explained := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var schema struct{ Examples []igauth.MessageBody }
		if err := json.Unmarshal(data, &schema); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, example := range schema.Examples {
			if example.Code == "" {
				continue
			}
			explained++
			if example.Message != example.Code.Message() || example.Hint != example.Code.Hint() {
				t.Errorf("%s: the example says %q, %q of %s, and the dictionary %q, %q", file, example.Message, example.Hint, example.Code, example.Code.Message(), example.Code.Hint())
			}
		}
	}
	if explained < 4 {
		t.Errorf("only %d examples have a code", explained)
	}
}
