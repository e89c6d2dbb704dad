package igauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// pageReads is how often the list of Pages is asked for at most, a hundred Pages
	// a time.
	pageReads = 20
	// maxChoices is how many accounts a visitor has to choose from at most: the
	// record of a flow has room for them in every ledger.
	maxChoices = 500
)

// The types of tokens that a person, or a business, brings from the dialog.
const (
	typeUser       = "USER"
	typeSystemUser = "SYSTEM_USER"
)

// connectFacebook spends the code of a flow of Facebook Login, finds the Instagram
// accounts that the person reaches, and stores the one that is meant. If that is
// the visitor's to say, the flow keeps the accounts and the person's token.
func (c *Connector) connectFacebook(ctx context.Context, began time.Time, arrival Arrival, flow *Flow) error {
	if c.facebook == nil {
		return newError(CodeLoginOff, nil)
	}
	consent, err := c.consented(ctx, arrival.Code)
	if err != nil {
		return err
	}
	pages, err := c.linkedPages(ctx, consent)
	if err != nil {
		return err
	}
	if arrival.Only != "" {
		i := slices.IndexFunc(pages, func(p Page) bool { return p.Account == arrival.Only })
		if i < 0 {
			return c.refuse(ctx, arrival.Only, onlyProfile(pages))
		}
		pages = pages[i : i+1]
	}
	if len(pages) == 1 {
		return c.connectPage(ctx, began, arrival, consent, pages[0], flow)
	}
	if len(pages) > maxChoices {
		c.log.WarnContext(ctx, "a person has more accounts than are shown; they can choose fewer Pages in Facebook's dialog", "accounts", len(pages))
		pages = pages[:maxChoices]
	}
	for _, p := range pages {
		consent.choices = append(consent.choices, Choice{Account: p.Account, Username: p.Username, PageID: p.ID, PageName: p.Name})
	}
	if flow.SealedToken, err = consent.sealedWith(arrival.Seal); err != nil {
		return fmt.Errorf("keeping the person's token: %w", err)
	}
	c.log.InfoContext(ctx, "accounts offered", "flow", flow.ID, "accounts", len(consent.choices))
	return c.keepChoice(ctx, flow)
}

// keepChoice stores a flow that waits for the visitor's choice.
func (c *Connector) keepChoice(ctx context.Context, flow *Flow) error {
	flow.Lease = Lease{}
	err := c.store.save(ctx, nil, flow)
	if err != nil && !errors.Is(err, ErrConflict) {
		// The code is spent, and what it was spent for is nowhere else. It is worth
		// some last words.
		last, cancel := afterwards(ctx)
		defer cancel()
		if err = c.store.save(last, nil, flow); errors.Is(err, ErrConflict) {
			kept, unread := read(last, func(ctx context.Context) (Flow, error) { return c.store.ledger.Flow(ctx, flow.ID) })
			if unread == nil && kept.SealedToken == flow.SealedToken {
				return nil // the save whose answer was lost has done it
			}
		}
	}
	switch {
	case errors.Is(err, ErrConflict):
		return newError(CodeOutcomeUnknown, err) // this request was given up
	case err != nil:
		return fmt.Errorf("keeping the choice: %w", err)
	}
	return nil
}

// onlyProfile returns whose account it is if there is but one.
func onlyProfile(pages []Page) Profile {
	if len(pages) != 1 {
		return Profile{}
	}
	return Profile{ID: pages[0].Account, Username: pages[0].Username}
}

// consented spends the code and returns the person's long-lived token.
func (c *Connector) consented(ctx context.Context, code Secret) (facebookConsent, error) {
	grant, err := exchange(ctx, c.facebook.ExchangeCode, code)
	if err != nil {
		return facebookConsent{}, err
	}
	given := c.store.now()
	inspected := meanwhile(ctx, func() (Inspection, error) { return c.facebook.Inspect(ctx, grant.Token) })
	var token Token
	extended := insistently(ctx, func() (err error) {
		token, err = c.facebook.ExtendToken(ctx, grant.Token)
		return err
	})
	known, err := inspected()
	if err == nil {
		err = c.vet(known)
	}
	switch {
	case err != nil:
		return facebookConsent{}, err
	case known.Type == typeSystemUser && known.ExpiresAt.IsZero():
		// It lives for ever as it is.
		token = Token{Value: grant.Token, IssuedAt: given}
	case extended != nil:
		return facebookConsent{}, extended
	case token.ExpiresAt.IsZero():
		if known, err = c.inspect(ctx, token.Value); err != nil {
			return facebookConsent{}, err
		}
	default:
		known.ExpiresAt = time.Time{} // of the short-lived token
	}
	token.ExpiresAt = known.endOf(token.ExpiresAt, token.IssuedAt)
	token.DataAccessUntil, token.Scopes = known.DataAccessUntil, known.Scopes
	return facebookConsent{token: token, person: known.AppScopedID}, nil
}

