package doctor_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"igauth/internal/doctor"
)

// Who sets a variable that the documentation names must not be told that there is no
// such variable.
func TestVariablesInTheDocumentationExist(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	named := regexp.MustCompile(`IGAUTH_[A-Z_]*[A-Z]\b`)
	found := 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range named.FindAllString(string(text), -1) {
			found++
			for _, f := range (doctor.Settings{Environment: doctor.Environment{name: "x"}}).Check() {
				if f.ID == "env-unknown" {
					t.Errorf("%s: %s", file, f.What)
				}
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d variables are named", found)
	}
}
