package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// Who lists accounts hears if nobody has looked after them for hours.
func TestListTellsWhenRunsHaveStopped(t *testing.T) {
	dir, _ := folder(t)
	for age, told := range map[time.Duration]bool{2 * time.Hour: false, 4 * time.Hour: true} {
		f, err := local.Open(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		parts := f.Parts(f.Now, slog.New(slog.DiscardHandler))
		h, err := parts.Ledger.Health(t.Context())
		if err != nil {
			h = igauth.Health{}
		}
		h.RanAt = f.Now().Add(-age).UTC()
		if err := parts.Ledger.Save(t.Context(), igauth.Change{Health: &h, Attempt: strings.Repeat("c", 31) + string('0'+byte(age/time.Hour))}); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		code, out, errOut := igauthCommand("accounts", "--data", dir)
		if code != 0 || !strings.Contains(out, "maria.bakes") || strings.Contains(errOut, "nobody looks after these accounts") != told {
			t.Errorf("%s after the last run: got exit code %d, %q", age, code, errOut)
		}
		if _, _, errOut = igauthCommand("accounts", "--json", "--data", dir); errOut != "" {
			t.Errorf("with --json: got %q", errOut)
		}
	}
}
