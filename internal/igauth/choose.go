package igauth

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

var (
	//go:embed choose.html
	chooseSource string

	chooseTemplate = template.Must(template.New("choose").Parse(chooseSource))
)

// choicePhrases are the words of the page beside those of CodeChoose.
var choicePhrases = map[Language]struct{ Connect, Absent, Again string }{
	English: {"Connect this account", "Is it not in the list? Only professional accounts that are linked to a Page can be connected, and only Pages that you ticked at Facebook are seen.", "Start again"},
	Spanish: {"Conectar esta cuenta", "¿No está en la lista? Solo se pueden conectar cuentas profesionales vinculadas a una página, y solo se ven las páginas que marcaste en Facebook.", "Empezar de nuevo"},
}

// chooseURL is where the visitor of a state chooses.
func chooseURL(state string) string {
	return choosePath + "?" + url.Values{"state": {state}}.Encode()
}

// maxChoice bounds the form, which has one field.
const maxChoice = 1 << 10

// choose shows the visitor's accounts, and takes the answer. Whoever asks must have
// the state and its cookie, as at the callback: no other site knows the one, and
// browsers send the other with no other site's form. Should one of the two fail,
// most browsers also say whose form it is.
func (h *CallbackHandler) choose(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodGet+", "+http.MethodPost)
		writePage(w, r, CodeMethod, pageOptions{})
		return
	case prefetched(r):
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method == http.MethodPost && foreign(r):
		h.refuse(w, r, visit{}, newError(CodeOtherSite, nil))
		return
	}
	query, err := single(r, "state")
	if err != nil {
		h.refuse(w, r, visit{}, err)
		return
	}
	v, err := h.recognize(r, query["state"])
	if err != nil {
		h.refuse(w, r, v, err)
		return
	}
	if r.Method == http.MethodGet {
		h.ask(w, r, v, "")
		return
	}
	account, err := choice(w, r)
	if err != nil {
		h.refuse(w, r, v, err)
		return
	}
	outcome, err := h.connector.Choose(r.Context(), v.arrival(), account)
	if CodeOf(err) == CodeChoiceInvalid {
		h.Log.WarnContext(r.Context(), "choice refused", "flow", v.state.id())
		h.ask(w, r, v, CodeChoiceInvalid)
		return
	}
	if err != nil && choosesAgain(err) {
		h.Log.ErrorContext(r.Context(), "choice not made yet", "flow", v.state.id(), "code", CodeOf(err), "err", err)
		writePage(w, r, CodeOf(err), pageOptions{Again: h.againURL(r.Context(), v.state), Continue: chooseURL(v.text)})
		return
	}
	if err != nil {
		h.answer(w, r, v, outcome, err)
		return
	}
	// The page that follows leads on by itself. With a redirect the browser would hold
	// the form's policy against every address on the visitor's way, and nobody knows
	// where a site sends them next.
	next, pause := chooseURL(v.text), "0"
	if outcome.Code == CodeInProgress {
		pause = "2"
	}
	w.Header().Set("Refresh", pause+";url="+next)
	writePage(w, r, CodeInProgress, pageOptions{Continue: next})
}

// foreign reports whether a browser says that the page of another site has sent a
// form. One that says nothing is believed, and so is the origin null: our own pages
// send that, as they tell no referrer
// (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "null" {
		return false
	}
	page, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(page.Host, r.Host)
}

// choice reads the account that was chosen; "" if none was.
func choice(w http.ResponseWriter, r *http.Request) (AccountID, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxChoice)
	if err := r.ParseForm(); err != nil || len(r.PostForm["account"]) > 1 {
		return "", newError(CodeRequestInvalid, nil)
	}
	return AccountID(r.PostForm.Get("account")), nil
}

// ask shows what the visitor has to choose from, after a wrong choice with its
// code. If there is nothing to choose any more, the visitor goes where the flow
// ended.
func (h *CallbackHandler) ask(w http.ResponseWriter, r *http.Request, v visit, wrong Code) {
	choices, outcome, err := h.connector.Choices(r.Context(), v.arrival())
	if err != nil || outcome.Code != CodeChoose {
		h.answer(w, r, v, outcome, err)
		return
	}
	lang := PreferredLanguage(r.Header.Get("Accept-Language"))
	status, alert := CodeChoose.HTTPStatus(), ""
	if wrong != "" {
		status, alert = wrong.HTTPStatus(), wrong.Text(lang).Title
	}
	w.Header().Set("Content-Security-Policy", pagePolicyWith("'self'"))
	render(w, status, chooseTemplate, map[string]any{
		"Lang":    lang,
		"Style":   template.CSS(pageStyle), // our own file
		"Text":    CodeChoose.Text(lang),
		"Phrases": choicePhrases[lang],
		"Choices": choices,
		"Alert":   alert,
		"Action":  chooseURL(v.text),
		"Again":   h.againURL(r.Context(), v.state),
		"Code":    phrases[lang].Code,
		"Wrong":   wrong,
	})
}
