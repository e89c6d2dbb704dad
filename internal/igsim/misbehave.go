package igsim

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"
)

// maxHang ends a hanging request whose client never gives up.
const maxHang = 5 * time.Minute

// hugeBody is the size of the huge answer in bytes, beyond what a careful client
// reads of a token endpoint.
const hugeBody = 5 << 20

// misbehave answers with a fault that strikes before anything has happened.
func misbehave(w http.ResponseWriter, r *http.Request, c *call, kind string) {
	switch kind {
	case "hang":
		hang(r.Context())
		panic(http.ErrAbortHandler)
	case "broken":
		panic(http.ErrAbortHandler)
	}
	c.faultAnswer(kind).write(w)
}

// hang waits until the request's context ends: the client went away, or whoever
// runs the server ended its base context.
func hang(ctx context.Context) {
	limit := time.NewTimer(maxHang)
	defer limit.Stop()
	select {
	case <-ctx.Done():
	case <-limit.C:
	}
}

// faultAnswer is the answer of the kinds that have one. Codes and headers of the
// limits: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
// All other codes: https://developers.facebook.com/docs/graph-api/guides/error-handling
func (c *call) faultAnswer(kind string) answer {
	const proxyPage = "<!DOCTYPE html><html><head><title>Sorry, something went wrong</title></head><body><h1>Sorry, something went wrong.</h1></body></html>\n"
	switch kind {
	case "outage":
		return bodyAnswer(http.StatusServiceUnavailable, "text/html; charset=utf-8", []byte(proxyPage))
	case "html":
		return bodyAnswer(http.StatusOK, "text/html; charset=utf-8", []byte(proxyPage))
	case "http500":
		return c.graphError(graphError{status: http.StatusInternalServerError, code: 2, transient: true,
			message: "An unexpected error has occurred. Please retry your request later."})
	case "empty":
		return jsonAnswer(http.StatusOK, struct{}{})
	case "rate_limit":
		// The type says OAuthException here too: a client that looks at the type
		// before the code disconnects every account it has.
		a := c.graphError(graphError{code: 4, message: "(#4) Application request limit reached"})
		a.header.Set("X-App-Usage", appUsage(max(100, c.usage.App)))
		return a
	case "rate_limit_business":
		a := c.graphError(graphError{code: 80002, message: "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again."})
		a.header.Set("X-Business-Use-Case-Usage", businessUsage(c.userID, max(100, c.usage.Business), 17))
		return a
	case "http429":
		return bodyAnswer(http.StatusTooManyRequests, "text/plain; charset=utf-8", []byte("Too Many Requests\n"))
	case "huge":
		return bodyAnswer(http.StatusOK, "application/json; charset=UTF-8", []byte(`{"filler":"`+strings.Repeat("x", hugeBody)+`"}`))
	case "redirect":
		return answer{status: http.StatusFound, header: http.Header{"Location": {"https://elsewhere.instagram-simulator.invalid/"}}}
	case "checkpoint":
		return c.graphError(graphError{code: 190, subcode: 459, hasSub: true,
			message: "Error validating access token: You cannot access the app till you log in to www.instagram.com and follow the instructions given."})
	case "code_text":
		return c.graphError(graphError{code: 190, codeText: true, message: "Error validating access token: The session is invalid."})
	case "app_disabled":
		return c.graphError(graphError{code: 101, message: "Error validating application. The application is disabled or does not exist."})
	case "garbage":
		b := make([]byte, 512)
		_, _ = rand.Read(b)
		return bodyAnswer(http.StatusOK, "application/json; charset=UTF-8", b)
	}
	panic("igsim: fault " + kind + " is listed but does nothing")
}
