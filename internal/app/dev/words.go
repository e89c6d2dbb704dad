package dev

import (
	"context"
	"errors"
	"fmt"
	"time"

	"igauth/internal/igauth"
)

// statusWords say what a status means, to whoever has to do with the account.
var statusWords = map[igauth.Status]string{
	igauth.StatusActive:         "The token lives and is kept alive. Nobody has to do anything.",
	igauth.StatusExpiring:       "The token lives, but its refresh keeps failing. It is tried again until the token ends.",
	igauth.StatusReauthRequired: "The token is dead. The account's owner must connect it again.",
	igauth.StatusDisconnected:   "The account was disconnected and its token is destroyed.",
}

// actionWords say what a run does.
var actionWords = map[igauth.Action]string{
	igauth.ActionNone:    "nothing",
	igauth.ActionRefresh: "the token is refreshed",
	igauth.ActionProbe:   "Meta is asked about the token",
	igauth.ActionPromote: "readers of the vault are shown the token",
	igauth.ActionWarn:    "its owner is asked to come back",
	igauth.ActionExpire:  "the token ends",
	igauth.ActionRecover: "what an attempt left behind is looked for",
	igauth.ActionDestroy: "the vault is emptied",
}

// An incident is an open one as the home page shows it.
type incident struct {
	igauth.Incident
	// Reach says whom it touches, and Work what is done about it.
	Reach, Work string
}

// incidents returns what is open, and when a run last came to its end.
func (s *Server) incidents(ctx context.Context) ([]incident, time.Time, error) {
	health, err := s.ledger.Health(ctx)
	if errors.Is(err, igauth.ErrNotFound) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	var open []incident
	for _, i := range health.Incidents {
		shown := incident{Incident: i}
		switch i.Place {
		case igauth.PlaceConnect:
			shown.Reach = "Visitors cannot connect. Accounts that are connected are not touched, and nobody has to do anything for them."
			shown.Work = "It counts as over when it has not shown for a day."
		default:
			shown.Reach = "It hits all accounts alike, so none of them was changed: their tokens stay, and nobody has to do anything for them."
			if i.Login == igauth.LoginFacebook {
				shown.Reach = "It hits all accounts of Facebook Login alike, so none of them was changed: their tokens stay, and nobody has to do anything for them. The accounts of Instagram Login go on."
			}
			shown.Work = fmt.Sprintf("One account is tried in every run (%d so far); as soon as Meta answers, the refresh goes on by itself.", i.Trials)
		}
		open = append(open, shown)
	}
	return open, health.RanAt, nil
}

// lasted says how long ago something was.
func lasted(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes ago", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours ago", d/time.Hour)
	}
	return fmt.Sprintf("%d days ago", d/(24*time.Hour))
}
