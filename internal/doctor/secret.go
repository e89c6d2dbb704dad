package doctor

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// appSecret is what the secrets of Meta's apps have looked like so far. Meta does
// not promise it.
var appSecret = regexp.MustCompile(`^[0-9a-f]{32}$`)

// AppSecret looks at the text of an app secret, in the secret of a name. Its form
// is no more than a hint, since it is Meta's to change: only an empty one is an
// error.
func AppSecret(secret igauth.Secret, name string) []Finding {
	text := secret.Reveal()
	plain := strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || invisible(r) })
	bare := strings.Trim(plain, quotes)
	copyAgain := "Copy it again from Meta's dashboard (Show beside the app secret), and put it into " + name + "."
	const why = "Meta refuses a secret that differs in one character, as \"Error validating client secret\" or with words about the redirect URI."
	switch {
	case bare == "":
		return []Finding{fault("app-secret-empty", name, "The app secret in "+name+" is empty.", "No code can be exchanged, so nobody can connect.", copyAgain)}
	case placeholder.MatchString(bare):
		return []Finding{warn("app-secret-shape", name, "The app secret in "+name+" is a placeholder.", why, copyAgain)}
	case bare != plain:
		return []Finding{warn("app-secret-shape", name, "The app secret in "+name+" has quotes around it.", why, copyAgain)}
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || invisible(r) }):
		return []Finding{warn("app-secret-shape", name, "The app secret in "+name+" has a space, a line end or an invisible character in it.",
			why+" White space at its ends is left out when it is used, but not by other programs.", copyAgain)}
	case len(text) != 32:
		return []Finding{warn("app-secret-shape", name, "The app secret in "+name+" does not have 32 characters.", why, copyAgain)}
	case !appSecret.MatchString(text):
		return []Finding{warn("app-secret-shape", name, "The app secret in "+name+" has other characters than 0 to 9 and a to f.", why, copyAgain)}
	}
	return []Finding{good("app-secret", name, "The app secret in "+name+" has the usual form.")}
}

// minStateKey is how long a state key is at least, in bytes.
const minStateKey = 32

// StateKey looks at the key of states and reconnect links.
func StateKey(key igauth.Secret, name string) []Finding {
	if len(strings.TrimSpace(key.Reveal())) < minStateKey {
		return []Finding{fault("state-key-short", name, "The state key in "+name+" is shorter than 32 characters.",
			"States and reconnect links could be guessed, so the functions refuse it, and nobody can connect.",
			"Put 64 random letters and digits into the secret. Reconnect links that are on their way end.")}
	}
	return []Finding{good("state-key", name, "The state key in "+name+" is long enough.")}
}

// A GraphVersion is a version of Meta's Graph API.
type GraphVersion struct {
	Name string
	// EndsAt is when Meta ends it, zero if nothing is known. Unless that was
	// Announced, it is the earliest day.
	EndsAt    time.Time
	Announced bool
}

// CurrentVersion returns the version that this release asks Meta for.
func CurrentVersion() GraphVersion {
	end, announced := instagram.GraphVersionEnd(instagram.GraphVersion)
	return GraphVersion{Name: instagram.GraphVersion, EndsAt: end, Announced: announced}
}

// versionWarned is how long before its end a version is warned of.
const versionWarned = 90 * 24 * time.Hour

// Version looks at whether the version that igauth asks Meta for goes on to be
// served (https://developers.facebook.com/docs/graph-api/changelog).
func Version(v GraphVersion, now time.Time) []Finding {
	const id = "graph-version"
	const why = "Meta answers calls to a version that has ended with the next one, or not at all."
	const mend = "Deploy a newer release of igauth."
	left, on := v.EndsAt.Sub(now), v.EndsAt.UTC().Format(time.DateOnly)
	switch {
	case v.EndsAt.IsZero():
		return []Finding{good(id, "", "Meta has not announced the end of Graph version "+v.Name+".")}
	case left <= 0 && v.Announced:
		return []Finding{fault(id, "", "Graph version "+v.Name+" ended on "+on+".", why, mend)}
	case left <= 0:
		return []Finding{warn(id, "", "Graph version "+v.Name+" may have ended: Meta keeps a version for two years, which were over on "+on+".", why, mend)}
	case left < versionWarned && v.Announced:
		return []Finding{warn(id, "", "Graph version "+v.Name+" ends on "+on+", in "+days(left)+".", why, mend)}
	case left < versionWarned:
		return []Finding{warn(id, "", "Graph version "+v.Name+" may end from "+on+" on, in "+days(left)+".", why, mend)}
	}
	return []Finding{good(id, "", "Graph version "+v.Name+" is served until "+on+" at least.")}
}
