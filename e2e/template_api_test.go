package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The routes and who answers them. Those of visitors are open, and those of Meta,
// which signs what it sends.
var routes = map[string]struct{ function, authorization string }{
	"GET /authorize":               {"AuthorizeFunction", "NONE"},
	"GET /callback":                {"CallbackFunction", "NONE"},
	"GET /callback/result":         {"CallbackFunction", "NONE"},
	"GET /callback/choose":         {"CallbackFunction", "NONE"},
	"POST /callback/choose":        {"CallbackFunction", "NONE"},
	"POST /deauthorize":            {"DeauthorizeFunction", "NONE"},
	"POST /data-deletion":          {"DeletionFunction", "NONE"},
	"GET /data-deletion/{code}":    {"DeletionFunction", "NONE"},
	"GET /accounts":                {"AccountsFunction", "AWS_IAM"},
	"GET /accounts/{id}":           {"AccountsFunction", "AWS_IAM"},
	"GET /accounts/{id}/token":     {"AccountsFunction", "AWS_IAM"},
	"GET /accounts/{id}/reconnect": {"AccountsFunction", "AWS_IAM"},
	"DELETE /accounts/{id}":        {"AccountsFunction", "AWS_IAM"},
	"GET /claims/{claim}":          {"AccountsFunction", "AWS_IAM"},
}

func TestRoutesAreTheDocumentedOnes(t *testing.T) {
	tmpl := load(t)
	integrations := tmpl.resources("AWS::ApiGatewayV2::Integration")
	var got, want []string
	for _, route := range tmpl.resources("AWS::ApiGatewayV2::Route") {
		target := strings.TrimSuffix(strings.TrimPrefix(show(route["Target"]), "integrations/${"), "}")
		function := strings.TrimSuffix(show(at(integrations[target], "IntegrationUri")), ".Arn")
		got = append(got, fmt.Sprintf("%v -> %s, %v", route["RouteKey"], function, route["AuthorizationType"]))
	}
	for key, route := range routes {
		want = append(want, fmt.Sprintf("%s -> %s, %s", key, route.function, route.authorization))
	}
	compare(t, "the API", got, want)
	for id, integration := range integrations {
		if got := integration["PayloadFormatVersion"]; got != "2.0" {
			t.Errorf("%s has payload format %v, want 2.0", id, got)
		}
	}
}

// TestApiMayCallItsFunctions checks that each route is covered by a permission
// that names this API and this account.
func TestApiMayCallItsFunctions(t *testing.T) {
	permissions := load(t).resources("AWS::Lambda::Permission")
	const api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/"
	for key, route := range routes {
		covered := false
		for id, permission := range permissions {
			if permission["Principal"] != "apigateway.amazonaws.com" || show(permission["SourceAccount"]) != "AWS::AccountId" {
				t.Errorf("%s is open to others than the API", id)
			}
			pattern, ok := strings.CutPrefix(show(permission["SourceArn"]), api)
			if !ok {
				t.Errorf("%s is open to other APIs: %s", id, show(permission["SourceArn"]))
			}
			match := "^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
			if show(permission["FunctionName"]) == route.function && regexp.MustCompile(match).MatchString(strings.Replace(key, " ", "", 1)) {
				covered = true
			}
		}
		if !covered {
			t.Errorf("nothing permits the API to call %s for %s", route.function, key)
		}
	}
}

// TestApiStandsFirst keeps `sam local start-api` working: it looks at the first
// resource of a kind that it knows, and ignores routes if that is a function.
func TestApiStandsFirst(t *testing.T) {
	if first := load(t).order[0]; first != "Api" {
		t.Errorf("the first resource is %s, want Api", first)
	}
}

func TestPublicRoutesAreThrottled(t *testing.T) {
	tmpl := load(t)
	stage := tmpl.only("AWS::ApiGatewayV2::Stage")
	settings := map[string]any{"every route": stage["DefaultRouteSettings"]}
	for key, route := range routes {
		if route.authorization == "NONE" {
			settings[key] = at(stage, "RouteSettings", key)
		}
	}
	for key, setting := range settings {
		for _, name := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
			if limit, ok := at(setting, name).(int); !ok || limit < 1 || limit > 1000 {
				t.Errorf("%s has the %s %v", key, name, at(setting, name))
			}
		}
	}
	for key := range at(stage, "RouteSettings").(object) {
		if _, ok := routes[key]; !ok {
			t.Errorf("there are settings for a route that does not exist: %s", key)
		}
	}
	// A stage refuses settings for routes that do not exist yet.
	var waits []string
	for id, resource := range tmpl.section("Resources") {
		if at(resource, "Type") == "AWS::ApiGatewayV2::Stage" {
			for _, other := range many(at(resource, "DependsOn")) {
				waits = append(waits, fmt.Sprint(other))
			}
			compare(t, id+" waits for", waits, slices.Collect(maps.Keys(tmpl.resources("AWS::ApiGatewayV2::Route"))))
		}
	}
}

