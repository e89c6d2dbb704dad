package apigw_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"igauth/internal/apigw"
)

// brokenPage is what a visitor sees of a panic.
const brokenPage = "something went wrong\n"

var broken = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w, brokenPage)
})

// invoke does what Lambda does: raw JSON in, raw JSON out. It returns the answer
// and the log.
func invoke(t testing.TB, next http.Handler, event string) (events.APIGatewayV2HTTPResponse, string) {
	t.Helper()
	var log bytes.Buffer
	function := lambda.NewHandler(apigw.Wrap(next, broken, slog.New(slog.NewJSONHandler(&log, nil))))
	data, err := function.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatalf("the invocation failed: %v", err)
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(data, &response); err != nil {
		t.Fatalf("the answer is not JSON: %v", err)
	}
	return response, log.String()
}

// An arrival is what the handler saw of a request.
type arrival struct {
	Method, Path, RawQuery, RequestURI, Host, RemoteAddr string
	Header                                               http.Header
	Length                                               int64
	Body                                                 string
}

// arrive invokes a handler with the event and returns what it saw.
func arrive(t *testing.T, event string) arrival {
	t.Helper()
	var saw arrival
	response, _ := invoke(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		saw = arrival{r.Method, r.URL.Path, r.URL.RawQuery, r.RequestURI, r.Host, r.RemoteAddr, r.Header, r.ContentLength, string(body)}
	}), event)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("got status %d, want 200", response.StatusCode)
	}
	return saw
}

// getEvent is an event with the members that every request has. More go in
// front of the request's context.
func getEvent(more string) string {
	if !strings.Contains(more, `"rawPath"`) {
		more += `"rawPath":"/authorize",`
	}
	return `{"version":"2.0","routeKey":"$default",` + more +
		`"requestContext":{"domainName":"connect.example.com","http":{"method":"GET","path":"/authorize","protocol":"HTTP/1.1","sourceIp":"203.0.113.7"},"stage":"$default"}}`
}

// The event is the example of AWS's page, shortened:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func TestRequest(t *testing.T) {
	saw := arrive(t, `{
		"version": "2.0", "routeKey": "$default", "rawPath": "/my/path",
		"rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
		"cookies": ["cookie1", "cookie2"],
		"headers": {"header1": "value1", "header2": "value1,value2", "content-type": "text/plain"},
		"queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
		"requestContext": {"domainName": "id.execute-api.us-east-1.amazonaws.com",
			"http": {"method": "POST", "path": "/my/path", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "agent"}},
		"body": "Hello from Lambda", "pathParameters": {"parameter1": "value1"},
		"isBase64Encoded": false, "stageVariables": {"stageVariable1": "value1"}
	}`)
	want := arrival{
		Method: "POST", Path: "/my/path",
		RawQuery:   "parameter1=value1&parameter1=value2&parameter2=value",
		RequestURI: "/my/path?parameter1=value1&parameter1=value2&parameter2=value",
		Host:       "id.execute-api.us-east-1.amazonaws.com", RemoteAddr: "192.0.2.1",
		Header: http.Header{
			"Header1": {"value1"}, "Header2": {"value1,value2"}, "Content-Type": {"text/plain"},
			"Cookie": {"cookie1; cookie2"},
		},
		Length: 17, Body: "Hello from Lambda",
	}
	if !reflect.DeepEqual(saw, want) {
		t.Errorf("got  %+v\nwant %+v", saw, want)
	}
}

