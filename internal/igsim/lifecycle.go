package igsim

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The kinds of callback that Meta sends.
const (
	// Deauthorize tells that a person removed the app.
	Deauthorize = "deauthorize"
	// Deletion asks for a person's data to be deleted.
	Deletion = "deletion"
)

// deletionLife is how long after its issue a signed request says that it
// expires, where it does.
const deletionLife = time.Hour

// SignedRequest returns what Meta posts in the field signed_request when a person
// removes the app (kind Deauthorize) or asks for deletion (kind Deletion). The
// username is an account of Instagram Login or a person at Facebook. Behaviour
// says which app's secret signs, and whether expires is among the fields. It
// fails for an unknown username or kind.
// https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
func (s *Simulator) SignedRequest(username, kind string) (string, error) {
	if kind != Deauthorize && kind != Deletion {
		return "", fmt.Errorf("unknown kind of callback %q: use %s or %s", kind, Deauthorize, Deletion)
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var id, secret string
	switch p, f := s.person(username), s.facebookPerson(username); {
	case p != nil:
		id, secret = p.AppScopedID, s.cfg.AppSecret
		if s.behaviour.SignedBy == "meta" {
			secret = s.cfg.MetaAppSecret
		}
	case f != nil:
		id, secret = f.AppScopedID, s.cfg.MetaAppSecret
	default:
		return "", unknownAccount(username)
	}
	fields := map[string]any{"algorithm": "HMAC-SHA256", "issued_at": now.Unix(), "user_id": id}
	if s.behaviour.Expires == "always" || s.behaviour.Expires != "never" && kind == Deletion {
		fields["expires"] = now.Add(deletionLife).Unix()
	}
	payload, err := json.Marshal(fields)
	if err != nil {
		return "", fmt.Errorf("encoding a signed request: %w", err) // never: these are texts and numbers
	}
	return sign(secret, payload), nil
}

// sign puts a payload behind its signature, both without padding. What is signed
// is the text as it is sent.
func sign(secret string, payload []byte) string {
	text := base64.RawURLEncoding.EncodeToString(payload)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + "." + text
}

// A CallbackAnswer is what the app's server said to a callback.
type CallbackAnswer struct {
	Status int `json:"status"`
	// Body is cut after 64 KiB.
	Body string `json:"body"`
}

// maxCallbackAnswer bounds what is read of an answer, in bytes.
const maxCallbackAnswer = 64 << 10

// callbackClient sends the callbacks. It follows no redirects: whether Meta does
// is not documented.
var callbackClient = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// SendCallback posts a signed request to Config.DeauthorizeURL or
// Config.DeletionURL, and returns the answer. An error is one of the username,
// the kind, a URL that is not configured, or a connection that failed.
func (s *Simulator) SendCallback(ctx context.Context, username, kind string) (CallbackAnswer, error) {
	signed, err := s.SignedRequest(username, kind)
	if err != nil {
		return CallbackAnswer{}, err
	}
	to := s.cfg.DeauthorizeURL
	if kind == Deletion {
		to = s.cfg.DeletionURL
	}
	if to == "" {
		return CallbackAnswer{}, fmt.Errorf("the simulator knows no address for the %s callback", kind)
	}
	form := url.Values{"signed_request": {signed}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form))
	if err != nil {
		return CallbackAnswer{}, fmt.Errorf("the address for the %s callback is not usable", kind)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := callbackClient.Do(req)
	if err != nil {
		return CallbackAnswer{}, fmt.Errorf("posting the %s callback: %w", kind, plainError(err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxCallbackAnswer))
	if err != nil {
		return CallbackAnswer{}, fmt.Errorf("reading the answer to the %s callback: %w", kind, err)
	}
	s.log.Info("callback sent", "kind", kind, "status", res.StatusCode)
	return CallbackAnswer{Status: res.StatusCode, Body: string(body)}, nil
}

// plainError takes the URL out of an error: who configured it put it there.
func plainError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
