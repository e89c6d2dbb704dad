// Package app is the composition root: it turns the environment into typed
// settings, and settings into wired handlers. Its sub-packages compose one
// program each, so that a function links only the clients that it calls:
// authorize, callback, refresh, accounts, deauthorize and deletion for Lambda,
// dev for the development server, local and deployed for the command. Stores and
// metacalls hold what several of them share.
package app

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"igauth/internal/igauth"
)

// The environment variables. Secrets are not among them: a variable ending in
// _NAME holds the name of a secret in Secrets Manager.
const (
	EnvAppID          = "IGAUTH_APP_ID"
	EnvAppSecretName  = "IGAUTH_APP_SECRET_NAME"
	EnvStateKeyName   = "IGAUTH_STATE_KEY_NAME"
	EnvPublicURL      = "IGAUTH_PUBLIC_URL"
	EnvReturnURLs     = "IGAUTH_RETURN_URLS"
	EnvScopes         = "IGAUTH_SCOPES"
	EnvTable          = "IGAUTH_TABLE"
	EnvSecretPrefix   = "IGAUTH_SECRET_PREFIX"
	EnvSecretKey      = "IGAUTH_SECRET_KEY"
	EnvVault          = "IGAUTH_VAULT"
	EnvKeysetName     = "IGAUTH_KEYSET_NAME"
	EnvInstagramWWW   = "IGAUTH_INSTAGRAM_WWW"
	EnvInstagramAPI   = "IGAUTH_INSTAGRAM_API"
	EnvInstagramGraph = "IGAUTH_INSTAGRAM_GRAPH"
	EnvPolicy         = "IGAUTH_POLICY"
	EnvRefreshRate    = "IGAUTH_REFRESH_RATE"
	EnvRefreshAtOnce  = "IGAUTH_REFRESH_PARALLEL"
	EnvEventBus       = "IGAUTH_EVENT_BUS"

	// Facebook Login, the second way in. It is off without the first two.
	EnvMetaAppID         = "IGAUTH_META_APP_ID"
	EnvMetaAppSecretName = "IGAUTH_META_APP_SECRET_NAME"
	EnvFacebookConfigID  = "IGAUTH_FACEBOOK_CONFIG_ID"
	EnvFacebookScopes    = "IGAUTH_FACEBOOK_SCOPES"
	EnvFacebookWWW       = "IGAUTH_FACEBOOK_WWW"
	EnvFacebookGraph     = "IGAUTH_FACEBOOK_GRAPH"
)

// Settings are what the environment says, in final types.
type Settings struct {
	AppID         string
	AppSecretName string
	StateKeyName  string
	// PublicURL is the origin under which visitors reach the functions.
	PublicURL    string
	ReturnURLs   igauth.ReturnURLs
	Scopes       []string
	Table        string
	SecretPrefix string
	// SecretKey is the KMS key of new secrets; empty means that of AWS.
	SecretKey string
	// Vault is where new tokens are kept. KeysetName is the secret with the keys
	// of sealed ones.
	Vault      VaultKind
	KeysetName string
	// WWW, API and Graph are the hosts of Instagram; empty means Meta's own.
	WWW, API, Graph string
	// Policy says when accounts are due.
	Policy igauth.Policy
	// RefreshRate is how often a run asks Meta in a second at most, RefreshAtOnce
	// how many accounts it works on at a time; 0 means the default of
	// [igauth.RefresherConfig].
	RefreshRate, RefreshAtOnce int
	// MetaAppID and MetaAppSecretName are of the Meta app, for Facebook Login, which
	// is off without the id. The secret alone lets requests count that Meta signs with
	// it.
	MetaAppID, MetaAppSecretName string
	// FacebookConfigID is the configuration of Facebook Login for Business that is
	// used in place of FacebookScopes; empty means none.
	FacebookConfigID string
	FacebookScopes   []string
	// FacebookWWW and FacebookGraph are the hosts of Facebook; empty means Meta's
	// own.
	FacebookWWW, FacebookGraph string
	// EventBus is the name of the bus that events are sent to.
	EventBus string
}

