package igauth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

// A Secret hides in every way that text gets out: sixteen of them, from a plain
// print to a private field of a struct in a JSON log line.
func TestSecretDoesNotPrint(t *testing.T) {
	const text = "IGAA-sentinel-text"
	type nested struct {
		Public  igauth.Secret
		private igauth.Secret
	}
	s := igauth.NewSecret(text)
	n := nested{s, s}
	logged := func(handler func(*bytes.Buffer) slog.Handler, value any) string {
		var out bytes.Buffer
		slog.New(handler(&out)).Info("message", "key", value)
		return out.String()
	}
	asJSON := func(out *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(out, nil) }
	asText := func(out *bytes.Buffer) slog.Handler { return slog.NewTextHandler(out, nil) }
	marshal := func(value any) string {
		data, err := json.Marshal(value)
		return fmt.Sprint(string(data), err)
	}
	for name, shown := range map[string]string{
		"%v":                  fmt.Sprintf("%v", s),
		"%+v":                 fmt.Sprintf("%+v", s),
		"%#v":                 fmt.Sprintf("%#v", s),
		"%s":                  fmt.Sprintf("%s", s),
		"%q":                  fmt.Sprintf("%q", s),
		"%x":                  fmt.Sprintf("%x", s),
		"%d":                  fmt.Sprintf("%d", s),
		"nested %v":           fmt.Sprintf("%v", n),
		"nested %+v":          fmt.Sprintf("%+v", n),
		"nested %#v":          fmt.Sprintf("%#v", n),
		"json":                marshal(s),
		"nested json":         marshal(n),
		"slog json":           logged(asJSON, s),
		"slog text":           logged(asText, s),
		"nested in slog json": logged(asJSON, n),
		"nested in slog text": logged(asText, n),
	} {
		for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprint([]byte(text))} {
			if strings.Contains(shown, form) {
				t.Errorf("%s shows the secret: %s", name, shown)
			}
		}
	}
	_ = n.private
}

func TestSecretEqual(t *testing.T) {
	a, b := igauth.NewSecret("same"), igauth.NewSecret("same")
	if !a.Equal(b) {
		t.Error("two secrets of the same text differ")
	}
	if a.Equal(igauth.NewSecret("other")) || a.Equal(igauth.Secret{}) {
		t.Error("secrets of different texts are equal")
	}
	if !(igauth.Secret{}).IsZero() || !igauth.NewSecret("").IsZero() || a.IsZero() {
		t.Error("IsZero is wrong")
	}
	if got := a.Reveal(); got != "same" {
		t.Errorf("Reveal: got %q", got)
	}
}
