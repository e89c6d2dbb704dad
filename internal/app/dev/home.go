package dev

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

var (
	//go:embed home.html
	homeSource string
	//go:embed home.css
	homeStyle string

	homeTemplate = template.Must(template.New("home").Funcs(template.FuncMap{
		"status": func(s igauth.Status) string { return statusWords[s] },
		"action": func(a igauth.Action) string { return actionWords[a] },
		"date":   func(t time.Time) string { return t.UTC().Format("2 Jan 2006") },
		"since":  func(now, at time.Time) string { return lasted(now.Sub(at)) },
		"moment": func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") },
		"last": func(history []igauth.Entry) igauth.Entry {
			if len(history) == 0 {
				return igauth.Entry{}
			}
			return history[len(history)-1]
		},
		"newest": func(history []igauth.Entry) []igauth.Entry {
			turned := make([]igauth.Entry, len(history))
			for i, entry := range history {
				turned[len(history)-1-i] = entry
			}
			return turned
		},
	}).Parse(homeSource))
)

// faultChoices are what the home page offers to break at Meta.
var faultChoices = []struct{ Kind, Label string }{
	{"outage", "Meta is down"},
	{"rate_limit", "Everybody is throttled"},
	{"app_disabled", "App misconfigured"},
	{"code_text", "Every token is called dead"},
	{"html", "Answers with web pages"},
	{"applied", "Connection breaks after the work is done"},
}

// An accountView is an account on the home page.
type accountView struct {
	igauth.AccountView
	// Reconnect is the link by which its owner connects it again, of an account
	// that needs it.
	Reconnect string
	// Waits says that what comes next is due already.
	Waits bool
}

// homePage is how many accounts the home page shows.
const homePage = 200

// routes adds the home page and what its buttons do.
func (s *Server) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.home)
	buttons := http.NewServeMux()
	buttons.HandleFunc("POST /dev/disconnect", s.button(func(r *http.Request) error {
		_, _, err := s.store.DisconnectAt(r.Context(), s.revoker, igauth.AccountID(r.FormValue("id")))
		return err
	}))
	buttons.HandleFunc("POST /dev/refresh", s.button(func(r *http.Request) error {
		_, err := s.refresher.Refresh(r.Context(), igauth.AccountID(r.FormValue("id")))
		return err
	}))
	if s.sim != nil {
		buttons.HandleFunc("POST /dev/advance", s.button(func(r *http.Request) error {
			d, err := time.ParseDuration(r.FormValue("by"))
			if err != nil {
				return errors.New("that is no length of time; one looks like 720h")
			}
			return s.advance(r.Context(), d)
		}))
		s.personButtons(buttons)
		buttons.HandleFunc("POST /dev/fault", s.button(func(r *http.Request) error {
			s.sim.ClearFaults()
			if kind := r.FormValue("kind"); kind != "none" {
				return s.sim.SetFault(igsim.Fault{Endpoint: "all", Kind: kind})
			}
			return nil
		}))
	}
	mux.Handle("/dev/", http.NewCrossOriginProtection().Handler(buttons))
}

// button does something and shows the home page again, with what went wrong.
func (s *Server) button(do func(r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r); err != nil {
			s.show(w, r, http.StatusConflict, notice(err))
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// notice says what went wrong in the words of the page's reader.
func notice(err error) string {
	if e, ok := errors.AsType[*igauth.Error](err); ok {
		return e.Code.Message() + ". " + e.Code.Hint()
	}
	return err.Error()
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) { s.show(w, r, http.StatusOK, "") }

func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, problem string) {
	accounts, next, err := s.store.Accounts(r.Context(), "", homePage)
	if err != nil {
		status, problem = http.StatusInternalServerError, "The ledger could not be read: "+err.Error()
	}
	views := make([]accountView, len(accounts))
	for i, a := range accounts {
		views[i].AccountView = s.store.View(a)
		if a.Status == igauth.StatusActive && !views[i].DataAccessWarned {
			continue
		}
		if views[i].Reconnect, _, err = s.links.ReconnectURL(r.Context(), a); err != nil {
			status, problem = http.StatusInternalServerError, "The reconnect link could not be made: "+err.Error()
		}
	}
	now := s.clock.Now()
	for i := range views {
		views[i].Waits = !views[i].NextAt.After(now)
	}
	open, ranAt, err := s.incidents(r.Context())
	if err != nil {
		status, problem = http.StatusInternalServerError, "The state of the installation could not be read: "+err.Error()
	}
	var faults []igsim.Fault
	if s.sim != nil {
		faults = s.sim.Faults()
	}
	runAt, report, runErr := s.lastReport()
	var page bytes.Buffer
	err = homeTemplate.Execute(&page, map[string]any{
		"Style":        template.CSS(homeStyle), // our own file
		"Now":          now,
		"Incidents":    open,
		"RanAt":        ranAt,
		"Sent":         s.sent.newest(),
		"Policy":       s.store.Policy().String(),
		"OutageDays":   int(s.store.Policy().Outage() / (24 * time.Hour)),
		"Moved":        s.clock.Offset() > 0,
		"Accounts":     views,
		"More":         next != "",
		"Problem":      problem,
		"Sim":          s.simURL,
		"FaultChoices": faultChoices,
		"Faults":       faults,
		"RunAt":        runAt,
		"Report":       report,
		"RunErr":       runErr,
		"ReturnURLs":   s.opts.ReturnURLs,
		"Facebook":     s.FacebookLogin(),
	})
	if err != nil {
		s.log.Error("home page", "err", err)
		http.Error(w, "page unavailable", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}
