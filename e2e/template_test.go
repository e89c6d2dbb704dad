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

	"go.yaml.in/yaml/v3"
)

// The rules that template.yaml keeps and that no scanner checks. What scanners
// check is left to them: cfn-lint and checkov run beside this.

// object is a mapping of the template. Its short forms are spelt out: !Ref X is
// {"Ref": "X"}, and !GetAtt X.Y is {"Fn::GetAtt": "X.Y"}.
type object = map[string]any

// template is template.yaml as the tests see it.
type template struct {
	t    *testing.T
	root object
	// order holds the logical ids in the order of the file.
	order []string
}

func load(t *testing.T) template {
	t.Helper()
	text, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	tmpl := template{t: t, root: decode(t, &document).(object)}
	for i, node := range document.Content[0].Content {
		if node.Value != "Resources" {
			continue
		}
		for j, name := range document.Content[0].Content[i+1].Content {
			if j%2 == 0 {
				tmpl.order = append(tmpl.order, name.Value)
			}
		}
	}
	return tmpl
}

// decode turns a node into plain values, short forms included.
func decode(t *testing.T, node *yaml.Node) any {
	t.Helper()
	var value any
	switch node.Kind {
	case yaml.DocumentNode:
		return decode(t, node.Content[0])
	case yaml.AliasNode:
		return decode(t, node.Alias)
	case yaml.MappingNode:
		fields := object{}
		for i := 0; i < len(node.Content); i += 2 {
			fields[node.Content[i].Value] = decode(t, node.Content[i+1])
		}
		value = fields
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range node.Content {
			list = append(list, decode(t, item))
		}
		value = list
	default:
		if strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!") {
			value = node.Value
		} else if err := node.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	switch tag := node.Tag; {
	case tag == "!Ref" || tag == "!Condition":
		return object{tag[1:]: value}
	case strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!"):
		return object{"Fn::" + tag[1:]: value}
	}
	return value
}

// at follows a path of keys; what is absent is nil.
func at(value any, path ...string) any {
	for _, key := range path {
		fields, ok := value.(object)
		if !ok {
			return nil
		}
		value = fields[key]
	}
	return value
}

