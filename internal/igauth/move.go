package igauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Move has the vault keep the token of an account once more, in the way in which
// it would keep a new one, and then removes what it kept before. The token stays
// the same and so does all that is known of the account, but for the generation,
// which fences late writers as always.
//
// The answer is CodeInProgress while somebody works on the account; then it can
// be moved later. Whatever happens, the row points to one of the two places, and
// a token that was moved but not removed is removed by a later run.
func (s *Store) Move(ctx context.Context, id AccountID) error {
	a, err := s.row(ctx, id)
	switch {
	case err != nil:
		return fmt.Errorf("reading the account: %w", err)
	case a.Ref == "":
		return nil
	case a.leased(s.now()):
		return newError(CodeInProgress, nil)
	case a.Lease.Attempt != "":
		// An attempt that did not come back is the runs' to finish.
		return newError(CodeInProgress, nil)
	}
	if err := s.move(ctx, a); errors.Is(err, ErrConflict) {
		return newError(CodeInProgress, err)
	} else if err != nil {
		return err
	}
	return nil
}

// move is Move of an account that nobody works on. It is a commit like that of a
// refresh, except that nobody is asked for a token.
func (s *Store) move(ctx context.Context, a Account) error {
	if err := s.claim(ctx, &a, WorkMove, moveWithin+leaseMargin); err != nil {
		return err
	}
	work, cancel := context.WithTimeout(ctx, moveWithin)
	defer cancel()
	var token Token
	err := patiently(work, func() (err error) {
		token, err = s.vault.Get(work, a.slot(), a.Ref)
		return err
	})
	if err != nil {
		return errors.Join(fmt.Errorf("reading the token: %w", err), s.giveBack(ctx, a))
	}
	if a, err = s.commit(work, a, token, nil); err != nil {
		return err
	}
	if a.SweepAt.IsZero() {
		return nil
	}
	if err := s.claim(ctx, &a, WorkEmpty, emptyWithin); err != nil {
		return err
	}
	return s.empty(ctx, &a)
}

// moveWithin bounds how long one move may take.
const moveWithin = 30 * time.Second

// giveBack ends an attempt that changed nothing.
func (s *Store) giveBack(ctx context.Context, a Account) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	a.release()
	a.DueAt = s.dueAt(a)
	return s.save(ctx, &a, nil)
}

// A Mover moves the tokens of all accounts, as [Store.Move] does it for one.
type Mover struct {
	Store *Store
	// Outdated reports whether a token has to be moved.
	Outdated func(ctx context.Context, ref Ref) (bool, error)
	// Parallel is how many accounts are worked on at a time, default 8.
	Parallel int
	// PerSecond bounds how many moves are begun in a second; 0 means no bound.
	// Secrets Manager allows 50 writes a second, for all programs together.
	PerSecond int
	// Progress is told from time to time how far it is; nil is told nothing.
	Progress func(MoveReport)
}

// A MoveReport is what became of the accounts of a [Mover].
type MoveReport struct {
	// Seen counts all accounts, Moved those that were moved now.
	Seen  int `json:"seen"`
	Moved int `json:"moved"`
	// InProgress counts those that somebody worked on, Failed those whose move
	// failed; both still are where they were.
	InProgress int `json:"in_progress"`
	Failed     int `json:"failed"`
}

// Left is how many accounts have still to be moved.
func (r MoveReport) Left() int { return r.InProgress + r.Failed }

// movePage is how many accounts are read at a time.
const movePage = 100

// Run moves what is outdated. It may be interrupted by its context and called
// again: accounts that were moved are passed over. The error is of the ledger or
// the keyset, or the last one of an account; the others were tried all the same.
func (m Mover) Run(ctx context.Context) (MoveReport, error) {
	defaultTo(&m.Parallel, 8)
	work := &moving{Mover: m}
	accounts := make(chan Account)
	var workers sync.WaitGroup
	for range m.Parallel {
		workers.Go(func() {
			for a := range accounts {
				work.account(ctx, a)
			}
		})
	}
	err := work.all(ctx, accounts)
	close(accounts)
	workers.Wait()
	return work.report, errors.Join(err, work.err)
}

// moving is one run of a Mover.
type moving struct {
	Mover

	mu     sync.Mutex
	report MoveReport
	err    error
}

// all hands the accounts to the workers.
func (m *moving) all(ctx context.Context, accounts chan<- Account) error {
	for after, more := AccountID(""), true; more; {
		page, next, err := m.Store.Accounts(ctx, after, movePage)
		if err != nil {
			return err
		}
		for _, a := range page {
			outdated := false
			if a.Ref != "" {
				if outdated, err = m.Outdated(ctx, a.Ref); err != nil {
					return err
				}
			}
			m.count(func(r *MoveReport) { r.Seen++ })
			if !outdated {
				continue
			}
			select {
			case accounts <- a:
			case <-ctx.Done():
				return ctx.Err()
			}
			if m.PerSecond > 0 {
				if err := sleep(ctx, time.Second/time.Duration(m.PerSecond)); err != nil {
					return err
				}
			}
		}
		after, more = next, next != ""
	}
	return nil
}

// account moves one account, and says what became of it.
func (m *moving) account(ctx context.Context, a Account) {
	// A move that was begun is ended.
	err := m.Store.Move(context.WithoutCancel(ctx), a.ID)
	if err != nil && CodeOf(err) != CodeInProgress {
		m.Store.log.WarnContext(ctx, "token not moved", "accountId", a.ID, "err", err)
	}
	m.count(func(r *MoveReport) {
		switch {
		case err == nil:
			r.Moved++
		case CodeOf(err) == CodeInProgress:
			r.InProgress++
		default:
			r.Failed++
			m.err = fmt.Errorf("account %s: %w", a.ID, err)
		}
	})
}

func (m *moving) count(change func(*MoveReport)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.report)
	if m.Progress != nil {
		m.Progress(m.report)
	}
}
