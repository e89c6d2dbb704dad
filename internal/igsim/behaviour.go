package igsim

import (
	"fmt"
	"slices"
	"strings"
)

// A Behaviour chooses between shapes of answers about which Meta's pages and
// what people see contradict each other. A client should pass with all of them.
// The zero value is what most people see.
type Behaviour struct {
	// CodeShape is the answer of the code exchange. "flat" (default): one object
	// with user_id as a number and permissions as a list. "wrapped": as
	// documented, the object inside data[], user_id and permissions as text.
	// "captured": inside data[], but number and list.
	// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
	CodeShape string `json:"code_shape"`
	// Permissions overrides how that answer carries them: "list", "text" (with
	// commas) or "absent". Empty: as the shape has it.
	Permissions string `json:"permissions"`
	// MeShape is the answer of /me: "flat" (default, seen) or "data" (documented:
	// the object inside data[]).
	// https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
	MeShape string `json:"me_shape"`
	// UserIDAs is how /me writes id and user_id: "text" (default) or "number".
	UserIDAs string `json:"user_id_as"`
	// NoUserID makes /me refuse the field user_id with code 100, and answer the
	// professional account's id as id, as one report has it.
	NoUserID bool `json:"no_user_id"`
	// Refresh is what a refresh returns. "same" (default): the same text with a
	// new expiry. "new": another text, while the old lives until its own expiry.
	// "rotate": another text, and the old dies at once.
	Refresh string `json:"refresh"`
	// CodesAsText writes the code of every error as a JSON string.
	CodesAsText bool `json:"codes_as_text"`
}

// withDefaults names the defaults and refuses words it does not know.
func (b Behaviour) withDefaults() (Behaviour, error) {
	for _, f := range []struct {
		field *string
		name  string
		words []string // the first is the default
	}{
		{&b.CodeShape, "code_shape", []string{"flat", "wrapped", "captured"}},
		{&b.Permissions, "permissions", []string{"", "list", "text", "absent"}},
		{&b.MeShape, "me_shape", []string{"flat", "data"}},
		{&b.UserIDAs, "user_id_as", []string{"text", "number"}},
		{&b.Refresh, "refresh", []string{"same", "new", "rotate"}},
	} {
		if *f.field == "" {
			*f.field = f.words[0]
		}
		if !slices.Contains(f.words, *f.field) {
			return Behaviour{}, fmt.Errorf("unknown %s %q: use %s", f.name, *f.field, strings.TrimPrefix(strings.Join(f.words, ", "), ", "))
		}
	}
	return b, nil
}

// SetBehaviour replaces the whole behaviour. It fails, and changes nothing, when
// a field holds a word it does not know.
func (s *Simulator) SetBehaviour(b Behaviour) error {
	b, err := b.withDefaults()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b
	return nil
}