// many is a list whether it was written as one or as its only item.
func many(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

// section returns a part of the template, such as Parameters.
func (tmpl template) section(name string) object {
	fields, ok := tmpl.root[name].(object)
	if !ok {
		tmpl.t.Fatalf("the template has no %s", name)
	}
	return fields
}

// resources returns the properties of the resources of a type.
func (tmpl template) resources(kind string) map[string]object {
	found := map[string]object{}
	for id, resource := range tmpl.section("Resources") {
		if at(resource, "Type") == kind {
			found[id] = at(resource, "Properties").(object)
		}
	}
	if len(found) == 0 {
		tmpl.t.Fatalf("the template has no %s", kind)
	}
	return found
}

// only returns the properties of the one resource of a type.
func (tmpl template) only(kind string) object {
	found := tmpl.resources(kind)
	if len(found) != 1 {
		tmpl.t.Fatalf("the template has %d resources of type %s, want 1", len(found), kind)
	}
	return found[slices.Collect(maps.Keys(found))[0]]
}

// refers reports whether anything in value names a parameter or a resource.
func refers(value any, name string) bool {
	switch value := value.(type) {
	case object:
		for key, inner := range value {
			text, _ := inner.(string)
			switch key {
			case "Ref":
				if text == name {
					return true
				}
			case "Fn::GetAtt":
				if strings.HasPrefix(text, name+".") {
					return true
				}
			}
			if refers(inner, name) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(value, func(inner any) bool { return refers(inner, name) })
	case string:
		return strings.Contains(value, "${"+name+"}") || strings.Contains(value, "${"+name+".")
	}
	return false
}

// show writes a value in a short form that fits into a table.
func show(value any) string {
	fields, ok := value.(object)
	if !ok || len(fields) != 1 {
		return fmt.Sprint(value)
	}
	for key, inner := range fields {
		switch key {
		case "Fn::If":
			parts := inner.([]any)
			return "if " + show(parts[0]) + ": " + show(parts[1]) + ", else " + show(parts[2])
		case "Fn::Sub":
			text := show(inner)
			for _, service := range []string{"secretsmanager", "lambda", "sqs", "events"} {
				text = strings.ReplaceAll(text, "arn:${AWS::Partition}:"+service+":${AWS::Region}:${AWS::AccountId}:", "")
			}
			return strings.TrimSuffix(text, ".${AWS::Region}.amazonaws.com")
		default:
			return show(inner)
		}
	}
	return ""
}

// The functions and all that differs between them.
var functions = map[string]struct {
	role    string
	memory  int
	timeout int
	// environment has the variables with what they are made of.
	environment map[string]string
	// allowed has every action with what it may be done to and under which
	// condition: through which service the key is used, and how what is made is
	// tagged. It is complete: what is not here is not allowed.
	allowed []string
}{
	"AuthorizeFunction": {
		role: "AuthorizeRole", memory: 512, timeout: 10,
		environment: map[string]string{
			"IGAUTH_APP_ID":               "InstagramAppId",
			"IGAUTH_STATE_KEY_NAME":       "${AWS::StackName}/state-key",
			"IGAUTH_PUBLIC_URL":           "if HasPublicUrl: PublicUrl, else Api.ApiEndpoint",
			"IGAUTH_RETURN_URLS":          "ReturnUrls",
			"IGAUTH_SCOPES":               "Scopes",
			"IGAUTH_INSTAGRAM_WWW":        "InstagramWww",
			"IGAUTH_META_APP_ID":          "MetaAppId",
			"IGAUTH_META_APP_SECRET_NAME": "if HasMetaApp: ${AWS::StackName}/meta-app, else ",
			"IGAUTH_FACEBOOK_CONFIG_ID":   "FacebookConfigId",
			"IGAUTH_FACEBOOK_SCOPES":      "FacebookScopes",
			"IGAUTH_FACEBOOK_WWW":         "FacebookWww",
		},
		allowed: []string{
			"kms:Decrypt Key.Arn via secretsmanager",
			"logs:CreateLogStream AuthorizeLogs.Arn",
			"logs:PutLogEvents AuthorizeLogs.Arn",
			"secretsmanager:GetSecretValue StateKey",
		},
	},
	"CallbackFunction": {
		role: "CallbackRole", memory: 512, timeout: 28,
		environment: map[string]string{
			"IGAUTH_APP_ID":               "InstagramAppId",
			"IGAUTH_APP_SECRET_NAME":      "${AWS::StackName}/app",
			"IGAUTH_STATE_KEY_NAME":       "${AWS::StackName}/state-key",
			"IGAUTH_PUBLIC_URL":           "if HasPublicUrl: PublicUrl, else Api.ApiEndpoint",
			"IGAUTH_RETURN_URLS":          "ReturnUrls",
			"IGAUTH_SCOPES":               "Scopes",
			"IGAUTH_TABLE":                "LedgerTable",
			"IGAUTH_SECRET_PREFIX":        "AWS::StackName",
			"IGAUTH_SECRET_KEY":           "Key.Arn",
			"IGAUTH_VAULT":                "Vault",
			"IGAUTH_KEYSET_NAME":          "${AWS::StackName}/keyset",
			"IGAUTH_INSTAGRAM_API":        "InstagramApi",
			"IGAUTH_INSTAGRAM_GRAPH":      "InstagramGraph",
			"IGAUTH_META_APP_ID":          "MetaAppId",
			"IGAUTH_META_APP_SECRET_NAME": "if HasMetaApp: ${AWS::StackName}/meta-app, else ",
			"IGAUTH_FACEBOOK_CONFIG_ID":   "FacebookConfigId",
			"IGAUTH_FACEBOOK_SCOPES":      "FacebookScopes",
			"IGAUTH_FACEBOOK_GRAPH":       "FacebookGraph",
		},
		allowed: []string{
			"dynamodb:GetItem LedgerTable.Arn",
			"dynamodb:PutItem LedgerTable.Arn",
			"kms:Decrypt Key.Arn via dynamodb",
			"kms:Decrypt Key.Arn via secretsmanager",
			"kms:GenerateDataKey Key.Arn via secretsmanager",
			"logs:CreateLogStream CallbackLogs.Arn",
			"logs:PutLogEvents CallbackLogs.Arn",
			"secretsmanager:CreateSecret secret:${AWS::StackName}/accounts/* tagged AWS::StackName",
			"secretsmanager:DescribeSecret secret:${AWS::StackName}/accounts/*",
			"secretsmanager:GetSecretValue AppSecret",
			"secretsmanager:GetSecretValue StateKey",
			"secretsmanager:GetSecretValue if HasMetaApp: MetaSecret, else AWS::NoValue",
			"secretsmanager:GetSecretValue if SealsTokens: Keyset, else AWS::NoValue",
			"secretsmanager:GetSecretValue secret:${AWS::StackName}/accounts/*",
			"secretsmanager:GetSecretValue secret:${AWS::StackName}/keyset-??????",
			"secretsmanager:PutSecretValue secret:${AWS::StackName}/accounts/*",
			"secretsmanager:TagResource secret:${AWS::StackName}/accounts/* tagged AWS::StackName",
			"secretsmanager:UpdateSecretVersionStage secret:${AWS::StackName}/accounts/*",
		},
	},
	"AccountsFunction": {
		role: "AccountsRole", memory: 512, timeout: 10,
		environment: map[string]string{
			"IGAUTH_APP_ID":               "InstagramAppId",
			"IGAUTH_STATE_KEY_NAME":       "${AWS::StackName}/state-key",
			"IGAUTH_PUBLIC_URL":           "if HasPublicUrl: PublicUrl, else Api.ApiEndpoint",
			"IGAUTH_TABLE":                "LedgerTable",
			"IGAUTH_SECRET_PREFIX":        "AWS::StackName",
			"IGAUTH_VAULT":                "Vault",
			"IGAUTH_KEYSET_NAME":          "${AWS::StackName}/keyset",
			"IGAUTH_INSTAGRAM_GRAPH":      "InstagramGraph",
			"IGAUTH_META_APP_ID":          "MetaAppId",
			"IGAUTH_META_APP_SECRET_NAME": "if HasMetaApp: ${AWS::StackName}/meta-app, else ",
			"IGAUTH_FACEBOOK_GRAPH":       "FacebookGraph",
		},
		allowed: []string{
			"dynamodb:BatchGetItem LedgerTable.Arn",
			"dynamodb:GetItem LedgerTable.Arn",
			"dynamodb:PutItem LedgerTable.Arn",
			"dynamodb:Query ${LedgerTable.Arn}/index/accounts",
			"dynamodb:Query ${LedgerTable.Arn}/index/status",
			"kms:Decrypt Key.Arn via dynamodb",
			"kms:Decrypt Key.Arn via secretsmanager",
			"logs:CreateLogStream AccountsLogs.Arn",
			"logs:PutLogEvents AccountsLogs.Arn",
			"secretsmanager:DeleteSecret secret:${AWS::StackName}/accounts/*",
			"secretsmanager:DescribeSecret secret:${AWS::StackName}/accounts/*",
			"secretsmanager:GetSecretValue StateKey",
			"secretsmanager:GetSecretValue secret:${AWS::StackName}/accounts/*",
			"secretsmanager:GetSecretValue secret:${AWS::StackName}/keyset-??????",
			"secretsmanager:GetSecretValue secret:${AWS::StackName}/meta-app-??????",
		},
	},
	"DeauthorizeFunction": {
		role: "DeauthorizeRole", memory: 512, timeout: 20,
		environment: map[string]string{
			"IGAUTH_APP_SECRET_NAME":      "${AWS::StackName}/app",
			"IGAUTH_META_APP_ID":          "MetaAppId",
			"IGAUTH_META_APP_SECRET_NAME": "if HasMetaApp: ${AWS::StackName}/meta-app, else ",
			"IGAUTH_TABLE":                "LedgerTable",
			"IGAUTH_SECRET_PREFIX":        "AWS::StackName",
		},
		// Not to read a token, and not to write one.
		allowed: []string{
			"dynamodb:GetItem LedgerTable.Arn",
			"dynamodb:PutItem LedgerTable.Arn",
			"kms:Decrypt Key.Arn via dynamodb",
			"kms:Decrypt Key.Arn via secretsmanager",
			"logs:CreateLogStream DeauthorizeLogs.Arn",
			"logs:PutLogEvents DeauthorizeLogs.Arn",
			"secretsmanager:DeleteSecret secret:${AWS::StackName}/accounts/*",
			"secretsmanager:DescribeSecret secret:${AWS::StackName}/accounts/*",
			"secretsmanager:GetSecretValue AppSecret",
			"secretsmanager:GetSecretValue if HasMetaApp: MetaSecret, else AWS::NoValue",
		},
	},
	"DeletionFunction": {
		role: "DeletionRole", memory: 512, timeout: 20,
		environment: map[string]string{
			"IGAUTH_APP_SECRET_NAME":      "${AWS::StackName}/app",
			"IGAUTH_META_APP_ID":          "MetaAppId",
			"IGAUTH_META_APP_SECRET_NAME": "if HasMetaApp: ${AWS::StackName}/meta-app, else ",
			"IGAUTH_PUBLIC_URL":           "if HasPublicUrl: PublicUrl, else Api.ApiEndpoint",
			"IGAUTH_TABLE":                "LedgerTable",
			"IGAUTH_SECRET_PREFIX":        "AWS::StackName",
		},
		// Not to read a token, and not to write one.
		allowed: []string{
			"dynamodb:GetItem LedgerTable.Arn",
			"dynamodb:PutItem LedgerTable.Arn",
			"kms:Decrypt Key.Arn via dynamodb",
			"kms:Decrypt Key.Arn via secretsmanager",
			"logs:CreateLogStream DeletionLogs.Arn",
			"logs:PutLogEvents DeletionLogs.Arn",
			"secretsmanager:DeleteSecret secret:${AWS::StackName}/accounts/*",
			"secretsmanager:DescribeSecret secret:${AWS::StackName}/accounts/*",
			"secretsmanager:GetSecretValue AppSecret",
			"secretsmanager:GetSecretValue if HasMetaApp: MetaSecret, else AWS::NoValue",
		},
	},
	"RefreshFunction": {
		role: "RefreshRole", memory: 256, timeout: 900,
		environment: map[string]string{
			"IGAUTH_TABLE":                "LedgerTable",
			"IGAUTH_SECRET_PREFIX":        "AWS::StackName",
			"IGAUTH_SECRET_KEY":           "Key.Arn",
			"IGAUTH_VAULT":                "Vault",
			"IGAUTH_KEYSET_NAME":          "${AWS::StackName}/keyset",
			"IGAUTH_INSTAGRAM_GRAPH":      "InstagramGraph",
			"IGAUTH_REFRESH_RATE":         "RefreshRate",
			"IGAUTH_REFRESH_PARALLEL":     "RefreshParallel",
			"IGAUTH_EVENT_BUS":            "EventBus",
			"IGAUTH_APP_ID":               "InstagramAppId",
			"IGAUTH_STATE_KEY_NAME":       "${AWS::StackName}/state-key",
			"IGAUTH_PUBLIC_URL":           "if HasPublicUrl: PublicUrl, else Api.ApiEndpoint",
			"IGAUTH_META_APP_ID":          "MetaAppId",
			"IGAUTH_META_APP_SECRET_NAME": "if HasMetaApp: ${AWS::StackName}/meta-app, else ",
			"IGAUTH_FACEBOOK_GRAPH":       "FacebookGraph",
		},
		allowed: []string{
			"dynamodb:BatchGetItem LedgerTable.Arn",
			"dynamodb:DescribeStream LedgerTable.StreamArn",
			"dynamodb:GetItem LedgerTable.Arn",
			"dynamodb:GetRecords LedgerTable.StreamArn",
			"dynamodb:GetShardIterator LedgerTable.StreamArn",
			"dynamodb:ListStreams ${LedgerTable.Arn}/stream/*",
			"dynamodb:PutItem LedgerTable.Arn",
			"dynamodb:Query ${LedgerTable.Arn}/index/accounts",
			"dynamodb:Query ${LedgerTable.Arn}/index/due",
			"dynamodb:Query ${LedgerTable.Arn}/index/status",
			"events:PutEvents event-bus/${EventBus}",
			"kms:Decrypt Key.Arn via dynamodb",
			"kms:Decrypt Key.Arn via secretsmanager",
			"kms:Decrypt Key.Arn via sqs",
			"kms:GenerateDataKey Key.Arn via secretsmanager",
			"kms:GenerateDataKey Key.Arn via sqs",
			"logs:CreateLogStream RefreshLogs.Arn",
			"logs:PutLogEvents RefreshLogs.Arn",
			"secretsmanager:CreateSecret secret:${AWS::StackName}/accounts/* tagged AWS::StackName",
			"secretsmanager:DeleteSecret secret:${AWS::StackName}/accounts/*",
			"secretsmanager:DescribeSecret secret:${AWS::StackName}/accounts/*",
			"secretsmanager:GetSecretValue StateKey",
			"secretsmanager:GetSecretValue if SealsTokens: Keyset, else AWS::NoValue",
			"secretsmanager:GetSecretValue secret:${AWS::StackName}/accounts/*",
			"secretsmanager:GetSecretValue secret:${AWS::StackName}/keyset-??????",
			"secretsmanager:GetSecretValue secret:${AWS::StackName}/meta-app-??????",
			"secretsmanager:PutSecretValue secret:${AWS::StackName}/accounts/*",
			"secretsmanager:TagResource secret:${AWS::StackName}/accounts/* tagged AWS::StackName",
			"secretsmanager:UpdateSecretVersionStage secret:${AWS::StackName}/accounts/*",
			"sqs:DeleteMessage ${AWS::StackName}-refresh-parts",
			"sqs:GetQueueAttributes ${AWS::StackName}-refresh-parts",
			"sqs:ReceiveMessage ${AWS::StackName}-refresh-parts",
			"sqs:SendMessage DeadLetters.Arn",
		},
	},
}

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

func TestFunctionsAreTheDocumentedOnes(t *testing.T) {
	found := load(t).resources("AWS::Serverless::Function")
	if want, got := slices.Sorted(maps.Keys(functions)), slices.Sorted(maps.Keys(found)); !slices.Equal(got, want) {
		t.Fatalf("functions: %v, want %v", got, want)
	}
	for id, want := range functions {
		if got := found[id]["MemorySize"]; got != want.memory {
			t.Errorf("%s has %v MB, want %d", id, got, want.memory)
		}
		if got := found[id]["Timeout"]; got != want.timeout {
			t.Errorf("%s has %v seconds, want %d", id, got, want.timeout)
		}
	}
}

// TestFunctionsAreBuiltByTheMakefile matters because SAM's own Go builder would
// link against the C library of the machine it runs on.
func TestFunctionsAreBuiltByTheMakefile(t *testing.T) {
	tmpl := load(t)
	for id := range functions {
		if got := at(tmpl.section("Resources")[id], "Metadata", "BuildMethod"); got != "makefile" {
			t.Errorf("%s is built by %v, want makefile", id, got)
		}
	}
	if got := show(at(tmpl.root, "Globals", "Function", "Architectures").([]any)[0]); got != "Architecture" {
		t.Errorf("the functions run on %s, want the parameter Architecture", got)
	}
}

// TestEnvironmentIsTheDocumentedOne also holds the rule that no variable has a
// secret as its value: the table above has names and addresses only.
func TestEnvironmentIsTheDocumentedOne(t *testing.T) {
	tmpl := load(t)
	global := at(tmpl.root, "Globals", "Function", "Environment", "Variables").(object)
	if len(global) != 2 || global["SSL_CERT_DIR"] != "/nonexistent" || show(global["IGAUTH_POLICY"]) != "Policy" {
		t.Errorf("variables of all functions: %v, want SSL_CERT_DIR and IGAUTH_POLICY alone", global)
	}
	for id, properties := range tmpl.resources("AWS::Serverless::Function") {
		got := map[string]string{}
		for name, value := range at(properties, "Environment", "Variables").(object) {
			got[name] = show(value)
		}
		compare(t, id, lines(got), lines(functions[id].environment))
		for parameter, definition := range tmpl.section("Parameters") {
			if at(definition, "NoEcho") == true && refers(at(properties, "Environment"), parameter) {
				t.Errorf("%s has the secret parameter %s in its environment", id, parameter)
			}
		}
	}
}

// lines is a map as sorted lines.
func lines(values map[string]string) []string {
	var list []string
	for name, value := range values {
		list = append(list, name+" = "+value)
	}
	return slices.Sorted(slices.Values(list))
}

// compare names what is too much and what is missing.
func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s has, and should not: %s", what, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s lacks: %s", what, line)
		}
	}
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

