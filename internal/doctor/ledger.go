package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"igauth/internal/cost"
	"igauth/internal/igauth"
)

// An Installation is what is examined of one that keeps accounts.
type Installation struct {
	Ledger igauth.Ledger
	// Warn is how close its end must be for a token to be warned of; 0 means ten
	// days, as in the default policy.
	Warn time.Duration
	// Now is the clock of the installation.
	Now time.Time
	// Vault is where new tokens are kept, for the estimate of what it costs; ""
	// means that it costs nothing.
	Vault cost.Vault
	// Local says that it is a folder, of which the development server runs the
	// refresh at every full hour while it is up.
	Local bool
	// Idle says that nothing runs the refresh at the moment, and why that is so.
	Idle string
}

const (
	// silentAfter is how long after a run the next one is missed: they come every
	// hour.
	silentAfter = 2 * time.Hour
	// unsentAfter is how old an event is that should have been sent.
	unsentAfter = time.Hour
	// removalAfter is how old a removal is that should have been done.
	removalAfter = 24 * time.Hour
	// warnWithin is how close the end of a token is that is warned of.
	warnWithin = 10 * 24 * time.Hour
	// ends is how many ends of tokens are shown.
	ends = 5
	// looked is how many rows are read where a few are enough to tell.
	looked = 100
)

// statuses are those of accounts that are shown.
var statuses = []igauth.Status{igauth.StatusActive, igauth.StatusExpiring, igauth.StatusReauthRequired, igauth.StatusDisconnected}

// Check examines what the ledger says. Every question to it is bounded.
func (i Installation) Check(ctx context.Context) []Finding {
	health, err := bounded(ctx, i.Ledger.Health)
	if err != nil && !errors.Is(err, igauth.ErrNotFound) {
		return []Finding{fault("ledger-unreachable", "", "The ledger cannot be read: "+storeReason(err)+".",
			"No account can be connected, read or refreshed.", storeMend(err))}
	}
	findings := []Finding{good("ledger", "", "The ledger can be read.")}
	findings = append(findings, i.schedule(health)...)
	findings = append(findings, i.incidents(health)...)
	return append(findings, together(
		func() []Finding { return i.accounts(ctx, health) },
		func() []Finding { return i.nextEnds(ctx) },
		func() []Finding { return i.due(ctx, health) },
		func() []Finding { return i.removals(ctx) },
	)...)
}

// bounded asks a ledger, for CallTimeout at most.
func bounded[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	return ask(ctx)
}

func (i Installation) schedule(h igauth.Health) []Finding {
	const why = "Tokens die after sixty days without a refresh, and nobody is told while nothing runs."
	const mend = "Look at the schedule <stack>-refresh in EventBridge Scheduler (it must be enabled, or its four parts with RefreshSpread), and at the log of the function refresh. igauth refresh --aws does a run now."
	silent := i.Now.Sub(h.RanAt)
	switch {
	case i.Idle != "":
		return []Finding{note("schedule-idle", "", i.Idle, "Nothing is refreshed meanwhile.", "")}
	case i.Local && (h.RanAt.IsZero() || silent > silentAfter):
		return []Finding{note("schedule-idle", "", "The refresh has not run in the last hours of this folder's time.", "The development server runs it at every full hour while it is up.", "")}
	case h.RanAt.IsZero():
		return []Finding{warn("schedule-never", "", "The refresh has never run.", why, "If the installation is new, wait for an hour. "+mend)}
	case silent > silentAfter:
		return []Finding{fault("schedule-silent", "", "The refresh has not run for "+hours(silent)+".", why, mend)}
	}
	return []Finding{good("schedule", "", "The refresh ran "+hours(max(0, silent))+" ago.")}
}

