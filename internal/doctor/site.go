package doctor

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A Site is an installation as visitors and the backend reach it.
type Site struct {
	// Origin is the public URL.
	Origin string
	// AppID and WWW are what visitors should be sent to Instagram with, and where. An
	// empty AppID is not compared.
	AppID, WWW string
	// Guarded is a path that must be refused without credentials.
	Guarded string
}

// removals are the paths that Meta calls when somebody removes the app.
var removals = []string{"/deauthorize", "/data-deletion"}

// Site asks the installation's own address whether the paths on which everything
// depends are there and do what they should. It starts no flow that
// anybody has to clean up, and connects nothing.
func (n Network) Site(ctx context.Context, s Site) []Finding {
	var checks []func() []Finding
	for _, check := range []func(context.Context, Site) Finding{n.authorize, n.callback, n.guarded} {
		checks = append(checks, func() []Finding { return []Finding{check(ctx, s)} })
	}
	for _, path := range removals {
		checks = append(checks, func() []Finding { return []Finding{n.removal(ctx, s, path)} })
	}
	found := together(checks...)
	// If nobody is there, that is one thing to say and not several.
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.ID != "site-unreachable" }) {
		return found[:1]
	}
	return found
}

func (n Network) get(ctx context.Context, s Site, path string) (answer, *Finding) {
	return n.send(ctx, s, http.MethodGet, path)
}

func (n Network) send(ctx context.Context, s Site, method, path string) (answer, *Finding) {
	r, err := http.NewRequest(method, s.Origin+path, nil)
	if err != nil {
		f := fault("site-unreachable", hostOf(s.Origin), "The public URL cannot be asked for "+path+".", "", "Correct it.")
		return answer{}, &f
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	a, err := n.do(ctx, r)
	if err != nil {
		why := reason(err)
		f := fault("site-unreachable", hostOf(s.Origin), hostOf(s.Origin)+" does not answer to "+path+": "+why.what+".",
			"Visitors cannot connect, and Instagram cannot send them back.", why.mend)
		return answer{}, &f
	}
	return a, nil
}

func (n Network) authorize(ctx context.Context, s Site) Finding {
	a, failed := n.get(ctx, s, "/authorize")
	if failed != nil {
		return *failed
	}
	const mend = "If it was just deployed, wait a minute. Look at the log of the function authorize, and whether the public URL leads to this installation."
	window, err := url.Parse(a.header.Get("Location"))
	switch {
	case a.status == http.StatusNotFound || a.status == http.StatusForbidden:
		return fault("authorize-missing", "/authorize", "The public URL has no /authorize: it answers "+http.StatusText(a.status)+".",
			"The link on your page leads nowhere. Probably the host name is not mapped to the API, or belongs to another program.",
			"Map the host name to the API (the parameter PublicUrl does not do that), or correct the public URL.")
	case a.status < 300 || a.status > 399 || err != nil || window.Host == "":
		return fault("authorize-broken", "/authorize", "/authorize does not send visitors to Instagram: it answers "+statusText(a.status)+".",
			"Nobody can connect.", mend)
	}
	query := window.Query()
	redirect := s.Origin + "/callback"
	switch origin := window.Scheme + "://" + window.Host; {
	case origin != s.WWW:
		return fault("authorize-elsewhere", "/authorize", "/authorize sends visitors to "+window.Host+" and not to "+hostOf(s.WWW)+".",
			"What is deployed has other settings than these, or another program answers.", "Deploy again, or examine the settings that are deployed: igauth doctor --aws.")
	case s.AppID != "" && query.Get("client_id") != s.AppID:
		return fault("authorize-app-id", "/authorize", "/authorize uses another app id than these settings.",
			"What is deployed has other settings than these.", "Deploy again, or examine the settings that are deployed: igauth doctor --aws.")
	case query.Get("redirect_uri") != redirect:
		return fault("authorize-redirect", "/authorize", "/authorize has Instagram send visitors back to "+query.Get("redirect_uri")+" and not to "+redirect+".",
			"They end at another installation, or Meta refuses the address.", "Set the public URL to the address under which visitors come, and deploy again.")
	}
	return good("authorize", "/authorize", "/authorize sends visitors to Instagram with this app id and this redirect URI.")
}

func (n Network) callback(ctx context.Context, s Site) Finding {
	a, failed := n.get(ctx, s, "/callback")
	if failed != nil {
		return *failed
	}
	page := strings.HasPrefix(a.header.Get("Content-Type"), "text/html")
	switch {
	case a.status >= 500:
		return fault("callback-broken", "/callback", "/callback fails: it answers "+statusText(a.status)+".",
			"Whoever consents at Instagram comes back to an error.", "Look at the log of the function callback.")
	case a.status != http.StatusBadRequest || !page:
		// Who comes without a state gets our page, which says that it is missing.
		return fault("callback-missing", "/callback", "The public URL has no /callback of igauth: it answers "+statusText(a.status)+".",
			"Whoever consents at Instagram comes back to nothing.", "Look whether the public URL leads to this installation with all its paths.")
	}
	return good("callback", "/callback", "/callback is there.")
}

func (n Network) guarded(ctx context.Context, s Site) Finding {
	a, failed := n.get(ctx, s, s.Guarded)
	if failed != nil {
		return *failed
	}
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return good("accounts", s.Guarded, s.Guarded+" refuses who has no credentials.")
	case http.StatusNotFound:
		return fault("accounts-missing", s.Guarded, "The public URL has no "+s.Guarded+".", "Your backend gets no tokens.",
			"Look whether the public URL leads to this installation with all its paths.")
	}
	if a.status >= 500 {
		return fault("accounts-broken", s.Guarded, s.Guarded+" fails: it answers "+statusText(a.status)+".", "Your backend gets no tokens.",
			"Look at the log of the function accounts.")
	}
	return fault("accounts-open", s.Guarded, s.Guarded+" answers to everybody: "+statusText(a.status)+".",
		"Whoever finds the address reads your tokens.", "Take the address off the Internet now. The routes need the authorization AWS_IAM; the template sets it.")
}

// removal calls what Meta calls, without a signature.
func (n Network) removal(ctx context.Context, s Site, path string) Finding {
	a, failed := n.send(ctx, s, http.MethodPost, path)
	switch {
	case failed != nil:
		return *failed
	case a.status == http.StatusBadRequest:
		return good("meta-callback", path, path+" refuses what Meta has not signed.")
	case a.status >= 500:
		return fault("meta-callback-broken", path, path+" fails: it answers "+statusText(a.status)+".",
			"People who remove the app or want their data erased are not heard.", "Look at the log of its function.")
	case a.status >= 400:
		return fault("meta-callback-missing", path, "The public URL has no "+path+": it answers "+statusText(a.status)+".",
			"People who remove the app or want their data erased are not heard, and Meta lets no app go live without it.",
			"Look whether the public URL leads to this installation with all its paths, and deploy the template again.")
	}
	return fault("meta-callback-open", path, path+" accepts what Meta has not signed: it answers "+statusText(a.status)+".",
		"Anybody could take accounts away.", "Look whether the public URL leads to this installation, and not to another program.")
}

// statusText returns a status for a sentence.
func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "with an unknown status"
}
