package igsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"igauth/internal/igsim"
)

// endpoints are a request to each endpoint, by the name that Fault uses.
func (w *world) endpoints() map[string]*http.Request {
	get := func(path string, query url.Values) *http.Request { return w.request(http.MethodGet, path, query) }
	return map[string]*http.Request{
		"authorize":            get("/oauth/authorize", windowQuery()),
		"code":                 w.formRequest("/oauth/access_token", codeForm("x")),
		"exchange":             get("/access_token", exchangeQuery("x")),
		"refresh":              get("/refresh_access_token", refreshQuery("x")),
		"me":                   get("/v25.0/me", url.Values{"access_token": {"x"}}),
		"permissions":          w.request(http.MethodDelete, "/me/permissions", url.Values{"access_token": {"x"}}),
		"dialog":               get(graphPath("dialog/oauth"), dialogQuery()),
		"facebook_code":        get(graphPath("oauth/access_token"), facebookCodeQuery("x")),
		"facebook_exchange":    get(graphPath("oauth/access_token"), extendQuery("x")),
		"facebook_app_token":   get(graphPath("oauth/access_token"), url.Values{"grant_type": {"client_credentials"}}),
		"debug_token":          get(graphPath("debug_token"), nil),
		"facebook_me":          get(graphPath("me"), proven("EAAx")),
		"accounts":             get(graphPath("me/accounts"), proven("EAAx")),
		"object":               get(graphPath(bakery), proven("EAAx")),
		"facebook_permissions": w.request(http.MethodDelete, graphPath("5/permissions"), proven("EAAx")),
	}
}

func TestErrorsAreAnsweredOnEveryEndpoint(t *testing.T) {
	w := newWorld(t)
	for _, e := range igsim.Errors() {
		t.Run(e.Name, func(t *testing.T) {
			for endpoint, req := range w.endpoints() {
				w.must(w.SetFault(igsim.Fault{Endpoint: endpoint, Kind: e.Name, Count: 1}))
				before := w.Calls()[endpoint]
				r := w.do(req)
				if w.Calls()[endpoint] != before+1 || len(w.Faults()) != 0 {
					t.Fatalf("%s: the request went elsewhere", endpoint)
				}
				switch endpoint {
				case "authorize", "dialog":
					window(t, endpoint, r, e)
				case "code":
					v := r.json(t)
					if r.status != e.Status || v["error_type"] != e.Type || v["error_message"] != e.Message || v["code"] != json.Number(fmt.Sprint(e.Status)) {
						t.Errorf("%s: got %d %s", endpoint, r.status, r.body)
					}
				default:
					want := fmt.Sprintf("%d/- %s: %s", e.Code, e.Type, e.Message)
					if e.HasSubcode {
						want = fmt.Sprintf("%d/%d %s: %s", e.Code, e.Subcode, e.Type, e.Message)
					}
					if got := r.graph(t); r.status != e.Status || got != want {
						t.Errorf("%s: got  %d %s\nwant %d %s", endpoint, r.status, got, e.Status, want)
					}
					if transient := strings.Contains(r.body, `"is_transient":true`); transient != e.Transient {
						t.Errorf("%s: transient: got %v, want %v", endpoint, transient, e.Transient)
					}
				}
			}
		})
	}
}

// window checks what a visitor sees of an error.
func window(t *testing.T, endpoint string, r reply, e igsim.MetaError) {
	t.Helper()
	if e.Place != "redirect" {
		if r.status != e.Status || !strings.Contains(r.body, "<h1>Sorry, that did not work</h1>") {
			t.Errorf("%s: got %d %.200s, want a page with %d", endpoint, r.status, r.body, e.Status)
		}
		return
	}
	want := redirectURI + "?" + e.Query
	if !e.StateLost {
		want += "&state=st4te"
	}
	want += map[string]string{"authorize": "#_", "dialog": "#_=_"}[endpoint]
	if got := r.header.Get("Location"); got != want {
		t.Errorf("%s: got  %s\nwant %s", endpoint, got, want)
	}
}