func TestRefreshRunsEveryHourAndIsNotRepeated(t *testing.T) {
	tmpl := load(t)
	inputs := map[string]string{}
	for id, schedule := range tmpl.resources("AWS::Scheduler::Schedule") {
		if got := schedule["ScheduleExpression"]; got != "rate(1 hour)" {
			t.Errorf("%s runs at %v", id, got)
		}
		target := at(schedule, "Target")
		if got := show(at(target, "DeadLetterConfig", "Arn")); got != "DeadLetters.Arn" {
			t.Errorf("what %s cannot deliver goes to %s", id, got)
		}
		if at(target, "RetryPolicy", "MaximumEventAgeInSeconds") != 3600 || at(target, "RetryPolicy", "MaximumRetryAttempts") == nil {
			t.Errorf("%s repeats: %v", id, at(target, "RetryPolicy"))
		}
		starts, condition := show(at(target, "Arn")), at(tmpl.section("Resources")[id], "Condition")
		if id == "RefreshSchedule" {
			if got := show(schedule["State"]); starts != "RefreshFunction.Arn" || condition != nil || got != "if SpreadsRefresh: DISABLED, else ENABLED" {
				t.Errorf("the schedule starts %s, if %v, and is %s", starts, condition, got)
			}
			continue
		}
		inputs[id] = fmt.Sprint(at(target, "Input"))
		if starts != "RefreshParts.Arn" || condition != "SpreadsRefresh" || schedule["State"] != nil {
			t.Errorf("%s sends to %s, if %v, and is %v", id, starts, condition, schedule["State"])
		}
	}
	compare(t, "the spread refresh", lines(inputs), lines(map[string]string{
		"RefreshPart0Schedule": `{"shard":0,"of":4}`,
		"RefreshPart1Schedule": `{"shard":1,"of":4}`,
		"RefreshPart2Schedule": `{"shard":2,"of":4}`,
		"RefreshPart3Schedule": `{"shard":3,"of":4}`,
	}))
	refresh := tmpl.resources("AWS::Serverless::Function")["RefreshFunction"]
	invoke := at(refresh, "EventInvokeConfig")
	if at(invoke, "MaximumRetryAttempts") != 0 || at(invoke, "MaximumEventAgeInSeconds") != 3600 {
		t.Errorf("a failed run is repeated: %v", invoke)
	}
	if got := show(at(invoke, "DestinationConfig", "OnFailure", "Destination")); got != "DeadLetters.Arn" {
		t.Errorf("a failed run goes to %s", got)
	}
	if got := at(tmpl.section("Parameters"), "RefreshSpread", "Default"); got != "no" {
		t.Errorf("by default the refresh is spread: %v", got)
	}
}

