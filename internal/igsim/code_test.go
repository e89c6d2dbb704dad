package igsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igsim"
)

// sameNumber reports whether a JSON number has the digits of the text.
func sameNumber(got, want any) bool {
	n, ok := got.(json.Number)
	return ok && n.String() == want
}

func TestCodeRefuses(t *testing.T) {
	const (
		used     = "This authorization code has been used"
		identity = "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"
	)
	for _, tt := range []struct {
		name, source string
		change       func(*world, url.Values)
		want         string
	}{
		{"no client id", srcProbes, func(_ *world, v url.Values) { v.Del("client_id") }, "Missing required field client_id"},
		{"unknown client id", srcProbes, func(_ *world, v url.Values) { v.Set("client_id", "123") }, "Missing required field client_id"},
		{"id of the Meta app", srcProbes, func(_ *world, v url.Values) { v.Set("client_id", igsim.MetaAppID) }, "Invalid platform app"},
		{"made-up code and made-up secret", srcProbes, func(_ *world, v url.Values) { v.Set("code", "x"); v.Set("client_secret", "x") }, "Invalid authorization code"},
		{"no code", srcProbes, func(_ *world, v url.Values) { v.Del("code") }, "Invalid authorization code"},
		{"code with the fragment left on", srcLogin, func(_ *world, v url.Values) { v.Set("code", v.Get("code")+"#_") }, "Invalid authorization code"},
		{"code used before", srcLogin, func(w *world, v url.Values) { w.post("/oauth/access_token", v) }, used},
		{"code of an hour ago", srcLogin, func(w *world, _ url.Values) { w.clock.Advance(time.Hour) }, identity},
		{"redirect URI with a slash more", srcMessages, func(_ *world, v url.Values) { v.Set("redirect_uri", redirectURI+"/") }, identity},
		{"redirect URI and secret wrong", srcProbes, func(_ *world, v url.Values) { v.Set("redirect_uri", "x"); v.Set("client_secret", "x") }, identity},
		{"no redirect URI", srcLogin, func(_ *world, v url.Values) { v.Del("redirect_uri") }, identity},
		{"wrong secret", srcProbes, func(_ *world, v url.Values) { v.Set("client_secret", strings.Repeat("0", 32)) }, "Invalid client secret"},
		{"secret with a line end", srcProbes, func(_ *world, v url.Values) { v.Set("client_secret", igsim.DefaultAppSecret+"\r") }, "Invalid client secret"},
		{"no grant type", srcLogin, func(_ *world, v url.Values) { v.Del("grant_type") }, "Invalid grant_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			w := newWorld(t)
			form := codeForm(w.code("maria.bakes"))
			tt.change(w, form)
			r := w.post("/oauth/access_token", form)
			got := r.json(t)
			if r.status != http.StatusBadRequest || got["error_type"] != "OAuthException" || fmt.Sprint(got["code"]) != "400" || got["error_message"] != tt.want {
				t.Errorf("got %d %v, want 400 and %q", r.status, got, tt.want)
			}
		})
	}
}

func TestCodeEncodings(t *testing.T) {
	w := newWorld(t)
	t.Run("multipart, as documented", func(t *testing.T) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for name, values := range codeForm(w.code("maria.bakes")) {
			w.must(m.WriteField(name, values[0]))
		}
		w.must(m.Close())
		req := w.formRequest("/oauth/access_token", nil)
		req, _ = http.NewRequestWithContext(t.Context(), http.MethodPost, req.URL.String(), &b)
		req.Header.Set("Content-Type", m.FormDataContentType())
		w.tokenOf(w.do(req))
	})
	t.Run("urlencoded", func(*testing.T) {
		w.tokenOf(w.post("/oauth/access_token", codeForm(w.code("maria.bakes"))))
	})
	code := w.code("maria.bakes")
	body, _ := json.Marshal(codeForm(code))
	for name, req := range map[string]*http.Request{
		"JSON":                newRequest(t, http.MethodPost, w.url+"/oauth/access_token", "application/json", string(body)),
		"GET":                 w.request(http.MethodGet, "/oauth/access_token", codeForm(code)),
		"POST with a query":   w.request(http.MethodPost, "/oauth/access_token", codeForm(code)),
		"form without a type": newRequest(t, http.MethodPost, w.url+"/oauth/access_token", "", codeForm(code).Encode()),
		"broken multipart":    newRequest(t, http.MethodPost, w.url+"/oauth/access_token", "multipart/form-data; boundary=x", "--y"),
		"too long":            newRequest(t, http.MethodPost, w.url+"/oauth/access_token", "application/x-www-form-urlencoded", strings.Repeat("a=b&", 1<<19)+codeForm(code).Encode()),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			r := w.do(req)
			if got, want := r.status, http.StatusBadRequest; got != want {
				t.Errorf("got %d %s, want %d", got, r.body, want)
			}
		})
	}
}

