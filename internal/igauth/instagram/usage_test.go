package instagram_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
	"igauth/internal/igsim"
)

const (
	appHeader      = "X-App-Usage"
	businessHeader = "X-Business-Use-Case-Usage"
)

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		name, app, business string
		want                igauth.Usage
	}{
		{"nothing is said", "", "", igauth.Usage{}},
		{"as documented", `{"call_count":28,"total_time":25,"total_cputime":24}`, "", igauth.Usage{AppPercent: 28}},
		{"the time is the highest", `{"call_count":1,"total_time":99,"total_cputime":2}`, "", igauth.Usage{AppPercent: 99}},
		{"the processor is the highest", `{"call_count":1,"total_time":2,"total_cputime":101}`, "", igauth.Usage{AppPercent: 101}},
		{"more than the limit", `{"call_count":340}`, "", igauth.Usage{AppPercent: 340}},
		{"numbers as text", `{"call_count":"76","total_time":"3"}`, "", igauth.Usage{AppPercent: 76}},
		{"numbers with a fraction", `{"call_count":76.9}`, "", igauth.Usage{AppPercent: 76}},
		{"one member that is no number", `{"call_count":"many","total_time":[1],"total_cputime":12}`, "", igauth.Usage{AppPercent: 12}},
		{"less than nothing", `{"call_count":-5}`, "", igauth.Usage{}},
		{"no number at all", `{"call_count":"NaN","total_time":"-Inf"}`, "", igauth.Usage{}},
		{"without end", `{"call_count":"Inf","total_time":1e300}`, "", igauth.Usage{AppPercent: 1000}},
		{"a page", `<html>`, `<html>`, igauth.Usage{}},
		{"half", `{"call_count":28`, `{"1":[{"call_count":9`, igauth.Usage{}},
		{"null", `null`, `null`, igauth.Usage{}},
		{"lists", `[1]`, `[1]`, igauth.Usage{}},
		{
			"an account, as documented", "", `{"17841400000010111":[{"type":"instagram","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":17}]}`,
			igauth.Usage{BusinessPercent: 100, RegainAfter: 17 * time.Minute},
		},
		{
			"the highest of several, and the longest", "", `{"1":[{"call_count":5,"estimated_time_to_regain_access":3},{"total_time":"61"}],"2":[],"3":[{"total_cputime":7,"estimated_time_to_regain_access":"9"}]}`,
			igauth.Usage{BusinessPercent: 61, RegainAfter: 9 * time.Minute},
		},
		{
			"minutes of more than two days", "", `{"1":[{"estimated_time_to_regain_access":9223372036854775807}]}`,
			igauth.Usage{RegainAfter: 48 * time.Hour},
		},
		{"minutes below nothing", "", `{"1":[{"call_count":1,"estimated_time_to_regain_access":-9223372036854775807}]}`, igauth.Usage{BusinessPercent: 1}},
		{"both", `{"call_count":80}`, `{"1":[{"call_count":90}]}`, igauth.Usage{AppPercent: 80, BusinessPercent: 90}},
		{"one of both is none", `{"call_count":80}`, `x`, igauth.Usage{AppPercent: 80}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, srcLimits)
			header := http.Header{appHeader: {tt.app}, businessHeader: {tt.business}}
			for _, q := range questions {
				for status, body := range map[int]string{
					200: q.good, 201: "<html>", 400: graphBody("x", "190", "460"), 429: "", 503: "<html>", 302: "", 599: strings.Repeat("x", 100<<10),
				} {
					c := respond(t, status, header, body)
					_, _ = q.ask(t.Context(), c)
					if got := q.usage(c); got != tt.want {
						t.Errorf("%s, status %d: got %+v, want %+v", q.name, status, got, tt.want)
					}
				}
			}
		})
	}
}

// What counts is what was said last, and not for long: an answer that says
// nothing leaves it.
func TestUsageIsTheLatest(t *testing.T) {
	now := start
	var header http.Header
	c := newClient(t, "https://meta.example", withTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
		return fixed(http.StatusOK, header, goodLong).RoundTrip(r)
	})), func(cfg *instagram.Config) { cfg.Now = func() time.Time { return now } })
	for _, step := range []struct {
		name          string
		after         time.Duration
		app, business string
		want          igauth.Usage
	}{
		{"at first", 0, "", "", igauth.Usage{}},
		{"it rises", time.Minute, `{"call_count":80}`, "", igauth.Usage{AppPercent: 80}},
		{"the account's comes to it", time.Minute, "", `{"1":[{"call_count":90,"estimated_time_to_regain_access":5}]}`, igauth.Usage{AppPercent: 80, BusinessPercent: 90, RegainAfter: 5 * time.Minute}},
		{"nothing is said", time.Minute, "", "", igauth.Usage{AppPercent: 80, BusinessPercent: 90, RegainAfter: 5 * time.Minute}},
		{"nonsense is said", time.Minute, "{", "[]", igauth.Usage{AppPercent: 80, BusinessPercent: 90, RegainAfter: 5 * time.Minute}},
		{"the app's is old", 3 * time.Minute, "", "", igauth.Usage{BusinessPercent: 90, RegainAfter: 5 * time.Minute}},
		{"it falls", 0, `{"call_count":10}`, `{"1":[{"call_count":20}]}`, igauth.Usage{AppPercent: 10, BusinessPercent: 20}},
		{"all is old", time.Hour, "", "", igauth.Usage{}},
	} {
		now = now.Add(step.after)
		header = http.Header{appHeader: {step.app}, businessHeader: {step.business}}
		if _, err := c.RefreshToken(t.Context(), igauth.NewSecret(tokenText)); err != nil {
			t.Fatal(err)
		}
		if got := c.Usage(); got != step.want {
			t.Errorf("%s: got %+v, want %+v", step.name, got, step.want)
		}
	}
}

func TestUsageIsSafeForConcurrentUse(t *testing.T) {
	c := respond(t, http.StatusOK, http.Header{appHeader: {`{"call_count":80}`}}, goodLong)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				_, _ = c.RefreshToken(t.Context(), igauth.NewSecret(tokenText))
				if got := c.Usage().AppPercent; got != 80 {
					t.Errorf("got %d, want 80", got)
				}
			}
		})
	}
	group.Wait()
}

// A pace sees the usage by this interface.
var (
	_ interface{ Usage() igauth.Usage } = (*instagram.Client)(nil)
	_ interface{ Usage() igauth.Usage } = (*instagram.Facebook)(nil)
)

func TestUsageOfTheSimulator(t *testing.T) {
	w := newWorld(t)
	long := w.long("maria.bakes")
	w.must(w.SetUsage(igsim.Usage{App: 82, Business: 64}))
	_, err := w.client.Profile(t.Context(), long.Value)
	w.must(err)
	if got, want := w.client.Usage(), (igauth.Usage{AppPercent: 82, BusinessPercent: 64}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for kind, want := range map[string]igauth.Usage{
		"used_up":             {AppPercent: 100, BusinessPercent: 64},
		"rate_limit":          {AppPercent: 100, BusinessPercent: 64},
		"rate_limit_business": {AppPercent: 82, BusinessPercent: 100, RegainAfter: 17 * time.Minute},
	} {
		w.must(w.SetFault(igsim.Fault{Endpoint: "me", Kind: kind, Count: 1}))
		_, err := w.client.Profile(t.Context(), long.Value)
		if (err == nil) != (kind == "used_up") {
			t.Errorf("%s: got error %v", kind, err)
		}
		if got := w.client.Usage(); got != want {
			t.Errorf("%s: got %+v, want %+v", kind, got, want)
		}
	}
}