// TestRowsWithEventsReachTheRefresh: the filter lets through what the package
// table marks, and what fails is neither repeated for ever nor lost.
func TestRowsWithEventsReachTheRefresh(t *testing.T) {
	mapping := load(t).resources("AWS::Lambda::EventSourceMapping")["RefreshTells"]
	if function, source := show(mapping["FunctionName"]), show(mapping["EventSourceArn"]); function != "RefreshFunction" || source != "LedgerTable.StreamArn" {
		t.Errorf("%s gets what happens in %s", function, source)
	}
	filters := many(at(mapping, "FilterCriteria", "Filters"))
	if len(filters) != 1 || at(filters[0], "Pattern") != `{"dynamodb":{"NewImage":{"outbox_since":{"S":[{"exists":true}]}}}}` {
		t.Errorf("the filter is %v", filters)
	}
	if window, ok := mapping["MaximumBatchingWindowInSeconds"].(int); !ok || window < 1 || window > 5 {
		t.Errorf("events wait %v s for others", mapping["MaximumBatchingWindowInSeconds"])
	}
	if tries, ok := mapping["MaximumRetryAttempts"].(int); !ok || tries < 1 || tries > 10 {
		t.Errorf("a batch is tried again %v times", mapping["MaximumRetryAttempts"])
	}
	// A run sends what is left after ten minutes, and one comes every hour.
	if age, ok := mapping["MaximumRecordAgeInSeconds"].(int); !ok || age < 600 || age > 2*3600 {
		t.Errorf("a batch is tried again for %v s", mapping["MaximumRecordAgeInSeconds"])
	}
	if mapping["BisectBatchOnFunctionError"] != true || !slices.Contains(many(mapping["FunctionResponseTypes"]), any("ReportBatchItemFailures")) {
		t.Error("one row that cannot be sent holds up the others")
	}
	if got := show(at(mapping, "DestinationConfig", "OnFailure", "Destination")); got != "DeadLetters.Arn" {
		t.Errorf("what is given up goes to %s", got)
	}
}

