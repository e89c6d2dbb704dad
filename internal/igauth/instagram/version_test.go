package instagram_test

import (
	"testing"
	"time"

	"igauth/internal/igauth/instagram"
)

func TestGraphVersionEnd(t *testing.T) {
	sourced(t, "https://developers.facebook.com/docs/graph-api/changelog/versions")
	for version, want := range map[string]struct {
		end       string
		announced bool
	}{
		"v20.0": {"2026-09-24", true},
		"v21.0": {"2027-01-21", true},
		"v25.0": {"2028-07-29", true},
		"v26.0": {"2028-07-29", false}, // two years after its release
		"v19.0": {"0001-01-01", false},
		"26.0":  {"0001-01-01", false},
		"":      {"0001-01-01", false},
	} {
		end, announced := instagram.GraphVersionEnd(version)
		if got := end.Format(time.DateOnly); got != want.end || announced != want.announced {
			t.Errorf("%q: got %s, announced %v, want %s, %v", version, got, announced, want.end, want.announced)
		}
	}
}

// The version that is used has an end to warn of, and had not ended when this was
// written.
func TestGraphVersionIsKnown(t *testing.T) {
	end, _ := instagram.GraphVersionEnd(instagram.GraphVersion)
	if !end.After(start) {
		t.Errorf("%s: got %v, want an end after %v", instagram.GraphVersion, end, start)
	}
}
