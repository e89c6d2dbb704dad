package apigw_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"igauth/internal/apigw"
)

func TestResponse(t *testing.T) {
	page := func(do func(w http.ResponseWriter)) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { do(w) })
	}
	type response = events.APIGatewayV2HTTPResponse
	for _, tt := range []struct {
		name string
		next http.Handler
		want response
	}{
		{"nothing written is 200", page(func(http.ResponseWriter) {}),
			response{StatusCode: 200}},
		{"headers only", page(func(w http.ResponseWriter) { w.Header().Set("X-A", "1") }),
			response{StatusCode: 200, Headers: map[string]string{"x-a": "1"}}},
		{"text", page(func(w http.ResponseWriter) { _, _ = io.WriteString(w, "¡hola!") }),
			response{StatusCode: 200, Body: "¡hola!"}},
		{"text in pieces", page(func(w http.ResponseWriter) { _, _ = io.WriteString(w, "a"); _, _ = io.WriteString(w, "b") }),
			response{StatusCode: 200, Body: "ab"}},
		{"bytes", page(func(w http.ResponseWriter) { _, _ = w.Write([]byte{0xff, 0, 1}) }),
			response{StatusCode: 200, Body: "/wAB", IsBase64Encoded: true}},
		{"half a letter", page(func(w http.ResponseWriter) { _, _ = w.Write([]byte("a\xc3")) }),
			response{StatusCode: 200, Body: "YcM=", IsBase64Encoded: true}},
		{"204", page(func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }),
			response{StatusCode: 204}},
		{"a redirect", http.RedirectHandler("https://www.example.com/connected?status=connected", http.StatusFound),
			response{StatusCode: 302, Headers: map[string]string{"location": "https://www.example.com/connected?status=connected", "content-type": "text/html; charset=utf-8"},
				Body: "<a href=\"https://www.example.com/connected?status=connected\">Found</a>.\n\n"}},
		{"the first status counts", page(func(w http.ResponseWriter) { w.WriteHeader(404); w.WriteHeader(500) }),
			response{StatusCode: 404}},
		{"a status after the body comes too late", page(func(w http.ResponseWriter) { _, _ = io.WriteString(w, "a"); w.WriteHeader(500) }),
			response{StatusCode: 200, Body: "a"}},
		{"a header after the status comes too late", page(func(w http.ResponseWriter) {
			w.Header().Set("X-A", "1")
			w.WriteHeader(201)
			w.Header().Set("X-A", "2")
			w.Header().Set("X-B", "3")
			w.Header().Add("Set-Cookie", "a=1")
		}), response{StatusCode: 201, Headers: map[string]string{"x-a": "1"}}},
		{"early hints are not the answer", page(func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(404) }),
			response{StatusCode: 404}},
		{"header values are joined", page(func(w http.ResponseWriter) {
			w.Header().Add("Vary", "Cookie")
			w.Header().Add("Vary", "Accept-Language")
		}), response{StatusCode: 200, Headers: map[string]string{"vary": "Cookie,Accept-Language"}}},
		{"an empty header value", page(func(w http.ResponseWriter) { w.Header().Set("X-A", "") }),
			response{StatusCode: 200, Headers: map[string]string{"x-a": ""}}},
		{"cookies are not joined", page(func(w http.ResponseWriter) {
			http.SetCookie(w, &http.Cookie{Name: "__Host-a", Value: "1", Path: "/", Secure: true, HttpOnly: true})
			http.SetCookie(w, &http.Cookie{Name: "__Host-b", Value: "", Path: "/", Secure: true, MaxAge: -1})
		}), response{StatusCode: 200, Cookies: []string{"__Host-a=1; Path=/; HttpOnly; Secure", "__Host-b=; Path=/; Max-Age=0; Secure"}}},
		{"a header is not split", page(func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://www.example.com/\r\nSet-Cookie: a=1\n\x00x")
			w.WriteHeader(302)
		}), response{StatusCode: 302, Headers: map[string]string{"location": "https://www.example.com/Set-Cookie: a=1x"}}},
		{"a cookie is not split", page(func(w http.ResponseWriter) {
			w.Header().Add("Set-Cookie", "a=1\r\nLocation: https://elsewhere.example\x00")
		}), response{StatusCode: 200, Cookies: []string{"a=1Location: https://elsewhere.example"}}},
		{"a cookie under another spelling of its header", page(func(w http.ResponseWriter) {
			w.Header()["set-cookie"] = []string{"a=1", "b=2"}
		}), response{StatusCode: 200, Cookies: []string{"a=1", "b=2"}}},
		{"http.Error", page(func(w http.ResponseWriter) { http.Error(w, "no", http.StatusForbidden) }),
			response{StatusCode: 403, Headers: map[string]string{"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}, Body: "no\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want.Headers == nil {
				tt.want.Headers = map[string]string{}
			}
			got, _ := invoke(t, tt.next, getEvent(``))
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// A panic must not end the process, which serves the next visitor, nor tell its
// value, which may be anything.
func TestPanic(t *testing.T) {
	const sentinel = "IGAAsentinel"
	for name, value := range map[string]any{
		"a text":            sentinel,
		"an error":          errors.New(sentinel),
		"a struct":          struct{ Token string }{sentinel},
		"a stringer":        stringer(sentinel),
		"net/http's own":    http.ErrAbortHandler,
		"nothing, as nil":   nil,
		"an error in error": fmt.Errorf("%w", errors.New(sentinel)),
	} {
		t.Run(name, func(t *testing.T) {
			got, log := invoke(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-A", "1")
				http.SetCookie(w, &http.Cookie{Name: "a", Value: sentinel})
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, sentinel)
				panic(value)
			}), getEvent(`"rawQueryString":"code=`+sentinel+`","headers":{"authorization":"Bearer `+sentinel+`"},`))
			want := events.APIGatewayV2HTTPResponse{StatusCode: 500, Body: brokenPage, Headers: map[string]string{"content-type": "text/plain; charset=utf-8"}}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want the broken handler's page and nothing of the other's", got)
			}
			if strings.Contains(log, sentinel) {
				t.Error("the log tells the value")
			}
			var line struct{ Level, Msg, Type, Stack string }
			if err := json.Unmarshal([]byte(log), &line); err != nil {
				t.Fatalf("log: %v", err)
			}
			if line.Level != "ERROR" || line.Msg != "panic" || line.Type == "" || !strings.Contains(line.Stack, "apigw_test.go") {
				t.Errorf("log: got %s %q of type %q, want an error with type and place", line.Level, line.Msg, line.Type)
			}
		})
	}
	t.Run("the page is broken, too", func(t *testing.T) {
		var log bytes.Buffer
		panics := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(sentinel) })
		data, err := lambda.NewHandler(apigw.Wrap(panics, panics, slog.New(slog.NewTextHandler(&log, nil)))).Invoke(t.Context(), []byte(getEvent(``)))
		if err != nil {
			t.Fatal(err)
		}
		var got events.APIGatewayV2HTTPResponse
		if err := json.Unmarshal(data, &got); err != nil || got.StatusCode != http.StatusInternalServerError {
			t.Errorf("got %d, %v, want 500", got.StatusCode, err)
		}
		if strings.Contains(log.String(), sentinel) || strings.Contains(got.Body, sentinel) {
			t.Error("the log or the page tells the value")
		}
	})
	t.Run("the next request is served", func(t *testing.T) {
		calls := 0
		function := lambda.NewHandler(apigw.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if calls++; calls == 1 {
				panic("first")
			}
		}), broken, slog.New(slog.DiscardHandler)))
		for _, want := range []string{`"statusCode":500`, `"statusCode":200`} {
			data, err := function.Invoke(t.Context(), []byte(getEvent(``)))
			if err != nil || !strings.Contains(string(data), want) {
				t.Errorf("got %s, %v, want %s", data, err, want)
			}
		}
	})
}

type stringer string

func (s stringer) String() string { return string(s) }
