package apigw_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
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
