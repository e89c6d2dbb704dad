package doctor_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/app"
	"igauth/internal/doctor"
	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

func network() doctor.Network { return doctor.Network{Now: time.Now, Timeout: 20 * time.Second} }

// serve returns the origin of a server that answers with a handler.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// closed returns an origin at which nobody listens.
func closed() string {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	return server.URL
}

func TestHostsThatDoNotAnswer(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	hangs := make(chan struct{})
	slow := serve(t, func(http.ResponseWriter, *http.Request) { <-hangs })
	t.Cleanup(func() { close(hangs) }) // before the server is closed
	for name, c := range map[string]struct{ origin, says string }{
		"nobody listens":            {closed(), "refuses connections"},
		"a name that is not known":  {"http://igauth.invalid", ""}, // what a resolver says of it differs
		"a certificate of nobody's": {secure.URL, "certificate"},
		"no TLS":                    {strings.Replace(serve(t, http.NotFound), "http:", "https:", 1), "TLS"},
		"no answer":                 {slow, "in time"},
	} {
		t.Run(name, func(t *testing.T) {
			n := network()
			if c.origin == slow {
				n.Timeout = 100 * time.Millisecond
			}
			findings, skews := n.Hosts(t.Context(), c.origin)
			complete(t, findings)
			if len(findings) != 1 || findings[0].ID != "host-unreachable" || findings[0].Severity != doctor.Error || !strings.Contains(findings[0].What, c.says) || len(skews) != 0 {
				t.Errorf("got %+v, %v", findings, skews)
			}
		})
	}
	if findings, _ := network().Hosts(t.Context(), closed(), closed(), closed()); len(findings) != 1 || !strings.Contains(findings[0].What, "None of") {
		t.Errorf("no host answers: got %+v", findings)
	}
	if findings, _ := network().Hosts(t.Context(), closed(), serve(t, http.NotFound)); !slices.Equal(grave(findings, doctor.Error), []string{"error host-unreachable " + findings[0].Subject}) {
		t.Errorf("one host does not answer: got %+v", findings)
	}
	findings, skews := network().Hosts(t.Context(), serve(t, http.NotFound), serve(t, http.NotFound))
	if len(grave(findings, doctor.Info)) != 0 || len(findings) != 2 || len(skews) != 2 {
		t.Errorf("hosts that answer: got %+v, %v", findings, skews)
	}
}

func TestClock(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for name, c := range map[string]struct {
		off  time.Duration
		want doctor.Severity
		says string
	}{
		"right":                     {0, doctor.OK, "agrees"},
		"some seconds ahead":        {20 * time.Second, doctor.OK, "agrees"},
		"a minute ahead":            {time.Minute, doctor.Warning, "ahead of"},
		"a minute behind":           {-time.Minute, doctor.Warning, "behind"},
		"six minutes ahead":         {6 * time.Minute, doctor.Error, "ahead of"},
		"a day behind, as from ice": {-24 * time.Hour, doctor.Error, "behind"},
	} {
		n := network()
		n.Now = func() time.Time { return time.Now().Add(c.off) }
		_, skews := n.Hosts(t.Context(), origin)
		findings := doctor.Clock(skews)
		complete(t, findings)
		if len(findings) != 1 || findings[0].Severity != c.want || !strings.Contains(findings[0].What, c.says) {
			t.Errorf("%s: got %+v", name, findings)
		}
	}
	// One host that is wrong does not make our clock wrong.
	if got := doctor.Clock([]doctor.Skew{{Host: "a", Ahead: time.Hour}, {Host: "b", Ahead: -time.Second}}); got[0].Severity != doctor.OK {
		t.Errorf("got %+v", got)
	}
	// A cached answer says nothing.
	cached := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Age", "3600") })
	if _, skews := network().Hosts(t.Context(), cached); len(skews) != 0 {
		t.Errorf("got %v", skews)
	}
	if got := doctor.Clock(nil); len(got) != 0 {
		t.Errorf("without a host: got %+v", got)
	}
}

// metaServer answers for Facebook: it knows one app, whose id and secret are given.
func metaServer(t *testing.T, id, secret string) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		switch {
		case query.Get("client_id") != id:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"error":{"message":"Error validating application. Cannot get application info due to a system error.","type":"OAuthException","code":101}}`)
		case query.Get("client_secret") != secret:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"error":{"message":"Error validating client secret.","type":"OAuthException","code":1}}`)
		default:
			_, _ = fmt.Fprintf(w, `{"access_token":"%s|canary","token_type":"bearer"}`, id)
		}
	})
}

