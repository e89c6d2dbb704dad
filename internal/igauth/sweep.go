package igauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

const (
	// removalsAtATime bounds how many unfinished removals a run reads, far above what
	// a working vault ever leaves.
	removalsAtATime = 10_000
	// sweepShare is which part of the time of a run removals get: a vault that hangs
	// must leave the rest to the tokens that live.
	sweepShare = 3
)

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
	open = slices.DeleteFunc(open, func(removal Removal) bool { return r.now.Sub(removal.ReceivedAt) < finishAfter })
	// Only the beginning is bound by the share: what was begun may end.
	share, cancel := r.share(sweepShare)
	defer cancel()
	inTime := func() bool { return share.Err() == nil && r.timeLeft(ctx) }
	work := make(chan []Removal)
	var workers sync.WaitGroup
	for range min(r.parallel, len(open)) {
		workers.Go(func() {
			for removals := range work {
				for _, removal := range removals {
					if inTime() {
						r.finishRemoval(ctx, removal)
					} else {
						r.lateRemoval(ctx, removal, errors.New("no time was left for it"))
					}
				}
			}
		})
	}
	for _, removals := range r.inTurn(open) {
		work <- removals
	}
	close(work)
	workers.Wait()
}

// inTurn divides removals into what must be done one after the other: a person who
// removes the app and asks for a deletion has two of the same accounts. Those of
// each part are in the order in which they came. Each hour begins elsewhere, so that
// it is not always the same ones for which no time is left.
func (r *run) inTurn(open []Removal) [][]Removal {
	parts := map[AccountID][]Removal{}
	for _, removal := range open {
		first := AccountID(removal.Code) // a removal without accounts has a part of its own
		if len(removal.Accounts) > 0 {
			first = removal.Accounts[0]
		}
		parts[first] = append(parts[first], removal)
	}
	turn := make([][]Removal, 0, len(parts))
	for _, part := range parts {
		slices.SortFunc(part, func(a, b Removal) int {
			return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(a.Code, b.Code))
		})
		turn = append(turn, part)
	}
	// Codes are as good as random. An odd step leads through all beginnings.
	const step = 157
	begin := fmt.Sprintf("%02x", byte(step*(r.now.Unix()/3600)))
	slices.SortFunc(turn, func(a, b []Removal) int {
		before := func(part []Removal) int {
			if part[0].Code < begin {
				return 1
			}
			return 0
		}
		return cmp.Or(before(a)-before(b), cmp.Compare(a[0].Code, b[0].Code))
	})
	return turn
}

// finishRemoval finishes one removal, or says that it is late.
func (r *run) finishRemoval(ctx context.Context, removal Removal) {
	work, cancel := context.WithTimeout(ctx, r.callTimeout)
	defer cancel()
	finished, err := r.store.finishRemoval(work, removal)
	switch {
	case finished.Done():
		r.count(func(report *Report) { report.RemovalsDone++ })
	default:
		r.lateRemoval(ctx, removal, err)
	}
}

// lateRemoval counts a removal that is still not done, and why, if somebody should
// know by now.
func (r *run) lateRemoval(ctx context.Context, removal Removal, err error) {
	late := r.now.Sub(removal.ReceivedAt) >= lateAfter
	if late {
		r.count(func(report *Report) {
			report.RemovalsLate++
			report.Attention++
		})
	}
	if late || err != nil && !errors.Is(err, ErrConflict) {
		r.log.WarnContext(ctx, "removal not done", "asksFor", removal.Kind, "since", removal.ReceivedAt, "err", err)
	}
}