func TestPartsOfARunAreTakenOneByOne(t *testing.T) {
	tmpl := load(t)
	mapping, queue := tmpl.resources("AWS::Lambda::EventSourceMapping")["RefreshTakesParts"], tmpl.resources("AWS::SQS::Queue")["RefreshParts"]
	if function, source := show(mapping["FunctionName"]), show(mapping["EventSourceArn"]); function != "RefreshFunction" || source != "RefreshParts.Arn" {
		t.Errorf("%s takes from %s", function, source)
	}
	if mapping["BatchSize"] != 1 || at(mapping, "ScalingConfig", "MaximumConcurrency") != 4 {
		t.Errorf("parts are taken by %v, %v at a time", mapping["BatchSize"], at(mapping, "ScalingConfig"))
	}
	for _, id := range []string{"RefreshTakesParts", "RefreshParts"} {
		if got := at(tmpl.section("Resources")[id], "Condition"); got != "SpreadsRefresh" {
			t.Errorf("there is %s if %v", id, got)
		}
	}
	visibility, _ := queue["VisibilityTimeout"].(int)
	if visibility < 6*functions["RefreshFunction"].timeout || visibility > 12*3600 {
		t.Errorf("a part is taken again after %d s", visibility)
	}
	tries, _ := at(queue, "RedrivePolicy", "maxReceiveCount").(int)
	if retention, _ := queue["MessageRetentionPeriod"].(int); tries < 1 || retention < tries*visibility || show(at(queue, "RedrivePolicy", "deadLetterTargetArn")) != "DeadLetters.Arn" {
		t.Errorf("a part that fails is forgotten after %d s and goes to %v", retention, queue["RedrivePolicy"])
	}
	if got := show(queue["QueueName"]); got != "${AWS::StackName}-refresh-parts" {
		t.Errorf("the queue is called %s, and the role knows it by its name", got)
	}
}

