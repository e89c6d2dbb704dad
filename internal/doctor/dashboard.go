package doctor

import (
	"igauth/internal/app"
)

// Dashboard says what must stand in Meta's dashboard, byte for byte. A public URL
// that is not usable has been named elsewhere.
func Dashboard(env Environment) []Finding {
	origin := env[app.EnvPublicURL]
	if _, err := app.CheckOrigin(origin); err != nil || origin == "" || !metaHosts(env) {
		return nil
	}
	facebook := env[app.EnvMetaAppID] != ""
	list := func(instagram, login string) string {
		if facebook {
			return "Enter it in two places, which know nothing of each other: " + instagram + ", and " + login + "."
		}
		return "Enter it under " + instagram + ". (With Facebook Login it must stand under " + login + ", too: that is another list.)"
	}
	const exact = "Meta compares it byte for byte. Look at the list after saving: the dashboard may have added a slash."
	return []Finding{
		note("dashboard-redirect", "", "Redirect URI: "+origin+"/callback", exact,
			list("Instagram > API setup with Instagram login > Business login settings > OAuth redirect URIs", "Facebook Login for Business > Settings > Valid OAuth Redirect URIs")),
		note("dashboard-deauthorize", "", "Deauthorize callback URL: "+origin+"/deauthorize",
			"Meta calls it when somebody removes the app.",
			list("Instagram > API setup with Instagram login > Business login settings > Deauthorize callback URL", "Facebook Login for Business > Settings > Deauthorize callback URL")),
		note("dashboard-deletion", "", "Data deletion request URL: "+origin+"/data-deletion",
			"Meta calls it when somebody wants their data erased, and asks for it before an app goes live.",
			list("Instagram > API setup with Instagram login > Business login settings > Data deletion request URL", "App settings > Basic > User data deletion")),
	}
}
