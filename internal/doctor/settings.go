package doctor

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// Settings are a configuration that is to be examined.
type Settings struct {
	Environment Environment
	// Required are the variables that must be set.
	Required []string
	// Simulator says that Instagram is meant to be the simulator.
	Simulator bool
	// Local says that they are of a folder of igauth dev, which is given secrets and
	// not their names.
	Local bool
}

// Check examines the settings and asks nobody.
//
// What the functions would refuse is an error here, too: what the checks below
// do not know better is said in the words of [app.Load].
func (s Settings) Check() []Finding {
	findings, misspelt := spelling(s.Environment)
	// What is misspelt counts as not set from here on: it was named.
	clean := Environment{}
	for name, value := range s.Environment {
		if !misspelt[name] {
			clean[name] = value
		}
	}
	if s.Local && clean[app.EnvMetaAppID] != "" {
		clean[app.EnvMetaAppSecretName] = "--meta-app-secret"
	}
	for _, name := range s.Required {
		if clean[name] == "" && !misspelt[name] {
			findings = append(findings, fault("env-missing", name, name+" is not set.",
				"The functions do not start without it.", "Set it; the README says under Configuration what it is."))
		}
	}
	checks := []func(Environment) []Finding{appIDs, secretNames, facebookLogin, publicURL, returnURLs, scopes, facebookScopes, vault, policy}
	if !s.Simulator {
		checks = append(checks, hosts)
	}
	for _, check := range checks {
		findings = append(findings, check(clean)...)
	}
	findings = append(findings, refused(clean, findings)...)
	if !slices.ContainsFunc(findings, func(f Finding) bool { return rank(f.Severity) >= rank(Warning) }) {
		findings = append(findings, good("settings", "", plural(len(s.Environment), "variable")+" examined."))
	}
	return findings
}

// Usable reports whether no finding calls a variable wrong.
func Usable(findings []Finding, name string) bool {
	return !slices.ContainsFunc(findings, func(f Finding) bool { return f.Subject == name && f.Severity == Error })
}

// refused returns what the functions would not start with and no other finding
// names.
func refused(env Environment, findings []Finding) []Finding {
	_, err := app.Load(env.Get)
	var more []Finding
	for _, problem := range parts(err) {
		name, text, _ := strings.Cut(problem.Error(), ": ")
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Subject == name && f.Severity == Error }) {
			continue
		}
		more = append(more, fault("setting-refused", name, name+" "+strings.TrimPrefix(text, name+" ")+".",
			"The functions do not start with it.", "Correct it; the README says under Configuration what it is."))
	}
	return more
}

// parts returns the errors that were joined into one.
func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

const (
	whereInstagramID = "Meta's dashboard shows it under Instagram > API setup with Instagram login, above the Instagram app secret; the id at the top of the dashboard is that of the Meta app."
	whereMetaID      = "It stands at the top of Meta's dashboard, and under App settings > Basic, beside the Meta app secret."
)

// appIDs looks at the two app ids. Meta gives every app two, and taking one for
// the other is the most frequent of all mistakes.
func appIDs(env Environment) []Finding {
	var findings []Finding
	for _, app := range []struct{ name, whose, where string }{
		{app.EnvAppID, "Instagram", whereInstagramID},
		{app.EnvMetaAppID, "Meta", whereMetaID},
	} {
		id := env[app.name]
		switch {
		case id == "":
		case !igauth.AccountID(id).Valid():
			findings = append(findings, fault("app-id", app.name,
				app.name+" is no app id: those are digits only.",
				"Meta refuses it on a page that does not say so.",
				"Set it to the "+app.whose+" app id. "+app.where))
		case strings.HasPrefix(id, "17841") && len(id) == 17:
			findings = append(findings, warn("app-id-is-account", app.name,
				app.name+" looks like the id of an Instagram account.",
				"Ids of professional accounts have 17 digits and begin with 17841. With one of them nobody can connect.",
				"Set it to the "+app.whose+" app id. "+app.where))
		case len(id) < minAppID || len(id) > maxAppID:
			findings = append(findings, warn("app-id-length", app.name,
				app.name+" has an unusual number of digits for an app id.",
				"Meta's app ids have 15 or 16 digits, some 14 or 17. One was perhaps lost or added in copying.",
				"Compare it with the dashboard. "+app.where))
		}
	}
	if id := env[app.EnvAppID]; id != "" && id == env[app.EnvMetaAppID] {
		findings = append(findings, fault("app-ids-equal", app.EnvMetaAppID,
			app.EnvMetaAppID+" and "+app.EnvAppID+" are the same.",
			"An app has two ids, each with a secret of its own: one for Instagram Login and one for Facebook Login. One of the two logins fails with \"Invalid platform app\".",
			app.EnvAppID+": "+whereInstagramID+" "+app.EnvMetaAppID+": "+whereMetaID))
	}
	return findings
}

