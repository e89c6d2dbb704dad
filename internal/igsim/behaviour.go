package igsim

import (
	"fmt"
	"maps"
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
	// Proof says whether calls to graph.facebook.com need appsecret_proof:
	// "required" (default) or "optional", as the switch "Require app secret" of
	// the dashboard has it. A wrong one is refused in both cases.
	// https://developers.facebook.com/docs/graph-api/guides/secure-requests
	Proof string `json:"proof"`
	// ExpiresIn says whether the answers with a token of Facebook's name an end:
	// "present" (default) or "absent", which is seen.
	// https://github.com/pixelant/pxa_social_feed/issues/105
	ExpiresIn string `json:"expires_in"`
	// Extend is what the exchange of a long token of Facebook returns: "new"
	// (default), another text while the old lives on, "same", or "kept": the same
	// text with the same end.
	Extend string `json:"extend"`
	// DataAccess is what starts the ninety days of data access again: "login"
	// (default), or "exchange", an exchange too.
	// https://developers.facebook.com/documentation/facebook-login/auth-vs-data
	DataAccess string `json:"data_access"`
	// PageToken is what a Page answers for its token: "same" (default), the one
	// it gave before while that lives, or "new".
	PageToken string `json:"page_token"`
	// EndedVersion is what happens to a call with a Graph version that ended:
	// "moved_up" (default), the oldest living one answers, or "refused", as the
	// Marketing API is known to, with code 2635.
	// https://github.com/facebook/facebook-python-business-sdk/issues/356
	// https://developers.facebook.com/docs/graph-api/guides/versioning
	EndedVersion string `json:"ended_version"`
	// PagesAtOnce bounds how many Pages one answer of /me/accounts lists; 0: what
	// the request asks for, 100 at most.
	PagesAtOnce int `json:"pages_at_once"`
	// SignedBy is whose secret signs the callbacks about accounts of Instagram
	// Login: "instagram" (default) or "meta". Meta does not tell. Those about
	// people of Facebook Login are always signed with the Meta app's.
	SignedBy string `json:"signed_by"`
	// Expires says which callbacks have the field expires: "deletion" (default),
	// as Meta's sample, "always" or "never".
	// https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
	Expires string `json:"expires"`
	// DeauthorizeOnRemove makes RemoveApp send the deauthorize callback, where
	// Config has its URL. Whether Instagram Login does is not known.
	DeauthorizeOnRemove bool `json:"deauthorize_on_remove"`
	// CodesAsText writes the code of every error as a JSON string.
	CodesAsText bool `json:"codes_as_text"`
}

// withDefaults names the defaults and refuses words it does not know.
func (b Behaviour) withDefaults() (Behaviour, error) {
	for _, f := range b.words() {
		if *f.field == "" {
			*f.field = f.words[0]
		}
		if !slices.Contains(f.words, *f.field) {
			return Behaviour{}, fmt.Errorf("unknown %s %q: use %s", f.name, *f.field, strings.TrimPrefix(strings.Join(f.words, ", "), ", "))
		}
	}
	if b.PagesAtOnce < 0 {
		return Behaviour{}, fmt.Errorf("pages_at_once %d: must not be below 0", b.PagesAtOnce)
	}
	return b, nil
}

// A word is a field of a Behaviour that takes one of some words.
type word struct {
	field *string
	name  string
	words []string // the first is the default
}

func (b *Behaviour) words() []word {
	return []word{
		{&b.CodeShape, "code_shape", []string{"flat", "wrapped", "captured"}},
		{&b.Permissions, "permissions", []string{"", "list", "text", "absent"}},
		{&b.MeShape, "me_shape", []string{"flat", "data"}},
		{&b.UserIDAs, "user_id_as", []string{"text", "number"}},
		{&b.Refresh, "refresh", []string{"same", "new", "rotate"}},
		{&b.Proof, "proof", []string{"required", "optional"}},
		{&b.ExpiresIn, "expires_in", []string{"present", "absent"}},
		{&b.Extend, "extend", []string{"new", "same", "kept"}},
		{&b.DataAccess, "data_access", []string{"login", "exchange"}},
		{&b.PageToken, "page_token", []string{"same", "new"}},
		{&b.SignedBy, "signed_by", []string{"instagram", "meta"}},
		{&b.Expires, "expires", []string{"deletion", "always", "never"}},
		{&b.EndedVersion, "ended_version", []string{"moved_up", "refused"}},
	}
}

// switches are the fields that are true or false.
func (b *Behaviour) switches() map[string]*bool {
	return map[string]*bool{
		"no_user_id": &b.NoUserID, "codes_as_text": &b.CodesAsText, "deauthorize_on_remove": &b.DeauthorizeOnRemove,
	}
}

// behaviourFields are the names of all fields.
func behaviourFields() []string {
	var b Behaviour
	names := []string{"pages_at_once"}
	for _, w := range b.words() {
		names = append(names, w.name)
	}
	return slices.AppendSeq(names, maps.Keys(b.switches()))
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
