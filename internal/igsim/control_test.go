package igsim_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"igauth/internal/igsim"
)

// facebookDefaults is the rest of a Behaviour nobody changed.
const facebookDefaults = `"proof":"required","expires_in":"present","extend":"new","data_access":"login","page_token":"same","ended_version":"moved_up","pages_at_once":0,"signed_by":"instagram","expires":"deletion","deauthorize_on_remove":false,"codes_as_text":false}`

func TestControl(t *testing.T) {
	w := newWorld(t, func(c *igsim.Config) {
		clock := igsim.NewFrozenClock(start)
		c.Now, c.Advance = clock.Now, func(_ context.Context, d time.Duration) error { clock.Advance(d); return nil }
	})
	token := w.long("maria.bakes")
	for _, step := range []struct {
		name, path, form string
		want             string // the whole answer
	}{
		{"the clock moves", "clock", "advance=720h", `{"now":"2026-12-23T09:30:00Z"}`},
		{"a fault is set", "fault", "endpoint=me&kind=outage&count=3&account=maria.bakes", `[{"endpoint":"me","kind":"outage","count":3,"account":"maria.bakes"}]`},
		{"faults are cleared", "fault", "kind=none", `[]`},
		{"behaviour changes field by field", "behaviour", "refresh=rotate&no_user_id=true", `{"code_shape":"flat","permissions":"","me_shape":"flat","user_id_as":"text","no_user_id":true,"refresh":"rotate",` + facebookDefaults},
		{"the other fields stay", "behaviour", "me_shape=data&no_user_id=", `{"code_shape":"flat","permissions":"","me_shape":"data","user_id_as":"text","no_user_id":false,"refresh":"rotate",` + facebookDefaults},
		{"the app's usage rises", "usage", "app=80", `{"app":80,"business":0}`},
		{"so does the account's", "usage", "business=130", `{"app":80,"business":130}`},
		{"the token lives", "alive", "token=" + token, `{"alive":true}`},
		{"the password changes", "password", "account=maria.bakes", `{"ok":true}`},
		{"the token is dead", "alive", "token=" + token, `{"alive":false}`},
		{"the app is removed", "remove", "account=studio_norte", `{"ok":true}`},
		{"an account turns personal", "account-type", "account=studio_norte&type=PERSONAL", `{"ok":true}`},
	} {
		t.Run(step.name, func(t *testing.T) {
			form, _ := url.ParseQuery(step.form)
			r := w.post("/_sim/"+step.path, form)
			if r.status != http.StatusOK || r.body != step.want {
				t.Errorf("got  %d %s\nwant 200 %s", r.status, r.body, step.want)
			}
		})
	}
	for path, want := range map[string]string{
		"clock":                         `{"now":"2026-12-23T09:30:00Z"}`,
		"fault":                         `[]`,
		"behaviour":                     `"refresh":"rotate"`,
		"people":                        `{"username":"studio_norte","user_id":"17841400000020223","app_scoped_id":"27310000000051927","name":"Studio Norte ☀","account_type":"PERSONAL"}`,
		"usage":                         `{"app":80,"business":130}`,
		"calls":                         `{"authorize":2,"code":1,"exchange":1}`,
		"refreshes?account=maria.bakes": `[]`,
	} {
		t.Run("reading "+path, func(t *testing.T) {
			name, query, _ := strings.Cut(path, "?")
			v, _ := url.ParseQuery(query)
			if got := w.get("/_sim/"+name, v).body; !strings.Contains(got, want) {
				t.Errorf("got %s, want it to hold %s", got, want)
			}
		})
	}
}

