package igauth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"igauth/internal/igauth"
)

func TestOneBadAccountDoesNotStopTheOthers(t *testing.T) {
	b := newBench(t)
	b.add(20)
	b.meta.refresh = func(token igauth.Secret) (igauth.Token, error) {
		switch text := token.Reveal(); {
		case strings.HasSuffix(text, "3"):
			return igauth.Token{}, failure(igauth.CodeTokenInvalid, true)
		case strings.HasSuffix(text, "7"):
			return igauth.Token{}, failure(igauth.CodeMetaUnavailable, true)
		}
		return igauth.Token{Value: token, IssuedAt: b.now(), ExpiresAt: b.now().Add(60 * days)}, nil
	}
	b.advance(35 * days)
	report, err := b.run()
	if err == nil || report.Due != 21 || report.Refreshed != 17 || report.Doubted != 2 || report.Failed[igauth.ClassTransient] != 2 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestRunStopsBeforeTheDeadline(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	report, err := b.refresher.RunOnce(ctx)
	if !report.Unfinished || report.Due != 0 || b.meta.calls != 0 {
		t.Errorf("with less time than one account may take: got %+v, %v, %d calls", report, err, b.meta.calls)
	}
}

func TestRunsThatOverlapRefreshOnce(t *testing.T) {
	b := newBench(t)
	b.advance(35 * days)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { _, _ = b.run() })
	}
	group.Wait()
	if a := b.account(); b.meta.calls != 1 || a.Generation != 2 {
		t.Errorf("got %d calls, generation %d; want one refresh", b.meta.calls, a.Generation)
	}
}

// A row that cannot be read is reported, and the others are refreshed.
func TestDamagedRowDoesNotStopTheOthers(t *testing.T) {
	b := newBench(t)
	damaged := fmt.Errorf("account 17841999: %w", igauth.ErrDamaged)
	ledger := &damagedLedger{Ledger: b.ledger, err: damaged}
	store, err := igauth.NewStore(igauth.StoreConfig{Ledger: ledger, Vault: b.vault, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: store, Meta: b.meta, PerSecond: -1})
	if err != nil {
		t.Fatal(err)
	}
	b.advance(35 * days)
	if report, err := refresher.RunOnce(t.Context()); report.Refreshed != 1 || !errors.Is(err, igauth.ErrDamaged) {
		t.Errorf("got %+v, %v", report, err)
	}
	if accounts, _, err := store.Accounts(t.Context(), "", 10); err != nil || len(accounts) != 1 {
		t.Errorf("listing: got %d accounts, %v", len(accounts), err)
	}
}

// An account that waited behind a slow one is left to the next run.
func TestNoAccountIsBegunTooLate(t *testing.T) {
	b := newBench(t)
	b.add(4)
	b.advance(35 * days)
	meta := &slowRenewer{fakeRenewer: b.meta}
	refresher, err := igauth.NewRefresher(igauth.RefresherConfig{Store: b.store, Meta: meta, PerSecond: -1, Parallel: 1, CallTimeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	report, _ := refresher.RunOnce(ctx)
	if !report.Unfinished || report.Due == 0 || report.Due == 5 {
		t.Errorf("got %+v, want some of 5 and the rest left", report)
	}
	if meta.late > 0 {
		t.Errorf("%d accounts were begun with less time than one may take", meta.late)
	}
}
