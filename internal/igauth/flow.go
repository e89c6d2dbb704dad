package igauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// A FlowID names a flow. It is derived from the state's nonce by a hash, so that
// it can be logged and stored without telling the state.
type FlowID string

// A Flow is the record of one attempt to connect. It is first written when the
// visitor comes back, so that /authorize leaves nothing behind.
type Flow struct {
	ID       FlowID `json:"id"`
	Revision int64  `json:"revision"`
	// Lease is held by the request that spends the code.
	Lease Lease `json:"lease,omitempty,omitzero"`
	// SealedToken is, where a login shows several accounts, the person's token while
	// they choose, and what they have to choose from: encrypted under a key that only
	// the visitor's cookie and the installation have together.
	SealedToken string `json:"sealed_token,omitempty"`
	// SealedNames are the names of the outcome, encrypted in the same way: the record
	// outlives an erasure.
	SealedNames string `json:"sealed_names,omitempty"`
	// Account is whose account it turned out to be, before its token is stored.
	Account AccountID `json:"account,omitempty"`
	// Outcome is empty while the code is being spent.
	Outcome Outcome `json:"outcome,omitempty,omitzero"`
	// ClaimHash is the SHA-256 of the claim, in hexadecimal digits.
	ClaimHash string `json:"claim_hash,omitempty"`
	// ClaimUntil is when the claim ends; ClaimedAt when it was redeemed.
	ClaimUntil time.Time `json:"claim_until,omitempty,omitzero"`
	ClaimedAt  time.Time `json:"claimed_at,omitempty,omitzero"`
	// ExpiresAt is when the record may be forgotten.
	ExpiresAt time.Time `json:"expires_at"`
}

// A Choice is an account that a visitor may choose.
type Choice struct {
	Account  AccountID `json:"account"`
	Username string    `json:"username,omitempty"`
	// PageID and PageName are the Facebook Page that the account is linked to.
	PageID   string `json:"page_id"`
	PageName string `json:"page_name,omitempty"`
}

// An Outcome is how a flow ended. It is the answer to every later delivery of
// the same callback in the same browser.
type Outcome struct {
	// Code is CodeConnected, CodeDenied or the code of the failure.
	Code Code `json:"code,omitempty"`
	// MissingScopes were asked for and not granted.
	MissingScopes []string `json:"missing_scopes,omitempty"`
	// WantedName and FoundName are, with CodeWrongAccount, the usernames of the
	// account that the link is for and of the one that signed in; "" if unknown. No
	// ledger keeps them: see Flow.SealedNames.
	WantedName string `json:"-"`
	FoundName  string `json:"-"`
}

// Done reports whether the flow has an outcome.
func (f Flow) Done() bool { return f.Outcome.Code != "" }

// waits reports whether the visitor has to choose an account.
func (f Flow) waits() bool { return !f.Done() && f.SealedToken != "" }

// end gives the flow its outcome. The person's token has no use any more.
func (f *Flow) end(outcome Outcome) {
	f.Outcome, f.SealedToken = outcome, ""
}

// reopen takes back the end of a flow that was not saved.
func (f *Flow) reopen(before Flow) {
	f.Outcome, f.SealedToken = Outcome{}, before.SealedToken
	f.ClaimHash, f.ClaimUntil = "", time.Time{}
}

// An Arrival is a visitor who came back from Meta, in the browser in which the
// flow began.
type Arrival struct {
	Flow          FlowID
	FlowExpiresAt time.Time
	// Login is the one that the flow began with; "" means LoginInstagram.
	Login           Login
	RequestedScopes []string
	// Only is the account that alone may be connected; "" means any.
	Only AccountID
	// Code is what Meta gave; if it is empty, Failure says why.
	Code    Secret
	Failure Code
	// Seal encrypts what the flow keeps of a person for their own browser.
	Seal FlowSeal
	// ClaimHash is the hash of the claim that the visitor will take along.
	ClaimHash string
}

const (
	// claimLifetime is how long a site's backend may take to redeem a claim.
	claimLifetime = 60 * time.Second
	// keepFlow is how long a flow's record outlives its state, for clocks that
	// disagree.
	keepFlow = time.Hour
	// leaseMargin is what a lease outlives the work it covers.
	leaseMargin = 15 * time.Second
	// pollEvery is how often a second delivery looks whether the first is done.
	pollEvery = 250 * time.Millisecond
)

// Finish ends a flow and returns how. Of all deliveries of one callback exactly
// one spends the code; the others wait for it and get the same outcome, or
// CodeInProgress when it takes long. CodeChoose is no end: the visitor has several
// accounts, and [Connector.Choose] goes on. An error means that nothing is known
// and the visitor may ask again.
//
// The work goes on when the visitor leaves: the context's cancellation is
// ignored, its values are not.
func (c *Connector) Finish(ctx context.Context, arrival Arrival) (Outcome, error) {
	began := c.store.now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeLeft(ctx))
	defer cancel()
	flow := Flow{ID: arrival.Flow, ExpiresAt: arrival.FlowExpiresAt.Add(keepFlow).UTC()}
	if arrival.Failure != "" {
		flow.Outcome = Outcome{Code: arrival.Failure}
	} else {
		lease, err := c.store.lease(WorkConnect, c.timeout+leaseMargin)
		if err != nil {
			return Outcome{}, err
		}
		flow.Lease = lease
	}
	err := c.store.save(ctx, nil, &flow)
	switch {
	case errors.Is(err, ErrConflict):
		return c.join(ctx, arrival)
	case err != nil:
		return Outcome{}, fmt.Errorf("claiming the flow: %w", err)
	case flow.Done():
		c.log.InfoContext(ctx, "flow ended", "flow", flow.ID, "outcome", flow.Outcome.Code)
		return flow.Outcome, nil
	}
	err = c.connect(ctx, began, arrival, &flow)
	return c.end(ctx, arrival, flow, err)
}

