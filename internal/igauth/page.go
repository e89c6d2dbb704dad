package igauth

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
)

var (
	//go:embed page.html
	pageSource string
	//go:embed page.css
	pageStyle string

	pageTemplate = template.Must(template.New("page").Parse(pageSource))

	// pagePolicy lets a page show its own style and nothing else: no script, no
	// image, no frame, no form.
	pagePolicy = pagePolicyWith("'none'")
)

// pagePolicyWith is pagePolicy with addresses that a form may lead to.
func pagePolicyWith(formAction string) string {
	return "default-src 'none'; style-src '" + styleHash(pageStyle) + "'; base-uri 'none'; form-action " + formAction + "; frame-ancestors 'none'"
}

// styleHash names a style for a content security policy
// (https://www.w3.org/TR/CSP3/#grammardef-hash-source).
func styleHash(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// pageOptions is what a page shows besides the words of its code.
type pageOptions struct {
	// Again is the link that starts over; "" leaves it out.
	Again string
	// Home is the link that leads back; "" leaves it out.
	Home string
	// Continue is the link to where the page leads by itself, for browsers that do
	// not follow; "" leaves it out.
	Continue string
	// Missing are scopes that were not granted.
	Missing []string
	// Wanted and Found are the usernames of the account that was to be connected
	// and of the one that signed in; "" leaves one out.
	Wanted, Found string
}

// phrases are the words of the page that do not depend on the code.
var phrases = map[Language]struct{ Again, Home, Continue, Missing, Wanted, Found, Code string }{
	English: {"Start again", "Back", "Continue", "These permissions were not given, so some features of the website may not work:", "The link is for", "You signed in as", "Code"},
	Spanish: {"Empezar de nuevo", "Volver", "Continuar", "No se dieron estos permisos, así que algunas funciones del sitio pueden no funcionar:", "El enlace es para", "Entraste como", "Código"},
}

// writePage answers with the page of a code, in the visitor's language.
func writePage(w http.ResponseWriter, r *http.Request, code Code, options pageOptions) {
	lang := PreferredLanguage(r.Header.Get("Accept-Language"))
	text := code.Text(lang)
	if !text.Retry {
		options.Again = ""
	}
	tone := "bad"
	switch code {
	case CodeConnected:
		tone = "good"
	case CodeDenied, CodeInProgress, CodeCookieMissing, CodeStateExpired, CodeLinkExpired, CodeWrongAccount:
		tone = "calm"
	}
	render(w, code.HTTPStatus(), pageTemplate, map[string]any{
		"Lang":    lang,
		"Style":   template.CSS(pageStyle), // our own file
		"Tone":    tone,
		"Text":    text,
		"Phrases": phrases[lang],
		"Options": options,
		"Code":    code,
	})
}

// render answers with a page that was made in the visitor's language.
func render(w http.ResponseWriter, status int, page *template.Template, data any) {
	var text bytes.Buffer
	if err := page.Execute(&text, data); err != nil {
		http.Error(w, "page unavailable", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes())
}

// Unavailable answers every request with the page that says that something went
// wrong on our side.
func Unavailable() http.Handler {
	return secured(false, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writePage(w, r, CodeUnavailable, pageOptions{})
	}))
}

// UnavailableJSON does the same for programs.
func UnavailableJSON() http.Handler {
	return secured(false, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		WriteError(w, CodeUnavailable)
	}))
}

// secured sets the headers that every answer carries, whatever it is.
func secured(plainHTTP bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Robots-Tag", "noindex")
		if !plainHTTP {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
