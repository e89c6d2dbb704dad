package doctor_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/app"
	"igauth/internal/doctor"
	"igauth/internal/igauth"
)

// working is a configuration in which nothing is wrong.
var working = doctor.Environment{
	app.EnvAppID:         "990602627938098",
	app.EnvAppSecretName: "igauth/app",
	app.EnvStateKeyName:  "igauth/state-key",
	app.EnvPublicURL:     "https://connect.example.com",
	app.EnvReturnURLs:    "https://shop.example/connected",
	app.EnvScopes:        "instagram_business_basic",
	app.EnvTable:         "igauth-ledger",
	app.EnvSecretPrefix:  "igauth",
	app.EnvVault:         "sealed",
	app.EnvKeysetName:    "igauth/keyset",
	app.EnvPolicy:        "refresh_at=0.4 probe_every=11h",
}

// changed returns the working configuration with changes.
func changed(with doctor.Environment) doctor.Environment {
	env := maps.Clone(working)
	maps.Copy(env, with)
	return env
}

// grave returns the findings of a severity or a graver one, as "severity id
// subject", sorted.
func grave(findings []doctor.Finding, least doctor.Severity) []string {
	order := []doctor.Severity{doctor.OK, doctor.Info, doctor.Warning, doctor.Error}
	all := []string{}
	for _, f := range findings {
		if slices.Index(order, f.Severity) >= slices.Index(order, least) {
			all = append(all, strings.TrimSpace(string(f.Severity)+" "+f.ID+" "+f.Subject))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// complete reports findings that leave a person alone with a fault.
func complete(t *testing.T, findings []doctor.Finding) {
	t.Helper()
	for _, f := range findings {
		if f.What == "" || (f.Severity == doctor.Error || f.Severity == doctor.Warning) && (f.Why == "" || f.Mend == "") {
			t.Errorf("%s does not say what, why and what helps: %+v", f.ID, f)
		}
	}
}

const secretText = "0123456789abcdef0123456789abcdef"

// Each broken configuration is named by its faults and by nothing else.
func TestBrokenConfigurationsAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		with doctor.Environment
		want []string
	}{
		"nothing wrong":                  {nil, nil},
		"an app id in quotes":            {doctor.Environment{app.EnvAppID: `"990602627938098"`}, []string{"error env-quotes " + app.EnvAppID}},
		"an app id from JavaScript":      {doctor.Environment{app.EnvAppID: "undefined"}, []string{"error env-placeholder " + app.EnvAppID}},
		"a variable in a variable":       {doctor.Environment{app.EnvTable: "${TABLE}"}, []string{"error env-placeholder " + app.EnvTable}},
		"null in quotes":                 {doctor.Environment{app.EnvStateKeyName: `"null"`}, []string{"error env-placeholder " + app.EnvStateKeyName}},
		"a Windows line end":             {doctor.Environment{app.EnvPublicURL: "https://connect.example.com\r"}, []string{"error env-space " + app.EnvPublicURL}},
		"a line end in a list":           {doctor.Environment{app.EnvScopes: "instagram_business_basic\r"}, []string{"error env-space " + app.EnvScopes}},
		"an invisible character":         {doctor.Environment{app.EnvAppID: "990602627938098\u200b"}, []string{"error env-space " + app.EnvAppID}},
		"a space of a web page":          {doctor.Environment{app.EnvScopes: "instagram_business_basic\u00a0"}, []string{"error env-space " + app.EnvScopes}},
		"white space between words":      {doctor.Environment{app.EnvScopes: " instagram_business_basic\n"}, nil},
		"no app id":                      {doctor.Environment{app.EnvAppID: ""}, []string{"error env-missing " + app.EnvAppID}},
		"letters in the app id":          {doctor.Environment{app.EnvAppID: "my-app"}, []string{"error app-id " + app.EnvAppID}},
		"an account's id":                {doctor.Environment{app.EnvAppID: "17841401313574613"}, []string{"warning app-id-is-account " + app.EnvAppID}},
		"half an app id":                 {doctor.Environment{app.EnvAppID: "9906026"}, []string{"warning app-id-length " + app.EnvAppID}},
		"one id for both apps":           {doctor.Environment{app.EnvMetaAppID: "990602627938098", app.EnvMetaAppSecretName: "igauth/meta-app"}, []string{"error app-ids-equal " + app.EnvMetaAppID}},
		"one secret for both apps":       {doctor.Environment{app.EnvMetaAppID: "880602627938098", app.EnvMetaAppSecretName: "igauth/app"}, []string{"error secret-names-equal " + app.EnvMetaAppSecretName}},
		"half of Facebook Login":         {doctor.Environment{app.EnvMetaAppID: "880602627938098"}, []string{"error facebook-half " + app.EnvMetaAppID}},
		"the secret in place of a name":  {doctor.Environment{app.EnvAppSecretName: secretText}, []string{"error secret-in-environment " + app.EnvAppSecretName}},
		"the secret in a variable":       {doctor.Environment{"IGAUTH_APP_SECRET": secretText}, []string{"warning secret-in-environment IGAUTH_APP_SECRET"}},
		"a mistyped variable":            {doctor.Environment{"IGAUTH_RETURN_URL": "https://shop.example/x"}, []string{"warning env-unknown IGAUTH_RETURN_URL"}},
		"variables of the tests":         {doctor.Environment{"IGAUTH_TEST_DYNAMODB": "http://127.0.0.1:8000"}, nil},
		"a slash at the end":             {doctor.Environment{app.EnvPublicURL: "https://connect.example.com/"}, []string{"error public-url " + app.EnvPublicURL}},
		"the callback as public URL":     {doctor.Environment{app.EnvPublicURL: "https://connect.example.com/callback"}, []string{"error public-url " + app.EnvPublicURL}},
		"no scheme":                      {doctor.Environment{app.EnvPublicURL: "connect.example.com"}, []string{"error public-url " + app.EnvPublicURL}},
		"plain http":                     {doctor.Environment{app.EnvPublicURL: "http://connect.example.com"}, []string{"error public-url-https " + app.EnvPublicURL}},
		"capitals in the host":           {doctor.Environment{app.EnvPublicURL: "https://Connect.example.com"}, []string{"warning public-url-spelling " + app.EnvPublicURL}},
		"the usual port":                 {doctor.Environment{app.EnvPublicURL: "https://connect.example.com:443"}, []string{"warning public-url-spelling " + app.EnvPublicURL}},
		"this machine and Meta":          {doctor.Environment{app.EnvPublicURL: "http://localhost:8080"}, []string{"warning public-url-local " + app.EnvPublicURL}},
		"a return URL with a query":      {doctor.Environment{app.EnvReturnURLs: "https://shop.example/x?y=1"}, []string{"error return-url " + app.EnvReturnURLs}},
		"a return URL without https":     {doctor.Environment{app.EnvReturnURLs: "http://shop.example/x"}, []string{"error return-url " + app.EnvReturnURLs}},
		"retired scopes":                 {doctor.Environment{app.EnvScopes: "business_basic,user_profile"}, []string{"error scope-retired " + app.EnvScopes}},
		"a scope of the other login":     {doctor.Environment{app.EnvScopes: "instagram_business_basic,pages_show_list"}, []string{"error scope-family " + app.EnvScopes}},
		"a scope that is none":           {doctor.Environment{app.EnvScopes: "everything"}, []string{"error scope-unknown " + app.EnvScopes}},
		"a scope that may be new":        {doctor.Environment{app.EnvScopes: "instagram_business_dance"}, []string{"warning scope-unknown " + app.EnvScopes}},
		"more scopes than needed":        {doctor.Environment{app.EnvScopes: "instagram_business_basic,instagram_business_manage_messages"}, []string{"info scope-more " + app.EnvScopes}},
		"Facebook with Instagram scopes": {facebook(doctor.Environment{app.EnvFacebookScopes: "instagram_basic,pages_show_list,business_management,instagram_business_basic"}), []string{"error scope-family " + app.EnvFacebookScopes}},
		"Facebook without the portfolio": {facebook(doctor.Environment{app.EnvFacebookScopes: "instagram_basic,pages_show_list"}), []string{"warning scope-missing " + app.EnvFacebookScopes}},
		"Facebook with both":             {facebook(doctor.Environment{app.EnvFacebookConfigID: "123456789", app.EnvFacebookScopes: "instagram_basic,pages_show_list,business_management,email"}), []string{"info facebook-scopes-unused " + app.EnvFacebookScopes}},
		"what the template sets": {changed(doctor.Environment{
			app.EnvFacebookScopes: "instagram_basic,pages_show_list,business_management", app.EnvMetaAppID: "", app.EnvMetaAppSecretName: "", app.EnvFacebookConfigID: "",
			app.EnvFacebookWWW: "https://www.facebook.com", app.EnvFacebookGraph: "https://graph.facebook.com", app.EnvInstagramWWW: "https://www.instagram.com",
		}), nil},
		"a configuration beside the default": {facebook(doctor.Environment{app.EnvFacebookConfigID: "123456789", app.EnvFacebookScopes: "instagram_basic,pages_show_list,business_management"}), nil},
		"Facebook's simulator alone":         {facebook(doctor.Environment{app.EnvFacebookGraph: "https://sim.example"}), []string{"error hosts-mixed " + app.EnvFacebookGraph}},
		"Facebook as it should be":           {facebook(nil), nil},
		"settings of a login that is off": {doctor.Environment{app.EnvFacebookConfigID: "123456789"}, []string{
			"info facebook-off " + app.EnvMetaAppID}},
		"one host of a simulator":    {doctor.Environment{app.EnvInstagramGraph: "https://sim.example"}, []string{"error hosts-mixed " + app.EnvInstagramGraph}},
		"all hosts of a simulator":   {simulator("https://sim.example"), []string{"warning hosts-not-meta " + app.EnvInstagramWWW}},
		"a host in the clear":        {simulator("http://sim.example"), []string{"error host-plain " + app.EnvInstagramAPI, "error host-plain " + app.EnvInstagramGraph, "error host-plain " + app.EnvInstagramWWW}},
		"a host with a path":         {doctor.Environment{app.EnvInstagramAPI: "https://api.instagram.com/oauth"}, []string{"error host " + app.EnvInstagramAPI}},
		"Meta's hosts spelt out":     {doctor.Environment{app.EnvInstagramAPI: "https://api.instagram.com", app.EnvFacebookGraph: "https://graph.facebook.com"}, nil},
		"a vault that is none":       {doctor.Environment{app.EnvVault: "drawer"}, []string{"error vault " + app.EnvVault}},
		"sealed without a keyset":    {doctor.Environment{app.EnvKeysetName: ""}, []string{"error keyset-missing " + app.EnvKeysetName}},
		"a policy that contradicts":  {doctor.Environment{app.EnvPolicy: "refresh_at=0.99"}, []string{"error policy " + app.EnvPolicy}},
		"a policy that is no policy": {doctor.Environment{app.EnvPolicy: "often"}, []string{"error policy " + app.EnvPolicy}},
		"a rate that is no number":   {doctor.Environment{app.EnvRefreshRate: "fast"}, []string{"error setting-refused " + app.EnvRefreshRate}},
		"a bus by its ARN":           {doctor.Environment{app.EnvEventBus: "arn:aws:events:eu-south-2:1:event-bus/x"}, []string{"error setting-refused " + app.EnvEventBus}},
		"three faults at once": {doctor.Environment{app.EnvAppID: "'990602627938098'", app.EnvPublicURL: "https://connect.example.com/", app.EnvScopes: "business_basic"}, []string{
			"error env-quotes " + app.EnvAppID, "error public-url " + app.EnvPublicURL, "error scope-retired " + app.EnvScopes}},
	} {
		t.Run(name, func(t *testing.T) {
			findings := doctor.Settings{Environment: changed(c.with), Required: doctor.Required}.Check()
			complete(t, findings)
			if got := grave(findings, doctor.Info); !slices.Equal(got, append([]string{}, c.want...)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			// What the functions refuse is an error, whoever finds it.
			_, err := app.Load(changed(c.with).Get)
			if errs := grave(findings, doctor.Error); err != nil && len(errs) == 0 {
				t.Errorf("the functions refuse what is no error here: %v", err)
			}
		})
	}
}

func facebook(with doctor.Environment) doctor.Environment {
	env := doctor.Environment{app.EnvMetaAppID: "880602627938098", app.EnvMetaAppSecretName: "igauth/meta-app"}
	maps.Copy(env, with)
	return env
}

func simulator(origin string) doctor.Environment {
	return doctor.Environment{app.EnvInstagramWWW: origin, app.EnvInstagramAPI: origin, app.EnvInstagramGraph: origin}
}

// A folder of igauth dev has no names of secrets.
func TestFolderNeedsNoNamesOfSecrets(t *testing.T) {
	env := doctor.Environment{app.EnvAppID: "990602627938098", app.EnvMetaAppID: "880602627938098"}
	for _, local := range []bool{true, false} {
		got := grave(doctor.Settings{Environment: env, Local: local}.Check(), doctor.Warning)
		if (len(got) == 0) != local {
			t.Errorf("local %t: got %q", local, got)
		}
	}
}

// A variable that somebody adds to the settings is examined, too.
func TestEveryVariableIsKnown(t *testing.T) {
	source, err := os.ReadFile("../app/settings.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`= "(IGAUTH_[A-Z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(names) < 20 {
		t.Fatalf("settings.go has %d variables", len(names))
	}
	for _, name := range names {
		findings := doctor.Settings{Environment: doctor.Environment{name[1]: "undefined"}}.Check()
		if got := grave(findings, doctor.Error); !slices.Contains(got, "error env-placeholder "+name[1]) {
			t.Errorf("%s: got %q", name[1], got)
		}
	}
}

func TestDashboardSaysWhatToEnter(t *testing.T) {
	text := func(env doctor.Environment) string {
		var b strings.Builder
		for _, f := range doctor.Dashboard(env) {
			b.WriteString(f.What + "\n" + f.Mend + "\n")
		}
		return b.String()
	}
	for _, env := range []doctor.Environment{working, changed(facebook(nil))} {
		got := text(env)
		for _, want := range []string{
			"https://connect.example.com/callback\n", "https://connect.example.com/deauthorize\n", "https://connect.example.com/data-deletion\n",
			"Business login settings > OAuth redirect URIs", "Valid OAuth Redirect URIs",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing:\n%s", want, got)
			}
		}
	}
	if got := text(changed(doctor.Environment{app.EnvPublicURL: "https://connect.example.com/"})); got != "" {
		t.Errorf("an address that cannot be used is to be entered:\n%s", got)
	}
}

func TestGraphVersion(t *testing.T) {
	ends := time.Date(2028, 7, 29, 0, 0, 0, 0, time.UTC)
	announced, expected := doctor.GraphVersion{Name: "v25.0", EndsAt: ends, Announced: true}, doctor.GraphVersion{Name: "v26.0", EndsAt: ends}
	for name, c := range map[string]struct {
		version doctor.GraphVersion
		left    time.Duration
		want    doctor.Severity
	}{
		"no end is known":                 {doctor.GraphVersion{Name: "v27.0"}, 0, doctor.OK},
		"91 days before":                  {announced, 91 * 24 * time.Hour, doctor.OK},
		"89 days before":                  {announced, 89 * 24 * time.Hour, doctor.Warning},
		"after its end":                   {announced, -time.Hour, doctor.Error},
		"91 days before the earliest end": {expected, 91 * 24 * time.Hour, doctor.OK},
		"89 days before the earliest end": {expected, 89 * 24 * time.Hour, doctor.Warning},
		"after the earliest end":          {expected, -time.Hour, doctor.Warning},
	} {
		findings := doctor.Version(c.version, ends.Add(-c.left))
		complete(t, findings)
		if len(findings) != 1 || findings[0].Severity != c.want {
			t.Errorf("%s: got %+v", name, findings)
		}
	}
}

func TestAppSecretIsJudgedByItsForm(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"as Meta makes them":        {secretText, "ok app-secret igauth/app"},
		"nothing":                   {"", "error app-secret-empty igauth/app"},
		"only white space":          {" \r\n", "error app-secret-empty igauth/app"},
		"only quotes":               {`""`, "error app-secret-empty igauth/app"},
		"a carriage return":         {secretText + "\r", "warning app-secret-shape igauth/app"},
		"quotes":                    {`"` + secretText + `"`, "warning app-secret-shape igauth/app"},
		"capitals":                  {strings.ToUpper(secretText), "warning app-secret-shape igauth/app"},
		"one digit too few":         {secretText[1:], "warning app-secret-shape igauth/app"},
		"a letter that is no digit": {"g" + secretText[1:], "warning app-secret-shape igauth/app"},
		"undefined":                 {"undefined", "warning app-secret-shape igauth/app"},
		"a space in the middle":     {secretText[:16] + " " + secretText[16:], "warning app-secret-shape igauth/app"},
	} {
		findings := doctor.AppSecret(igauth.NewSecret(c.text), "igauth/app")
		complete(t, findings)
		if got := grave(findings, doctor.OK); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if got := grave(doctor.StateKey(igauth.NewSecret("short"), "igauth/state-key"), doctor.Error); len(got) != 1 {
		t.Errorf("a short state key: got %q", got)
	}
}

// Whatever somebody puts where, a report does not show a secret.
func TestReportsShowNoSecret(t *testing.T) {
	secrets := []string{
		secretText, strings.ToUpper(secretText), "IGAAcanary0123456789abcdefghij", "EAAcanary0123456789abcdefghij",
		"990602627938098|canary-0123456789", "0123456789abcdefABCDEF0123456789abcdefghijklmnopqrstuvwxyzABCDEF",
	}
	source, err := os.ReadFile("../app/settings.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`= "(IGAUTH_[A-Z_]+)"`).FindAllStringSubmatch(string(source), -1) {
		for _, secret := range secrets {
			for _, value := range []string{secret, `"` + secret + `"`, "https://shop.example/x?token=" + secret, "instagram_business_" + secret, secret + "\r"} {
				env := changed(doctor.Environment{name[1]: value})
				findings := doctor.Settings{Environment: env, Required: doctor.Required}.Check()
				findings = append(findings, doctor.Dashboard(env)...)
				findings = append(findings, doctor.AppSecret(igauth.NewSecret(value), "igauth/app")...)
				for _, f := range doctor.NewReport("a test", findings).Findings {
					if text := f.Subject + f.What + f.Why + f.Mend; strings.Contains(text, secret) {
						t.Errorf("%s shows it: %+v", name[1], f)
					}
				}
			}
		}
	}
	// Nor what another machine says to the terminal.
	if f := doctor.NewReport("a test", []doctor.Finding{{What: "it says \x1b[2J\nhello"}}).Findings[0]; f.What != "it says  [2J hello" {
		t.Errorf("got %q", f.What)
	}
	// One that has no form of its own is known to who hands it over.
	r := doctor.NewReport("a test", []doctor.Finding{{ID: "x", What: "it is hunter22, yes"}}, igauth.NewSecret("hunter22\n"))
	if strings.Contains(r.Findings[0].What, "hunter22") {
		t.Error("a secret that was handed over is shown")
	}
}

func TestReportBeginsWithTheGravest(t *testing.T) {
	r := doctor.NewReport("a test", []doctor.Finding{
		{ID: "a", Severity: doctor.OK}, {ID: "b", Severity: doctor.Warning}, {ID: "c", Severity: doctor.Info}, {ID: "d", Severity: doctor.Error}, {ID: "e", Severity: doctor.Warning},
	})
	var order string
	for _, f := range r.Findings {
		order += f.ID
	}
	if want := (doctor.Summary{OK: 1, Info: 1, Warnings: 2, Errors: 1, Worst: doctor.Error}); order != "dbeca" || r.Summary != want {
		t.Errorf("got %s, %+v", order, r.Summary)
	}
}
