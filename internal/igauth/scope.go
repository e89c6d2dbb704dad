package igauth

import (
	"slices"
	"strings"
)

// ScopeBasic is the permission without which Meta neither connects nor refreshes
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login).
const ScopeBasic = "instagram_business_basic"

// knownScopes are the permissions of Instagram Login. The first four stand in
// Meta's documentation (see ScopeBasic); insights is requested by many apps in
// production.
var knownScopes = []string{
	ScopeBasic,
	"instagram_business_content_publish",
	"instagram_business_manage_comments",
	"instagram_business_manage_insights",
	"instagram_business_manage_messages",
}

// The permissions of Facebook Login: to see the Instagram account, to see the
// Pages, one of which it is linked to, and to see those that belong to a business
// portfolio, which Meta otherwise hides without a word
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/get-started).
const (
	ScopeFacebookBasic = "instagram_basic"
	ScopePages         = "pages_show_list"
	ScopeBusiness      = "business_management"
)

// knownFacebookScopes are the permissions that Meta's guides to the Instagram API
// with Facebook Login name (see ScopeFacebookBasic).
var knownFacebookScopes = []string{
	"ads_management",
	"ads_read",
	ScopeBusiness,
	ScopeFacebookBasic,
	"instagram_content_publish",
	"instagram_manage_comments",
	"instagram_manage_insights",
	"instagram_manage_messages",
	"pages_manage_metadata",
	"pages_read_engagement",
	ScopePages,
}

// ParseScopes reads a list of scopes separated by commas or spaces and returns
// it sorted, without repetitions, and with ScopeBasic. A scope that is neither
// known nor in also is an error that names it.
func ParseScopes(list string, also []string) ([]string, error) {
	return LoginInstagram.parseScopes(list, also)
}

// parseScopes is ParseScopes for the permissions of a login.
func (l Login) parseScopes(list string, also []string) ([]string, error) {
	scopes := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	for _, scope := range scopes {
		if !slices.Contains(l.knownScopes(), scope) && !slices.Contains(also, scope) {
			return nil, newError(CodeScopeUnknown, nil)
		}
	}
	return sortedScopes(append(scopes, l.requiredScopes()...)), nil
}

func (l Login) knownScopes() []string {
	if l == LoginFacebook {
		return knownFacebookScopes
	}
	return knownScopes
}

// requiredScopes are those without which the login connects nothing.
func (l Login) requiredScopes() []string {
	if l == LoginFacebook {
		return []string{ScopeFacebookBasic, ScopePages}
	}
	return []string{ScopeBasic}
}

// sortedScopes returns the scopes sorted and without repetitions.
func sortedScopes(scopes []string) []string {
	scopes = slices.Clone(scopes)
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// missingScopes returns what was asked for and not granted, nothing if it is not
// known what was granted.
func missingScopes(asked, granted []string) []string {
	if granted == nil {
		return nil
	}
	var missing []string
	for _, scope := range asked {
		if !slices.Contains(granted, scope) {
			missing = append(missing, scope)
		}
	}
	return missing
}
