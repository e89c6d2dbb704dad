package main

import (
	"strings"
	"testing"
)

// Whoever is asked reads whom it is about, and not numbers alone.
func TestEraseNamesWhomItForgets(t *testing.T) {
	dir, _ := folder(t)
	for _, c := range []struct {
		name string
		ids  []string
		want string
	}{
		{"an account", []string{"17841400000010111"}, "Erase 17841400000010111 (@maria.bakes) for good?"},
		{"an id of Meta's list", []string{"38281000000004703"}, "Erase 38281000000004703 (17841400000010111 @maria.bakes) for good?"},
		{"several", []string{"17841400000099999", "17841400000010111"}, "Erase 17841400000010111 (@maria.bakes), 17841400000099999 (no account found) for good?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, errOut := typed("no\n", append([]string{"erase", "--data", dir}, c.ids...)...)
			if code != exitFailed || !strings.Contains(errOut, c.want) || !strings.Contains(errOut, "nothing was changed") {
				t.Errorf("got exit code %d, %s", code, errOut)
			}
		})
	}
	if code, _, _ := igauthCommand("accounts", "show", "17841400000010111", "--data", dir); code != 0 {
		t.Error("the account is gone")
	}
}

// The command says that there was nothing left to disconnect.
func TestDisconnectingOnceMoreIsSaid(t *testing.T) {
	dir, _ := folder(t)
	for _, want := range []string{"maria.bakes is disconnected and its token is destroyed.", "maria.bakes is disconnected already."} {
		if code, out, errOut := igauthCommand("disconnect", "maria.bakes", "--data", dir); code != 0 || !strings.Contains(out, want) {
			t.Errorf("got exit code %d, want %q in\n%s%s", code, want, out, errOut)
		}
	}
}