func TestRequestCookies(t *testing.T) {
	for _, tt := range []struct{ name, event, want string }{
		{"none", getEvent(``), ""},
		{"an empty list", getEvent(`"cookies":[],`), ""},
		{"one", getEvent(`"cookies":["a=1"],`), "a=1"},
		{"two", getEvent(`"cookies":["a=1","b=2"],`), "a=1; b=2"},
		{"two of one name", getEvent(`"cookies":["a=1","a=2"],`), "a=1; a=2"},
		{"in the list and in the headers", getEvent(`"cookies":["a=1"],"headers":{"cookie":"a=2"},`), "a=1"},
		{"in the headers only", getEvent(`"headers":{"cookie":"a=2; b=3"},`), "a=2; b=3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := arrive(t, tt.event).Header.Get("Cookie"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// The event's own map of parameters joins what stands twice with commas, so that
// state=a&state=b could not be told from state=a,b.
func TestRequestQuery(t *testing.T) {
	for _, query := range []string{
		"", "a=b", "state=a&state=b", "state=a,b", "state=a;code=b", "a", "a=", "=b", "&&", "a=%20+%2B", "a=%", "a=%zz",
		"a=%00", "STATE=a", "a=b?c=d", "a=b#_", "a=%23_", "ñ=ñ", "a=\x01", "a=%ff", strings.Repeat("a=b&", 2000),
	} {
		quoted, _ := json.Marshal(query)
		saw := arrive(t, getEvent(`"rawQueryString":`+string(quoted)+`,"queryStringParameters":{"state":"other"},`))
		if saw.RawQuery != query {
			t.Errorf("got %q, want %q", saw.RawQuery, query)
		}
		if want := "/authorize?" + query; query != "" && saw.RequestURI != want {
			t.Errorf("request URI: got %q, want %q", saw.RequestURI, want)
		}
	}
}

// The path is taken as it is: neither decoded once more nor cleaned.
func TestRequestPath(t *testing.T) {
	for _, path := range []string{
		"/", "/accounts/17841400000010111/token", "/accounts/%31", "/accounts/%2e%2e/x", "/a b", "/a%20b", "/ñ", "/a//b", "/../a", "/a?b", "/a#b", "//elsewhere.example/x", "/%", "/%zz", "/a;b", "*", "authorize",
	} {
		quoted, _ := json.Marshal(path)
		if saw := arrive(t, getEvent(`"rawPath":`+string(quoted)+`,`)); saw.Path != path || saw.RawQuery != "" {
			t.Errorf("got path %q and query %q, want %q and none", saw.Path, saw.RawQuery, path)
		}
	}
}

func TestRequestBody(t *testing.T) {
	binary := string([]byte{0, 1, 2, 0xff, 0xfe, '\n'})
	for _, tt := range []struct{ name, event, want string }{
		{"none", getEvent(``), ""},
		{"null", getEvent(`"body":null,`), ""},
		{"text", getEvent(`"body":"{\"claim\":\"x\"}",`), `{"claim":"x"}`},
		{"text that could be base64", getEvent(`"body":"aGVsbG8=",`), "aGVsbG8="},
		{"base64", getEvent(`"body":"aGVsbG8=","isBase64Encoded":true,`), "hello"},
		{"base64 of bytes", getEvent(`"body":"` + base64.StdEncoding.EncodeToString([]byte(binary)) + `","isBase64Encoded":true,`), binary},
		{"base64 of nothing", getEvent(`"body":"","isBase64Encoded":true,`), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			saw := arrive(t, tt.event)
			if saw.Body != tt.want || saw.Length != int64(len(tt.want)) {
				t.Errorf("got %q and length %d, want %q and its length", saw.Body, saw.Length, tt.want)
			}
		})
	}
}

func TestRequestHeaders(t *testing.T) {
	saw := arrive(t, getEvent(`"headers":{"authorization":"Bearer x","x-twice":"1,2","X-Mixed-CASE":"a","sec-purpose":"prefetch","empty":""},`))
	want := http.Header{"Authorization": {"Bearer x"}, "X-Twice": {"1,2"}, "X-Mixed-Case": {"a"}, "Sec-Purpose": {"prefetch"}, "Empty": {""}}
	if !reflect.DeepEqual(saw.Header, want) {
		t.Errorf("got %v, want %v", saw.Header, want)
	}
}

// The host of a request is the API's, whatever a visitor's client claims.
func TestRequestHost(t *testing.T) {
	saw := arrive(t, getEvent(`"headers":{"host":"elsewhere.example","x-forwarded-host":"elsewhere.example"},`))
	if saw.Host != "connect.example.com" {
		t.Errorf("got %q, want connect.example.com", saw.Host)
	}
}

func TestRequestContext(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "deadline and request id travel in it")
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Context().Value(key{}) == nil {
			t.Error("the request's context is not the invocation's")
		}
	})
	if _, err := lambda.NewHandler(apigw.Wrap(next, broken, slog.New(slog.DiscardHandler))).Invoke(ctx, []byte(getEvent(``))); err != nil {
		t.Fatal(err)
	}
}

