package e2e

import (
	"maps"
	"slices"
	"testing"
)

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
