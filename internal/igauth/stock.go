package igauth

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// countEvery is how often the accounts of a large installation are counted;
	// those of a small one are in every run.
	countEvery = 24 * time.Hour
	small      = 10_000
)

// takeStock adds to the report what is known of all accounts, and sends what the
// installation has to tell. Of the parts of a run one does it.
func (r *run) takeStock(ctx context.Context) error {
	defer func() {
		if !r.oldest.IsZero() {
			r.report.OutboxSeconds = r.now.Sub(r.oldest).Seconds()
		}
	}()
	if !slices.Contains(r.shards, 0) {
		return nil
	}
	if r.relay != nil {
		if err := r.relay.Health(ctx); err != nil {
			r.log.WarnContext(ctx, "events not sent", "err", err)
			if h, again := r.store.health(ctx); again == nil && len(h.Outbox) > 0 {
				r.waiting(h.Outbox[0].At)
			}
		}
	}
	problem := r.nextEnd(ctx)
	counts, err := r.countAccounts(ctx)
	if err != nil {
		// The numbers of the last time do.
		r.log.WarnContext(ctx, "accounts not counted", "err", err)
	}
	if err := r.signOff(ctx, counts); err != nil {
		r.log.WarnContext(ctx, "end of the run not written down", "err", err)
	}
	r.report.Counts, r.report.Incident = r.health.Counts, nil
	for _, place := range []Place{PlaceConnect, PlaceRefresh} {
		for _, app := range slices.Backward(r.apps) {
			if i, open := r.health.Incident(place, app.login); open {
				r.report.Incident = &i // the last one counts
			}
		}
	}
	return problem
}

// nextEnd adds to the report when the next token ends.
func (r *run) nextEnd(ctx context.Context) error {
	for _, status := range []Status{StatusActive, StatusExpiring} {
		next, err := r.store.ledger.Expiries(ctx, status, 1)
		if err != nil {
			r.report.MinDaysToExpiry = nil // half of the truth is none
			return fmt.Errorf("looking for the next end of a token: %w", err)
		}
		for _, e := range next {
			if e.EndsAt.IsZero() {
				continue // it never does
			}
			if days := e.EndsAt.Sub(r.now).Hours() / 24; r.report.MinDaysToExpiry == nil || days < *r.report.MinDaysToExpiry {
				r.report.MinDaysToExpiry = &days
			}
		}
	}
	return nil
}

// stockTime is how long taking stock may last: what is left of the invocation, and
// no more than a minute.
func stockTime(ctx context.Context) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return time.Minute
	}
	return min(time.Minute, max(lastWords, time.Until(end)-lastWords))
}

// countAccounts counts the accounts by status, if that was not done lately; nil
// means that it was.
func (r *run) countAccounts(ctx context.Context) (map[Status]int, error) {
	if sum(r.health.Counts) > small && r.now.Sub(r.health.CountedAt) < countEvery {
		return nil, nil
	}
	counts := map[Status]int{}
	for _, status := range []Status{StatusActive, StatusExpiring, StatusReauthRequired, StatusDisconnected} {
		n, err := r.store.ledger.Count(ctx, status)
		if err != nil {
			return nil, fmt.Errorf("counting accounts: %w", err)
		}
		counts[status] = n
	}
	r.health.Counts = counts
	return counts, nil
}

// signOff writes down that a run came to its end, and the numbers of a large
// installation. It closes incidents of the callback that have not shown for a day.
func (r *run) signOff(ctx context.Context, counts map[Status]int) error {
	return r.store.changeHealthFrom(ctx, r.health, func(h *Health) bool {
		h.RanAt = r.store.now().UTC()
		if sum(counts) > small { // others are counted again anyway
			h.Counts, h.CountedAt = counts, r.now.UTC()
		}
		for _, app := range r.apps {
			if i, open := h.Incident(PlaceConnect, app.login); open && r.now.Sub(i.SeenAt) > connectIncident {
				h.closeIncident(r.now, PlaceConnect, app.login)
			}
		}
		shown := r.health.Counts
		r.health = *h
		r.health.Counts = shown
		return true
	})
}

func sum(counts map[Status]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