// inspect returns what Meta knows of a token that is as it must be.
func (c *Connector) inspect(ctx context.Context, token Secret) (known Inspection, err error) {
	err = insistently(ctx, func() (err error) {
		known, err = c.facebook.Inspect(ctx, token)
		return err
	})
	if err == nil {
		err = c.vet(known)
	}
	return known, err
}

// vet refuses a token that is not what the dialog of our app gives, or that opens
// too little.
func (c *Connector) vet(known Inspection) error {
	switch {
	case !known.Valid && known.Failure != "":
		return newError(known.Failure, errors.New("the token is dead on arrival"))
	case !known.Valid:
		return newError(CodeTokenInvalid, errors.New("the token is dead on arrival"))
	case known.AppID != c.metaAppID:
		return newError(CodeTokenOtherApp, nil)
	case known.Type != typeUser && known.Type != typeSystemUser:
		return newError(CodeMetaUnreadable, errors.New("the token is not a person's"))
	case !known.DataAccessUntil.IsZero() && !known.DataAccessUntil.After(c.store.now()):
		return newError(CodeDataAccessExpired, nil)
	case len(missingScopes(LoginFacebook.requiredScopes(), known.Scopes)) > 0:
		return newError(CodeScopeMissing, nil)
	}
	return nil
}

// linkedPages returns the Pages that have an Instagram account, each account once,
// in the order of their usernames. There is at least one, or the error says why
// there is none.
func (c *Connector) linkedPages(ctx context.Context, consent facebookConsent) ([]Page, error) {
	all, err := c.pages(ctx, consent.token.Value)
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0 && len(missingScopes([]string{ScopeBusiness, ScopePages}, consent.token.Scopes)) > 0:
		return nil, newError(CodePagesHidden, nil)
	case len(all) == 0:
		return nil, newError(CodeNoPage, nil)
	}
	seen := map[AccountID]bool{}
	linked := slices.DeleteFunc(all, func(p Page) bool {
		again := seen[p.Account]
		seen[p.Account] = true
		return again || !p.Account.Valid()
	})
	if len(linked) == 0 {
		return nil, newError(CodePageWithoutInstagram, nil)
	}
	slices.SortStableFunc(linked, func(a, b Page) int { return strings.Compare(a.Username, b.Username) })
	return linked, nil
}

