package igauth_test

import (
	"errors"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

const (
	liveText    = "IGAAQpZCk0Y2aRBZAE9nd0JPcUxYb3hVZAW1nVHdIR0ZAyYjdEb1BSWExTSTBkZA0xQ1Z3ZDZD"
	displayText = "IGQVJWcl9zZAkRFUEpoa0JxcVhYb3hVZAW1nVHdIR0ZAyYjdEb1BSWExTSTBkZA0xQ1Z3ZDZD"
	legacyText  = "1527925940.ac27022.0123456789abcdef0123456789abcdef"
	pageText    = "EAAGm0PX4ZCpsBAKZCZBl7vZAzWQ8OZBkqYZAbcdefgh0123456789"
)

func TestWhatSomebodyBringsIsRecognized(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       igauth.Code
	}{
		{"a token of Instagram Login", liveText, ""},
		{"a short one, as some day they may be", "IGAAx", ""},
		{"a family that nobody has seen yet", "IGBB4kZAy8f2nKw0ZD", ""},
		{"a token with dashes and underscores", "my_own-Prefix_4kZAy8f2nKw0ZD", ""},
		{"a token with base64's signs", "Ab+/4kZAy8f2nKw0ZD==", ""},
		{"a version number", "1.2.3", ""},
		{"31 hexadecimal digits", strings.Repeat("a1b2c3d", 5)[:31], ""},

		{"Basic Display, first prefix", displayText, igauth.CodeTokenBasicDisplay},
		{"Basic Display, second prefix", "IGQW" + displayText[4:], igauth.CodeTokenBasicDisplay},
		{"the first Instagram API", legacyText, igauth.CodeTokenLegacy},
		{"the same in capitals", strings.ToUpper(legacyText), igauth.CodeTokenLegacy},
		{"Facebook Login", pageText, igauth.CodeTokenFacebook},

		{"nothing", "", igauth.CodeTokenMissing},
		{"an app secret", "0123456789abcdef0123456789abcdef", igauth.CodeTokenIsAppSecret},
		{"an app secret in capitals", "0123456789ABCDEF0123456789ABCDEF", igauth.CodeTokenIsAppSecret},
		{"an app access token", "1234567890123456|0123456789abcdef0123456789abcdef", igauth.CodeTokenIsAppToken},
		{"an app access token of another form", "1234567890123456|_x-kAbCdEf", igauth.CodeTokenIsAppToken},
		{"an authorization code", "AQDp3TtBQQ2k9ZxT0aJ7", igauth.CodeTokenIsCode},
		{"a code with its tail", "AQDp3TtBQQ2k9ZxT0aJ7#_", igauth.CodeTokenIsCode},
		{"a URL", "https://graph.instagram.com/me?access_token=" + liveText, igauth.CodeTokenIsLink},
		{"a URL without its scheme", "graph.instagram.com/me?access_token=" + liveText, igauth.CodeTokenIsLink},
		{"a part of a URL", "access_token=" + liveText, igauth.CodeTokenIsLink},
		{"a fragment", "#access_token=" + liveText, igauth.CodeTokenIsLink},
		{"a JSON object", `{"access_token": "` + liveText + `"}`, igauth.CodeTokenIsJSON},
		{"a JSON list", `["` + liveText + `"]`, igauth.CodeTokenIsJSON},

		{"white space inside", liveText[:20] + " " + liveText[20:], igauth.CodeTokenDamaged},
		{"a line break inside", liveText[:20] + "\n" + liveText[20:], igauth.CodeTokenDamaged},
		{"white space at the end", liveText + " ", igauth.CodeTokenDamaged},
		{"a carriage return at the end", liveText + "\r", igauth.CodeTokenDamaged},
		{"a NUL", "IGAA\x00" + liveText, igauth.CodeTokenDamaged},
		{"an escape", "IGAA\x1b[0m", igauth.CodeTokenDamaged},
		{"quotation marks left on", `"` + liveText + `"`, igauth.CodeTokenDamaged},
		{"Bearer left on", "Bearer " + liveText, igauth.CodeTokenDamaged},
		{"a page of HTML", "<html>", igauth.CodeTokenDamaged},
		{"dots for its middle", "IGAAQpZCk0...3ZDZD", igauth.CodeTokenDamaged},
		{"an ellipsis", "IGAAQpZCk0…", igauth.CodeTokenDamaged},
		{"a mask", "IGAA********3ZD", igauth.CodeTokenDamaged},
		{"bullets", "••••••••", igauth.CodeTokenDamaged},
		{"letters of another script", "ІGAAQpZCk0Y2aRBZAE9n", igauth.CodeTokenDamaged},
		{"bytes that are no text", "IGAA\xff\xfe", igauth.CodeTokenDamaged},
		{"too much", "IGAA" + strings.Repeat("x", 4093), igauth.CodeTokenDamaged},

		{"undefined", "undefined", igauth.CodeTokenPlaceholder},
		{"null", "null", igauth.CodeTokenPlaceholder},
		{"None", "None", igauth.CodeTokenPlaceholder},
		{"an object of JavaScript", "[object Object]", igauth.CodeTokenPlaceholder},
		{"YOUR_TOKEN", "YOUR_TOKEN", igauth.CodeTokenPlaceholder},
		{"in brackets", "<your-access-token>", igauth.CodeTokenPlaceholder},
		{"in braces", "{{ INSTAGRAM_ACCESS_TOKEN }}", igauth.CodeTokenPlaceholder},
		{"the default of instagram-token-agent", "copy_token_here", igauth.CodeTokenPlaceholder},
		{"a variable that nobody filled in", "${IG_TOKEN_OF_THE_SHOP}", igauth.CodeTokenPlaceholder},
		{"with the prefix", "IGAA_YOUR_TOKEN_HERE", igauth.CodeTokenPlaceholder},
		{"one character repeated", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", igauth.CodeTokenPlaceholder},
		{"our own mask", "[REDACTED]", igauth.CodeTokenPlaceholder},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := igauth.CheckTokenText(igauth.NewSecret(tt.text))
			if tt.want == "" {
				if err != nil {
					t.Fatalf("got %v, want it accepted", err)
				}
				return
			}
			var e *igauth.Error
			if !errors.As(err, &e) || e.Code != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			if e.Class != igauth.ClassRefused || e.Code.HTTPStatus() != 400 {
				t.Errorf("got class %s and status %d", e.Class, e.Code.HTTPStatus())
			}
			if len(tt.text) > 8 && strings.Contains(err.Error(), tt.text) {
				t.Error("the error shows the text")
			}
		})
	}
}

