package apigw_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// API Gateway checks the caller's rights for the route that it has matched, before
// a percent-encoded slash becomes one: what is handed on must be of that route and
// of no other.
func TestPathsAreOfTheirRoute(t *testing.T) {
	mux := http.NewServeMux()
	for _, pattern := range []string{"GET /accounts/{id}", "GET /accounts/{id}/token", "/"} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, pattern) })
	}
	for _, tt := range []struct {
		route, path string
		status      int
		served      string
	}{
		{"GET /accounts/{id}", "/accounts/17841400000010111", 200, "GET /accounts/{id}"},
		{"GET /accounts/{id}", "/accounts/17841400000010111%2Ftoken", 200, "GET /accounts/{id}"},
		{"GET /accounts/{id}", "/accounts/17841400000010111/token", 400, "bad request\n"},
		{"GET /accounts/{id}", "/accounts//17841400000010111", 400, "bad request\n"},
		{"GET /accounts/{id}", "/accounts", 400, "bad request\n"},
		{"GET /accounts/{id}/token", "/accounts/17841400000010111/token", 200, "GET /accounts/{id}/token"},
		{"GET /accounts/{id}/token", "/accounts/17841400000010111/x/token", 400, "bad request\n"},
		{"GET /accounts", "/accounts/17841400000010111/token", 400, "bad request\n"},
		// These take any path.
		{"$default", "/accounts/17841400000010111/token", 200, "GET /accounts/{id}/token"},
		{"ANY /{proxy+}", "/accounts/17841400000010111/token", 200, "GET /accounts/{id}/token"},
		{"", "/accounts/17841400000010111/token", 200, "GET /accounts/{id}/token"},
	} {
		t.Run(tt.route+" "+tt.path, func(t *testing.T) {
			route, _ := json.Marshal(tt.route)
			path, _ := json.Marshal(tt.path)
			event := fmt.Sprintf(`{"version":"2.0","routeKey":%s,"rawPath":%s,"requestContext":{"http":{"method":"GET"}}}`, route, path)
			response, _ := invoke(t, mux, event)
			if response.StatusCode != tt.status || response.Body != tt.served {
				t.Errorf("got status %d from %q, want %d from %q", response.StatusCode, response.Body, tt.status, tt.served)
			}
		})
	}
}
