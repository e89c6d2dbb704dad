package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"igauth/internal/app"
	"igauth/internal/igauth"
)

// An App is what Meta is asked about.
type App struct {
	// InstagramID is the Instagram app id, RedirectURI our callback, and API the
	// origin of the host that exchanges codes.
	InstagramID, RedirectURI, API string
	// MetaID and MetaSecret are of the Meta app; empty if Facebook Login is off or
	// the secret cannot be read from here. Graph is the origin of Facebook's.
	MetaID     string
	MetaSecret igauth.Secret
	Graph      string
}

// What Instagram calls an app that it is asked about.
type standing int

const (
	unasked  standing = iota
	right             // it is an Instagram app
	metaApp           // it is an app without Instagram, or the Meta app's id
	nobodys           // it is no app
	unclear           // the answer is not one that is known
	noAnswer          // there was none
)

// Apps asks Meta whether the app ids, and the secret of the Meta app, are what
// they should be.
//
// The Instagram app secret cannot be examined so: Meta looks at the code before it
// looks at the secret, and there is no true code without a visitor. It is not
// sent.
func (n Network) Apps(ctx context.Context, a App) []Finding {
	instagram, found := n.instagramApp(ctx, a)
	if a.MetaID == "" || a.MetaSecret.IsZero() {
		return found
	}
	meta, more := n.metaApp(ctx, a)
	if instagram == metaApp && meta == nobodys {
		return []Finding{fault("app-ids-swapped", app.EnvAppID,
			app.EnvAppID+" and "+app.EnvMetaAppID+" are probably the wrong way round.",
			"Instagram says that the one is no Instagram app, and Facebook that it does not know the other. Both logins fail.",
			app.EnvAppID+": "+whereInstagramID+" "+app.EnvMetaAppID+": "+whereMetaID)}
	}
	return append(found, more...)
}

// instagramApp offers Instagram a code that is none. What it complains of first
// is the app id.
func (n Network) instagramApp(ctx context.Context, a App) (standing, []Finding) {
	if a.InstagramID == "" {
		return unasked, nil
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{
		{"client_id", a.InstagramID},
		{"client_secret", strings.Repeat("0", 32)}, // none
		{"grant_type", "authorization_code"},
		{"redirect_uri", a.RedirectURI},
		{"code", "igauth-doctor"},
	} {
		_ = form.WriteField(field[0], field[1]) // to memory
	}
	_ = form.Close()
	r, err := http.NewRequest(http.MethodPost, a.API+"/oauth/access_token", &body)
	if err != nil {
		return unasked, nil // the host was named
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	got, err := n.do(ctx, r)
	if err != nil {
		// That the host is not reached is said by another check.
		return noAnswer, []Finding{note("app-id-unsure", app.EnvAppID, "Instagram could not be asked about "+app.EnvAppID+".", "", "Try again.")}
	}
	var refusal struct {
		Message string `json:"error_message"`
	}
	_ = json.Unmarshal(got.body, &refusal)
	message := strings.ToLower(refusal.Message)
	says := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(message, part) {
				return true
			}
		}
		return false
	}
	switch {
	case says("invalid platform app"):
		return metaApp, []Finding{fault("app-id-not-instagram", app.EnvAppID,
			app.EnvAppID+" is not the id of an Instagram app (Instagram says \"Invalid platform app\").",
			"Nobody can connect. Most often it is the Meta app id from the top of the dashboard; or the product Instagram is not added to the app.",
			"Set it to the Instagram app id. "+whereInstagramID)}
	case says("client_id", "client id", "invalid application"):
		return nobodys, []Finding{fault("app-id-unknown", app.EnvAppID,
			"Instagram does not know the app id in "+app.EnvAppID+".",
			"Nobody can connect.",
			"Set it to the Instagram app id, and compare all digits. "+whereInstagramID)}
	case says("code", "client secret"):
		return right, []Finding{good("app-id", app.EnvAppID, "Instagram knows the app id in "+app.EnvAppID+". (Whether the secret belongs to it shows only when somebody connects.)")}
	}
	return unclear, []Finding{note("app-id-unsure", app.EnvAppID,
		"Instagram's answer to a question about "+app.EnvAppID+" is not one that is known.",
		"So it is not certain whether the id is right.", "Connect an account: the page that follows says it.")}
}

// metaApp asks Facebook for an app token, which needs the id and the secret and
// nobody else
// (https://developers.facebook.com/documentation/facebook-login/guides/access-tokens).
// The token is thrown away.
func (n Network) metaApp(ctx context.Context, a App) (standing, []Finding) {
	address := a.Graph + "/oauth/access_token?" + url.Values{
		"client_id":     {a.MetaID},
		"client_secret": {strings.TrimSpace(a.MetaSecret.Reveal())},
		"grant_type":    {"client_credentials"},
	}.Encode()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return unasked, nil // the host was named
	}
	got, err := n.do(ctx, r)
	if err != nil {
		return noAnswer, []Finding{note("meta-app-unsure", app.EnvMetaAppID, "Facebook could not be asked about "+app.EnvMetaAppID+".", "", "Try again.")}
	}
	var answer struct {
		Token string `json:"access_token"`
		Error struct {
			Code    json.Number `json:"code"`
			Message string      `json:"message"`
		} `json:"error"`
	}
	_ = json.Unmarshal(got.body, &answer)
	message := strings.ToLower(answer.Error.Message)
	switch {
	case got.status == http.StatusOK && answer.Token != "":
		return right, []Finding{good("meta-app", app.EnvMetaAppID, "The Meta app id and the Meta app secret belong together.")}
	case answer.Error.Code.String() == "101", strings.Contains(message, "application id"):
		return nobodys, []Finding{fault("meta-app-unknown", app.EnvMetaAppID,
			"Facebook does not know the app id in "+app.EnvMetaAppID+".",
			"Facebook Login fails for everybody.", "Set it to the Meta app id. "+whereMetaID)}
	case strings.Contains(message, "client secret"):
		return right, []Finding{fault("meta-app-secret", app.EnvMetaAppSecretName,
			"The Meta app secret is not that of the app in "+app.EnvMetaAppID+".",
			"Facebook Login fails for everybody. Often it is the Instagram app secret, which is another.",
			"Copy the app secret from App settings > Basic in Meta's dashboard into the secret that "+app.EnvMetaAppSecretName+" names.")}
	}
	return unclear, []Finding{note("meta-app-unsure", app.EnvMetaAppID,
		"Facebook's answer to a question about "+app.EnvMetaAppID+" is not one that is known.",
		"So it is not certain whether id and secret belong together.", "Connect an account: the page that follows says it.")}
}
