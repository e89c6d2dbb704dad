package crash_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// token reads the token as the site's backend does.
func (w *world) token() (string, error) {
	_, token, err := w.observer.Token(context.Background(), personID, 0)
	return token.Value.Reveal(), err
}

// checkLive fails if the account has no token that Meta accepts.
func (w *world) checkLive(when string) {
	_, token, err := w.observer.Token(context.Background(), personID, 0)
	switch {
	case err != nil:
		w.problem("%s: the token is not readable: %v", when, err)
	case !w.sim.TokenAlive(token.Value.Reveal()):
		w.problem("%s: the token is dead at Meta", when)
	}
	w.checkRenewable(when, token)
}

// checkReadable fails if the account is shown as alive and its token cannot be
// read, unless its time is over and no run has seen that yet.
func (w *world) checkReadable(when string) {
	if a, _ := w.row(); w.live() && (a.EndsAt().IsZero() || a.EndsAt().After(time.Now())) {
		if _, err := w.token(); err != nil {
			w.problem("%s: the account is live and its token is not readable: %v", when, err)
		}
	}
}

// checkGone fails if a token can be read that was taken away.
func (w *world) checkGone() {
	if _, err := w.token(); igauth.CodeOf(err) != igauth.CodeDisconnected && igauth.CodeOf(err) != igauth.CodeAccountNotFound {
		w.problem("a token was taken away, and a read answers %v", err)
		w.gone.Store(false) // once is enough
	}
}

// checkRows looks at what the ledger has when all is quiet.
func (w *world) checkRows() {
	rows, err := w.stack.ledger.Accounts(context.Background(), "", 10)
	if err != nil {
		w.problem("the accounts cannot be listed: %v", err)
	}
	if len(rows) > 1 {
		w.problem("there are %d accounts", len(rows))
	}
	if open, err := w.stack.ledger.OpenRemovals(context.Background(), 10); err != nil || len(open) > 0 {
		w.problem("removals are not done: %+v (%v)", open, err)
	}
	for _, a := range rows {
		if a.ID != personID {
			w.problem("there is an account %s", a.ID)
		}
		if a.Lease.Attempt != "" {
			w.problem("the row is %s and still leased until %s", a.Status, a.Lease.Until)
		}
		if a.Unpromoted {
			w.problem("the row is %s and still not promoted", a.Status)
		}
		if !a.SweepAt.IsZero() {
			w.problem("the row is %s and the vault still to be emptied at %s", a.Status, a.SweepAt)
		}
		if a.Status == igauth.StatusDeleting && (a.Username != "" || a.AppScopedID != "" || len(a.History) > 0 || a.ForgetAt.IsZero()) {
			w.problem("the account is erased, and the row still knows things of it, or is never forgotten")
		}
		now := time.Now()
		switch live := a.Status.Live(); {
		case live && !a.DueAt.After(now):
			w.problem("the row is %s and was due at %s, and nothing happened until %s", a.Status, a.DueAt, now)
		case live && a.DueAt.After(now.Add(day)):
			w.problem("the row is %s and Meta is not asked about it before %s", a.Status, a.DueAt)
		case a.Status == igauth.StatusReauthRequired && a.DueAt.After(now.Add(-time.Hour)) && !a.DueAt.After(now.Add(day)):
			// For a week Meta is asked whether the token really is dead.
		case !live && !a.DueAt.IsZero():
			w.problem("the row is %s and due at %s", a.Status, a.DueAt)
		}
		if a.Status == igauth.StatusReauthRequired {
			token, err := w.stack.vault.Get(context.Background(), igauth.Slot{Account: a.ID, Generation: a.Generation}, a.Ref)
			if err == nil && w.sim.TokenAlive(token.Value.Reveal()) {
				w.problem("the owner is asked to connect again, and the token is alive")
			}
		}
	}
}

// checkVault looks at what is in the vault beside the rows.
func (w *world) checkVault() {
	a, _ := w.row()
	held := w.stack.held()
	for id, current := range held {
		switch {
		case id != personID:
			w.problem("the vault has a secret of %s", id)
		case a.Status == igauth.StatusReauthRequired:
			// The text stays until the next token replaces it.
		case !w.stack.vault.Keeps(a.Ref):
			w.problem("the vault has a secret of the account, which is %q and has its token elsewhere", a.Status)
		default:
			if text, err := w.token(); err == nil && text != current {
				w.problem("direct readers of the vault see another token than the row's")
			}
		}
	}
	if _, ok := held[personID]; w.stack.vault.Keeps(a.Ref) && !ok {
		w.problem("direct readers of the vault see no token")
	}
}

// checkPuts fails if runs have put tokens more often than Secrets Manager likes
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
func (w *world) checkPuts() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var runs []time.Time
	for _, p := range w.puts {
		if p.byRun {
			runs = append(runs, p.at)
		}
	}
	slices.SortFunc(runs, time.Time.Compare)
	for i := range runs {
		if i > 0 && runs[i].Sub(runs[i-1]) < 10*time.Minute {
			w.problemLocked("two versions of a secret within %s", runs[i].Sub(runs[i-1]))
		}
	}
}

// checkLog fails if a secret is in the log.
func (w *world) checkLog() {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := w.text.String()
	for secret, what := range w.secrets {
		if secret != "" && strings.Contains(text, secret) {
			w.problemLocked("%s is in the log", what)
		}
	}
}

// tookAccessAway reports whether it is written down that the owner took access
// away before the account was connected.
func (w *world) tookAccessAway() bool {
	p, err := w.stack.ledger.Person(context.Background(), w.personAtMeta())
	return err == nil && !p.EndedAt.IsZero()
}

// settled is called when three days have passed. It makes sure of the end state
// and, if the token was lost, that the account can be connected again.
func (w *world) settled() {
	w.checkRows()
	w.checkVault()
	w.checkEvents()
	switch a, ok := w.row(); {
	case ok && a.Status.Live():
		w.checkLive("after three days")
		if w.scenario.after == nil && w.books.spent > w.spent && a.ConnectedAt.Before(w.began.Add(-time.Second)) {
			w.lose("the visitor left, and the earlier token was not replaced", lossC2b, lossC3)
		}
		return
	case w.scenario.dies && ok && a.Status == igauth.StatusReauthRequired:
	case ok && a.Status == igauth.StatusReauthRequired:
		w.lose("the owner is asked to connect again", lossR3)
		if _, err := w.token(); igauth.CodeOf(err) != igauth.CodeReauthRequired {
			w.problem("the token is dead, and a read answers %v", err)
		}
	case w.gone.Load():
		return
	case w.scenario.takesAway() && (a.Status == w.scenario.ends || !ok && w.tookAccessAway()):
		return
	case w.books.spent > 0:
		w.lose("Meta gave a token, and the account is "+string(a.Status), lossC2b, lossC3)
	}
	w.visitor.again()
	w.ticks(2 * time.Hour)
	w.checkRows()
	w.checkVault()
	w.checkEvents()
	w.checkLive("after connecting again")
}