// timeLeft returns how long the work may take: no longer than the process lives.
func (c *Connector) timeLeft(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return min(c.timeout, time.Until(end)-lastWords)
	}
	return c.timeout
}

// end writes down how a flow ended, unless that was committed with the account.
func (c *Connector) end(ctx context.Context, arrival Arrival, flow Flow, err error) (Outcome, error) {
	if err == nil && flow.waits() {
		c.log.InfoContext(ctx, "the visitor has to choose", "flow", flow.ID)
		return Outcome{Code: CodeChoose}, nil
	}
	if err == nil {
		c.log.InfoContext(ctx, "flow ended", "flow", flow.ID, "outcome", flow.Outcome.Code, "accountId", flow.Account)
		return flow.Outcome, nil
	}
	if _, known := errors.AsType[*Error](err); !known && flow.Account != "" {
		// A store failed after Meta gave a token. What the vault has is found by
		// the next request or run, so the flow is left open.
		return Outcome{}, err
	}
	flow.end(outcomeOf(err))
	flow.SealedNames = c.sealNames(ctx, arrival, flow.Outcome)
	c.store.connectFailed(ctx, cmp.Or(arrival.Login, LoginInstagram), CodeOf(err))
	c.log.WarnContext(ctx, "flow ended", "flow", flow.ID, "outcome", flow.Outcome.Code, "class", ClassOf(err), "err", err, "hint", flow.Outcome.Code.Hint())
	ctx, cancel := afterwards(ctx)
	defer cancel()
	if err := c.store.save(ctx, nil, &flow); err != nil {
		c.log.WarnContext(ctx, "outcome not kept", "flow", flow.ID, "err", err)
	}
	return flow.Outcome, nil
}

// join waits for the request that holds the flow, and takes over from one that
// did not come back.
func (c *Connector) join(ctx context.Context, arrival Arrival) (Outcome, error) {
	patience, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	for {
		flow, err := c.store.ledger.Flow(ctx, arrival.Flow)
		switch {
		case err != nil:
			return Outcome{}, fmt.Errorf("reading the flow: %w", err)
		case flow.Done():
			return arrival.Seal.openNames(flow), nil
		case flow.waits() && flow.Lease.Attempt == "":
			return Outcome{Code: CodeChoose}, nil
		case !c.store.now().Before(flow.Lease.Until):
			return c.takeOver(ctx, arrival, flow)
		case sleep(patience, pollEvery) != nil:
			return Outcome{Code: CodeInProgress}, nil
		}
	}
}

// takeOver ends a flow whose request died. If it came as far as storing a token,
// that token is found. The code is not sent again: it may have been spent. A choice
// spends nothing, so that the visitor has it once more.
func (c *Connector) takeOver(ctx context.Context, arrival Arrival, flow Flow) (Outcome, error) {
	flow.Lease.Until = c.store.now().Add(c.timeout + leaseMargin).UTC()
	if err := c.store.save(ctx, nil, &flow); errors.Is(err, ErrConflict) {
		return c.join(ctx, arrival)
	} else if err != nil {
		return Outcome{}, fmt.Errorf("taking over the flow: %w", err)
	}
	err := c.resume(ctx, arrival, &flow)
	if CodeOf(err) == CodeOutcomeUnknown && flow.waits() {
		flow.Account, flow.Lease = "", Lease{}
		if err = c.store.save(ctx, nil, &flow); errors.Is(err, ErrConflict) {
			return c.join(ctx, arrival)
		} else if err != nil {
			return Outcome{}, fmt.Errorf("asking for the choice again: %w", err)
		}
	}
	return c.end(ctx, arrival, flow, err)
}

// resume looks for what the attempt of a flow stored.
func (c *Connector) resume(ctx context.Context, arrival Arrival, flow *Flow) error {
	unknown := newError(CodeOutcomeUnknown, nil)
	if flow.Account == "" {
		return unknown
	}
	a, err := c.store.row(ctx, flow.Account)
	if err != nil {
		return fmt.Errorf("reading the account: %w", err)
	}
	before := *flow
	c.connected(arrival, flow, Token{Scopes: a.Scopes})
	if a.Lease.Attempt == flow.Lease.Attempt {
		_, found, err := c.store.finishAttempt(ctx, a, flow)
		if err != nil || found {
			return err
		}
	} else if a.Status.Live() && !a.ConnectedAt.Before(arrival.FlowExpiresAt.Add(-FlowLifetime)) {
		// A run was faster and has committed the token.
		return c.store.save(ctx, nil, flow)
	}
	flow.reopen(before)
	return unknown
}
