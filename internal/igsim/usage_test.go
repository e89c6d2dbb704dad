package igsim_test

import (
	"net/http"
	"testing"
	"time"

	"igauth/internal/igsim"
)

// The headers stand on every answer of the graph host, refused or not, and on no
// other.
func TestUsage(t *testing.T) {
	w := newWorld(t)
	token := w.long("maria.bakes")
	w.clock.Advance(25 * time.Hour)
	code := w.code("maria.bakes")
	const business = `{"17841400000010111":[{"type":"instagram","call_count":130,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":0}]}`
	sourced(t, srcLimits)
	for _, tt := range []struct {
		name          string
		usage         *igsim.Usage
		app, business string
	}{
		{"at first", nil, `{"call_count":3,"total_time":3,"total_cputime":3}`, ""},
		{"none", &igsim.Usage{}, "", ""},
		{"of the app", &igsim.Usage{App: 80}, `{"call_count":80,"total_time":80,"total_cputime":80}`, ""},
		{"of the account", &igsim.Usage{Business: 130}, "", business},
		{"of both", &igsim.Usage{App: 99, Business: 130}, `{"call_count":99,"total_time":99,"total_cputime":99}`, business},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.usage != nil {
				w.must(w.SetUsage(*tt.usage))
			}
			for name, tr := range map[string]struct {
				reply
				status        int
				app, business string
			}{
				"a profile":              {w.me(token, "id"), 200, tt.app, tt.business},
				"a refused profile":      {w.me(token, "shoe_size"), 400, tt.app, tt.business},
				"nobody's profile":       {w.me("IGAAnobody", "id"), 400, tt.app, ""},
				"a refused exchange":     {w.get("/access_token", exchangeQuery(token)), 400, tt.app, tt.business},
				"a refused code":         {w.post("/oauth/access_token", codeForm("x")), 400, "", ""},
				"a window":               {w.get("/oauth/authorize", windowQuery()), 200, "", ""},
				"the list of the people": {w.get("/_sim/people", nil), 200, "", ""},
			} {
				if tr.reply.status != tr.status || tr.header.Get("X-App-Usage") != tr.app || tr.header.Get("X-Business-Use-Case-Usage") != tr.business {
					t.Errorf("%s: got status %d, %q and %q, want %d, %q and %q", name,
						tr.reply.status, tr.header.Get("X-App-Usage"), tr.header.Get("X-Business-Use-Case-Usage"), tr.status, tr.app, tr.business)
				}
			}
		})
	}
	t.Run("refreshing", func(t *testing.T) {
		if r := w.refresh(token); r.status != http.StatusOK || r.header.Get("X-Business-Use-Case-Usage") != business {
			t.Errorf("got status %d and %q", r.status, r.header.Get("X-Business-Use-Case-Usage"))
		}
	})
	t.Run("a code", func(t *testing.T) {
		if r := w.post("/oauth/access_token", codeForm(code)); r.status != http.StatusOK || r.header.Get("X-App-Usage") != "" {
			t.Errorf("got status %d and %q", r.status, r.header.Get("X-App-Usage"))
		}
	})
	t.Run("less than nothing", func(t *testing.T) {
		if err := w.SetUsage(igsim.Usage{App: 5, Business: -1}); err == nil || w.Usage().App != 99 {
			t.Errorf("got %v, and %+v", err, w.Usage())
		}
	})
}
