package main

const (
	front  = "./internal/igauth"
	choice = "TestSeveralPagesAreTheVisitorsToChooseFrom"
)

// metaMutants are mistakes with what Meta calls us for, and with what its second
// login brings.
var metaMutants = []mutant{
	{
		"a removal that comes late takes the newer consent away",
		domain + "remove.go", `	return consent.Truncate(time.Second).After(r.RequestedAt)
`, `	return false
`, front, "TestReplayAfterAReconnectChangesNothing", nil,
	},
	{
		"a person who took access away is connected by an older consent",
		domain + "intend.go", `	if !p.EndedAt.IsZero() && !p.EndedAt.Before(`, `	if false && !p.EndedAt.Before(`, front, "TestEndBetweenConsentAndChoice", nil,
	},
	{
		"an account leaves the person's list before its token is taken away",
		domain + "remove.go", `	for _, p := range persons[:last] {
		if err := s.saveAll(ctx, Change{Person: &p}); err != nil {
			return fmt.Errorf("saving a person: %w", err)
		}
	}
	with.Person = &persons[last]
`, `	for _, p := range persons[:last+1] {
		if err := s.saveAll(ctx, Change{Person: &p}); err != nil {
			return fmt.Errorf("saving a person: %w", err)
		}
	}
`, front, "TestCrashBetweenTwoAccounts", nil,
	},
	{
		"the app of Instagram Login removes accounts of Facebook Login",
		domain + "signedrequest.go", `		return []Login{LoginInstagram}
`, `		return []Login{LoginInstagram, LoginFacebook}
`, front, "TestDeletionOfAPersonWithTwoFacebookAccounts", nil,
	},
	{
		"a signature is not compared",
		domain + "signedrequest.go", `		if hmac.Equal(mac.Sum(nil), r.signature) {`, `		if len(r.signature) == mac.Size() {`, front, "TestSignedRequestVectors", nil,
	},
	{
		"only the first app secret is tried",
		domain + "signedrequest.go", `	for i := len(secrets) - 1; i >= 0; i-- {`, `	for i := range secrets[:1] {`, front, "TestLabelsSayWhichSecretMatched", nil,
	},
	{
		"an empty app secret is one to sign with",
		domain + "signedrequest.go", `text == "" || strings.TrimSpace(text) != text {`, `strings.TrimSpace(text) != text {`, front, "TestSecretsThatCannotBeMeantVerifyNothing", nil,
	},
	{
		"members that differ in case only are taken for those that are meant",
		domain + "signedrequest.go", `		case name != wanted || known != "":`, `		case known != "":`, front, "TestSignedPayloads", nil,
	},
	{
		"of two members of one name the later counts",
		domain + "signedrequest.go", `		case name != wanted || known != "":`, `		case name != wanted || false && known != "":`, front, "TestSignedPayloads", nil,
	},
	{
		"the body of a call is read whatever its size",
		domain + "metacall.go", `io.ReadAll(http.MaxBytesReader(w, r.Body, maxSignedRequest))`, `io.ReadAll(r.Body)`, front, "TestLongBodiesAreNotReadToTheirEnd", nil,
	},
	{
		"the audit is written after the answer",
		domain + "api.go", `	a, token, err := h.store.TokenFor(r.Context(), h.audit, h.caller(r), id, time.Duration(seconds)*time.Second)
`, `	a, token, err := h.store.Token(r.Context(), id, time.Duration(seconds)*time.Second)
	go func() { _ = h.audit.Audit(r.Context(), Reading{At: h.now(), Who: h.caller(r), Account: id}) }()
`, front, "TestNoTokenIsReadWithoutALine", nil,
	},
	{
		"Meta is asked before our own token is gone",
		domain + "revoke.go", `	a, again, err := s.disconnect(ctx, id)
	switch {
`, `	a, again := before, false
	a.Status, err = StatusDisconnected, nil
	defer func() { _, _ = s.Disconnect(context.WithoutCancel(ctx), id) }()
	switch {
`, front, "TestDisconnectAsksMetaAfterwards", nil,
	},
	{
		"to disconnect one account takes access away from the person's others",
		domain + "revoke.go", `		if !alone {`, `		if !alone && false {`, front, "TestDisconnectLeavesThePersonsOtherAccounts", nil,
	},
	{
		"the clock of data access is no end",
		domain + "account.go", `{ return firstOf(a.ExpiresAt, a.DataAccessUntil) }`, `{ return a.ExpiresAt }`, front, "TestDataAccessLapses", nil,
	},
	{
		"an account is connected that was not to be chosen",
		domain + "connectfacebook.go", `			return Outcome{}, newError(CodeChoiceInvalid, nil)
		}
		chosen := consent.choices[i]
`, `			consent.choices = append(consent.choices, Choice{Account: account, PageID: consent.choices[0].PageID})
			i = len(consent.choices) - 1
		}
		chosen := consent.choices[i]
`, front, choice, nil,
	},
	{
		"a flow that has ended keeps the person's token",
		domain + "flow.go", `	f.Outcome, f.SealedToken = outcome, ""
`, `	f.Outcome = outcome
`, front, choice, nil,
	},
	{
		"a person's token opens without the browser's cookie",
		domain + "flowseal.go", `[]byte(cookie.Reveal()), "igauth`, `nil, "igauth`, front, "TestSealedConsentIsTheBrowsersOwn", nil,
	},
	{
		"both logins share a breaker",
		domain + "heal.go", `	app := r.app(a)
	h := &held{`, `	app := r.apps[0]
	h := &held{`, front, "TestIncidentIsOfOneLogin", nil,
	},
}
