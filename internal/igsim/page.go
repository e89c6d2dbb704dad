package igsim

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// windowHeader adds what every page and redirect of the window carries. There
// is no form-action in the policy on purpose: browsers apply it to redirects
// too, and the form's answer is a redirect to the client's own site.
func windowHeader(h http.Header) http.Header {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	return h
}

func page(status int, name string, data any) answer {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		panic("igsim: filling a page: " + err.Error()) // a mistake in a template, not in a request
	}
	a := bodyAnswer(status, "text/html; charset=utf-8", b.Bytes())
	windowHeader(a.header)
	return a
}

// refusalPage is where a visitor is stopped. back, when there is one, is the
// window's address to return to.
func refusalPage(status int, reason, back string) answer {
	return page(status, "refusal.html", map[string]string{"Reason": reason, "Back": back})
}

// field is a hidden field of the form.
type field struct{ Name, Value string }

// choice is one thing a visitor can tick or choose.
type choice struct {
	Value, Label string
	Chosen       bool
}

// consentPage is the window itself, an HTML form without any script. The caller
// holds s.mu.
func (s *Simulator) consentPage(q consentRequest) answer {
	data := struct {
		AppID, Host    string
		Hidden         []field
		People         []Person
		Default        string
		Required       choice
		Optional       []choice
		AsksForLogin   bool
		FacebookHidden bool
	}{
		AppID:          q.clientID,
		Host:           hostOf(q.redirectURI),
		Default:        s.defaultPerson().Username,
		Required:       choice{Value: requiredScope, Label: scopes[requiredScope]},
		AsksForLogin:   q.switches.Get("force_reauth") == "true" || q.switches.Get("force_authentication") == "1",
		FacebookHidden: slices.Contains([]string{"false", "0"}, q.switches.Get("enable_fb_login")),
	}
	params := q.params()
	params.Set("offered", strings.Join(q.scopes, ","))
	for name := range params {
		data.Hidden = append(data.Hidden, field{name, params.Get(name)})
	}
	slices.SortFunc(data.Hidden, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range s.people {
		data.People = append(data.People, p.Person)
	}
	for _, name := range q.scopes {
		if name != requiredScope {
			data.Optional = append(data.Optional, choice{Value: name, Label: scopes[name]})
		}
	}
	return page(http.StatusOK, "consent.html", data)
}

// hostOf is the part of an address a visitor can judge.
func hostOf(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	return host
}

// homeData fills the page for people.
func (s *Simulator) homeData() any {
	return map[string]any{
		"People": s.People(), "AppID": s.cfg.AppID, "Now": s.now(),
		"FacebookPeople": s.FacebookPeople(), "Pages": s.FacebookPages(),
		"MetaAppID": s.cfg.MetaAppID, "ConfigID": s.cfg.FacebookConfigID, "SystemConfigID": SystemUserConfigID,
		"Kinds": FaultTable(), "Errors": Errors(),
		"DeauthorizeURL": s.cfg.DeauthorizeURL, "DeletionURL": s.cfg.DeletionURL,
	}
}

// serveOwn answers what is no endpoint of Meta's: the controls, the page for
// people, the health check, and everything unknown.
func (s *Simulator) serveOwn(w http.ResponseWriter, r *http.Request) {
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case strings.HasPrefix(r.URL.Path, "/_sim/"):
		s.control.ServeHTTP(w, r)
	case r.URL.Path == "/healthz" && reading:
		bodyAnswer(http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n")).write(w)
	case r.URL.Path == "/" && reading:
		page(http.StatusOK, "home.html", s.homeData()).write(w)
	default:
		c := &call{}
		c.graphError(graphError{status: http.StatusNotFound, code: 2500, kind: "IGApiException", message: "Unknown path components"}).write(w)
	}
}
