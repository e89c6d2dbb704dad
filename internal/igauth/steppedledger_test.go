package igauth_test

import (
	"context"

	"igauth/internal/igauth"
)

// damagedRow is the id of an account whose row cannot be read.
const damagedRow igauth.AccountID = "17841400000066666"

// steppedLedger lets something come between the steps of whoever saves.
type steppedLedger struct {
	igauth.Ledger
	p *installation
}

func (l steppedLedger) Save(ctx context.Context, change igauth.Change) error {
	if l.p.between == nil {
		return l.Ledger.Save(ctx, change)
	}
	l.p.between("save")
	err := l.Ledger.Save(ctx, change)
	l.p.between("saved")
	return err
}

func (l steppedLedger) Account(ctx context.Context, id igauth.AccountID) (igauth.Account, error) {
	if id == damagedRow {
		return igauth.Account{}, igauth.ErrDamaged
	}
	return l.Ledger.Account(ctx, id)
}
