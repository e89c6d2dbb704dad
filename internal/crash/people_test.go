package crash_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// A journey is where people have come in a case.
type journey struct {
	// viaFacebook says that the visitor comes through Facebook Login.
	viaFacebook bool
	// back is the address to which Meta sends the visitor, and seen what the
	// visitor saw there.
	back *url.URL
	seen sight
	// pasted is the token that somebody brings, and replace whether that may take the place
	// of a live one.
	pasted  igauth.Secret
	replace bool
	// brought and moved say that a command reported success.
	brought, moved bool
}

// connected has the account connected for a time, with runs at the end of it if
// they would not refresh the token.
func (w *world) connected(ago time.Duration) {
	if !w.visitor.insist(w.visitor.click()) {
		w.problem("the first connection failed")
	}
	w.ticks(3 * time.Hour)
	time.Sleep(ago)
	if ago < 30*day {
		w.ticks(3 * time.Hour)
	}
	untilNextHour()
}

// end has an account's token taken away, and the runs go on for a day.
func (w *world) end(k work) {
	w.work(k, w.begin(k))
	if !w.gone.Load() {
		w.problem("the token was not taken away")
	}
	w.ticks(day)
	w.gone.Store(false)
	// A fake of Secrets Manager ends a deletion when it is asked next.
	for range 2 {
		_, _, _ = w.stack.vault.Find(context.Background(), igauth.Slot{Account: personID, Generation: 1, Attempt: strings.Repeat("0", 32)})
		time.Sleep(time.Minute)
	}
}

// click has the visitor at Meta's window, about to come back.
func (w *world) click() { w.back = w.visitor.click() }

// visit has the visitor come back.
func (w *world) visit(p *process) {
	w.sees(w.visitor.show(w.visitor.open(p, w.back)))
}

// sees notes what the visitor sees.
func (w *world) sees(seen sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = max(w.seen, seen)
}

// reload has the visitor go on until the account is connected.
func (w *world) reload() {
	w.mu.Lock()
	seen := w.seen
	w.mu.Unlock()
	if seen == seesConnected {
		return
	}
	if seen != seesFailed && w.visitor.insist(w.back) {
		if w.claimsBefore == 0 {
			// For all that anybody knows the visitor comes back only now, when the
			// token has been taken away, and wants a new one.
			w.gone.Store(false)
		}
		return
	}
	if a, ok := w.row(); w.scenario.ends != "" && (!ok || a.Status == w.scenario.ends) {
		return // The token was taken away meanwhile.
	}
	w.lose("the visitor is told to try again", lossC2b, lossC3)
	w.checkEarlier()
	if w.scenario.ends == "" {
		w.visitor.again()
	}
}

// checkEarlier makes sure that a connection that failed has taken nothing away.
func (w *world) checkEarlier() {
	if !w.live() {
		return
	}
	if text, err := w.token(); err != nil {
		w.problem("the earlier token is not readable any more: %v", err)
	} else if w.sim.TokenAlive(text) {
		return
	}
	// A run may have stored the next one and not have come to its end.
	w.ticks(2 * time.Hour)
	if text, _ := w.token(); !w.sim.TokenAlive(text) {
		w.lose("the earlier token is dead", lossR3)
	}
}

// run is a scheduled run.
func (w *world) run(p *process) {
	p.do(func(ctx context.Context) {
		_, err := p.refresher().RunOnce(ctx)
		w.logError("run failed", err)
	})
}

// logError writes down an error, as what calls the domain does.
func (w *world) logError(what string, err error) {
	if err != nil && !errors.Is(err, errKilled) {
		w.log.Error(what, "code", igauth.CodeOf(err), "err", err)
	}
}

// disconnect has the site's backend disconnect the account.
func (w *world) disconnect(p *process) {
	if resp, ok := p.api(http.MethodDelete, "/accounts/"+string(personID)); ok && resp.StatusCode == http.StatusOK {
		w.wentAway()
	}
}

// erase has somebody at a command line erase the account.
func (w *world) erase(p *process) {
	var err error
	if p.do(func(ctx context.Context) { _, err = p.store().Erase(ctx, personID) }) && err == nil {
		w.wentAway()
	}
	w.logError("account not erased", err)
}

// remove is Meta, which says that the owner has just taken the app's access away.
func (w *world) remove(p *process, kind igauth.RemovalKind) {
	var err error
	request := igauth.RemovalRequest{
		Kind: kind, Code: string(kind), UserID: w.scopedID(), Logins: []igauth.Login{w.login()}, At: time.Now(),
	}
	if p.do(func(ctx context.Context) { _, err = p.store().Remove(ctx, request) }) && err == nil {
		w.wentAway()
	}
	w.logError("account not removed", err)
}

// wentAway notes that nobody may read the token any more, unless the visitor has come
// back between the end of the account and this answer: that is a new consent.
func (w *world) wentAway() {
	w.mu.Lock()
	w.claimsBefore = w.claims
	if w.takenAfter >= 0 {
		w.claimsBefore = w.takenAfter
	}
	if w.visitor.page != nil {
		w.claimsBefore++ // who has to choose has consented
	}
	newer := w.claimsBefore == 0 && w.claims > 0
	w.mu.Unlock()
	if newer {
		return
	}
	w.gone.Store(true)
	w.checkGone()
}

// generate makes a token of which igauth knows nothing, some time ago.
func (w *world) generate(ago time.Duration) {
	if w.viaFacebook {
		w.generateFacebook(ago)
		return
	}
	meta, ctx := w.instagram(), context.Background()
	window := meta.ConsentURL(igauth.ConsentRequest{State: igauth.NewSecret("elsewhere"), Scopes: []string{igauth.ScopeBasic}})
	grant := must(meta.ExchangeCode(ctx, igauth.NewSecret(w.consent(window).Query().Get("code"))))
	w.pasted = must(meta.ExtendToken(ctx, grant.Token)).Value
	time.Sleep(ago)
	untilNextHour()
}

// bring has somebody at a command line import the token.
func (w *world) bring(p *process) { w.bringing(p) }

// bringing reports whether the person knows now that it is done, or that it
// cannot be.
func (w *world) bringing(p *process) (known bool) {
	var err error
	if !p.do(func(ctx context.Context) {
		_, err = p.refresher().Import(ctx, igauth.Import{Token: w.pasted, Replace: w.replace})
	}) {
		return false
	}
	w.logError("token not imported", err)
	switch {
	case err == nil:
		w.brought = true
		if !w.scenario.takesAway() {
			w.checkReadable("the command reported an import")
		}
		return true
	case igauth.ClassOf(err) == igauth.ClassDead, igauth.CodeOf(err) == igauth.CodeAlreadyConnected:
		return true
	}
	return false
}

func (s *scenario) takesAway() bool { return s.ends != "" }

// bringAgain has the person repeat the command until it says something definite.
func (w *world) bringAgain() {
	if w.brought {
		return
	}
	for range 20 {
		if w.bringing(w.begin(bring)) {
			return
		}
		time.Sleep(10 * time.Second)
	}
	w.problem("the command never reported an import")
}

// move has somebody at a command line move the token to where new ones go.
func (w *world) move(p *process) {
	var err error
	if p.do(func(ctx context.Context) { err = p.store().Move(ctx, personID) }) && err == nil {
		w.moved = true
	}
	w.logError("token not moved", err)
}

// moveAgain has the person repeat the command until it reports success. What an
// earlier one left is for the next run to end.
func (w *world) moveAgain() {
	for range 4 {
		if w.moved {
			return
		}
		w.ticks(time.Hour)
		w.move(w.begin(move))
	}
	w.problem("the command never reported that the token was moved")
}