func TestErrors(t *testing.T) {
	names, places := map[string]bool{}, map[string]int{}
	codes := map[string]bool{}
	for _, e := range igsim.Errors() {
		sourced(t, e.Source)
		if names[e.Name] {
			t.Errorf("%s stands twice", e.Name)
		}
		names[e.Name] = true
		places[e.Place]++
		codes[fmt.Sprintf("%d/%d", e.Code, e.Subcode)] = true
		if e.Message == "" || e.Status < 400 || e.Type == "" || e.Code == 0 {
			t.Errorf("%s is incomplete: %+v", e.Name, e)
		}
		if (e.Place == "redirect") != strings.Contains(e.Query, "error") {
			t.Errorf("%s: a redirect, and only that, has parameters with an error: %q", e.Name, e.Query)
		}
	}
	for _, kind := range igsim.FaultKinds() {
		if names[kind] {
			t.Errorf("%s is a kind of fault too", kind)
		}
	}
	for _, place := range []string{"graph", "instagram", "window", "redirect"} {
		if places[place] == 0 {
			t.Errorf("no error is of the place %s", place)
		}
		delete(places, place)
	}
	if len(places) > 0 {
		t.Errorf("unknown places: %v", places)
	}
	// Every code that Meta's page lists, or that was seen.
	for _, want := range []string{
		"1/0", "2/0", "3/0", "4/0", "10/0", "17/0", "17/2446079", "32/0", "100/0", "100/33", "100/36007", "100/36008", "100/36009",
		"101/0", "102/0", "104/0", "190/0", "190/458", "190/459", "190/460", "190/463", "190/464", "190/467", "190/483", "190/490",
		"190/492", "190/493", "191/0", "200/0", "230/0", "299/0", "341/0", "368/0", "613/0", "613/1996", "2500/0", "2635/0", "80001/0", "80002/0", "80006/0",
	} {
		if !codes[want] {
			t.Errorf("no error has the code %s", want)
		}
	}
}

func TestErrorReach(t *testing.T) {
	w := newWorld(t)
	t.Run("the headers of the limits come with them", func(t *testing.T) {
		token := w.long("maria.bakes")
		for name, header := range map[string]string{"graph_4": "X-App-Usage", "graph_80002": "X-Business-Use-Case-Usage"} {
			w.must(w.SetFault(igsim.Fault{Endpoint: "me", Kind: name, Count: 1}))
			if got := w.me(token, "id").header.Get(header); !strings.Contains(got, `"call_count":100`) {
				t.Errorf("%s: %s: got %q", name, header, got)
			}
		}
	})
	t.Run("one person of Facebook", func(t *testing.T) {
		ana, leo := w.facebookLong("ana.one"), w.facebookLong("leo.agency")
		w.must(w.SetFault(igsim.Fault{Kind: "graph_190_460", Account: "ana.one"}))
		defer w.ClearFaults()
		if a, b := w.graph(ana, "me").status, w.graph(leo, "me").status; a != 400 || b != 200 {
			t.Errorf("got %d and %d, want 400 and 200", a, b)
		}
		if a, b := w.extend(ana).status, w.extend(leo).status; a != 400 || b != 200 {
			t.Errorf("exchange: got %d and %d, want 400 and 200", a, b)
		}
		form := with(dialogQuery(), "decision", "approve")
		if got := w.post(graphPath("dialog/oauth"), form).status; got != 400 {
			t.Errorf("the first person of the dialog: got %d, want 400", got)
		}
		code := w.facebookCode("leo.agency")
		w.must(w.SetFault(igsim.Fault{Endpoint: "facebook_code", Kind: "graph_2", Account: "leo.agency"}))
		if got := w.get(graphPath("oauth/access_token"), facebookCodeQuery(code)).status; got != 500 {
			t.Errorf("the code knows its person: got %d, want 500", got)
		}
	})
	t.Run("a visitor comes back from the form too", func(t *testing.T) {
		for path, form := range map[string]url.Values{"/oauth/authorize": windowQuery(), graphPath("dialog/oauth"): dialogQuery()} {
			w.must(w.SetFault(igsim.Fault{Kind: "redirect_developer_role", Count: 1}))
			r := w.post(path, with(form, "decision", "approve"))
			if got := r.header.Get("Location"); !strings.HasPrefix(got, redirectURI+"?error=access_denied&error_description=Insufficient+Developer+Role&state=st4te#_") {
				t.Errorf("%s: got %d %s", path, r.status, got)
			}
		}
	})
	t.Run("nobody is sent to an address that is not registered", func(t *testing.T) {
		w.must(w.SetFault(igsim.Fault{Kind: "redirect_denied", Count: 1}))
		if r := w.get("/oauth/authorize", with(windowQuery(), "redirect_uri", "https://evil.example/")); r.status != http.StatusBadRequest {
			t.Errorf("got %d to %s", r.status, r.header.Get("Location"))
		}
	})
	t.Run("the control lists them", func(t *testing.T) {
		var list []igsim.MetaError
		if err := json.Unmarshal([]byte(w.get("/_sim/errors", nil).body), &list); err != nil || len(list) != len(igsim.Errors()) || list[0] != igsim.Errors()[0] {
			t.Errorf("got %d errors, %v", len(list), err)
		}
	})
	t.Run("Basic Display, dead for good", func(t *testing.T) {
		sourced(t, srcFeed)
		refused(t, w.refresh("IGQWdead"), unsupportedGet)
	})
}
