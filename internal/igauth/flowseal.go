package igauth

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
)

// A FlowSeal encrypts what a flow keeps of the visitor, under a key
// that only the visitor's cookie and the installation's state key have together:
// whoever reads the ledger has neither, and whoever has one of them still lacks
// the other. The zero one seals nothing.
type FlowSeal struct {
	flow FlowID
	// keys belong to the state keys, the one to seal with first.
	keys []Secret
}

// newFlowSeal returns the seal of a flow in the browser with a cookie.
func newFlowSeal(flow FlowID, cookie Secret, stateKeys []Secret) (FlowSeal, error) {
	s := FlowSeal{flow: flow}
	for _, stateKey := range stateKeys {
		if stateKey.IsZero() {
			continue
		}
		key, err := hkdf.Key(sha256.New, []byte(stateKey.Reveal()), []byte(cookie.Reveal()), "igauth person's token", 32)
		if err != nil {
			return FlowSeal{}, err
		}
		s.keys = append(s.keys, NewSecret(string(key)))
	}
	return s, nil
}

// cipher returns AES-256-GCM under a key, with random nonces.
func (s FlowSeal) cipher(key Secret) (cipher.AEAD, error) {
	block, err := aes.NewCipher([]byte(key.Reveal()))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal returns the encrypted text.
func (s FlowSeal) seal(text []byte) (string, error) {
	if len(s.keys) == 0 {
		return "", errors.New("the flow has no key to keep a token under")
	}
	aead, err := s.cipher(s.keys[0])
	if err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(aead.Seal(nil, nil, text, []byte(s.flow))), nil
}

// errSealed says that a flow's token cannot be opened in this browser.
var errSealed = errors.New("the person's token cannot be opened")

// open returns the text that seal was given.
func (s FlowSeal) open(sealed string) ([]byte, error) {
	data, err := base64.RawStdEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return nil, errSealed
	}
	for _, key := range s.keys {
		aead, err := s.cipher(key)
		if err != nil {
			return nil, err
		}
		if text, err := aead.Open(nil, nil, data, []byte(s.flow)); err == nil {
			return text, nil
		}
	}
	return nil, errSealed
}

// A facebookConsent is what a person of Facebook Login has given: their own
// token, and who they are.
type facebookConsent struct {
	// token is the person's. Its Value becomes the UserToken of an account's.
	token Token
	// person is the app-scoped id; "" if Meta did not say.
	person string
	// choices are what the person has to choose from.
	choices []Choice
}

// sealedConsent is a consent as it is sealed.
type sealedConsent struct {
	Token           string    `json:"token"`
	IssuedAt        time.Time `json:"issued_at"`
	ExpiresAt       time.Time `json:"expires_at"`
	DataAccessUntil time.Time `json:"data_access_until"`
	Scopes          []string  `json:"scopes"`
	Person          string    `json:"person"`
	Choices         []Choice  `json:"choices"`
}

// sealedWith returns the consent as text that only the seal opens.
func (c facebookConsent) sealedWith(s FlowSeal) (string, error) {
	t := c.token
	var text bytes.Buffer
	// Names are written as they are: five hundred of them must fit into one item of
	// a table.
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(sealedConsent{t.Value.Reveal(), t.IssuedAt, t.ExpiresAt, t.DataAccessUntil, t.Scopes, c.person, c.choices}); err != nil {
		return "", err
	}
	return s.seal(text.Bytes())
}

// openConsent reads what sealedWith wrote.
func openConsent(sealed string, s FlowSeal) (facebookConsent, error) {
	text, err := s.open(sealed)
	if err != nil {
		return facebookConsent{}, err
	}
	var kept sealedConsent
	if json.Unmarshal(text, &kept) != nil {
		return facebookConsent{}, errSealed
	}
	return facebookConsent{
		token: Token{
			Value: NewSecret(kept.Token), IssuedAt: kept.IssuedAt, ExpiresAt: kept.ExpiresAt,
			DataAccessUntil: kept.DataAccessUntil, Scopes: kept.Scopes,
		},
		person:  kept.Person,
		choices: kept.Choices,
	}, nil
}

// sealedNames are the names of an outcome as they are sealed.
type sealedNames struct {
	Wanted string `json:"wanted"`
	Found  string `json:"found"`
}

// sealNames returns the names of an outcome as text that only the visitor's browser
// opens; "" if there are none. A flow ends without them, too.
func (c *Connector) sealNames(ctx context.Context, arrival Arrival, o Outcome) string {
	if o.WantedName == "" && o.FoundName == "" {
		return ""
	}
	text, err := json.Marshal(sealedNames{o.WantedName, o.FoundName})
	sealed := ""
	if err == nil {
		sealed, err = arrival.Seal.seal(text)
	}
	if err != nil {
		c.log.WarnContext(ctx, "names not kept", "flow", arrival.Flow, "err", err)
	}
	return sealed
}

// openNames returns the outcome of a flow with its names, as far as this browser
// opens them.
func (s FlowSeal) openNames(f Flow) Outcome {
	outcome := f.Outcome
	if f.SealedNames == "" {
		return outcome
	}
	var names sealedNames
	if text, err := s.open(f.SealedNames); err == nil && json.Unmarshal(text, &names) == nil {
		outcome.WantedName, outcome.FoundName = names.Wanted, names.Found
	}
	return outcome
}
