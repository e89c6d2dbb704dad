package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// personButtons adds what the owner of an account does at Meta, which the
// simulator does in their place.
func (s *Server) personButtons(buttons *http.ServeMux) {
	buttons.HandleFunc("POST /dev/password", s.button(func(r *http.Request) error {
		person, err := s.person(r)
		if err != nil {
			return err
		}
		return s.sim.ChangePassword(person)
	}))
	buttons.HandleFunc("POST /dev/remove", s.button(func(r *http.Request) error {
		person, err := s.person(r)
		if err != nil {
			return err
		}
		return s.sim.RemoveApp(person)
	}))
	buttons.HandleFunc("POST /dev/deauthorize", s.button(func(r *http.Request) error {
		person, err := s.person(r)
		if err != nil {
			return err
		}
		if err := s.sim.RemoveApp(person); err != nil {
			return err
		}
		_, err = s.callback(r.Context(), person, igsim.Deauthorize)
		return err
	}))
	buttons.HandleFunc("POST /dev/deletion", func(w http.ResponseWriter, r *http.Request) {
		receipt, err := s.deletion(r)
		if err != nil {
			s.show(w, r, http.StatusConflict, notice(err))
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, receipt, http.StatusSeeOther)
	})
}

// person returns who consented to the account of a button, by the name that the
// simulator's controls take. With Facebook Login that is another than the account's.
func (s *Server) person(r *http.Request) (string, error) {
	a, err := s.store.Account(r.Context(), igauth.AccountID(r.FormValue("id")))
	if err != nil {
		return "", err
	}
	if a.Login == igauth.LoginFacebook {
		for _, p := range s.sim.FacebookPeople() {
			if p.AppScopedID == a.AppScopedID {
				return p.Username, nil
			}
		}
		return "", errors.New("the simulator does not know the person who connected this account")
	}
	return a.Username, nil
}

// deletion lets Meta ask for a person's data to be deleted, and returns the path
// of the receipt, which Meta would show to them.
func (s *Server) deletion(r *http.Request) (string, error) {
	person, err := s.person(r)
	if err != nil {
		return "", err
	}
	body, err := s.callback(r.Context(), person, igsim.Deletion)
	if err != nil {
		return "", err
	}
	var answer struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return "", fmt.Errorf("reading the answer to the data deletion: %w", err)
	}
	// The path alone, since the public URL may be that of a tunnel, to which the
	// page's policy lets no form go.
	receipt, err := url.Parse(answer.URL)
	if err != nil || receipt.Path == "" {
		return "", errors.New("the answer to the data deletion has no address of a receipt")
	}
	return receipt.Path, nil
}

// callback lets the simulator post a callback to this server as Meta does.
func (s *Server) callback(ctx context.Context, person, kind string) (string, error) {
	answer, err := s.sim.SendCallback(ctx, person, kind)
	if err != nil {
		return "", err
	}
	if answer.Status != http.StatusOK {
		return "", fmt.Errorf("the %s callback was answered with status %d; the log says why", kind, answer.Status)
	}
	return answer.Body, nil
}