// DefaultEventBus is the bus that every AWS account has.
const DefaultEventBus = "default"

// A VaultKind says how tokens are kept.
type VaultKind string

// The kinds of vaults.
const (
	// VaultSecretsManager keeps each token in a secret of its own.
	VaultSecretsManager VaultKind = "secretsmanager"
	// VaultSealed keeps the tokens in the ledger, sealed under a keyset.
	VaultSealed VaultKind = "sealed"
)

// ParseVaultKind returns the kind of that name; an empty one means Secrets
// Manager.
func ParseVaultKind(name string) (VaultKind, error) {
	switch kind := VaultKind(name); kind {
	case "":
		return VaultSecretsManager, nil
	case VaultSecretsManager, VaultSealed:
		return kind, nil
	}
	return "", fmt.Errorf("%q is no vault: it is secretsmanager or sealed", name)
}

// Load reads the settings from the environment and returns all problems at once,
// each naming its variable. The required variables must be set.
func Load(getenv func(string) string, required ...string) (Settings, error) {
	var problems []error
	for _, name := range required {
		if getenv(name) == "" {
			problems = append(problems, fmt.Errorf("%s is not set", name))
		}
	}
	problem := func(name string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	s := Settings{
		AppID:         getenv(EnvAppID),
		AppSecretName: getenv(EnvAppSecretName),
		StateKeyName:  getenv(EnvStateKeyName),
		PublicURL:     getenv(EnvPublicURL),
		Table:         getenv(EnvTable),
		SecretPrefix:  getenv(EnvSecretPrefix),
		SecretKey:     getenv(EnvSecretKey),
		KeysetName:    getenv(EnvKeysetName),
		WWW:           getenv(EnvInstagramWWW),
		API:           getenv(EnvInstagramAPI),
		Graph:         getenv(EnvInstagramGraph),

		MetaAppID:         getenv(EnvMetaAppID),
		MetaAppSecretName: getenv(EnvMetaAppSecretName),
		FacebookConfigID:  getenv(EnvFacebookConfigID),
		FacebookWWW:       getenv(EnvFacebookWWW),
		FacebookGraph:     getenv(EnvFacebookGraph),
	}
	loopback, err := CheckOrigin(s.PublicURL)
	problem(EnvPublicURL, err)
	problem(EnvAppID, checkAppID(s.AppID, "Instagram"))
	problem(EnvMetaAppID, checkAppID(s.MetaAppID, "Meta"))
	if s.MetaAppID != "" && s.MetaAppID == s.AppID {
		problem(EnvMetaAppID, fmt.Errorf("is the same as %s: Meta's dashboard has two ids, that of the Meta app at its top and that of the Instagram app", EnvAppID))
	}
	if s.MetaAppID != "" && s.MetaAppSecretName == "" {
		problem(EnvMetaAppID, fmt.Errorf("set %s, too: Facebook Login needs both", EnvMetaAppSecretName))
	}
	problem(EnvFacebookConfigID, checkDigits(s.FacebookConfigID))
	s.FacebookScopes, err = ParseFacebookScopes(getenv(EnvFacebookScopes))
	problem(EnvFacebookScopes, err)
	s.ReturnURLs, err = igauth.ParseReturnURLs(words(getenv(EnvReturnURLs)), loopback)
	problem(EnvReturnURLs, err)
	s.Scopes, err = scopes(words(getenv(EnvScopes)))
	problem(EnvScopes, err)
	s.Vault, err = ParseVaultKind(getenv(EnvVault))
	problem(EnvVault, err)
	if s.Vault == VaultSealed && s.KeysetName == "" {
		problem(EnvKeysetName, errors.New("is not set, and sealed tokens need a keyset"))
	}
	s.Policy, err = igauth.ParsePolicy(getenv(EnvPolicy))
	problem(EnvPolicy, err)
	s.RefreshRate, err = positive(getenv(EnvRefreshRate))
	problem(EnvRefreshRate, err)
	s.RefreshAtOnce, err = positive(getenv(EnvRefreshAtOnce))
	problem(EnvRefreshAtOnce, err)
	s.EventBus = cmp.Or(getenv(EnvEventBus), DefaultEventBus)
	problem(EnvEventBus, checkBus(s.EventBus))
	return s, errors.Join(problems...)
}

// CallbackURL is the redirect URI, byte for byte as it must stand in Meta's
// dashboard.
func (s Settings) CallbackURL() string { return s.PublicURL + "/callback" }

// words splits a list at commas and white space.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
}

