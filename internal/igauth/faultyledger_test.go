package igauth_test

import (
	"context"
	"errors"
	"sync"

	"igauth/internal/igauth"
)

// interrupted is a ledger that stops answering where a test says so, before or
// after the save was applied.
type interrupted struct {
	igauth.Ledger
	mu     sync.Mutex
	before func(igauth.Change) error
	after  func(igauth.Change) error
}

func (l *interrupted) Save(ctx context.Context, change igauth.Change) error {
	l.mu.Lock()
	before, after := l.before, l.after
	l.mu.Unlock()
	if before != nil {
		if err := before(change); err != nil {
			return err
		}
	}
	if err := l.Ledger.Save(ctx, change); err != nil {
		return err
	}
	if after != nil {
		return after(change)
	}
	return nil
}

func (l *interrupted) interrupt(before, after func(igauth.Change) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before, l.after = before, after
}

// damagedLedger leaves something out of every list.
type damagedLedger struct {
	igauth.Ledger
	err error
}

func (l *damagedLedger) Due(ctx context.Context, query igauth.DueQuery) ([]igauth.Account, igauth.DueMark, error) {
	due, next, err := l.Ledger.Due(ctx, query)
	return due, next, errors.Join(err, l.err)
}

func (l *damagedLedger) Accounts(ctx context.Context, after igauth.AccountID, limit int) ([]igauth.Account, error) {
	page, err := l.Ledger.Accounts(ctx, after, limit)
	return page, errors.Join(err, l.err)
}
