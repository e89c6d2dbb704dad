package dictionary

import (
	"net/http"
	"net/http/httptest"
	"net/url"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// facebookWith is a visit of Facebook Login while Meta fails at an endpoint.
func facebookWith(endpoint, kind string) func(*world) *httptest.ResponseRecorder {
	return func(w *world) *httptest.ResponseRecorder {
		w.fault(endpoint, kind, "")
		return w.visitFacebook(ana)
	}
}

func facebookAs(person string) func(*world) *httptest.ResponseRecorder {
	return func(w *world) *httptest.ResponseRecorder { return w.visitFacebook(person) }
}

// facebookCases are the errors of a visit with Facebook Login.
func facebookCases() []produced {
	cases := []produced{
		{code: igauth.CodeConnected, how: "with Facebook", visit: facebookAs(ana)},
		{code: igauth.CodeNoPage, how: "no role on any", visit: facebookAs("nora.none")},
		{code: igauth.CodeNoPage, how: "none ticked", visit: func(w *world) *httptest.ResponseRecorder {
			return w.follow(w.get(w.consent("/authorize?login=facebook", url.Values{"account": {ana}, "pages": {"none"}})))
		}},
		{code: igauth.CodePagesHidden, how: "business_management is not asked for", visit: facebookAs("ines.hidden"),
			change: func(w *world) { w.parts.Settings.FacebookScopes = []string{"instagram_basic", "pages_show_list"} }},
		{code: igauth.CodePageWithoutInstagram, visit: facebookAs("tom.plain")},
		{code: igauth.CodeScopeMissing, how: "unticked", visit: func(w *world) *httptest.ResponseRecorder {
			return w.follow(w.get(w.consent("/authorize?login=facebook", url.Values{
				"account": {ana}, "offered": {"instagram_basic,pages_show_list,business_management"}, "scope": {"pages_show_list", "business_management"}, "page": {"104857600012347"},
			})))
		}},
		{code: igauth.CodeChoose, visit: facebookAs("leo.agency")},
		{code: igauth.CodeChoiceInvalid, visit: func(w *world) *httptest.ResponseRecorder {
			asked := w.get(w.consent("/authorize?login=facebook", url.Values{"account": {"leo.agency"}}))
			return w.post(asked.Header().Get("Location"), url.Values{"account": {"17841400000010111"}})
		}},
		{code: igauth.CodeOtherSite, visit: func(w *world) *httptest.ResponseRecorder {
			asked := w.get(w.consent("/authorize?login=facebook", url.Values{"account": {"leo.agency"}}))
			r := httptest.NewRequest(http.MethodPost, asked.Header().Get("Location"), nil)
			r.Header.Set("Origin", "https://evil.example")
			return w.do(r)
		}},
		{code: igauth.CodeAppSecret, how: "it is the Instagram app's", visit: facebookAs(ana),
			change: func(w *world) { w.parts.MetaAppSecrets = secret(igsim.DefaultAppSecret) }},
		{code: igauth.CodeDeveloperRole, how: "Facebook says development mode", visit: func(w *world) *httptest.ResponseRecorder {
			w.fault("dialog", "redirect_facebook_message", "")
			return w.follow(w.get(w.consent("/authorize?login=facebook", nil)))
		}},
	}
	for i := range cases {
		cases[i].place = onPage
	}
	for code, faults := range map[igauth.Code][][2]string{
		igauth.CodeCodeInvalid:       {{"facebook_code", "graph_100_36007"}},
		igauth.CodeCodeUsed:          {{"facebook_code", "graph_100_36009"}},
		igauth.CodeRedirectURI:       {{"facebook_code", "graph_100_36008"}, {"facebook_code", "graph_191"}},
		igauth.CodeAppID:             {{"facebook_code", "graph_101"}},
		igauth.CodeAppSecretProof:    {{"accounts", "graph_100_proof_wrong"}},
		igauth.CodeTokenOtherApp:     {{"debug_token", "graph_100_other_app"}},
		igauth.CodeTokenUnparsable:   {{"accounts", "graph_190_family"}},
		igauth.CodePageRoleLost:      {{"object", "graph_190_492"}},
		igauth.CodeDataAccessExpired: {{"object", "graph_190_493"}},
		igauth.CodePermissionGone:    {{"accounts", "graph_200"}},
		igauth.CodeObjectMissing:     {{"object", "graph_100_33"}},
		igauth.CodeMetaUnavailable:   {{"facebook_exchange", "outage"}},
	} {
		for _, f := range faults {
			cases = append(cases, produced{code: code, place: onPage, how: f[1] + " at " + f[0], visit: facebookWith(f[0], f[1])})
		}
	}
	return cases
}