func (i Installation) incidents(h igauth.Health) []Finding {
	var findings []Finding
	for _, open := range h.Incidents {
		login := cmp.Or(open.Login, igauth.LoginInstagram)
		findings = append(findings, fault("incident", string(open.Place),
			fmt.Sprintf("An incident of the app for the login %s is open since %s: %s", login, moment(open.Since), open.Code.Message()),
			"It hits the app and not single accounts. No account is changed because of it, but none is refreshed either.",
			open.Code.Hint()))
		if open.QuietUntil.After(i.Now) {
			findings = append(findings, note("quiet", "", fmt.Sprintf("Meta wants the app of the login %s not to ask until %s.", login, moment(open.QuietUntil)),
				"The app has asked too often in the last hours. The refresh waits by itself.", ""))
		}
	}
	if oldest := oldestOf(h.Outbox); !oldest.IsZero() && i.Now.Sub(oldest) > unsentAfter {
		findings = append(findings, i.unsent(oldest, "the installation"))
	}
	return findings
}

func (i Installation) unsent(since time.Time, whose string) Finding {
	what := "An event of " + whose + " has not been sent since " + moment(since) + "."
	if i.Local {
		return note("events-unsent", "", what, "The development server sends it, while it is up.", "")
	}
	return warn("events-unsent", "", what,
		"Whoever should be told that an owner must connect again is not.",
		"Look at the log of the function refresh, and whether the event bus exists and the function may send to it (events:PutEvents).")
}

func oldestOf(outbox []igauth.Event) time.Time {
	if len(outbox) == 0 {
		return time.Time{}
	}
	return outbox[0].At
}

// accounts counts the accounts of each status.
func (i Installation) accounts(ctx context.Context, h igauth.Health) []Finding {
	counts := map[igauth.Status]int{}
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	for _, status := range statuses {
		n, err := i.Ledger.Count(ctx, status)
		if err != nil && ctx.Err() != nil && h.Counts != nil {
			// There are very many. A run has counted them.
			counts = h.Counts
			break
		}
		if err != nil {
			return []Finding{fault("accounts-unknown", "", "The accounts cannot be counted: "+storeReason(err)+".",
				"The refresh cannot say either how they are.", storeMend(err))}
		}
		counts[status] = n
	}
	total := 0
	var list []string
	for _, status := range statuses {
		if n := counts[status]; n > 0 {
			list = append(list, fmt.Sprintf("%d %s", n, status))
			if status != igauth.StatusDisconnected {
				total += n
			}
		}
	}
	if len(list) == 0 {
		list = []string{"none yet"}
	}
	findings := []Finding{note("accounts-by-status", "", "Accounts: "+strings.Join(list, ", ")+".", "", "")}
	if n := counts[igauth.StatusReauthRequired]; n > 0 {
		findings = append(findings, warn("accounts-dead", "", plural(n, "account")+" must be connected again by the owner.",
			"Meta has ended the token, after a new password for example, or its time was over.",
			"igauth accounts list shows which; igauth reconnect makes the link to send to the owner."))
	}
	if n := counts[igauth.StatusExpiring]; n > 0 {
		findings = append(findings, warn("accounts-failing", "", plural(n, "account")+" cannot be refreshed at the moment.",
			"The tokens live and can be read, but three tries or more have failed in a row.",
			"igauth accounts show tells the last failure and what helps."))
	}
	return append(findings, i.cost(total)...)
}

// cost tells what the installation costs.
func (i Installation) cost(accounts int) []Finding {
	if i.Vault == "" {
		return nil
	}
	bill := cost.Monthly(cost.Usage{Vault: i.Vault, Accounts: accounts, ReadsPerDay: cost.ReadsPerDay})
	text := fmt.Sprintf("About %s a month in AWS for %s, by list prices (vault %s, every token read %d times a day).",
		cost.Dollars(bill.Total), plural(accounts, "account"), i.Vault, cost.ReadsPerDay)
	mend := ""
	if even := cost.BreakEven(cost.ReadsPerDay); i.Vault == cost.SecretsManager && accounts >= even {
		other := cost.Monthly(cost.Usage{Vault: cost.Sealed, Accounts: accounts, ReadsPerDay: cost.ReadsPerDay})
		mend = fmt.Sprintf("With the vault sealed it would be %s; the README says how to change.", cost.Dollars(other.Total))
	}
	return []Finding{note("cost", "", text, "", mend)}
}

