package instagram_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// traces returns what a secret looks like in each encoding in which it could
// turn up. Base64 depends on where in a group of three bytes the text begins,
// and its edges on the neighbours.
func traces(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	forms := map[string]string{
		"in clear":           secret,
		"URL-encoded":        url.QueryEscape(secret),
		"path-encoded":       url.PathEscape(secret),
		"as JSON":            strings.Trim(string(quoted), `"`),
		"as HTML":            html.EscapeString(secret),
		"in hexadecimal":     hex.EncodeToString([]byte(secret)),
		"its first part":     secret[:12],
		"its last part":      secret[len(secret)-12:],
		"as a list of bytes": strings.Trim(fmt.Sprint([]byte(secret)), "[]"),
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			whole := encoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
			forms[fmt.Sprintf("in base64, from byte %d", shift)] = whole[4 : len(whole)-4]
		}
	}
	return forms
}

// wantSilent fails if a text tells a secret, without telling it itself.
func wantSilent(t *testing.T, where, text string) {
	t.Helper()
	for name, secret := range map[string]string{"token": tokenText, "code": codeText, "app secret": secretText, "proof": proofText, "proof of the app": proof(secretText, appID+"|"+secretText)} {
		for how, trace := range traces(secret) {
			if strings.Contains(text, trace) {
				t.Errorf("%s holds the %s %s", where, name, how)
			}
		}
	}
}

// everyWay prints a value in the ways in which values get printed.
func everyWay(value any) map[string]string {
	ways := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		ways[verb] = fmt.Sprintf(verb, value)
		ways["nested "+verb] = fmt.Sprintf(verb, struct{ v any }{value})
	}
	var text, lines bytes.Buffer
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&text, nil)), slog.New(slog.NewJSONHandler(&lines, nil))} {
		log.Error("failed", "err", value, "nested", struct{ Err any }{value})
	}
	ways["slog text"], ways["slog JSON"] = text.String(), lines.String()
	encoded, _ := json.Marshal(value)
	ways["JSON"] = string(encoded)
	return ways
}

// echo answers with everything that was sent, in a place of the answer.
func echo(write func(w http.ResponseWriter, all string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query, _ := url.QueryUnescape(r.URL.RawQuery)
		write(w, r.URL.String()+" "+query+" "+tokenText+" "+codeText+" "+secretText+" "+proofText)
	}
}

func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// leaky are servers that tell the caller's secrets back.
var leaky = map[string]http.HandlerFunc{
	"a page": echo(func(w http.ResponseWriter, all string) { http.Error(w, all, http.StatusBadGateway) }),
	"a page that claims success": echo(func(w http.ResponseWriter, all string) {
		_, _ = io.WriteString(w, "<html>"+html.EscapeString(all))
	}),
	"a Graph error": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusBadRequest, `{"error":{"message":`+quote(all)+`,"type":`+quote(all)+`,"code":190,"error_subcode":460,"fbtrace_id":`+quote(all)+`,"error_user_msg":`+quote(all)+`}}`)(w, nil)
	}),
	"a Graph error of code 100": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusBadRequest, `{"error":{"message":`+quote(all)+`,"type":`+quote(all)+`,"code":100}}`)(w, nil)
	}),
	"a Graph error with a crooked code": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusBadRequest, `{"error":{"code":`+quote(all)+`,"error_subcode":`+quote(all)+`}}`)(w, nil)
	}),
	"a flat error": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusBadRequest, `{"error_type":`+quote(all)+`,"code":400,"error_message":`+quote(all)+`}`)(w, nil)
	}),
	"JSON with the wrong members": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusOK, `{"access_token":[`+quote(all)+`],"id":`+quote(all)+`}`)(w, nil)
	}),
	"an id that is none": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusOK, `{"access_token":"x","user_id":`+quote(all)+`,"expires_in":`+quote(all)+`}`)(w, nil)
	}),
	"permissions that are none": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusOK, `{"access_token":"x","permissions":[`+quote(all+"\n")+`],"id":`+quote(all)+`}`)(w, nil)
	}),
	"half of some JSON": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusOK, `{"access_token":`+quote(all))(w, nil)
	}),
	"a limit": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusTooManyRequests, all, "Retry-After", tokenText, "X-Business-Use-Case-Usage", `{"`+secretText+`":`+quote(all)+`}`)(w, nil)
	}),
	"a redirect": echo(func(w http.ResponseWriter, all string) {
		answers(http.StatusFound, all, "Location", "https://elsewhere.invalid/?"+url.QueryEscape(all))(w, nil)
	}),
	"a redirect to nowhere": echo(func(w http.ResponseWriter, _ string) {
		answers(http.StatusFound, "", "Location", "http://[::1/?"+tokenText+codeText+secretText)(w, nil)
	}),
	"a header that is none": hijack("HTTP/1.1 200 OK\r\n"+tokenText+" "+codeText+" "+secretText+"\r\n\r\n", false),
	"a status that is none": hijack("HTTP/1.1 "+tokenText+" "+codeText+" "+secretText+"\r\n\r\n", false),
	"a protocol that is none": hijack(
		tokenText+" "+codeText+" "+secretText+"\r\n\r\n", false),
	"a length that is none":    hijack("HTTP/1.1 200 OK\r\nContent-Length: "+tokenText+codeText+secretText+"\r\n\r\n", false),
	"a coding that is none":    hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: "+tokenText+codeText+secretText+"\r\n\r\n", false),
	"a chunk that is none":     hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+tokenText+codeText+secretText+"\r\n", false),
	"a trailer that is none":   hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"+tokenText+codeText+secretText+"\r\n\r\n", false),
	"gzip that is none":        hijack("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 30\r\n\r\n"+tokenText, false),
	"a token in a token's lie": answers(http.StatusOK, `{"data":"`+tokenText+`","access_token":`+quote(tokenText)+`}`),
}