// What is no request of an HTTP API is answered, not failed: a failed invocation
// would be retried or alarm somebody.
func TestEventsThatAreNone(t *testing.T) {
	for name, event := range map[string]string{
		"null":                          `null`,
		"an empty object":               `{}`,
		"of a REST API, payload 1.0":    `{"version":"1.0","resource":"/x","path":"/x","httpMethod":"GET","requestContext":{"httpMethod":"GET"}}`,
		"of a schedule":                 `{"version":"0","id":"53dc4d37","detail-type":"Scheduled Event","source":"aws.events","detail":{}}`,
		"without a method":              `{"version":"2.0","rawPath":"/x","requestContext":{"http":{}}}`,
		"without a path":                `{"version":"2.0","requestContext":{"http":{"method":"GET"}}}`,
		"with a method that is none":    `{"version":"2.0","rawPath":"/x","requestContext":{"http":{"method":"GE T"}}}`,
		"with a method and a line":      `{"version":"2.0","rawPath":"/x","requestContext":{"http":{"method":"GET\r\nX: y"}}}`,
		"with a body that is no base64": getEvent(`"body":"sentinel-%%%","isBase64Encoded":true,`),
		"with a body cut off":           getEvent(`"body":"aGVsbG8","isBase64Encoded":true,`),
	} {
		t.Run(name, func(t *testing.T) {
			response, log := invoke(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }), event)
			if response.StatusCode != http.StatusBadRequest || response.Body != "bad request\n" {
				t.Errorf("got %d %q, want 400 and its page", response.StatusCode, response.Body)
			}
			if response.Headers["cache-control"] != "no-store" || !strings.HasPrefix(response.Headers["content-type"], "text/plain") {
				t.Errorf("headers: got %v, want plain text that is not kept", response.Headers)
			}
			if strings.Count(log, "\n") != 1 || !strings.Contains(log, `"level":"WARN"`) || strings.Contains(log, "sentinel") {
				t.Errorf("log: got %q, want one warning that does not quote the event", log)
			}
		})
	}
}

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

// An ordinary multiplexer behind the adapter finds paths and their wildcards.
func TestServeMux(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /accounts/{id}/token", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.PathValue("id"))
	})
	for path, want := range map[string]string{
		"/accounts/17841400000010111/token": "200 17841400000010111",
		"/accounts/%31/token":               "200 %31",
		"/accounts/a b/token":               "200 a b",
		"/accounts//token":                  "307 ",
		"/accounts/1/2/token":               "404 ",
		"/ACCOUNTS/1/token":                 "404 ",
	} {
		quoted, _ := json.Marshal(path)
		got, _ := invoke(t, mux, getEvent(`"rawPath":`+string(quoted)+`,`))
		text := fmt.Sprintf("%d ", got.StatusCode)
		if got.StatusCode == 200 {
			text += got.Body
		}
		if text != want {
			t.Errorf("%s: got %q, want %q", path, text, want)
		}
	}
}