// nextEnds looks at whose token ends first.
func (i Installation) nextEnds(ctx context.Context) []Finding {
	var first []igauth.Expiry
	for _, status := range statuses {
		if !status.Live() {
			continue
		}
		expiries, err := bounded(ctx, func(ctx context.Context) ([]igauth.Expiry, error) {
			return i.Ledger.Expiries(ctx, status, ends)
		})
		if err != nil {
			return []Finding{fault("ends-unknown", "", "Whose token ends next cannot be read: "+storeReason(err)+".",
				"The refresh cannot warn of it either.", storeMend(err))}
		}
		for _, e := range expiries {
			if !e.EndsAt.IsZero() { // it never ends
				first = append(first, e)
			}
		}
	}
	if len(first) == 0 {
		return nil
	}
	slices.SortFunc(first, func(a, b igauth.Expiry) int { return cmp.Or(a.EndsAt.Compare(b.EndsAt), cmp.Compare(a.ID, b.ID)) })
	first = first[:min(ends, len(first))]
	var list []string
	for _, e := range first {
		list = append(list, fmt.Sprintf("%s on %s (%s)", e.ID, e.EndsAt.UTC().Format(time.DateOnly), left(e.EndsAt.Sub(i.Now))))
	}
	warned := i.Warn
	if warned == 0 {
		warned = warnWithin
	}
	what := "The tokens that end first: " + strings.Join(list, ", ") + "."
	switch soon := first[0].EndsAt.Sub(i.Now); {
	case soon <= 0:
		return []Finding{fault("ends-passed", string(first[0].ID), what, "A token has ended, and no run has written that down: the refresh does not run, or does not keep up.",
			"Look at the log of the function refresh; igauth refresh does a run now.")}
	case soon < warned:
		return []Finding{warn("ends-soon", string(first[0].ID), what, "With a refresh at half of its life no token should come so close to its end.",
			"igauth accounts show "+string(first[0].ID)+" tells the last failure and what helps.")}
	}
	return []Finding{note("ends", "", what, "", "")}
}

// left returns the rest of a life, for a sentence.
func left(d time.Duration) string {
	if d <= 0 {
		return "over"
	}
	return days(d) + " left"
}

// due looks at what waits for a run, and whether it waits too long. Accounts with
// events that nobody has sent wait there, too.
func (i Installation) due(ctx context.Context, h igauth.Health) []Finding {
	var findings []Finding
	var late, unsent time.Time
	damaged := false
	for shard := range i.Ledger.Shards() {
		accounts, err := bounded(ctx, func(ctx context.Context) ([]igauth.Account, error) {
			accounts, _, err := i.Ledger.Due(ctx, igauth.DueQuery{Shard: shard, Now: i.Now, Limit: looked})
			return accounts, err
		})
		if err != nil && !errors.Is(err, igauth.ErrDamaged) {
			return []Finding{fault("due-unknown", "", "What is due cannot be read: "+storeReason(err)+".",
				"The refresh does not find it either, and tokens will end.", storeMend(err))}
		}
		damaged = damaged || err != nil
		for _, a := range accounts {
			if at := a.DueAt; late.IsZero() || at.Before(late) {
				late = at
			}
			if oldest := oldestOf(a.Outbox); !oldest.IsZero() && (unsent.IsZero() || oldest.Before(unsent)) {
				unsent = oldest
			}
		}
	}
	if damaged {
		findings = append(findings, fault("rows-damaged", "", "Some rows of the ledger cannot be read.",
			"Their accounts are left out of everything. A newer release may have written them, or somebody by hand.",
			"Look at the log of the function refresh, which names them. Run the release that is deployed."))
	}
	stopped := slices.ContainsFunc(h.Incidents, func(i igauth.Incident) bool { return i.Place == igauth.PlaceRefresh })
	if !late.IsZero() && i.Now.Sub(late) > 2*silentAfter && i.Idle == "" && !stopped && i.Now.Sub(h.RanAt) <= silentAfter {
		findings = append(findings, warn("due-late", "", "Accounts have been due for "+hours(i.Now.Sub(late))+", although the refresh runs.",
			"It does not keep up: more is due in an hour than a run can do.",
			"Raise RefreshRate, or set RefreshSpread to yes; the README says how many accounts need what."))
	}
	if !unsent.IsZero() && i.Now.Sub(unsent) > unsentAfter {
		findings = append(findings, i.unsent(unsent, "an account"))
	}
	return findings
}