// No error tells a token, a code or a secret: not its text, not what it wraps,
// not what a logger makes of it.
func TestErrorsTellNoSecrets(t *testing.T) {
	check := func(t *testing.T, c *clients, ctx context.Context) {
		t.Helper()
		for _, q := range questions {
			_, err := q.ask(ctx, c)
			if err == nil {
				t.Fatalf("%s: got no error", q.name)
			}
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				for way, text := range everyWay(cause) {
					wantSilent(t, fmt.Sprintf("%s: %T as %s", q.name, cause, way), text)
				}
			}
			e := asError(t, err)
			for way, text := range everyWay(*e) {
				wantSilent(t, q.name+": the value as "+way, text)
			}
		}
	}
	for name, handle := range leaky {
		t.Run(name, func(t *testing.T) {
			check(t, newClient(t, newMeta(t, handle).URL), t.Context())
		})
	}
	for name, handle := range broken {
		t.Run(name, func(t *testing.T) {
			check(t, newClient(t, newMeta(t, handle).URL), t.Context())
		})
	}
	for name, handle := range slow {
		t.Run(name, func(t *testing.T) {
			check(t, newClient(t, newMeta(t, handle).URL, withTimeout(50*time.Millisecond)), t.Context())
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		check(t, newClient(t, "http://"+closedPort(t)), t.Context())
	})
	t.Run("no TLS at the other side", func(t *testing.T) {
		check(t, newClient(t, "https://"+strings.TrimPrefix(newMeta(t, answers(200, "")).URL, "http://")), t.Context())
	})
	t.Run("the caller gave up", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("gave up on " + tokenText))
		check(t, newClient(t, newMeta(t, answers(200, "")).URL), ctx)
	})
	t.Run("a transport that quotes the address", func(t *testing.T) {
		check(t, newClient(t, "https://meta.example", withTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("refused %s for %s and %s", r.URL, codeText, secretText)
		}))), t.Context())
	})
	t.Run("a transport that wraps an address", func(t *testing.T) {
		check(t, newClient(t, "https://meta.example", withTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Get", URL: r.URL.String() + codeText + secretText, Err: errors.New(tokenText)}
		}))), t.Context())
	})
}

// What a success returns is safe to print, too.
func TestResultsTellNoSecrets(t *testing.T) {
	for _, q := range questions {
		t.Run(q.name, func(t *testing.T) {
			good := strings.NewReplacer("IGAAnew", tokenText, "IGAAshort", tokenText, "EAAshort", tokenText, "EAAlong", tokenText, "EAApage", tokenText).Replace(q.good)
			got, err := q.ask(t.Context(), respond(t, http.StatusOK, nil, good))
			if err != nil {
				t.Fatal(err)
			}
			for way, text := range everyWay(got) {
				wantSilent(t, way, text)
			}
		})
	}
	t.Run("the client", func(t *testing.T) {
		c := newClient(t, "https://meta.example")
		for _, value := range []any{c, c.Client, c.Facebook, *c.Client, *c.Facebook} {
			for way, text := range everyWay(value) {
				wantSilent(t, way, text)
			}
		}
	})
}

// The test above can see.
func TestTracesAreSeen(t *testing.T) {
	for how, text := range map[string]string{
		"in a URL":    "Get \"https://x/?access_token=" + url.QueryEscape(tokenText) + "\"",
		"in base64":   base64.URLEncoding.EncodeToString([]byte("{\"t\":\"" + tokenText + "\"}")),
		"in a Secret": fmt.Sprintf("%#v", struct{ s string }{tokenText}),
	} {
		found := false
		for _, trace := range traces(tokenText) {
			found = found || strings.Contains(text, trace)
		}
		if !found {
			t.Errorf("a token %s was not found", how)
		}
	}
	for way, text := range everyWay(igauth.NewSecret(tokenText)) {
		wantSilent(t, way, text)
	}
}
