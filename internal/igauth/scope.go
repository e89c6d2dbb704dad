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

// ParseScopes reads a list of scopes separated by commas or spaces and returns
// it sorted, without repetitions, and with ScopeBasic. A scope that is neither
// known nor in also is an error that names it.
func ParseScopes(list string, also []string) ([]string, error) {
	scopes := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	for _, scope := range scopes {
		if !slices.Contains(knownScopes, scope) && !slices.Contains(also, scope) {
			return nil, newError(CodeScopeUnknown, nil)
		}
	}
	return sortedScopes(append(scopes, ScopeBasic)), nil
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
