package main

import "slices"

// A mutant is a mistake that somebody might make.
type mutant struct {
	name string
	// In the file the text that is right becomes wrong.
	file, right, wrong string
	// The test of the package notices it.
	pkg, test string
	args      []string
}

const (
	domain  = "internal/igauth/"
	crash   = "./internal/crash"
	single  = "TestSingleFaults"
	workers = "TestWorkersDoNotHarmEachOther"
	racing  = "./internal/concurrency"
	years   = "TestNoLiveTokenDies"
	soak    = "./internal/soak"
)

// short is a story in which each mistake shows, and that ends when it does.
var short = []string{"-violations", "1"}

// cases runs a part of the crash matrix.
func cases(prefix string) []string { return []string{"-case", prefix} }

// stories have the workers race in the same ways each time, and do not look for the
// shortest one of what goes wrong.
var stories = []string{"-steps", "1", "-rapid.checks", "1800", "-rapid.seed", "7", "-rapid.nofailfile", "-rapid.shrinktime", "1s"}

var mutants = slices.Concat(tokenMutants, metaMutants)

// tokenMutants are mistakes with the life of tokens.
var tokenMutants = []mutant{
	{
		"the row is committed before the vault has the token",
		domain + "commit.go", `		ref, err = s.vault.Put(ctx, slot, a.Profile, token)
		return err
	})
	if err != nil {
		// It may have been kept all the same.
		s.sweep(ctx, a)
		return Account{}, fmt.Errorf("keeping the token: %w", err)
	}
	committed, err := s.adopt(ctx, a, slot, ref, token, f)
`, `		ref = Ref(fmt.Sprintf("%s-%d", slot.Attempt, slot.Generation))
		return err
	})
	if err != nil {
		return Account{}, err
	}
	committed, err := s.adopt(ctx, a, slot, ref, token, f)
	if err == nil {
		_, err = s.vault.Put(ctx, slot, a.Profile, token)
	}
`, crash, single, cases("refresh/same/aws/"),
	},
	{
		"a commit does not look whether the generation has moved on",
		domain + "commit.go", `		case fresh.Generation != a.Generation || lease`, `		case lease`,
		"./internal/igauth", "TestRefreshThatTheVaultKeptForDaysChangesNothing", nil,
	},
	{
		"the ledger saves whatever the revision is",
		domain + "boltstore/ledger.go", `	if revision(old.Record) != expected && !repeated {`, `	if false && !repeated {`,
		crash, single, cases("disconnect during"),
	},
	{
		"AWSCURRENT is taken for the truth instead of the row",
		domain + "awsstore/secrets/read.go", `		VersionId: &version,
	})
	if err != nil {
		return igauth.Token{}, err`, `		VersionStage: aws.String(labelCurrent),
	})
	if err != nil {
		return igauth.Token{}, err`, crash, single, cases("refresh/new-old-dies/aws/"),
	},
	{
		"the ledger's clean-up is trusted to end a claim",
		domain + "store.go", ` || !now.Before(f.ClaimUntil) {`, ` {`, "./internal/igauth", "TestClaimIsOldAfterAMinute", nil,
	},
	{
		"the account is claimed as it was when it was found due",
		domain + "action.go", `	if err := r.claim(ctx, &a, WorkRefresh); err != nil {`, `	if fresh, err := r.store.row(ctx, a.ID); err == nil {
		a.Revision = fresh.Revision
	}
	if err := r.claim(ctx, &a, WorkRefresh); err != nil {`, racing, workers, stories,
	},
	{
		"who loses a race empties the vault",
		domain + "commit.go", `	if err != nil && s.vault.Keeps(ref) {
		s.sweep(ctx, a)
	}
`, `	if err != nil && s.vault.Keeps(ref) {
		_ = s.vault.Destroy(ctx, Slot{Account: a.ID, Generation: 1 << 40})
	}
`, crash, single, cases("visitor during run"),
	},
	{
		"a connection does not look whether the account was ended since it began",
		domain + "connect.go", `			case a.EndedAt.After(began):`, `			case false:`, racing, workers, stories,
	},
	{
		"an import does not look whether the account was ended since it began",
		domain + "import.go", `		case a.EndedAt.After(began):`, `		case false:`, racing, workers, stories,
	},
	{
		"a save that is repeated by the SDK is taken for a conflict",
		domain + "awsstore/table/save.go", `		if text(failed.Item[attrAttempt]) == attempt {
			return nil
		}
		err = igauth.ErrConflict`, `		_ = failed
		err = igauth.ErrConflict`, "./internal/igauth/awsstore/table", "TestLedger", nil,
	},
	{
		"who empties the vault too late empties it all the same",
		domain + "awsstore/secrets/read.go", `ours && generation > slot.Generation {`, `ours && generation > slot.Generation && false {`, "./internal/igauth/awsstore/secrets", "TestVault", nil,
	},
	{
		"who promotes too late promotes all the same",
		domain + "awsstore/secrets/read.go", `known && generation > slot.Generation {
		return nil`, `known && generation > slot.Generation && false {
		return nil`, "./internal/igauth/awsstore/secrets", "TestVault", nil,
	},
	{
		"a promotion that did not happen is forgotten",
		domain + "commit.go", `	a.Unpromoted = s.vault.Keeps(a.Ref)
	switch {
	case a.Unpromoted:`, `	switch {
	case s.vault.Keeps(a.Ref):`, crash, single, cases("refresh/same/aws/"),
	},
	{
		"an attempt that did not come back is given up",
		domain + "commit.go", `	ref, token, err := s.vault.Find(ctx, slot)
`, `	ref, token, err := Ref(""), Token{}, ErrNotFound
`, crash, single, cases("refresh/new-old-dies/aws/"),
	},
	{
		"what was refreshed is thrown away when a visitor comes",
		domain + "lease.go", `	return w.byPerson() || w == WorkRefresh && a.Status.Live() && endsLater(token.ExpiresAt, a.ExpiresAt)
`, `	return false
`, crash, single, cases("visitor during run at vault.Put/new-old-dies/"),
	},
	{
		"a move that did not come back brings the old token back",
		domain + "lease.go", `	return w == WorkRefresh && endsLater`, `	return w == WorkMove || endsLater`, "./internal/igauth", "TestDeadMoveDoesNotBringTheOldTokenBack", nil,
	},
	{
		"what overtaken attempts have put is not destroyed",
		domain + "action.go", `		a.Generation++
	}
	if err := r.claim(ctx, &a, WorkEmpty)`, `	}
	if err := r.claim(ctx, &a, WorkEmpty)`, "./internal/igauth", "TestNothingStaysOfAttemptsThatOvertookEachOther", nil,
	},
	{
		"the vault is emptied once only",
		domain + "account.go", `	if a.Swept {`, `	if true {`, crash, single, cases("disconnect during run"),
	},
	{
		"any failure of a refresh ends the account",
		domain + "action.go", `	if ClassOf(cause) == ClassDead {
		return r.denied(ctx, a, cause)`, `	if cause != nil {
		return r.dead(ctx, a, CodeOf(cause))`, crash, single, cases("refresh/same/"),
	},
	{
		"a token is refreshed on its first day",
		domain + "policy.go", `	if floor := a.IssuedAt.Add(p.MinAge); at.Before(floor) {`, `	if floor := a.IssuedAt.Add(p.MinAge); false && at.Before(floor) {`, "./internal/igauth", "TestPlan", nil,
	},
	{
		"a reader of an account that is just being moved is sent away",
		domain + "store.go", `fresh.Generation == a.Generation && fresh.Ref == a.Ref {`, `fresh.ID == a.ID {`, "./internal/igauth", "TestReadDuringAMove", nil,
	},
	{
		"what was sealed stays in Secrets Manager, too",
		domain + "commit.go", `	case s.vault.Keeps(replaced):
		a.sweepFrom(s.now())
`, ``, "./internal/app/stores", "TestVaultIsMigrated", nil,
	},
	{
		"a token is refreshed only when somebody uses it",
		domain + "policy.go", `func (p Policy) planRefresh(a Account) Plan {
`, `func (p Policy) planRefresh(a Account) Plan {
	if a.ConfirmAt.IsZero() {
		return Plan{Action: ActionNone}
	}
`, soak, years, short,
	},
	{
		"a refresh that failed is not tried again",
		domain + "policy.go", `	if !a.TriedAt.IsZero() {
`, `	if !a.TriedAt.IsZero() {
		return Plan{Action: ActionNone}
`, soak, years, short,
	},
	{
		"a token is refreshed in the last two days of its life",
		domain + "policy.go", `	at := a.IssuedAt.Add(time.Duration(float64(life) * part))
`, `	at := a.IssuedAt.Add(life - 48*time.Hour)
`, soak, years, short,
	},
	{
		"an outage of Meta is a failure of every account",
		domain + "heal.go", `	if r.alone {
		return write()
	}
	e, _ :=`, `	if true {
		return write()
	}
	e, _ :=`, soak, years, short,
	},
	{
		"an event leaves the outbox although nobody took it",
		domain + "relay.go", `	if err := r.publish(ctx, messages); err != nil {
		return a, err
	}
`, `	_ = r.publish(ctx, messages)
`, soak, years, short,
	},
	{
		"an event that was not sent at once is never sent",
		domain + "run.go", `	if due := outboxDue(a.Outbox); !due.IsZero() && !due.After(r.now) {
`, `	if due := outboxDue(a.Outbox); false && !due.IsZero() {
`, soak, years, short,
	},
	{
		"a change is told after it was saved, if the function lives so long",
		domain + "commit.go", `		err := s.saveAll(ctx, Change{Account: &next, Flow: f, Person: former})
		if err == nil {
			if err := s.promote`, `		late := next.Outbox
		next.Outbox = a.Outbox
		err := s.saveAll(ctx, Change{Account: &next, Flow: f, Person: former})
		if err == nil {
			next.Outbox = late
			_ = s.save(ctx, &next, nil)
			if err := s.promote`, soak, years, short,
	},
	{
		"dead is believed the first time",
		domain + "action.go", `	if a.Doubt.Code == "" && !app.breaker.believes() {`, `	if false {`, "./internal/igauth", "TestBlipOfDeathAsksNobody", nil,
	},
	{
		"dead is believed the first time, and the token lives",
		domain + "action.go", `	if a.Doubt.Code == "" && !app.breaker.believes() {`, `	if false {`, crash, single, cases("first dead verdict, then alive/"),
	},
	{
		"held failures are written when the breaker trips",
		domain + "heal.go", `		h.drop()
`, `		h.write()
`, "./internal/igauth", "TestIncidentTouchesNoAccount", nil,
	},
	{
		"the outbox is cleared before it is sent",
		domain + "relay.go", `	if err := r.publish(ctx, messages); err != nil {
		return a, err
	}
	ctx, cancel`, `	a.Outbox = nil
	if err := r.store.save(ctx, &a, nil); err != nil {
		return a, err
	}
	if err := r.publish(ctx, messages); err != nil {
		return a, err
	}
	ctx, cancel`, "./internal/igauth", "TestEventsWaitForTheBus", nil,
	},
	{
		"events that were written meanwhile are taken for sent",
		domain + "relay.go", `		a.Outbox = without(a.Outbox, sent)
`, `		a.Outbox = nil
`, racing, workers, stories,
	},
	{
		"events are dropped by an erasure",
		domain + "life.go", `		Outbox:     a.Outbox,
`, ``, "./internal/igauth", "TestEventsOutliveAnErasure", nil,
	},
	{
		"a run leaves the events of accounts to others",
		domain + "run.go", `!due.IsZero() && !due.After(r.now) {`, `false && !due.After(r.now) {`, crash, single, cases("deliver events/"),
	},
	{
		"an incident stays open when Meta answers again",
		domain + "heal.go", `			return h.closeIncident(r.now, PlaceRefresh, app.login)`, `			return false`, crash, single, cases("trial heals/"),
	},
	{
		"the failures of one of Meta's apps are taken for those of the other",
		domain + "run.go", `		return r.apps[1]
`, `		return r.apps[0]
`, "./internal/igauth", "TestIncidentIsOfOneLogin", nil,
	},
	{
		"a person's token that is dead is taken for the account's",
		domain + "renew.go", `	if ClassOf(refused) != ClassDead {
		return refused`, `	if true {
		return refused`, "./internal/igauth", "TestDeadPersonsTokenDoesNotEndTheAccount", nil,
	},
	{
		"a token of Facebook Login is replaced by one that ends sooner",
		domain + "renew.go", `	case end.IsZero():
		return nil`, `	default:
		return nil`, "./internal/igauth", "TestWorseFacebookTokenIsNotCommitted", nil,
	},
	{
		"nobody asks whether the owner was there before access to data is called over",
		domain + "renew.go", `err == nil && known.shows(r.now) {`, `err == nil && known.shows(r.now) && false {`, soak, years, append([]string{"-facebook", "1", "-accounts", "40"}, short...),
	},
	{
		"the end of access to data is told again and again",
		domain + "dataaccess.go", `	a.DataWarnedFor = a.DataAccessUntil
`, ``, "./internal/igauth", "TestDataAccessLapses", nil,
	},
	{
		"nobody is warned of the end of access to data",
		domain + "policy.go", `	if a.DataAccessUntil.IsZero() || a.DataWarnedFor`, `	if true || a.DataWarnedFor`, soak, years, append([]string{"-facebook", "1", "-accounts", "40"}, short...),
	},
}