// TestConcurrencyIsReservedOnRequest: an account that has ten executions cannot
// reserve any, so that the default must not. The waiver says so.
func TestConcurrencyIsReservedOnRequest(t *testing.T) {
	tmpl := load(t)
	if got := at(tmpl.section("Parameters"), "WebConcurrency", "Default"); got != 0 {
		t.Errorf("by default %v executions are reserved", got)
	}
	for id, function := range tmpl.resources("AWS::Serverless::Function") {
		want := "if ReservesConcurrency: WebConcurrency, else AWS::NoValue"
		if id == "RefreshFunction" {
			want = "if ReservesConcurrency: 6, else AWS::NoValue"
		}
		if got := show(function["ReservedConcurrentExecutions"]); got != want {
			t.Errorf("%s reserves %s, want %s", id, got, want)
		}
	}
}

// statements flattens the policies of a role into lines like those of the table.
func statements(t *testing.T, id string, role object) []string {
	t.Helper()
	if role["ManagedPolicyArns"] != nil {
		t.Errorf("%s has managed policies: their actions are Amazon's to change", id)
	}
	var list []string
	for _, policy := range many(role["Policies"]) {
		for _, statement := range many(at(policy, "PolicyDocument", "Statement")) {
			if at(statement, "Effect") != "Allow" || at(statement, "NotAction") != nil || at(statement, "NotResource") != nil {
				t.Errorf("%s has a statement that is not a plain permission: %v", id, statement)
			}
			limits := []string{""}
			if via := at(statement, "Condition", "StringEquals", "kms:ViaService"); via != nil {
				limits = nil
				for _, service := range many(via) {
					limits = append(limits, " via "+show(service))
				}
			} else if tag := at(statement, "Condition", "StringEquals", "aws:RequestTag/igauth:stack"); tag != nil {
				limits = []string{" tagged " + show(tag)}
			}
			for _, action := range many(at(statement, "Action")) {
				for _, resource := range many(at(statement, "Resource")) {
					for _, limit := range limits {
						list = append(list, fmt.Sprintf("%v %s%s", action, show(resource), limit))
					}
				}
			}
		}
	}
	return list
}

func TestEachFunctionMayDoExactlyWhatItNeeds(t *testing.T) {
	tmpl := load(t)
	roles := tmpl.resources("AWS::IAM::Role")
	owners := map[string]string{}
	for id, function := range tmpl.resources("AWS::Serverless::Function") {
		role := strings.TrimSuffix(show(function["Role"]), ".Arn")
		if role != functions[id].role || owners[role] != "" {
			t.Errorf("%s has the role %s, want %s for itself", id, role, functions[id].role)
		}
		owners[role] = id
		if function["Policies"] != nil {
			t.Errorf("%s has policies beside its role", id)
		}
		compare(t, id, statements(t, role, roles[role]), functions[id].allowed)
		trust := many(at(roles[role], "AssumeRolePolicyDocument", "Statement"))
		if len(trust) != 1 || at(trust[0], "Principal", "Service") != "lambda.amazonaws.com" {
			t.Errorf("%s can be assumed by others than Lambda", role)
		}
	}
	schedule := roles["RefreshScheduleRole"]
	compare(t, "the schedule", statements(t, "RefreshScheduleRole", schedule), []string{
		"kms:Decrypt Key.Arn via sqs",
		"kms:GenerateDataKey Key.Arn via sqs",
		"lambda:InvokeFunction RefreshFunction.Arn",
		"sqs:SendMessage DeadLetters.Arn",
		"sqs:SendMessage if SpreadsRefresh: RefreshParts.Arn, else AWS::NoValue",
	})
	for _, trust := range many(at(schedule, "AssumeRolePolicyDocument", "Statement")) {
		if show(at(trust, "Condition", "StringEquals", "aws:SourceAccount")) != "AWS::AccountId" {
			t.Error("the schedule's role can be assumed for schedules of another account")
		}
	}
	if len(roles) != len(functions)+1 {
		t.Errorf("there are %d roles, want one for each function and one for the schedule", len(roles))
	}
}

