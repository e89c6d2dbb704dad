package deployed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"igauth/internal/app"
	"igauth/internal/app/deployed"
	"igauth/internal/igauth"
)

// A link that the command makes for a stack is one that the stack's own
// functions accept: it is signed with the key in the stack's secret.
func TestLinkOfAStack(t *testing.T) {
	key := strings.Repeat("k", 64)
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ SecretId string }
		err := json.NewDecoder(r.Body).Decode(&asked)
		if target := r.Header.Get("X-Amz-Target"); err != nil || target != "secretsmanager.GetSecretValue" || asked.SecretId != "shop/state-key" {
			t.Errorf("AWS is asked for %s of %q, %v", target, asked.SecretId, err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = fmt.Fprintf(w, `{"Name":"shop/state-key","SecretString":%q}`, key)
	}))
	defer aws.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": aws.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	getenv := func(name string) string {
		return map[string]string{app.EnvPublicURL: "https://connect.example", app.EnvAppID: "990602627938098"}[name]
	}
	parts, err := deployed.Open(t.Context(), "shop", "", getenv, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	links, err := parts.Links()
	if err != nil {
		t.Fatal(err)
	}
	address, _, err := links.ReconnectURL(t.Context(), igauth.Account{Profile: igauth.Profile{ID: "17841400000010111"}})
	if err != nil {
		t.Fatal(err)
	}
	query, ok := strings.CutPrefix(address, "https://connect.example")
	if !ok {
		t.Fatalf("got %s", address)
	}
	for text, want := range map[string]int{key: http.StatusFound, strings.Repeat("x", 64): http.StatusBadRequest} {
		functions := app.Parts{Settings: parts.Settings, StateKeys: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret(text)}, nil
		}}
		authorize, err := functions.Authorize()
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		authorize.ServeHTTP(w, httptest.NewRequest(http.MethodGet, query, nil))
		if w.Code != want {
			t.Errorf("under a key %.1s…: got status %d, want %d", text, w.Code, want)
		}
	}
}
