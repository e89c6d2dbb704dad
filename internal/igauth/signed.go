package igauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// A purpose separates what is signed for different ends under the same keys: a
// text that was signed for one is worth nothing for another.
type purpose string

const (
	forState     purpose = "igauth state"
	forReconnect purpose = "igauth reconnect"
)

const macSize = sha256.Size

// sign returns payload and its authentication as text for a URL. The app id goes
// into the code, so that what was signed for another app is refused even under
// the same key.
func (p purpose) sign(key Secret, appID string, payload []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(payload, p.mac(key, appID, payload)...))
}

// open returns the payload of a text that sign made with one of the keys, in
// exactly that spelling and not longer than a number of characters.
func (p purpose) open(text string, keys []Secret, appID string, longest int) (payload []byte, ok bool) {
	if text == "" || len(text) > longest {
		return nil, false
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	// Decoding skips line breaks, which would be a second spelling.
	if err != nil || base64.RawURLEncoding.EncodeToString(data) != text || len(data) < macSize {
		return nil, false
	}
	payload, mac := data[:len(data)-macSize], data[len(data)-macSize:]
	found := 0
	for _, key := range keys {
		if !key.IsZero() {
			found |= subtle.ConstantTimeCompare(p.mac(key, appID, payload), mac)
		}
	}
	return payload, found == 1
}

func (p purpose) mac(key Secret, appID string, payload []byte) []byte {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write([]byte(string(p) + "\x00" + appID + "\x00"))
	mac.Write(payload)
	return mac.Sum(nil)
}
