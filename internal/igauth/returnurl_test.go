package igauth_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

const registered = "https://shop.example/connected"

func returnURLs(t testing.TB, entries ...string) igauth.ReturnURLs {
	t.Helper()
	urls, err := igauth.ParseReturnURLs(entries, false)
	if err != nil {
		t.Fatal(err)
	}
	return urls
}

type returnVector struct {
	ID     string `json:"id"`
	Input  string `json:"input"`
	Expect string `json:"expect"`
	Why    string `json:"why"`
}

func returnVectors(t testing.TB) []returnVector {
	t.Helper()
	file, err := os.Open("testdata/return_urls.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var vectors []returnVector
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var v returnVector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		vectors = append(vectors, v)
	}
	if len(vectors) < 100 {
		t.Fatalf("only %d vectors were read", len(vectors))
	}
	return vectors
}

// Every vector goes through the real handler, as a browser would send it.
func TestAuthorizeAcceptsOnlyRegisteredReturnURLs(t *testing.T) {
	h := authorizeHandler(t, returnURLs(t, registered))
	accepted := 0
	for _, v := range returnVectors(t) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/authorize?return_to="+url.QueryEscape(v.Input), nil))
		location := w.Header().Get("Location")
		if v.Expect == "accept" {
			accepted++
			if w.Code != http.StatusFound || !strings.HasPrefix(location, consentOrigin) {
				t.Errorf("%s %q: got status %d to %q, want the consent window", v.ID, v.Input, w.Code, location)
			}
			continue
		}
		if w.Code != http.StatusBadRequest || location != "" || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s %q (%s): got status %d, location %q; want 400 without one", v.ID, v.Input, v.Why, w.Code, location)
		}
		if v.Input != "" && strings.Contains(w.Body.String(), v.Input) && len(v.Input) > 3 {
			t.Errorf("%s %q: the page echoes it", v.ID, v.Input)
		}
	}
	if accepted == 0 {
		t.Error("no vector is accepted")
	}
}

func FuzzReturnURL(f *testing.F) {
	for _, v := range returnVectors(f) {
		f.Add(v.Input)
	}
	urls := returnURLs(f, registered, "https://agency.example/a/b")
	f.Fuzz(func(t *testing.T, text string) {
		if urls.Contains(text) && text != registered && text != "https://agency.example/a/b" {
			t.Errorf("%q is accepted", text)
		}
		// What configuration accepts is spelled as a browser would spell it.
		if parsed, err := igauth.ParseReturnURLs([]string{text}, false); err == nil {
			u, err := url.Parse(text)
			if err != nil || u.Scheme != "https" || u.String() != text || u.User != nil || u.RawQuery != "" || !parsed.Contains(text) {
				t.Errorf("configuration accepts %q", text)
			}
		}
	})
}

func TestConfigurationOfReturnURLs(t *testing.T) {
	for _, good := range []string{
		"https://shop.example/", "https://shop.example/connected", "https://www.shop.example:8443/a/b/",
		"https://xn--caf-dma.example/x", "https://a-b.example/~user/(x)",
	} {
		if _, err := igauth.ParseReturnURLs([]string{good}, false); err != nil {
			t.Errorf("%q is refused: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "http://shop.example/x", "https://*.shop.example/x", "https://shop.example", "https://Shop.example/x",
		"https://user@shop.example/x", "https://user:pw@shop.example/x", "https://shop.example/x#y", "https://shop.example/x#",
		"https://shop.example/x?y=z", "https://shop.example/x?", "https://shop.example/a/../b", "https://shop.example/./b",
		"https://shop.example//b", "https://shop.example/%63", "https://sh%6fp.example/x", "https://shop.example:443/x",
		"https://shop.example:/x", "https://shop.example/x ", " https://shop.example/x", "https://shop.example/x\r",
		"https://192.0.2.1/x", "https://[2001:db8::1]/x", "https://2130706433/x", "https://0x7f.1/x", "https://shóp.example/x",
		"https://shop.example/ñ", "https://shop.example./x", "https://shop/x", "HTTPS://shop.example/x", "https:/shop.example/x",
		"https:shop.example/x", "//shop.example/x", "/x", "javascript:alert(1)", "https://shop.example\\x", "https://shop.example/x\\y",
		"https://shop.example:99999999/x", "http://localhost:3000/x", "http://127.0.0.1/x",
		"https://shop.example/" + strings.Repeat("a", 2048),
	} {
		if _, err := igauth.ParseReturnURLs([]string{bad}, false); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	if _, err := igauth.ParseReturnURLs([]string{registered, registered}, false); err == nil {
		t.Error("a repeated entry is accepted")
	}
	t.Run("the development server accepts this machine", func(t *testing.T) {
		for _, good := range []string{"http://localhost:3000/connected", "http://127.0.0.1:9999/", "http://[::1]:3000/x"} {
			if _, err := igauth.ParseReturnURLs([]string{good}, true); err != nil {
				t.Errorf("%q is refused: %v", good, err)
			}
		}
		for _, bad := range []string{"http://shop.example/x", "http://127.0.0.1.evil.example/x", "http://localhost.evil.example/x"} {
			if _, err := igauth.ParseReturnURLs([]string{bad}, true); err == nil {
				t.Errorf("%q is accepted", bad)
			}
		}
	})
	t.Run("all problems are told at once", func(t *testing.T) {
		_, err := igauth.ParseReturnURLs([]string{"http://a.example/x", registered, "https://b.example"}, false)
		if err == nil || !strings.Contains(err.Error(), "a.example") || !strings.Contains(err.Error(), "b.example") {
			t.Errorf("got %v", err)
		}
	})
}
