package igsim_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"igauth/internal/igsim"
)

// graphPath is a path of graph.facebook.com or www.facebook.com.
func graphPath(path string) string { return "/v26.0/" + path }

func dialogQuery() url.Values {
	return url.Values{
		"client_id": {igsim.MetaAppID}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "state": {"st4te"},
		"scope": {"instagram_basic,pages_show_list,business_management"},
	}
}

// dialogForm is the dialog's form as username would send it: the Pages of that
// person ticked, all permissions ticked.
func (w *world) dialogForm(username string, query url.Values) url.Values {
	w.t.Helper()
	form := fields(w.get(graphPath("dialog/oauth"), query).body)
	form.Set("account", username)
	form.Set("decision", "approve")
	return form
}

// returned is the query of the redirect that a form leads to.
func (w *world) returned(form url.Values) url.Values {
	w.t.Helper()
	r := w.post(graphPath("dialog/oauth"), form)
	if r.status != http.StatusFound {
		w.t.Fatalf("consenting: status %d: %s", r.status, r.body)
	}
	to, err := url.Parse(r.header.Get("Location"))
	if err != nil {
		w.t.Fatal(err)
	}
	if to.Fragment != "_=_" {
		w.t.Errorf("fragment: got %q, want _=_", to.Fragment)
	}
	return to.Query()
}

func (w *world) facebookCode(username string) string {
	w.t.Helper()
	return w.returned(w.dialogForm(username, dialogQuery())).Get("code")
}

func facebookCodeQuery(code string) url.Values {
	return url.Values{"client_id": {igsim.MetaAppID}, "client_secret": {igsim.DefaultMetaAppSecret}, "redirect_uri": {redirectURI}, "code": {code}}
}

func extendQuery(token string) url.Values {
	return url.Values{"grant_type": {"fb_exchange_token"}, "client_id": {igsim.MetaAppID}, "client_secret": {igsim.DefaultMetaAppSecret}, "fb_exchange_token": {token}}
}

func (w *world) facebookShort(username string) string {
	w.t.Helper()
	return w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.facebookCode(username))))
}

func (w *world) extend(token string) reply {
	w.t.Helper()
	return w.get(graphPath("oauth/access_token"), extendQuery(token))
}

func (w *world) facebookLong(username string) string {
	w.t.Helper()
	return w.tokenOf(w.extend(w.facebookShort(username)))
}

// proven is a query with a token and its proof.
func proven(token string, pairs ...string) url.Values {
	v := url.Values{"access_token": {token}, "appsecret_proof": {igsim.AppSecretProof(igsim.DefaultMetaAppSecret, token)}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// graph reads from graph.facebook.com.
func (w *world) graph(token, path string, pairs ...string) reply {
	w.t.Helper()
	return w.get(graphPath(path), proven(token, pairs...))
}

const pageFields = "id,name,access_token,tasks,instagram_business_account{id,username}"

// pageNames are the names of the Pages in a list.
func pageNames(t testing.TB, r reply) []string {
	t.Helper()
	names := []string{}
	data, ok := r.json(t)["data"].([]any)
	if !ok {
		t.Fatalf("no list: status %d: %s", r.status, r.body)
	}
	for _, page := range data {
		names = append(names, page.(map[string]any)["name"].(string))
	}
	return names
}

func TestFacebookPages(t *testing.T) {
	w := newWorld(t)
	for username, want := range map[string][]string{
		"ana.one":     {"Maria's Bakery"},
		"leo.agency":  {"Studio Norte", "Old Town Café & Bar", "Casa Verde", "Ideas of Leo"},
		"nora.none":   {},
		"ines.hidden": {"Harbor Gallery"},
		"tom.plain":   {"Tom's Garage"},
	} {
		t.Run(username, func(t *testing.T) {
			r := w.graph(w.facebookLong(username), "me/accounts", "fields", pageFields)
			if got := pageNames(t, r); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if strings.Contains(r.body, "paging") != (len(want) > 0) {
				t.Errorf("paging belongs to a list with Pages: %s", r.body)
			}
		})
	}
}