func TestControlRefuses(t *testing.T) {
	w := newWorld(t, func(c *igsim.Config) { c.Now = nil })
	for _, tt := range []struct{ name, path, form, want string }{
		{"no duration", "clock", "", "advance must be a duration"},
		{"a duration in days", "clock", "advance=30d", "advance must be a duration"},
		{"back in time", "clock", "advance=-1h", "more than 0"},
		{"no time at all", "clock", "advance=0s", "more than 0"},
		{"a hundred years", "clock", "advance=876000h", "at most 20 years"},
		{"a misspelt field", "clock", "advanced=1h", "unknown field"},
		{"an unknown kind of fault", "fault", "kind=fire", "unknown fault"},
		{"an unknown endpoint", "fault", "kind=outage&endpoint=you", "unknown endpoint"},
		{"a count in words", "fault", "kind=outage&count=many", "whole number"},
		{"a usage below nothing", "usage", "app=-1", "must not be below 0"},
		{"a usage in words", "usage", "business=full", "business must be a whole number of percent"},
		{"an unknown shape", "behaviour", "code_shape=round", "unknown code_shape"},
		{"neither true nor false", "behaviour", "codes_as_text=perhaps", "codes_as_text must be true or false"},
		{"nobody's password", "password", "account=nobody", "no test account"},
		{"nobody's app", "remove", "", "no test account"},
		{"a third kind of account", "account-type", "account=maria.bakes&type=robot", "unknown account type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form, _ := url.ParseQuery(tt.form)
			r := w.post("/_sim/"+tt.path, form)
			if text, _ := r.json(t)["error"].(string); r.status != http.StatusBadRequest || !strings.Contains(text, tt.want) {
				t.Errorf("got %d %s, want 400 and %q", r.status, r.body, tt.want)
			}
		})
	}
	t.Run("a post from another site", func(t *testing.T) {
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			req := w.formRequest("/_sim/password", url.Values{"account": {"maria.bakes"}})
			req.Header.Set(name, value)
			if got, want := w.do(req).status, http.StatusForbidden; got != want {
				t.Errorf("%s: got %d, want %d", name, got, want)
			}
		}
	})
	t.Run("a body that is no form", func(t *testing.T) {
		req := w.formRequest("/_sim/fault", nil)
		req.Header.Set("Content-Type", "application/json")
		if got, want := w.do(req).status, http.StatusBadRequest; got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	})
	t.Run("an unknown control, a GET that changes, nobody's refreshes", func(t *testing.T) {
		for path, want := range map[string]int{"/_sim/x": 404, "/_sim/": 404, "/_sim/password": 404, "/_sim/refreshes": 400} {
			r := w.get(path, nil)
			if _, ok := r.json(t)["error"].(string); !ok || r.status != want {
				t.Errorf("%s: got %d %s, want %d", path, r.status, r.body, want)
			}
		}
	})
}

func TestControlClockOwner(t *testing.T) {
	t.Run("the owner fails, without telling why", func(t *testing.T) {
		w := newWorld(t, func(c *igsim.Config) {
			c.Advance = func(context.Context, time.Duration) error { return errors.New("s3cret") }
		})
		r := w.post("/_sim/clock", url.Values{"advance": {"1h"}})
		if r.status != http.StatusInternalServerError || strings.Contains(r.body, "s3cret") {
			t.Errorf("got %d %s", r.status, r.body)
		}
	})
	t.Run("a clock that is only shown", func(t *testing.T) {
		w := newWorld(t)
		if got, want := w.post("/_sim/clock", url.Values{"advance": {"1h"}}).status, http.StatusBadRequest; got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	})
	t.Run("the simulator's own clock", func(t *testing.T) {
		w := newWorld(t, func(c *igsim.Config) { c.Now = nil })
		token := w.long("maria.bakes")
		for range 2 {
			if got := w.post("/_sim/clock", url.Values{"advance": {"720h"}}).status; got != http.StatusOK {
				t.Errorf("got %d, want 200", got)
			}
		}
		if w.TokenAlive(token) {
			t.Errorf("the token outlived sixty days")
		}
	})
}

func TestOwnPages(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{"/": "maria.bakes", "/healthz": "ok"} {
		if r := w.get(path, nil); r.status != http.StatusOK || !strings.Contains(r.body, want) {
			t.Errorf("%s: got %d %s, want 200 and %q", path, r.status, r.body, want)
		}
	}
	for _, path := range []string{"/favicon.ico", "/v25.0/oauth/authorize", "/vx/me", "/me/", "/oauth/access_token/"} {
		if got, want := w.get(path, nil).status, http.StatusNotFound; got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}