func TestNoActionOrResourceIsAWildcard(t *testing.T) {
	for id, role := range load(t).resources("AWS::IAM::Role") {
		for _, line := range statements(t, id, role) {
			action, resource, _ := strings.Cut(line, " ")
			if strings.Contains(action, "*") || action == "dynamodb:Scan" || action == "secretsmanager:ListSecrets" || strings.HasPrefix(resource, "*") {
				t.Errorf("%s may %s", id, line)
			}
			if strings.HasPrefix(action, "kms:") && !strings.Contains(line, " via ") {
				t.Errorf("%s may use the key directly: %s", id, line)
			}
		}
	}
}

func TestKeyIsGivenToNobodyElse(t *testing.T) {
	key := load(t).only("AWS::KMS::Key")
	if key["EnableKeyRotation"] != true {
		t.Error("the key is not rotated")
	}
	for _, statement := range many(at(key, "KeyPolicy", "Statement")) {
		all := slices.Contains(many(at(statement, "Action")), any("kms:*"))
		switch principal := at(statement, "Principal").(type) {
		case object:
			if owner, ok := principal["AWS"]; ok {
				if show(owner) != "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" {
					t.Errorf("the key is %s's", show(owner))
				}
			} else if all || at(statement, "Condition") == nil {
				t.Errorf("%s may do everything, or for everybody", show(principal["Service"]))
			}
		default:
			t.Errorf("the key is open to %v", principal)
		}
	}
}

func TestEverythingIsEncryptedWithTheKey(t *testing.T) {
	tmpl := load(t)
	for kind, path := range map[string][]string{
		"AWS::DynamoDB::Table":        {"SSESpecification", "KMSMasterKeyId"},
		"AWS::SecretsManager::Secret": {"KmsKeyId"},
		"AWS::SQS::Queue":             {"KmsMasterKeyId"},
		"AWS::SNS::Topic":             {"KmsMasterKeyId"},
		"AWS::Logs::LogGroup":         {"KmsKeyId"},
	} {
		for id, properties := range tmpl.resources(kind) {
			if got := show(at(properties, path...)); got != "Key.Arn" {
				t.Errorf("%s is encrypted with %s", id, got)
			}
		}
	}
}

func TestLogsAreJSONAndForgotten(t *testing.T) {
	tmpl := load(t)
	if got := at(tmpl.root, "Globals", "Function", "LoggingConfig", "LogFormat"); got != "JSON" {
		t.Errorf("functions log %v", got)
	}
	groups := tmpl.resources("AWS::Logs::LogGroup")
	for id, function := range tmpl.resources("AWS::Serverless::Function") {
		if group := show(at(function, "LoggingConfig", "LogGroup")); groups[group] == nil {
			t.Errorf("%s logs to %s, which Lambda would make and keep for ever", id, group)
		}
	}
	for id, group := range groups {
		if got := show(group["RetentionInDays"]); got != "LogRetentionDays" {
			t.Errorf("%s is kept %s", id, got)
		}
	}
}

func TestTableIsWhatTheLedgerExpects(t *testing.T) {
	table := load(t).only("AWS::DynamoDB::Table")
	if got := at(table, "TimeToLiveSpecification"); at(got, "Enabled") != true || at(got, "AttributeName") != "ttl" {
		t.Errorf("flows are not forgotten: %v", got)
	}
	if at(table, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
		t.Error("the table cannot be recovered to a point in time")
	}
	if table["DeletionProtectionEnabled"] != true || table["BillingMode"] != "PAY_PER_REQUEST" {
		t.Error("the table is not protected from deletion, or not paid per request")
	}
	types := map[any]any{}
	for _, attribute := range many(table["AttributeDefinitions"]) {
		types[at(attribute, "AttributeName")] = at(attribute, "AttributeType")
	}
	schema := func(keys any) string {
		var parts []string
		for _, key := range many(keys) {
			name := at(key, "AttributeName")
			parts = append(parts, fmt.Sprintf("%v %v %v", name, types[name], at(key, "KeyType")))
		}
		return strings.Join(parts, ", ")
	}
	got := map[string]string{"table": schema(table["KeySchema"])}
	for _, index := range many(table["GlobalSecondaryIndexes"]) {
		got[fmt.Sprint(at(index, "IndexName"))] = schema(at(index, "KeySchema")) + fmt.Sprintf(", %v", at(index, "Projection", "ProjectionType"))
	}
	compare(t, "the table", lines(got), lines(map[string]string{
		"table":    "pk S HASH",
		"due":      "due_shard S HASH, due_nanos N RANGE, ALL",
		"accounts": "kind S HASH, id S RANGE, KEYS_ONLY",
		"status":   "status S HASH, expires_nanos N RANGE, KEYS_ONLY",
	}))
	if used := len(types); used != 7 {
		t.Errorf("%d attributes are defined; CloudFormation refuses one that is no key", used)
	}
	// A filter on the outbox needs the row as it is after the save.
	if got := at(table, "StreamSpecification", "StreamViewType"); got != "NEW_IMAGE" {
		t.Errorf("the stream shows %v, want the row after the save", got)
	}
}

