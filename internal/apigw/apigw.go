// Package apigw lets an http.Handler answer the events of API Gateway's HTTP
// APIs (payload format 2.0). It knows nothing of Instagram.
//
// The format: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
package apigw

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// A Function is a handler of Lambda invocations.
type Function func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Wrap returns the function that answers with next. It never returns an error:
// an event that is no request is answered with 400, and a panic is logged and
// answered by broken, so that a visitor sees a page and the process lives on.
func Wrap(next http.Handler, broken http.Handler, log *slog.Logger) Function {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		request, err := newRequest(ctx, event)
		if err != nil {
			log.WarnContext(ctx, "event refused", "err", err)
			return plain(http.StatusBadRequest, "bad request\n"), nil
		}
		for _, handler := range []http.Handler{next, broken} {
			if response, ok := serve(handler, request, log); ok {
				return response, nil
			}
		}
		return plain(http.StatusInternalServerError, "internal error\n"), nil
	}
}

// serve returns the handler's answer, unless it panics. The value of a panic may
// hold anything; its type and place suffice.
func serve(handler http.Handler, request *http.Request, log *slog.Logger) (response events.APIGatewayV2HTTPResponse, ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			log.ErrorContext(request.Context(), "panic", "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
		}
	}()
	w := newWriter()
	handler.ServeHTTP(w, request)
	return w.response(), true
}

func plain(status int, text string) events.APIGatewayV2HTTPResponse {
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers:    map[string]string{"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"},
		Body:       text,
	}
}

// newRequest builds the request that the event describes. Errors do not quote
// the event.
func newRequest(ctx context.Context, event events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body, size, err := newBody(event)
	if err != nil {
		return nil, err
	}
	method := event.RequestContext.HTTP.Method
	if method == "" || event.RawPath == "" {
		return nil, errors.New("not an event of an HTTP API, payload format 2.0")
	}
	if !onRoute(event.RouteKey, event.RawPath) {
		return nil, errors.New("the path is not of the route")
	}
	// The path is what API Gateway matched, already decoded: it is set, not
	// parsed. The query stays as it came, since the event's own map joins
	// repeated parameters with commas.
	target := &url.URL{Path: event.RawPath, RawQuery: event.RawQueryString}
	request, err := http.NewRequestWithContext(ctx, method, "/", body)
	if err != nil {
		return nil, errors.New("the method is not valid")
	}
	request.ContentLength = size
	request.URL = target
	request.RequestURI = target.RequestURI()
	for name, value := range event.Headers {
		request.Header.Set(name, value)
	}
	if len(event.Cookies) > 0 {
		request.Header.Set("Cookie", strings.Join(event.Cookies, "; "))
	}
	if authorizer := event.RequestContext.Authorizer; authorizer != nil && authorizer.IAM != nil {
		request = request.WithContext(context.WithValue(ctx, callerKey{}, authorizer.IAM.UserARN))
	}
	request.Host = event.RequestContext.DomainName
	request.RemoteAddr = event.RequestContext.HTTP.SourceIP
	return request, nil
}

// onRoute reports whether a path has as many parts as its route. API Gateway has
// checked whether the caller may use that route, and one with a percent-encoded
// slash in a parameter would be served as another one.
func onRoute(routeKey, path string) bool {
	_, pattern, named := strings.Cut(routeKey, " ")
	if !named || strings.HasSuffix(pattern, "+}") {
		return true // $default, or a route that takes any number of parts
	}
	return strings.Count(path, "/") == strings.Count(pattern, "/")
}

type callerKey struct{}

// Caller returns the ARN of the AWS identity that signed the request, as API
// Gateway has found it, "" if there is none.
func Caller(r *http.Request) string {
	arn, _ := r.Context().Value(callerKey{}).(string)
	return arn
}

// MaxBody is how large a body may be, in bytes. What is larger is neither decoded
// nor copied: who reads it gets an [http.MaxBytesError].
const MaxBody = 8 << 10

// newBody returns the body of an event, and its length.
func newBody(event events.APIGatewayV2HTTPRequest) (io.Reader, int64, error) {
	size := len(event.Body)
	if event.IsBase64Encoded {
		// Every four characters are three bytes, and padding is none.
		padding := 0
		for padding < 2 && padding < size && event.Body[size-1-padding] == '=' {
			padding++
		}
		size = size/4*3 - padding
	}
	if size > MaxBody {
		return tooLarge{}, int64(size), nil
	}
	if !event.IsBase64Encoded {
		return strings.NewReader(event.Body), int64(size), nil
	}
	data, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil {
		return nil, 0, errors.New("the body is not base64")
	}
	return bytes.NewReader(data), int64(len(data)), nil
}

// tooLarge is a body that is not read.
type tooLarge struct{}

func (tooLarge) Read([]byte) (int, error) { return 0, &http.MaxBytesError{Limit: MaxBody} }

// writer collects an answer.
type writer struct {
	header  http.Header
	status  int
	written http.Header
	body    bytes.Buffer
}

var _ http.ResponseWriter = (*writer)(nil)

func newWriter() *writer { return &writer{header: http.Header{}} }

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		// As with net/http, what is set later is not sent.
		w.status, w.written = status, w.header.Clone()
	}
}

func (w *writer) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(data)
}

var _ io.Writer = (*writer)(nil)

// response turns the answer into API Gateway's form. Cookies have a member of
// their own: as headers, all but one would be lost.
func (w *writer) response() events.APIGatewayV2HTTPResponse {
	w.WriteHeader(http.StatusOK)
	response := events.APIGatewayV2HTTPResponse{
		StatusCode: w.status,
		Headers:    map[string]string{},
	}
	for name, values := range w.written {
		if http.CanonicalHeaderKey(name) != "Set-Cookie" {
			response.Headers[strings.ToLower(name)] = headerValue(strings.Join(values, ","))
			continue
		}
		for _, value := range values {
			response.Cookies = append(response.Cookies, headerValue(value))
		}
	}
	if utf8.Valid(w.body.Bytes()) {
		response.Body = w.body.String()
	} else {
		response.Body = base64.StdEncoding.EncodeToString(w.body.Bytes())
		response.IsBase64Encoded = true
	}
	return response
}

// headerValue takes line breaks out of a value. net/http does so when it writes
// to a socket; here nothing stands between the handler and the answer.
func headerValue(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return -1
		}
		return r
	}, text)
}
