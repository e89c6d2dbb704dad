package doctor

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"igauth/internal/app"
)

// An Environment is the variables of a configuration, by name.
type Environment map[string]string

// ours begins the name of every variable of igauth.
const ours = "IGAUTH_"

// NewEnvironment returns igauth's variables of a list of "NAME=value", as
// os.Environ returns it.
func NewEnvironment(list []string) Environment {
	env := Environment{}
	for _, entry := range list {
		if name, value, ok := strings.Cut(entry, "="); ok && strings.HasPrefix(name, ours) {
			env[name] = value
		}
	}
	return env
}

// Configured reports whether the variables are meant to be an installation: whether
// the app or its secret is among them, however misspelt. Others, such as a host or
// the policy, are set for many a purpose.
func (e Environment) Configured() bool {
	for name, value := range e {
		if _, known := variables[name]; !known {
			name = nearest(name)
		}
		if value != "" && (name == app.EnvAppID || name == app.EnvAppSecretName) {
			return true
		}
	}
	return false
}

// Settings returns the names of the variables that are set and say something of an
// installation, sorted. The policy is not among them: the command itself reads it.
func (e Environment) Settings() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if _, known := variables[name]; known && name != app.EnvPolicy && e[name] != "" {
			names = append(names, name)
		}
	}
	return names
}

// aside says which variables of the shell were left alone where something else was
// examined.
func aside(shell Environment) []Finding {
	names := shell.Settings()
	if len(names) == 0 {
		return nil
	}
	return []Finding{note("shell-not-examined", "", "Not examined: what this shell has in "+strings.Join(names, ", ")+".",
		"A folder has settings of its own. Variables are examined without --data, if "+app.EnvAppID+" or "+app.EnvAppSecretName+" is among them.", "")}
}

// Get returns the value of a variable, "" for none.
func (e Environment) Get(name string) string { return e[name] }

// A kind says how the value of a variable is written.
type kind int

const (
	single kind = iota // one word
	list               // words with commas or white space between them
)

// variables are all that the settings are read from.
var variables = map[string]kind{
	app.EnvAppID:             single,
	app.EnvAppSecretName:     single,
	app.EnvStateKeyName:      single,
	app.EnvPublicURL:         single,
	app.EnvReturnURLs:        list,
	app.EnvScopes:            list,
	app.EnvTable:             single,
	app.EnvSecretPrefix:      single,
	app.EnvSecretKey:         single,
	app.EnvVault:             single,
	app.EnvKeysetName:        single,
	app.EnvInstagramWWW:      single,
	app.EnvInstagramAPI:      single,
	app.EnvInstagramGraph:    single,
	app.EnvPolicy:            list,
	app.EnvRefreshRate:       single,
	app.EnvRefreshAtOnce:     single,
	app.EnvEventBus:          single,
	app.EnvMetaAppID:         single,
	app.EnvMetaAppSecretName: single,
	app.EnvFacebookConfigID:  single,
	app.EnvFacebookScopes:    list,
	app.EnvFacebookWWW:       single,
	app.EnvFacebookGraph:     single,
}

// others begin the names of variables that are no settings.
var others = []string{"IGAUTH_DEV_", "IGAUTH_TEST_", "IGAUTH_SCALE_", "IGAUTH_EMULATORS_"}

// Required are the variables without which an installation does not start.
var Required = []string{app.EnvAppID, app.EnvAppSecretName, app.EnvStateKeyName, app.EnvPublicURL, app.EnvTable, app.EnvSecretPrefix}

// spelling looks at how the values of variables are written, whatever they mean,
// and returns those of which that is wrong: nothing else need be said of them.
func spelling(env Environment) (findings []Finding, wrong map[string]bool) {
	wrong = map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		value := env[name]
		kind, known := variables[name]
		if !known {
			findings = append(findings, unknown(name, value)...)
			continue
		}
		if f, bad := misspelt(name, value, kind); bad {
			findings = append(findings, f)
			wrong[name] = true
		}
	}
	return findings, wrong
}

// placeholder is what stands where a value should: what programs write for
// nothing, what templates leave, and what instructions say.
var placeholder = regexp.MustCompile(`(?i)^(undefined|null|nil|none|nan|todo|tbd|change-?me|replace-?me|x{3,}|your[-_ ].*|my[-_]app[-_](id|secret)|\[object object\]|\$\{?[a-z_]+\}?|\{\{.*\}\}|%[a-z_]+%|<.*>|…|\.\.\.)$`)

// quotes are what a value is wrapped in when a file is read by a program that
// does not take them off.
const quotes = "\"'`“”‘’«»„"

func misspelt(name, value string, kind kind) (Finding, bool) {
	plain := strings.TrimFunc(value, func(r rune) bool { return unicode.IsSpace(r) || invisible(r) })
	bare := strings.Trim(plain, quotes)
	switch {
	case bare == "" && value != "", placeholder.MatchString(bare):
		return fault("env-placeholder", name,
			name+" holds a placeholder, or nothing but quotes or spaces.",
			"Some program wrote what it had for no value, or a value was never filled in. It is used as it stands.",
			"Set "+name+" to its value, or remove it."), true
	case bare != plain:
		return fault("env-quotes", name,
			name+" has quotes around it.",
			"They are part of the value: Docker's --env-file and many dashboards do not take them off, and Meta is sent them.",
			"Write "+name+" without quotes."), true
	case strings.ContainsFunc(value, invisible), strings.Contains(value, "\r"), kind == single && plain != value:
		return fault("env-space", name,
			name+" has a line end, a space or an invisible character in it.",
			"It is part of the value, which is then compared byte for byte and differs. A file with Windows line ends does this, and copying from a web page.",
			"Write "+name+" anew by hand, in a file with Unix line ends."), true
	}
	return Finding{}, false
}

// invisible reports whether a character takes no space or looks like one.
func invisible(r rune) bool {
	switch r {
	case '\u00a0', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
		return true
	}
	return unicode.IsControl(r) && !unicode.IsSpace(r)
}

// unknown says that nobody reads a variable.
func unknown(name, value string) []Finding {
	for _, prefix := range others {
		if strings.HasPrefix(name, prefix) {
			return nil
		}
	}
	if value != "" && (strings.HasSuffix(name, "SECRET") || strings.HasSuffix(name, "TOKEN") || strings.HasSuffix(name, "STATE_KEY")) {
		return []Finding{warn("secret-in-environment", name,
			name+" is not read by anything, and looks as if it held a secret.",
			"An environment is shown by dashboards, crash reports and every program that runs in it. igauth reads secrets from Secrets Manager, by their names.",
			"Remove "+name+"; put the secret into Secrets Manager and its name into "+name+"_NAME.")}
	}
	what := name + " is not a variable of igauth."
	if near := nearest(name); near != "" {
		what = name + " is not a variable of igauth; " + near + " is."
	}
	return []Finding{warn("env-unknown", name, what,
		"Nobody reads it, so that what was meant by it does not happen.",
		"Correct the name, or remove it. The README lists all under Configuration.")}
}

// nearest returns the known variable that a name was probably meant to be.
func nearest(name string) string {
	if _, known := variables[name+"_NAME"]; known {
		return name + "_NAME"
	}
	best, least := "", 4
	for _, known := range slices.Sorted(maps.Keys(variables)) {
		if d := distance(name, known); d < least {
			best, least = known, d
		}
	}
	return best
}

// distance returns how many characters must be added, removed or replaced to make
// one text of another (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
