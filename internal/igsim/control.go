package igsim

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxAdvance is the longest step of the clock over HTTP: twenty years, all of
// them leap years so that nobody's way to count twenty years is refused.
const maxAdvance = 20 * 366 * 24 * time.Hour

// errAdvance answers for a Config.Advance that failed. Its own error may be
// about anything, so that it goes to the log only.
var errAdvance = errors.New("the clock's owner reported a failure while moving it: see the log")

// A controlFunc does one thing under /_sim/ with the fields of a form. What it
// returns becomes the JSON answer, its error the text of a refusal. Neither ever
// holds a token, a code or a secret, but for the two that are asked for one.
type controlFunc func(r *http.Request, form url.Values) (any, error)

// done is the answer of a control that has nothing to tell.
type done struct {
	OK bool `json:"ok"`
}

// newControl builds the handler of /_sim/. Posts that a browser sends from
// another site are refused: the simulator listens on a developer's machine,
// which any page the developer visits can reach.
func (s *Simulator) newControl() http.Handler {
	mux := http.NewServeMux()
	get := func(path string, f controlFunc) { mux.Handle("GET /_sim/"+path, control(f, nil)) }
	post := func(path string, fields []string, f controlFunc) {
		mux.Handle("POST /_sim/"+path, control(f, fields))
	}
	get("clock", func(*http.Request, url.Values) (any, error) { return s.clockJSON(), nil })
	post("clock", []string{"advance"}, s.controlClock)
	get("fault", func(*http.Request, url.Values) (any, error) { return s.Faults(), nil })
	post("fault", []string{"endpoint", "kind", "count", "account"}, s.controlFault)
	get("behaviour", func(*http.Request, url.Values) (any, error) { return s.behaviourNow(), nil })
	post("behaviour", behaviourFields(), s.controlBehaviour)
	get("errors", func(*http.Request, url.Values) (any, error) { return Errors(), nil })
	get("usage", func(*http.Request, url.Values) (any, error) { return s.Usage(), nil })
	post("usage", []string{"app", "business"}, s.controlUsage)
	post("password", []string{"account"}, func(_ *http.Request, form url.Values) (any, error) {
		return done{true}, s.ChangePassword(form.Get("account"))
	})
	post("remove", []string{"account"}, func(_ *http.Request, form url.Values) (any, error) {
		return done{true}, s.RemoveApp(form.Get("account"))
	})
	post("role", []string{"account", "page", "has"}, func(_ *http.Request, form url.Values) (any, error) {
		has, err := strconv.ParseBool(form.Get("has"))
		if err != nil {
			return nil, errors.New("has must be true or false")
		}
		return done{true}, s.SetRole(form.Get("account"), form.Get("page"), has)
	})
	post("link", []string{"page", "instagram"}, func(_ *http.Request, form url.Values) (any, error) {
		return done{true}, s.LinkInstagram(form.Get("page"), form.Get("instagram"))
	})
	post("hide", []string{"page", "hidden"}, func(_ *http.Request, form url.Values) (any, error) {
		hidden, err := strconv.ParseBool(form.Get("hidden"))
		if err != nil {
			return nil, errors.New("hidden must be true or false")
		}
		return done{true}, s.HidePage(form.Get("page"), hidden)
	})
	post("data-access", []string{"account"}, func(_ *http.Request, form url.Values) (any, error) {
		return done{true}, s.LapseDataAccess(form.Get("account"))
	})
	post("system-user", []string{"account", "expires"}, func(_ *http.Request, form url.Values) (any, error) {
		expires, err := strconv.ParseBool(cmp.Or(form.Get("expires"), "false"))
		if err != nil {
			return nil, errors.New("expires must be true or false")
		}
		token, err := s.SystemUserToken(form.Get("account"), expires)
		return map[string]string{"access_token": token}, err
	})
	post("popup-code", []string{"account"}, func(_ *http.Request, form url.Values) (any, error) {
		code, err := s.PopupCode(form.Get("account"))
		return map[string]string{"code": code}, err
	})
	post("callback", []string{"account", "kind"}, func(r *http.Request, form url.Values) (any, error) {
		return s.SendCallback(r.Context(), form.Get("account"), form.Get("kind"))
	})
	get("facebook", func(*http.Request, url.Values) (any, error) {
		return map[string]any{"people": s.FacebookPeople(), "pages": s.FacebookPages()}, nil
	})
	post("account-type", []string{"account", "type"}, func(_ *http.Request, form url.Values) (any, error) {
		return done{true}, s.SetAccountType(form.Get("account"), form.Get("type"))
	})
	post("alive", []string{"token"}, func(_ *http.Request, form url.Values) (any, error) {
		return map[string]bool{"alive": s.TokenAlive(form.Get("token"))}, nil
	})
	get("people", func(*http.Request, url.Values) (any, error) { return s.People(), nil })
	get("calls", func(*http.Request, url.Values) (any, error) { return s.Calls(), nil })
	get("refreshes", s.controlRefreshes)
	mux.HandleFunc("/_sim/", func(w http.ResponseWriter, _ *http.Request) {
		controlError(w, http.StatusNotFound, "no such control, or not with this method: see / for the list")
	})

	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		controlError(w, http.StatusForbidden, "this post comes from another site")
	}))
	return guard.Handler(mux)
}

