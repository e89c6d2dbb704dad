package igauth

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// redacted is what a Secret shows of itself.
const redacted = "[REDACTED]"

// A Secret is text that does not print: an access token, an app secret, a key.
// Neither fmt, encoding/json nor log/slog show it, at any depth of nesting. The
// text sits behind a pointer because fmt prints the bytes of unexported fields
// without asking their methods, and of a pointer it prints the address.
//
// The zero Secret is empty. Compare with [Secret.Equal]; == compares pointers.
type Secret struct {
	text *string
}

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	return Secret{text: &text}
}

// Reveal returns the text. A test lists the few places that may call it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the Secret is empty.
func (s Secret) IsZero() bool {
	return s.text == nil || *s.text == ""
}

// Len returns how many bytes the Secret has, for who must not see them.
func (s Secret) Len() int { return len(s.Reveal()) }

// Equal reports whether both hold the same text, in a time that does not depend
// on where they differ.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns a fixed text.
func (s Secret) String() string { return redacted }

// GoString returns a fixed text.
func (s Secret) GoString() string { return redacted }

// Format writes a fixed text for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns a fixed text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns a fixed text. What must be stored or sent is written with
// [Secret.Reveal] where that happens.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns a fixed text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
