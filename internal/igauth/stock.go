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
	for _, status := range []Status{StatusActive, StatusExpiring} {
		next, err := r.store.ledger.Expiries(ctx, status, 1)
		if err != nil {
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
	if err := r.countAccounts(ctx); err != nil {
		// The numbers of the last time do.
		r.log.WarnContext(ctx, "accounts not counted", "err", err)
	}
	r.report.Counts, r.report.Incident = r.health.Counts, nil
	if i, open := r.health.Incident(PlaceRefresh); open {
		r.report.Incident = &i
	} else if i, open := r.health.Incident(PlaceConnect); open {
		r.report.Incident = &i
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

// countAccounts counts the accounts by status, if that was not done lately, and
// closes an incident of the callback that has not shown for a day.
func (r *run) countAccounts(ctx context.Context) error {
	total := 0
	for _, n := range r.health.Counts {
		total += n
	}
	connect, open := r.health.Incident(PlaceConnect)
	stale := open && r.now.Sub(connect.SeenAt) > connectIncident
	if !stale && total > small && r.now.Sub(r.health.CountedAt) < countEvery {
		return nil
	}
	counts := map[Status]int{}
	for _, status := range []Status{StatusActive, StatusExpiring, StatusReauthRequired, StatusDisconnected} {
		n, err := r.store.ledger.Count(ctx, status)
		if err != nil {
			return fmt.Errorf("counting accounts: %w", err)
		}
		counts[status] = n
	}
	r.health.Counts = counts
	if sum(counts) <= small && !stale {
		return nil // they are counted again anyway
	}
	return r.store.changeHealth(ctx, func(h *Health) bool {
		h.Counts, h.CountedAt = counts, r.now.UTC()
		if stale {
			h.closeIncident(r.now, PlaceConnect)
		}
		r.health = *h
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
