package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"igauth/internal/app"
	"igauth/internal/igauth"
)

// retired are permissions that Meta has done away with, and what stands in their
// places
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login).
var retired = map[string]string{
	"business_basic":           "instagram_business_basic",
	"business_content_publish": "instagram_business_content_publish",
	"business_manage_comments": "instagram_business_manage_comments",
	"business_manage_messages": "instagram_business_manage_messages",
	"user_profile":             "instagram_business_basic",
	"user_media":               "instagram_business_basic",
	"basic":                    "instagram_business_basic",
	"public_content":           "",
	"follower_list":            "",
	"comments":                 "instagram_business_manage_comments",
	"relationships":            "",
	"likes":                    "",
}

// facebookFamily are permissions of Facebook Login that belong to Instagram and
// to Pages
// (https://developers.facebook.com/docs/permissions).
var facebookFamily = []string{
	"ads_management", "ads_read", "business_management", "email", "instagram_basic", "instagram_branded_content_ads_brand",
	"instagram_branded_content_brand", "instagram_branded_content_creator", "instagram_content_publish", "instagram_manage_comments",
	"instagram_manage_contents", "instagram_manage_events", "instagram_manage_insights", "instagram_manage_messages",
	"instagram_manage_upcoming_events", "instagram_shopping_tag_products", "catalog_management", "leads_retrieval",
	"pages_manage_ads", "pages_manage_cta", "pages_manage_engagement", "pages_manage_metadata", "pages_manage_posts",
	"pages_messaging", "pages_read_engagement", "pages_read_user_content", "pages_show_list", "public_profile", "read_insights",
}

// scopes looks at the permissions that are asked for in Instagram Login.
func scopes(env Environment) []Finding {
	const name = app.EnvScopes
	var findings []Finding
	var more []string
	for _, scope := range words(env[name]) {
		instead, dead := retired[scope]
		_, unknown := igauth.ParseScopes(scope, nil)
		switch {
		case scope == igauth.ScopeBasic:
		case dead:
			findings = append(findings, retiredScope(name, scope, instead))
		case slices.Contains(facebookFamily, scope):
			mend := "Remove it, or use it in " + app.EnvFacebookScopes + "."
			if own := "instagram_business_" + strings.TrimPrefix(scope, "instagram_"); own != scope {
				if _, err := igauth.ParseScopes(own, nil); err == nil {
					mend = "Write " + own + "."
				}
			}
			findings = append(findings, fault("scope-family", name,
				name+" has "+scope+", a permission of Facebook Login.",
				"The two logins have permissions of their own. With one of the other family Meta shows \"Invalid Scopes\" in place of the consent window.", mend))
		case !strings.HasPrefix(scope, "instagram_business_"):
			findings = append(findings, fault("scope-unknown", name,
				name+" has a word that is no permission of Instagram Login: "+shown(scope)+".",
				"Those begin with instagram_business_. The functions do not start with another.",
				"Correct it, or remove it."))
		case unknown != nil:
			findings = append(findings, warn("scope-unknown", name,
				name+" has "+scope+", which is not a permission that igauth knows.",
				"If Meta does not know it either, nobody can connect.",
				"Compare it with Meta's list. If it is new, all is well."))
		default:
			more = append(more, scope)
		}
	}
	if len(more) > 0 {
		findings = append(findings, note("scope-more", name,
			"Visitors are asked for more than igauth needs: "+strings.Join(more, ", ")+".",
			"igauth itself needs "+igauth.ScopeBasic+" alone. Each other permission is one more question to the visitor, and one more to pass in App Review.",
			"Keep what your website uses."))
	}
	return findings
}

func retiredScope(variable, scope, instead string) Finding {
	mend := "Remove it; nothing stands in its place."
	if instead != "" {
		mend = "Write " + instead + "."
	}
	return fault("scope-retired", variable, variable+" has "+scope+", which Meta has done away with.",
		"Meta refuses the whole request: \"Invalid scope field(s)\".", mend)
}

// facebookScopes looks at the permissions that are asked for in Facebook Login.
func facebookScopes(env Environment) []Finding {
	const name = app.EnvFacebookScopes
	list := words(env[name])
	if len(list) == 0 {
		return nil
	}
	var findings []Finding
	var more []string
	for _, scope := range list {
		instead, dead := retired[scope]
		switch {
		case strings.HasPrefix(scope, "instagram_business_"):
			findings = append(findings, fault("scope-family", name,
				name+" has "+scope+", a permission of Instagram Login.",
				"The two logins have permissions of their own; those of Facebook Login have no business_ in their names.",
				"Write instagram_"+strings.TrimPrefix(scope, "instagram_business_")+"."))
		case dead:
			findings = append(findings, retiredScope(name, scope, strings.Replace(instead, "instagram_business_", "instagram_", 1)))
		case !slices.Contains(facebookFamily, scope):
			findings = append(findings, warn("scope-unknown", name,
				name+" has a word that is not a permission that igauth knows: "+shown(scope)+".",
				"If Meta does not know it either, nobody can connect.",
				"Compare it with Meta's list. If it is new, all is well."))
		case !slices.Contains(app.DefaultFacebookScopes, scope):
			more = append(more, scope)
		}
	}
	for _, need := range []struct{ scope, without string }{
		{"instagram_basic", "Without it the Instagram account cannot be read."},
		{"pages_show_list", "Without it Meta shows no Page, and the Instagram account is found by its Page."},
		{"business_management", "Without it Meta hides the Pages of a business portfolio, and says nothing: the list is empty."},
	} {
		if !slices.Contains(list, need.scope) {
			findings = append(findings, warn("scope-missing", name, name+" lacks "+need.scope+".", need.without, "Add it."))
		}
	}
	asDefault := slices.Equal(slices.Sorted(slices.Values(list)), app.DefaultFacebookScopes) // the template sets it
	if env[app.EnvFacebookConfigID] != "" && !asDefault {
		findings = append(findings, note("facebook-scopes-unused", name, name+" is not used.",
			"The configuration in "+app.EnvFacebookConfigID+" says which permissions are asked for.", "Remove one of the two."))
	} else if len(more) > 0 && env[app.EnvFacebookConfigID] == "" {
		findings = append(findings, note("scope-more", name,
			"Visitors are asked for more than igauth needs: "+strings.Join(more, ", ")+".",
			"Each other permission is one more question to the visitor, and one more to pass in App Review.",
			"Keep what your website uses."))
	}
	return findings
}

// plainWord is what can be shown of a configuration without a thought: it is too
// short for a secret, or has no digit.
var plainWord = regexp.MustCompile(`^([a-zA-Z_.-]{1,64}|[a-zA-Z0-9_.-]{1,16})$`)

// shown returns a word of the configuration for a sentence.
func shown(word string) string {
	if !plainWord.MatchString(word) {
		return fmt.Sprintf("one of %d characters, not all of them letters", len(word))
	}
	return strconv.Quote(word)
}