// removals looks at what Meta asked for and is not done yet.
func (i Installation) removals(ctx context.Context) []Finding {
	open, err := bounded(ctx, func(ctx context.Context) ([]igauth.Removal, error) {
		return i.Ledger.OpenRemovals(ctx, looked)
	})
	if err != nil && !errors.Is(err, igauth.ErrDamaged) {
		return []Finding{fault("removals-unknown", "", "What people asked to have erased cannot be read: "+storeReason(err)+".",
			"What is not found is not finished.", storeMend(err))}
	}
	late := 0
	for _, r := range open {
		if i.Now.Sub(r.ReceivedAt) > removalAfter {
			late++
		}
	}
	if late > 0 {
		return []Finding{fault("removals-open", "", plural(late, "removal")+" that Meta asked for more than a day ago "+are(late)+" not finished.",
			"People were told that their data is being erased. Each run tries again, and reports what is older than an hour.",
			"Look at the log of the function refresh for what is in the way.")}
	}
	return []Finding{good("removals", "", "No removal that Meta asked for waits for longer than a day.")}
}

// What storeReason says where others depend on it.
const (
	notAllowed   = "you are not allowed to"
	notHere      = "it does not exist here"
	badIdentity  = "AWS does not accept the credentials"
	badSignature = "AWS does not accept the signature"
)

// storeReason says why a store did not answer. The text of an error of AWS is not
// shown: it has names and numbers of the AWS account in it.
func storeReason(err error) string {
	var api interface{ ErrorCode() string }
	switch {
	case errors.As(err, &api):
		switch code := api.ErrorCode(); {
		case strings.Contains(code, "AccessDenied"), strings.Contains(code, "NotAuthorized"):
			return notAllowed
		case code == "ResourceNotFoundException":
			return notHere
		case strings.Contains(code, "Expired"), strings.Contains(code, "InvalidClientTokenId"), strings.Contains(code, "UnrecognizedClient"):
			return badIdentity
		case strings.Contains(code, "Signature"), strings.Contains(code, "RequestTimeTooSkewed"):
			return badSignature
		default:
			return "AWS answers " + code
		}
	case errors.Is(err, context.DeadlineExceeded):
		return "it did not answer in time"
	case errors.Is(err, context.Canceled):
		return "the question was interrupted"
	case errors.Is(err, igauth.ErrDamaged):
		return "a row is damaged"
	}
	return reason(err).what
}

// storeMend says what helps.
func storeMend(err error) string {
	switch storeReason(err) {
	case notAllowed:
		return "Use credentials that may read the stack's table and secrets."
	case notHere:
		return "Look whether --stack, the region and the AWS account are the right ones (AWS_REGION, AWS_PROFILE)."
	case badIdentity:
		return "Sign in again (aws sso login, or new keys)."
	case badSignature:
		return "Look at this machine's clock, and at the secret access key."
	}
	return "Try again. If it stays so, look whether the region is the right one and AWS has trouble there."
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
