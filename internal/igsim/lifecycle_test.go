package igsim_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"igauth/internal/igsim"
)

// opened verifies a signed request as the documentation has it, and returns its
// fields.
func opened(t *testing.T, signed, secret string) map[string]any {
	t.Helper()
	sig, payload, ok := strings.Cut(signed, ".")
	if !ok || strings.ContainsAny(signed, "=+/") {
		t.Fatalf("not two parts of unpadded base64url")
	}
	got, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(payload))
	if !hmac.Equal(got, mac.Sum(nil)) {
		t.Fatalf("the signature is another app's")
	}
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		t.Fatal(err)
	}
	return reply{body: string(text)}.json(t)
}

func TestSignedRequest(t *testing.T) {
	w := newWorld(t)
	maria, ana := w.People()[0].AppScopedID, w.FacebookPeople()[0].AppScopedID
	now := json.Number("1795426200")
	hour := json.Number("1795429800")
	for _, tt := range []struct {
		name, username, kind string
		b                    igsim.Behaviour
		secret               string
		want                 map[string]any
	}{
		{"a deauthorization", "maria.bakes", igsim.Deauthorize, igsim.Behaviour{}, igsim.DefaultAppSecret, map[string]any{"user_id": maria, "issued_at": now}},
		{"a deletion", "maria.bakes", igsim.Deletion, igsim.Behaviour{}, igsim.DefaultAppSecret, map[string]any{"user_id": maria, "issued_at": now, "expires": hour}},
		{"signed by the Meta app", "maria.bakes", igsim.Deletion, igsim.Behaviour{SignedBy: "meta"}, igsim.DefaultMetaAppSecret, map[string]any{"user_id": maria, "issued_at": now, "expires": hour}},
		{"never with an end", "maria.bakes", igsim.Deletion, igsim.Behaviour{Expires: "never"}, igsim.DefaultAppSecret, map[string]any{"user_id": maria, "issued_at": now}},
		{"always with an end", "maria.bakes", igsim.Deauthorize, igsim.Behaviour{Expires: "always"}, igsim.DefaultAppSecret, map[string]any{"user_id": maria, "issued_at": now, "expires": hour}},
		{"somebody at Facebook", "ana.one", igsim.Deauthorize, igsim.Behaviour{}, igsim.DefaultMetaAppSecret, map[string]any{"user_id": ana, "issued_at": now}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, srcDeletion)
			w.must(w.SetBehaviour(tt.b))
			signed, err := w.SignedRequest(tt.username, tt.kind)
			w.must(err)
			got := opened(t, signed, tt.secret)
			tt.want["algorithm"] = "HMAC-SHA256"
			if len(got) != len(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			for name, want := range tt.want {
				if got[name] != want {
					t.Errorf("%s: got %v, want %v", name, got[name], want)
				}
			}
		})
	}
	for _, who := range [][2]string{{"nobody", igsim.Deletion}, {"maria.bakes", "party"}, {"", ""}} {
		if _, err := w.SignedRequest(who[0], who[1]); err == nil {
			t.Errorf("%q: got no error", who)
		}
	}
}

// inbox is a server that takes callbacks.
type inbox struct {
	*httptest.Server
	got chan string // path, type and signed request
}

