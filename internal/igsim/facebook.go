package igsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What a simulator without other instructions knows of the Meta app, which is
// the one that Facebook Login uses.
const (
	// DefaultMetaAppSecret is the default secret of the Meta app. It is public,
	// and a secret of nothing.
	DefaultMetaAppSecret = "fedcba9876543210fedcba9876543210"
	// FacebookConfigID is a configuration of Facebook Login for Business that
	// gives a person's token with the permissions that igauth needs.
	FacebookConfigID = "1180000000000447"
	// SystemUserConfigID is a configuration that gives the token of a system user,
	// which never expires.
	SystemUserConfigID = "1180000000000553"
)

// facebook is what belongs to Facebook Login. The fields are guarded by
// Simulator.mu.
type facebook struct {
	people []*facebookPerson
	pages  []*FacebookPage
	codes  map[string]*facebookCode
	tokens map[string]*facebookToken
}

// The endpoints of Facebook by the names that Calls and Fault use.
const (
	endpointDialog              = "dialog"
	endpointFacebookCode        = "facebook_code"
	endpointFacebookExchange    = "facebook_exchange"
	endpointFacebookAppToken    = "facebook_app_token"
	endpointDebugToken          = "debug_token"
	endpointFacebookMe          = "facebook_me"
	endpointAccounts            = "accounts"
	endpointObject              = "object"
	endpointFacebookPermissions = "facebook_permissions"
)

// facebookPath takes the version off a path. Facebook's are never without.
var facebookPath = regexp.MustCompile(`^/v([0-9]{1,3})\.0/(.+)$`)

// versionEnds are the Graph versions and the day after which each is gone; a
// zero day was not announced.
// https://developers.facebook.com/docs/graph-api/changelog
var versionEnds = map[int]time.Time{
	20: day(2026, time.September, 24),
	21: day(2027, time.January, 21),
	22: day(2027, time.May, 20),
	23: day(2027, time.October, 8),
	24: day(2028, time.February, 18),
	25: day(2028, time.July, 29),
	26: {},
}

const newestVersion = 26

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// servedVersion is the version that answers a request for the given one, 0 when
// there is no such version. One that ended is answered by the oldest that has
// not, as Meta's page on versions has it.
// https://developers.facebook.com/docs/graph-api/guides/versioning
func servedVersion(asked int, now time.Time) int {
	if asked < 1 || asked > newestVersion {
		return 0
	}
	for v := max(asked, 20); v < newestVersion; v++ {
		if now.Before(versionEnds[v]) {
			return v
		}
	}
	return newestVersion
}

// facebookRoute finds the endpoint of Facebook for a request, or returns an
// empty name. Two paths exist at both families once they have a version, /me and
// /me/permissions: there the token decides, because the hosts cannot.
func (s *Simulator) facebookRoute(r *http.Request) (string, func(*call) answer) {
	path := facebookPath.FindStringSubmatch(r.URL.Path)
	if path == nil {
		return "", nil
	}
	query := r.URL.Query()
	switch path[2] {
	case "dialog/oauth":
		return endpointDialog, s.dialog
	case "oauth/access_token":
		switch query.Get("grant_type") {
		case "fb_exchange_token":
			return endpointFacebookExchange, s.extendFacebookToken
		case "client_credentials":
			return endpointFacebookAppToken, s.appToken
		}
		return endpointFacebookCode, s.exchangeFacebookCode
	case "debug_token":
		return endpointDebugToken, s.debugToken
	}
	node, edge, _ := strings.Cut(path[2], "/")
	switch {
	case node == "me" && edge != "accounts" && !facebookText(query.Get("access_token")):
		return "", nil
	case node != "me" && !digits(node):
		return "", nil
	}
	name, _, _ := strings.Cut(edge, "/")
	switch {
	case edge == "" && node == "me":
		return endpointFacebookMe, func(c *call) answer { return s.facebookObject(c, node) }
	case edge == "":
		return endpointObject, func(c *call) answer { return s.facebookObject(c, node) }
	case edge == "accounts":
		return endpointAccounts, func(c *call) answer { return s.accounts(c, node) }
	case name == "permissions":
		permission := strings.TrimPrefix(strings.TrimPrefix(edge, "permissions"), "/")
		return endpointFacebookPermissions, func(c *call) answer { return s.facebookPermissions(c, node, permission) }
	}
	return "", nil
}

// facebookText reports whether a text looks like one of Facebook's tokens: a
// person's, a Page's or a system user's, or the app's id and secret.
func facebookText(token string) bool {
	return strings.HasPrefix(token, "EAA") || strings.Contains(token, "|")
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// withVersion answers for the Graph version in the path: it refuses one that
// never was, and names the one that answers. The caller holds s.mu.
func (s *Simulator) withVersion(c *call, serve func(*call) answer) answer {
	asked, _ := strconv.Atoi(facebookPath.FindStringSubmatch(c.path)[1])
	served := servedVersion(asked, c.now)
	if served == 0 || served != asked && c.behaviour.EndedVersion == "refused" {
		if c.endpoint == endpointDialog {
			return refusalPage(http.StatusNotFound, "Sorry, this page isn't available", "")
		}
		if served != 0 {
			return c.graphError(graphError{code: 2635, message: "(#2635) You are calling a deprecated version of the API. Please update to the latest version: v" + strconv.Itoa(newestVersion) + ".0."})
		}
		return c.graphError(graphError{code: 2500, message: "Unknown path components: " + c.path})
	}
	a := serve(c)
	if c.endpoint != endpointDialog {
		a.header.Set("Facebook-Api-Version", "v"+strconv.Itoa(served)+".0")
	}
	return a
}

// AppSecretProof returns the value of the parameter appsecret_proof that goes
// with a token.
// https://developers.facebook.com/docs/graph-api/guides/secure-requests
func AppSecretProof(appSecret, token string) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

// checkProof looks at appsecret_proof, in the query only. A wrong one is refused
// even where none is required.
func (s *Simulator) checkProof(c *call, token string) *graphError {
	proof := c.query.Get("appsecret_proof")
	switch {
	case proof == "" && c.behaviour.Proof == "optional":
		return nil
	case proof == "":
		return &graphError{code: 100, kind: "GraphMethodException", message: "API calls from the server require an appsecret_proof argument"}
	case !hmac.Equal([]byte(proof), []byte(AppSecretProof(s.cfg.MetaAppSecret, token))):
		return &graphError{code: 100, kind: "GraphMethodException", message: "Invalid appsecret_proof provided in the API argument"}
	}
	return nil
}

// facebookAccount is whose token or code a request to Facebook is about, "" when
// that is not known. The caller holds s.mu.
func (s *Simulator) facebookAccount(query url.Values) string {
	for _, name := range []string{"access_token", "fb_exchange_token", "input_token"} {
		if t := s.fb.tokens[query.Get(name)]; t != nil {
			return t.Username
		}
	}
	if code := s.fb.codes[query.Get("code")]; code != nil {
		return code.Username
	}
	return ""
}
