package secrets

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/igauth/awsstore/awstest"
)

// TestWire pins what one Put is on the wire, so that no update of the SDK
// changes it unnoticed.
func TestWire(t *testing.T) {
	var target string
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target = r.Header.Get("X-Amz-Target")
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	put(t, newVault(t, secretsmanager.NewFromConfig(awstest.Config(t, server.URL)), "test"), slotOf(7), "IGAA1")
	if target != "secretsmanager.PutSecretValue" {
		t.Errorf("the target is %q", target)
	}
	var got, value map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	text, _ := got["SecretString"].(string)
	if err := json.Unmarshal([]byte(text), &value); err != nil || value["access_token"] != "IGAA1" {
		t.Errorf("the value is %s (%v)", text, err)
	}
	delete(got, "SecretString") // See TestValue.
	want := map[string]any{
		"SecretId":           "test/accounts/17841401313574613",
		"ClientRequestToken": attempt + "-7",
		"VersionStages":      []any{"AWSPENDING"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the request is %v, want %v", got, want)
	}
}
