package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// simulatorSecret is the app secret of the simulator.
const simulatorSecret = "0123456789abcdef0123456789abcdef"

// callMeta sends what Meta sends about a person, of this moment.
func (s devServer) callMeta(t *testing.T, path, user string) *http.Response {
	t.Helper()
	payload := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"user_id":%q,"algorithm":"HMAC-SHA256","issued_at":%d}`, user, time.Now().Unix()))
	mac := hmac.New(sha256.New, []byte(simulatorSecret))
	mac.Write([]byte(payload))
	resp, err := http.PostForm(s.url+path, url.Values{"signed_request": {base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + "." + payload}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: got status %d", path, resp.StatusCode)
	}
	return resp
}

// receipt asks for the deletion of a person and returns the address that Meta
// shows them.
func (s devServer) receipt(t *testing.T, user string) string {
	t.Helper()
	var answer struct {
		URL string `json:"url"`
	}
	if err := json.NewDecoder(s.callMeta(t, "/data-deletion", user).Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.URL
}

// Somebody who connected an account has it forgotten, and looks at the receipt.
func TestBrowserDeletion(t *testing.T) {
	const maria = "38281000000004703"
	eachWindow(t, func(t *testing.T, window int) {
		server := startDev(t)
		b := newTab(t, window, "en")
		b.open(server.url + "/authorize")
		b.click(approve)
		b.sees("Your Instagram account is connected")

		address := server.receipt(t, maria)
		b.open(address)
		b.sees("Your data has been erased")
		b.sees("1 account: its access tokens, its profile and its history")
		b.shoot("deletion-done")
		b.open(server.url)
		b.sees("None yet")

		b.open(server.receipt(t, "1"))
		b.sees("Nothing was stored")
		b.shoot("deletion-nothing")
		b.open(address[:len(address)-8] + "00000000")
		b.sees("There is no such request")
		b.shoot("deletion-unknown")

		es := newTab(t, window, "es")
		es.open(address)
		es.sees("Tus datos se han borrado")
		es.shoot("deletion-done-es")
	})
}
