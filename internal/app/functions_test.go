package app_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"igauth/internal/app"
	"igauth/internal/app/accounts"
	"igauth/internal/app/authorize"
	"igauth/internal/app/callback"
	"igauth/internal/app/deauthorize"
	"igauth/internal/app/deletion"
	"igauth/internal/app/refresh"
)

// compose builds each function as its main does.
var compose = map[string]func(func(string) string, *slog.Logger) (any, error){
	"authorize": func(getenv func(string) string, log *slog.Logger) (any, error) { return authorize.New(getenv, log) },
	"callback":  func(getenv func(string) string, log *slog.Logger) (any, error) { return callback.New(getenv, log) },
	"accounts":  func(getenv func(string) string, log *slog.Logger) (any, error) { return accounts.New(getenv, log) },
	"deauthorize": func(getenv func(string) string, log *slog.Logger) (any, error) {
		return deauthorize.New(getenv, log, io.Discard)
	},
	"deletion": func(getenv func(string) string, log *slog.Logger) (any, error) {
		return deletion.New(getenv, log, io.Discard)
	},
	"refresh": func(getenv func(string) string, log *slog.Logger) (any, error) {
		return refresh.New(getenv, log, io.Discard)
	},
}

var discard = slog.New(slog.DiscardHandler)

func TestFunctionsNameWhatIsMissing(t *testing.T) {
	for function, variables := range map[string][]string{
		"authorize":   {app.EnvAppID, app.EnvPublicURL, app.EnvStateKeyName},
		"callback":    {app.EnvAppID, app.EnvPublicURL, app.EnvStateKeyName, app.EnvAppSecretName, app.EnvTable, app.EnvSecretPrefix},
		"accounts":    {app.EnvAppID, app.EnvPublicURL, app.EnvStateKeyName, app.EnvTable, app.EnvSecretPrefix},
		"refresh":     {app.EnvTable, app.EnvSecretPrefix},
		"deauthorize": {app.EnvAppSecretName, app.EnvTable, app.EnvSecretPrefix},
		"deletion":    {app.EnvAppSecretName, app.EnvTable, app.EnvSecretPrefix, app.EnvPublicURL},
	} {
		_, err := compose[function](env(nil), discard)
		for _, name := range variables {
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s does not name %s: %v", function, name, err)
			}
		}
	}
}

// When AWS refuses everything, visitors see a page, backends get JSON, the
// refresh fails, and nobody is told why but the log.
func TestFunctionsWithoutAWS(t *testing.T) {
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","message":"not for you"}`)
	}))
	defer aws.Close()
	getenv := env(map[string]string{
		app.EnvAppID: "990602627938098", app.EnvPublicURL: "https://connect.example", app.EnvStateKeyName: "stack/state-key", app.EnvAppSecretName: "stack/app",
		app.EnvTable: "stack-ledger", app.EnvSecretPrefix: "stack", app.EnvInstagramAPI: aws.URL, app.EnvInstagramGraph: aws.URL,
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": aws.URL,
	})
	for event, want := range map[string]struct {
		status int
		says   string
	}{
		"authorize":          {http.StatusInternalServerError, "Algo falló de nuestro lado"},
		"callback-approved":  {http.StatusInternalServerError, "Algo falló de nuestro lado"},
		"accounts-list":      {http.StatusInternalServerError, `"code": "unavailable"`},
		"accounts-token":     {http.StatusInternalServerError, `"code": "unavailable"`},
		"accounts-reconnect": {http.StatusInternalServerError, `"code": "unavailable"`},
		"deauthorize":        {http.StatusInternalServerError, `"code": "unavailable"`},
		"deletion":           {http.StatusInternalServerError, `"code": "unavailable"`},
		"deletion-receipt":   {http.StatusInternalServerError, "Algo falló de nuestro lado"},
	} {
		t.Run(event, func(t *testing.T) {
			name, _, _ := strings.Cut(event, "-")
			function, err := compose[name](getenv, discard)
			if err != nil {
				t.Fatal(err)
			}
			// All events ask in Spanish where a person reads.
			data := strings.ReplaceAll(string(readEvent(t, event)), `"accept-language": "en`, `"accept-language": "es`)
			response := invoke(t, lambda.NewHandler(function), []byte(data))
			if response.StatusCode != want.status || !strings.Contains(response.Body, want.says) || strings.Contains(response.Body, "not for you") {
				t.Errorf("got status %d:\n%s", response.StatusCode, response.Body)
			}
		})
	}
	t.Run("refresh", func(t *testing.T) {
		function, err := compose["refresh"](getenv, discard)
		if err != nil {
			t.Fatal(err)
		}
		out, err := lambda.NewHandler(function).Invoke(t.Context(), readEvent(t, "refresh"))
		if err == nil || !json.Valid(out) && len(out) > 0 {
			t.Errorf("got %s, %v; want an error, so that the invocation counts as failed", out, err)
		}
	})
}