func newRequest(t *testing.T, method, target, contentType, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

func TestCodeIsSingleUse(t *testing.T) {
	t.Run("fifty at once, one wins", func(t *testing.T) {
		w := newWorld(t)
		form := codeForm(w.code("maria.bakes"))
		var won, refused atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				r, err := w.try(w.formRequest("/oauth/access_token", form))
				switch {
				case err != nil:
					t.Errorf("exchanging: %v", err)
				case r.status == http.StatusOK:
					won.Add(1)
				case strings.Contains(r.body, "has been used"):
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || refused.Load() != 49 {
			t.Errorf("got %d successes and %d refusals, want 1 and 49", won.Load(), refused.Load())
		}
		if got, want := w.Calls()["code"], 50; got != want {
			t.Errorf("calls: got %d, want %d", got, want)
		}
	})
	t.Run("a refusal does not spend it", func(t *testing.T) {
		w := newWorld(t)
		form := codeForm(w.code("maria.bakes"))
		for _, name := range []string{"client_id", "client_secret", "redirect_uri", "grant_type"} {
			bad := codeForm(form.Get("code"))
			bad.Set(name, "x")
			w.post("/oauth/access_token", bad)
		}
		w.tokenOf(w.post("/oauth/access_token", form))
	})
	t.Run("a day later it is unknown", func(t *testing.T) {
		w := newWorld(t)
		form := codeForm(w.code("maria.bakes"))
		w.clock.Advance(26 * time.Hour)
		w.code("maria.bakes") // any change sweeps up
		if got, want := w.post("/oauth/access_token", form).json(t)["error_message"], "Invalid authorization code"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestCodeShapes(t *testing.T) {
	const list, text = `["instagram_business_basic","instagram_business_manage_messages"]`, `"instagram_business_basic,instagram_business_manage_messages"`
	const id = "38281000000004703"
	for _, tt := range []struct {
		name, source string
		behaviour    igsim.Behaviour
		wrapped      bool
		userID, perm string
	}{
		{"by default flat, number, list", srcRestFB, igsim.Behaviour{}, false, id, list},
		{"documented", srcLogin, igsim.Behaviour{CodeShape: "wrapped"}, true, `"` + id + `"`, text},
		{"captured", srcLogin, igsim.Behaviour{CodeShape: "captured"}, true, id, list},
		{"flat with text", srcNango, igsim.Behaviour{CodeShape: "flat", Permissions: "text"}, false, id, text},
		{"flat without permissions", srcRestFB, igsim.Behaviour{Permissions: "absent"}, false, id, ""},
		{"documented but a list", srcLogin, igsim.Behaviour{CodeShape: "wrapped", Permissions: "list"}, true, `"` + id + `"`, list},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			w := newWorld(t)
			w.must(w.SetBehaviour(tt.behaviour))
			r := w.post("/oauth/access_token", codeForm(w.code("maria.bakes")))
			var v map[string]json.RawMessage
			body := []byte(r.body)
			if tt.wrapped {
				var d struct{ Data []json.RawMessage }
				if err := json.Unmarshal(body, &d); err != nil || len(d.Data) != 1 {
					t.Fatalf("not wrapped: %s", r.body)
				}
				body = d.Data[0]
			}
			w.must(json.Unmarshal(body, &v))
			if got := string(v["user_id"]); got != tt.userID {
				t.Errorf("user_id: got %s, want %s", got, tt.userID)
			}
			if got := string(v["permissions"]); got != tt.perm {
				t.Errorf("permissions: got %s, want %s", got, tt.perm)
			}
			if _, ok := v["expires_in"]; ok {
				t.Errorf("there is an expires_in, which no shape has")
			}
		})
	}
}