// How many digits app ids have that were seen in public.
const minAppID, maxAppID = 14, 17

// secretText is the secret itself where its name belongs.
var secretText = regexp.MustCompile(`^([0-9a-fA-F]{32}|\{.*\}|IGAA.*|[A-Za-z0-9]{43,})$`)

// secretNames looks at the names of secrets.
func secretNames(env Environment) []Finding {
	var findings []Finding
	for _, name := range []string{app.EnvAppSecretName, app.EnvMetaAppSecretName, app.EnvStateKeyName, app.EnvKeysetName} {
		if secretText.MatchString(env[name]) {
			findings = append(findings, fault("secret-in-environment", name,
				name+" holds what looks like the secret itself, and not its name.",
				"No secret has this name, so that nothing works, and the environment is shown by dashboards and crash reports.",
				"Put the value into a secret of Secrets Manager, and the secret's name, such as igauth/app, here. Then have Meta make a new app secret: this one has been seen."))
		}
	}
	if name := env[app.EnvAppSecretName]; name != "" && name == env[app.EnvMetaAppSecretName] {
		findings = append(findings, fault("secret-names-equal", app.EnvMetaAppSecretName,
			app.EnvMetaAppSecretName+" and "+app.EnvAppSecretName+" name the same secret.",
			"The Meta app and the Instagram app have different secrets; one of the two logins fails.",
			"Make a second secret, with the Meta app secret from App settings > Basic."))
	}
	return findings
}

// facebookLogin looks at whether Facebook Login is on or off, and not between.
func facebookLogin(env Environment) []Finding {
	id, secret := env[app.EnvMetaAppID], env[app.EnvMetaAppSecretName]
	var findings []Finding
	if id != "" && secret == "" {
		findings = append(findings, fault("facebook-half", app.EnvMetaAppID,
			app.EnvMetaAppID+" is set and "+app.EnvMetaAppSecretName+" is not.",
			"Facebook Login needs both. The functions do not start with the id alone.",
			"Set "+app.EnvMetaAppSecretName+", too, or remove "+app.EnvMetaAppID+"."))
	}
	if id == "" && env[app.EnvFacebookConfigID] != "" {
		findings = append(findings, note("facebook-off", app.EnvMetaAppID,
			"Facebook Login is off, although "+app.EnvFacebookConfigID+" is set.",
			"It is on only with "+app.EnvMetaAppID+" and "+app.EnvMetaAppSecretName+".", ""))
	}
	return findings
}

// publicURL looks at the origin under which visitors come, of which the redirect
// URI is made. Meta compares that byte for byte.
func publicURL(env Environment) []Finding {
	const name = app.EnvPublicURL
	value := env[name]
	if value == "" {
		return nil
	}
	why := "The redirect URI is this and /callback, which Meta compares byte for byte with what stands in its dashboard."
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "":
		return []Finding{fault("public-url", name, name+" is no address.", why, "Write it like https://connect.example.com.")}
	case u.Scheme != "https" && u.Scheme != "http":
		return []Finding{fault("public-url", name, name+" begins with neither https:// nor http://.", why, "Write it like https://connect.example.com.")}
	case u.User != nil:
		return []Finding{fault("public-url", name, name+" has a user name in it.", why, "Write it like https://connect.example.com.")}
	case u.Path == "/" && u.RawQuery == "" && u.Fragment == "":
		return []Finding{fault("public-url", name, name+" ends in a slash.", why+" With the slash it would be //callback.", "Remove the slash at the end.")}
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return []Finding{fault("public-url", name, name+" has something behind the host.", why, "Remove what follows the host: igauth wants a host name of its own.")}
	}
	local := igauth.IsLoopback(u.Hostname())
	if u.Scheme == "http" && !local {
		return []Finding{fault("public-url-https", name, name+" begins with http://.",
			"Codes and cookies would travel in the clear. Meta refuses such an address, and so do the functions.",
			"Serve it with a certificate, and write https://.")}
	}
	var findings []Finding
	if u.Host != strings.ToLower(u.Host) || u.Scheme == "https" && u.Port() == "443" {
		findings = append(findings, warn("public-url-spelling", name,
			name+" has capitals or the usual port in it.",
			"Browsers and Meta's dashboard write addresses in small letters and without the usual port, and then the two differ.",
			"Write it in small letters and without :443."))
	}
	if local && metaHosts(env) {
		findings = append(findings, warn("public-url-local", name,
			name+" is this machine, and Instagram is Meta's own.",
			"Meta refuses http, and mostly localhost, so that nobody can connect.",
			"Open an https tunnel to this machine and use its address, or use the simulator."))
	}
	return findings
}

