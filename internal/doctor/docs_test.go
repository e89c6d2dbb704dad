package doctor_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/doctor.md has every finding with its severities, and none that there is not.
func TestDocumentationHasEveryFinding(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	severity := map[string]string{"good": "ok", "note": "info", "warn": "warning", "fault": "error"}
	made := map[string]map[string]bool{
		// Made of others in CheckVault.
		"vault-secret-missing": {"error": true}, "vault-secret-deleted": {"error": true}, "vault-secret-unreachable": {"error": true},
		// By a constant.
		"graph-version": {"error": true, "warning": true, "ok": true},
	}
	call := regexp.MustCompile(`\b(good|note|warn|fault)\("([a-z-]+)"`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range call.FindAllStringSubmatch(string(source), -1) {
			if made[found[2]] == nil {
				made[found[2]] = map[string]bool{}
			}
			made[found[2]][severity[found[1]]] = true
		}
	}
	text, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]map[string]bool{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for id := range strings.SplitSeq(cells[1], ",") {
			id = strings.Trim(id, " `")
			if told[id] != nil {
				t.Errorf("docs/doctor.md has %s twice", id)
			}
			told[id] = map[string]bool{}
			for one := range strings.SplitSeq(cells[2], ",") {
				told[id][strings.TrimSpace(one)] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(made)) {
		if !maps.Equal(made[id], told[id]) {
			t.Errorf("%s: the findings are %v, docs/doctor.md says %v", id, slices.Sorted(maps.Keys(made[id])), slices.Sorted(maps.Keys(told[id])))
		}
	}
	for id := range told {
		if made[id] == nil {
			t.Errorf("docs/doctor.md has %s, which nothing finds", id)
		}
	}
}
