package tokenfile_test

import (
	"testing"

	"igauth/internal/tokenfile"
)

// facebook is a token of Facebook Login.
const facebook = "EAAGm0PX4ZCpsBAKZCZBl7vZAzWQ8OZBkqYZAbcdefgh0123456789"

// A token is found where it stands in a query, and an address stays one: whether its
// token is meant nobody knows.
func TestTokenInAQueryIsRead(t *testing.T) {
	const padded = "Ab+/4kZAy8f2nKw0ZD=="
	for _, tt := range []file{
		{"with a mark", "?access_token=" + first, []found{{"line 1", first}}, ""},
		{"with what follows", first + "&expires_in=5184000", []found{{"line 1", first}}, ""},
		{"padded", "?access_token=" + padded + "&token_type=bearer", []found{{"line 1", padded}}, ""},
		{"padded and alone", padded, []found{{"line 1", padded}}, ""},
		{"an address", "https://x.test/?access_token=" + first, []found{{"line 1", "https://x.test/?access_token=" + first}}, ""},
		{"another name", "?code=" + first, []found{{"line 1", "?code=" + first}}, ""},
		{"bytes", "\x7fELF\x00" + first, nil, "this is not a text; bring a file with the token alone, a .env file, or JSON"},
	} {
		tt.test(t, tokenfile.FormatText)
	}
	answer := file{"the answer of a token endpoint", "access_token=" + first + "&token_type=bearer&expires_in=5184000", []found{{"variable access_token", first}}, ""}
	answer.test(t, tokenfile.FormatDotenv)
}

func TestTokenOfFacebookLoginIsFound(t *testing.T) {
	for _, tt := range []file{
		{"under any name", "PORT=3000\nPAGES_OF_LEO=" + facebook + "\n", []found{{"variable PAGES_OF_LEO", facebook}}, ""},
		{"beside one of Instagram", "FEED=" + first + "\nPAGES=" + facebook + "\n", []found{{"variable FEED", first}, {"variable PAGES", facebook}}, ""},
		{"but no word that only begins so", "EAAS=EAAS_SEASIDE\nFEED=" + first, []found{{"variable FEED", first}}, ""},
	} {
		tt.test(t, tokenfile.FormatDotenv)
	}
	json := file{"in JSON", `{"PAGES": "` + facebook + `"}`, []found{{"variable PAGES", facebook}}, ""}
	json.test(t, tokenfile.FormatJSON)
}
