package deployed_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/app"
	"igauth/internal/app/deployed"
	"igauth/internal/doctor"
)

// lambda answers ListFunctions two functions at a time.
func lambda(t *testing.T, names ...string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/2015-03-31/functions/" || !strings.Contains(r.Header.Get("Authorization"), "/eu-south-2/lambda/aws4_request") {
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException:http://internal.amazon.com/")
			w.WriteHeader(http.StatusForbidden)
			return
		}
		begin := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("Marker"), &begin)
		page := map[string]any{}
		var functions []any
		for i, name := range names[begin:min(begin+2, len(names))] {
			functions = append(functions, map[string]any{
				"FunctionName": name, "Role": fmt.Sprintf("arn:aws:iam::123456789012:role/r%d", begin+i),
				"Environment": map[string]any{"Variables": map[string]string{app.EnvTable: "t", "SSL_CERT_DIR": "/nonexistent"}},
			})
		}
		page["Functions"] = functions
		if begin+2 < len(names) {
			page["NextMarker"] = fmt.Sprint(begin + 2)
		}
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-south-2", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	return server
}

func TestFunctionsOfAStackAreFound(t *testing.T) {
	lambda(t, "other", "igauth-AuthorizeFunction-AbC", "igauth-two-RefreshFunction-AbC", "igauth-RefreshFunction-Xyz", "igauth-RefreshFunctionOfSomebody")
	patient, err := deployed.Examine(t.Context(), "igauth", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	functions, err := patient.Functions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(functions, func(a, b doctor.Function) int { return strings.Compare(a.Part, b.Part) })
	if len(functions) != 2 || functions[0].Part != "authorize" || functions[0].Role != "arn:aws:iam::123456789012:role/r1" || functions[1].Part != "refresh" {
		t.Fatalf("got %+v", functions)
	}
	if env := functions[0].Environment; len(env) != 1 || env.Get(app.EnvTable) != "t" {
		t.Errorf("got %v", env)
	}
	patient.Settle(doctor.Environment{app.EnvVault: "sealed", app.EnvAppSecretName: "another/app"})
	if patient.Vault != app.VaultSealed || patient.AppSecret != "another/app" || patient.StateKey != "igauth/state-key" || patient.Table != "igauth-ledger" {
		t.Errorf("got %+v", patient.Stack)
	}
}

func TestFunctionsThatNobodyMayList(t *testing.T) {
	lambda(t)
	t.Setenv("AWS_REGION", "eu-west-1") // for which the server's signature is another
	patient, err := deployed.Examine(t.Context(), "igauth", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	functions, err := patient.Functions(t.Context())
	findings, _ := doctor.Deployed("igauth", functions, err)
	if len(findings) != 1 || findings[0].ID != "functions-not-listed" || !strings.Contains(findings[0].What, "you are not allowed to") {
		t.Errorf("got %+v, %v", findings, err)
	}
}

func TestExamineNeedsARegion(t *testing.T) {
	lambda(t)
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	if _, err := deployed.Examine(t.Context(), "igauth", time.Now); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("got %v", err)
	}
}