// The simulator refuses what Meta refuses, in the order that was seen live.
func TestAppsAreAskedAbout(t *testing.T) {
	sim, err := igsim.New(igsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	instagram := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Content-Type"), "multipart/form-data") {
			_ = r.ParseMultipartForm(1 << 20)
			codes = append(codes, r.FormValue("client_secret"))
		}
		sim.ServeHTTP(w, r)
	})
	const metaID, metaSecret = igsim.MetaAppID, "fedcba9876543210fedcba9876543210"
	facebook := metaServer(t, metaID, metaSecret)
	broken := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>hello") })
	for name, c := range map[string]struct {
		app  doctor.App
		want []string
	}{
		"right":                        {doctor.App{InstagramID: igsim.DefaultAppID, API: instagram}, []string{"ok app-id " + app.EnvAppID}},
		"the Meta app id":              {doctor.App{InstagramID: igsim.MetaAppID, API: instagram}, []string{"error app-id-not-instagram " + app.EnvAppID}},
		"an id of nobody's":            {doctor.App{InstagramID: "10203040506070800", API: instagram}, []string{"error app-id-unknown " + app.EnvAppID}},
		"an answer of another kind":    {doctor.App{InstagramID: igsim.DefaultAppID, API: broken}, []string{"info app-id-unsure " + app.EnvAppID}},
		"no answer":                    {doctor.App{InstagramID: igsim.DefaultAppID, API: closed()}, []string{"info app-id-unsure " + app.EnvAppID}},
		"both right":                   {doctor.App{InstagramID: igsim.DefaultAppID, API: instagram, MetaID: metaID, MetaSecret: igauth.NewSecret(metaSecret), Graph: facebook}, []string{"ok app-id " + app.EnvAppID, "ok meta-app " + app.EnvMetaAppID}},
		"the Instagram secret at Meta": {doctor.App{InstagramID: igsim.DefaultAppID, API: instagram, MetaID: metaID, MetaSecret: igauth.NewSecret(secretText), Graph: facebook}, []string{"error meta-app-secret " + app.EnvMetaAppSecretName, "ok app-id " + app.EnvAppID}},
		"a Meta app of nobody's":       {doctor.App{InstagramID: igsim.DefaultAppID, API: instagram, MetaID: "12345678901234", MetaSecret: igauth.NewSecret(metaSecret), Graph: facebook}, []string{"error meta-app-unknown " + app.EnvMetaAppID, "ok app-id " + app.EnvAppID}},
		"the ids swapped":              {doctor.App{InstagramID: metaID, API: instagram, MetaID: igsim.DefaultAppID, MetaSecret: igauth.NewSecret(metaSecret), Graph: facebook}, []string{"error app-ids-swapped " + app.EnvAppID}},
		"Facebook is unclear":          {doctor.App{InstagramID: igsim.DefaultAppID, API: instagram, MetaID: metaID, MetaSecret: igauth.NewSecret(metaSecret), Graph: broken}, []string{"info meta-app-unsure " + app.EnvMetaAppID, "ok app-id " + app.EnvAppID}},
		"Facebook is down":             {doctor.App{InstagramID: igsim.DefaultAppID, API: instagram, MetaID: metaID, MetaSecret: igauth.NewSecret(metaSecret), Graph: closed()}, []string{"info meta-app-unsure " + app.EnvMetaAppID, "ok app-id " + app.EnvAppID}},
		"nothing to ask about":         {doctor.App{API: instagram}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			c.app.RedirectURI = "https://connect.example/callback"
			findings := network().Apps(t.Context(), c.app)
			complete(t, findings)
			if got := grave(findings, doctor.OK); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for _, f := range findings {
				if text := f.What + f.Why + f.Mend; strings.Contains(text, metaSecret) || strings.Contains(text, "canary") {
					t.Errorf("a secret is shown: %s", text)
				}
			}
		})
	}
	if slices.Contains(codes, igsim.DefaultAppSecret) || len(codes) == 0 {
		t.Errorf("the app secret was sent where it says nothing: %q", codes)
	}
}

