package crash_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
	"igauth/internal/igsim"
)

// Who reaches the account through Facebook Login, as the simulator knows her: it is
// linked to her Page. The other Page is somebody else's, and has an account, too.
const (
	facebookPerson   = "ana.one"
	facebookScopedID = "10224000000010007"
	otherPage        = "61550000000020129"
)

// facebookClient returns a client of the simulator's Facebook.
func (w *world) facebookClient() *instagram.Facebook {
	return must(instagram.NewFacebook(instagram.FacebookConfig{
		AppID: igsim.MetaAppID,
		AppSecrets: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret(igsim.DefaultMetaAppSecret)}, nil
		},
		RedirectURI: origin + "/callback",
		Transport:   wire{w},
	}))
}

// A facebookPort is Meta behind Facebook Login as a process sees it. What is the
// same as with Instagram Login has the same name.
type facebookPort struct {
	p  *process
	to *instagram.Facebook
}

func (p *process) facebook() facebookPort { return facebookPort{p, p.w.facebookClient()} }

func (f facebookPort) ConsentURL(request igauth.ConsentRequest) *url.URL {
	return f.to.ConsentURL(request)
}

func (f facebookPort) ExchangeCode(ctx context.Context, code igauth.Secret) (igauth.Grant, error) {
	return port(ctx, f.p, "meta.ExchangeCode", func(ctx context.Context) (igauth.Grant, error) { return f.to.ExchangeCode(ctx, code) })
}

func (f facebookPort) ExtendToken(ctx context.Context, user igauth.Secret) (igauth.Token, error) {
	return port(ctx, f.p, "meta.ExtendToken", func(ctx context.Context) (igauth.Token, error) { return f.to.ExtendToken(ctx, user) })
}

func (f facebookPort) Inspect(ctx context.Context, token igauth.Secret) (igauth.Inspection, error) {
	return port(ctx, f.p, "meta.Inspect", func(ctx context.Context) (igauth.Inspection, error) { return f.to.Inspect(ctx, token) })
}

func (f facebookPort) Pages(ctx context.Context, user igauth.Secret, after string) ([]igauth.Page, string, error) {
	type list struct {
		pages []igauth.Page
		next  string
	}
	l, err := port(ctx, f.p, "meta.Pages", func(ctx context.Context) (l list, err error) {
		l.pages, l.next, err = f.to.Pages(ctx, user, after)
		return l, err
	})
	return l.pages, l.next, err
}

func (f facebookPort) PageToken(ctx context.Context, page string, user igauth.Secret) (igauth.Secret, error) {
	return port(ctx, f.p, "meta.PageToken", func(ctx context.Context) (igauth.Secret, error) { return f.to.PageToken(ctx, page, user) })
}

func (f facebookPort) Profile(ctx context.Context, account igauth.AccountID, token igauth.Secret) (igauth.Profile, error) {
	return port(ctx, f.p, "meta.Profile", func(ctx context.Context) (igauth.Profile, error) { return f.to.Profile(ctx, account, token) })
}

var (
	_ igauth.FacebookExchanger = facebookPort{}
	_ igauth.FacebookRenewer   = facebookPort{}
)

// login is the one that the visitor comes through.
func (w *world) login() igauth.Login {
	if w.viaFacebook {
		return igauth.LoginFacebook
	}
	return igauth.LoginInstagram
}

// whoConsents is the person at Meta's window.
func (w *world) whoConsents() string {
	if w.viaFacebook {
		return facebookPerson
	}
	return person
}

// scopedID is that person as the app of the login knows them.
func (w *world) scopedID() string {
	if w.viaFacebook {
		return facebookScopedID
	}
	return instagramScopedID
}

func (w *world) personAtMeta() igauth.PersonID { return igauth.NewPersonID(w.login(), w.scopedID()) }

// through has the visitor come through Facebook Login from the beginning.
func through(before func(w *world)) func(w *world) {
	return func(w *world) {
		w.viaFacebook = true
		before(w)
	}
}

// severalPages is through for a person with two Pages, each with an account.
func severalPages(before func(w *world)) func(w *world) {
	return through(func(w *world) {
		if err := w.sim.SetRole(facebookPerson, otherPage, true); err != nil {
			panic(err)
		}
		before(w)
	})
}

// choosePath is where a visitor chooses one of several accounts.
const choosePath = "/callback/choose"

// next returns where the visitor's browser is by now, of somebody who came back to
// an address.
func (v *visitor) next(back *url.URL) *url.URL {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	if v.page != nil {
		return v.page
	}
	return back
}

// showChoice reads a page that asks the visitor something.
func (v *visitor) showChoice(resp *http.Response) sight {
	if body := must(io.ReadAll(resp.Body)); !strings.Contains(string(body), `value="`+string(personID)+`"`) {
		v.w.problem("the visitor's account is not among those that the page shows")
	}
	return seesChoice
}

// chosen is the visitor's answer.
func (v *visitor) chosen() *http.Request {
	form := url.Values{"account": {string(personID)}}.Encode()
	r := httptest.NewRequest(http.MethodPost, v.next(nil).String(), strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// asked has the visitor come back and be asked to choose.
func (w *world) asked() {
	w.click()
	if seen := w.visitor.load(w.back); seen != seesChoice {
		w.problem("the visitor is not asked to choose: %d", seen)
	}
}

// look has the visitor load the page with the choice.
func (w *world) look(p *process) { w.sees(w.visitor.show(w.visitor.open(p, w.visitor.next(nil)))) }

// choose has the visitor choose. Who does not look any more has nothing but what
// comes of that.
func (w *world) choose(p *process) {
	if w.scenario.after == nil {
		w.mu.Lock()
		p.facts.granted = true
		w.mu.Unlock()
	}
	w.sees(w.visitor.show(w.visitor.send(p, w.visitor.chosen())))
}

// generateFacebook makes a person's token of which igauth knows nothing, some time
// ago; without an ago it is one that was not extended.
func (w *world) generateFacebook(ago time.Duration) {
	meta, ctx := w.facebookClient(), context.Background()
	window := meta.ConsentURL(igauth.ConsentRequest{
		State: igauth.NewSecret("elsewhere"), Scopes: []string{igauth.ScopeFacebookBasic, igauth.ScopePages},
	})
	w.pasted = must(meta.ExchangeCode(ctx, igauth.NewSecret(w.consent(window).Query().Get("code")))).Token
	if ago == 0 {
		return
	}
	w.pasted = must(meta.ExtendToken(ctx, w.pasted)).Value
	time.Sleep(ago)
	untilNextHour()
}

// checkRenewable fails if an account of Facebook Login has lost the token from which
// its next one is made.
func (w *world) checkRenewable(when string, token igauth.Token) {
	a, _ := w.row()
	if a.Login == igauth.LoginFacebook && a.Status.Live() && !w.sim.TokenAlive(token.UserToken.Reveal()) {
		w.problem("%s: the person's token is not there, or dead at Meta", when)
	}
}

// checkFlow fails if a flow tells a secret, or keeps a token that has no use any
// more. The caller holds w.mu.
func (w *world) checkFlow(f igauth.Flow) {
	if f.Done() && f.SealedToken != "" {
		w.problemLocked("a flow has ended and keeps the person's token")
	}
	if f.SealedToken == "" {
		return
	}
	text := string(must(json.Marshal(f)))
	for secret, what := range w.secrets {
		if secret != "" && strings.Contains(text, secret) {
			w.problemLocked("%s is readable in the flow", what)
		}
	}
}