// returnURLs looks at where visitors may go back to.
func returnURLs(env Environment) []Finding {
	loopback, _ := app.CheckOrigin(env[app.EnvPublicURL])
	_, err := igauth.ParseReturnURLs(words(env[app.EnvReturnURLs]), loopback)
	var findings []Finding
	for _, problem := range parts(err) {
		findings = append(findings, fault("return-url", app.EnvReturnURLs,
			"A "+problem.Error()+".",
			"A visitor is sent only to an address that is registered byte for byte, in a form on which all programs agree. The functions do not start with another.",
			"Write it like https://shop.example/connected, with commas between several."))
	}
	return findings
}

// vault looks at where tokens are kept.
func vault(env Environment) []Finding {
	kind, err := app.ParseVaultKind(env[app.EnvVault])
	switch {
	case err != nil:
		return []Finding{fault("vault", app.EnvVault, app.EnvVault+" is neither secretsmanager nor sealed.",
			"Tokens have no place to be kept.", "Set it to secretsmanager or sealed; igauth cost compares the two.")}
	case kind == app.VaultSealed && env[app.EnvKeysetName] == "":
		return []Finding{fault("keyset-missing", app.EnvKeysetName, app.EnvVault+" is sealed, and "+app.EnvKeysetName+" is not set.",
			"Sealed tokens are encrypted under the keys of that secret. Without it none can be kept or read.",
			"Set it to the name of the keyset, which the template calls <stack>/keyset.")}
	}
	return nil
}

// policy looks at when accounts are due.
func policy(env Environment) []Finding {
	var findings []Finding
	_, err := igauth.ParsePolicy(env[app.EnvPolicy])
	for _, problem := range parts(err) {
		findings = append(findings, fault("policy", app.EnvPolicy, app.EnvPolicy+": "+problem.Error()+".",
			"With parts that contradict each other tokens would end unrefreshed, so the functions do not start.",
			"Correct it; igauth policy \"…\" checks and explains a policy."))
	}
	return findings
}

// hostVariables are the variables of the hosts of Meta, with Meta's own.
var hostVariables = []struct {
	name, own string
	facebook  bool
}{
	{app.EnvInstagramWWW, instagram.DefaultWWW, false},
	{app.EnvInstagramAPI, instagram.DefaultAPI, false},
	{app.EnvInstagramGraph, instagram.DefaultGraph, false},
	{app.EnvFacebookWWW, FacebookWWW, true},
	{app.EnvFacebookGraph, FacebookGraph, true},
}

// The hosts of Facebook Login
// (https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow).
const (
	FacebookWWW   = "https://www.facebook.com"
	FacebookGraph = "https://graph.facebook.com"
)

// metaHosts reports whether Instagram is Meta's, and not a simulator.
func metaHosts(env Environment) bool {
	for _, host := range hostVariables[:3] {
		if value := env[host.name]; value != "" && value != host.own {
			return false
		}
	}
	return true
}

// hosts looks at whom tokens and secrets are sent to.
func hosts(env Environment) []Finding {
	var findings []Finding
	var metas, others []string
	for _, host := range hostVariables {
		value := env[host.name]
		if host.facebook && env[app.EnvMetaAppID] == "" {
			continue // nobody asks it
		}
		if value == "" || value == host.own {
			metas = append(metas, host.name)
			continue
		}
		u, err := url.Parse(value)
		switch {
		case err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != value:
			findings = append(findings, fault("host", host.name, host.name+" is no origin.",
				"Meta is not reached.", "Write it like "+host.own+", without a slash at the end, or remove it."))
			continue
		case u.Scheme == "http" && !igauth.IsLoopback(u.Hostname()):
			findings = append(findings, fault("host-plain", host.name, host.name+" begins with http://.",
				"Tokens and the app secret would travel in the clear.", "Remove the variable: without it Meta's own host is used."))
			continue
		}
		others = append(others, host.name)
	}
	switch {
	case len(others) > 0 && len(metas) > 0:
		findings = append(findings, fault("hosts-mixed", others[0],
			"Some hosts are Meta's and some are not ("+strings.Join(others, ", ")+").",
			"What one of them gives, the other does not know, and tokens of real accounts are sent to a stranger.",
			"Remove the variables of all hosts, or set all to the simulator."))
	case len(others) > 0:
		findings = append(findings, warn("hosts-not-meta", others[0],
			"Instagram is not Meta's: "+strings.Join(others, ", ")+".",
			"That is right for tests with the simulator, and wrong for anything else.",
			"Remove the variables to use Meta's hosts."))
	}
	return findings
}

// words splits a list at commas and white space.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
}
