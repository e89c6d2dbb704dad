package main

import (
	"strings"
	"testing"

	"igauth/internal/app"
)

// Where a link leads is known in a folder, and told for a stack.
func TestAddressOfALink(t *testing.T) {
	known := app.Settings{PublicURL: "https://connect.example", AppID: "990602627938098"}
	for name, c := range map[string]struct {
		command  reconnectCommand
		settings app.Settings
		says     string
	}{
		"a folder":                     {reconnectCommand{}, known, ""},
		"a folder of an older server":  {reconnectCommand{}, app.Settings{AppID: "990602627938098"}, "igauth dev"},
		"a stack without a public URL": {reconnectCommand{where: where{AWS: true}, AppID: "990602627938098"}, app.Settings{}, "ConnectUrl"},
		"a stack without an app id":    {reconnectCommand{where: where{AWS: true}, PublicURL: "https://connect.example"}, app.Settings{}, "InstagramAppId"},
		"a stack with flags":           {reconnectCommand{where: where{AWS: true}, PublicURL: "https://connect.example", AppID: "990602627938098"}, app.Settings{}, ""},
		"a stack with an environment":  {reconnectCommand{where: where{AWS: true}}, known, ""},
		"a path behind the public URL": {reconnectCommand{where: where{AWS: true}, PublicURL: "https://connect.example/authorize"}, known, "without a slash"},
		"an app id in quotes":          {reconnectCommand{where: where{AWS: true}, AppID: `"1"`}, known, "digits only"},
	} {
		err := c.command.address(&c.settings)
		if c.says == "" && (err != nil || c.settings.PublicURL != known.PublicURL || c.settings.AppID != known.AppID) {
			t.Errorf("%s: got %+v, %v", name, c.settings, err)
		}
		if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
}
