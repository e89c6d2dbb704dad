package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"igauth/internal/app/local"
)

// Whoever reads tokens with the command stands in the folder's audit, also who
// gets none.
func TestCommandIsAudited(t *testing.T) {
	dir, _ := folder(t)
	_, token, _ := igauthCommand("token", "maria.bakes", "--data", dir)
	token = strings.TrimSpace(token)
	file := filepath.Join(dir, "tokens.json")
	for _, args := range [][]string{{"token", "maria.bakes", "--min-valid", "2000h"}, {"token", "nobody"}, {"export", "-o", file}} {
		igauthCommand(append(args, "--data", dir)...)
	}
	path := filepath.Join(dir, local.AuditFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the audit has the mode %v (%v)", info.Mode(), err)
	}
	if token == "" || strings.Contains(string(text), token) {
		t.Error("the audit holds the token")
	}
	var got []string
	for text := range strings.Lines(string(text)) {
		var line struct{ Message, Timestamp, Who, AccountID, Result string }
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if line.Message != "audit" || line.Timestamp == "" || line.Who != localUser() {
			t.Errorf("got %+v", line)
		}
		got = append(got, line.AccountID+" "+line.Result)
	}
	const id = "17841400000010111"
	if want := []string{id + " read", id + " validity_too_short", " account_not_found", id + " read"}; strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("got %q, want %q", got, want)
	}
}
