package igauth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"
	"time"
)

// FlowLifetime is how long a visitor may take at Instagram, and how long the
// outcome of a flow is kept.
const FlowLifetime = 10 * time.Minute

// KeySource returns the keys that authenticate states, the one to sign with
// first. Every key is at least 32 bytes long.
type KeySource func(ctx context.Context) ([]Secret, error)

const (
	// stateVersion 1 had no errand, version 2 no login. States of them, ten minutes
	// old at most when this one came, are refused.
	stateVersion = 3
	nonceSize    = 16
	// stateHeadSize is the shortest state there is without its authentication.
	stateHeadSize = 1 + nonceSize + 8 + sha256.Size + len(returnURLMark{}) + 1 + errandHeadSize
	// maxStateLength bounds what is decoded at all.
	maxStateLength = 1024
	scopePrefix    = "instagram_business_"
)

// A flowState is what travels through Instagram and back in the parameter
// state: enough to finish a flow of which nothing was stored.
type flowState struct {
	nonce    [nonceSize]byte
	issuedAt time.Time
	// binding is the SHA-256 of the flow's cookie.
	binding   [sha256.Size]byte
	returnURL returnURLMark
	login     Login
	// reconnect is the account that alone may be connected, if there is one.
	reconnect errand
	// scopes are asked for; nil if a configuration at Meta names them.
	scopes []string
}

// newFlowState returns the state of a new flow and the value of its cookie.
func newFlowState(random io.Reader, now time.Time, returnURL returnURLMark, wish wish) (flowState, Secret, error) {
	s := flowState{issuedAt: now, returnURL: returnURL, login: wish.login, reconnect: wish.errand, scopes: wish.scopes}
	if _, err := io.ReadFull(random, s.nonce[:]); err != nil {
		return flowState{}, Secret{}, err
	}
	var value [32]byte
	if _, err := io.ReadFull(random, value[:]); err != nil {
		return flowState{}, Secret{}, err
	}
	cookie := NewSecret(base64.RawURLEncoding.EncodeToString(value[:]))
	s.binding = sha256.Sum256([]byte(cookie.Reveal()))
	return s, cookie, nil
}

// id names the flow without telling the nonce.
func (s flowState) id() FlowID {
	sum := sha256.Sum256(append([]byte("igauth flow\x00"), s.nonce[:]...))
	return FlowID(hex.EncodeToString(sum[:16]))
}

// boundTo reports whether the cookie is the one that was set with the state.
func (s flowState) boundTo(cookie Secret) bool {
	sum := sha256.Sum256([]byte(cookie.Reveal()))
	return subtle.ConstantTimeCompare(sum[:], s.binding[:]) == 1
}

// claim returns the claim of a flow. It is derived from the cookie, so that the
// same browser gets the same one again and nobody else can know it, though only
// its hash is stored.
func (s flowState) claim(cookie Secret) Secret {
	mac := hmac.New(sha256.New, []byte(cookie.Reveal()))
	mac.Write([]byte("igauth claim\x00" + s.id()))
	return NewSecret(string(s.id()) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}

// claimFlow returns the flow that a claim belongs to, if it has the right form.
func claimFlow(claim Secret) (FlowID, bool) {
	id, rest, ok := strings.Cut(claim.Reveal(), ".")
	if !ok || len(id) != 32 || len(rest) != 43 {
		return "", false
	}
	if _, err := hex.DecodeString(id); err != nil {
		return "", false
	}
	return FlowID(id), true
}

// claimHash is what the ledger keeps of a claim.
func claimHash(claim Secret) string {
	sum := sha256.Sum256([]byte(claim.Reveal()))
	return hex.EncodeToString(sum[:])
}

// seal writes the state and authenticates it with the key.
func (s flowState) seal(key Secret, appID string) Secret {
	payload := make([]byte, 0, stateHeadSize+maxAccountID+macSize+64)
	payload = append(payload, stateVersion)
	payload = append(payload, s.nonce[:]...)
	payload = binary.BigEndian.AppendUint64(payload, uint64(s.issuedAt.Unix()))
	payload = append(payload, s.binding[:]...)
	payload = append(payload, s.returnURL[:]...)
	payload = append(payload, s.login.letter())
	payload = s.reconnect.append(payload)
	payload = append(payload, shortenScopes(s.scopes)...)
	return NewSecret(forState.sign(key, appID, payload))
}

// openState reads a state that seal wrote with one of the keys, in exactly that
// spelling, not longer than FlowLifetime ago. The errors are CodeStateInvalid
// and CodeStateExpired; with the latter the state is returned as well.
func openState(text Secret, keys []Secret, appID string, now time.Time) (flowState, error) {
	invalid := newError(CodeStateInvalid, nil)
	payload, ok := forState.open(text.Reveal(), keys, appID, maxStateLength)
	if !ok || len(payload) < stateHeadSize || payload[0] != stateVersion {
		return flowState{}, invalid
	}
	var s flowState
	rest := payload[1:]
	rest = rest[copy(s.nonce[:], rest):]
	s.issuedAt = time.Unix(int64(binary.BigEndian.Uint64(rest)), 0).UTC()
	rest = rest[8:]
	rest = rest[copy(s.binding[:], rest):]
	rest = rest[copy(s.returnURL[:], rest):]
	if s.login, ok = loginOf(rest[0]); !ok {
		return flowState{}, invalid
	}
	rest = rest[1:]
	if s.reconnect, rest, ok = readErrand(rest); !ok {
		return flowState{}, invalid
	}
	s.scopes = lengthenScopes(string(rest))
	// A state from the future (clocks of two machines) counts as new.
	if now.Sub(s.issuedAt) > FlowLifetime {
		return s, newError(CodeStateExpired, nil)
	}
	return s, nil
}

// scopesFit reports whether a state has room for scopes, whatever else it says.
func scopesFit(scopes []string) bool {
	return base64.RawURLEncoding.EncodedLen(stateHeadSize+maxAccountID+len(shortenScopes(scopes))+macSize) <= maxStateLength
}

// shortenScopes and lengthenScopes keep the state short: scopes share a prefix.
func shortenScopes(scopes []string) string {
	short := make([]string, len(scopes))
	for i, scope := range scopes {
		if rest, ok := strings.CutPrefix(scope, scopePrefix); ok {
			short[i] = rest
		} else {
			short[i] = "=" + scope
		}
	}
	return strings.Join(short, ",")
}

func lengthenScopes(text string) []string {
	if text == "" {
		return nil
	}
	scopes := strings.Split(text, ",")
	for i, scope := range scopes {
		if full, ok := strings.CutPrefix(scope, "="); ok {
			scopes[i] = full
		} else {
			scopes[i] = scopePrefix + scope
		}
	}
	return scopes
}

// newAttempt returns 32 hexadecimal digits that name an attempt.
func newAttempt(random io.Reader) (string, error) {
	var raw [16]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(raw[:]), nil
}

// randomOr returns random, or the system's source when it is nil.
func randomOr(random io.Reader) io.Reader {
	if random == nil {
		return rand.Reader
	}
	return random
}

// nowOr returns the clock, or the system's when it is nil.
func nowOr(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}
