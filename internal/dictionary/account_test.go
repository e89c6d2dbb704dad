package dictionary

import (
	"time"

	"igauth/internal/igauth"
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
	return cases
}