// pages returns the Pages that a person's token shows.
func (c *Connector) pages(ctx context.Context, user Secret) ([]Page, error) {
	var all []Page
	after := ""
	for range pageReads {
		var some []Page
		var next string
		err := insistently(ctx, func() (err error) {
			some, next, err = c.facebook.Pages(ctx, user, after)
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if next == "" || next == after {
			return all, nil
		}
		after = next
	}
	c.log.WarnContext(ctx, "a person has more Pages than are read; they can choose fewer in Facebook's dialog", "read", len(all))
	return all, nil
}

// connectPage stores the Instagram account of a Page.
func (c *Connector) connectPage(ctx context.Context, began time.Time, arrival Arrival, consent facebookConsent, page Page, flow *Flow) error {
	token := consent.token
	token.UserToken, token.Value = token.Value, page.Token
	if token.Value.IsZero() {
		err := insistently(ctx, func() (err error) {
			token.Value, err = c.facebook.PageToken(ctx, page.ID, token.UserToken)
			return err
		})
		if err != nil {
			return err
		}
	}
	var profile Profile
	err := insistently(ctx, func() (err error) {
		profile, err = c.facebook.Profile(ctx, page.Account, token.Value)
		return err
	})
	switch {
	case err != nil:
		return err
	case profile.ID != page.Account:
		return newError(CodeMetaUnreadable, errors.New("the Page's token opens another account"))
	case strings.EqualFold(profile.AccountType, "PERSONAL"):
		return newError(CodePersonalAccount, nil)
	}
	profile.AppScopedID, profile.PageID = consent.person, page.ID
	return c.keep(ctx, began, arrival, profile, token, flow)
}

// Choices returns what the visitor of a flow has to choose from, with CodeChoose,
// or how the flow has ended meanwhile, or CodeInProgress. The error may be
// CodeRequestInvalid: the flow has not come that far.
func (c *Connector) Choices(ctx context.Context, arrival Arrival) ([]Choice, Outcome, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeLeft(ctx))
	defer cancel()
	flow, outcome, err := c.waiting(ctx, arrival)
	if err != nil || outcome.Code != CodeChoose {
		return nil, outcome, err
	}
	consent, err := c.reopen(arrival, flow)
	return consent.choices, outcome, err
}

// reopen returns what a flow keeps while the visitor chooses.
func (c *Connector) reopen(arrival Arrival, flow Flow) (facebookConsent, error) {
	consent, err := openConsent(flow.SealedToken, arrival.Seal)
	if err != nil {
		return facebookConsent{}, newError(CodeStateInvalid, err)
	}
	return consent, nil
}

// Choose goes on with a flow after CodeChoose: it connects the account that the
// visitor has chosen, and returns how the flow ended. Of all requests exactly one
// does that; whatever the others have chosen, they get the same outcome. The error
// may be CodeChoiceInvalid, which changes nothing, or say that Meta or a store does
// not answer: then the visitor may choose again, as nothing is spent.
func (c *Connector) Choose(ctx context.Context, arrival Arrival, account AccountID) (Outcome, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeLeft(ctx))
	defer cancel()
	for {
		flow, outcome, err := c.waiting(ctx, arrival)
		if err != nil || outcome.Code != CodeChoose {
			return outcome, err
		}
		consent, err := c.reopen(arrival, flow)
		if err != nil {
			return Outcome{}, err
		}
		i := slices.IndexFunc(consent.choices, func(choice Choice) bool { return choice.Account == account })
		if i < 0 {
			return Outcome{}, newError(CodeChoiceInvalid, nil)
		}
		chosen := consent.choices[i]
		if flow.Lease, err = c.store.lease(WorkConnect, c.timeout+leaseMargin); err != nil {
			return Outcome{}, err
		}
		if err = c.store.save(ctx, nil, &flow); errors.Is(err, ErrConflict) {
			continue
		} else if err != nil {
			return Outcome{}, fmt.Errorf("claiming the flow: %w", err)
		}
		err = c.connectChoice(ctx, arrival, consent, chosen, &flow)
		if err != nil && flow.waits() && flow.Account == "" && choosesAgain(err) {
			c.askAgain(ctx, flow)
			return Outcome{}, err
		}
		return c.end(ctx, arrival, flow, err)
	}
}

// choosesAgain reports whether a choice that failed may succeed when it is made
// again.
func choosesAgain(err error) bool {
	e, known := errors.AsType[*Error](err)
	switch {
	case !known:
		return true // a store
	case e.Code == CodeMetaRefused:
		return false // a clear no, though we do not know the reason
	}
	return e.Class == ClassTransient || e.Code == CodeRateLimited
}

// askAgain has a flow wait for the choice again. If that cannot be saved, it does so
// when the lease is over.
func (c *Connector) askAgain(ctx context.Context, flow Flow) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	flow.Lease = Lease{}
	if err := c.store.save(ctx, nil, &flow); err != nil {
		c.log.WarnContext(ctx, "the choice is not free yet", "flow", flow.ID, "err", err)
	}
}

// connectChoice stores the account that was chosen. A disconnection since the
// consent counts, however late the choice came.
func (c *Connector) connectChoice(ctx context.Context, arrival Arrival, consent facebookConsent, chosen Choice, flow *Flow) error {
	if c.facebook == nil {
		return newError(CodeLoginOff, nil)
	}
	page := Page{ID: chosen.PageID, Account: chosen.Account}
	return c.connectPage(ctx, consent.token.IssuedAt, arrival, consent, page, flow)
}

// waiting returns the flow if it waits for the visitor's choice, with CodeChoose,
// or how it ended.
func (c *Connector) waiting(ctx context.Context, arrival Arrival) (Flow, Outcome, error) {
	for {
		flow, err := read(ctx, func(ctx context.Context) (Flow, error) { return c.store.ledger.Flow(ctx, arrival.Flow) })
		switch {
		case err != nil:
			return Flow{}, Outcome{}, fmt.Errorf("reading the flow: %w", err)
		case flow.Revision == 0:
			return Flow{}, Outcome{}, newError(CodeRequestInvalid, nil)
		case flow.waits() && flow.Lease.Attempt == "":
			return flow, Outcome{Code: CodeChoose}, nil
		}
		outcome, err := c.join(ctx, arrival)
		if err != nil || outcome.Code != CodeChoose {
			return Flow{}, outcome, err
		}
	}
}
