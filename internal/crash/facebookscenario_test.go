package crash_test

import (
	"fmt"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// What visitors do who come through Facebook Login. Its names for calls, and what
// people do afterwards, are those of Instagram Login.
var (
	look     = work{"visitor's look", callbackLife, (*world).look, "ledger.Flow"}
	choose   = work{"visitor's choice", callbackLife, (*world).choose, "meta.PageToken"}
	bringEAA = work{"import", commandLife, (*world).bring, "meta.Inspect"}
)

// twoStacks are where it is tried: one vault keeps tokens, one does not. The
// others tell the same of both logins.
var twoStacks = []string{"aws", "bolt-sealed"}

func init() {
	reload := []func(*world){(*world).reload}
	single := []*scenario{
		{name: "Facebook: connect, one Page", before: through((*world).click), works: []work{visit}, after: reload},
		{name: "Facebook: connect, one Page, and leave", before: through((*world).click), works: []work{visit}},
		{name: "Facebook: connect, several Pages", before: severalPages((*world).click), works: []work{visit}, after: reload},
		// One call, so that all pairs are tried: what strikes then is the choice.
		{name: "Facebook: look at the choice", stacks: twoStacks[:1], before: severalPages((*world).asked), works: []work{look}, after: reload},
		{name: "Facebook: choose", before: severalPages((*world).asked), works: []work{choose}, after: reload},
		{name: "Facebook: choose and leave", before: severalPages((*world).asked), works: []work{choose}},
		{name: "Facebook: reconnect, one Page", before: through(reconnecting), works: []work{visit}, after: reload},
		{
			name: "Facebook: reconnect, choose", before: severalPages(func(w *world) { w.connected(10 * day); w.asked() }),
			works: []work{choose}, after: reload,
		},
		{
			name: "Facebook: reconnect what came by Instagram", before: func(w *world) {
				w.connected(10 * day)
				w.viaFacebook = true
				w.click()
			},
			works: []work{visit}, after: reload,
		},
		{
			name: "Facebook: reconnected by Instagram", before: through(func(w *world) {
				w.connected(10 * day)
				w.viaFacebook = false
				w.click()
			}),
			works: []work{visit}, after: reload,
		},
		{name: "Facebook: refresh", behaviours: []string{"same", "new-old-lives"}, before: through(overdue), works: []work{run}},
		{
			name: "Facebook: warning of data access", before: through(func(w *world) { w.aged(77 * day); w.tick(); untilNextHour() }),
			works: []work{run},
		},
		{name: "Facebook: end of data access", before: through(func(w *world) { w.aged(90 * day) }), works: []work{run}, dies: true},
		{
			name: "Facebook: second dead verdict", before: through(func(w *world) { w.removed(); w.tick(); untilNextHour() }),
			works: []work{run}, dies: true,
		},
		{
			name: "Facebook: import", before: through(func(w *world) { w.generate(20 * day) }),
			works: []work{bringEAA}, after: []func(*world){(*world).bringAgain},
		},
		{
			name: "Facebook: import, token short", before: through(func(w *world) { w.generate(0) }),
			works: []work{bringEAA}, after: []func(*world){(*world).bringAgain},
		},
		{
			name: "Facebook: import over connection", before: through(replacing),
			works: []work{bringEAA}, after: []func(*world){(*world).bringAgain},
		},
		{
			name: "Facebook: deauthorize", before: through(func(w *world) { w.connected(10 * day) }),
			works: []work{deauthorize}, ends: igauth.StatusDisconnected,
		},
	}
	for _, s := range single {
		if s.stacks == nil {
			s.stacks = twoStacks
		}
	}
	scenarios = append(scenarios, single...)

	const (
		read    = "ledger.Flow"
		page    = "meta.PageToken"
		obtain  = "ledger.Account"
		put     = "vault.Put"
		commit  = "ledger.Save"
		promote = "vault.Promote"
	)
	clicked, click := through(func(w *world) { w.connected(34 * day); w.click() }), through((*world).click)
	asked, again := severalPages((*world).asked), severalPages(func(w *world) { w.connected(34 * day); w.asked() })
	for _, r := range []struct {
		first, second work
		op            string
		n             int
		before        func(w *world)
		ends          igauth.Status
		stacks        []string
	}{
		{visit, deauthorize, "meta.Pages", 1, click, igauth.StatusDisconnected, nil},
		{visit, deauthorize, obtain, 1, click, igauth.StatusDisconnected, nil},
		{visit, deletion, put, 1, click, igauth.StatusDeleting, nil},
		{visit, deauthorize, commit, 3, through(reconnecting), igauth.StatusDisconnected, nil},
		{visit, deauthorize, commit, 2, severalPages((*world).click), igauth.StatusDisconnected, nil},
		{visit, disconnect, put, 1, through(reconnecting), igauth.StatusDisconnected, nil},

		{choose, deauthorize, read, 1, asked, igauth.StatusDisconnected, nil},
		{choose, deauthorize, page, 1, asked, igauth.StatusDisconnected, nil},
		{choose, deauthorize, obtain, 1, again, igauth.StatusDisconnected, nil},
		{choose, deletion, put, 1, asked, igauth.StatusDeleting, nil},
		{choose, deauthorize, commit, 3, again, igauth.StatusDisconnected, nil},
		{choose, disconnect, page, 1, again, igauth.StatusDisconnected, nil},
		{choose, erase, put, 1, asked, igauth.StatusDeleting, nil},
		{choose, run, put, 1, again, "", nil},

		{run, visit, "meta.PageToken", 1, clicked, "", nil},
		{run, visit, commit, 2, clicked, "", nil},
		{run, choose, put, 1, again, "", nil},
		{visit, run, obtain, 1, clicked, "", nil},
		{visit, run, promote, 1, clicked, "", keeping},
		{run, deauthorize, put, 1, through(overdue), igauth.StatusDisconnected, nil},
		{run, deletion, "meta.PageToken", 1, through(overdue), igauth.StatusDeleting, nil},

		{bringEAA, deletion, put, 1, through(func(w *world) { w.generate(20 * day) }), igauth.StatusDeleting, nil},
		{bringEAA, visit, put, 1, through(func(w *world) { replacing(w); w.click() }), "", nil},
	} {
		s := &scenario{
			name:   fmt.Sprintf("Facebook: %s during %s at %s %d", r.second.name, r.first.name, r.op, r.n),
			before: r.before, works: []work{r.first, r.second}, gate: &gate{op: r.op, n: r.n}, ends: r.ends, stacks: r.stacks,
			behaviours: []string{"new-old-lives"},
		}
		if s.stacks == nil {
			s.stacks = twoStacks
		}
		if r.ends != "" {
			s.behaviours = []string{"new-old-dies"}
		}
		if r.first.byVisitor() || r.second.byVisitor() {
			s.after = reload
		}
		scenarios = append(scenarios, s)
	}
}

// byVisitor reports whether it is a visitor who does it.
func (k work) byVisitor() bool { return strings.HasPrefix(k.name, visit.name) }

// aged has the account connected for a time in which runs have renewed it.
func (w *world) aged(ago time.Duration) {
	w.justConnected()
	began := time.Now()
	for _, at := range []time.Duration{34 * day, 68 * day, ago} {
		time.Sleep(at - time.Since(began))
		untilNextHour()
		if at < ago {
			w.tick()
			untilNextHour()
			w.tick()
		}
	}
}
