package tokenfile_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"igauth/internal/tokenfile"
)

func TestDotenvIsRead(t *testing.T) {
	const (
		noVariable = "no variable holds a token of Instagram (IGAA…) or of Facebook Login (EAA…), or has a known name such as INSTAGRAM_ACCESS_TOKEN; say with --variable which one it is"
		key        = "-----BEGIN KEY-----\nMIIB\n-----END KEY-----"
	)
	instagram := func(token string) []found { return []found{{"variable INSTAGRAM_ACCESS_TOKEN", token}} }
	for _, tt := range []file{
		{"a known name", "INSTAGRAM_ACCESS_TOKEN=" + strange, instagram(strange), ""},
		{"in small letters", "ig_token=" + strange, []found{{"variable ig_token", strange}}, ""},
		{"exported", "#!/bin/sh\nexport INSTAGRAM_ACCESS_TOKEN=" + first + "\n", instagram(first), ""},
		{"spaces around the sign", "INSTAGRAM_ACCESS_TOKEN = " + first + "  ", instagram(first), ""},
		{"lines of Windows", "A=b\r\nINSTAGRAM_ACCESS_TOKEN=" + first + "\r\n", instagram(first), ""},
		{"quotation marks", `INSTAGRAM_ACCESS_TOKEN="` + first + `"`, instagram(first), ""},
		{"single ones", `INSTAGRAM_ACCESS_TOKEN='` + first + `'; # old`, instagram(first), ""},
		{"Bearer", `INSTAGRAM_ACCESS_TOKEN="Bearer ` + first + `"`, instagram(first), ""},
		{"an escaped mark", `INSTAGRAM_ACCESS_TOKEN="a\"b\\c\$d"`, instagram(`a"b\c$d`), ""},
		{"a backslash in single marks", `INSTAGRAM_ACCESS_TOKEN='a\b'`, instagram(`a\b`), ""},
		{"a comment", "INSTAGRAM_ACCESS_TOKEN=" + first + " # of the shop", instagram(first), ""},
		{"# within the value", "INSTAGRAM_ACCESS_TOKEN=ab#cd", instagram("ab#cd"), ""},
		{"the end of a command", "INSTAGRAM_ACCESS_TOKEN=" + first + ";", instagram(first), ""},
		{"a token that is commented out", "#IG_TOKEN=" + second + "\nINSTAGRAM_ACCESS_TOKEN=" + first, instagram(first), ""},
		{"set again, as in a shell", "INSTAGRAM_ACCESS_TOKEN=" + second + "\nINSTAGRAM_ACCESS_TOKEN=" + first, instagram(first), ""},
		{"a value that is a template is not filled in", "A=b\nINSTAGRAM_ACCESS_TOKEN=$A", instagram("$A"), ""},
		{"any name whose value begins like a token", "DEBUG=1\nGATSBY_FEED=" + first + "\nfeedToken=" + second, []found{{"variable GATSBY_FEED", first}, {"line 3", second}}, ""},
		{"a short name that begins like a token", "IGAA_TOKEN=" + first, []found{{"variable IGAA_TOKEN", first}}, ""},
		{"dead tokens too", "A=" + display + "\nB=" + legacy, []found{{"variable A", display}, {"variable B", legacy}}, ""},
		{"a link with a token in it", "FEED=https://x.test/?access_token=" + first, []found{{"variable FEED", "https://x.test/?access_token=" + first}}, ""},
		{"a token under two names", "IG_TOKEN=" + first + "\nSTARTING_TOKEN=" + first, []found{{"variable IG_TOKEN", first}}, ""},
		{"a common name, if there is nothing better", "ACCESS_TOKEN=" + strange, []found{{"variable ACCESS_TOKEN", strange}}, ""},
		{"a common name beside a better one is another service's", "ACCESS_TOKEN=" + strange + "\nSTARTING_TOKEN=" + first, []found{{"variable STARTING_TOKEN", first}}, ""},
		{"a known name that is empty beside another", "IG_TOKEN=\nFEED=" + first, []found{{"variable FEED", first}}, ""},
		{"a value of several lines", "KEY=\"" + key + "\"\nA='x\ny'\nFEED=" + first + "\nfeed=" + second, []found{{"variable FEED", first}, {"line 7", second}}, ""},
		{"settings of heroku", "=== shop-agent Config Vars\nALLOWED_DOMAINS: shop.test\nSTARTING_TOKEN:  " + first + "\n", []found{{"variable STARTING_TOKEN", first}}, ""},
		{"a compose file", "services:\n  web:\n    environment:\n      - IG_TOKEN=" + first + "\n      FEED: '" + second + "'\n", []found{{"variable IG_TOKEN", first}, {"variable FEED", second}}, ""},

		{"nothing of ours", "A=b\nTOKENS=3\n", nil, noVariable},
		{"a known name that is empty", "A=b\nIG_TOKEN=\"\"\nSTARTING_TOKEN= # todo", nil, "variable IG_TOKEN: the variable is empty\nvariable STARTING_TOKEN: the variable is empty"},
		{"a mark that is not closed", "IG_TOKEN=\"" + first + "\nA=b", nil, "variable IG_TOKEN: the quotation mark is not closed"},
		{"a mark that another line closes", "MOTTO=\"it\nIG_TOKEN=\"" + first + "\"\n", []found{{"variable IG_TOKEN", first}}, ""},
		{"a mark that closes over a token", "MOTTO=\"it\nIG_TOKEN=" + first + "\nB=\"\n", []found{{"variable IG_TOKEN", first}}, ""},
		{"something after the mark", "IG_TOKEN='" + first + "'x", nil, "variable IG_TOKEN: there is something after the quotation mark"},
		{"faults of other variables are nobody's concern", "MOTTO='it's\nIG_TOKEN=" + first, []found{{"variable IG_TOKEN", first}}, ""},
		{"a token without the sign", "A=b\nIG_TOKEN " + first + "\nFEED=" + second, []found{{"variable FEED", second}}, "line 2: there is a token here, but not as NAME=TOKEN"},
		{"a token where the name belongs", "A=b\n" + first + "=1\n", nil, "line 2: there is a token here, but not as NAME=TOKEN"},
	} {
		tt.test(t, tokenfile.FormatDotenv)
	}
}

