package dictionary

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

// Where a code lands.
type place string

const (
	// onPage is a page that a visitor reads, in English and in Spanish.
	onPage place = "page"
	// inAPI is an answer of the API.
	inAPI place = "API"
	// onAccount is what the API says of an account, and the events tell.
	onAccount place = "account"
	// inEvent is what the event bus is told.
	inEvent place = "event"
	// inCommand is what the command prints: the error of what it calls.
	inCommand place = "command"
)

// A produced is a way in which an error comes about.
type produced struct {
	code igauth.Code
	// how is a few words; the names of the cases of a code differ.
	how   string
	place place
	// change is done to the world before its handlers are made; nil changes nothing.
	change func(*world)
	// visit makes the answer of onPage and inAPI.
	visit func(*world) *httptest.ResponseRecorder
	// account returns the account of onAccount and inEvent, after the failure.
	account func(*world) igauth.AccountID
	// command returns the error of inCommand.
	command func(*world) error
}

// Every error of the dictionary comes about, and lands with its code on its page or
// in the API.
func TestEveryErrorIsProducedAndLands(t *testing.T) {
	cases := slices.Concat(visitCases, connectCases(), facebookCases(), accountCases(), apiCases, commandCases)
	seen, inSpanish := map[igauth.Code]bool{}, map[igauth.Code]bool{}
	for _, c := range cases {
		seen[c.code] = true
		languages := []string{"en"}
		if c.place == onPage && !inSpanish[c.code] {
			languages, inSpanish[c.code] = []string{"en", "es"}, true
		}
		for _, language := range languages {
			t.Run(fmt.Sprintf("%s/%s/%s/%s", c.code, c.place, c.how, language), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, c.change)
				w.language = language
				switch c.place {
				case onPage:
					w.readsPage(c.visit(w), c.code, igauth.PreferredLanguage(language))
				case inAPI:
					w.readsAnswer(c.visit(w), c.code)
				case onAccount:
					w.readsAccount(c.account(w), c.code)
				case inEvent:
					w.readsEvent(c.account(w), c.code)
				case inCommand:
					if err := c.command(w); igauth.CodeOf(err) != c.code {
						t.Errorf("got %v, want the code %s", err, c.code)
					}
				}
				w.keepsSecrets()
			})
		}
	}
	for _, section := range igauth.Dictionary() {
		for _, a := range section.Articles {
			if !seen[a.Code] {
				t.Errorf("nothing produces %s: add a case", a.Code)
			}
		}
	}
}

// readsPage asserts that a visitor reads the page of a code, with the code in small
// print to be quoted.
func (w *world) readsPage(answer *httptest.ResponseRecorder, code igauth.Code, language igauth.Language) {
	w.t.Helper()
	page, text := html.UnescapeString(answer.Body.String()), code.Text(language)
	wants := []string{"<h1>" + text.Title + "</h1>", text.Body, `lang="` + string(language) + `"`}
	switch code {
	case igauth.CodeConnected, igauth.CodeChoose: // no errors
	case igauth.CodeChoiceInvalid: // above the list, in place of a page of its own
		wants = []string{text.Title, ": <span translate=\"no\">" + string(code) + "</span></p>"}
	default:
		wants = append(wants, ": <span translate=\"no\">"+string(code)+"</span></p>")
	}
	for _, want := range wants {
		if !strings.Contains(page, want) {
			w.t.Errorf("the page lacks %q; it is\n%s\n%s", want, words(answer), w.log)
			return
		}
	}
	if answer.Code != code.HTTPStatus() {
		w.t.Errorf("got status %d, want %d", answer.Code, code.HTTPStatus())
	}
	if code.Text(language) == igauth.CodeUnavailable.Text(language) && code != igauth.CodeUnavailable {
		w.t.Error("visitors meet it, and it has no words for them")
	}
}

// readsAnswer asserts that a program reads all that the dictionary says.
func (w *world) readsAnswer(answer *httptest.ResponseRecorder, code igauth.Code) {
	w.t.Helper()
	var body struct{ Error igauth.Explanation }
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		w.t.Fatalf("%v: %s", err, answer.Body)
	}
	want := code.Explain()
	if e := body.Error; e.Code != code || e.Class != want.Class || e.Message != want.Message || e.Hint != want.Hint || e.Docs != want.Docs || !slices.Equal(e.Checks, want.Checks) {
		w.t.Errorf("got %+v, want %+v\n%s", e, want, w.log)
	}
	if answer.Code != code.HTTPStatus() {
		w.t.Errorf("got status %d, want %d", answer.Code, code.HTTPStatus())
	}
}

// readsAccount asserts that an account shows what is wrong with it, and what helps.
func (w *world) readsAccount(id igauth.AccountID, code igauth.Code) {
	w.t.Helper()
	view := w.view(id)
	for _, failure := range []*igauth.FailureView{view.LastFailure, view.Doubt} {
		if failure != nil && failure.Code == code {
			if failure.Hint != code.Hint() || failure.Class != code.Class() || !slices.Equal(failure.Checks, code.Checks()) {
				w.t.Errorf("got %+v", failure)
			}
			return
		}
	}
	w.t.Errorf("status %s, last failure %+v, doubt %+v, history %v: want the code %s\n%s", view.Status, view.LastFailure, view.Doubt, view.History, code, w.log)
}

// readsEvent asserts that the outside was told of a code, and what helps.
func (w *world) readsEvent(id igauth.AccountID, code igauth.Code) {
	w.t.Helper()
	var told []string
	for _, m := range w.told {
		if m.Body.AccountID == id && m.Body.Code == code {
			if m.Body.Message != code.Message() || m.Body.Hint != code.Hint() || m.Body.ReconnectURL == "" {
				w.t.Errorf("got %+v", m.Body)
			}
			return
		}
		told = append(told, string(m.Type)+" "+string(m.Body.Code))
	}
	w.t.Errorf("told was %q: want the code %s\n%s", told, code, w.log)
}

// keepsSecrets asserts that no failure was told with a token.
func (w *world) keepsSecrets() {
	w.t.Helper()
	for _, secret := range []string{"IGAA", "EAA", "access_token=", "client_secret=", "0123456789abcdef"} {
		if strings.Contains(w.log.String(), secret) {
			w.t.Errorf("the log has %q:\n%s", secret, w.log)
		}
	}
}