// FuzzEvent describes requests in every way in which API Gateway could, and then
// in some more.
func FuzzEvent(f *testing.F) {
	f.Add("GET", "/authorize", "a=b&a=c", "name", "value", "a=1", "", false, 200)
	f.Add("POST", "/claims", "a;b", "Content-Type", "a\r\nb", "a=1\r\nb", "aGVsbG8=", true, 404)
	f.Add("", "", "", "", "", "", "%%%", true, 0)
	f.Add("GE T", "//x", "%zz", "\xff", "\x00", "\xff", "\xff\xfe", false, 103)
	f.Add("get", "*", "#?", "cookie", "a", ";", "x", false, 599)
	f.Add("CONNECT", ":0", "?", "host", "[::1", "=", "x", false, -1)
	f.Fuzz(func(t *testing.T, method, path, query, name, value, cookie, body string, encoded bool, status int) {
		event := events.APIGatewayV2HTTPRequest{
			Version: "2.0", RawPath: path, RawQueryString: query, Cookies: []string{cookie, cookie},
			Headers: map[string]string{name: value}, Body: body, IsBase64Encoded: encoded,
			RequestContext: events.APIGatewayV2HTTPRequestContext{
				DomainName: value, HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path, SourceIP: value},
			},
		}
		mirror := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// What a handler does with a request: all of it can be hostile.
			_, _ = r.Cookie(name)
			_ = r.ParseForm()
			for name, values := range r.Header {
				w.Header()["X-"+name] = values
			}
			w.Header().Add("Set-Cookie", cookie)
			w.Header().Add("Location", r.RequestURI)
			if status >= 200 && status <= 599 {
				w.WriteHeader(status)
			}
			_, _ = io.WriteString(w, r.URL.Path+r.URL.RawQuery)
			_, _ = io.Copy(w, r.Body)
			if status < 0 {
				panic(status)
			}
		})
		mux := http.NewServeMux()
		mux.HandleFunc("GET /accounts/{id}", mirror)
		mux.Handle("/", mirror)
		for _, next := range []http.Handler{mirror, mux} {
			response, err := apigw.Wrap(next, broken, slog.New(slog.DiscardHandler))(t.Context(), event)
			if err != nil {
				t.Fatalf("the invocation failed: %v", err)
			}
			data, err := json.Marshal(response)
			if err != nil || !json.Valid(data) {
				t.Fatalf("the answer is no JSON: %v", err)
			}
			if response.StatusCode < 100 || response.StatusCode > 599 {
				t.Errorf("got status %d", response.StatusCode)
			}
			if response.IsBase64Encoded {
				if _, err := base64.StdEncoding.DecodeString(response.Body); err != nil {
					t.Errorf("the body is no base64: %v", err)
				}
			}
			for _, value := range append(slices.Collect(maps.Values(response.Headers)), response.Cookies...) {
				if strings.ContainsAny(value, "\r\n\x00") {
					t.Errorf("a header is split: %q", value)
				}
			}
		}
	})
}

// A body may have MaxBody bytes, however it comes. One more, and a handler that
// reads it is told so, and how long it would have been.
func TestBodiesHaveALimit(t *testing.T) {
	for size, fits := range map[int]bool{0: true, 1: true, apigw.MaxBody - 1: true, apigw.MaxBody: true, apigw.MaxBody + 1: false, apigw.MaxBody + 2: false, 1 << 20: false} {
		for _, encoded := range []bool{false, true} {
			body := strings.Repeat("x", size)
			event := events.APIGatewayV2HTTPRequest{RawPath: "/", Body: body, IsBase64Encoded: encoded}
			event.RequestContext.HTTP.Method = http.MethodPost
			if encoded {
				event.Body = base64.StdEncoding.EncodeToString([]byte(body))
			}
			handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				read, err := io.ReadAll(r.Body)
				_, large := errors.AsType[*http.MaxBytesError](err)
				if large == fits || fits && string(read) != body || !fits && len(read) > 0 || r.ContentLength != int64(size) {
					t.Errorf("%d bytes, base64 %t: read %d of %d, %v", size, encoded, len(read), r.ContentLength, err)
				}
			})
			if _, err := apigw.Wrap(handler, broken, slog.New(slog.DiscardHandler))(t.Context(), event); err != nil {
				t.Error(err)
			}
		}
	}
}