// checkAppID refuses what cannot be an app id. Values in quotes and the text
// "undefined" reach Instagram from many an environment, where they end on a page
// that says nothing.
func checkAppID(id, whose string) error {
	if id == "" || igauth.AccountID(id).Valid() {
		return nil
	}
	return fmt.Errorf("must be the %s app id: digits only, without quotes or spaces", whose)
}

func checkDigits(id string) error {
	if id == "" || igauth.AccountID(id).Valid() {
		return nil
	}
	return errors.New("must be digits only, without quotes or spaces")
}

// positive reads a whole number from 1 to 1000; none is 0.
func positive(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1000 {
		return 0, errors.New("must be a whole number from 1 to 1000")
	}
	return n, nil
}

// busName is what the name of an event bus looks like
// (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html).
var busName = regexp.MustCompile(`^[/.A-Za-z0-9_-]{1,256}$`)

func checkBus(name string) error {
	if !busName.MatchString(name) {
		return errors.New("must be the name of an event bus, not its ARN: letters, digits and / . - _ only")
	}
	return nil
}

// CheckOrigin reports whether an origin is this machine, and what is wrong with
// it: it must be https, or http to this machine.
func CheckOrigin(origin string) (loopback bool, err error) {
	if origin == "" {
		return false, nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme+"://"+u.Host != origin {
		return false, errors.New("must look like https://connect.example.com, without a slash at the end")
	}
	loopback = igauth.IsLoopback(u.Hostname())
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return false, errors.New("must begin with https://")
	}
	return loopback, nil
}

// scopes checks the scopes that are asked for by default. Names that are not
// known yet are allowed here, if they are of Instagram Login.
func scopes(list []string) ([]string, error) {
	for _, scope := range list {
		if !strings.HasPrefix(scope, "instagram_business_") {
			return nil, fmt.Errorf("%q is no permission of Instagram Login: those begin with instagram_business_", scope)
		}
	}
	return igauth.ParseScopes(strings.Join(list, ","), list)
}

// DefaultFacebookScopes are asked for in Facebook Login where nothing else is
// said: to see the Instagram account, and the Pages by which it is found. Without
// business_management Meta hides those of a business portfolio
// (https://github.com/fbsamples/reels_publishing_apis/pull/38).
var DefaultFacebookScopes = []string{"business_management", "instagram_basic", "pages_show_list"}

// permission is what the name of a permission looks like.
var permission = regexp.MustCompile(`^[a-z_]{3,64}$`)

// ParseFacebookScopes reads the list of scopes that are asked for in Facebook
// Login. An empty one means DefaultFacebookScopes.
func ParseFacebookScopes(text string) ([]string, error) {
	list := words(text)
	if len(list) == 0 {
		return slices.Clone(DefaultFacebookScopes), nil
	}
	for _, scope := range list {
		if strings.HasPrefix(scope, "instagram_business_") {
			return nil, fmt.Errorf("%q is a permission of Instagram Login; those of Facebook Login have no business_ in their names", scope)
		}
		if !permission.MatchString(scope) {
			return nil, fmt.Errorf("%q is no permission: those are lower-case letters and underscores", scope)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(list))), nil
}

// FacebookLogin reports whether Facebook Login is on.
func (s Settings) FacebookLogin() bool { return s.MetaAppID != "" }