// control wraps a controlFunc: it reads the form, refuses fields it does not
// know, because they are misspelt ones, and writes the answer.
func control(f controlFunc, fields []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form := r.URL.Query()
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if form = readForm(r); form == nil {
				controlError(w, http.StatusBadRequest, "send form fields as application/x-www-form-urlencoded")
				return
			}
			for name := range form {
				if !slices.Contains(fields, name) {
					controlError(w, http.StatusBadRequest, fmt.Sprintf("unknown field %q: use %s", name, strings.Join(fields, ", ")))
					return
				}
			}
		}
		v, err := f(r, form)
		switch {
		case errors.Is(err, errAdvance):
			controlError(w, http.StatusInternalServerError, err.Error())
		case err != nil:
			controlError(w, http.StatusBadRequest, err.Error())
		default:
			jsonAnswer(http.StatusOK, v).write(w)
		}
	})
}

func controlError(w http.ResponseWriter, status int, text string) {
	jsonAnswer(status, map[string]string{"error": text}).write(w)
}

func (s *Simulator) clockJSON() any {
	return map[string]string{"now": s.now().Format(time.RFC3339)}
}

func (s *Simulator) controlClock(r *http.Request, form url.Values) (any, error) {
	d, err := time.ParseDuration(form.Get("advance"))
	if err != nil {
		return nil, errors.New("advance must be a duration such as 90m or 720h")
	}
	if d <= 0 || d > maxAdvance {
		return nil, errors.New("advance must be more than 0 and at most 20 years, 175680h")
	}
	switch {
	case s.cfg.Advance != nil:
		if err := s.cfg.Advance(r.Context(), d); err != nil {
			s.log.Error("clock not moved", "err", err)
			return nil, errAdvance
		}
	case s.clock != nil:
		s.clock.Advance(d)
	default:
		return nil, errors.New("this simulator shows a clock that it cannot move")
	}
	return s.clockJSON(), nil
}

func (s *Simulator) controlFault(_ *http.Request, form url.Values) (any, error) {
	f := Fault{Endpoint: form.Get("endpoint"), Kind: form.Get("kind"), Account: form.Get("account")}
	if text := form.Get("count"); text != "" {
		var err error
		if f.Count, err = strconv.Atoi(text); err != nil {
			return nil, errors.New("count must be a whole number")
		}
	}
	if err := s.SetFault(f); err != nil {
		return nil, err
	}
	return s.Faults(), nil
}

// behaviourNow names the defaults that a Behaviour never set leaves empty.
func (s *Simulator) behaviourNow() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, _ := s.behaviour.withDefaults() // it was checked when it was set
	return b
}

// controlBehaviour changes the fields that are sent and keeps the others. An
// empty field goes back to its default.
func (s *Simulator) controlBehaviour(_ *http.Request, form url.Values) (any, error) {
	b := s.behaviourNow()
	for _, w := range b.words() {
		if form.Has(w.name) {
			*w.field = form.Get(w.name)
		}
	}
	if form.Has("pages_at_once") {
		n, err := strconv.Atoi(cmp.Or(form.Get("pages_at_once"), "0"))
		if err != nil {
			return nil, errors.New("pages_at_once must be a whole number")
		}
		b.PagesAtOnce = n
	}
	for name, to := range b.switches() {
		if !form.Has(name) {
			continue
		}
		on, err := strconv.ParseBool(form.Get(name))
		if err != nil && form.Get(name) != "" {
			return nil, errors.New(name + " must be true or false")
		}
		*to = on
	}
	if err := s.SetBehaviour(b); err != nil {
		return nil, err
	}
	return s.behaviourNow(), nil
}

// controlUsage changes the percentages that are sent and keeps the others.
func (s *Simulator) controlUsage(_ *http.Request, form url.Values) (any, error) {
	u := s.Usage()
	for name, to := range map[string]*int{"app": &u.App, "business": &u.Business} {
		if !form.Has(name) {
			continue
		}
		percent, err := strconv.Atoi(form.Get(name))
		if err != nil {
			return nil, errors.New(name + " must be a whole number of percent")
		}
		*to = percent
	}
	if err := s.SetUsage(u); err != nil {
		return nil, err
	}
	return s.Usage(), nil
}

func (s *Simulator) controlRefreshes(_ *http.Request, form url.Values) (any, error) {
	username := form.Get("account")
	s.mu.Lock()
	known := s.person(username) != nil
	s.mu.Unlock()
	if !known {
		return nil, unknownAccount(username)
	}
	return append([]time.Time{}, s.Refreshes(username)...), nil
}
