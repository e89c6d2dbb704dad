package crash_test

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/secrets"
	"igauth/internal/igauth/awsstore/table"
	"igauth/internal/igauth/sealed"
)

func init() {
	stacks["aws"] = func(*outside, string) *stack { return newAWS(false) }
	stacks["aws-forgetful"] = func(*outside, string) *stack { return newAWS(true) }
	stacks["aws-sealed"] = func(*outside, string) *stack {
		return &stack{ledger: newTable(), vault: newSealed(), held: nothingHeld, close: func() {}}
	}
}

// newAWS returns both services, with reads and deletions that lag. Versions of a
// secret without a label stay for a day at least, as AWS documents, or for no
// time at all.
func newAWS(forgetful bool) *stack {
	manager := awsfake.NewSecretsManager(awsfake.SecretsManagerConfig{
		Reads:          awsfake.Lag{For: time.Second},
		Deletion:       awsfake.Lag{For: 5 * time.Second},
		DropUnlabelled: forgetful,
	})
	s := &stack{
		ledger: newTable(),
		held:   func() map[igauth.AccountID]string { return currentOf(manager) },
		close:  func() {},
	}
	s.vault = &sealed.Beside{
		Sealed: newSealed(),
		Kept:   must(secrets.NewVault(secrets.Config{Client: manager, Prefix: "igauth"})),
		Seal:   func(context.Context) (bool, error) { return s.seal.Load(), nil },
	}
	return s
}

// newTable returns a ledger on a table whose indexes lag.
func newTable() igauth.Ledger {
	const name = "igauth"
	fake := awsfake.NewTable(awsfake.TableConfig{Indexes: awsfake.Lag{For: time.Second}})
	if err := table.CreateTable(context.Background(), fake, name); err != nil {
		panic(err)
	}
	return must(table.New(table.Config{Client: fake, Table: name}))
}

// currentOf returns what direct readers see of each secret that is not deleted.
func currentOf(manager *awsfake.SecretsManager) map[igauth.AccountID]string {
	current := map[igauth.AccountID]string{}
	for name, secret := range manager.Secrets() {
		if !secret.DeletedAt.IsZero() {
			continue
		}
		var value struct {
			Token string `json:"access_token"`
		}
		_ = json.Unmarshal([]byte(secret.Versions[secret.Labelled("AWSCURRENT")].Text), &value)
		current[igauth.AccountID(strings.TrimPrefix(name, "igauth/accounts/"))] = value.Token
	}
	return current
}