// site is the address of an installation, with some of its paths broken.
func site(t *testing.T, broken map[string]http.HandlerFunc) string {
	t.Helper()
	var origin string
	mux := http.NewServeMux()
	for path, handler := range map[string]http.HandlerFunc{
		"/authorize": func(w http.ResponseWriter, _ *http.Request) {
			redirect(w, "https://www.instagram.com/oauth/authorize?client_id=990602627938098&redirect_uri="+origin+"/callback")
		},
		"/callback": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusBadRequest)
		},
		"/accounts":      status(403),
		"/deauthorize":   status(400),
		"/data-deletion": status(400),
	} {
		if other := broken[path]; other != nil {
			handler = other
		}
		mux.HandleFunc(path, handler)
	}
	origin = serve(t, mux.ServeHTTP)
	return origin
}

func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestSite(t *testing.T) {
	to := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { redirect(w, location) }
	}
	for name, c := range map[string]struct {
		broken map[string]http.HandlerFunc
		want   []string
	}{
		"as it should be":             {nil, nil},
		"anybody may remove":          {map[string]http.HandlerFunc{"/deauthorize": status(200)}, []string{"error meta-callback-open /deauthorize"}},
		"nobody may remove":           {map[string]http.HandlerFunc{"/data-deletion": status(404)}, []string{"error meta-callback-missing /data-deletion"}},
		"removing fails":              {map[string]http.HandlerFunc{"/data-deletion": status(503)}, []string{"error meta-callback-broken /data-deletion"}},
		"another program":             {map[string]http.HandlerFunc{"/authorize": status(404), "/callback": status(404), "/accounts": status(404)}, []string{"error accounts-missing /accounts", "error authorize-missing /authorize", "error callback-missing /callback"}},
		"authorize fails":             {map[string]http.HandlerFunc{"/authorize": status(500)}, []string{"error authorize-broken /authorize"}},
		"another Instagram":           {map[string]http.HandlerFunc{"/authorize": to("https://sim.example/oauth/authorize?client_id=1")}, []string{"error authorize-elsewhere /authorize"}},
		"another app":                 {map[string]http.HandlerFunc{"/authorize": to("https://www.instagram.com/oauth/authorize?client_id=1")}, []string{"error authorize-app-id /authorize"}},
		"another redirect URI":        {map[string]http.HandlerFunc{"/authorize": to("https://www.instagram.com/oauth/authorize?client_id=990602627938098&redirect_uri=https://old.example/callback")}, []string{"error authorize-redirect /authorize"}},
		"callback fails":              {map[string]http.HandlerFunc{"/callback": status(502)}, []string{"error callback-broken /callback"}},
		"a page for every path":       {map[string]http.HandlerFunc{"/callback": status(200)}, []string{"error callback-missing /callback"}},
		"accounts are open to all":    {map[string]http.HandlerFunc{"/accounts": status(200)}, []string{"error accounts-open /accounts"}},
		"the function accounts fails": {map[string]http.HandlerFunc{"/accounts": status(500)}, []string{"error accounts-broken /accounts"}},
	} {
		t.Run(name, func(t *testing.T) {
			findings := network().Site(t.Context(), doctor.Site{Origin: site(t, c.broken), AppID: "990602627938098", WWW: "https://www.instagram.com", Guarded: "/accounts"})
			complete(t, findings)
			if got := grave(findings, doctor.Info); !slices.Equal(got, append([]string{}, c.want...)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	findings := network().Site(t.Context(), doctor.Site{Origin: closed(), Guarded: "/accounts"})
	complete(t, findings)
	if len(findings) != 1 || findings[0].ID != "site-unreachable" {
		t.Errorf("nobody there: got %+v", findings)
	}
}

// However long the others take, an examination ends.
func TestQuestionsAreBounded(t *testing.T) {
	hangs := make(chan struct{})
	slow := serve(t, func(http.ResponseWriter, *http.Request) { <-hangs })
	defer close(hangs)
	n := network()
	n.Timeout = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n.Hosts(ctx, slow, slow, slow)
	n.Apps(ctx, doctor.App{InstagramID: "990602627938098", API: slow, MetaID: "1", MetaSecret: igauth.NewSecret("x"), Graph: slow})
	n.Site(ctx, doctor.Site{Origin: slow, Guarded: "/accounts"})
	if ctx.Err() != nil {
		t.Error("the questions were not bounded")
	}
}
