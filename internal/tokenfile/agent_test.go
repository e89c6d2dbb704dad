package tokenfile_test

import (
	"strings"
	"testing"
	"time"

	"igauth/internal/tokenfile"
)

const table = "value,created_at,expires_at,success,response_body\n"

func TestWhatInstagramTokenAgentKeepsIsRead(t *testing.T) {
	for _, tt := range []file{
		{"/token", first, []found{{"line 1", first}}, ""},
		{"/token.json", `{"token":"` + first + `"}`, []found{{"the JSON object", first}}, ""},
		{"/token.js", "const InstagramToken = '" + first + "';\n", []found{{"line 1", first}}, ""},
		{"/token.js?const=Shop", "const Shop = '" + strange + "';\n", []found{{"line 1", strange}}, ""},
		{"another tool's script", "// made by a tool\nwindow.instagramToken=\"" + first + "\"\nvar version = '3';", []found{{"line 2", first}}, ""},
		{"its settings", "APP_NAME='shop-agent'\nSTARTING_TOKEN='" + first + "'\nWEBHOOK_SECRET='0123456789abcdef0123456789abcdef'\n", []found{{"variable STARTING_TOKEN", first}}, ""},
		{"its settings as JSON", `{"APP_NAME": "shop-agent", "STARTING_TOKEN": "` + first + `", "WEBHOOK_SECRET": "x"}`, []found{{"variable STARTING_TOKEN", first}}, ""},
		{"its settings as they were at the start", "STARTING_TOKEN=copy_token_here", []found{{"variable STARTING_TOKEN", "copy_token_here"}}, ""},
		{"its table", table + first + ",2020-07-01 10:00:00.5,2020-08-30 10:00:00,t,\n", []found{{"line 2", first}}, ""},
		{"its table as JSON", `[{"value":"` + first + `","created_at":"2020-07-01T10:00:00","expires_at":"2020-08-30T10:00:00","success":true,"response_body":null}]`, []found{{"list[0]", first}}, ""},
		{"an answer of several lines in the table", table + second + ",,,f,\"{\"\"error\"\":\n{}}\"\n" + first + ",,,t,\n", []found{{"line 2", second}, {"line 4", first}}, ""},
		{"any table with a token", "id,username,access_token\n17841401313574613,shop," + first + "\n", []found{{"line 2", first}}, ""},

		{"a constant among others", "const a = 'b';\nconst InstagramToken = '" + strange + "';\nlet feed = \"" + first + "\"", []found{{"line 2", strange}, {"line 3", first}}, ""},
		{"a constant of several parts", "const a = 'b';\nconst t = '" + first + "' + x;\n", []found{{"line 1", "b"}}, "line 2: there is a token here, but not as const NAME = 'TOKEN';"},
		{"an empty constant", "const InstagramToken = '';", nil, "line 1: there is no token"},
		{"a table without rows", table, nil, "there is no token in the file"},
		{"a row that breaks off", table + first + ",2020\n" + second + ",,,t,\n", []found{{"line 3", second}}, "line 2: the row has not as many fields as there are columns"},
		{"a table that breaks off", table + first + ",,,t,\"{\n", nil, "line 2: the table breaks off or is damaged here; it must be CSV with commas"},
		{"a row without its token", table + ",,,t,\n", nil, "line 2: there is no token"},
	} {
		tt.test(t, tokenfile.FormatAgent)
	}
}

// After a failed refresh the agent's row has the token of its start and the time
// of the failure.
func TestTheEndOfAnAgentsTokenIsItsOwn(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       time.Time
	}{
		{"a good row", table + first + ",,2026-08-30 10:00:00.25,t,", time.Date(2026, 8, 30, 10, 0, 0, 25e7, time.UTC)},
		{"after a failure", table + first + ",,2026-08-30 10:00:00,f,", time.Time{}},
		{"after a failure, as JSON", `{"value":"` + first + `","expires_at":"2026-08-30T10:00:00","success":false}`, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tokenfile.Read(strings.NewReader(tt.text), "")
			if err != nil || len(got) != 1 {
				t.Fatalf("got %v, %v", listed(got), err)
			}
			if !got[0].ExpiresAt.Equal(tt.want) || !got[0].IssuedAt.IsZero() {
				t.Errorf("got %v to %v, want no start and %v", got[0].IssuedAt, got[0].ExpiresAt, tt.want)
			}
		})
	}
}
