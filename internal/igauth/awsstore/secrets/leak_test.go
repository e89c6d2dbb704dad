package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awstest"
)

// A token travels to Secrets Manager in SecretString and nowhere else: AWS warns
// that every other parameter may be logged
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html).
// Nor does it come back in an error.
func TestTokenStaysInItsPlace(t *testing.T) {
	const token, person = "IGAACANARYtokenCANARY+/=tokenCANARY", "EAABCANARYpersonCANARY+/=personCANARY"
	whole := tokenOf(token)
	whole.UserToken = igauth.NewSecret(person)
	var seen bytes.Buffer
	answer := func(w http.ResponseWriter, status int, body string) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
	for _, failing := range []bool{false, true} {
		var carried int
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var members map[string]any
			if err := json.Unmarshal(body, &members); err != nil {
				t.Errorf("the request is not JSON: %v", err)
			}
			if text, ok := members["SecretString"].(string); ok {
				delete(members, "SecretString")
				if !json.Valid([]byte(text)) {
					t.Error("the secret's value is not JSON")
				}
				carried++
			}
			fmt.Fprintf(&seen, "%s %s %v %v\n", r.Method, r.URL, r.Header, members)
			switch {
			case failing:
				answer(w, http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"no"}`)
			case r.Header.Get("X-Amz-Target") == "secretsmanager.PutSecretValue":
				answer(w, http.StatusBadRequest, `{"__type":"ResourceNotFoundException","message":"none"}`)
			default:
				answer(w, http.StatusOK, `{}`)
			}
		}))
		v := newVault(t, secretsmanager.NewFromConfig(awstest.Config(t, server.URL)), "test")
		ref, err := v.Put(t.Context(), slotOf(7), profile, whole)
		fmt.Fprintf(&seen, "%s %v %+v %#v\n", ref, err, err, err)
		for _, do := range []func() error{
			func() error { _, err := v.Get(t.Context(), slotOf(7), igauth.Ref(attempt+"-7")); return err },
			func() error { _, _, err := v.Find(t.Context(), slotOf(7)); return err },
			func() error { return v.Promote(t.Context(), slotOf(7), igauth.Ref(attempt+"-7"), "") },
			func() error { return v.Destroy(t.Context(), slotOf(9)) },
		} {
			err := do()
			fmt.Fprintf(&seen, "%v %+v %#v\n", err, err, err)
		}
		server.Close()
		if carried == 0 {
			t.Error("no request carried the token")
		}
	}
	for _, text := range []string{token, person} {
		for _, form := range []string{text, url.QueryEscape(text), base64.StdEncoding.EncodeToString([]byte(text))[:40], base64.URLEncoding.EncodeToString([]byte(text))[:40]} {
			if bytes.Contains(seen.Bytes(), []byte(form)) {
				t.Errorf("a token leaks as %s:\n%s", form, &seen)
			}
		}
	}
}
