package main

import (
	"strings"
	"testing"
)

// How long a token must live is said as in a policy.
func TestMinValidIsATimeAsInAPolicy(t *testing.T) {
	dir, _ := folder(t) // with a token that lives for 58 days more
	for value, c := range map[string]struct {
		code int
		says string
	}{
		"7d":      {0, ""},
		"57d":     {0, ""},
		"1d12h":   {0, ""},
		"36h":     {0, ""},
		"90m":     {0, ""},
		"0":       {0, ""},
		"59d":     {exitNoToken, "does not live that long"},
		"9000h":   {exitNoToken, "does not live that long"},
		"1000d":   {exitNoToken, "does not live that long"},
		"7":       {exitUsage, `"7" must be a time such as 7d`},
		"7 days":  {exitUsage, "must be a time such as 7d"},
		"-7d":     {exitUsage, "must be a time such as 7d"},
		"":        {exitUsage, "must be a time such as 7d"},
		"1d1d":    {exitUsage, "must be a time such as 7d"},
		"9999d":   {exitUsage, "must be a time such as 7d"},
		"tuesday": {exitUsage, "must be a time such as 7d"},
	} {
		code, out, errOut := igauthCommand("token", "maria.bakes", "--min-valid="+value, "--data", dir)
		if code != c.code || !strings.Contains(errOut, c.says) || strings.Contains(errOut, "time:") || (code == 0) != strings.HasPrefix(out, "IGAA") {
			t.Errorf("%q: got exit code %d, want %d; %s%s", value, code, c.code, out, errOut)
		}
	}
}
