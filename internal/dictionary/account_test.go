package dictionary

import (
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

const days = 24 * time.Hour

// keptWith is an account whose looks and refreshes fail from now on, while others
// succeed.
func keptWith(kind string) func(*world) igauth.AccountID {
	return func(w *world) igauth.AccountID {
		id := w.connect(maria)
		w.connect("studio_norte")
		w.connect("old.town.cafe")
		w.fault("all", kind, maria)
		w.pass(27 * time.Hour)
		return id
	}
}

// after is an account to which something happens at Meta.
func after(what func(*world) error) func(*world) igauth.AccountID {
	return func(w *world) igauth.AccountID {
		id := w.connect(maria)
		w.connect("studio_norte")
		w.must(what(w))
		w.pass(27 * time.Hour)
		return id
	}
}

// facebookAfter is an account of Facebook Login to which something happens at Meta,
// and a time after that.
func facebookAfter(what func(*world) error, d time.Duration) func(*world) igauth.AccountID {
	return func(w *world) igauth.AccountID {
		id := w.connectFacebook(ana)
		w.connect("studio_norte")
		w.must(what(w))
		w.pass(d)
		return id
	}
}

// facebookKeptWith is keptWith for an account of Facebook Login.
func facebookKeptWith(kind string) func(*world) igauth.AccountID {
	return facebookAfter(func(w *world) error {
		for _, person := range []string{"studio_norte", "old.town.cafe"} {
			w.connect(person)
		}
		w.fault("all", kind, ana)
		return nil
	}, 27*time.Hour)
}

// accountCases are the errors of tokens that are kept.
func accountCases() []produced {
	cases := []produced{
		{code: igauth.CodePasswordChanged, how: "really", account: after(func(w *world) error { return w.sim.ChangePassword(maria) })},
		{code: igauth.CodeAppRemoved, how: "really", account: after(func(w *world) error { return w.sim.RemoveApp(maria) })},
		{code: igauth.CodePersonalAccount, how: "switched back", account: after(func(w *world) error { return w.sim.SetAccountType(maria, "PERSONAL") })},
		{code: igauth.CodeTokenExpired, how: "nothing ran for 61 days", account: func(w *world) igauth.AccountID {
			id := w.connect(maria)
			w.clock.Advance(61 * days)
			_, _ = w.refresh.RunOnce(w.t.Context())
			return id
		}},
	}
	const page = "104857600012347"
	cases = append(cases,
		produced{code: igauth.CodePageRoleLost, how: "really", account: facebookAfter(func(w *world) error { return w.sim.SetRole(ana, page, false) }, 27*time.Hour)},
		produced{code: igauth.CodeObjectMissing, how: "unlinked from the Page", account: facebookAfter(func(w *world) error { return w.sim.LinkInstagram(page, "") }, 27*time.Hour)},
		produced{code: igauth.CodeDataAccessExpired, how: "nobody came back", account: facebookAfter(func(*world) error { return nil }, 92*days)},
		produced{code: igauth.CodeDataAccessExpired, how: "lapsed", account: facebookAfter(func(w *world) error { return w.sim.LapseDataAccess(ana) }, 27*time.Hour)},
		produced{code: igauth.CodeTokenNotExtended, how: "the same end", account: facebookAfter(func(w *world) error {
			return w.sim.SetBehaviour(igsim.Behaviour{Extend: "kept"})
		}, 35*days)},
	)
	for code, faults := range map[igauth.Code][]string{
		igauth.CodeAppRemoved:      {"graph_190_458"},
		igauth.CodePasswordChanged: {"graph_190_460"},
		igauth.CodePageRoleLost:    {"graph_190_492"},
		igauth.CodeTokenUnparsable: {"graph_190_family"},
		igauth.CodeAppSecretProof:  {"graph_104", "graph_100_proof_wrong"},
		igauth.CodeObjectMissing:   {"graph_100_33"},
		igauth.CodeRateLimited:     {"graph_32", "graph_80001"},
		igauth.CodePermissionGone:  {"graph_200"},
		igauth.CodeTokenOtherApp:   {"graph_100_other_app"},
	} {
		for _, kind := range faults {
			cases = append(cases, produced{code: code, how: kind + " at Facebook", account: facebookKeptWith(kind)})
		}
	}
	for code, faults := range map[igauth.Code][]string{
		igauth.CodeTokenInvalid:    {"graph_190", "graph_102", "graph_190_467", "code_text"},
		igauth.CodeTokenUnparsable: {"graph_190_family"},
		igauth.CodeTokenExpired:    {"graph_190_0", "graph_190_463"},
		igauth.CodeAppRemoved:      {"graph_190_458"},
		igauth.CodePasswordChanged: {"graph_190_460"},
		igauth.CodeConsentBlocked:  {"graph_190_483"},
		igauth.CodePermissionGone:  {"graph_10", "graph_299"},
		igauth.CodeObjectMissing:   {"graph_100_33"},
		igauth.CodeCheckpoint:      {"checkpoint", "graph_190_459", "graph_190_490"},
		igauth.CodeUserUnconfirmed: {"graph_190_464"},
		igauth.CodePersonalAccount: {"graph_10_not_business"},
		igauth.CodeNotEligible:     {"graph_100_unsupported"},
		igauth.CodePolicyBlock:     {"graph_368"},
		igauth.CodeRateLimited:     {"graph_17", "graph_17_2446079", "graph_32", "graph_613", "graph_80002"},
		igauth.CodeMetaUnavailable: {"outage", "http500"},
		igauth.CodeMetaUnreadable:  {"html"},
		igauth.CodeMetaRefused:     {"graph_100"},
		igauth.CodeMetaRequest:     {"graph_2500"},
	} {
		for _, kind := range faults {
			cases = append(cases, produced{code: code, how: kind, account: keptWith(kind)})
		}
	}
	for i := range cases {
		cases[i].place = onAccount
	}
	return append(cases,
		produced{code: igauth.CodeDataAccessEnding, place: inEvent, account: facebookAfter(func(*world) error { return nil }, 80*days)},
		produced{code: igauth.CodeDataAccessExpired, place: inEvent, account: facebookAfter(func(*world) error { return nil }, 92*days)},
		produced{code: igauth.CodePasswordChanged, place: inEvent, account: func(w *world) igauth.AccountID {
			id := after(func(w *world) error { return w.sim.ChangePassword(maria) })(w)
			w.pass(2 * days)
			return id
		}},
	)
}