func TestDataIsNotTraced(t *testing.T) {
	stage := load(t).only("AWS::ApiGatewayV2::Stage")
	all := []any{stage["DefaultRouteSettings"]}
	for _, setting := range at(stage, "RouteSettings").(object) {
		all = append(all, setting)
	}
	for _, setting := range all {
		if at(setting, "DataTraceEnabled") != nil || at(setting, "LoggingLevel") != nil {
			t.Errorf("the API would log what visitors send: %v", setting)
		}
	}
}

func TestAccessLogHasNothingSecret(t *testing.T) {
	format := at(load(t).only("AWS::ApiGatewayV2::Stage"), "AccessLogSettings", "Format").(string)
	var fields map[string]string
	if err := json.Unmarshal([]byte(format), &fields); err != nil {
		t.Fatalf("the access log is not JSON: %v", err)
	}
	// Codes, states, claims and cookies travel in the path, the query and the
	// headers.
	want := map[string]string{
		"requestId": "$context.requestId",
		"ip":        "$context.identity.sourceIp",
		"method":    "$context.httpMethod",
		"routeKey":  "$context.routeKey",
		"status":    "$context.status",
		"latency":   "$context.responseLatency",
	}
	compare(t, "the access log", lines(fields), lines(want))
}

func TestCustomDomainIsTheOnlyAddress(t *testing.T) {
	api := load(t).only("AWS::ApiGatewayV2::Api")
	if got := show(api["DisableExecuteApiEndpoint"]); got != "if HasPublicUrl: true, else false" {
		t.Errorf("the API's own address is disabled %s", got)
	}
}

// TestFunctionsAnswerBeforeTheApiGivesUp leaves two seconds, so that the visitor
// sees a page of ours rather than the gateway's error.
func TestFunctionsAnswerBeforeTheApiGivesUp(t *testing.T) {
	for id, integration := range load(t).resources("AWS::ApiGatewayV2::Integration") {
		limit, ok := integration["TimeoutInMillis"].(int)
		function := strings.TrimSuffix(show(integration["IntegrationUri"]), ".Arn")
		if !ok || functions[function].timeout*1000+2000 > limit {
			t.Errorf("%s waits %v ms for %s, which may take %d s", id, integration["TimeoutInMillis"], function, functions[function].timeout)
		}
	}
}

// TestEventsAreOfThisApi keeps the example events in step with the routes.
func TestEventsAreOfThisApi(t *testing.T) {
	files, err := filepath.Glob("../events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var event struct {
			Version, RouteKey, RawPath, RawQueryString string
			Cookies                                    []string
			RequestContext                             struct {
				RouteKey   string
				HTTP       struct{ Method, Path string }
				Authorizer struct{ IAM object }
			}
			PathParameters map[string]string
			ScheduledTime  string
			Records        []struct{ EventSource, EventSourceARN string }
		}
		if err := json.Unmarshal(text, &event); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if filepath.Base(file) == "refresh.json" {
			if event.ScheduledTime == "" {
				t.Errorf("%s is not what the schedule sends", file)
			}
			continue
		}
		if strings.HasPrefix(filepath.Base(file), "refresh-") {
			for _, r := range event.Records {
				service := strings.TrimPrefix(r.EventSource, "aws:")
				if service != "sqs" && service != "dynamodb" || !strings.HasPrefix(r.EventSourceARN, "arn:aws:"+service+":") {
					t.Errorf("%s is of %s", file, r.EventSource)
				}
			}
			if len(event.Records) == 0 {
				t.Errorf("%s has no record", file)
			}
			continue
		}
		route, ok := routes[event.RouteKey]
		if !ok {
			t.Errorf("%s is for a route that does not exist: %s", file, event.RouteKey)
		}
		path := event.RouteKey
		for name, value := range event.PathParameters {
			path = strings.ReplaceAll(path, "{"+name+"}", value)
		}
		http := event.RequestContext.HTTP
		if path != http.Method+" "+event.RawPath || http.Path != event.RawPath || event.RequestContext.RouteKey != event.RouteKey || event.Version != "2.0" {
			t.Errorf("%s contradicts itself", file)
		}
		if signed := event.RequestContext.Authorizer.IAM != nil; signed != (route.authorization == "AWS_IAM") {
			t.Errorf("%s is signed: %t", file, signed)
		}
	}
}