func newInbox(t *testing.T, status int) *inbox {
	in := &inbox{got: make(chan string, 9)}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in.got <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + r.PostFormValue("signed_request")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"confirmation_code":"c"}`)
	}))
	t.Cleanup(in.Close)
	return in
}

func callbackWorld(t *testing.T, in *inbox, log io.Writer) *world {
	return newWorld(t, func(c *igsim.Config) {
		c.DeauthorizeURL, c.DeletionURL = in.URL+"/deauthorize", in.URL+"/data-deletion"
		c.Log = slog.New(slog.NewTextHandler(log, nil))
	})
}

func TestSendCallback(t *testing.T) {
	in := newInbox(t, http.StatusOK)
	w := callbackWorld(t, in, io.Discard)
	for kind, path := range map[string]string{igsim.Deauthorize: "/deauthorize", igsim.Deletion: "/data-deletion"} {
		t.Run(kind, func(t *testing.T) {
			sourced(t, srcDeletion)
			answer, err := w.SendCallback(t.Context(), "maria.bakes", kind)
			if err != nil || answer != (igsim.CallbackAnswer{Status: 200, Body: `{"confirmation_code":"c"}`}) {
				t.Errorf("got %+v, %v", answer, err)
			}
			parts := strings.Split(<-in.got, " ")
			if got, want := strings.Join(parts[:3], " "), "POST "+path+" application/x-www-form-urlencoded"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			opened(t, parts[3], igsim.DefaultAppSecret)
		})
	}
	t.Run("by the control", func(t *testing.T) {
		r := w.post("/_sim/callback", url.Values{"account": {"ana.one"}, "kind": {igsim.Deletion}})
		if r.status != http.StatusOK || r.body != `{"status":200,"body":"{\"confirmation_code\":\"c\"}"}` {
			t.Errorf("got %d %s", r.status, r.body)
		}
		opened(t, strings.Split(<-in.got, " ")[3], igsim.DefaultMetaAppSecret)
	})
	t.Run("a redirect is not followed", func(t *testing.T) {
		w := callbackWorld(t, newInbox(t, http.StatusFound), io.Discard)
		if answer, err := w.SendCallback(t.Context(), "maria.bakes", igsim.Deletion); err != nil || answer.Status != http.StatusFound {
			t.Errorf("got %+v, %v", answer, err)
		}
	})
	t.Run("without an address, without a server", func(t *testing.T) {
		w := newWorld(t)
		if _, err := w.SendCallback(t.Context(), "maria.bakes", igsim.Deletion); err == nil || !strings.Contains(err.Error(), "no address") {
			t.Errorf("got %v", err)
		}
		in := newInbox(t, http.StatusOK)
		in.Close()
		w = callbackWorld(t, in, io.Discard)
		if _, err := w.SendCallback(t.Context(), "maria.bakes", igsim.Deletion); err == nil || strings.Contains(err.Error(), "/data-deletion") {
			t.Errorf("got %v, want an error without the address", err)
		}
	})
}

func TestRemoveAppSendsCallback(t *testing.T) {
	t.Run("off by default", func(t *testing.T) {
		in := newInbox(t, http.StatusOK)
		callbackWorld(t, in, io.Discard).must(callbackWorld(t, in, io.Discard).RemoveApp("maria.bakes"))
		if len(in.got) != 0 {
			t.Errorf("a callback was sent")
		}
	})
	t.Run("once, when switched on, and after the tokens died", func(t *testing.T) {
		in := newInbox(t, http.StatusOK)
		w := callbackWorld(t, in, io.Discard)
		w.must(w.SetBehaviour(igsim.Behaviour{DeauthorizeOnRemove: true}))
		token := w.facebookLong("ana.one")
		w.must(w.RemoveApp("ana.one"))
		if len(in.got) != 1 || w.TokenAlive(token) {
			t.Fatalf("got %d callbacks, token alive %v", len(in.got), w.TokenAlive(token))
		}
		if got := <-in.got; !strings.HasPrefix(got, "POST /deauthorize ") {
			t.Errorf("got %s", got)
		}
	})
	t.Run("the server may ask the simulator meanwhile", func(t *testing.T) {
		var w *world
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { w.get("/_sim/people", nil) }))
		defer server.Close()
		w = newWorld(t, func(c *igsim.Config) { c.DeauthorizeURL = server.URL })
		w.must(w.SetBehaviour(igsim.Behaviour{DeauthorizeOnRemove: true}))
		w.must(w.RemoveApp("maria.bakes"))
	})
	t.Run("a callback that fails is logged, and the app removed all the same", func(t *testing.T) {
		var log bytes.Buffer
		in := newInbox(t, http.StatusOK)
		in.Close()
		w := callbackWorld(t, in, &log)
		w.must(w.SetBehaviour(igsim.Behaviour{DeauthorizeOnRemove: true}))
		token := w.long("maria.bakes")
		w.must(w.RemoveApp("maria.bakes"))
		if w.TokenAlive(token) || !strings.Contains(log.String(), "callback not sent") {
			t.Errorf("alive %v, log: %s", w.TokenAlive(token), log.String())
		}
	})
}
