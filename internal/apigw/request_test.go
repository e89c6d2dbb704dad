package apigw_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
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