func TestAMissingTokenIsNotAToken(t *testing.T) {
	if got := igauth.CodeOf(igauth.CheckTokenText(igauth.Secret{})); got != igauth.CodeTokenMissing {
		t.Errorf("got %s", got)
	}
}

func TestFamilyOfAToken(t *testing.T) {
	for text, want := range map[string]igauth.Family{
		liveText:              igauth.FamilyInstagram,
		displayText:           igauth.FamilyBasicDisplay,
		"IGQW" + liveText:     igauth.FamilyBasicDisplay,
		legacyText:            igauth.FamilyLegacy,
		pageText:              igauth.FamilyFacebook,
		"":                    igauth.FamilyUnknown,
		"igaa-in-small":       igauth.FamilyUnknown,
		" " + liveText:        igauth.FamilyUnknown,
		"1.2.3":               igauth.FamilyUnknown,
		legacyText + ".1":     igauth.FamilyUnknown,
		"10.0.26200.8037":     igauth.FamilyUnknown,
		"AQDp3TtBQQ2k9ZxT0aJ": igauth.FamilyUnknown,
	} {
		if got := igauth.FamilyOf(igauth.NewSecret(text)); got != want {
			t.Errorf("%.12q: got %s, want %s", text, got, want)
		}
	}
}

// Whoever brings a dead token must read what it is, and where a live one comes
// from.
func TestRefusalsOfTokensSayWhatToDo(t *testing.T) {
	for code, says := range map[igauth.Code]string{
		igauth.CodeTokenBasicDisplay: "Basic Display",
		igauth.CodeTokenLegacy:       "first Instagram API",
		igauth.CodeTokenFacebook:     "Facebook Login",
		igauth.CodeTokenIsAppSecret:  "app secret",
		igauth.CodeTokenIsCode:       "authorization code",
	} {
		if !strings.Contains(code.Message(), says) {
			t.Errorf("%s: the message is %q", code, code.Message())
		}
		if !strings.Contains(code.Hint(), "/authorize") || !strings.Contains(code.Hint(), "Generate token") {
			t.Errorf("%s: the hint is %q", code, code.Hint())
		}
	}
}

func FuzzCheckTokenText(f *testing.F) {
	for _, text := range []string{liveText, displayText, legacyText, pageText, "", "$", "{", "AQ", "1|", "null", "••", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := igauth.CheckTokenText(igauth.NewSecret(text))
		if err == nil {
			if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) || text == "" {
				t.Errorf("accepted %q", text)
			}
			return
		}
		if igauth.ClassOf(err) != igauth.ClassRefused {
			t.Errorf("got class %s", igauth.ClassOf(err))
		}
		// The error is the same for any two texts with the same fault, so that
		// it cannot hold one of them.
		if e, ok := errors.AsType[*igauth.Error](err); !ok || e.Err != nil || len(e.Error()) > 80 {
			t.Errorf("got %v", err)
		}
	})
}
