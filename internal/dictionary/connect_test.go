package dictionary

import (
	"net/http/httptest"
	"net/url"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// visitWith is a visit of Instagram Login while Meta fails at an endpoint.
func visitWith(endpoint, kind string) func(*world) *httptest.ResponseRecorder {
	return func(w *world) *httptest.ResponseRecorder {
		w.fault(endpoint, kind, "")
		return w.visit()
	}
}

// connectCases are the errors that Meta answers to Instagram Login.
func connectCases() []produced {
	cases := []produced{
		{code: igauth.CodeAppSecret, how: "it is the other app's", change: func(w *world) { w.parts.AppSecrets = secret(igsim.DefaultMetaAppSecret) }, visit: (*world).visit},
		{code: igauth.CodeNotEligible, how: "the tester's invitation is pending", visit: func(w *world) *httptest.ResponseRecorder {
			return w.follow(w.get(w.consent("/authorize", url.Values{"account": {"pending.tester"}})))
		}},
		{code: igauth.CodePersonalAccount, how: "it was switched back", visit: func(w *world) *httptest.ResponseRecorder {
			back := w.consent("/authorize", url.Values{"account": {maria}})
			w.must(w.sim.SetAccountType(maria, "PERSONAL"))
			return w.follow(w.get(back))
		}},
		{code: igauth.CodeCodeUsed, how: "by somebody else", visit: func(w *world) *httptest.ResponseRecorder {
			back := w.consent("/authorize", url.Values{"account": {maria}})
			w.spend(back)
			return w.follow(w.get(back))
		}},
		{code: igauth.CodeAppRemoved, how: "during the visit", visit: visitWith("me", "graph_190_458")},
		{code: igauth.CodeDeveloperRole, how: "Meta sends the visitor back", visit: func(w *world) *httptest.ResponseRecorder {
			w.fault("authorize", "redirect_developer_role", "")
			return w.follow(w.get(w.consent("/authorize", nil)))
		}},
	}
	for i := range cases {
		cases[i].place = onPage
	}
	for code, faults := range map[igauth.Code][][2]string{
		igauth.CodeCodeInvalid:      {{"code", "instagram_code_not_found"}, {"code", "instagram_code_invalid"}},
		igauth.CodeCodeUsed:         {{"code", "instagram_code_used"}},
		igauth.CodeRedirectURI:      {{"code", "instagram_verification_code"}, {"code", "instagram_redirect_uri"}, {"code", "instagram_redirect_uri_scrubbed"}, {"code", "instagram_redirect_uri_unregistered"}},
		igauth.CodeAppID:            {{"code", "instagram_platform_app"}, {"code", "instagram_client_id_missing"}, {"code", "instagram_client_id"}, {"exchange", "app_disabled"}},
		igauth.CodeAppSecret:        {{"code", "instagram_client_secret"}, {"exchange", "graph_1_secret"}},
		igauth.CodeDeveloperRole:    {{"code", "instagram_developer_role"}},
		igauth.CodeScopeRefused:     {{"code", "instagram_scope"}},
		igauth.CodeNotEligible:      {{"exchange", "graph_100_unsupported"}},
		igauth.CodePersonalAccount:  {{"me", "graph_10_not_business"}},
		igauth.CodeAppMisconfigured: {{"exchange", "graph_200_blocked"}},
		igauth.CodeAppCapability:    {{"exchange", "graph_3"}},
		igauth.CodeAppSecretProof:   {{"me", "graph_104"}, {"me", "graph_100_proof_missing"}, {"me", "graph_100_proof_wrong"}},
		igauth.CodeGraphVersion:     {{"me", "graph_2635"}},
		igauth.CodeMetaRequest:      {{"exchange", "graph_2500"}, {"me", "graph_100_field"}},
		igauth.CodeMetaRefused:      {{"exchange", "graph_100"}},
		igauth.CodeRateLimited:      {{"exchange", "graph_4"}, {"me", "graph_80002"}, {"me", "http429"}},
		igauth.CodePolicyBlock:      {{"exchange", "graph_368"}},
		igauth.CodeMetaUnavailable:  {{"exchange", "outage"}, {"me", "graph_2"}, {"exchange", "graph_1"}},
		igauth.CodeMetaUnreadable:   {{"exchange", "html"}, {"me", "garbage"}, {"exchange", "empty"}},
		igauth.CodeTokenExpired:     {{"me", "graph_190_0"}},
		igauth.CodeTokenInvalid:     {{"me", "graph_190"}, {"me", "graph_102"}, {"exchange", "graph_190_467"}},
		igauth.CodeTokenUnparsable:  {{"me", "graph_190_family"}},
		igauth.CodeAppRemoved:       {{"exchange", "graph_190_458"}},
		igauth.CodePasswordChanged:  {{"me", "graph_190_460"}},
		igauth.CodeConsentBlocked:   {{"me", "graph_190_483"}},
		igauth.CodePermissionGone:   {{"me", "graph_10"}, {"me", "graph_200"}},
		igauth.CodeObjectMissing:    {{"me", "graph_100_33"}},
		igauth.CodeCheckpoint:       {{"me", "checkpoint"}, {"me", "graph_190_490"}},
		igauth.CodeUserUnconfirmed:  {{"me", "graph_190_464"}},
	} {
		for _, f := range faults {
			cases = append(cases, produced{code: code, place: onPage, how: f[1] + " at " + f[0], visit: visitWith(f[0], f[1])})
		}
	}
	return cases
}

// spend exchanges the code of a callback, as another program with our secret would.
func (w *world) spend(back string) {
	w.t.Helper()
	address, err := url.Parse(back)
	w.must(err)
	meta, err := w.parts.Instagram()
	w.must(err)
	_, err = meta.ExchangeCode(w.t.Context(), igauth.NewSecret(address.Query().Get("code")))
	w.must(err)
}
