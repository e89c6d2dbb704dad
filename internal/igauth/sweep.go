package igauth

import (
	"context"
	"errors"
	"slices"
)

// removalsAtATime bounds how many unfinished removals a run looks at.
const removalsAtATime = 100

// sweepRemovals finishes what Meta asked to take away and nobody has finished.
// Of the parts of a run one does it.
func (r *run) sweepRemovals(ctx context.Context) {
	if !slices.Contains(r.shards, 0) {
		return
	}
	open, err := r.store.ledger.OpenRemovals(ctx, removalsAtATime)
	if err != nil {
		r.log.WarnContext(ctx, "removals not read", "err", err)
	}
	for _, removal := range open {
		age := r.now.Sub(removal.ReceivedAt)
		if age < finishAfter || !r.timeLeft(ctx) {
			continue
		}
		work, cancel := context.WithTimeout(ctx, r.callTimeout)
		finished, err := r.store.finishRemoval(work, removal)
		cancel()
		switch {
		case finished.Done():
			r.count(func(report *Report) { report.RemovalsDone++ })
		case age >= lateAfter:
			r.count(func(report *Report) {
				report.RemovalsLate++
				report.Attention++
			})
			r.log.WarnContext(ctx, "removal not done", "asksFor", removal.Kind, "since", removal.ReceivedAt, "err", err)
		case err != nil && !errors.Is(err, ErrConflict):
			r.log.WarnContext(ctx, "removal not done", "asksFor", removal.Kind, "err", err)
		}
	}
}