var signs = map[any]string{"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">", "LessThanThreshold": "<"}

func TestAlarmsAreRaised(t *testing.T) {
	got := map[string]string{}
	for id, alarm := range load(t).resources("AWS::CloudWatch::Alarm") {
		dimension := at(many(alarm["Dimensions"])[0], "Value")
		got[fmt.Sprintf("%v/%v of %s %s %v", alarm["Namespace"], alarm["MetricName"], show(dimension), signs[alarm["ComparisonOperator"]], alarm["Threshold"])] = fmt.Sprint(alarm["TreatMissingData"])
		if !refers(alarm["AlarmActions"], "AlarmTopic") {
			t.Errorf("nobody hears %s", id)
		}
	}
	compare(t, "the alarms", lines(got), lines(map[string]string{
		"AWS/Lambda/Errors of RefreshFunction >= 1": "notBreaching",
		// A refresh that does not run has no data: silence is what it is about.
		"igauth/RunSeconds of AWS::StackName < 1":                                  "breaching",
		"igauth/MinDaysToExpiry of AWS::StackName < 10":                            "ignore",
		"igauth/OpenIncidents of AWS::StackName >= 1":                              "ignore",
		"igauth/OutboxSeconds of AWS::StackName > 3600":                            "ignore",
		"igauth/RemovalsLate of AWS::StackName >= 1":                               "ignore",
		"AWS/SQS/ApproximateNumberOfMessagesVisible of DeadLetters.QueueName >= 1": "notBreaching",
		"AWS/ApiGateway/5xx of Api >= 3":                                           "notBreaching",
	}))
}

var secretName = regexp.MustCompile(`(?i)secret|password|token|credential`)

func TestSecretParametersAreNotShown(t *testing.T) {
	for name, parameter := range load(t).section("Parameters") {
		if !secretName.MatchString(name) {
			continue
		}
		// That of the Meta app may be left out, as Facebook Login may.
		none := at(parameter, "Default") == nil || name == "MetaAppSecret" && at(parameter, "Default") == ""
		if at(parameter, "NoEcho") != true || !none {
			t.Errorf("the parameter %s is shown, or has a default", name)
		}
	}
}

func TestNoSecretStandsInTheTemplate(t *testing.T) {
	tmpl := load(t)
	given := map[string]string{"AppSecret": "InstagramAppSecret", "MetaSecret": "MetaAppSecret"}
	for id, secret := range tmpl.resources("AWS::SecretsManager::Secret") {
		switch value := secret["SecretString"].(type) {
		case nil:
			// Of letters and digits, 43 are as good as a key of 256 bits.
			if length, _ := at(secret, "GenerateSecretString", "PasswordLength").(int); length < 43 {
				t.Errorf("%s is neither given nor generated with 43 characters or more", id)
			}
		case object:
			if !refers(value, given[id]) {
				t.Errorf("%s is made of something else than the parameter: %v", id, value)
			}
		default:
			t.Errorf("%s is written in the template", id)
		}
	}
	for id, resource := range tmpl.section("Resources") {
		for secret, parameter := range given {
			if id != secret && refers(resource, parameter) {
				t.Errorf("%s gets the parameter %s", id, parameter)
			}
		}
	}
	names := map[string]string{}
	for id, secret := range tmpl.resources("AWS::SecretsManager::Secret") {
		names[id] = show(secret["Name"])
	}
	compare(t, "the secrets", lines(names), lines(map[string]string{
		"MetaSecret": "${AWS::StackName}/meta-app",
		"AppSecret":  functions["CallbackFunction"].environment["IGAUTH_APP_SECRET_NAME"],
		"StateKey":   functions["CallbackFunction"].environment["IGAUTH_STATE_KEY_NAME"],
		"Keyset":     functions["CallbackFunction"].environment["IGAUTH_KEYSET_NAME"],
	}))
}

func TestWhatCannotBeMadeAgainIsRetained(t *testing.T) {
	resources := load(t).section("Resources")
	for _, id := range []string{"LedgerTable", "Key", "AppSecret", "MetaSecret", "Keyset"} {
		deletion, _ := at(resources[id], "DeletionPolicy").(string)
		if !strings.HasPrefix(deletion, "Retain") || at(resources[id], "UpdateReplacePolicy") != "Retain" {
			t.Errorf("%s goes with the stack or with a replacement", id)
		}
	}
}

func TestOutputsCarryNoSecret(t *testing.T) {
	tmpl := load(t)
	outputs := tmpl.section("Outputs")
	for _, name := range []string{"ConnectUrl", "CallbackUrl", "DeauthorizeUrl", "DataDeletionUrl", "ApiUrl", "TableName", "SecretPrefix", "AppSecretName"} {
		if outputs[name] == nil {
			t.Errorf("there is no output %s", name)
		}
	}
	for name, output := range outputs {
		for _, secret := range []string{"InstagramAppSecret", "MetaAppSecret", "StateKey", "AppSecret", "MetaSecret", "Keyset"} {
			if refers(output, secret) || strings.Contains(show(at(output, "Value")), "resolve:") {
				t.Errorf("the output %s shows %s", name, secret)
			}
		}
	}
}

func TestWaiversHaveReasons(t *testing.T) {
	waivers := at(load(t).root, "Metadata", "Waivers").(object)
	var known []string
	for rule, reason := range waivers {
		if text, _ := reason.(string); len(text) < 40 {
			t.Errorf("the waiver of %s gives no reason", rule)
		}
		if strings.HasPrefix(rule, "CKV_") {
			known = append(known, rule)
		}
	}
	text, err := os.ReadFile("../.checkov.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var checkov struct {
		Skip []string `yaml:"skip-check"`
	}
	if err := yaml.Unmarshal(text, &checkov); err != nil {
		t.Fatal(err)
	}
	compare(t, ".checkov.yaml", checkov.Skip, known)
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