func TestANamedVariableIsRead(t *testing.T) {
	const text = "A=b\nexport MY_OWN='" + strange + "'\nIG_TOKEN=" + first + "\nEMPTY=\nOPEN=\"x\n"
	for _, tt := range []struct {
		name, text, variable string
		want                 []found
		err                  string
	}{
		{"any name", text, "MY_OWN", []found{{"variable MY_OWN", strange}}, ""},
		{"a known one", text, "IG_TOKEN", []found{{"variable IG_TOKEN", first}}, ""},
		{"one that is not there", text, "my_own", nil, "there is no variable my_own in the file; mind capitals"},
		{"an empty one", text, "EMPTY", nil, "variable EMPTY: the variable is empty"},
		{"a broken one", text, "OPEN", nil, "variable OPEN: the quotation mark is not closed"},
		{"in JSON", `{"MY_OWN": "` + strange + `", "IG_TOKEN": 3}`, "MY_OWN", []found{{"variable MY_OWN", strange}}, ""},
		{"in JSON, not a text", `{"MY_OWN": "` + strange + `", "IG_TOKEN": 3}`, "IG_TOKEN", nil, "there is no variable IG_TOKEN in the file; mind capitals"},
		{"in a JSON list", `["` + strange + `"]`, "MY_OWN", nil, "the JSON is a list and has no variables"},
		{"in broken JSON", `{"MY_OWN": `, "MY_OWN", nil, "line 1, column 11: the JSON breaks off or is damaged here"},
		{"in an empty file", " ", "MY_OWN", nil, "the file is empty"},
		{"a name that is none", text, "MY OWN", nil, "this is not the name of a variable; a name has letters, digits and _ alone"},
		{"the token itself by mistake", text, first, nil, "this is not the name of a variable; a name has letters, digits and _ alone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tokenfile.ReadVariable(strings.NewReader(tt.text), tt.variable)
			if !reflect.DeepEqual(listed(got), tt.want) {
				t.Errorf("got %v, want %v", listed(got), tt.want)
			}
			if text := fmt.Sprint(err); text != tt.err && (err != nil || tt.err != "") {
				t.Errorf("got the error %q, want %q", text, tt.err)
			}
		})
	}
}
